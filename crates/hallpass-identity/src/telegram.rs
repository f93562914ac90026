//! Telegram's login widget: what it hands the page is authenticated with a key made from the bot's token.
//!
//! The proof can be shown again until it is too old; who must be stricter remembers the hash until then.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, verify};
use hallpass_model::Timestamp;

use crate::hex;

/// How far in the future `auth_date` may lie, in seconds.
pub const AUTH_DATE_LEEWAY_SECS: i64 = 60;
/// The longest text in a field, in bytes.
pub const MAX_FIELD_BYTES: usize = 2 * 1024;

/// What the widget hands over, as the client sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnverifiedLogin<'a> {
    /// The person's number at Telegram.
    pub id: u64,
    /// When the person agreed, in seconds since the epoch.
    pub auth_date: i64,
    /// Absent if the client sent none; an empty text is something else.
    pub first_name: Option<&'a str>,
    /// As above.
    pub last_name: Option<&'a str>,
    /// As above.
    pub username: Option<&'a str>,
    /// As above.
    pub photo_url: Option<&'a str>,
    /// 64 hexadecimal digits.
    pub hash: &'a str,
}

/// Why a login is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TelegramError {
    /// A text with control characters, or longer than [`MAX_FIELD_BYTES`]; or an `id` of zero.
    #[error("a field of the Telegram login is malformed")]
    Malformed,
    /// Not made with this bot's token, or changed since.
    #[error("the hash does not fit the Telegram login")]
    WrongHash,
    /// The person agreed too long ago.
    #[error("the Telegram login is too old")]
    TooOld,
    /// `auth_date` lies in the future.
    #[error("the Telegram login was made in the future")]
    InFuture,
    /// No bot token is set up.
    #[error("there is no bot token to check a Telegram login with")]
    NoBotToken,
}

impl TelegramError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "telegram_malformed",
            Self::WrongHash => "telegram_wrong_hash",
            Self::TooOld => "telegram_too_old",
            Self::InFuture => "telegram_in_future",
            Self::NoBotToken => "telegram_no_bot_token",
        }
    }
}

impl UnverifiedLogin<'_> {
    /// Checks the hash and the age; gives the person's number.
    ///
    /// # Errors
    /// What is wrong. The hash is compared in constant time, and before the age is looked at.
    pub fn verify(
        &self,
        bot_token: &str,
        max_age_secs: i64,
        now: Timestamp,
    ) -> Result<u64, TelegramError> {
        if bot_token.is_empty() {
            return Err(TelegramError::NoBotToken);
        }
        let text = self.check_text()?;
        let hash = hex::decode_array::<32>(self.hash).ok_or(TelegramError::WrongHash)?;
        let secret = digest(&SHA256, bot_token.as_bytes());
        let key = Key::new(HMAC_SHA256, secret.as_ref());
        verify(&key, text.as_bytes(), &hash).map_err(|_| TelegramError::WrongHash)?;
        let age = now.as_secs().saturating_sub(self.auth_date);
        if age < -AUTH_DATE_LEEWAY_SECS {
            return Err(TelegramError::InFuture);
        }
        if age > max_age_secs {
            return Err(TelegramError::TooOld);
        }
        Ok(self.id)
    }

    /// The lines that are authenticated, sorted by name. A line feed in a value could pose as another field: with a name
    /// of several lines, a person could hand over somebody else's number under a valid hash. So none is taken.
    fn check_text(&self) -> Result<String, TelegramError> {
        if self.id == 0 {
            return Err(TelegramError::Malformed);
        }
        let (auth_date, id) = (self.auth_date.to_string(), self.id.to_string());
        let fields = [
            ("auth_date", Some(auth_date.as_str())),
            ("first_name", self.first_name),
            ("id", Some(id.as_str())),
            ("last_name", self.last_name),
            ("photo_url", self.photo_url),
            ("username", self.username),
        ];
        let present = fields
            .iter()
            .filter_map(|(name, value)| Some((name, (*value)?)));
        let lines = present.map(|(name, value)| {
            let is_plain = !value.contains(char::is_control) && value.len() <= MAX_FIELD_BYTES;
            is_plain.then(|| format!("{name}={value}"))
        });
        let lines: Option<Vec<String>> = lines.collect();
        Ok(lines.ok_or(TelegramError::Malformed)?.join("\n"))
    }
}
