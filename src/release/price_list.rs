//! A new version of a price list: the departments that work with it hear what it changes.

use super::facts::{Department, Office};
use super::header;
use super::telling::{from_house, outgoing};
use super::templates::TemplateError;
use crate::master::tables::PriceList;
use crate::master::versions::Move;
use crate::order::ids::Ids;
use crate::order::message::{Body, Message};
use crate::order::review::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// How versions are published: section `[prices]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceSettings {
    /// Day of the month.
    pub published_on_day: u32,
    pub tell: Vec<Department>,
    /// Differences of one mail at most.
    pub mail_rows: usize,
    /// Who may publish.
    pub publishes: Vec<Role>,
}

impl Default for PriceSettings {
    fn default() -> Self {
        Self {
            published_on_day: 25,
            tell: vec![Department::Sales, Department::Finance],
            mail_rows: 200,
            publishes: vec![Role::SalesManager, Role::DeputyGm, Role::Gm, Role::President],
        }
    }
}

impl PriceSettings {
    /// # Errors
    /// The key that is wrong, and what it may be.
    pub fn check(&self) -> Result<(), String> {
        if (1..=28).contains(&self.published_on_day) {
            Ok(())
        } else {
            Err(format!("prices.published_on_day is {}, and must be 1 to 28", self.published_on_day))
        }
    }
}

/// A version that is published, with what it changes.
#[derive(Debug, Clone, Copy)]
pub struct Published<'a> {
    pub list: &'a PriceList,
    pub before: Option<&'a PriceList>,
    /// With the name of each product.
    pub moves: &'a [(Move, Option<String>)],
    /// Not to be told before.
    pub not_before: Option<DateTime<Utc>>,
}

/// The departments of the settings that can be reached, each with its mail. Who may not see prices hears what changes, and not
/// what it costs.
pub fn published(
    what: &Published<'_>,
    settings: &PriceSettings,
    office: &Office<'_>,
    (about, now): (Uuid, DateTime<Utc>),
) -> Result<Vec<(Department, Message)>, TemplateError> {
    let ids = Ids::new(about, now);
    let mut told = Vec::new();
    for department in &settings.tell {
        let desk = office.house.departments.get(department);
        let Some(address) = desk.and_then(|desk| header::address(&desk.mail)) else { continue };
        let word = department.as_str();
        let text = office.templates.render(
            office.house.language,
            "price_list",
            context(what, *department, settings.mail_rows, office),
        )?;
        let mail = from_house(office.house, about, &format!("price_list.{word}"), vec![address], text);
        let lane = format!("mail.{word}");
        let message = outgoing(about, &lane, Body::MailSend(mail), (ids.id(word), now));
        told.push((*department, Message { not_before: what.not_before, ..message }));
    }
    Ok(told)
}

fn context(
    what: &Published<'_>,
    department: Department,
    most: usize,
    office: &Office<'_>,
) -> serde_json::Value {
    let sees = department.sees_prices();
    let price = |it: Option<rust_decimal::Decimal>| it.filter(|_| sees).map(|it| it.normalize().to_string());
    let line = |(it, name): &(Move, Option<String>)| {
        json!({"sku": it.sku, "name": name, "min_qty": it.min_qty.normalize().to_string(),
            "from": price(it.from), "to": price(it.to)})
    };
    let list = what.list;
    json!({
        "department": office.wording.say(office.house.language, &format!("department.{}", department.as_str()), &[]),
        "list": list.list,
        "version": list.version,
        "before": what.before.map(|it| &it.version),
        "published_on": list.published_on,
        "valid_from": list.valid_from,
        "valid_to": list.valid_to,
        "currency": list.currency,
        "moves": what.moves.iter().take(most).map(line).collect::<Vec<_>>(),
        "more": what.moves.len().saturating_sub(most),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::document::Language;
    use crate::order::wording::Wording;
    use crate::release::facts::{Desk, House, Settings};
    use crate::release::templates::Templates;
    use crate::review::calendar::Calendar;

    fn list(version: &str, from: &str) -> PriceList {
        PriceList {
            list: "KEY".to_owned(),
            version: version.to_owned(),
            currency: crate::order::money::Currency::CNY,
            valid_from: from.parse().unwrap(),
            valid_to: None,
            published_on: Some("2026-03-25".parse().unwrap()),
            told: Vec::new(),
        }
    }

    fn mails(language: Language, tell: Vec<Department>) -> Vec<String> {
        let desk = |mail: &str| Desk { mail: mail.to_owned(), manager: None };
        let house = House {
            name: "恒通".to_owned(),
            name_en: "Hengtong".to_owned(),
            mail: "orders@own.example".to_owned(),
            domain: "own.example".to_owned(),
            language,
            departments: [
                (Department::Sales, desk("sales@own.example")),
                (Department::Warehouse, desk("whs@own.example")),
            ]
            .into(),
            general_manager: None,
        };
        let calendar = include_str!("../../config/calendar/cn-2026.toml");
        let office = Office {
            house: &house,
            settings: &Settings::default(),
            calendar: &Calendar::parse("cn", calendar).unwrap(),
            templates: &Templates::shipped().unwrap(),
            wording: &Wording::shipped().unwrap(),
        };
        let decimal = |text: &str| text.parse().ok();
        let step = |sku: &str, from, to| {
            let step =
                Move { sku: sku.to_owned(), min_qty: 1000.into(), from: decimal(from), to: decimal(to) };
            (step, Some("拉链".to_owned()))
        };
        let (before, after) = (list("2026-01", "2026-01-01"), list("2026-04", "2026-04-01"));
        let what = Published {
            list: &after,
            before: Some(&before),
            moves: &[step("A", "0.50", "0.55"), step("B", "", "2"), step("C", "3", "")],
            not_before: DateTime::from_timestamp(1_790_000_000, 0),
        };
        let settings = PriceSettings { tell, mail_rows: 2, ..PriceSettings::default() };
        let told = published(&what, &settings, &office, (Uuid::nil(), DateTime::UNIX_EPOCH)).unwrap();
        assert!(told.iter().all(|(_, message)| message.not_before == what.not_before));
        let mail = |(_, message): &(Department, Message)| {
            let Body::MailSend(mail) = &message.body else { panic!("{:?}", message.body) };
            format!("{}\n{}\n{}", mail.to.join(","), mail.subject, mail.text)
        };
        told.iter().map(mail).collect()
    }

    #[test]
    fn departments_hear_what_a_version_changes() {
        let both = mails(Language::En, vec![Department::Sales, Department::Warehouse, Department::Finance]);
        assert_eq!(both.len(), 2, "finance has no address");
        assert_eq!(
            both[0],
            "sales@own.example\nPrice list KEY: version 2026-04 is in force from 2026-04-01\n\
            Sales: a new version of a price list is published.\n\n\
            Price list      KEY\nVersion         2026-04\nVersion before  2026-01\nPublished on    2026-03-25\n\
            In force from   2026-04-01\nCurrency        CNY\n\n\
            What it changes in the version before:\n\n\
            Item  Name  From quantity  Price before  New price\n\
            ----  ----  -------------  ------------  ---------\n\
            A     拉链           1000           0.5       0.55\n\
            B     拉链           1000                        2\n\
            … and 1 more\n\n\
            To see it: gendan prices show KEY --on 2026-04-01\n"
        );
        assert!(!both[1].contains("0.55"), "the warehouse sees no prices: {}", both[1]);
        let chinese = mails(Language::Zh, vec![Department::Sales]).remove(0);
        assert!(chinese.contains("价格表 KEY 新版本 2026-04：2026-04-01 起生效"), "{chinese}");
        assert!(chinese.contains("原价") && chinese.contains("另有 1 项"), "{chinese}");
    }
}
