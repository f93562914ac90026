//! Values that must not slip into a log line or an answer.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A secret text. Its memory is wiped when it goes.
///
/// What comes out of a database or a request is moved in, not copied, so that no second copy stays behind.
///
/// ```
/// let secret = hallpass_seal::SecretText::new("hunter2".to_owned());
/// assert_eq!(format!("{secret:?}"), "SecretText(hidden)");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
///
/// It cannot become part of an answer:
///
/// ```compile_fail
/// fn serialize(_: &impl serde::Serialize) {}
/// serialize(&hallpass_seal::SecretText::new("hunter2".to_owned()));
/// ```
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: impl Into<Zeroizing<String>>) -> Self {
        Self(text.into())
    }

    /// The text itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Secret bytes. Their memory is wiped when they go.
///
/// ```compile_fail
/// fn serialize(_: &impl serde::Serialize) {}
/// serialize(&hallpass_seal::SecretBytes::new(vec![1, 2, 3]));
/// ```
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes themselves. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The same memory as text.
    ///
    /// # Errors
    ///
    /// [`NotText`] if the bytes are not UTF-8; they are wiped then.
    pub fn into_text(mut self) -> Result<SecretText, NotText> {
        match String::from_utf8(std::mem::take(&mut *self.0)) {
            Ok(text) => Ok(SecretText::new(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(NotText)
            }
        }
    }
}

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not text (UTF-8)")]
pub struct NotText;

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(hidden)")
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretBytes(hidden)")
    }
}

impl ZeroizeOnDrop for SecretText {}
impl ZeroizeOnDrop for SecretBytes {}
