//! Who asks, and what they sent. The extractor in a handler's signature is its permission.

mod body;
mod client_address;
mod connected_user;
mod credentials;
mod id;
mod if_match;
mod objects_only;
mod operator;
mod page;
mod query;
mod strict_json;

pub use client_address::{AddressRange, MalformedRange};
pub use operator::LocalOperator;

pub(crate) use body::{Explainable, Lenient, StrictJson, Submission, collect};
pub(crate) use client_address::{Client, client_address};
pub(crate) use connected_user::{ConnectedUser, QuestioningUser};
pub(crate) use credentials::{elsewhere, holds_access_token};
pub(crate) use id::{Id, Kid, PathId, find_in_path};
pub(crate) use if_match::{IfMatch, etag};
pub(crate) use operator::{Admin, Member, Support, require_role, within_budget};
pub(crate) use page::PageQuery;
pub(crate) use query::{NoQuery, StrictQuery};
pub(crate) use strict_json::read as read_strictly;

/// The id of one request, as logged and echoed in `X-Request-Id`.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) std::sync::Arc<str>);
