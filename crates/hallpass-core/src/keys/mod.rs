//! Keys that others hold and publish.

mod fetch;
pub(crate) mod remote;
mod set;
mod source;
mod status;

pub use fetch::FetchReport;
pub(crate) use fetch::Location;
pub(crate) use set::{KeySet, RemoteKey};
pub(crate) use source::{NoKeys, Source};
pub use status::{KeysFailure, KeysState, KeysStatus};
