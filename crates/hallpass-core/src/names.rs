//! Names of projects, environments and operators: one rule for all.

use std::str::FromStr;

use hallpass_model::{Error, Result, limits};
use hallpass_store::StoreError;

/// Names are shown in tables and logs, so they have to be printable and short.
pub(crate) fn check(name: &str) -> Result<()> {
    let printable = !name.chars().any(char::is_control) && name.trim().len() == name.len();
    if name.is_empty() || name.len() > limits::NAME_BYTES || !printable {
        return Err(Error::unprocessable(
            "invalid_name",
            "a name has 1 to 100 bytes, no control characters and no white space at its ends",
        )
        .at("/name"));
    }
    Ok(())
}

pub(crate) fn taken(error: StoreError) -> Error {
    if error.is_conflict() {
        return Error::conflict("name_taken", "this name is in use; choose another").at("/name");
    }
    error.into()
}

/// The id that an idempotency record points at.
pub(crate) fn replayed<T: FromStr>(id: &str) -> Result<T> {
    id.parse().map_err(|_| {
        Error::unprocessable(
            "idempotency_key_reused",
            "this Idempotency-Key came with another kind of request before; use a new key for a new request",
        )
    })
}
