//! Signing people in, and telling others: on both engines.

mod deliveries;
mod deliveries_queue;
mod external_wallets;
mod linked_accounts;
mod people;
mod provisioned_wallets;
mod support;
mod takeover;
mod webhooks;
