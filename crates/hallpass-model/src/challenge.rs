use serde_json::Value;

use crate::{ChallengeId, EnvironmentId, IdentityKind, SessionId, Timestamp};

/// Something that may be used once, by the session that it was made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// Its id.
    pub id: ChallengeId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The session that it was made for.
    pub session_id: Option<SessionId>,
    /// What it is for.
    pub purpose: ChallengePurpose,
    /// What is to be proven.
    pub identity_kind: IdentityKind,
    /// The identity's one spelling; empty while nobody knows it.
    pub identifier: String,
    /// As the person or client wrote it.
    pub shown: String,
    /// A digest of the secret half: a code, a state.
    pub digest: Option<[u8; 32]>,
    /// What the method needs to know later. No secret stands here in the clear.
    pub state: Value,
    /// Where the request came from, coarsely.
    pub client_network: Option<String>,
    /// Wrong answers so far.
    pub wrong_answers: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is worthless.
    pub expires_at: Timestamp,
    /// Set when it was used, or made worthless.
    pub consumed_at: Option<Timestamp>,
}

impl Challenge {
    /// Whether it may still be used.
    #[must_use]
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        self.consumed_at.is_none() && now < self.expires_at
    }
}

/// What a challenge is for. One made for one purpose is nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChallengePurpose {
    /// A code in a mail, to sign in.
    EmailCode,
    /// A code in a text, to sign in.
    PhoneCode,
    /// A message for an external wallet, to sign in.
    Wallet,
    /// A message for a wallet that the app provisions.
    WalletPossession,
    /// A visit to a service that vouches for people.
    OAuth,
    /// Making a passkey.
    PasskeyRegister,
    /// Signing in with a passkey.
    PasskeySignIn,
    /// A visit to a hosted page.
    Page,
    /// A login of Telegram's that was seen.
    Telegram,
    /// A further identity for an account that is signed in.
    Link,
}

impl ChallengePurpose {
    /// Every purpose.
    pub const ALL: [Self; 10] = [
        Self::EmailCode,
        Self::PhoneCode,
        Self::Wallet,
        Self::WalletPossession,
        Self::OAuth,
        Self::PasskeyRegister,
        Self::PasskeySignIn,
        Self::Page,
        Self::Telegram,
        Self::Link,
    ];

    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailCode => "email_code",
            Self::PhoneCode => "phone_code",
            Self::Wallet => "wallet",
            Self::WalletPossession => "wallet_possession",
            Self::OAuth => "oauth",
            Self::PasskeyRegister => "passkey_register",
            Self::PasskeySignIn => "passkey_sign_in",
            Self::Page => "page",
            Self::Telegram => "telegram",
            Self::Link => "link",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == word)
    }
}
