//! The fax gateway: faxes leave as mails to `<number>@gateway`, come in as mails from it, and are receipted by it.

use crate::read::mail::header::Headers;
use regex::Regex;
use serde::{Deserialize, Serialize};

/// What stands for the number in the address pattern.
const NUMBER: &str = "{number}";
/// Shorter ones are extensions or typing errors.
const FEWEST_DIGITS: usize = 5;

/// The section `[fax_gateway]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaxGateway {
    /// `{number}@fax.example`; empty: nothing is faxed.
    pub address: String,
    /// The gateway's own address; empty: no mail is a fax.
    pub sender: String,
    /// Finds the caller's number (group `number`) in the header of a mail that brings a fax.
    pub caller: String,
    /// Knows a receipt by its header: groups `sent` or `failed`, and `order` or `number` where it names them.
    pub receipt: String,
}

/// What a receipt of the gateway says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub sent: bool,
    /// Our order's number, where the receipt quotes it.
    pub order: Option<String>,
    /// Digits of the number that was called.
    pub number: Option<String>,
}

impl FaxGateway {
    /// Looks for what can't work.
    pub fn check(&self) -> Result<(), String> {
        let address = self.address.replace(NUMBER, "0");
        if !self.address.is_empty() && (!self.address.contains(NUMBER) || !address.contains('@')) {
            return Err(format!(
                "fax_gateway.address `{}` must be a mail address with {NUMBER} in it",
                self.address
            ));
        }
        if !self.sender.is_empty() && !self.sender.contains('@') {
            return Err(format!("fax_gateway.sender `{}` is not an address", self.sender));
        }
        for (key, pattern, group) in
            [("caller", &self.caller, "number"), ("receipt", &self.receipt, "failed")]
        {
            let regex = Regex::new(pattern)
                .map_err(|e| format!("fax_gateway.{key} is no regular expression: {e}"))?;
            if !regex.capture_names().flatten().any(|name| name == group) {
                return Err(format!("fax_gateway.{key} has no group (?<{group}>…)"));
            }
        }
        Ok(())
    }

    /// The mail address by which a fax number is reached.
    #[must_use]
    pub fn address_of(&self, number: &str) -> Option<String> {
        let digits = digits(number);
        let fits = !self.address.is_empty() && digits.len() >= FEWEST_DIGITS;
        fits.then(|| self.address.replace(NUMBER, &digits))
    }

    /// Whether the gateway sent this mail, as its From says: no proof, which is why a fax never counts as one.
    #[must_use]
    pub fn wrote(&self, from: Option<&str>) -> bool {
        !self.sender.is_empty() && from.is_some_and(|from| from.eq_ignore_ascii_case(&self.sender))
    }

    /// The number that a fax came from.
    #[must_use]
    pub fn caller_of(&self, headers: &Headers) -> Option<String> {
        let found = named(&self.caller, headers, &["number"])?;
        found.into_iter().next().flatten().map(|number| number.trim().to_owned())
    }

    /// What a receipt says; none when the mail is no receipt.
    #[must_use]
    pub fn receipt_of(&self, headers: &Headers) -> Option<Receipt> {
        let found = named(&self.receipt, headers, &["failed", "sent", "order", "number"])?;
        let [failed, sent, order, number] = <[Option<String>; 4]>::try_from(found).ok()?;
        let number = number.map(|number| digits(&number));
        (failed.is_some() || sent.is_some()).then(|| Receipt { sent: failed.is_none(), order, number })
    }
}

/// The groups of a pattern that is looked for in the lines of a header.
fn named(pattern: &str, headers: &Headers, groups: &[&str]) -> Option<Vec<Option<String>>> {
    let regex = Regex::new(pattern).ok()?;
    let text = headers.lines().collect::<Vec<_>>().join("\n");
    let found = regex.captures(&text)?;
    Some(groups.iter().map(|group| found.name(group).map(|it| it.as_str().to_owned())).collect())
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> FaxGateway {
        let table: toml::Table = crate::config::DEFAULT.parse().unwrap();
        let gateway: FaxGateway = table["fax_gateway"].clone().try_into().unwrap();
        FaxGateway { address: "{number}@fax.example".into(), sender: "gateway@fax.example".into(), ..gateway }
    }

    fn headers(text: &str) -> Headers {
        Headers::parse(text.as_bytes()).0
    }

    #[test]
    fn numbers_become_addresses() {
        let number = |text| gateway().address_of(text);
        assert_eq!(number("+86 769-5550-1202").as_deref(), Some("8676955501202@fax.example"));
        assert_eq!(number("ext. 12"), None);
    }

    #[test]
    fn callers_are_found_in_the_header() {
        for (text, caller) in [
            ("Subject: Fax from 0769-5550-1202 (3 pages)\n", Some("0769-5550-1202")),
            ("Subject: New fax\nX-Fax-Caller: +86 769 5550 1202\n", Some("+86 769 5550 1202")),
            ("Subject: New fax\nTo: 07695550@us.example\n", None),
        ] {
            assert_eq!(gateway().caller_of(&headers(text)).as_deref(), caller, "{text}");
        }
    }

    #[test]
    fn receipts_say_whether_it_went_through() {
        let said =
            |sent, number: Option<&str>| Some(Receipt { sent, order: None, number: number.map(Into::into) });
        for (text, receipt) in [
            ("Subject: Fax to 0769-5550-1202 was delivered\n", said(true, Some("076955501202"))),
            ("Subject: Fax to 0769-5550-1202 was not delivered: busy\n", said(false, Some("076955501202"))),
            ("Subject: 传真发送失败 0769-5550-1202\n", said(false, None)),
            ("Subject: transmission unsuccessful\n", said(false, None)),
            ("Subject: 传真发送成功\n", said(true, None)),
            ("Subject: Fax from 0769-5550-1202\n", None),
        ] {
            assert_eq!(gateway().receipt_of(&headers(text)), receipt, "{text}");
        }
    }

    #[test]
    fn wrong_patterns_are_named() {
        for (wrong, said) in [
            (FaxGateway { address: "fax@fax.example".into(), ..gateway() }, "with {number} in it"),
            (FaxGateway { caller: "(".into(), ..gateway() }, "fax_gateway.caller is no regular expression"),
            (FaxGateway { receipt: "ok".into(), ..gateway() }, "has no group (?<failed>…)"),
            (FaxGateway { sender: "fax".into(), ..gateway() }, "is not an address"),
        ] {
            assert!(wrong.check().unwrap_err().contains(said), "{said}");
        }
        assert_eq!(gateway().check(), Ok(()));
    }
}
