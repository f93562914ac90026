use std::fmt;

/// The longest text that is looked at, in bytes: fifteen digits and what people put between them.
const MAX_TEXT_BYTES: usize = 40;
/// The fewest digits that any country gives a number, its code included.
const MIN_DIGITS: usize = 7;
/// The most digits of a number (E.164 section 6.1).
const MAX_DIGITS: usize = 15;

/// Why a text is no phone number that we send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// No `+` and country code in front.
    #[error("a phone number begins with + and the country's code")]
    NoCountryCode,
    /// Something else than digits, and blanks, hyphens, dots and brackets between them.
    #[error("the phone number has characters that do not belong there")]
    Malformed,
    /// Fewer than 7 or more than 15 digits.
    #[error("a phone number has 7 to 15 digits")]
    Length,
}

impl PhoneError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoCountryCode => "phone_country_code",
            Self::Malformed => "phone_malformed",
            Self::Length => "phone_length",
        }
    }
}

/// A phone number in E.164 form: `+`, and digits of which the first is not zero. Whether a country uses it is not known
/// here. The same text is the account's key.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    number: String,
}

impl PhoneNumber {
    /// Reads a number; blanks, hyphens, dots and brackets behind the `+` do not count.
    ///
    /// # Errors
    /// Anything else; an extension, letters or digits outside ASCII are not skipped but refused.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(PhoneError::Length);
        }
        let rest = text.strip_prefix('+').ok_or(PhoneError::NoCountryCode)?;
        let is_gap = |letter: &char| matches!(letter, ' ' | '-' | '.' | '(' | ')');
        let digits: String = rest.chars().filter(|letter| !is_gap(letter)).collect();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PhoneError::Malformed);
        }
        if !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
            return Err(PhoneError::Length);
        }
        if digits.starts_with('0') {
            return Err(PhoneError::NoCountryCode);
        }
        Ok(Self {
            number: format!("+{digits}"),
        })
    }

    /// The number, to send to and to keep the account under.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// What may be shown and logged: `+***67`, with the same stars for every length.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = self.number.len().saturating_sub(2);
        format!("+***{}", self.number.get(shown..).unwrap_or(""))
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PhoneNumber({})", self.masked())
    }
}
