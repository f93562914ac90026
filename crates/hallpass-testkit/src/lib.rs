//! Helpers for tests: databases on both engines. Panics where a test should fail.

mod database;
mod postgres;
pub mod world;

pub use database::{Database, block_on};
