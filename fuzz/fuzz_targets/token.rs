//! For cargo-fuzz: `cargo +nightly fuzz run token --features libfuzzer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(hallpass_fuzz::check_token(data)));
