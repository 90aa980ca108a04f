//! `Authentication-Results` (RFC 8601): what the firm's own mail server says of SPF, DKIM and DMARC.
//!
//! Anybody can write such a field. Believed is only the topmost block of them, and that only when a server that is trusted
//! wrote it: what stands further down came with the mail. ARC's copies of it are never believed.

use super::address;
use super::header::Headers;
use crate::order::authentic::{Authentication, Outcome};
use serde::{Deserialize, Serialize};

/// Whose word on a mail counts: section `[mail_authentication]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct MailAuthentication {
    /// Names (authserv-id) with which the firm's own mail servers begin the field.
    pub trusted: Vec<String>,
    /// A field that names no server counts too.
    pub nameless: bool,
}

/// A field of the header is not read beyond so many results.
const MOST: usize = 50;

/// One result with its properties.
#[derive(Debug, Default)]
struct Finding {
    method: String,
    outcome: Outcome,
    /// `header.d` and the like.
    properties: Vec<(String, String)>,
}

/// One field.
#[derive(Debug, Default)]
struct Field {
    server: String,
    findings: Vec<Finding>,
}

impl MailAuthentication {
    /// Nobody is believed, and nothing is held against a mail.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.trusted.is_empty() && !self.nameless
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let wrong =
            |name: &&String| name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == ';');
        match self.trusted.iter().find(wrong) {
            Some(name) => Err(format!(
                "trusted: `{name}` is no server's name; write what stands before the first `;` of Authentication-Results"
            )),
            None => Ok(()),
        }
    }

    fn trusts(&self, server: &str) -> bool {
        if server.is_empty() {
            return self.nameless;
        }
        self.trusted.iter().any(|name| name.eq_ignore_ascii_case(server))
    }

    /// What a trusted server says of this message; none when nobody is trusted at all. A mail on which no such word was found
    /// is as one of which nothing is proven.
    #[must_use]
    pub fn of(&self, headers: &Headers) -> Option<Authentication> {
        if self.is_off() {
            return None;
        }
        Some(judged(&self.block(headers), from_domain(headers).as_deref()))
    }

    /// The topmost fields of the kind that one trusted server wrote: up to where another server's hand begins.
    fn block(&self, headers: &Headers) -> Vec<Field> {
        let mut block: Vec<Field> = Vec::new();
        for (name, value) in headers.fields() {
            if name.eq_ignore_ascii_case("received") && !block.is_empty() {
                break;
            }
            if !name.eq_ignore_ascii_case("authentication-results") {
                continue;
            }
            let field = field(&String::from_utf8_lossy(value));
            let same = block.first().is_none_or(|first| first.server.eq_ignore_ascii_case(&field.server));
            if !same || !self.trusts(&field.server) {
                break;
            }
            block.push(field);
        }
        block
    }
}

/// The domain of the one address in From; none where there are several, of which a server may have looked at another.
fn from_domain(headers: &Headers) -> Option<String> {
    let mut froms = headers.fields().filter(|(name, _)| name.eq_ignore_ascii_case("from"));
    let (_, raw) = froms.next().filter(|_| froms.next().is_none())?;
    let count = |mark: u8| raw.iter().filter(|byte| **byte == mark).count();
    if count(b'<') > 1 || (count(b'<') == 0 && count(b'@') > 1) {
        return None;
    }
    let address = address::parse(raw).1?;
    address.rsplit_once('@').map(|(_, domain)| domain.to_owned())
}

/// Of each method the first field that speaks of it counts: a field below that was smuggled in changes nothing.
fn judged(block: &[Field], from: Option<&str>) -> Authentication {
    let first = |method: &'static str| {
        let of = move |field: &&Field| field.findings.iter().any(|it| it.method == method);
        let field = block.iter().find(of);
        field.into_iter().flat_map(|it| &it.findings).filter(move |it| it.method == method)
    };
    let worst = |method| first(method).map(|it| it.outcome).next().unwrap_or_default();
    // A mail may be signed by several; one good signature is enough.
    let passed = |method| first(method).find(|it| it.outcome == Outcome::Pass);
    let aligned_dkim = first("dkim").filter(|it| it.outcome == Outcome::Pass).find_map(|it| {
        it.domain(&["header.d", "header.i"])
            .filter(|domain| from.is_some_and(|from| same_house(domain, from)))
    });
    let aligned_spf = passed("spf")
        .and_then(|it| it.domain(&["smtp.mailfrom", "smtp.mail", "smtp.helo"]))
        .filter(|domain| from.is_some_and(|from| same_house(domain, from)));
    let dmarc = worst("dmarc");
    let by_dmarc = passed("dmarc").filter(|_| dmarc == Outcome::Pass).and_then(|it| {
        let from = from?;
        let named = it.domain(&["header.from"]).unwrap_or_else(|| from.to_owned());
        same_house(&named, from).then_some(named)
    });
    let others = if dmarc == Outcome::Fail { None } else { aligned_dkim.clone().or(aligned_spf) };
    let proven = by_dmarc.or(others);
    Authentication {
        spf: worst("spf"),
        dkim: passed("dkim").map_or_else(|| worst("dkim"), |it| it.outcome),
        dmarc,
        aligned: proven.is_some(),
        domain: proven.or_else(|| passed("dkim").and_then(|it| it.domain(&["header.d", "header.i"]))),
    }
}

/// Whether two domains are of one organisation (RFC 7489, section 3.1: relaxed alignment).
fn same_house(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end_matches('.').to_lowercase(), b.trim_end_matches('.').to_lowercase());
    a == b || psl::domain_str(&a).is_some_and(|house| Some(house) == psl::domain_str(&b))
}

impl Finding {
    /// The domain of the first of these properties that is there.
    fn domain(&self, names: &[&str]) -> Option<String> {
        let value = names.iter().find_map(|name| {
            self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value)
        })?;
        let domain = value.rsplit('@').next().unwrap_or(value).trim_matches(['<', '>', '.']).to_lowercase();
        (!domain.is_empty()).then_some(domain)
    }
}

fn field(value: &str) -> Field {
    let bare = without_comments(value);
    let mut pieces = pieces(&bare).into_iter().take(MOST);
    let first = pieces.next().unwrap_or_default();
    let mut field = Field::default();
    if first.contains('=') && !first.starts_with('"') {
        // Some servers leave their name out.
        field.findings.extend(finding(first));
    } else {
        // A version may follow the name; of another than 1 nothing is known.
        let mut words = first.split_whitespace();
        field.server = words.next().unwrap_or_default().trim_matches('"').to_owned();
        if words.next().is_some_and(|version| version != "1") {
            return field;
        }
    }
    field.findings.extend(pieces.filter_map(finding));
    field
}

/// Takes out comments (which nest) and leaves what is quoted alone.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted) = (0u32, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if depth > 0 => {
                chars.next();
            }
            '\\' if quoted => {
                out.push(c);
                out.extend(chars.next());
            }
            '"' if depth == 0 => {
                quoted = !quoted;
                out.push(c);
            }
            '(' if !quoted => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                out.push(' ');
            }
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Parts between semicolons that are not quoted.
fn pieces(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c: char| {
        let divides = c == ';' && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        divides
    })
    .map(str::trim)
    .collect()
}

/// `method/version = result reason=… ptype.property=value …`
fn finding(piece: &str) -> Option<Finding> {
    let mut pairs = pairs(piece).into_iter();
    let (method, outcome) = pairs.next()?;
    let method = method.split('/').next().unwrap_or_default().to_owned();
    let outcome = match outcome.to_ascii_lowercase().as_str() {
        "pass" => Outcome::Pass,
        "fail" | "hardfail" => Outcome::Fail,
        "softfail" => Outcome::SoftFail,
        "neutral" => Outcome::Neutral,
        "temperror" | "error" => Outcome::TempError,
        "permerror" | "unknown" => Outcome::PermError,
        "policy" => Outcome::Policy,
        _ => Outcome::None,
    };
    Some(Finding { method, outcome, properties: pairs.collect() })
}

/// Names in lower case, with what stands behind their `=`; blanks around `=`, `.` and `/` do not count.
fn pairs(piece: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = piece;
    while let Some((name, after)) = rest.split_once('=').filter(|_| out.len() < MOST) {
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        let (value, next) = value(after.trim_start());
        out.push((name.to_ascii_lowercase(), value));
        rest = next;
    }
    out
}

/// A value up to the next blank, with its quotes taken off; and what follows it.
fn value(text: &str) -> (String, &str) {
    let (mut out, mut quoted) = (String::new(), false);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quoted => out.extend(chars.next().map(|(_, c)| c)),
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => return (out, &text[at..]),
            c => out.push(c),
        }
    }
    (out, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn believed() -> MailAuthentication {
        MailAuthentication { trusted: vec!["mx.example.com".to_owned()], nameless: false }
    }

    /// What is said of a mail from chen@linglan.example under this header: outcomes, domain, and whether it is the sender's.
    fn said(header: &str) -> String {
        said_by(
            &believed(),
            &format!("{header}From: =?utf-8?B?6ZmI?= <chen@linglan.example>\nSubject: x\n\nbody"),
        )
    }

    fn said_by(believed: &MailAuthentication, mail: &str) -> String {
        let found = believed.of(&Headers::parse(mail.as_bytes()).0).unwrap();
        let domain = found.domain.as_deref().unwrap_or("-");
        format!("{} {domain} {}", found.said(), if found.aligned { "yes" } else { "no" })
    }

    #[test]
    fn forms_that_servers_write() {
        for (field, expected) in [
            ("mx.example.com; none", "spf=none dkim=none dmarc=none - no"),
            ("mx.example.com 1; none", "spf=none dkim=none dmarc=none - no"),
            (
                "mx.example.com 2; dmarc=pass header.from=linglan.example",
                "spf=none dkim=none dmarc=none - no",
            ),
            ("mx.example.com", "spf=none dkim=none dmarc=none - no"),
            // Google.
            (
                "mx.example.com;\r\n       dkim=pass header.i=@linglan.example header.s=s1 header.b=Ab/cD+==;\r\n       spf=pass (google.com: domain of chen@linglan.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=chen@linglan.example;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=linglan.example",
                "spf=pass dkim=pass dmarc=pass linglan.example yes",
            ),
            // Names in other cases, blanks around everything, nested comments, quoted values, a reason and a version.
            (
                "MX.Example.COM (this; is) 1 ; DKIM / 1 = Pass (a (nested; \\) one) b) reason = \"good; signature\" header . d = \"linglan.example\"",
                "spf=none dkim=pass dmarc=none linglan.example yes",
            ),
            // Signed by the house above, or for the list that passed it on.
            (
                "mx.example.com; dkim=pass header.d=mail.linglan.example",
                "spf=none dkim=pass dmarc=none mail.linglan.example yes",
            ),
            (
                "mx.example.com; dkim=pass header.d=lists.example",
                "spf=none dkim=pass dmarc=none lists.example no",
            ),
            (
                "mx.example.com; dkim=fail header.d=linglan.example; dkim=pass header.d=lists.example; dkim=pass header.d=linglan.example",
                "spf=none dkim=pass dmarc=none linglan.example yes",
            ),
            // SPF alone, aligned and not.
            (
                "mx.example.com; spf=pass smtp.mailfrom=bounce@send.linglan.example",
                "spf=pass dkim=none dmarc=none send.linglan.example yes",
            ),
            ("mx.example.com; spf=pass smtp.mailfrom=x@evil.example", "spf=pass dkim=none dmarc=none - no"),
            (
                "mx.example.com; spf=pass smtp.mailfrom=<> smtp.helo=linglan.example",
                "spf=pass dkim=none dmarc=none - no",
            ),
        ] {
            assert_eq!(said(&format!("Authentication-Results: {field}\r\n")), expected, "{field}");
        }
    }

    #[test]
    fn failures_and_what_nobody_can_read() {
        for (field, expected) in [
            (
                "mx.example.com; spf=softfail smtp.mailfrom=linglan.example; dmarc=fail header.from=linglan.example",
                "spf=softfail dkim=none dmarc=fail - no",
            ),
            (
                "mx.example.com; dkim=pass header.d=linglan.example; dmarc=fail header.from=linglan.example",
                "spf=none dkim=pass dmarc=fail linglan.example no",
            ),
            (
                "mx.example.com; spf=hardfail; dkim=temperror; dmarc=bestguesspass",
                "spf=fail dkim=temperror dmarc=none - no",
            ),
            // Passed for a From that is not the one we read.
            ("mx.example.com; dmarc=pass header.from=evil.example", "spf=none dkim=none dmarc=pass - no"),
            (
                "mx.example.com; auth=pass smtp.auth=chen; x-tls.subject=y",
                "spf=none dkim=none dmarc=none - no",
            ),
            ("mx.example.com;;; =; a=; dmarc", "spf=none dkim=none dmarc=none - no"),
            (
                "mx.example.com; dmarc=pass (unclosed header.from=linglan.example",
                "spf=none dkim=none dmarc=pass linglan.example yes",
            ),
        ] {
            assert_eq!(said(&format!("Authentication-Results: {field}\r\n")), expected, "{field}");
        }
    }

    #[test]
    fn only_the_topmost_word_of_a_trusted_server_counts() {
        let pass = "Authentication-Results: mx.example.com; dmarc=pass header.from=linglan.example\n";
        let fail =
            "Authentication-Results: mx.example.com; dmarc=fail header.from=linglan.example; spf=fail\n";
        let nothing = "spf=none dkim=none dmarc=none - no";
        let failed = "spf=fail dkim=none dmarc=fail - no";
        let hop = "Received: from a by b; Mon, 2 Mar 2026 09:00:00 +0800\n";
        for (header, expected) in [
            (String::new(), nothing),
            (pass.to_owned(), "spf=none dkim=none dmarc=pass linglan.example yes"),
            (format!("{hop}{pass}{hop}"), "spf=none dkim=none dmarc=pass linglan.example yes"),
            // Forged, below the server's own; directly below it, or beyond the hop from outside.
            (format!("{fail}{pass}"), failed),
            (format!("{fail}{hop}{pass}"), failed),
            (format!("Authentication-Results: mx.example.com; none\n{hop}{pass}"), nothing),
            // Several fields of one server make one word.
            (
                format!(
                    "Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=linglan.example\nX-Y: z\n{pass}"
                ),
                "spf=pass dkim=none dmarc=pass linglan.example yes",
            ),
            // Another server's, and what stands below it.
            (pass.replace("mx.example.com", "mx.evil.example"), nothing),
            (format!("{}{pass}", pass.replace("mx.example.com", "mx.evil.example")), nothing),
            (pass.replace("mx.example.com", "mx.example.com.evil.example"), nothing),
            // ARC's copies, and results that were renamed on the way.
            (format!("ARC-{}", pass.replace("Results: ", "Results: i=1; ")), nothing),
            (pass.replace("Results:", "Results-Original:"), nothing),
        ] {
            assert_eq!(said(&header), expected, "{header}");
        }
    }

    #[test]
    fn microsoft_writes_no_name() {
        let mail = "Authentication-Results: spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=linglan.example; dkim=pass (signature was verified)\n header.d=linglan.example;dmarc=pass action=none\n header.from=linglan.example;compauth=pass reason=100\nFrom: chen@linglan.example\n\n";
        let nameless = MailAuthentication { nameless: true, ..MailAuthentication::default() };
        assert_eq!(said_by(&nameless, mail), "spf=pass dkim=pass dmarc=pass linglan.example yes");
        assert_eq!(said_by(&believed(), mail), "spf=none dkim=none dmarc=none - no");
    }

    #[test]
    fn one_sender_is_proven_or_none() {
        let pass = "Authentication-Results: mx.example.com; dmarc=pass\n";
        for (from, aligned) in [
            ("From: chen@linglan.example\n", true),
            ("From: chen@linglan.example\nFrom: x@evil.example\n", false),
            ("From: \"<chen@linglan.example>\" <x@evil.example>\n", false),
            ("From: x@evil.example, chen@linglan.example\n", false),
            ("Subject: x\n", false),
        ] {
            let said = said_by(&believed(), &format!("{pass}{from}\nbody"));
            assert_eq!(said.ends_with("yes"), aligned, "{from}: {said}");
        }
    }

    #[test]
    fn nobody_trusted_is_nothing_said() {
        let (headers, _) = Headers::parse(b"From: a@b.example\n\n");
        assert_eq!(MailAuthentication::default().of(&headers), None);
        assert_eq!(believed().of(&headers), Some(Authentication::default()));
        assert!(
            MailAuthentication { trusted: vec!["mx.example.com; dmarc".to_owned()], nameless: false }
                .check()
                .is_err()
        );
    }
}
