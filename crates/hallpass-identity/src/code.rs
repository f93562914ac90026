//! One-time codes that a person types: six digits, nine after too many wrong answers.
//!
//! Making and reading only. What is stored is a keyed hash, compared in constant time, and how often somebody may try is
//! the caller's rule.

use std::fmt;

use zeroize::Zeroizing;

/// The longest typed text that is looked at, in bytes.
const MAX_TYPED_BYTES: usize = 32;

/// How many digits a code has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeLength {
    /// The usual one.
    Six,
    /// For accounts under attack.
    Nine,
}

impl CodeLength {
    /// The number of digits.
    #[must_use]
    pub const fn digits(self) -> usize {
        match self {
            Self::Six => 6,
            Self::Nine => 9,
        }
    }

    /// How many codes there are.
    const fn count(self) -> u64 {
        match self {
            Self::Six => 1_000_000,
            Self::Nine => 1_000_000_000,
        }
    }
}

/// Why a typed text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has 6 or 9 digits")]
pub struct MalformedCode;

impl MalformedCode {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "code_malformed"
    }
}

/// A code in the clear. Shown by [`OneTimeCode::expose`] alone; wiped when dropped.
pub struct OneTimeCode {
    digits: Zeroizing<String>,
}

impl OneTimeCode {
    /// Makes a code, every one as likely as the others, from random bytes.
    ///
    /// `None` if the bytes are all in the uneven rest that would favour small codes: less than once in 10^40 times; draw
    /// again.
    #[must_use]
    pub fn from_random(length: CodeLength, random: &[u8; 32]) -> Option<Self> {
        let (count, width) = (length.count(), length.digits());
        let even = u64::MAX - u64::MAX % count;
        let (chunks, _) = random.as_chunks::<8>();
        let draws = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk));
        let number = draws.into_iter().find(|draw| *draw < even)? % count;
        Some(Self {
            digits: Zeroizing::new(format!("{number:0width$}")),
        })
    }

    /// Reads what a person typed: blanks and hyphens between the digits do not count.
    ///
    /// # Errors
    /// Anything else than 6 or 9 ASCII digits.
    pub fn parse(typed: &str) -> Result<Self, MalformedCode> {
        if typed.len() > MAX_TYPED_BYTES {
            return Err(MalformedCode);
        }
        let is_gap = |letter: &char| matches!(letter, ' ' | '-');
        let digits: Zeroizing<String> =
            Zeroizing::new(typed.chars().filter(|letter| !is_gap(letter)).collect());
        let is_code = matches!(digits.len(), 6 | 9) && digits.bytes().all(|b| b.is_ascii_digit());
        if is_code {
            Ok(Self { digits })
        } else {
            Err(MalformedCode)
        }
    }

    /// The digits, to be hashed.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.digits
    }

    /// The digits in groups of three, for the mail and the page.
    #[must_use]
    pub fn expose_grouped(&self) -> Zeroizing<String> {
        let mut grouped = Zeroizing::new(String::with_capacity(11));
        for (at, digit) in self.digits.chars().enumerate() {
            if at > 0 && at % 3 == 0 {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        grouped
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OneTimeCode(..)")
    }
}
