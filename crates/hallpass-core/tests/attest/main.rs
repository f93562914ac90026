//! Signing people in, and telling others: on both engines.

mod api_keys;
mod deliveries;
mod deliveries_queue;
mod support;
mod webhook_guide;
mod webhooks;
