//! JSON Patch (RFC 6902), the two operations that changes need.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum PatchOp {
    /// Adds a member, or appends to an array where the path ends in `/-`.
    Add {
        /// RFC 6901 pointer.
        path: String,
        /// What to add.
        value: Value,
    },
    /// Replaces what stands at the path; the empty path is the whole claim.
    Replace {
        /// RFC 6901 pointer.
        path: String,
        /// The new value.
        value: Value,
    },
}

/// The change does not fit the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeError {
    /// Nothing stands where the operation expects something.
    NoSuchPlace {
        /// The operation's path.
        path: String,
    },
    /// The text to be changed is not JSON.
    NotJson,
}

/// Applies the operations in order and gives the changed claim.
///
/// # Errors
/// [`ChangeError::NoSuchPlace`] if a path does not lead anywhere.
pub fn apply_change(claim: &Value, change: &[PatchOp]) -> Result<Value, ChangeError> {
    change
        .iter()
        .try_fold(claim.clone(), |mut changed, operation| {
            apply(&mut changed, operation)?;
            Ok(changed)
        })
}

/// The same for a claim as text.
///
/// # Errors
/// [`ChangeError::NotJson`], or as [`apply_change`].
pub fn apply_change_to_text(claim: &str, change: &[PatchOp]) -> Result<String, ChangeError> {
    let claim: Value = serde_json::from_str(claim).map_err(|_| ChangeError::NotJson)?;
    apply_change(&claim, change).map(|changed| changed.to_string())
}

fn apply(document: &mut Value, operation: &PatchOp) -> Result<(), ChangeError> {
    match operation {
        PatchOp::Replace { path, value } => {
            *document
                .pointer_mut(path)
                .ok_or_else(|| no_such_place(path))? = value.clone();
        }
        PatchOp::Add { path, value } => {
            let (parent, token) = path.rsplit_once('/').ok_or_else(|| no_such_place(path))?;
            match document.pointer_mut(parent) {
                Some(Value::Object(members)) => {
                    members.insert(token.replace("~1", "/").replace("~0", "~"), value.clone());
                }
                Some(Value::Array(items)) if token == "-" => items.push(value.clone()),
                _ => return Err(no_such_place(path)),
            }
        }
    }
    Ok(())
}

fn no_such_place(path: &str) -> ChangeError {
    ChangeError::NoSuchPlace {
        path: path.to_owned(),
    }
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangeError::NoSuchPlace { path } => {
                write!(f, "the change does not fit the claim: nothing at {path:?}")
            }
            ChangeError::NotJson => f.write_str("the text to be changed is not JSON"),
        }
    }
}

impl std::error::Error for ChangeError {}
