//! Who wants to become a customer: what an application must have, who may approve it, and the rows that it becomes.

use super::cells::RowError;
use super::import::{Imported, from_rows};
use super::record::recorded_text;
use super::tables::Certificate;
use crate::order::record::{FieldRecord, MasterRecord, RowRecord};
use crate::order::review::Role;
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Name under which applications are recorded, beside the tables.
pub const RECORD: &str = "applications";

/// How customers are taken on: section `[customers]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerSettings {
    pub approves: Vec<Role>,
    /// Terms of payment that are no credit.
    pub plain_terms: Vec<String>,
    /// Who approves all others.
    pub approves_credit: Vec<Role>,
    /// Kinds of papers that an application must name.
    pub certificates: Vec<String>,
    pub expiring_days: u32,
    /// Of a new customer.
    pub grade: String,
    pub discount_floor: Decimal,
}

impl Default for CustomerSettings {
    fn default() -> Self {
        Self {
            approves: vec![Role::SalesManager, Role::DeputyGm, Role::Gm, Role::President],
            plain_terms: vec!["prepaid".to_owned(), "deposit".to_owned()],
            approves_credit: vec![Role::Gm, Role::President],
            certificates: vec!["business_licence".to_owned()],
            expiring_days: 30,
            grade: "new".to_owned(),
            discount_floor: Decimal::ONE,
        }
    }
}

impl CustomerSettings {
    /// # Errors
    /// The key that is wrong, and what it may be.
    pub fn check(&self) -> Result<(), String> {
        if self.discount_floor < Decimal::ZERO || self.discount_floor > Decimal::ONE {
            return Err(format!("customers.discount_floor is {}, and must be 0 to 1", self.discount_floor));
        }
        for (key, roles) in [("approves", &self.approves), ("approves_credit", &self.approves_credit)] {
            if roles.is_empty() {
                return Err(format!("customers.{key} names no role: nobody could approve"));
            }
        }
        Ok(())
    }

    /// Who may approve these terms.
    #[must_use]
    pub fn approvers(&self, terms: &str) -> &[Role] {
        let prepaid = self.plain_terms.iter().any(|it| it == terms.trim());
        if prepaid { &self.approves } else { &self.approves_credit }
    }
}

/// A paper that an application names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    pub kind: String,
    pub number: String,
    /// The last day.
    pub expires: NaiveDate,
}

/// What became of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    Waiting,
    Approved { decided_by: String, decided_at: DateTime<Utc>, customer: String },
    Refused { decided_by: String, decided_at: DateTime<Utc>, reason: String },
}

impl State {
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved { .. } => "approved",
            Self::Refused { .. } => "refused",
        }
    }
}

/// Somebody who wants to become a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    pub id: Uuid,
    pub name: String,
    pub name_en: Option<String>,
    /// factory, trading, distributor, overseas.
    #[serde(rename = "type")]
    pub kind: String,
    pub contact: String,
    pub mail: String,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub region: String,
    pub currency: String,
    /// The terms of payment that he asks for.
    pub terms: String,
    pub certificates: Vec<Paper>,
    pub by: String,
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub state: State,
}

/// What an approver says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The code that the customer gets.
    pub code: String,
    /// Instead of the terms that he asks for.
    pub terms: Option<String>,
    pub credit_limit: Decimal,
    pub mail_domains: Vec<String>,
}

impl Application {
    /// Everything in its papers that keeps it from being taken.
    #[must_use]
    pub fn lacks(&self, settings: &CustomerSettings, today: NaiveDate) -> Vec<String> {
        let missing =
            settings.certificates.iter().filter(|kind| !self.certificates.iter().any(|it| it.kind == **kind));
        let missing = missing.map(|kind| format!("the paper {kind} is missing: add it with --certificate"));
        let over = self.certificates.iter().filter(|it| it.expires < today);
        let over = over.map(|it| format!("the paper {} ended on {}: ask for a new one", it.kind, it.expires));
        missing.chain(over).collect()
    }

    /// The rows of `customers` and `certificates` that an approval makes of it.
    ///
    /// # Errors
    /// What is wrong with a field, as an import says it.
    pub fn rows(
        &self,
        approval: &Approval,
        settings: &CustomerSettings,
    ) -> Result<[Imported; 2], Vec<RowError>> {
        let text = |it: &Option<String>| it.clone().unwrap_or_default();
        let customer = [
            ("code", approval.code.clone()),
            ("name", self.name.clone()),
            ("name_en", text(&self.name_en)),
            ("type", self.kind.clone()),
            ("grade", settings.grade.clone()),
            ("mail_domains", approval.mail_domains.join(";")),
            ("contacts", format!("{} <{}>", self.contact, self.mail)),
            ("phone", text(&self.phone)),
            ("address", text(&self.address)),
            ("currency", self.currency.clone()),
            ("payment_terms", self.terms(approval).to_owned()),
            ("credit_limit", approval.credit_limit.to_string()),
            ("discount_floor", settings.discount_floor.to_string()),
            ("region", self.region.clone()),
        ];
        let paper = |it: &Paper| {
            [
                ("customer_code", approval.code.clone()),
                ("kind", it.kind.clone()),
                ("number", it.number.clone()),
                ("expires", it.expires.to_string()),
            ]
        };
        Ok([
            from_rows("customers", &[row(customer)])?,
            from_rows("certificates", &self.certificates.iter().map(paper).map(row).collect::<Vec<_>>())?,
        ])
    }

    /// The terms that are approved.
    #[must_use]
    pub fn terms<'a>(&'a self, approval: &'a Approval) -> &'a str {
        approval.terms.as_deref().unwrap_or(&self.terms)
    }

    /// What is recorded of it; what belongs to people is not in it.
    #[must_use]
    pub fn record(&self, source: &str) -> MasterRecord {
        let told = |field: &str, to: String| FieldRecord { to: Some(to), ..recorded_text(field) };
        let mut fields = vec![told("state", self.state.as_str().to_owned())];
        match &self.state {
            State::Waiting => {
                fields.push(told("name", self.name.clone()));
                fields.push(told("terms", self.terms.clone()));
                let papers = self
                    .certificates
                    .iter()
                    .map(|it| told("certificate", format!("{} to {}", it.kind, it.expires)));
                fields.extend(papers);
                let personal = ["contact", "mail", "phone", "address"];
                fields.extend(personal.map(|field| FieldRecord { personal: true, ..recorded_text(field) }));
            }
            State::Approved { customer, .. } => fields.push(told("customer", customer.clone())),
            State::Refused { reason, .. } => fields.push(told("reason", reason.clone())),
        }
        let new = self.state == State::Waiting;
        let what = if new { "added" } else { "changed" };
        MasterRecord {
            table: RECORD.to_owned(),
            source: source.to_owned(),
            sha256: None,
            added: u64::from(new),
            changed: u64::from(!new),
            removed: 0,
            after: None,
            rows: vec![RowRecord { key: self.id.to_string(), what: what.to_owned(), fields }],
        }
    }
}

fn row<const N: usize>(cells: [(&str, String); N]) -> BTreeMap<String, String> {
    cells.into_iter().map(|(column, text)| (column.to_owned(), text)).collect()
}

/// Papers that have ended or end within so many days, the first to end first.
#[must_use]
pub fn expiring(papers: &[Certificate], today: NaiveDate, days: u32) -> Vec<&Certificate> {
    let until = today.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
    let mut ending: Vec<&Certificate> = papers.iter().filter(|it| it.expires <= until).collect();
    ending.sort_by(|a, b| (a.expires, &a.customer_code).cmp(&(b.expires, &b.customer_code)));
    ending
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Application {
        let paper = |kind: &str, expires: &str| Paper {
            kind: kind.to_owned(),
            number: "9144".to_owned(),
            expires: expires.parse().unwrap(),
        };
        Application {
            id: Uuid::nil(),
            name: "新客制衣厂".to_owned(),
            name_en: None,
            kind: "factory".to_owned(),
            contact: "王小明".to_owned(),
            mail: "wang@xinke.example".to_owned(),
            phone: None,
            address: None,
            region: "South China".to_owned(),
            currency: "CNY".to_owned(),
            terms: "monthly30".to_owned(),
            certificates: vec![paper("business_licence", "2026-03-01")],
            by: "li".to_owned(),
            at: DateTime::UNIX_EPOCH,
            state: State::Waiting,
        }
    }

    fn approval() -> Approval {
        Approval {
            code: "C9".to_owned(),
            terms: None,
            credit_limit: Decimal::ZERO,
            mail_domains: vec!["xinke.example".to_owned()],
        }
    }

    #[test]
    fn papers_must_be_there_and_in_date() {
        let settings = CustomerSettings::default();
        for (today, kind, said) in [
            ("2026-03-01", "business_licence", ""),
            ("2026-03-02", "business_licence", "the paper business_licence ended on 2026-03-01"),
            ("2026-03-01", "tax", "the paper business_licence is missing"),
        ] {
            let mut application = application();
            application.certificates[0].kind = kind.to_owned();
            let found = application.lacks(&settings, today.parse().unwrap()).join("; ");
            assert!(
                if said.is_empty() { found.is_empty() } else { found.starts_with(said) },
                "{today} {kind}: {found}"
            );
        }
    }

    #[test]
    fn monthly_terms_are_for_the_general_manager() {
        let settings = CustomerSettings::default();
        assert!(settings.approvers("prepaid").contains(&Role::SalesManager));
        assert!(!settings.approvers("monthly60").contains(&Role::SalesManager));
        assert!(settings.approvers("monthly60").contains(&Role::Gm));
    }

    #[test]
    fn an_approved_application_is_a_customer_with_papers() {
        let settings = CustomerSettings::default();
        let [customers, papers] = application().rows(&approval(), &settings).unwrap();
        let row = &customers.body["rows"][0];
        assert_eq!(
            (&row["code"], &row["grade"], &row["payment_terms"]),
            (&"C9".into(), &"new".into(), &"monthly30".into())
        );
        assert_eq!(row["contacts"][0]["mail"], "wang@xinke.example");
        assert_eq!(papers.body["rows"][0]["customer_code"], "C9");
        let terms = Approval { terms: Some("prepaid".to_owned()), ..approval() };
        assert_eq!(application().terms(&terms), "prepaid");
        let public = Approval { mail_domains: vec!["qq.com".to_owned()], ..approval() };
        assert_eq!(application().rows(&public, &settings).unwrap_err()[0].field, "mail_domains");
    }

    #[test]
    fn no_person_stands_in_the_record() {
        let text = serde_json::to_string(&application().record("apply")).unwrap();
        assert!(text.contains("新客制衣厂") && text.contains("business_licence to 2026-03-01"), "{text}");
        assert!(!text.contains("王小明") && !text.contains("wang@"), "{text}");
    }

    #[test]
    fn papers_that_end_soon_are_named_in_their_order() {
        let paper = |customer: &str, expires: &str| Certificate {
            customer_code: customer.to_owned(),
            kind: "business_licence".to_owned(),
            number: "1".to_owned(),
            expires: expires.parse().unwrap(),
        };
        let papers = [paper("C1", "2026-04-01"), paper("C2", "2026-02-01"), paper("C3", "2026-03-31")];
        let found = expiring(&papers, "2026-03-01".parse().unwrap(), 30);
        let codes: Vec<&str> = found.iter().map(|it| it.customer_code.as_str()).collect();
        assert_eq!(codes, ["C2", "C3"]);
    }
}
