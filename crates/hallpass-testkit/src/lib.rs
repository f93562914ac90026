//! Helpers for tests: databases on both engines, a small installation, an identity provider. Panics where a test
//! should fail.

mod database;
pub mod hook;
mod pool;
mod postgres;
pub mod provider;
pub mod world;

pub use database::{Database, block_on};
