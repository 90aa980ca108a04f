//! `gendan rehearse`: old mails and faxes through the real rules, before one mail leaves.

use super::context::{Context, progress};
use super::{End, Stop, printable};
use crate::config::Config;
use crate::intake::imap::examine::Wish;
use crate::order::document::Language;
use crate::rehearse::book::book;
use crate::rehearse::figures::{Input, report};
use crate::rehearse::gather::{Found, gather};
use crate::rehearse::keyed::{KeyedLine, keyed};
use crate::rehearse::known::Known;
use crate::rehearse::mailbox;
use crate::rehearse::page::{self, Frame, page};
use crate::rehearse::report::{DifferenceRow, GroupRow, ReadRow, Report, Share};
use crate::rehearse::run::Stage;
use crate::rehearse::why::Words;
use crate::rights::Action;
use crate::runtime::clock::{Clock as _, SystemClock};
use crate::store::blobs::write_whole;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A folder of mails, faxes and order files (also mbox files and Maildirs), one file, or the name of a mailbox of the
    /// settings, which is read without changing anything in it 来件目录或邮箱
    #[arg(value_name = "FOLDER|MAILBOX")]
    what: PathBuf,
    /// Look customers, products and prices up in these CSV files instead of the data folder's 主数据目录
    #[arg(long, value_name = "FOLDER")]
    master: Option<PathBuf>,
    /// strict, lean, or one of your own; else the profile of the settings 规则
    #[arg(long)]
    profile: Option<String>,
    /// What was keyed then, to compare with: CSV or workbook, one order line a row, with the columns po_number,
    /// customer_code, sku, quantity, unit, unit_price, delivery_date 当时录入的订单
    #[arg(long, value_name = "FILE")]
    keyed: Option<PathBuf>,
    /// Only what came on this day or later 起始日期
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// Only the newest so many 最多件数
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Write the report as one page 网页报告
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the report as a workbook 表格报告
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// Language of the report; else the firm's 语言
    #[arg(long, value_enum)]
    language: Option<Tongue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Tongue {
    Zh,
    En,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let mut config = context.settings()?;
    if let Some(profile) = &arguments.profile {
        config.rules.profile.clone_from(profile);
    }
    let before = arguments.keyed.as_deref().map(read_keyed).transpose()?;
    let work = tempfile::Builder::new().prefix("gendan-rehearsal-").tempdir()?;
    let found = find(&arguments, &config, work.path()).await?;
    let known = known(&arguments, &config, context, work.path()).await?;
    let (zone, firm) = (config.firm.zone, config.firm.clone());
    let own = config.rules.overrides.clone();
    let stage = Box::pin(Stage::open(work.path(), config, known)).await?;
    if let Some(by) = &context.by {
        for action in [Action::View, Action::SeePrices, Action::SeeContacts] {
            stage.books().staff(&[]).may(by, action)?;
        }
    }
    let bar = progress(found.items.len() * 2, context.out.json);
    let files = Box::pin(stage.run(found.items, &|| bar.inc(1))).await?;
    bar.finish_and_clear();
    let language = match arguments.language {
        Some(Tongue::Zh) => Language::Zh,
        Some(Tongue::En) => Language::En,
        None => firm.language,
    };
    let words = Words { wording: &stage.books().wording, language };
    let now = SystemClock.now();
    let report = report(&Input {
        source: arguments.what.display().to_string(),
        profile: stage.books().config.rules.profile.clone(),
        files: &files,
        unreadable: &found.unreadable,
        keyed: before.as_ref().map(|(name, lines)| (name.as_str(), lines.as_slice())),
        words,
        zone,
        names: &names(&stage, language).await?,
        now,
    });
    if let Some(file) = &arguments.html {
        let frame = Frame {
            firm: if language == Language::En { &firm.name_en } else { &firm.name },
            made: now.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string(),
            own: own_template(own.as_deref(), language)?,
        };
        let page = page(&report, frame).map_err(|e| Stop::Config(e.to_string()))?;
        write(file, page.as_bytes())?;
    }
    if let Some(file) = &arguments.xlsx {
        write(file, &book(&report, words).map_err(|e| Stop::Failed(e.into()))?)?;
    }
    show(&report, words, context)?;
    let wrong = report.keyed.as_ref().is_some_and(|keyed| keyed.wrong_releases.count > 0);
    let look = wrong || report.totals.unreadable_documents > 0;
    Ok(if look { End::Attention } else { End::Done })
}

fn read_keyed(path: &Path) -> Result<(String, Vec<KeyedLine>), Stop> {
    let bytes = std::fs::read(path).map_err(|e| {
        Stop::NotFound(format!("{} can't be read: {e}; name the file of --keyed", path.display()))
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lines = keyed(&name, &bytes).map_err(|errors| {
        let said: Vec<String> = errors.iter().take(20).map(ToString::to_string).collect();
        Stop::Refused(said.join("\n"))
    })?;
    Ok((name, lines))
}

async fn find(arguments: &Arguments, config: &Config, work: &Path) -> Result<Found, Stop> {
    let what = &arguments.what;
    let mailbox = config.mailboxes.iter().find(|it| what.as_os_str() == it.name.as_str());
    let found = match mailbox {
        _ if what.exists() => {
            let mut found = gather(what);
            narrow(&mut found, arguments, config);
            found
        }
        Some(mailbox) => {
            let max_bytes = mailbox.max_bytes.unwrap_or(config.intake.max_bytes);
            let wish = Wish { since: arguments.since, limit: arguments.limit, max_bytes };
            let why = |why: String| {
                Stop::Failed(anyhow::anyhow!("the mailbox {} can't be read: {why}", mailbox.name))
            };
            mailbox::fetch(mailbox, wish, work).await.map_err(why)?
        }
        None => {
            return Err(Stop::NotFound(format!(
                "there is no folder {0} and no mailbox of that name in the settings; name a folder of mails and faxes",
                what.display()
            )));
        }
    };
    if found.items.is_empty() && found.unreadable.is_empty() {
        return Err(Stop::NotFound(format!("there is nothing to rehearse in {}", what.display())));
    }
    Ok(found)
}

/// Leaves out what is older than asked for, and all but the newest.
fn narrow(found: &mut Found, arguments: &Arguments, config: &Config) {
    let day =
        |item: &crate::rehearse::gather::Item| item.moment().with_timezone(&config.firm.zone).date_naive();
    if let Some(since) = arguments.since {
        found.items.retain(|item| day(item) >= since);
    }
    if let Some(limit) = arguments.limit {
        found.items.sort_by_key(|item| std::cmp::Reverse(item.moment()));
        found.items.truncate(limit);
    }
}

async fn known(
    arguments: &Arguments,
    config: &Config,
    context: &Context,
    work: &Path,
) -> Result<Known, Stop> {
    if let Some(folder) = &arguments.master {
        return Known::folder(folder).map_err(|e| Stop::Refused(e.to_string()));
    }
    let known = Known::records(&context.dir, config, work).await?;
    known.filter(|known| !known.is_empty()).ok_or_else(|| {
        Stop::NotFound(format!(
            "{} has no master data, without which every order would wait: import them (gendan import), or name a folder \
             of CSV files with --master",
            context.dir.display()
        ))
    })
}

async fn names(stage: &Stage, language: Language) -> Result<BTreeMap<String, String>, Stop> {
    let master = stage.master().await?;
    let name = |customer: &crate::master::Customer| match &customer.name_en {
        Some(name) if language == Language::En => name.clone(),
        Some(_) | None => customer.name.clone(),
    };
    Ok(master.customers().iter().map(|customer| (customer.code.clone(), name(customer))).collect())
}

fn own_template(own: Option<&Path>, language: Language) -> Result<Option<String>, Stop> {
    let file = own.map(|own| own.join("templates").join(page::template(language)));
    let file = file.filter(|file| file.is_file());
    Ok(file.map(std::fs::read_to_string).transpose()?)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Stop> {
    write_whole(file, bytes)
        .map_err(|e| Stop::Failed(anyhow::anyhow!("{} can't be written: {e}", file.display())))
}

fn show(report: &Report, words: Words<'_>, context: &mut Context) -> Result<(), Stop> {
    let out = &mut context.out;
    if out.json {
        return Ok(out.json(report)?);
    }
    let say = |key: &str| words.say(&format!("rehearsal.{key}"));
    let period =
        [report.from, report.to].map(|day| day.map_or_else(|| "–".to_owned(), |day| day.to_string()));
    out.line(printable(&format!(
        "{}: {} · {} · {}\n",
        say("source"),
        report.source,
        period.join(" – "),
        report.profile
    )))?;
    out.line(rate(&say("touchless_rate"), &report.touchless))?;
    match &report.keyed {
        Some(keyed) => out.line(rate(&say("wrong_rate"), &keyed.wrong_releases))?,
        None => out.line(format!("{}: {}", say("wrong_rate"), say("not_measured")))?,
    }
    let totals = &report.totals;
    let counts = [
        ("documents", totals.documents),
        ("same_documents", totals.same_documents),
        ("unreadable_documents", totals.unreadable_documents),
        ("parts", totals.parts),
        ("orders", totals.orders),
        ("passed", totals.passed),
        ("waited", totals.waited),
        ("unread", totals.unread),
        ("changes", totals.changes),
        ("repeated", totals.repeated),
        ("filed", totals.filed),
    ];
    let rows = counts.into_iter().map(|(key, count)| vec![say(key), count.to_string()]).collect();
    out.rows(&(), &[&say("summary"), ""], rows)?;
    tables(report, words, context)
}

fn rate(label: &str, share: &Share) -> String {
    format!("{label}: {} ({} / {})", share.said(), share.count, share.of)
}

fn tables(report: &Report, words: Words<'_>, context: &mut Context) -> Result<(), Stop> {
    let out = &mut context.out;
    let say = |key: &str| words.say(&format!("rehearsal.{key}"));
    if let Some(keyed) = report.keyed.as_ref().filter(|keyed| !keyed.differences.is_empty()) {
        let heads = ["outcome", "po_number", "file", "line", "field", "read", "keyed"].map(say);
        let rows = keyed.differences.iter().flat_map(|row| differences(row, words)).collect();
        out.rows(&(), &heads.each_ref().map(String::as_str), rows)?;
    }
    let heads = ["queue", "reason", "orders", "alone", "examples"].map(say);
    let rows = report.reasons.iter().map(|row| {
        let examples: Vec<&str> =
            row.examples.iter().map(|it| it.po_number.as_deref().unwrap_or(&it.file)).collect();
        vec![
            row.queue_said.clone(),
            row.said.clone(),
            row.orders.to_string(),
            row.alone.to_string(),
            examples.join(", "),
        ]
    });
    out.rows(&(), &heads.each_ref().map(String::as_str), rows.collect())?;
    for (title, groups) in [("customer", &report.customers), ("format", &report.formats)] {
        let heads = [title, "orders", "passed", "waited", "unread", "touchless_rate"].map(say);
        out.rows(
            &(),
            &heads.each_ref().map(String::as_str),
            groups.iter().map(|row| group(row, title == "customer")).collect(),
        )?;
    }
    let heads = ["leaving", "untouched", "other"].map(say);
    let rows = report.leaving.iter();
    let rows = rows.map(|row| vec![row.said.clone(), row.untouched.to_string(), row.other.to_string()]);
    out.rows(&(), &heads.each_ref().map(String::as_str), rows.collect())?;
    for (title, reads) in [("least_sure", &report.least_sure), ("slowest", &report.slowest)] {
        let heads = [title, "po_number", "seconds", "confidence", "field", "outcome"].map(say);
        let rows = reads.iter().take(5).map(|row| read(row, words)).collect();
        out.rows(&(), &heads.each_ref().map(String::as_str), rows)?;
    }
    if !report.unreadable.is_empty() {
        let heads = ["unreadable_documents", "reason"].map(say);
        let rows = report.unreadable.iter().map(|row| vec![row.file.clone(), row.why.clone()]).collect();
        out.rows(&(), &heads.each_ref().map(String::as_str), rows)?;
    }
    Ok(())
}

fn differences(row: &DifferenceRow, words: Words<'_>) -> Vec<Vec<String>> {
    let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let verdict = words.say(&format!("rehearsal.{}", row.verdict.as_str()));
    let start = [verdict, dash(&row.po_number), row.file.clone()];
    let with = |rest: [String; 4]| start.iter().cloned().chain(rest).collect::<Vec<String>>();
    if row.fields.is_empty() {
        let none = words.say("rehearsal.not_keyed");
        return vec![with([String::new(), words.say("field.order"), dash(&row.po_number), none])];
    }
    let fields = row.fields.iter().map(|field| {
        let name = words.say(&format!("field.{}", field.field));
        with([dash(&field.line), name, dash(&field.read), dash(&field.keyed)])
    });
    fields.collect()
}

fn group(row: &GroupRow, with_key: bool) -> Vec<String> {
    let key = row.key.as_deref().filter(|_| with_key);
    let name = key.map_or_else(|| row.said.clone(), |code| format!("{code} {}", row.said));
    vec![
        name,
        row.passed.of.to_string(),
        row.passed.count.to_string(),
        row.waited.to_string(),
        row.unread.to_string(),
        row.passed.said(),
    ]
}

fn read(row: &ReadRow, words: Words<'_>) -> Vec<String> {
    let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let tenths = row.millis.div_ceil(100);
    let passed = if row.passed { words.say("rehearsal.passed") } else { "–".to_owned() };
    vec![
        row.file.clone(),
        dash(&row.po_number),
        format!("{}.{}", tenths / 10, tenths % 10),
        row.confidence.map_or_else(|| "–".to_owned(), |it| format!("{it}‰")),
        dash(&row.field_said),
        passed,
    ]
}
