//! For cargo-fuzz: `cargo +nightly fuzz run permissions --features libfuzzer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(hallpass_fuzz::check_permissions(data)));
