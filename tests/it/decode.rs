//! Decoders in child processes: guarded, replaced when they die or hang, and the box of each value that they give.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use crate::support::books;
use gendan::decode::Pool;
use gendan::ocr::Program;
use gendan::order::draft::{Draft, Evidence};
use gendan::read::Source;
use gendan::read::codes::Code;
use gendan::read::decoder::{Decoder as _, Here, Recognizer as _, Wanted};
use gendan::read::format::{self, Format};
use gendan::read::limits::Limits;
use gendan::read::mail;
use gendan::read::picture::Picture;
use rust_decimal::Decimal;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)).unwrap()
}

/// A PDF of one page, as a mail program would never send it: with junk before it.
fn pdf() -> Vec<u8> {
    let mut bytes = b"X-Junk: 1\r\n\r\n".to_vec();
    bytes.extend(sample("fax/f07.pdf"));
    bytes
}

/// A program in gendan's place.
fn stand_in(folder: &Path, name: &str, script: &str) -> Pool {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Pool::new(path)
}

#[test]
fn a_child_can_open_and_reach_nothing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gendan"))
        .arg("decode")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let proc = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while !proc("status").contains("Seccomp:\t2") {
        assert!(Instant::now() < until, "no filter:\n{}", proc("status"));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(proc("status").contains("NoNewPrivs:\t1"));
    let limits = proc("limits");
    let limit = |name: &str| -> Option<u64> {
        limits.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
    };
    assert_eq!(limit("Max file size"), Some(0), "{limits}");
    assert_eq!(limit("Max address space"), Some(1 << 30), "{limits}");
    assert!(limit("Max cpu time").is_some(), "{limits}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success(), "it ends when its parent does");
}

#[test]
fn a_decoder_that_hangs_or_dies_costs_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { decode_seconds: 1, ..Limits::default() };
    for (name, script) in [
        ("gendan-hangs", "exec sleep 60"),
        ("gendan-dies", "exit 3"),
        ("gendan-babbles", "printf '\\377\\377\\377\\377\\377\\377\\377\\377'; exec sleep 60"),
        ("gendan-ends-early", "printf '\\100\\0\\0\\0\\0\\0\\0\\0half'"),
    ] {
        let pool = stand_in(folder.path(), name, script);
        let since = Instant::now();
        assert_eq!(
            pool.pages(&pdf(), Wanted::Blind, &limits),
            Err((Code::DecoderFailed, String::new())),
            "{name}"
        );
        let budget = &mut 1_000;
        assert_eq!(pool.text(b"PK", Format::Xlsx, &limits, budget), Err(Code::DecoderFailed), "{name}");
        let files = pool.files(b"PK", Format::Zip, &limits, budget);
        assert_eq!((files.entries, files.problems[0].0), (Vec::new(), Code::DecoderFailed), "{name}");
        assert!(since.elapsed() < Duration::from_secs(10), "{name}");
    }
    let stranger = stand_in(folder.path(), "stranger", "exit 0");
    assert_eq!(stranger.pages(&pdf(), Wanted::Blind, &limits), Err((Code::DecoderFailed, String::new())));
}

#[test]
fn a_pool_serves_many_at_once_and_goes_on_after_a_bad_file() {
    let pool = books::engines().decoder;
    let limits = Limits::default();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(
                        pool.pages(b"%PDF-1.7 and no more", Wanted::Blind, &limits).unwrap_err().0,
                        Code::DamagedPdf
                    );
                    assert_eq!(pool.pages(&pdf(), Wanted::Blind, &limits).unwrap().len(), 1);
                }
            });
        }
    });
    let few = Limits { pages: 0, ..limits };
    assert_eq!(pool.pages(&pdf(), Wanted::Blind, &few).unwrap_err(), (Code::TooBig, "1 pages".to_owned()));
}

/// Sheets and archives come out of a child as out of this process, and what they take of the budget is taken.
#[test]
fn sheets_and_archives_are_opened_by_children() {
    let pool = books::engines().decoder;
    let limits = Limits::default();
    let message = |name: &str| mail::parse(&sample(name), &limits).parts;
    let part = |name: &str, wanted: Format| {
        let parts = message(name).into_iter();
        let format = |bytes: &[u8]| format::sniff(bytes, "", "");
        parts.map(|part| part.bytes.to_vec()).find(|bytes| format(bytes) == wanted).unwrap()
    };
    let winmail = part("inbox/m17.eml", Format::Tnef);
    let (mut here, mut there) = (limits.unpacked_bytes, limits.unpacked_bytes);
    let files = pool.files(&winmail, Format::Tnef, &limits, &mut there);
    assert_eq!(files, Here.files(&winmail, Format::Tnef, &limits, &mut here));
    assert_eq!(here, there);
    assert!(there < limits.unpacked_bytes);
    let sheet = &files.entries.iter().find(|entry| entry.path.ends_with(".xlsx")).unwrap().bytes;
    let pages = pool.text(sheet, Format::Xlsx, &limits, &mut there);
    assert_eq!(pages, Here.text(sheet, Format::Xlsx, &limits, &mut here));
    assert_eq!(pages.unwrap().len(), 1);
    assert_eq!(pool.text(&sheet[..900], Format::Xlsx, &limits, &mut there), Err(Code::DamagedWorkbook));
}

/// Every figure of a printed order names the box in which it is printed.
#[test]
fn a_printed_value_names_its_box() {
    let bytes = sample("inbox/m10.eml");
    let source = Source { bytes: &bytes, name: "m10.eml", channel: gendan::order::document::Channel::Mail };
    let reading = books::reader().read(&source);
    let [Draft { order: Some(order), .. }] = reading.drafts.as_slice() else { panic!("one order") };
    let line = &order.lines[2];
    let (quantity, price) = (line.quantity.as_ref().unwrap(), line.unit_price.as_ref().unwrap());
    assert_eq!((quantity.value, price.value), (Decimal::from(2_000), Decimal::new(96, 2)));
    let area = |evidence: &Evidence| {
        let Evidence::Area { page: 1, left, top, right, bottom } = *evidence else { panic!("{evidence:?}") };
        (left, top, right, bottom)
    };
    let (left, top, right, bottom) = area(&quantity.evidence);
    assert!(left < right && top < bottom && right < 5_950 && bottom < 8_420, "within the page");
    let (_, price_top, _, price_bottom) = area(&price.evidence);
    assert_eq!((top, bottom), (price_top, price_bottom), "on the same line");
    assert!(right < area(&price.evidence).0, "left of the price");
    let above = area(&order.lines[1].quantity.as_ref().unwrap().evidence);
    assert!(above.3 < top + 20, "below the line before it");
    assert!(matches!(order.po_number.as_ref().unwrap().evidence, Evidence::Area { page: 1, .. }));
}

/// A page of black on white, as a fax is.
fn picture() -> Picture {
    let gray =
        image::GrayImage::from_fn(300, 200, |x, y| image::Luma([if (x + y) % 9 == 0 { 0 } else { 255 }]));
    Picture { gray, dpi: Some((204.0, 196.0)) }
}

#[test]
fn another_program_may_read_the_pages() {
    let folder = tempfile::tempdir().unwrap();
    let head = "level\\tpage_num\\tblock_num\\tpar_num\\tline_num\\tword_num\\tleft\\ttop\\twidth\\theight\\tconf\\ttext";
    let word = "5\\t1\\t1\\t1\\t1\\t1\\t20\\t30\\t100\\t20\\t91.5\\t订单\"号";
    let said = format!(
        "cat >/dev/null; printf '{head}\\n1\\t1\\t0\\t0\\t0\\t0\\t0\\t0\\t9\\t9\\t-1\\t\\n{word}\\n'"
    );
    let limits = Limits { recognize_seconds: 1, ..Limits::default() };
    for (script, read) in [
        (said.as_str(), true),
        ("exit 3", false),
        ("cat >/dev/null; echo nonsense", true),
        ("sleep 9", false),
    ] {
        let path = folder.path().join("engine");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        let program = Program::new(vec!["sh".to_owned(), path.display().to_string()]);
        let [page] = program.pages(&[picture()], &limits).try_into().unwrap();
        assert_eq!(page.is_ok(), read, "{script}");
        let words: Vec<String> = page.iter().flat_map(|it| &it.words).map(|it| it.text.clone()).collect();
        let wanted: &[&str] = if script == said { &["订单\"号"] } else { &[] };
        assert_eq!(words, wanted, "{script}");
    }
}

#[test]
fn the_models_are_checked_by_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let gendan = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_gendan"))
            .args(arguments)
            .env("GENDAN_RECOGNITION__MODELS", folder.path().join("models"))
            .output()
            .unwrap()
    };
    let check = gendan(&["models", "check", "--json"]);
    assert_eq!(check.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&check.stdout).contains("\"missing\""));
    let stranger = folder.path().join("package.whl");
    std::fs::write(&stranger, b"PK\x05\x06 nothing").unwrap();
    let fetch = gendan(&["models", "fetch", "--from", &stranger.display().to_string()]);
    assert_eq!(fetch.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&fetch.stderr).contains("is not the package rapidocr==3.10.0"));
    std::fs::create_dir_all(folder.path().join("models")).unwrap();
    std::fs::write(folder.path().join("models/PP-OCRv6_det_small.onnx"), b"no model").unwrap();
    let check = gendan(&["models", "check", "--json"]);
    assert!(String::from_utf8_lossy(&check.stdout).contains("\"wrong\""));
}

#[test]
fn what_was_read_is_drawn_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let output = Command::new(env!("CARGO_BIN_EXE_gendan"))
        .args(["read", "--explain"])
        .arg(folder.path())
        .args([samples.join("fax/f01.tif"), samples.join("inbox/m10.eml"), samples.join("inbox/m07.eml")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for page in ["f01.tif-p1.png", "m10.eml-PP2026030088.pdf-p1.png"] {
        let page = image::open(folder.path().join(page)).unwrap().into_rgb8();
        let red = page.pixels().filter(|it| it.0 == [200, 0, 0]).count();
        assert!(red > 2_000, "boxes around fields: {red} pixels");
    }
    let sheet = std::fs::read_to_string(folder.path().join("m07.eml.txt")).unwrap();
    assert!(sheet.contains("^ lines.0.quantity = "), "{sheet}");
}
