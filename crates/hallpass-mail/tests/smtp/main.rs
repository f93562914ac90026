//! The SMTP client in whole conversations, with a server that is written here.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod certificate;
mod conversations;
mod server;
mod tls;
