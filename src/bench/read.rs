//! What reading costs, by kind of document: how many a second, how long each takes, and the processor and memory for it.

use super::process;
use crate::order::document::Channel;
use crate::read::codes::Code;
use crate::read::decoder::Recognizer;
use crate::read::format::{Format, sniff};
use crate::read::limits::Limits;
use crate::read::picture::Picture;
use crate::read::print::Print;
use crate::read::{Reader, Source, mail};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// A document to be read.
pub struct Document {
    pub name: String,
    pub bytes: Vec<u8>,
    pub channel: Channel,
}

/// Documents of one kind, read one after the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// `mail, xlsx`: what the order came in.
    pub kind: String,
    pub documents: usize,
    pub documents_per_second: f64,
    pub mb_per_second: f64,
    /// Pages of which there were only pictures.
    pub pages_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Of one processor, for a document; decoders counted.
    pub cpu_ms: f64,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    pub kinds: Vec<Figures>,
    /// Peak resident memory of this process, and of the largest of its decoders, MB.
    pub peak_mb: f64,
    pub child_peak_mb: f64,
}

/// Reads every document so many times, after once that is not counted: then the decoders are there.
#[must_use]
pub fn run(documents: &[Document], mut reader: Reader, rounds: usize) -> Measured {
    let pages = Arc::new(AtomicUsize::new(0));
    reader.recognizer = reader.recognizer.map(|inner| {
        let counting: Box<dyn Recognizer> = Box::new(Counting { inner, pages: Arc::clone(&pages) });
        counting
    });
    let mut kinds: BTreeMap<String, Vec<&Document>> = BTreeMap::new();
    for document in documents {
        kinds.entry(kind(document, &reader.limits)).or_default().push(document);
    }
    let kinds = kinds.into_iter().map(|(kind, all)| measure(kind, &all, &reader, &pages, rounds)).collect();
    Measured { kinds, peak_mb: process::peak_mb(), child_peak_mb: process::child_peak_mb() }
}

fn measure(
    kind: String,
    documents: &[&Document],
    reader: &Reader,
    pages: &AtomicUsize,
    rounds: usize,
) -> Figures {
    let read = |document: &Document| {
        let begun = Instant::now();
        let source = Source { bytes: &document.bytes, name: &document.name, channel: document.channel };
        let reading = reader.read(&source);
        drop(reading);
        begun.elapsed().as_secs_f64()
    };
    for document in documents {
        read(document);
    }
    pages.store(0, Ordering::Relaxed);
    let before = process::family_cpu_ms();
    let mut each: Vec<f64> = (0..rounds.max(1)).flat_map(|_| documents.iter().map(|it| read(it))).collect();
    let cpu = process::family_cpu_ms() - before;
    let seconds = each.iter().sum::<f64>().max(f64::EPSILON);
    each.sort_by(f64::total_cmp);
    let at = |share: f64| each[((each.len() - 1) as f64 * share).round() as usize] * 1000.0;
    let bytes: usize = documents.iter().map(|it| it.bytes.len()).sum::<usize>() * rounds.max(1);
    let count = each.len() as f64;
    Figures {
        kind,
        documents: documents.len(),
        documents_per_second: count / seconds,
        mb_per_second: bytes as f64 / 1e6 / seconds,
        pages_per_second: pages.load(Ordering::Relaxed) as f64 / seconds,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        cpu_ms: cpu.max(0.0) / count,
    }
}

/// Of a mail, what the first file in it is that could hold an order.
fn kind(document: &Document, limits: &Limits) -> String {
    let own = sniff(&document.bytes, &document.name, "message/rfc822");
    if own != Format::Message || !mail::is_message(&document.bytes) {
        return name(sniff(&document.bytes, &document.name, "")).to_owned();
    }
    let parts = mail::parse(&document.bytes, limits).parts;
    let formats = parts.iter().map(|part| {
        let file = part.name.as_deref().unwrap_or_default();
        sniff(&part.bytes, file, &part.declared)
    });
    let is_file =
        |it: &Format| !matches!(it, Format::Text | Format::Html | Format::Empty | Format::Unread(_));
    let told = formats.clone().find(is_file).or_else(|| formats.clone().find(|it| *it == Format::Html));
    format!("mail, {}", name(told.unwrap_or(Format::Text)))
}

const fn name(format: Format) -> &'static str {
    match format {
        Format::Empty => "empty",
        Format::Xlsx => "xlsx",
        Format::Xls => "xls",
        Format::Ods => "ods",
        Format::Zip => "zip",
        Format::Html => "html",
        Format::Text => "text",
        Format::Message => "mail",
        Format::Pdf => "pdf",
        Format::Picture => "picture",
        Format::Docx => "docx",
        Format::Rtf => "rtf",
        Format::Tnef => "winmail.dat",
        Format::Data(_) => "data",
        Format::Unread(_) => "not read",
    }
}

struct Counting {
    inner: Box<dyn Recognizer>,
    pages: Arc<AtomicUsize>,
}

impl Recognizer for Counting {
    fn pages(&self, pictures: &[Picture], limits: &Limits) -> Vec<Result<Print, Code>> {
        self.pages.fetch_add(pictures.len(), Ordering::Relaxed);
        self.inner.pages(pictures, limits)
    }
}
