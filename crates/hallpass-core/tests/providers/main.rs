//! Tokens of identity providers, from every kind of provider and on good and bad days. Each numbered test is a class
//! of hostile input.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod addresses;
mod addressing;
mod alarm;
mod algorithms;
mod auth0;
mod bad_key_sets;
mod claims;
mod configuration;
mod discovery;
mod firebase;
mod floods;
mod freshness;
mod kids;
mod model;
mod outages;
mod permissions;
mod reports;
mod rotation;
mod settings;
mod sources;
mod standing;
mod support;
mod types;
mod withdrawal;
