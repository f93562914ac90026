//! Why a claim was refused, where, and how to mend it.

use std::fmt;

/// The first fault of a malformed claim.
///
/// The pointer and the message quote member names of the claim: give them to the holder of the token, keep them
/// out of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901 pointer to the member or item at fault; empty for the claim itself.
    pub pointer: String,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What is wrong with a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Not JSON; the byte offset counts from the start of the claim's text.
    Syntax {
        /// Bytes from the start of the text that was read.
        offset: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// The claim is no object; `found` says what it is.
    NotAnObject {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// The claim is a string whose content looks like the object.
    Stringified,
    /// A member name that is no scope.
    Scope(ScopeFault),
    /// The path names this level already.
    LevelTwice,
    /// The level stands below a deeper one.
    LevelOutOfOrder,
    /// A rule that is neither `true`, `false`, an array nor an object.
    Rule {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// An array item that is no string.
    Item {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// The object has two members of this name.
    DuplicateMember,
    /// One grant more than a claim may hold.
    TooManyGrants,
}

/// Why a member name is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeFault {
    /// It begins with none of the three level names and a colon.
    UnknownPrefix,
    /// Nothing follows the colon.
    EmptyId,
    /// Not an integration's slug.
    IntegrationName,
    /// What follows `ext:` cannot be an external id.
    ExternalId,
    /// A UUID with upper-case letters.
    UpperCaseId,
    /// Neither a UUID nor marked with `ext:`.
    BareId,
}

impl Fault {
    /// The code that a refused token answers with.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "permission_claim_malformed"
    }

    pub(crate) fn at_root(kind: FaultKind) -> Fault {
        Fault {
            pointer: String::new(),
            kind,
        }
    }
}

impl FaultKind {
    const fn advice(&self) -> &'static str {
        match self {
            FaultKind::Syntax { .. } => "send the claim as a JSON object",
            FaultKind::NotAnObject { .. } => {
                "send an object, or leave the claim out for an unrestricted token"
            }
            FaultKind::Stringified => {
                "put the object itself into the token instead of its text (in C#, add the claim with value type JSON), \
                 or let the environment accept_stringified_permissions"
            }
            FaultKind::Scope(fault) => fault.advice(),
            FaultKind::LevelTwice => {
                "name each level once on a path; put the second scope beside the first"
            }
            FaultKind::LevelOutOfOrder => "nest integration, then credential, then configuration",
            FaultKind::Rule { .. } => {
                "write true, false, an array of permissions or an object of scopes"
            }
            FaultKind::Item { .. } => "list permissions by name, as strings",
            FaultKind::DuplicateMember => "merge the two members into one",
            FaultKind::TooManyGrants => "use wildcards or wider scopes to stay within 5000 grants",
        }
    }
}

impl ScopeFault {
    const fn advice(self) -> &'static str {
        match self {
            ScopeFault::UnknownPrefix => {
                "begin with integration:, credential: or configuration: in lower case, without spaces"
            }
            ScopeFault::EmptyId => "write * for all of them, or name one after the colon",
            ScopeFault::IntegrationName => {
                "use the integration's slug: a letter or digit, then letters, digits, dots, underscores or hyphens, \
                 128 at most"
            }
            ScopeFault::ExternalId => {
                "an external id has 1 to 255 bytes, no control characters, no white space at the ends, is not * and \
                 does not begin with ext:"
            }
            ScopeFault::UpperCaseId => "write the id in lower case",
            ScopeFault::BareId => {
                "write an id as a lower-case UUID, an external id with ext: before it"
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at ", self.kind)?;
        if self.pointer.is_empty() {
            f.write_str("the root of the permission claim")?;
        } else {
            write_shortened(f, &self.pointer)?;
        }
        write!(f, ": {}", self.kind.advice())
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::Syntax { offset, expected } => {
                write!(f, "invalid JSON (expected {expected}, byte {offset})")
            }
            FaultKind::NotAnObject { found } => write!(f, "{found} instead of an object"),
            FaultKind::Stringified => f.write_str("a string that holds JSON instead of an object"),
            FaultKind::Scope(fault) => write!(f, "{fault}"),
            FaultKind::LevelTwice => f.write_str("a level named twice"),
            FaultKind::LevelOutOfOrder => f.write_str("a level out of order"),
            FaultKind::Rule { found } => write!(f, "{found} instead of a rule"),
            FaultKind::Item { found } => write!(f, "{found} instead of a permission name"),
            FaultKind::DuplicateMember => f.write_str("a duplicate member"),
            FaultKind::TooManyGrants => f.write_str("more than 5000 grants"),
        }
    }
}

impl fmt::Display for ScopeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ScopeFault::UnknownPrefix => "a member that is no scope",
            ScopeFault::EmptyId => "a scope without an id",
            ScopeFault::IntegrationName => "an impossible integration name",
            ScopeFault::ExternalId => "an impossible external id",
            ScopeFault::UpperCaseId => "an id with upper-case letters",
            ScopeFault::BareId => "neither an id nor an external id",
        })
    }
}

impl std::error::Error for Fault {}

/// Names in a claim can be long; a message is for reading. The field keeps the whole pointer.
fn write_shortened(f: &mut fmt::Formatter<'_>, pointer: &str) -> fmt::Result {
    const MOST: usize = 400;
    match pointer.char_indices().nth(MOST) {
        Some((end, _)) => write!(f, "{:?}…", pointer.get(..end).unwrap_or_default()),
        None => write!(f, "{pointer:?}"),
    }
}
