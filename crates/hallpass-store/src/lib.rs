//! Everything Hallpass keeps, on SQLite or PostgreSQL from one set of statements.
//!
//! [`Store::read`] gives a snapshot, [`Store::write`] a transaction that counts only once it is committed. The methods
//! on [`Read`] and [`Write`] are the statements: one file per table, SQL at its top. Both engines get the same text, so
//! it keeps to what they share: numbered parameters, text, 64-bit integers and bytes; JSON and ids are text, times are
//! microseconds from the caller's clock.
//!
//! - Whatever belongs to an environment is only found together with the environment's id.
//! - Lists without a small bound are newest first and paged by position, so rows that arrive meanwhile neither repeat
//!   nor hide others.
//! - A commit that returned survives a crash of the process and of the machine.

mod accounts;
mod api_keys;
mod audit;
mod challenges;
mod cursor;
mod deliveries;
mod environments;
mod error;
mod idempotency;
mod identities;
mod identity_providers;
mod issuer_keys;
mod migrations;
mod operator_keys;
mod operator_passkeys;
mod operator_sessions;
mod operators;
mod passkeys;
mod postgres;
mod projects;
mod rows;
mod seal_check;
mod sealed_columns;
mod sessions;
mod sign_in_providers;
mod signing_keys;
mod sqlite;
mod statements;
mod store;
mod transaction;
mod trust;
mod turns;
mod users;
mod wallets;
mod webhooks;

pub use audit::AuditFilter;
pub use deliveries::{DeliveryFilter, DeliveryResult};
pub use error::{Result, StoreError};
pub use idempotency::IdempotentRecord;
pub use migrations::{MigrationReport, SchemaState};
pub use seal_check::SealCheck;
pub use sealed_columns::{SEALED_COLUMNS, SealedColumn, SealedValue};
pub use store::{Engine, OpenOptions, Store};
pub use transaction::{Read, Write};
pub use trust::TrustWatch;
pub use webhooks::SealedWebhookSecrets;
