#![no_main]

use gendan::read::decoder::Wanted;
use gendan::read::format::pdf;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = pdf::read(bytes, Wanted::None, &fuzzed::limits());
});
