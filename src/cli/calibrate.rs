//! `gendan calibrate`: whether the reader's confidence means what it says, measured on documents whose truth is known.

use super::context::{Context, progress};
use super::read::{self, Judge};
use super::{End, Stop};
use crate::calibrate::{self, Band, Judged};
use crate::decode::Engines;
use crate::runtime::books::Books;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Documents to fit the threshold on, each NAME.* with its truth NAME.json beside it 校准样本目录
    fitted: PathBuf,
    /// Documents in other layouts, on which it is measured 验证样本目录
    #[arg(long, value_name = "DIR")]
    held_out: Option<PathBuf>,
    /// Look customers, products and prices up in these CSV files instead of the data folder's 主数据目录
    #[arg(long)]
    master: Option<PathBuf>,
    /// Set `check.sure_confidence` in this settings file; it is made when it is not there 写入设置文件
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// Documents of a folder, read.
struct Sample<'a> {
    read: Vec<(PathBuf, Value, Value, Judge<'a>)>,
    fields: Vec<Judged>,
}

#[derive(Serialize)]
struct Measured {
    folder: PathBuf,
    documents: usize,
    orders: usize,
    sure: usize,
    wrong: Vec<Wrong>,
    bands: Vec<Band>,
}

/// A sure order that is wrong.
#[derive(Serialize)]
struct Wrong {
    file: PathBuf,
    fields: Vec<String>,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let settings = context.settings()?;
    let books = Books::open(&settings, Engines::own(&settings.recognition)).map_err(Stop::Config)?;
    let known = read::known(arguments.master.as_deref(), context).await?;
    let mut samples = Vec::new();
    for folder in std::iter::once(&arguments.fitted).chain(&arguments.held_out) {
        samples.push((folder.clone(), sample(folder, &books, &known, context)?));
    }
    let fitted = samples.first().map(|(_, sample)| sample);
    let threshold = calibrate::fit(|threshold| fitted.map_or((0, 0), |sample| sample.count(threshold)));
    let in_force = books.config.check.sure_confidence;
    let measured: Vec<Measured> =
        samples.iter().map(|(folder, sample)| sample.measured(folder, in_force)).collect();
    let at_best: Vec<Measured> = threshold.map_or_else(Vec::new, |threshold| {
        samples.iter().map(|(folder, sample)| sample.measured(folder, threshold)).collect()
    });
    if context.out.json {
        context.out.json(&serde_json::json!({
            "sure_confidence": in_force, "measured": measured, "best": threshold, "measured_at_best": at_best,
        }))?;
    } else {
        show(&measured, &at_best, (in_force, threshold), context)?;
    }
    let proven = !at_best.is_empty() && at_best.iter().all(|it| it.wrong.is_empty() && it.sure > 0);
    if let (Some(file), Some(threshold)) = (&arguments.write, threshold.filter(|_| proven)) {
        write(file, threshold)?;
        if !context.out.json {
            let file = file.display();
            context.out.line(format!("check.sure_confidence = {threshold} is written to {file}"))?;
        }
    }
    if arguments.write.is_some() && !proven {
        let why = "nothing is written: at no threshold are there sure orders in every folder, and none of them wrong";
        return Err(Stop::Refused(why.to_owned()));
    }
    let right = measured.iter().all(|it| it.wrong.is_empty());
    Ok(if right { End::Done } else { End::Attention })
}

fn sample<'a>(
    folder: &Path,
    books: &'a Books,
    known: &'a read::Known,
    context: &Context,
) -> Result<Sample<'a>, Stop> {
    let is_document = |path: &PathBuf| {
        path.extension().is_some_and(|it| it != "json") && path.with_extension("json").is_file()
    };
    let files: Vec<PathBuf> = read::files(&[folder.to_owned()])?.into_iter().filter(is_document).collect();
    if files.is_empty() {
        let why = format!("{}: there is no document with its truth (NAME.json) beside it", folder.display());
        return Err(Stop::Refused(why));
    }
    let mut all = Sample { read: Vec::new(), fields: Vec::new() };
    let bar = progress(files.len(), context.out.json);
    for file in files {
        let truth = file.with_extension("json");
        let wrong = |error: serde_json::Error| Stop::Refused(format!("{}: {error}", truth.display()));
        let truth: Value = serde_json::from_slice(&std::fs::read(&truth)?).map_err(wrong)?;
        let judge = Judge::new(&file, &std::fs::read(&file)?, books, known);
        let draft = Value::Object(judge.object());
        all.fields.extend(calibrate::judge(&draft, &truth));
        all.read.push((file, draft, truth, judge));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}

impl Sample<'_> {
    /// How many orders are sure at a threshold, and how many of them wrong.
    fn count(&self, threshold: u16) -> (usize, usize) {
        let (sure, wrong) = self.sure(threshold);
        (sure, wrong.len())
    }

    /// How many orders are sure at a threshold, and those of them that are wrong.
    fn sure(&self, threshold: u16) -> (usize, Vec<Wrong>) {
        let (mut sure, mut wrong) = (0, Vec::new());
        for (file, draft, truth, judge) in &self.read {
            if !judge.is_sure(Some(threshold)) {
                continue;
            }
            sure += 1;
            let fields = calibrate::faults(draft, truth);
            if !fields.is_empty() {
                wrong.push(Wrong { file: file.clone(), fields });
            }
        }
        (sure, wrong)
    }

    fn measured(&self, folder: &Path, threshold: u16) -> Measured {
        let (sure, wrong) = self.sure(threshold);
        let orders = self.read.iter().filter(|(_, _, truth, _)| truth["order"].is_object()).count();
        Measured {
            folder: folder.to_owned(),
            documents: self.read.len(),
            orders,
            sure,
            wrong,
            bands: calibrate::bands(&self.fields),
        }
    }
}

fn show(
    measured: &[Measured],
    at_best: &[Measured],
    (in_force, best): (u16, Option<u16>),
    context: &mut Context,
) -> Result<(), Stop> {
    for it in measured {
        context.out.line(it.folder.display().to_string())?;
        let share = |right: usize, of: usize| format!("{:.1} %", 100.0 * right as f64 / of.max(1) as f64);
        let band = |band: &Band| {
            let label = format!("{:.2} to {:.2}", f64::from(band.from) / 1000.0, f64::from(band.to) / 1000.0);
            let right = if band.fields == 0 { "–".to_owned() } else { share(band.right, band.fields) };
            vec![label, band.fields.to_string(), right]
        };
        let rows = it.bands.iter().map(band).collect();
        context.out.rows(&it.bands, &["confidence", "fields", "right"], rows)?;
        let said = |it: &Measured, threshold: u16| {
            format!(
                "at {threshold}: {} of {} orders sure ({}), {} of them wrong",
                it.sure,
                it.orders,
                share(it.sure, it.orders),
                it.wrong.len()
            )
        };
        context.out.line(said(it, in_force))?;
        if let (Some(best), Some(it)) = (best, at_best.iter().find(|at| at.folder == it.folder)) {
            context.out.line(said(it, best))?;
        }
        for wrong in &it.wrong {
            context.out.line(format!("  {}: {}", wrong.file.display(), wrong.fields.join(", ")))?;
        }
    }
    if best.is_none() {
        context.out.line("there is no threshold without a wrong order among the sure")?;
    }
    Ok(())
}

/// Sets the threshold, and leaves everything else in the file as it is.
fn write(file: &Path, threshold: u16) -> Result<(), Stop> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let wrong = |error: toml_edit::TomlError| Stop::Refused(format!("{}: {error}", file.display()));
    let mut settings: toml_edit::DocumentMut = text.parse().map_err(wrong)?;
    settings["check"].or_insert(toml_edit::table())["sure_confidence"] =
        toml_edit::value(i64::from(threshold));
    std::fs::write(file, settings.to_string())?;
    Ok(())
}
