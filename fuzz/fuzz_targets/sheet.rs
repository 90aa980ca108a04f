#![no_main]

use gendan::read::decoder::{Decoder as _, Here};
use gendan::read::format::{Format, sniff};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let limits = fuzzed::limits();
    let format = match sniff(bytes, "", "") {
        format @ (Format::Xlsx | Format::Xls | Format::Ods | Format::Docx) => format,
        _ => Format::Xlsx,
    };
    let _ = Here.text(bytes, format, &limits, &mut limits.unpacked_bytes.clone());
});
