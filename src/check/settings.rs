//! The numbers and words that the checks go by: section `[check]` of the configuration.

use crate::order::problem::Severity;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Every field has a default, so a file names only what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckSettings {
    /// A field read with less confidence than this (thousandths) is asked about.
    pub least_confidence: u16,
    /// A field that a sure order rests on was read with at least this confidence (thousandths).
    pub sure_confidence: u16,
    /// Terms of payment in the customers' table that mean money before goods: they take no credit.
    pub prepaid_terms: Vec<String>,
    /// A price more than this many times over or under the list is taken for a misread column.
    pub price_band: Decimal,
    /// A date wanted more than this many days ahead is taken for a misread one.
    pub furthest_days: u32,
    /// How bad it is when goods are to go to none of the addresses that are known of the customer.
    pub new_ship_to: Severity,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            least_confidence: 600,
            sure_confidence: 900,
            prepaid_terms: vec!["prepaid".to_owned()],
            price_band: Decimal::from(3),
            furthest_days: 365,
            new_ship_to: Severity::Note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_what_differs_and_nothing_unknown() {
        let settings: CheckSettings = toml::from_str("sure_confidence = 950\nprice_band = \"2\"").unwrap();
        assert_eq!(settings.sure_confidence, 950);
        assert_eq!(settings.least_confidence, CheckSettings::default().least_confidence);
        assert!(toml::from_str::<CheckSettings>("sure_confidense = 950").is_err());
    }
}
