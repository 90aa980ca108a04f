//! Reading: the sample mails against their truth, the hostile ones against their limits, damaged bytes against panics.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use crate::support::books;
use gendan::order::document::{Channel, Kind};
use gendan::read::{Pictures, Reader, Reading, Source, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Mails whose order stands in text, HTML, a workbook, a CSV file or a PDF.
const READABLE: [&str; 20] = [
    "m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08", "m09", "m10", "m11", "m12", "m15", "m16", "m18",
    "m19", "m20", "m21", "m23", "m24",
];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(samples().join(folder)).unwrap();
    let mut out: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    out.retain(|p| p.extension().is_some_and(|e| ["eml", "tif", "pdf", "jpg"].iter().any(|it| e == *it)));
    out.sort();
    out
}

fn channel(path: &Path) -> Channel {
    if path.extension().is_some_and(|e| e == "eml") { Channel::Mail } else { Channel::Fax }
}

fn read_file(path: &Path, reader: &Reader) -> Reading {
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    reader.read(&Source { bytes: &bytes, name: &name, channel: channel(path) })
}

fn object(path: &Path, reader: &Reader) -> serde_json::Value {
    let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy();
    let label = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
    serde_json::Value::Object(json::object(&label, channel(path), &read_file(path, reader)))
}

/// Runs score.py over the drafts of the samples whose truth is wanted.
fn score(wanted: impl Fn(&str) -> bool) -> serde_json::Value {
    let samples = files("inbox").into_iter().chain(files("fax"));
    let chosen = samples.filter(|path| wanted(&path.file_stem().unwrap().to_string_lossy()));
    scored(chosen.map(|path| {
        let truth = self::samples().join("truth").join(path.file_name().unwrap()).with_extension("json");
        (path, truth)
    }))
}

/// Runs score.py over the drafts of documents, each with the file of its truth.
fn scored(documents: impl Iterator<Item = (PathBuf, PathBuf)>) -> serde_json::Value {
    let reader = books::reader();
    let work = tempfile::tempdir().unwrap();
    let folder = work.path().join("truth");
    std::fs::create_dir(&folder).unwrap();
    let mut drafts = std::fs::File::create(work.path().join("drafts.jsonl")).unwrap();
    for (path, truth) in documents {
        std::fs::copy(&truth, folder.join(truth.file_name().unwrap())).unwrap();
        writeln!(drafts, "{}", object(&path, &reader)).unwrap();
    }
    let output = Command::new("python3")
        .arg(samples().join("score.py"))
        .arg(&folder)
        .arg(work.path().join("drafts.jsonl"))
        .arg("--json")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["groups"]["all"].clone()
}

/// Ruled and unruled tables, wrapped cells, several pages, turned pages: see `tests/samples/layouts/generate.py`.
#[test]
fn printed_layouts_are_read_as_printed() {
    let all = scored(files("layouts").into_iter().map(|path| (path.clone(), path.with_extension("json"))));
    assert!(all["line_f1"].as_f64().unwrap() >= 0.97, "{all:#}");
    assert!(all["exact_order_rate"].as_f64().unwrap() >= 0.88, "{all:#}");
}

/// Faxes, scans and photographs: crooked, on their head or side, noisy, with a stamp, pages in the wrong order: see
/// `tests/samples/scans/generate.py`.
#[test]
fn pictures_of_orders_are_read() {
    let part = |standard: bool| {
        let files = files("scans").into_iter();
        let chosen = files.filter(|path| path.to_string_lossy().contains("standard") == standard);
        scored(chosen.map(|path| (path.clone(), path.with_extension("json"))))
    };
    let (fine, standard) = (part(false), part(true));
    assert!(fine["line_f1"].as_f64().unwrap() >= 0.95, "{fine:#}");
    assert!(standard["line_f1"].as_f64().unwrap() >= 0.7, "{standard:#}");
}

#[test]
fn sample_faxes_and_scans_are_read() {
    const PICTURES: [&str; 11] =
        ["f01", "f02", "f03", "f04", "f05", "f06", "f08", "f09", "f10", "m13", "m14"];
    let all = score(|stem| PICTURES.contains(&stem));
    assert!(all["line_f1"].as_f64().unwrap() >= 0.85, "{all:#}");
    assert_eq!(all["false_orders"], 0, "{all:#}");
}

#[test]
fn sample_orders_are_read_as_printed() {
    let all = score(|stem| READABLE.contains(&stem));
    assert!(all["line_f1"].as_f64().unwrap() >= 0.99, "{all:#}");
    assert!(all["exact_order_rate"].as_f64().unwrap() >= 0.9, "{all:#}");
    assert_eq!(all["false_orders"], 0, "{all:#}");
}

#[test]
fn sample_mails_are_told_by_kind() {
    let all = score(|stem| stem.starts_with('m'));
    assert_eq!(all["kind_accuracy"].as_f64(), Some(1.0), "{all:#}");
}

#[test]
fn a_mail_with_an_unread_order_waits_for_a_person() {
    let reader = books::reader();
    let reading = read_file(&samples().join("inbox/m17.eml"), &reader);
    let [draft] = reading.drafts.as_slice() else { panic!("one draft") };
    assert_eq!((draft.kind, draft.source.as_str()), (Kind::Order, "winmail.dat"));
    assert_eq!(draft.unread[0].code, "reading.tnef_not_read");
}

/// Who reads millisecond after millisecond is not held up by pages that take seconds.
#[test]
fn pictures_can_be_left_for_later() {
    let reader = books::reader();
    for (file, channel, later) in [
        ("fax/f01.tif", Channel::Fax, true),
        ("inbox/m13.eml", Channel::Mail, true),
        ("fax/f07.pdf", Channel::Fax, true),
        ("inbox/m10.eml", Channel::Mail, false),
        ("inbox/m01.eml", Channel::Mail, false),
    ] {
        let bytes = std::fs::read(samples().join(file)).unwrap();
        let source = Source { bytes: &bytes, name: file, channel };
        assert_eq!(reader.read_with(&source, Pictures::Later).later, later, "{file}");
    }
}

/// Without models nothing is guessed: the page waits for a person, who is told what is missing.
#[test]
fn without_models_pictures_wait_for_a_person() {
    let reader = Reader { recognizer: None, ..books::reader() };
    let reading = read_file(&samples().join("fax/f01.tif"), &reader);
    let [draft] = reading.drafts.as_slice() else { panic!("one draft") };
    assert_eq!((draft.kind, draft.unread[0].code.as_str()), (Kind::Order, "reading.models_missing"));
}

#[test]
fn pages_that_did_not_come_are_missed() {
    let reader = books::reader();
    let bytes = std::fs::read(samples().join("scans/fine-pages.tif")).unwrap();
    let first = first_page(&bytes);
    let source = Source { bytes: &first, name: "fax.tif", channel: Channel::Fax };
    let reading = reader.read(&source);
    let missing = reading.drafts[0].unread.iter().find(|it| it.code == "reading.page_missing").unwrap();
    assert_eq!(missing.detail.as_deref(), Some("page 1"), "the second page was put in first");
}

/// A TIFF without its further pages: the chain of its directories ends with the first.
fn first_page(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let number = |at: usize, length: usize| -> usize {
        bytes[at..at + length].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let directory = number(4, 4);
    let next = directory + 2 + 12 * number(directory, 2);
    out[next..next + 4].fill(0);
    out
}

#[test]
fn hostile_files_harm_nothing() {
    let reader = books::reader();
    for path in files("hostile") {
        let start = Instant::now();
        let reading = read_file(&path, &reader);
        assert!(start.elapsed() < Duration::from_secs(10), "{path:?}");
        let truth: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
        let draft = reading.drafts.first().unwrap_or_else(|| panic!("{path:?} was dropped"));
        let lines = draft.order.as_ref().map_or(0, |o| o.lines.len());
        let said = draft.unread.iter().any(|u| u.code.starts_with("reading."));
        match truth["order"]["lines"].as_array() {
            Some(want) => assert!(
                lines == want.len() || (lines == 0 && said),
                "{path:?}: {lines} lines, {:?}",
                draft.unread
            ),
            None => assert!(lines == 0 && said, "{path:?}: {lines} lines, {:?}", draft.unread),
        }
    }
}

#[test]
fn headers_carry_nothing_into_other_headers() {
    let reading = read_file(&samples().join("hostile/x07.eml"), &books::reader());
    let envelope = &reading.envelope;
    let texts = [
        &envelope.from_name,
        &envelope.subject,
        &envelope.reply_to,
        &envelope.message_id,
        &envelope.from_address,
    ];
    for text in texts.into_iter().flatten() {
        assert!(!text.contains(char::is_control), "{text:?}");
    }
    assert_eq!(envelope.from_address.as_deref(), Some("zp.huang@junlan-sport.example"));
}

#[test]
fn a_forty_megabyte_attachment_is_refused_and_said() {
    let work = tempfile::tempdir().unwrap();
    let path = work.path().join("big.eml");
    let script = samples().join("hostile/make_big_mail.py");
    assert!(Command::new("python3").arg(script).arg(&path).status().unwrap().success());
    let start = Instant::now();
    let reading = read_file(&path, &books::reader());
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(reading.drafts[0].unread.iter().any(|u| u.code == "reading.too_big"), "{:?}", reading.drafts);
}

/// A small generator of numbers, so that the same damage is done in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % sides.max(1)
    }
}

fn damaged(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = bytes.to_vec();
    match dice.roll(4) {
        0 => out.truncate(dice.roll(bytes.len())),
        1 => {
            let (at, other) = (dice.roll(bytes.len()), dice.roll(bytes.len()));
            let piece = bytes[at..(at + dice.roll(200)).min(bytes.len())].to_vec();
            out.splice(other..other, piece);
        }
        _ => {
            for _ in 0..=dice.roll(12) {
                let at = dice.roll(out.len());
                out[at] = u8::try_from(dice.roll(256)).unwrap_or(0);
            }
        }
    }
    out
}

/// Runs `rounds` damaged copies of every small sample through the reader and its decoders. Pictures are opened, not recognised:
/// that takes seconds, and what it gets are pixels.
fn fuzz(rounds: usize, seed: u64) {
    let reader = Reader { recognizer: None, ..books::reader() };
    let mut dice = Dice(seed);
    let mut slow: BTreeMap<String, Duration> = BTreeMap::new();
    for path in ["inbox", "fax", "hostile"].into_iter().flat_map(files) {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.len() > 300_000 {
            continue;
        }
        for _ in 0..rounds {
            let bytes = damaged(&bytes, &mut dice);
            let start = Instant::now();
            let reading = reader.read(&Source { bytes: &bytes, name: "x.eml", channel: channel(&path) });
            assert!(!reading.drafts.is_empty(), "{path:?} gave no draft");
            if start.elapsed() > Duration::from_secs(5) {
                slow.insert(path.display().to_string(), start.elapsed());
            }
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}

#[test]
fn damaged_mails_never_panic() {
    fuzz(4, 0x9e37_79b9_7f4a_7c15);
}

/// The long run: `cargo test --test it read -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn damaged_mails_never_panic_in_a_long_run() {
    fuzz(80, 0x2545_f491_4f6c_dd1d);
}
