use crate::rows::unreadable;
use crate::transaction::{execute, fetch_optional};
use crate::{Read, Result, Write};

const FIND: &str = "SELECT sealed, next_key FROM seal_check WHERE id = 1";
const INSERT_IF_ABSENT: &str =
    "INSERT INTO seal_check (id, sealed) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
const ANNOUNCE: &str = "UPDATE seal_check SET next_key = $1 WHERE id = 1";
const REPLACE: &str =
    "UPDATE seal_check SET sealed = $2, next_key = NULL WHERE id = 1 AND sealed = $1";

pub(crate) const STATEMENTS: &[&str] = &[FIND, INSERT_IF_ABSENT, ANNOUNCE, REPLACE];

/// By what a lost or wrong master key is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealCheck {
    /// A constant, sealed with the key that the other secrets are sealed with.
    pub sealed: Vec<u8>,
    /// The name of the key that everything is about to be sealed with.
    pub next_key: Option<[u8; 8]>,
}

impl Read {
    /// The check; there is none before the first start with a master key.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_seal_check(&mut self) -> Result<Option<SealCheck>> {
        let found = fetch_optional!(self, (Vec<u8>, Option<Vec<u8>>), FIND)?;
        let Some((sealed, next_key)) = found else {
            return Ok(None);
        };
        let next_key = next_key
            .map(|id| <[u8; 8]>::try_from(id).map_err(|_| unreadable("seal_check.next_key")))
            .transpose()?;
        Ok(Some(SealCheck { sealed, next_key }))
    }
}

impl Write {
    /// Adds the sealed constant unless there is one; answers whether it was added.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn insert_seal_check_if_absent(&mut self, sealed: &[u8]) -> Result<bool> {
        Ok(execute!(self, INSERT_IF_ABSENT, sealed)? == 1)
    }

    /// Says which key everything is about to be sealed with.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn announce_seal_key(&mut self, key_id: &[u8; 8]) -> Result<()> {
        execute!(self, ANNOUNCE, key_id.as_slice())?;
        Ok(())
    }

    /// Replaces the sealed constant, if it is still the expected one; nothing is announced any more then.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn replace_seal_check(&mut self, expected: &[u8], sealed: &[u8]) -> Result<bool> {
        Ok(execute!(self, REPLACE, expected, sealed)? == 1)
    }
}
