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

/// Mails whose order stands in text, HTML, a workbook, a CSV file, a PDF or `winmail.dat`.
const READABLE: [&str; 21] = [
    "m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08", "m09", "m10", "m11", "m12", "m15", "m16", "m17",
    "m18", "m19", "m20", "m21", "m23", "m24",
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

/// Orders drawn by lot, in layouts of which half are for fitting: see `tests/samples/generated/generate.py`.
#[test]
fn no_order_in_a_drawn_layout_is_sure_and_wrong() {
    let work = tempfile::tempdir().unwrap();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/python");
    let script = samples().join("generated/generate.py");
    let drawn = Command::new(python).arg(script).arg(work.path()).args(["180", "7"]).output().unwrap();
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let settings = work.path().join("settings.toml");
    std::fs::write(&settings, "# ours\n[check]\nleast_confidence = 610\n").unwrap();
    let measured = Command::new(env!("CARGO_BIN_EXE_gendan"))
        .args(["--json", "calibrate"])
        .arg(work.path().join("fit"))
        .arg("--held-out")
        .arg(work.path().join("held-out"))
        .arg("--master")
        .arg(samples().join("master"))
        .arg("--write")
        .arg(&settings)
        .output()
        .unwrap();
    assert!(measured.status.success(), "{}", String::from_utf8_lossy(&measured.stderr));
    let found: serde_json::Value = serde_json::from_slice(&measured.stdout).unwrap();
    for part in found["measured"].as_array().unwrap() {
        assert_eq!(part["wrong"], serde_json::json!([]), "{part:#}");
        let (sure, orders) = (part["sure"].as_u64().unwrap(), part["orders"].as_u64().unwrap());
        assert!(sure * 10 >= orders * 9, "{sure} of {orders} are sure");
        let best = part["bands"].as_array().unwrap().last().unwrap();
        let (right, fields) = (best["right"].as_u64().unwrap(), best["fields"].as_u64().unwrap());
        assert!(right * 100 >= fields * 97, "{right} of {fields} fields are right");
    }
    let written = std::fs::read_to_string(&settings).unwrap();
    assert!(written.starts_with("# ours\n[check]\nleast_confidence = 610\nsure_confidence = "), "{written}");
}

/// What a file of data says of itself holds for that file alone.
#[test]
fn a_cancellation_as_data_does_not_cancel_its_neighbours() {
    let cancel = "UNB+UNOA:1+A+B+1+1'UNH+1+ORDERS:D:96A:UN'BGM+220+PO-1+1'UNT+3+1'UNZ+1+1'";
    let order = "PO No.,PO-2\nItem,Description,Qty,Unit,Price\n1,Nylon zipper 20 cm,500,pcs,0.47\n";
    let part = |name: &str, text: &str| {
        format!("--b\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{text}\r\n")
    };
    let mail = format!(
        "From: a@x.example\r\nSubject: Orders\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\n\r\nPlease see the attached orders.\r\n{}{}--b--\r\n",
        part("cancel.edi", cancel),
        part("new.csv", order)
    );
    let source = Source { bytes: mail.as_bytes(), name: "m.eml", channel: Channel::Mail };
    let reading = books::reader().read(&source);
    let found: Vec<(Kind, Option<String>, usize)> = reading
        .drafts
        .iter()
        .map(|it| (it.kind, it.refers_to.clone(), it.order.as_ref().map_or(0, |it| it.lines.len())))
        .collect();
    assert_eq!(found, [(Kind::Cancellation, Some("PO-1".to_owned()), 0), (Kind::Order, None, 1)]);
}

/// `gendan bench read` measures every kind of document that it is given.
#[test]
fn reading_is_measured_by_kind() {
    let inbox = |name: &str| samples().join("inbox").join(name);
    let output = Command::new(env!("CARGO_BIN_EXE_gendan"))
        .args(["--json", "bench", "read", "--rounds", "2"])
        .args([inbox("m01.eml"), inbox("m10.eml"), inbox("m17.eml"), samples().join("fax/f07.pdf")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let measured: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let kinds: BTreeMap<&str, &serde_json::Value> =
        measured["kinds"].as_array().unwrap().iter().map(|it| (it["kind"].as_str().unwrap(), it)).collect();
    assert!(kinds.contains_key("mail, pdf") && kinds.contains_key("mail, winmail.dat"), "{kinds:?}");
    assert!(kinds["pdf"]["documents_per_second"].as_f64().unwrap() > 0.0);
    assert!(measured["child_peak_mb"].as_f64().unwrap() > 1.0, "decoders are counted");
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

/// UBL, EDIFACT and JSON, RTF, and `winmail.dat` with text, files and another in it: see `tests/samples/data/generate.py`.
#[test]
fn orders_as_data_are_read_as_they_say() {
    let all = scored(files("data").into_iter().map(|path| (path.clone(), path.with_extension("json"))));
    assert_eq!(all["exact_order_rate"].as_f64(), Some(1.0), "{all:#}");
    assert_eq!(all["kind_accuracy"].as_f64(), Some(1.0), "{all:#}");
    assert_eq!(all["false_orders"], 0, "{all:#}");
}

/// An order file that breaks its standard waits for a person, who is told where; a mail that says something else than its
/// file is doubtful.
#[test]
fn data_that_is_wrong_waits_for_a_person() {
    let reader = books::reader();
    let mail = |subject: &str, file: &str| {
        let text = format!(
            "From: a@x.example\r\nSubject: {subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\n\r\nOrder attached.\r\n--b\r\nContent-Disposition: attachment; filename=o.edi\r\n\r\n{file}\r\n--b--\r\n"
        );
        reader.read(&Source { bytes: text.as_bytes(), name: "m.eml", channel: Channel::Mail })
    };
    let edi = |quantity: &str| {
        format!(
            "UNB+UNOA:1+A+B+1+1'UNH+1+ORDERS:D:96A:UN'BGM+220+A+9'LIN+1'QTY+21:{quantity}'UNT+5+1'UNZ+1+1'"
        )
    };
    let broken = mail("PO A", &edi("many"));
    let [draft] = broken.drafts.as_slice() else { panic!("one draft") };
    let told = (draft.unread[0].code.as_str(), draft.unread[0].detail.as_deref());
    assert_eq!(told, ("reading.damaged_data", Some("segment 5: this is no number")));
    let fine = mail("PO A", &edi("5"));
    assert_eq!((fine.drafts[0].kind, fine.drafts[0].unread.len()), (Kind::Order, 0));
    for subject in ["Inquiry: please quote", "Amendment of PO A", "Complaint about defective goods"] {
        let other = mail(subject, &edi("5"));
        let told = (other.drafts[0].kind, other.drafts[0].unread[0].code.as_str());
        assert_eq!(told, (Kind::Order, "doubt.change_words"), "{subject}");
    }
    let other = mail("Cancellation of PO A", &edi("5"));
    assert_eq!(
        (other.drafts[0].kind, other.drafts[0].unread[0].code.as_str()),
        (Kind::Order, "doubt.change_words")
    );
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
