#![no_main]

use gendan::read::format::tiff;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = tiff::read(bytes, &fuzzed::limits());
});
