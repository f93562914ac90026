use std::fmt;

use hallpass_identity::contact::EmailAddress;
use hallpass_model::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

/// One message to one person.
pub struct Mail {
    /// Names the mail for ever; the `Message-ID` is made of it.
    pub id: Uuid,
    /// When it is sent.
    pub sent_at: Timestamp,
    /// To whom.
    pub to: EmailAddress,
    /// One line; control characters in it become blanks.
    pub subject: String,
    /// The message for everybody, lines ended by `\n`.
    pub text: Zeroizing<String>,
    /// The same for those who read HTML.
    pub html: Zeroizing<String>,
    /// The code inside, for the trap only.
    pub code: Option<Zeroizing<String>>,
}

/// Text and subject may hold a code, and the address is a person's.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// A text as one line.
pub(crate) fn one_line(text: &str) -> String {
    let spaced = text.replace(char::is_control, " ");
    spaced.trim().to_owned()
}
