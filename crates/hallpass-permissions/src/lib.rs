//! The permission claim of a user token: parse it, decide with it, explain it.
//!
//! The claim is a tree of scopes that ends in rules. Every node of that tree is a grant at the scope its path
//! spells; the most specific grant that matches a target decides alone. `docs/PERMISSIONS.md` is the manual.
//!
//! ```
//! use hallpass_permissions::{Claim, Permission, Reason, Target, decide};
//!
//! let claim = Claim::parse(r#"{"integration:slack": ["proxy-api"]}"#)?;
//! let slack = Target { integration: Some("slack"), ..Target::default() };
//! assert!(decide(&claim, &slack, Permission::ProxyApi).allowed);
//! assert_eq!(decide(&claim, &slack, Permission::Events).reason, Reason::PermissionNotListed);
//! # Ok::<(), hallpass_permissions::Fault>(())
//! ```
//!
//! The crate is pure and total: no clock, no randomness, no I/O, no panic on any input.
//!
//! | module | holds |
//! |---|---|
//! | `permission`, `scope`, `target` | the words of the claim and of a question |
//! | `json`, `parse`, `fault` | text to grants, or to a fault with a pointer |
//! | `claim`, `path`, `hash` | the compiled claim and how a path is found in it |
//! | `decide` | the one decision that enforcement and explanation share |
//! | `explain`, `change`, `lints` | why, what to change, what looks like a mistake |
//! | `named` | what a claim speaks of, to ask about |
//! | `visible` | what may appear in lists |

mod change;
mod claim;
mod decide;
mod explain;
mod fault;
mod hash;
mod json;
mod lints;
mod named;
mod parse;
mod path;
mod permission;
mod scope;
mod target;
mod target_spec;
mod visible;

pub use change::{AlsoAllows, ChangeError, PatchOp, apply_change, apply_change_to_text};
pub use claim::{Claim, Grant, GrantIndex, Rule, UnknownPermission};
pub use decide::{Deciding, Decision, Reason, decide, permissions};
pub use explain::{Explanation, GrantRef, Verdict, explain, explain_text};
pub use fault::{Fault, FaultKind, ScopeFault};
pub use lints::Lint;
pub use named::NamedTarget;
pub use parse::{MAX_GRANTS, ParseOptions};
pub use permission::{Permission, PermissionSet, UnknownPermissionName};
pub use scope::{is_external_id, is_integration_name, is_uuid};
pub use target::{Account, Target};
pub use target_spec::{AccountSpec, AccountSpecError, TargetSpec};
pub use visible::visible;

/// Name of the claim in a user token.
pub const CLAIM: &str = "urn:useparagon:connect:permissions";
