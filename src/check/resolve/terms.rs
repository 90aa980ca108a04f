//! Currencies as documents print them.

use crate::master::text::simple;
use crate::order::money::Currency;

/// Signs and names beside the ISO codes. ¥ is the yuan here, as on every Chinese order.
const NAMES: [(&str, &str); 20] = [
    ("元", "CNY"),
    ("人民币", "CNY"),
    ("人民币元", "CNY"),
    ("¥", "CNY"),
    ("cnh", "CNY"),
    ("美元", "USD"),
    ("美金", "USD"),
    ("$", "USD"),
    ("us$", "USD"),
    ("欧元", "EUR"),
    ("€", "EUR"),
    ("港币", "HKD"),
    ("港元", "HKD"),
    ("hk$", "HKD"),
    ("英镑", "GBP"),
    ("£", "GBP"),
    ("日元", "JPY"),
    ("新台币", "TWD"),
    ("台币", "TWD"),
    ("nt$", "TWD"),
];

pub(super) fn currency(printed: &str) -> Option<Currency> {
    let text = simple(printed);
    let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, code)| *code);
    named.unwrap_or(&text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_names_are_currencies() {
        for (printed, code) in
            [("RMB", "CNY"), ("人民幣", "CNY"), ("￥", "CNY"), ("us$", "USD"), ("eur", "EUR")]
        {
            assert_eq!(currency(printed).unwrap().as_str(), code, "{printed}");
        }
        assert_eq!(currency("贝壳"), None);
    }
}
