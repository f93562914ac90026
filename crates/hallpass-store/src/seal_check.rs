use crate::transaction::{execute, fetch_optional};
use crate::{Read, Result, Write};

const FIND: &str = "SELECT sealed FROM seal_check WHERE id = 1";
const INSERT_IF_ABSENT: &str =
    "INSERT INTO seal_check (id, sealed) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
const REPLACE: &str = "UPDATE seal_check SET sealed = $2 WHERE id = 1 AND sealed = $1";

pub(crate) const STATEMENTS: &[&str] = &[FIND, INSERT_IF_ABSENT, REPLACE];

impl Read {
    /// The sealed constant by which a lost or wrong master key is known.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_seal_check(&mut self) -> Result<Option<Vec<u8>>> {
        let found = fetch_optional!(self, (Vec<u8>,), FIND)?;
        Ok(found.map(|(sealed,)| sealed))
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

    /// Replaces the sealed constant, if it is still the expected one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn replace_seal_check(&mut self, expected: &[u8], sealed: &[u8]) -> Result<bool> {
        Ok(execute!(self, REPLACE, expected, sealed)? == 1)
    }
}
