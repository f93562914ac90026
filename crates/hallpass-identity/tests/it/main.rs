//! What the crate promises, from outside: official vectors, refused inputs by their row, properties.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../../../hallpass-testkit/src/authenticator.rs"]
mod authenticator;
mod codes;
mod contacts;
mod grammar_fields;
mod grammar_lines;
mod pages;
mod passkeys;
mod properties;
mod row_57;
mod row_57_cosmos;
mod row_57_ethereum;
mod row_57_solana;
mod support;
mod telegram;
mod times;
mod vectors_cosmos;
mod vectors_ethereum;
mod vectors_solana;
