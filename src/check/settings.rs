//! The numbers and words that the checks go by: section `[check]` of the configuration.

use super::margin::MarginSettings;
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
    /// Words of terms of payment that ask for credit.
    pub credit_words: Vec<String>,
    /// A price more than this many times over or under the list is taken for a misread column.
    pub price_band: Decimal,
    /// A date wanted more than this many days ahead is taken for a misread one.
    pub furthest_days: u32,
    /// Minutes after an order came in for which it waits for what may change it and is not read yet; 0 = not at all.
    pub soft_hold_minutes: u32,
    /// Minutes between two looks whether that was read.
    pub soft_hold_look_minutes: u32,
    /// Who writes in a customer's name.
    pub sender: SenderSettings,
    /// What an order has to leave.
    pub margin: MarginSettings,
    /// Regions of the customers' table that are new markets: rules of the categories may ask less there.
    pub new_market_regions: Vec<String>,
    /// Hours before which a customer who collects the goods himself has to say so.
    pub pickup_notice_hours: u32,
    /// Words of a shipping method that mean that the customer collects the goods himself.
    pub pickup_words: Vec<String>,
    /// Words that name the vehicle that collects; a Chinese number plate names it too.
    pub vehicle_words: Vec<String>,
    /// How bad it is when goods are to go to none of the addresses that are known of the customer.
    pub new_ship_to: Severity,
}

/// Senders who are not whom they seem to be: section `[check.sender]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderSettings {
    /// Mail services where everybody can have an address.
    pub public_domains: Vec<String>,
    /// A domain's name with fewer letters resembles others by chance.
    pub shortest: usize,
    /// The same for one that is run together with another word.
    pub shortest_within: usize,
    /// What taken together looks like fraud: any of these lists.
    pub fraud: Vec<Vec<Sign>>,
    /// Words of an order for goods that the customer has fetched.
    pub own_freight: Vec<String>,
}

/// One thing that alone may be innocent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    LookalikeDomain,
    SenderNotAuthentic,
    UnknownSender,
    ReplyElsewhere,
    PhoneDiffers,
    /// The goods go to none of the customer's addresses.
    NewShipTo,
    /// The goods go by a courier or forwarder of the customer's.
    OwnFreight,
}

impl Sign {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LookalikeDomain => "lookalike_domain",
            Self::SenderNotAuthentic => "sender_not_authentic",
            Self::UnknownSender => "unknown_sender",
            Self::ReplyElsewhere => "reply_elsewhere",
            Self::PhoneDiffers => "phone_differs",
            Self::NewShipTo => "new_ship_to",
            Self::OwnFreight => "own_freight",
        }
    }
}

impl SenderSettings {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.shortest == 0 || self.shortest_within < self.shortest {
            return Err("shortest_within must be at least shortest, and that at least 1".to_owned());
        }
        if self.fraud.iter().any(Vec::is_empty) {
            return Err("fraud: a list without signs would take every order for fraud; name some".to_owned());
        }
        Ok(())
    }
}

impl Default for SenderSettings {
    /// As the shipped file says.
    fn default() -> Self {
        #[derive(Deserialize)]
        struct Shipped {
            check: Inner,
        }
        #[derive(Deserialize)]
        struct Inner {
            sender: toml::Table,
        }
        let shipped: Shipped = toml::from_str(crate::config::DEFAULT).expect("the shipped file is TOML");
        shipped.check.sender.try_into().expect("the shipped file has every key of [check.sender]")
    }
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            least_confidence: 600,
            sure_confidence: 900,
            prepaid_terms: vec!["prepaid".to_owned()],
            price_band: Decimal::from(3),
            furthest_days: 365,
            soft_hold_minutes: 120,
            soft_hold_look_minutes: 5,
            sender: SenderSettings::default(),
            margin: MarginSettings::default(),
            credit_words: words(
                "月结|月底结|账期|帐期|赊|挂账|货到付款|monthly|open account|o/a|net 30|net 60|net 90",
            ),
            new_market_regions: Vec::new(),
            pickup_notice_hours: 24,
            pickup_words: words("自提|自取|自行提货|上门提货|self-collect|self collect|pick up|pickup"),
            vehicle_words: words("车牌|车号|车辆|司机|货拉拉|vehicle|plate|truck|driver"),
            new_ship_to: Severity::Note,
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
