//! The books of the house: settings, rules, calendar, labels, templates, wording and schemas, read and checked once.

use crate::check::Categories;
use crate::config::Config;
use crate::decode::Engines;
use crate::master::Master;
use crate::order::Order;
use crate::order::department::Department;
use crate::order::number::NumberPattern;
use crate::order::wording::Wording;
use crate::read::{Labels, Reader};
use crate::release::facts::{Desk as DepartmentDesk, House, Office};
use crate::release::templates::Templates;
use crate::review::Desk;
use crate::review::calendar::Calendar;
use crate::review::facts::{CustomerFacts, Figures, RuleFacts};
use crate::review::rules::Rules;
use crate::rights::{Delegation, Rights, Staff};
use crate::schemas::Schemas;
use chrono::{DateTime, Utc};
use rust_embed::Embed;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Embed)]
#[folder = "config"]
#[include = "rules/*.toml"]
#[include = "calendar/*.toml"]
#[include = "rights.toml"]
struct Shipped;

/// The file that says what each role may.
const RIGHTS: &str = "rights.toml";

/// Everything that is read at the start and does not change while the program runs.
pub struct Books {
    pub config: Config,
    pub rules: Rules,
    pub rights: Rights,
    pub calendar: Calendar,
    /// Of departments that have their own.
    pub own_calendars: BTreeMap<Department, Calendar>,
    pub reader: Reader,
    pub templates: Templates,
    pub wording: Wording,
    pub schemas: Schemas,
    pub categories: Categories,
    pub pattern: NumberPattern,
}

impl Books {
    /// Reads and checks everything. The first thing that is wrong is the error: file, place and remedy.
    pub fn open(config: &Config, engines: Engines) -> Result<Self, String> {
        let own = config.rules.overrides.as_deref();
        if let Some(missing) = own.filter(|folder| !folder.is_dir()) {
            return Err(format!(
                "rules.overrides: there is no folder {}; make it, or leave the key out",
                missing.display()
            ));
        }
        let rules = format!("rules/{}.toml", config.rules.profile);
        Ok(Self {
            rules: Rules::parse(&rules, &text(own, &rules, "rules.profile")?).map_err(|e| e.to_string())?,
            rights: Rights::parse(RIGHTS, &text(own, RIGHTS, "rules.overrides")?)?,
            calendar: calendar(own, &config.rules.calendar, "rules.calendar")?,
            own_calendars: (config.rules.calendars.iter())
                .map(|(of, name)| {
                    Ok((*of, calendar(own, name, &format!("rules.calendars.{}", of.as_str()))?))
                })
                .collect::<Result<_, String>>()?,
            reader: Reader {
                labels: labels(own)?,
                limits: config.limits,
                believed: config.mail_authentication.clone(),
                decoder: engines.decoder,
                recognizer: engines.recognizer,
            },
            templates: Templates::with(files(own, "templates")?).map_err(|e| e.to_string())?,
            wording: Wording::shipped().map_err(|e| e.to_string())?,
            schemas: Schemas::shipped().map_err(|e| e.to_string())?,
            categories: Categories::new(
                files(own, "category")?.into_iter().map(|(name, text)| (name, text.into_bytes())),
            )
            .map_err(|e| e.to_string())?,
            pattern: NumberPattern::parse(&config.numbers.pattern)
                .map_err(|e| format!("numbers.pattern: {e}"))?,
            config: config.clone(),
        })
    }

    /// Names of the rules in force.
    #[must_use]
    pub fn rule_names(&self) -> Vec<String> {
        self.rules.list().iter().map(|rule| rule.name.clone()).collect()
    }

    /// The people, and what they may.
    #[must_use]
    pub fn staff<'a>(&'a self, delegations: &'a [Delegation]) -> Staff<'a> {
        Staff { users: &self.config.users, rights: &self.rights, delegations }
    }

    /// By what reviews are opened.
    #[must_use]
    pub const fn desk(&self) -> Desk<'_> {
        Desk {
            rules: &self.rules,
            calendar: &self.calendar,
            own: &self.own_calendars,
            at_night: self.config.rules.remind_at_night,
        }
    }

    /// The house as mails name it, with the departments' addresses from the master data.
    #[must_use]
    pub fn house(&self, master: &Master) -> House {
        let firm = &self.config.firm;
        let desk = |code: &String| {
            let department = master.department(code)?;
            let manager = Some(department.manager_mail.clone()).filter(|mail| !mail.is_empty());
            Some(DepartmentDesk { mail: department.mail.clone(), manager })
        };
        House {
            name: firm.name.clone(),
            name_en: firm.name_en.clone(),
            mail: firm.mail.clone(),
            domain: firm.domain.clone(),
            language: firm.language,
            departments: firm.departments.iter().filter_map(|(is, code)| Some((*is, desk(code)?))).collect(),
            general_manager: firm.general_manager.clone(),
        }
    }

    /// By what the house releases and writes.
    #[must_use]
    pub const fn office<'a>(&'a self, house: &'a House) -> Office<'a> {
        Office {
            house,
            settings: &self.config.release,
            calendar: &self.calendar,
            templates: &self.templates,
            wording: &self.wording,
        }
    }

    /// What the rules may ask of an order.
    #[must_use]
    pub fn rule_facts(
        &self,
        order: &Order,
        customer: CustomerFacts,
        figures: Figures,
        now: DateTime<Utc>,
    ) -> RuleFacts {
        RuleFacts::of(order, customer, figures, self.calendar.day_of(now))
    }
}

/// A calendar by its name; `key` is the setting that names it.
fn calendar(own: Option<&Path>, name: &str, key: &str) -> Result<Calendar, String> {
    let file = format!("calendar/{name}.toml");
    Calendar::parse(&file, &text(own, &file, key)?).map_err(|e| e.to_string())
}

/// A shipped file, or the firm's own in its place; `key` is the setting that names it.
fn text(own: Option<&Path>, name: &str, key: &str) -> Result<String, String> {
    if let Some(path) = own.map(|own| own.join(name)).filter(|path| path.is_file()) {
        return std::fs::read_to_string(&path).map_err(|e| format!("{} can't be read: {e}", path.display()));
    }
    let shipped = Shipped::get(name).ok_or_else(|| {
        let folder = name.split_inclusive('/').next().unwrap_or_default();
        let names: Vec<String> = Shipped::iter()
            .filter_map(|it| Some(it.strip_prefix(folder)?.trim_end_matches(".toml").to_owned()))
            .collect();
        format!(
            "{key}: there is no {name}; use one of {}, or put yours into the folder of rules.overrides",
            names.join(", ")
        )
    })?;
    String::from_utf8(shipped.data.into_owned()).map_err(|_| format!("{name} is not UTF-8"))
}

/// The shipped labels, or the firm's own in place of all of them.
fn labels(own: Option<&Path>) -> Result<Labels, String> {
    let own = files(own, "labels")?;
    if own.is_empty() {
        return Ok(Labels::built_in());
    }
    let texts: Vec<&str> = own.iter().map(|(_, text)| text.as_str()).collect();
    Labels::parse(&texts).map_err(|e| e.to_string())
}

/// The firm's own files below a folder, each with its name relative to it.
fn files(own: Option<&Path>, folder: &str) -> Result<Vec<(String, String)>, String> {
    let Some(root) = own.map(|own| own.join(folder)).filter(|root| root.is_dir()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        let wrong = |e: std::io::Error| format!("{} can't be read: {e}", folder.display());
        for entry in std::fs::read_dir(&folder).map_err(wrong)? {
            let path = entry.map_err(wrong)?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let text = std::fs::read_to_string(&path).map_err(wrong)?;
                let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
                found.push((name, text));
            }
        }
    }
    Ok(found)
}
