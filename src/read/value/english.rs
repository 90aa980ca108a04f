//! English amounts in words: "say US dollars one thousand two hundred and ten only".

use rust_decimal::Decimal;

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

fn small(word: &str) -> Option<u64> {
    let tens = || TENS.iter().position(|w| *w == word).map(|i| (i as u64 + 2) * 10);
    SMALL.iter().position(|w| *w == word).map(|i| i as u64).or_else(tens)
}

fn scale(word: &str) -> Option<u64> {
    match word {
        "thousand" => Some(1000),
        "million" => Some(1_000_000),
        _ => None,
    }
}

/// The amount that the words say; None unless they have a hundred, thousand or million, or end in "only".
#[must_use]
pub fn amount(text: &str) -> Option<Decimal> {
    let lower = text.to_lowercase();
    let (whole, cents) = match lower.find("cent") {
        Some(at) => split_cents(&lower[..at]),
        None => (lower.as_str(), 0),
    };
    let value = integer(whole)?;
    let strong = ["hundred", "thousand", "million", "only"].iter().any(|w| lower.contains(w));
    strong.then(|| Decimal::from(value) + Decimal::new(cents, 2))
}

fn split_cents(text: &str) -> (&str, i64) {
    let Some(at) = text.rfind(" and ") else { return (text, 0) };
    let cents = integer(&text[at..]).and_then(|c| i64::try_from(c).ok()).filter(|c| *c < 100);
    cents.map_or((text, 0), |c| (&text[..at], c))
}

fn integer(text: &str) -> Option<u64> {
    let (mut total, mut section, mut seen) = (0u64, 0u64, false);
    for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
        if let Some(n) = small(word) {
            section = section.checked_add(n)?;
            seen = true;
        } else if word == "hundred" {
            section = section.max(1).checked_mul(100)?;
        } else if let Some(f) = scale(word) {
            total = total.checked_add(section.max(1).checked_mul(f)?)?;
            section = 0;
        } else if seen && word == "only" {
            break;
        }
    }
    seen.then_some(total.checked_add(section)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, want) in [
            ("SAY US DOLLARS ONE THOUSAND TWO HUNDRED AND TEN ONLY", "1210"),
            ("US Dollars Five Thousand Three Hundred Forty-Four and Cents Thirty-Five Only", "5344"),
            ("Two million one hundred thousand and five", "2100005"),
        ] {
            assert_eq!(amount(text).map(|d| d.trunc().to_string()).as_deref(), Some(want), "{text}");
        }
        assert_eq!(amount("one of them"), None);
    }
}
