//! `gendan read`: what stands in files, without keeping anything.

use super::context::{Context, progress};
use super::{End, Stop, explain};
use crate::check::resolve::resolve_taught;
use crate::check::{self, Around, Case, CheckSettings, Facts};
use crate::decode::Engines;
pub(super) use crate::intake::channel_of as channel;
use crate::learn::{self, Lessons};
use crate::master::{Master, Tables, import};
use crate::order::document::{Channel, Kind};
use crate::order::draft::Draft;
use crate::order::ids::Ids;
use crate::read::{Pictures, Reading, Source};
use crate::runtime::books::Books;
use crate::runtime::clock::{Clock as _, SystemClock};
use crate::runtime::import::read_folder;
use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Mails (.eml), order files, faxes; a folder stands for its files 文件
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Look customers, products and prices up in these CSV files instead of the data folder's 主数据目录
    #[arg(long)]
    master: Option<PathBuf>,
    /// Draw what was read where it stands: pictures of pages with boxes, marked texts, into this folder 标注输出目录
    #[arg(long, value_name = "FOLDER")]
    explain: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let settings = context.settings()?;
    let books = Books::open(&settings, Engines::own(&settings.recognition)).map_err(Stop::Config)?;
    let known = known(arguments.master.as_deref(), context).await?;
    let files = files(&arguments.files)?;
    let mut end = End::Done;
    let bar = progress(files.len(), context.out.json);
    for file in &files {
        let object = match std::fs::read(file) {
            Ok(bytes) => {
                let pictures = if arguments.explain.is_some() { Pictures::Shown } else { Pictures::Now };
                let judge = Judge::with(file, &bytes, (&books, &known), pictures);
                let mut object = judge.object();
                if let Some(folder) = &arguments.explain {
                    let name = file.file_name().unwrap_or_default().to_string_lossy();
                    let files = explain::write(&judge.reading, &name, folder)?;
                    object.insert("explained".to_owned(), json!(files));
                }
                object
            }
            Err(error) => {
                end = End::Attention;
                Map::from_iter([
                    ("file".to_owned(), json!(label(file))),
                    ("error".to_owned(), json!(format!("it can't be read: {error}"))),
                ])
            }
        };
        bar.inc(1);
        if context.out.json { context.out.json(&object)? } else { print(&object, context)? }
    }
    bar.finish_and_clear();
    Ok(end)
}

/// What is known of the firm and its customers.
#[derive(Default)]
pub(super) struct Known {
    pub(super) master: Arc<Master>,
    lessons: Arc<Lessons>,
}

/// Master data of a folder of CSV files, else all that the data folder knows, else nothing.
pub(super) async fn known(folder: Option<&Path>, context: &mut Context) -> Result<Known, Stop> {
    if let Some(folder) = folder {
        let mut tables = Tables::default();
        for (name, bytes) in read_folder(folder).map_err(|e| Stop::Refused(e.to_string()))? {
            let imported = import::import(&name, &format!("{name}.csv"), &bytes).map_err(|errors| {
                let said: Vec<String> = errors.iter().take(20).map(ToString::to_string).collect();
                Stop::Refused(said.join("\n"))
            })?;
            tables.put(&name, imported.body).map_err(|e| Stop::Refused(e.to_string()))?;
        }
        return Ok(Known { master: Arc::new(Master::from_tables(tables)), ..Known::default() });
    }
    if context.dir.join("gendan.db").is_file() {
        let house = context.open().await?;
        return Ok(Known { master: house.shelf.get().await?, lessons: house.lessons.get().await? });
    }
    Ok(Known::default())
}

/// The files named, and those of the folders named, in order.
pub(super) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Stop> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            let mut inside: Vec<PathBuf> =
                std::fs::read_dir(path)?.map(|entry| entry.map(|it| it.path())).collect::<Result<_, _>>()?;
            inside.retain(|path| path.is_file());
            inside.sort();
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Folder and name, as `inbox/m01.eml`.
fn label(file: &Path) -> String {
    let folder = file.parent().and_then(Path::file_name);
    let parts = folder.into_iter().chain(file.file_name()).map(|part| part.to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

/// What was read of a file, and what the checks say of it.
pub(super) struct Judge<'a> {
    label: String,
    channel: Channel,
    reading: Reading,
    day: NaiveDate,
    books: &'a Books,
    known: &'a Known,
}

impl<'a> Judge<'a> {
    pub(super) fn new(file: &Path, bytes: &[u8], books: &'a Books, known: &'a Known) -> Self {
        Self::with(file, bytes, (books, known), Pictures::Now)
    }

    fn with(file: &Path, bytes: &[u8], (books, known): (&'a Books, &'a Known), pictures: Pictures) -> Self {
        let channel = channel(file);
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut opened = books.reader.open(&Source { bytes, name: &name, channel }, pictures);
        let customer = |reading: &Reading| {
            let around = Around { envelope: &reading.envelope, channel, on: day(reading, books) };
            learn::customer(reading, &around, &known.master)
        };
        let reading = learn::read(&opened, &books.reader.labels, &known.lessons, customer);
        let reading = Reading { shown: opened.take_shown(), ..reading };
        let day = day(&reading, books);
        Self { label: label(file), channel, reading, day, books, known }
    }

    /// The object as the samples' truth has it, and what the checks make of it.
    pub(super) fn object(&self) -> Map<String, Value> {
        let mut object = crate::read::json::object(&self.label, self.channel, &self.reading);
        let judged = self.sureties(None);
        object.insert("sure".to_owned(), json!(self.is_sure(None)));
        object.insert("proofs".to_owned(), json!(judged.iter().map(|it| &it.proofs).collect::<Vec<_>>()));
        object.insert("doubts".to_owned(), json!(judged.iter().map(|it| &it.doubts).collect::<Vec<_>>()));
        if !self.known.master.is_empty() {
            let settings = self.books.config.check.clone();
            let expected =
                check::expect::expect(&self.reading.drafts, &self.around(), &self.facts(&settings));
            object.insert("expect".to_owned(), expected);
        }
        object
    }

    /// Whether all of it could pass unseen; with another `check.sure_confidence` than the one in force.
    pub(super) fn is_sure(&self, threshold: Option<u16>) -> bool {
        let judged = self.sureties(threshold);
        let is_order = self.reading.drafts.iter().all(|draft| draft.kind == Kind::Order);
        is_order && !judged.is_empty() && judged.iter().all(|it| it.sure)
    }

    fn sureties(&self, threshold: Option<u16>) -> Vec<check::Surety> {
        let mut settings = self.books.config.check.clone();
        settings.sure_confidence = threshold.unwrap_or(settings.sure_confidence);
        let (around, facts) = (self.around(), self.facts(&settings));
        let orders = self.reading.drafts.iter().filter(|draft| draft.order.is_some());
        orders.map(|draft| sure(draft, &around, &facts, &self.known.lessons)).collect()
    }

    fn around(&self) -> Around<'_> {
        Around { envelope: &self.reading.envelope, channel: self.channel, on: self.day }
    }

    fn facts<'f>(&'f self, settings: &'f CheckSettings) -> Facts<'f> {
        static NONE: BTreeMap<String, rust_decimal::Decimal> = BTreeMap::new();
        Facts {
            master: &self.known.master,
            categories: &self.books.categories,
            settings,
            exchange: &self.books.config.exchange,
            tax: &self.books.config.tax.rates,
            open_credit: None,
            reserved: &NONE,
            same: &[],
        }
    }
}

fn sure(draft: &Draft, around: &Around<'_>, facts: &Facts<'_>, lessons: &Lessons) -> check::Surety {
    let ids = Ids::new(Uuid::nil(), DateTime::UNIX_EPOCH);
    let resolved = resolve_taught(draft, around, &ids, facts.master, lessons);
    let case = Case { content: &resolved.content, draft, around, resolved: &resolved, facts };
    check::sure(&case, &check::check_all(&case))
}

/// The day of the message: its Date, else the order's own date, else today.
fn day(reading: &Reading, books: &Books) -> NaiveDate {
    let zone = books.config.firm.zone;
    let dated =
        reading.drafts.iter().find_map(|draft| draft.order.as_ref()?.order_date.as_ref()).map(|it| it.value);
    let sent = reading.envelope.sent_at.map(|sent| sent.with_timezone(&zone).date_naive());
    sent.or(dated).unwrap_or_else(|| SystemClock.now().with_timezone(&zone).date_naive())
}

fn print(object: &Map<String, Value>, context: &mut Context) -> Result<(), Stop> {
    let text = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let nothing = Value::Null;
    let get = |key: &str| object.get(key).unwrap_or(&nothing);
    if let Some(error) = object.get("error") {
        context.out.line(format!("{}: {}", text(get("file")), text(error)))?;
        return Ok(());
    }
    let sure = if get("sure") == &json!(true) { "sure" } else { "not sure" };
    context.out.line(format!("{}: {} · {sure}", text(get("file")), text(get("kind"))))?;
    let more = get("more_orders").as_array().cloned().unwrap_or_default();
    for order in std::iter::once(get("order")).chain(&more).filter(|order| order.is_object()) {
        let customer = text(&order["customer"]["name"]);
        let (po, wanted, total) =
            (text(&order["po_number"]), text(&order["requested_delivery"]), text(&order["total"]));
        context.out.line(format!("  {customer} · PO {po} · wanted {wanted} · total {total}"))?;
        let lines = order["lines"].as_array().cloned().unwrap_or_default();
        let keys = ["line", "customer_part", "description", "quantity", "unit", "unit_price", "amount"];
        let rows = lines.iter().map(|line| keys.iter().map(|key| text(&line[*key])).collect()).collect();
        context.out.rows(
            &lines,
            &["#", "part", "description", "quantity", "unit", "price", "amount"],
            rows,
        )?;
    }
    for file in get("explained").as_array().into_iter().flatten() {
        context.out.line(format!("  {}", text(file)))?;
    }
    for draft in get("unread").as_array().into_iter().flatten() {
        context.out.line(format!("  {} {}", text(&draft["code"]), text(&draft["source"])))?;
    }
    Ok(())
}
