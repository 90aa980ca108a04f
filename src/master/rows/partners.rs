//! Rows about those whom orders are handed to: suppliers, carriers, our departments.

use super::Row;
use crate::master::cells::Cells;
use crate::master::tables::{Carrier, Department, Supplier};

impl Row for Supplier {
    const COLUMNS: &'static [&'static str] = &["code", "name", "mail", "phone", "lead_days", "items"];
    const KEY: &'static [&'static str] = &["code"];
    const PERSONAL: &'static [&'static str] = &["mail", "phone"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            code: cells.text("code"),
            name: cells.text("name"),
            mail: cells.optional_mail("mail"),
            phone: cells.optional("phone"),
            lead_days: cells.whole("lead_days"),
            items: cells.list("items"),
        }
    }
}

impl Row for Carrier {
    const COLUMNS: &'static [&'static str] = &["code", "name", "modes", "regions"];
    const KEY: &'static [&'static str] = &["code"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            code: cells.text("code"),
            name: cells.text("name"),
            modes: cells.list("modes"),
            regions: cells.list("regions"),
        }
    }
}

impl Row for Department {
    const COLUMNS: &'static [&'static str] = &["code", "name", "name_zh", "mail", "manager_mail"];
    const KEY: &'static [&'static str] = &["code"];
    const PERSONAL: &'static [&'static str] = &["mail", "manager_mail"];

    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            code: cells.text("code"),
            name: cells.text("name"),
            name_zh: cells.text("name_zh"),
            mail: cells.mail("mail"),
            manager_mail: cells.mail("manager_mail"),
        }
    }
}
