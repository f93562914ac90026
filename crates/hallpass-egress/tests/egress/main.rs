//! The gate against real servers on loopback. `row_N_*` names the row of the list of bad inputs that a test answers.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

mod addresses;
mod endpoints;
mod manners;
mod row_47;
mod row_48;
mod row_49;
mod row_52;
mod row_53;
mod send;
mod support;
mod tls;
