//! Signing people in and attesting it: accounts, sessions, secrets, each on both engines.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod sealing;
