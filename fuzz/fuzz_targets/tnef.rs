#![no_main]

use gendan::read::format::{rtf, tnef};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let limits = fuzzed::limits();
    let mut budget = limits.unpacked_bytes;
    for entry in tnef::unpack(bytes, &limits, &mut budget).entries {
        let _ = rtf::read(&entry.bytes, &limits);
    }
    let _ = rtf::read(bytes, &limits);
});
