#![no_main]

use gendan::read::data::{self, Standard};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = data::standard(bytes);
    for standard in [Standard::Ubl, Standard::Edifact, Standard::Json] {
        let _ = data::read(&text, standard, &fuzzed::limits());
    }
});
