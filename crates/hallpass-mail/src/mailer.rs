use std::fmt;

use crate::smtp::Smtp;
use crate::{Mail, MailError, MailSetupError, Trap};

/// How mail leaves; a clone is cheap and shares everything.
#[derive(Clone)]
pub struct Mailer(Way);

#[derive(Clone)]
enum Way {
    Off,
    Smtp(Smtp),
    Trap(Trap),
}

impl Mailer {
    /// Mail that is refused: nobody configured a server.
    #[must_use]
    pub fn off() -> Self {
        Self(Way::Off)
    }

    /// Mail through an SMTP server: `smtp://[user:password@]host[:port][?tls=required|opportunistic|none]` or
    /// `smtps://...`, from an address or `Name <address>`. The roots are PEM certificates that are trusted in addition to
    /// the public ones; empty: none.
    ///
    /// # Errors
    /// When the URL, the sender or the roots cannot be used. The network is not asked.
    pub fn smtp(url: &str, from: &str, extra_roots_pem: &[u8]) -> Result<Self, MailSetupError> {
        Smtp::new(url, from, extra_roots_pem).map(|smtp| Self(Way::Smtp(smtp)))
    }

    /// Mail that never leaves: it is kept and shown.
    #[must_use]
    pub fn trap(trap: Trap) -> Self {
        Self(Way::Trap(trap))
    }

    /// Hands a mail over. After an error it may have arrived all the same, as with all mail.
    ///
    /// # Errors
    /// When the server did not take it.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        match &self.0 {
            Way::Off => Err(MailError::Off),
            Way::Smtp(smtp) => smtp.send(mail).await,
            Way::Trap(trap) => {
                trap.catch(mail);
                Ok(())
            }
        }
    }

    /// Whether a mail would leave, without sending one: connects, says hello and signs in.
    ///
    /// # Errors
    /// Why it would not.
    pub async fn check(&self) -> Result<(), MailError> {
        match &self.0 {
            Way::Off => Err(MailError::Off),
            Way::Smtp(smtp) => smtp.check().await,
            Way::Trap(_) => Ok(()),
        }
    }

    /// Whether nobody configured anything.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.0, Way::Off)
    }

    /// The trap, if this is one.
    #[must_use]
    pub fn trapped(&self) -> Option<&Trap> {
        match &self.0 {
            Way::Trap(trap) => Some(trap),
            _ => None,
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Way::Off => f.write_str("Mailer(off)"),
            Way::Smtp(smtp) => write!(f, "Mailer(smtp {})", smtp.endpoint()),
            Way::Trap(_) => f.write_str("Mailer(trap)"),
        }
    }
}
