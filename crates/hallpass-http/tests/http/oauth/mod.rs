//! Signing in with services that vouch for people: every preset, and every way in which it must not end.

mod account_takeover;
mod bad_inputs;
mod presets;
mod stage;
