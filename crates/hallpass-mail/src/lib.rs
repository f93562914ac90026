//! The only way mail leaves: one message to one person, over SMTP or, for a demo and for tests, into a trap.
//!
//! * **No address and no header can be smuggled in.** A recipient is an [`EmailAddress`], which has no room for a line
//!   break; control characters of a subject become blanks; bodies are encoded and dot-stuffed.
//! * **Every exchange ends.** Name, connection, TLS and the whole conversation share one deadline, and only so many
//!   conversations run at a time.
//! * **Errors are ours.** They name the server and its status, never a credential, an address or a text that the server
//!   sent.
//! * **No clock, no randomness.** When a mail was sent and its id, which becomes the `Message-ID`, are the caller's.
//!
//! TLS trusts the public roots and the operator's own. A user name and password leave only over TLS, unless the URL says
//! `?tls=none`.

mod error;
mod mail;
mod mailer;
mod message;
mod server;
mod smtp;
mod trap;

pub use error::{MailError, MailSetupError};
pub use hallpass_identity::contact::EmailAddress;
pub use mail::Mail;
pub use mailer::Mailer;
pub use trap::{Caught, Trap};
