//! Helpers for tests: databases on both engines, a small installation, an identity provider, wallets.
//! Panics where a test should fail.

pub mod authenticator;
mod database;
pub mod hook;
pub mod person;
mod pool;
mod postgres;
pub mod provider;
pub mod wallet;
pub mod world;

pub use database::{Database, block_on};
