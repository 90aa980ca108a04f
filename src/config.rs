//! Settings: the compiled-in default, then a file, then the environment; refused when wrong.

use crate::broker::rabbitmq::RabbitSettings;
use crate::check::CheckSettings;
use crate::deliver::fax::FaxGateway;
use crate::deliver::smtp::settings::SmtpSettings;
use crate::follow::correspondence::RegisterSettings;
use crate::intake::imap::settings::{self as mailboxes, Mailbox};
use crate::master::applications::CustomerSettings;
use crate::master::record::MasterSettings;
use crate::ocr::RecognitionSettings;
use crate::order::amend::ChangeSettings;
use crate::order::document::Language;
use crate::order::money::{Currency, Exchange};
use crate::read::limits::Limits;
use crate::read::mail::authentic::MailAuthentication;
use crate::release::facts::{self, Department};
use crate::release::inquire::AskSettings;
use crate::release::price_list::PriceSettings;
use crate::release::watch::WatchSettings;
pub use crate::rights::User;
use crate::runtime::backoff::RetrySettings;
use crate::web::HttpSettings;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::{Table, Value};

/// The commented default, which is also the documentation of every key.
pub const DEFAULT: &str = include_str!("../config/gendan.toml");

/// Settings that can't be used. Each says where and what.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{file} can't be read: {why}; name another file with --config")]
    Unreadable { file: String, why: String },
    #[error("{file} is not TOML: {why}")]
    NotToml { file: String, why: String },
    #[error(
        "the settings are wrong ({layers}): {why}. `gendan config default` prints every key with its meaning"
    )]
    Wrong { layers: String, why: String },
}

/// All settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub firm: Firm,
    pub folders: Folders,
    pub intake: IntakeSettings,
    pub recognition: RecognitionSettings,
    pub limits: Limits,
    pub mail_authentication: MailAuthentication,
    pub check: CheckSettings,
    pub master: MasterSettings,
    pub prices: PriceSettings,
    pub customers: CustomerSettings,
    pub release: facts::Settings,
    pub watching: WatchSettings,
    pub changes: ChangeSettings,
    pub ask: AskSettings,
    pub correspondence: RegisterSettings,
    pub numbers: Numbers,
    pub terms: Terms,
    pub exchange: Exchange,
    pub tax: TaxRates,
    pub worker: WorkerConfig,
    pub postgres: PostgresConfig,
    pub rabbitmq: RabbitSettings,
    pub http: HttpSettings,
    pub upkeep: Upkeep,
    pub smtp: SmtpSettings,
    pub fax_gateway: FaxGateway,
    pub rules: RulesConfig,
    #[serde(default)]
    pub mailboxes: Vec<Mailbox>,
    #[serde(default)]
    pub users: Vec<User>,
}

/// The house itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firm {
    pub name: String,
    pub name_en: String,
    /// Address that mails come from.
    pub mail: String,
    pub domain: String,
    pub language: Language,
    /// IANA name.
    pub zone: chrono_tz::Tz,
    pub general_manager: Option<String>,
    /// Code of each department in the master data.
    pub departments: BTreeMap<Department, String>,
}

/// Order numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    pub pattern: String,
    pub regions: BTreeMap<String, String>,
    pub classes: BTreeMap<String, String>,
}

/// Terms of payment and of carriage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub deposit: Vec<String>,
    pub carrier: String,
}

/// VAT rates by currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRates {
    pub rates: BTreeMap<Currency, Decimal>,
}

/// Where things lie; relative to the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folders {
    pub inbox: PathBuf,
    pub fax: PathBuf,
    pub outgoing: PathBuf,
    pub blobs: PathBuf,
}

/// How sources are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntakeSettings {
    pub poll_ms: u64,
    pub max_bytes: u64,
}

/// How the worker works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    pub prefetch: u32,
    pub linger_ms: u64,
    pub batch: usize,
    pub step_timeout_seconds: u64,
    pub lease_seconds: u64,
    pub trials: u64,
    pub poll_ms: u64,
    pub grace_seconds: u64,
    pub retry: RetrySettings,
}

/// Where the records are kept instead of in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresConfig {
    #[serde(skip_serializing)]
    pub url: Secret,
    #[serde(skip_serializing)]
    pub password: Secret,
    pub pool: u32,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "***" })
    }
}

/// Housekeeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upkeep {
    pub retention_days: u32,
}

/// Which rules are in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesConfig {
    pub profile: String,
    pub calendar: String,
    /// Departments whose working time is another than the house's, each with its calendar.
    #[serde(default)]
    pub calendars: BTreeMap<Department, String>,
    /// Reminders go out at any hour.
    pub remind_at_night: bool,
    pub overrides: Option<PathBuf>,
}

impl Config {
    /// The settings in force: the default, then `file` when there is one, then `environment` (pairs such as
    /// `GENDAN_WORKER__PREFETCH` and `20`; other names are passed over).
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = parse(DEFAULT, "the default")?;
        let mut layers = Vec::new();
        if let Some(path) = file {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|e| ConfigError::Unreadable { file: name.clone(), why: e.to_string() })?;
            merge(&mut table, parse(&text, &name)?);
            layers.push(name);
        }
        let environment: BTreeMap<String, String> = environment.into_iter().collect();
        for (name, value) in &environment {
            if let Some(path) = name.strip_prefix("GENDAN_").filter(|path| path.contains("__")) {
                let keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
                set(&mut table, &keys, scalar(value));
                layers.push(name.clone());
            }
        }
        let wrong = |why: String| ConfigError::Wrong { layers: layers.join(", "), why };
        secrets(&mut table).map_err(wrong)?;
        let mut config: Self = Value::Table(table)
            .try_into()
            .map_err(|e: toml::de::Error| wrong(e.to_string().trim().replace('\n', " ")))?;
        config.check().map_err(wrong)?;
        config.recognition.complete(&environment);
        Ok(config)
    }

    /// Whether the house works on servers, and not in its data folder alone.
    #[must_use]
    pub fn on_servers(&self) -> bool {
        !self.postgres.url.0.is_empty()
    }

    fn check(&self) -> Result<(), String> {
        if self.on_servers() == self.rabbitmq.url.is_empty() {
            return Err("postgres.url and rabbitmq.url go together: set both, or neither".to_owned());
        }
        if self.on_servers() {
            self.rabbitmq.check().map_err(|why| format!("rabbitmq.{why}"))?;
        }
        let positive = [
            ("worker.prefetch", u64::from(self.worker.prefetch)),
            ("worker.batch", self.worker.batch as u64),
            ("worker.step_timeout_seconds", self.worker.step_timeout_seconds),
            ("worker.poll_ms", self.worker.poll_ms),
            ("worker.retry.attempts", u64::from(self.worker.retry.attempts)),
            ("postgres.pool", u64::from(self.postgres.pool)),
            ("check.soft_hold_look_minutes", u64::from(self.check.soft_hold_look_minutes)),
            ("intake.poll_ms", self.intake.poll_ms),
            ("intake.max_bytes", self.intake.max_bytes),
            ("master.recorded_rows", self.master.recorded_rows as u64),
            ("master.file_bytes", self.master.file_bytes),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(format!("{key} must be greater than 0"));
        }
        if !self.firm.mail.contains('@') {
            return Err(format!("firm.mail `{}` is not an address: mails leave from it", self.firm.mail));
        }
        if self.worker.lease_seconds <= self.worker.step_timeout_seconds {
            return Err("worker.lease_seconds must be longer than worker.step_timeout_seconds".to_owned());
        }
        self.http.check(self.intake.max_bytes, self.worker.grace_seconds)?;
        let longest = u64::from(self.worker.retry.longest_seconds) * u64::from(self.worker.retry.attempts);
        if u64::from(self.upkeep.retention_days) * 86_400 <= longest {
            return Err("upkeep.retention_days must be longer than all retries together".to_owned());
        }
        self.limits.check()?;
        self.mail_authentication.check().map_err(|why| format!("mail_authentication.{why}"))?;
        self.check.sender.check().map_err(|why| format!("check.sender.{why}"))?;
        self.check.margin.check().map_err(|why| format!("check.margin.{why}"))?;
        self.prices.check()?;
        self.customers.check()?;
        self.correspondence.check().map_err(|why| format!("correspondence.{why}"))?;
        self.ask.check().map_err(|why| format!("ask.{why}"))?;
        mailboxes::check(&self.mailboxes)?;
        self.smtp.check(self.worker.lease_seconds)?;
        self.fax_gateway.check()?;
        if self.upkeep.retention_days.saturating_mul(24) <= self.smtp.give_up_hours {
            return Err("upkeep.retention_days must be longer than smtp.give_up_hours".to_owned());
        }
        let mut ids: Vec<&str> = self.users.iter().map(|user| user.id.as_str()).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("users: the id `{}` stands twice", pair[0])),
            None => Ok(()),
        }
    }

    /// The user of this id.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }
}

fn parse(text: &str, file: &str) -> Result<Table, ConfigError> {
    text.parse()
        .map_err(|e: toml::de::Error| ConfigError::NotToml { file: file.to_owned(), why: e.to_string() })
}

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(more)) => merge(below, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Keys whose value may stand in a file of its own, named by the same key with `_file` behind it.
const SECRETS: [[&str; 2]; 3] = [["postgres", "url"], ["postgres", "password"], ["rabbitmq", "url"]];

/// Takes secrets out of the files that hold them.
fn secrets(table: &mut Table) -> Result<(), String> {
    for [section, key] in SECRETS {
        let file = format!("{key}_file");
        let Some(Value::Table(section_table)) = table.get_mut(section) else { continue };
        let Some(Value::String(path)) = section_table.remove(&file) else { continue };
        if path.is_empty() {
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|e| format!("{section}.{file}: {path} can't be read: {e}"))?;
        section_table.insert(key.to_owned(), Value::String(text.trim().to_owned()));
    }
    Ok(())
}

fn set(table: &mut Table, keys: &[String], value: Value) {
    let [first, rest @ ..] = keys else { return };
    if rest.is_empty() {
        table.insert(first.clone(), value);
        return;
    }
    let below = table.entry(first.clone()).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(below) = below {
        set(below, rest, value);
    }
}

/// A value of the environment: a TOML value where it is one, else a text.
fn scalar(text: &str) -> Value {
    format!("v = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gendan.toml");
        std::fs::write(&path, file).unwrap();
        Config::load(Some(&path), environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_file_counts_more_than_the_default_and_the_environment_most() {
        let config =
            load("[worker]\nprefetch = 5\nbatch = 7", &[("GENDAN_WORKER__BATCH", "9"), ("HOME", "/root")])
                .unwrap();
        assert_eq!((config.worker.prefetch, config.worker.batch, config.worker.trials), (5, 9, 7));
        assert_eq!(config.limits, Limits::default(), "the reader's own and the file's are the same");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (file, said) in [
            ("[worker]\nprefetsch = 5", "prefetsch"),
            ("[worker]\nprefetch = \"many\"", "prefetch"),
            ("[worker]\nprefetch = 0", "worker.prefetch must be greater than 0"),
            ("[limits]\npages = 0", "limits.pages is 0"),
            ("[worker]\nlease_seconds = 5", "worker.lease_seconds must be longer"),
            ("[firm]\nzone = \"Asia/Shanghei\"", "Asia/Shanghei"),
            ("[firm]\nmail = \"orders\"", "firm.mail `orders` is not an address"),
            ("[prices]\npublished_on_day = 31", "prices.published_on_day is 31"),
            ("[customers]\napproves = []", "customers.approves names no role"),
            ("[check.margin]\nselling_expenses = \"8\"", "check.margin.selling_expenses is 8"),
            ("[check]\nnew_ship_to = \"maybe\"", "maybe"),
            ("worker = ", "is not TOML"),
        ] {
            let error = load(file, &[]).unwrap_err().to_string();
            assert!(error.contains(said), "{file}: {error}");
        }
    }
}
