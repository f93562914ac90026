//! The HTTP surfaces, driven through the router in process (and over sockets where connections matter).

mod admin;
mod agreement;
mod api_keys;
mod bad_inputs;
mod bodies;
mod budget;
mod conformance;
mod connect;
mod cors;
mod documents;
mod identity_providers;
mod issued;
mod logs;
mod matrix;
mod oauth;
mod ops;
mod paper;
mod portal;
mod provider_bad_inputs;
mod provider_settings;
mod provider_test;
mod provider_tokens;
mod serving;
mod session;
mod support;
mod webhooks;
