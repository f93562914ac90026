//! The text of a sign-in message: EIP-4361 (ERC-4361) layout, also used with Solana's and Cosmos's names.

mod error;
mod grammar;
mod parse;
mod time;
mod write;

pub use error::{Field, MessageError};
pub(super) use grammar::is_uri;
pub use grammar::{authority_of, scheme_of};
pub use time::MessageTime;

use super::chain::Chain;

/// The longest message that is built or read, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024;
/// The longest URI in a message, in bytes.
pub const MAX_URI_BYTES: usize = 2 * 1024;
/// The shortest nonce (EIP-4361), in characters.
pub const MIN_NONCE_CHARS: usize = 8;
/// The longest nonce, in characters.
pub const MAX_NONCE_CHARS: usize = 128;

/// What stands in a message, before anybody checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFields {
    /// Whose account signs.
    pub chain: Chain,
    /// `https` and the like in front of the domain; usually left away.
    pub scheme: Option<String>,
    /// The RFC 3986 authority that asks: host and, if not the default one, port.
    pub domain: String,
    /// The account, in the chain's canonical spelling (EIP-55 on Ethereum).
    pub address: String,
    /// One line for people: ASCII letters, digits, blanks and the punctuation of URIs.
    pub statement: Option<String>,
    /// The page that the sign-in is for.
    pub uri: String,
    /// The network.
    pub chain_id: String,
    /// At least eight ASCII letters and digits.
    pub nonce: String,
    /// When the message was made.
    pub issued_at: MessageTime,
    /// From when on it is worthless.
    pub expiration_time: Option<MessageTime>,
    /// Before when it is worthless.
    pub not_before: Option<MessageTime>,
    /// What ties the message to a session.
    pub request_id: Option<String>,
    /// URIs that the person is shown; `Some` and empty writes the heading alone.
    pub resources: Option<Vec<String>>,
}

impl MessageFields {
    /// The fields that no message lacks; the optional ones are absent.
    #[must_use]
    pub fn required(
        chain: Chain,
        domain: &str,
        address: &str,
        uri: &str,
        chain_id: &str,
        nonce: &str,
        issued_at: MessageTime,
    ) -> Self {
        Self {
            chain,
            scheme: None,
            domain: domain.to_owned(),
            address: address.to_owned(),
            statement: None,
            uri: uri.to_owned(),
            chain_id: chain_id.to_owned(),
            nonce: nonce.to_owned(),
            issued_at,
            expiration_time: None,
            not_before: None,
            request_id: None,
            resources: None,
        }
    }
}

/// A message that follows the grammar: its text ([`ToString`]) parses to the same message again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInMessage(MessageFields);

impl SignInMessage {
    /// Checks the fields against the grammar.
    ///
    /// # Errors
    /// The first field that does not follow it.
    pub fn new(fields: MessageFields) -> Result<Self, MessageError> {
        grammar::check(&fields)?;
        let message = Self(fields);
        if message.to_string().len() > MAX_MESSAGE_BYTES {
            return Err(MessageError::TooLong);
        }
        Ok(message)
    }

    /// Reads a message that claims to be for `chain`.
    ///
    /// # Errors
    /// What departs from the grammar: nothing is trimmed, reordered or guessed.
    pub fn parse(chain: Chain, text: &str) -> Result<Self, MessageError> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(MessageError::TooLong);
        }
        let fields = parse::fields(chain, text)?;
        grammar::check(&fields)?;
        Ok(Self(fields))
    }

    /// What the message says.
    #[must_use]
    pub fn fields(&self) -> &MessageFields {
        &self.0
    }
}
