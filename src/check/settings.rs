//! The numbers and words that the checks go by: section `[check]` of the configuration.

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
    /// Regions of the customers' table that are new markets: rules of the categories may ask less there.
    pub new_market_regions: Vec<String>,
    /// Hours before which a customer who collects the goods himself has to say so.
    pub pickup_notice_hours: u32,
    /// Words of a shipping method that mean that the customer collects the goods himself.
    pub pickup_words: Vec<String>,
    /// Words that name the vehicle that collects; a Chinese number plate names it too.
    pub vehicle_words: Vec<String>,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            least_confidence: 600,
            sure_confidence: 900,
            prepaid_terms: vec!["prepaid".to_owned()],
            price_band: Decimal::from(3),
            furthest_days: 365,
            new_market_regions: Vec::new(),
            pickup_notice_hours: 24,
            pickup_words: words("自提|自取|自行提货|上门提货|self-collect|self collect|pick up|pickup"),
            vehicle_words: words("车牌|车号|车辆|司机|货拉拉|vehicle|plate|truck|driver"),
        }
    }
}

fn words(all: &str) -> Vec<String> {
    all.split('|').map(str::to_owned).collect()
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
