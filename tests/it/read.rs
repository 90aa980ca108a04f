//! Reading: the sample mails against their truth, the hostile ones against their limits, damaged bytes against panics.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use gendan::order::document::{Channel, Kind};
use gendan::read::labels::Labels;
use gendan::read::{Reading, Source, json, read};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Mails whose order stands in text, HTML, a workbook or a CSV file.
const READABLE: [&str; 16] = [
    "m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08", "m09", "m15", "m16", "m18", "m19", "m20", "m21",
    "m23",
];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(samples().join(folder)).unwrap();
    let mut out: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    out.retain(|p| p.extension().is_some_and(|e| e == "eml" || e == "tif" || e == "pdf"));
    out.sort();
    out
}

fn channel(path: &Path) -> Channel {
    if path.extension().is_some_and(|e| e == "eml") { Channel::Mail } else { Channel::Fax }
}

fn read_file(path: &Path, labels: &Labels) -> Reading {
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    read(&Source { bytes: &bytes, name: &name, channel: channel(path) }, labels)
}

fn object(path: &Path, labels: &Labels) -> serde_json::Value {
    let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy();
    let label = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
    serde_json::Value::Object(json::object(&label, channel(path), &read_file(path, labels)))
}

/// Runs score.py over the drafts of the samples whose truth is wanted.
fn score(wanted: impl Fn(&str) -> bool) -> serde_json::Value {
    let labels = Labels::built_in();
    let work = tempfile::tempdir().unwrap();
    let truth = work.path().join("truth");
    std::fs::create_dir(&truth).unwrap();
    let mut drafts = std::fs::File::create(work.path().join("drafts.jsonl")).unwrap();
    for path in files("inbox").into_iter().chain(files("fax")) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if wanted(&stem) {
            std::fs::copy(samples().join(format!("truth/{stem}.json")), truth.join(format!("{stem}.json")))
                .unwrap();
            writeln!(drafts, "{}", object(&path, &labels)).unwrap();
        }
    }
    let script = samples().join("score.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(&truth)
        .arg(work.path().join("drafts.jsonl"))
        .arg("--json")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["groups"]["all"].clone()
}

#[test]
fn sample_orders_are_read_as_printed() {
    let all = score(|stem| READABLE.contains(&stem));
    assert!(all["line_f1"].as_f64().unwrap() >= 0.99, "{all:#}");
    assert!(all["exact_order_rate"].as_f64().unwrap() >= 0.95, "{all:#}");
    assert_eq!(all["false_orders"], 0, "{all:#}");
}

#[test]
fn sample_mails_are_told_by_kind() {
    let all = score(|stem| stem.starts_with('m'));
    assert_eq!(all["kind_accuracy"].as_f64(), Some(1.0), "{all:#}");
}

#[test]
fn a_mail_with_an_unread_order_waits_for_a_person() {
    let labels = Labels::built_in();
    for (name, source, code) in [
        ("m10", "PP2026030088.pdf", "reading.pdf_not_read"),
        ("m12", "采购订单.docx", "reading.word_not_read"),
        ("m14", "IMG_20260314_195312.jpg", "reading.picture_not_read"),
        ("m17", "winmail.dat", "reading.tnef_not_read"),
    ] {
        let reading = read_file(&samples().join(format!("inbox/{name}.eml")), &labels);
        let draft = &reading.drafts[0];
        assert_eq!(
            (reading.drafts.len(), draft.kind, draft.source.as_str()),
            (1, Kind::Order, source),
            "{name}"
        );
        assert_eq!(draft.unread[0].code, code, "{name}");
    }
}

#[test]
fn hostile_files_harm_nothing() {
    let labels = Labels::built_in();
    for path in files("hostile") {
        let start = Instant::now();
        let reading = read_file(&path, &labels);
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
    let reading = read_file(&samples().join("hostile/x07.eml"), &Labels::built_in());
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
    let reading = read_file(&path, &Labels::built_in());
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

/// Runs `rounds` damaged copies of every small sample through the reader.
fn fuzz(rounds: usize, seed: u64) {
    let labels = Labels::built_in();
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
            let reading = read(&Source { bytes: &bytes, name: "x.eml", channel: channel(&path) }, &labels);
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
