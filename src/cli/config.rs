//! `gendan config`: check or show the settings.

use super::context::{Context, stop};
use super::{End, Stop};
use crate::decode::Engines;
use crate::deliver::smtp::Smtp;
use crate::intake::imap::settings::Mailbox;
use crate::runtime::books::Books;
use crate::runtime::house::OpenError;
use std::time::Duration;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check settings, rules, calendars, labels, templates and schemas 检查
    Check,
    /// Show every setting in force 查看
    Show,
    /// Print the commented default settings file 默认设置
    Default,
}

pub(super) fn run(command: &Command, context: &mut Context) -> Result<End, Stop> {
    if matches!(command, Command::Default) {
        context.out.line(crate::config::DEFAULT.trim_end())?;
        return Ok(End::Done);
    }
    let settings = context.settings()?;
    let books = Books::open(&settings, Engines::own(&settings.recognition))
        .map_err(|why| stop(OpenError::Books(why)))?;
    crate::web::Tokens::open(&settings.http.tokens, &context.dir).map_err(Stop::Config)?;
    if matches!(command, Command::Check) {
        settings.mailboxes.iter().try_for_each(Mailbox::check_files).map_err(Stop::Config)?;
    }
    if settings.smtp.is_on() {
        Smtp::new(&settings.smtp, &settings.firm.domain, Duration::ZERO)
            .map_err(|why| stop(OpenError::Books(why)))?;
    }
    match command {
        Command::Show if context.out.json => context.out.json(&settings)?,
        Command::Show => context.out.line(toml::to_string_pretty(&settings).map_err(anyhow::Error::from)?)?,
        Command::Check | Command::Default if context.out.json => {
            context.out.json(&serde_json::json!({"settings": "ok", "rules": books.rule_names()}))?;
        }
        Command::Check | Command::Default => {
            let rules = books.rule_names();
            context.out.line(format!(
                "the settings are right; profile {}, {} rules",
                settings.rules.profile,
                rules.len()
            ))?;
        }
    }
    Ok(End::Done)
}
