//! Every method on both engines, and what goes wrong.

mod audit;
mod backup;
mod crash;
mod environments;
mod faults;
mod idempotency;
mod identity_providers;
mod migrations;
mod operators;
mod paging;
mod passkeys;
mod projects;
mod samples;
mod signing_keys;
mod statements;
mod transactions;
mod trust;
mod users;
mod wallets;
