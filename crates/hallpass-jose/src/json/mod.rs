//! A small strict JSON reader (RFC 8259) for headers, claims and keys.
//!
//! It checks the whole text in one pass and keeps where each member of the outermost object stands. Stricter than most
//! readers in three points: a member name may occur once per object (compared after decoding its escapes), containers
//! nest at most [`MAX_NESTING`] deep, and `\u` escapes must form whole characters.

mod number;
mod scan;
mod string;

pub(crate) use number::whole_seconds;
pub(crate) use scan::{Member, elements, scan_object};
pub(crate) use string::string_value;

/// Containers inside containers, the outermost counted as 1.
pub const MAX_NESTING: usize = 32;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Not JSON, or the outermost value is not of the expected kind.
    Syntax,
    /// Nested deeper than [`MAX_NESTING`].
    TooDeep,
    /// A name occurs twice in one object.
    DuplicateMember,
}

#[cfg(test)]
mod tests;
