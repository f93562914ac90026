use axum::extract::{FromRequestParts, RawPathParams};
use hallpass_model::{
    AccountId, ApiKeyId, ChallengeId, DeliveryId, EnvironmentId, Error, IdentityId,
    IdentityProviderId, OperatorId, OperatorKeyId, OperatorPasskeyId, OperatorSessionId, ProjectId,
    SessionId, SignInProviderId, Subject, WalletId, WebhookId,
};
use http::request::Parts;
use std::str::FromStr;

use crate::{AppState, Failure};

/// An id from the path. One that cannot exist is answered like one that does not: 404.
pub(crate) struct Id<T>(pub(crate) T);

/// The name of a signing key.
pub(crate) struct Kid(pub(crate) String);

/// Where in the path an id stands, and what it names.
pub(crate) trait PathId: FromStr {
    const PARAM: &'static str;
    const NOUN: &'static str;
}

macro_rules! path_ids {
    ($($id:ty: $param:literal, $noun:literal;)+) => {$(
        impl PathId for $id {
            const PARAM: &'static str = $param;
            const NOUN: &'static str = $noun;
        }
    )+};
}

path_ids! {
    AccountId: "account", "account";
    ChallengeId: "attempt", "attempt";
    IdentityId: "linked", "linked account";
    WalletId: "wallet", "wallet";
    SessionId: "session", "session";
    ProjectId: "project", "project";
    EnvironmentId: "environment", "environment";
    IdentityProviderId: "provider", "identity provider";
    SignInProviderId: "provider", "sign-in provider";
    OperatorId: "operator", "operator";
    OperatorKeyId: "key", "operator key";
    OperatorPasskeyId: "operator_passkey", "passkey";
    OperatorSessionId: "operator_session", "session";
    ApiKeyId: "api_key", "API key";
    WebhookId: "webhook", "webhook";
    DeliveryId: "delivery", "delivery";
    Subject: "sub", "user";
    Kid: "kid", "signing key";
}

/// The id that a path holds where its route has the parameter.
pub(crate) fn find_in_path<T: PathId>(route: &str, path: &str) -> Option<T> {
    let stands_here = |segment: &str| {
        let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        name == Some(T::PARAM)
    };
    let mut segments = route.split('/').zip(path.split('/'));
    let (_, text) = segments.find(|(segment, _)| stands_here(segment))?;
    text.parse().ok()
}

impl FromStr for Kid {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl<T: PathId> FromRequestParts<AppState> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let absent = || Failure::from(Error::not_found(T::NOUN));
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| absent())?;
        params
            .iter()
            .find(|(name, _)| *name == T::PARAM)
            .and_then(|(_, text)| text.parse().ok())
            .map(Self)
            .ok_or_else(absent)
    }
}
