//! Further ways to be the same account.

use std::net::IpAddr;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use hallpass_core::{AppCaller, Contact, LinkProof, LinkStart, LinkStarted, Linked, SessionCaller};
use hallpass_model::{
    AccountId, ChallengeId, Error, Identity, IdentityId, IdentityKind, Profile, WalletType,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::compat::SessionRefusal;
use super::external_wallet::{ExternalWallet, SignedMessage};
use super::extract::SignedIn;
use super::sessions::require_own;
use super::telegram::TelegramAuthObject;
use super::unsupported::not_supported;
use super::wallets::page_facts;
use crate::extract::{Client, Id, Lenient};
use crate::time::rfc3339;
use crate::{AppState, Failure};

/// How much to answer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkedAccountsQuery {
    /// `true`: with what services say of the person.
    #[serde(default)]
    with_metadata: Option<String>,
}

/// What somebody wants to prove.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkAccount {
    /// `EMAIL`, `PHONE`, `EXTERNAL_WALLET`, `TELEGRAM`, `GOOGLE`, `TWITTER`, `DISCORD`, `FACEBOOK`, `APPLE` or
    /// `CUSTOM_OIDC`.
    #[serde(rename = "type")]
    kind: String,
    /// The address or number of `EMAIL` and `PHONE`.
    #[serde(default)]
    identifier: Option<String>,
    /// The wallet of `EXTERNAL_WALLET`.
    #[serde(default)]
    external_wallet: Option<ExternalWallet>,
}

/// The proof; nothing to ask whether it has come another way.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifyLink {
    /// The code that was sent.
    #[serde(default)]
    verification_code: Option<String>,
    /// What Telegram's widget hands over.
    #[serde(default)]
    telegram_auth_response: Option<TelegramAuthObject>,
    /// The wallet that signed.
    #[serde(default)]
    external_wallet: Option<ExternalWallet>,
    /// Its signature.
    #[serde(flatten)]
    signed: Option<SignedMessage>,
}

/// A link that has begun, or an identity that the account has already.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkBegun {
    /// Names the attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_account_id: Option<String>,
    /// What a wallet has to sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_verification_message: Option<String>,
    /// `true`: nothing was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_conflict: Option<bool>,
}

/// An account's identities, or a conflict with another account's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkVerified {
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<LinkedAccountList>,
    /// `true`: the identity is another account's, and nothing was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_conflict: Option<bool>,
}

/// An account's identities.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkedAccountList {
    /// What the account began with.
    primary: Vec<LinkedAccount>,
    /// What was added.
    linked: Vec<LinkedAccount>,
}

/// One way to be the account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkedAccount {
    id: String,
    /// When it was proven first.
    date: String,
    #[serde(rename = "type")]
    kind: &'static str,
    identifier: String,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_wallet: Option<ExternalWallet>,
    /// What the service says of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list_linked_accounts, link_account))
        .routes(routes!(verify_linked_account))
        .routes(routes!(delete_linked_account))
}

/// List linked accounts
#[utoipa::path(
    get, path = "/users/{account}/linked-accounts", tag = "Linked accounts",
    params(("account" = uuid::Uuid, Path, description = "The account that is signed in"), LinkedAccountsQuery),
    responses(
        (status = 200, description = "Its identities", body = LinkVerified),
        (status = 403, description = "`not_signed_in`, or somebody else is", body = SessionRefusal),
    ),
)]
pub(super) async fn list_linked_accounts(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(account): Id<AccountId>,
    Query(query): Query<LinkedAccountsQuery>,
) -> Result<Response, Failure> {
    require_own(&caller, account)?;
    let identities = app.services.linked_accounts.list(&caller).await?;
    let with_metadata = query.with_metadata.as_deref() == Some("true");
    let accounts = list(&caller, identities, with_metadata);
    Ok(outgoing.answer(&app, &caller, verified(accounts)))
}

/// Begin to link an account
///
/// A code is sent, a message for the wallet is made, or a visit to the service is awaited. Whether another account has the
/// identity is told after the proof.
#[utoipa::path(
    post, path = "/users/{account}/linked-accounts", tag = "Linked accounts",
    params(("account" = uuid::Uuid, Path, description = "The account that is signed in")),
    request_body = LinkAccount,
    responses(
        (status = 200, description = "The proof can come, or `isConflict`: the account has this identity", body = LinkBegun),
        (status = 403, description = "`not_signed_in`, or somebody else is", body = SessionRefusal),
        (status = 422, description = "`link_type_invalid`; what is wrong with the wallet", body = SessionRefusal),
        (status = 501, description = "`FARCASTER`", body = SessionRefusal),
    ),
)]
pub(super) async fn link_account(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(account): Id<AccountId>,
    Client(client): Client,
    headers: HeaderMap,
    Lenient(body): Lenient<LinkAccount>,
) -> Result<Response, Failure> {
    require_own(&caller, account)?;
    if body.kind == "FARCASTER" {
        return Err(not_supported("Farcaster accounts cannot be linked"));
    }
    let start = start_of(&caller, client, &headers, body)?;
    let started = app.services.linked_accounts.start(&caller, &start).await?;
    let begun = match started {
        LinkStarted::Begun { id, message } => LinkBegun {
            linked_account_id: Some(id.to_string()),
            signature_verification_message: message,
            is_conflict: None,
        },
        LinkStarted::Conflict => LinkBegun {
            linked_account_id: None,
            signature_verification_message: None,
            is_conflict: Some(true),
        },
    };
    Ok(outgoing.answer(&app, &caller, begun))
}

/// Complete a link
///
/// With the proof, or with nothing to ask whether it has come another way.
#[utoipa::path(
    post, path = "/users/{account}/linked-accounts/{attempt}/verify", tag = "Linked accounts",
    params(
        ("account" = uuid::Uuid, Path, description = "The account that is signed in"),
        ("attempt" = uuid::Uuid, Path, description = "`linkedAccountId`"),
    ),
    request_body = VerifyLink,
    responses(
        (status = 200, description = "The account's identities, or `isConflict`: it is another account's", body = LinkVerified),
        (status = 401, description = "`challenge_invalid`, or what is wrong with the proof", body = SessionRefusal),
        (status = 403, description = "`not_signed_in`, or somebody else is", body = SessionRefusal),
        (status = 409, description = "`link_pending`: the proof has not come yet", body = SessionRefusal),
    ),
)]
pub(super) async fn verify_linked_account(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(account): Id<AccountId>,
    Id(attempt): Id<ChallengeId>,
    Lenient(body): Lenient<VerifyLink>,
) -> Result<Response, Failure> {
    require_own(&caller, account)?;
    let proof = proof_of(&caller.app, body)?;
    let linked = app
        .services
        .linked_accounts
        .verify(&caller, attempt, &proof)
        .await?;
    let answer = match linked {
        Linked::Identities(identities) => verified(list(&caller, identities, false)),
        Linked::Conflict => LinkVerified {
            accounts: None,
            is_conflict: Some(true),
        },
    };
    Ok(outgoing.answer(&app, &caller, answer))
}

/// Remove a linked account
///
/// The last way to sign in stays, and so does the one that this session was signed in with.
#[utoipa::path(
    delete, path = "/users/{account}/linked-accounts/{linked}", tag = "Linked accounts",
    params(
        ("account" = uuid::Uuid, Path, description = "The account that is signed in"),
        ("linked" = uuid::Uuid, Path, description = "The linked account's `id`"),
    ),
    responses(
        (status = 200, description = "What is left", body = LinkedAccountList),
        (status = 403, description = "`not_signed_in`, or somebody else is", body = SessionRefusal),
        (status = 404, description = "The account has no such identity", body = SessionRefusal),
        (status = 409, description = "`last_identity`, `identity_in_use`", body = SessionRefusal),
    ),
)]
pub(super) async fn delete_linked_account(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(account): Id<AccountId>,
    Id(linked): Id<IdentityId>,
) -> Result<Response, Failure> {
    require_own(&caller, account)?;
    let left = app.services.linked_accounts.unlink(&caller, linked).await?;
    Ok(outgoing.answer(&app, &caller, list(&caller, left, false)))
}

fn start_of(
    caller: &SessionCaller,
    client: Option<IpAddr>,
    headers: &HeaderMap,
    body: LinkAccount,
) -> Result<LinkStart, Error> {
    let missing = |pointer: &'static str, what: &str| {
        Error::unprocessable("link_incomplete", format!("{what} is needed for this type"))
            .at(pointer)
    };
    match body.kind.as_str() {
        "EMAIL" | "PHONE" => {
            let text = body
                .identifier
                .ok_or_else(|| missing("/identifier", "`identifier`"))?;
            let contact = if body.kind == "EMAIL" {
                Contact::email(&text)?
            } else {
                Contact::phone(&text)?
            };
            Ok(LinkStart::Contact { contact, client })
        }
        "EXTERNAL_WALLET" => {
            let wallet = body
                .external_wallet
                .ok_or_else(|| missing("/externalWallet", "`externalWallet`"))?
                .within(&caller.app)?;
            Ok(LinkStart::Wallet {
                wallet: wallet.claimed(),
                page: page_facts(&caller.app, headers, None),
            })
        }
        "CUSTOM_OIDC" => Ok(LinkStart::CustomOidc),
        other => service(other).map(LinkStart::Service).ok_or_else(|| {
            Error::unprocessable("link_type_invalid", "no such type of account can be linked")
                .at("/type")
        }),
    }
}

fn proof_of(app: &AppCaller, body: VerifyLink) -> Result<LinkProof, Error> {
    if let Some(code) = body.verification_code {
        return Ok(LinkProof::Code(code));
    }
    if let Some(login) = body.telegram_auth_response {
        return Ok(LinkProof::Telegram(login.into_login()));
    }
    match (body.external_wallet, body.signed) {
        (Some(wallet), Some(signed)) => Ok(LinkProof::Wallet {
            wallet: wallet.within(app)?.claimed(),
            answer: signed.into(),
        }),
        (None, None) => Ok(LinkProof::Awaited),
        _ => Err(Error::unprocessable(
            "link_incomplete",
            "a wallet's proof is `externalWallet` and `signedMessage`",
        )),
    }
}

/// The identity that a service of this name vouches for.
fn service(word: &str) -> Option<IdentityKind> {
    Some(match word {
        "GOOGLE" => IdentityKind::Google,
        "TWITTER" | "X" => IdentityKind::X,
        "DISCORD" => IdentityKind::Discord,
        "FACEBOOK" => IdentityKind::Facebook,
        "APPLE" => IdentityKind::Apple,
        "TELEGRAM" => IdentityKind::Telegram,
        _ => return None,
    })
}

/// As public clients spell an identity's kind.
const fn word_of(kind: &IdentityKind) -> &'static str {
    match kind {
        IdentityKind::Email => "EMAIL",
        IdentityKind::Phone => "PHONE",
        IdentityKind::Google => "GOOGLE",
        IdentityKind::X => "TWITTER",
        IdentityKind::Discord => "DISCORD",
        IdentityKind::Facebook => "FACEBOOK",
        IdentityKind::Apple => "APPLE",
        IdentityKind::Oidc(_) => "CUSTOM_OIDC",
        IdentityKind::Telegram => "TELEGRAM",
        IdentityKind::Evm | IdentityKind::Solana | IdentityKind::Cosmos => "EXTERNAL_WALLET",
    }
}

fn verified(accounts: LinkedAccountList) -> LinkVerified {
    LinkVerified {
        accounts: Some(accounts),
        is_conflict: None,
    }
}

fn list(
    caller: &SessionCaller,
    identities: Vec<Identity>,
    with_metadata: bool,
) -> LinkedAccountList {
    let (primary, linked): (Vec<_>, Vec<_>) = identities
        .into_iter()
        .partition(|identity| identity.is_primary);
    let views = |identities: Vec<Identity>| {
        let view = |identity| view(&caller.app, identity, with_metadata);
        identities.into_iter().map(view).collect()
    };
    LinkedAccountList {
        primary: views(primary),
        linked: views(linked),
    }
}

fn view(app: &AppCaller, identity: Identity, with_metadata: bool) -> LinkedAccount {
    let said = identity.detail.get("profile").cloned().unwrap_or_default();
    let profile: Profile = serde_json::from_value(said.clone()).unwrap_or_default();
    let family = WalletType::ALL
        .into_iter()
        .find(|family| family.identity_kind() == identity.kind);
    let external_wallet = family.map(|family| {
        let provider = identity.detail.get("wallet_provider");
        let provider = provider.and_then(Value::as_str).map(str::to_owned);
        ExternalWallet::shown(family.as_wire(), identity.shown.clone(), provider, app)
    });
    LinkedAccount {
        id: identity.id.to_string(),
        date: rfc3339(identity.created_at),
        kind: word_of(&identity.kind),
        display_name: profile
            .display_name
            .or(profile.username)
            .unwrap_or_else(|| identity.shown.clone()),
        identifier: identity.shown,
        external_wallet,
        metadata: with_metadata.then_some(said),
    }
}
