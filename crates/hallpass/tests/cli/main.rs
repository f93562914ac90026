//! Drives the real binary: the commands, their exit codes, the files they leave, and what a second process sees.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may panic, measures with the machine's clock, and prints what it measured"
)]

mod api_keys;
mod config;
mod conformance;
mod demo;
mod failures;
mod faults;
mod idp;
mod place;
mod readme;
mod seal;
mod seal_killed;
mod serve;
mod support;
mod tls;
mod tokens;
mod trust;
mod upkeep;
mod verbs;
