//! Signing people in, attesting it and telling others: on both engines.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod api_keys;
mod codes;
mod deliveries;
mod deliveries_queue;
mod external_wallets;
mod issuing;
mod linked_accounts;
mod people;
mod provisioned_wallets;
mod sealing;
mod sign_in_providers;
mod support;
mod takeover;
mod telegram;
mod webhook_guide;
mod webhooks;
