//! Signing people in, and telling others: on both engines.

mod deliveries;
mod deliveries_queue;
mod sealing;
mod support;
mod webhooks;
