//! The cells of one CSV row, taken out by column name and type; every bad one is noted with what to do.

use super::tables::Contact;
use crate::order::money::Currency;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// One thing that is wrong with a file of master data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    pub file: String,
    /// Of a workbook.
    pub sheet: Option<String>,
    /// Line of the file or row of the sheet, from 1.
    pub line: u64,
    pub field: String,
    pub found: String,
    pub todo: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sheet = self.sheet.as_ref().map(|sheet| format!(" [{sheet}]")).unwrap_or_default();
        write!(f, "{}{sheet}:{}: {}: found `{}`: {}", self.file, self.line, self.field, self.found, self.todo)
    }
}

impl std::error::Error for RowError {}

/// The file, and of a workbook the sheet, that rows stand in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) sheet: Option<&'a str>,
}

impl Place<'_> {
    pub(super) fn error(self, line: u64, field: &str, found: &str, todo: impl Into<String>) -> RowError {
        RowError {
            file: self.file.to_owned(),
            sheet: self.sheet.map(str::to_owned),
            line,
            field: field.to_owned(),
            found: found.to_owned(),
            todo: todo.into(),
        }
    }
}

/// One row while it is parsed. A getter that finds something bad notes it and answers with a stand-in.
pub(super) struct Cells<'a> {
    pub(super) place: Place<'a>,
    pub(super) line: u64,
    pub(super) columns: &'a HashMap<String, usize>,
    pub(super) record: &'a csv::StringRecord,
    pub(super) errors: &'a mut Vec<RowError>,
}

impl Cells<'_> {
    pub(super) fn wrong(&mut self, field: &str, found: &str, todo: impl Into<String>) {
        self.errors.push(self.place.error(self.line, field, found, todo));
    }

    fn raw(&self, field: &str) -> String {
        self.columns.get(field).and_then(|at| self.record.get(*at)).unwrap_or("").trim().to_owned()
    }

    /// A text that may not be empty.
    pub(super) fn text(&mut self, field: &str) -> String {
        let text = self.raw(field);
        if text.is_empty() {
            self.wrong(field, "", "fill it in");
        }
        text
    }

    pub(super) fn optional(&self, field: &str) -> Option<String> {
        Some(self.raw(field)).filter(|text| !text.is_empty())
    }

    /// A plain decimal ≥ 0.
    pub(super) fn amount(&mut self, field: &str) -> Decimal {
        let text = self.raw(field);
        match Decimal::from_str_exact(&text) {
            Ok(value) if value >= Decimal::ZERO => value,
            Ok(_) | Err(_) => {
                self.wrong(field, &text, "write a number that is not negative, as in 1250.50");
                Decimal::ZERO
            }
        }
    }

    pub(super) fn optional_amount(&mut self, field: &str) -> Option<Decimal> {
        (!self.raw(field).is_empty()).then(|| self.amount(field))
    }

    /// `yes` or `no`; no where nothing stands.
    pub(super) fn yes(&mut self, field: &str) -> bool {
        let text = self.raw(field).to_lowercase();
        match text.as_str() {
            "yes" | "true" | "1" | "是" => true,
            "" | "no" | "false" | "0" | "否" => false,
            _ => {
                self.wrong(field, &text, "write yes or no");
                false
            }
        }
    }

    /// What stands in the columns `BEGINS.NAME`, by name.
    pub(super) fn open(&self, begins: &str) -> BTreeMap<String, String> {
        let name = |column: &String| Some(column.strip_prefix(begins)?.strip_prefix('.')?.to_owned());
        let columns = self.columns.keys().filter_map(|column| Some((name(column)?, self.raw(column))));
        columns.filter(|(_, text)| !text.is_empty()).collect()
    }

    /// A plain decimal > 0.
    pub(super) fn positive(&mut self, field: &str) -> Decimal {
        let value = self.amount(field);
        if value.is_zero() && !self.errors.last().is_some_and(|e| e.line == self.line && e.field == field) {
            self.wrong(field, "0", "write a number greater than 0");
        }
        value
    }

    pub(super) fn whole(&mut self, field: &str) -> u32 {
        let text = self.raw(field);
        text.parse().unwrap_or_else(|_| {
            self.wrong(field, &text, "write a whole number, as in 7");
            0
        })
    }

    pub(super) fn date(&mut self, field: &str) -> NaiveDate {
        let text = self.raw(field);
        text.parse().unwrap_or_else(|_| {
            self.wrong(field, &text, "write the date as 2026-01-31");
            NaiveDate::MIN
        })
    }

    pub(super) fn optional_date(&mut self, field: &str) -> Option<NaiveDate> {
        (!self.raw(field).is_empty()).then(|| self.date(field))
    }

    pub(super) fn currency(&mut self, field: &str) -> Currency {
        let text = self.raw(field);
        text.parse().unwrap_or_else(|_| {
            self.wrong(field, &text, "write the ISO 4217 code, as in CNY or USD");
            Currency::CNY
        })
    }

    /// Values parted with `;`.
    pub(super) fn list(&self, field: &str) -> Vec<String> {
        self.raw(field)
            .split([';', '；'])
            .map(str::trim)
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Mail addresses are compared in lower case.
    pub(super) fn mail(&mut self, field: &str) -> String {
        let text = self.raw(field).to_lowercase();
        if !is_mail(&text) {
            self.wrong(field, &text, "write a mail address, as in sales@firm.example");
        }
        text
    }

    pub(super) fn optional_mail(&mut self, field: &str) -> Option<String> {
        (!self.raw(field).is_empty()).then(|| self.mail(field))
    }

    /// `Name <mail>` parted with `;`.
    pub(super) fn contacts(&mut self, field: &str) -> Vec<Contact> {
        let mut contacts = Vec::new();
        for text in self.list(field) {
            let parts = text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<'));
            match parts.map(|(name, mail)| (name.trim(), mail.trim().to_lowercase())) {
                Some((name, mail)) if !name.is_empty() && is_mail(&mail) => {
                    contacts.push(Contact { name: name.to_owned(), mail });
                }
                Some(_) | None => {
                    self.wrong(field, &text, "write each person as `Name <mail>`, parted with `;`")
                }
            }
        }
        contacts
    }
}

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !text.contains(|c: char| c.is_whitespace() || "<>,;".contains(c))
    })
}
