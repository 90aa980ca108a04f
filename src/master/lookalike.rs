//! Domains that are made to be taken for a customer's: other letters that look the same, one letter more or less, two
//! swapped, a hyphen or word added, another ending.

use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// From how many letters on a name counts; shorter ones resemble others by chance.
#[derive(Debug, Clone, Copy)]
pub struct Least {
    /// A name that differs by little.
    pub letters: usize,
    /// A name that is run together with another word.
    pub within: usize,
}

/// The domains of all customers, as an eye sees them.
#[derive(Debug, Default)]
pub(super) struct Lookalikes {
    known: Vec<(String, Looks)>,
    houses: HashSet<String>,
}

/// A registered domain as an eye sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Looks {
    /// `linglan.com.cn`, in ASCII.
    house: String,
    /// `linglan`, and what it looks like.
    name: String,
    shape: String,
}

impl Lookalikes {
    pub(super) fn new<'a>(domains: impl Iterator<Item = &'a str>) -> Self {
        let mut seen = HashSet::new();
        let once = domains.filter(|domain| seen.insert(domain.to_lowercase()));
        let known: Vec<(String, Looks)> =
            once.filter_map(|domain| Some((domain.to_owned(), Looks::of(&house(domain)?)))).collect();
        let houses = known.iter().map(|(_, looks)| looks.house.clone()).collect();
        Self { known, houses }
    }

    /// The known domains that this one resembles without being of the same house.
    pub(super) fn of(&self, domain: &str, passed_over: &[String], least: Least) -> Vec<&str> {
        let free = |house: &str| passed_over.iter().any(|it| it.eq_ignore_ascii_case(house));
        let Some(house) = house(domain).filter(|it| !self.houses.contains(it) && !free(it)) else {
            return Vec::new();
        };
        let (stranger, above) = (Looks::of(&house), above(domain, &house));
        let like = |it: &Looks| !free(&it.house) && resembles(&stranger, &above, it, least);
        self.known.iter().filter(|(_, it)| like(it)).map(|(domain, _)| domain.as_str()).collect()
    }
}

impl Looks {
    fn of(house: &str) -> Self {
        let name = idna::domain_to_unicode(house.split('.').next().unwrap_or_default()).0;
        Self { shape: shape(&name), name, house: house.to_owned() }
    }
}

/// Bytes of a domain at most.
const LONGEST: usize = 253;

/// The registered domain (by the Public Suffix List) of a host, in ASCII.
fn house(domain: &str) -> Option<String> {
    // RFC 1035, section 2.3.4; what is longer is no domain, and would take long to compare.
    let domain = Some(domain.trim_end_matches('.')).filter(|it| it.len() <= LONGEST)?;
    let ascii = idna::domain_to_ascii(domain).ok()?;
    psl::domain_str(&ascii).map(str::to_owned)
}

/// What a text looks like: letters that are taken for each other become one.
fn shape(text: &str) -> String {
    let skeleton: String = unicode_security::skeleton(text).collect();
    let plain = skeleton.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    plain.collect::<String>().replace("vv", "w").replace("rn", "m").replace("cl", "d")
}

/// The labels below the registered domain, as they look: `linglan` and `example` of `linglan.example.evil.com`.
fn above(domain: &str, house: &str) -> Vec<String> {
    let ascii = idna::domain_to_ascii(domain.trim_end_matches('.')).unwrap_or_default();
    let below = ascii.strip_suffix(house).unwrap_or_default();
    let labels = below.split('.').filter(|label| !label.is_empty());
    labels.map(|label| shape(&idna::domain_to_unicode(label).0)).collect()
}

fn resembles(stranger: &Looks, above: &[String], known: &Looks, least: Least) -> bool {
    let (theirs, ours) = (stranger.shape.as_str(), known.shape.as_str());
    let letters = known.name.chars().filter(|c| *c != '-').count();
    if letters < least.letters {
        return false;
    }
    let bare = |text: &str| text.replace('-', "");
    let words = |text: &str| format!("-{text}-");
    // Another ending, other letters, one letter changed or two swapped, other hyphens, a word beside it.
    let near = strsim::osa_distance(theirs, ours) <= 1
        || bare(theirs) == bare(ours)
        || words(theirs).contains(&words(ours))
        || above.iter().any(|label| words(label).contains(&words(ours)));
    let (theirs, ours) = (bare(theirs), bare(ours));
    near || (letters >= least.within && (theirs.starts_with(&ours) || theirs.ends_with(&ours)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(domain: &str) -> String {
        let known =
            ["linglan.example", "mail.haitang-knit.com.cn", "qimo.example", "163.com", "müller.example"];
        let least = Least { letters: 5, within: 6 };
        Lookalikes::new(known.into_iter()).of(domain, &["163.com".to_owned()], least).join(" ")
    }

    #[test]
    fn what_is_made_to_be_taken_for_a_customers_domain() {
        for (domain, expected) in [
            // His own, and what is his below it.
            ("linglan.example", ""),
            ("mail.linglan.example", ""),
            ("other.haitang-knit.com.cn", ""),
            // Another ending.
            ("linglan.com", "linglan.example"),
            ("linglan.com.cn", "linglan.example"),
            ("haitang-knit.cn", "mail.haitang-knit.com.cn"),
            // Other letters: digits, Cyrillic (as it is and as punycode), an accent, rn for m.
            ("l1nglan.example", "linglan.example"),
            ("lingIan.example", "linglan.example"),
            ("lіnglаn.example", "linglan.example"),
            ("xn--lngln-7ve6x.example", "linglan.example"),
            ("línglan.example", "linglan.example"),
            ("haitang-knlt.com.cn", "mail.haitang-knit.com.cn"),
            ("rnüller.example", "müller.example"),
            ("muller.example", "müller.example"),
            // One letter more, less, other; two swapped.
            ("linglann.example", "linglan.example"),
            ("lingan.example", "linglan.example"),
            ("linglam.example", "linglan.example"),
            ("lignlan.example", "linglan.example"),
            ("lignlna.example", ""),
            // A hyphen or a word.
            ("ling-lan.example", "linglan.example"),
            ("haitangknit.com.cn", "mail.haitang-knit.com.cn"),
            ("linglan-group.com", "linglan.example"),
            ("my-linglan.com", "linglan.example"),
            ("linglangarment.com", "linglan.example"),
            // In front of somebody else's domain.
            ("linglan.example.evil.com", "linglan.example"),
            ("linglan.orders-mail.com", "linglan.example"),
            // Short names, mail services and strangers resemble nobody.
            ("qima.example", ""),
            ("qimo.com", ""),
            ("163.cn", ""),
            ("126.com", ""),
            ("nowhere.example", ""),
            ("lantun-swim.example", ""),
            ("", ""),
            ("..", ""),
            ("com", ""),
        ] {
            assert_eq!(like(domain), expected, "{domain}");
        }
    }
}
