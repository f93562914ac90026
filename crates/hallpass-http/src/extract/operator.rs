use axum::extract::FromRequestParts;
use hallpass_core::OperatorCaller;
use hallpass_model::{Error, ErrorKind, Role};
use http::request::Parts;

use super::credentials::{self, Offered};
use super::{RequestId, client_address};
use crate::{AppState, Failure, dashboard};

/// Marks a request as made by this very process, which may do what an Admin may.
///
/// Only code inside the process can put it among a request's extensions; nothing that arrives over the network becomes an
/// extension of this type.
#[derive(Debug, Clone, Copy)]
pub struct LocalOperator;

macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) OperatorCaller);

        impl FromRequestParts<AppState> for $name {
            type Rejection = Failure;

            async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
                let caller = authenticate(parts, app).await?;
                require_role(&caller, Role::$name)?;
                Ok(Self(caller))
            }
        }
    )+};
}

operators! {
    /// An operator who may do everything.
    Admin,
    /// An operator who may change what is inside its projects.
    Member,
    /// Any operator: may look, and ask why.
    Support,
}

/// Runs a verification. Once an address has used up its budget of refused ones, a further refusal is 429 and tells no
/// reason; what is good goes through all the same, so that nobody is shut out by a neighbour behind the same address.
pub(crate) async fn within_budget<T>(
    parts: &Parts,
    app: &AppState,
    verification: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let outcome = verification.await;
    let trusted = &app.settings.trusted_proxies;
    let refused = matches!(&outcome, Err(error) if error.kind() == ErrorKind::Unauthenticated);
    let Some(address) =
        client_address(&parts.extensions, &parts.headers, trusted).filter(|_| refused)
    else {
        return outcome;
    };
    let now = app.services.clock.monotonic();
    if let Some(secs) = app.budget.exhausted(address, now) {
        return Err(Error::too_many_requests(
            "too_many_failed_verifications",
            "too many refused credentials from this address",
        )
        .retry_after(secs));
    }
    app.budget.spend(address, now);
    outcome
}

async fn authenticate(parts: &Parts, app: &AppState) -> Result<OperatorCaller, Error> {
    let caller = if parts.extensions.get::<LocalOperator>().is_some() {
        OperatorCaller::command_line()
    } else {
        let key = match credentials::read(&parts.headers, &parts.uri)? {
            Offered::Bearer(key) => key,
            Offered::Nothing | Offered::Bare(_) => {
                // A script of the dashboard, by its session.
                let seated = dashboard::seated_by_cookie(parts, app).await?;
                return seated.ok_or_else(missing);
            }
        };
        within_budget(parts, app, app.services.operators.authenticate(key)).await?
    };
    Ok(match parts.extensions.get::<RequestId>() {
        Some(RequestId(id)) => caller.with_request_id(id.to_string()),
        None => caller,
    })
}

pub(crate) fn require_role(caller: &OperatorCaller, needed: Role) -> Result<(), Error> {
    if rank(caller.role) >= rank(needed) {
        return Ok(());
    }
    Err(Error::forbidden(
        "role_insufficient",
        format!(
            "this needs the role {}; this operator is {}",
            needed.as_str(),
            caller.role.as_str()
        ),
    ))
}

const fn rank(role: Role) -> u8 {
    match role {
        Role::Support => 0,
        Role::Member => 1,
        Role::Admin => 2,
    }
}

fn missing() -> Error {
    Error::unauthenticated(
        "credentials_missing",
        "send an operator key as `Authorization: Bearer <key>`",
    )
}
