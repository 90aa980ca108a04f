#![no_main]

use gendan::read::decoder::{Decoder as _, Here};
use gendan::read::format::{Format, sniff};
use std::panic::{catch_unwind, set_hook};
use std::sync::Once;

static QUIET: Once = Once::new();

// The reader of workbooks breaks on some. In the program that costs a child, and the file goes to a person; here it is passed
// over, so that a run finds what would cost more: memory, time, or a fault of ours.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    QUIET.call_once(|| {
        set_hook(Box::new(|panic| {
            let ours = panic.location().is_none_or(|at| !at.file().contains("/calamine-"));
            if ours {
                eprintln!("{panic}");
                std::process::abort();
            }
        }));
    });
    let limits = fuzzed::limits();
    let format = match sniff(bytes, "", "") {
        format @ (Format::Xlsx | Format::Xls | Format::Ods | Format::Docx) => format,
        _ => Format::Xlsx,
    };
    let _ = catch_unwind(|| Here.text(bytes, format, &limits, &mut limits.unpacked_bytes.clone()));
});
