//! From columns to typed values. A value that does not parse is reported by column, never by content.

use std::str::FromStr;

use hallpass_model::Timestamp;

use crate::{Result, StoreError};

/// Reads a text column as an id, a subject or the like.
pub(crate) fn parsed<T: FromStr>(column: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| unreadable(column))
}

/// Reads a text column as one of a few words.
pub(crate) fn word<T>(column: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| unreadable(column))
}

/// Reads a text column as JSON.
pub(crate) fn json<T: serde::de::DeserializeOwned>(column: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| unreadable(column))
}

/// Writes a value as JSON text.
pub(crate) fn json_text<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|_| StoreError::Internal("a value cannot be written as JSON".into()))
}

/// Reads a time column that may be null.
pub(crate) fn time(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

/// Writes a time that may be absent.
pub(crate) fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_micros)
}

/// Converts every row.
pub(crate) fn entities<Row, T: TryFrom<Row, Error = StoreError>>(rows: Vec<Row>) -> Result<Vec<T>> {
    rows.into_iter().map(T::try_from).collect()
}

/// PostgreSQL cannot hold U+0000 in text, so nothing can be stored under such a name.
pub(crate) fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

pub(crate) fn unreadable(column: &str) -> StoreError {
    StoreError::Corrupt(format!("{column} is unreadable"))
}
