#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::read(bytes, "order.txt", gendan::order::document::Channel::Mail);
});
