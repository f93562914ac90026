//! What an issued token says. The names are those that the public clients' backends read.

use std::borrow::Cow;

use hallpass_model::{
    Account, EnvironmentId, IdentityKind, Login, Session, SessionWallet, SignInSettings, Wallet,
    WalletType,
};
use hallpass_permissions as permissions;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

/// Everything that goes into one token.
pub(super) struct Attested<'a> {
    pub(super) environment: EnvironmentId,
    pub(super) account: &'a Account,
    pub(super) session: &'a Session,
    pub(super) login: &'a Login,
    /// Provisioned by the app, and proven.
    pub(super) wallets: &'a [Wallet],
    pub(super) settings: &'a SignInSettings,
    /// Seconds since 1970.
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
}

/// How somebody signed in, in the words of public clients.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identified<'a> {
    auth_type: Cow<'static, str>,
    /// The member that repeats the identifier under its own name, where clients know one.
    member: Option<&'static str>,
    identifier: &'a str,
}

impl Serialize for Attested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut claims = serializer.serialize_map(None)?;
        claims.serialize_entry("sub", &self.account.id.to_string())?;
        claims.serialize_entry("aud", &self.environment.to_string())?;
        claims.serialize_entry("iat", &self.issued_at)?;
        claims.serialize_entry("exp", &self.expires_at)?;
        claims.serialize_entry("sid", &self.session.id.to_string())?;
        claims.serialize_entry("data", &Data(self))?;
        if let Some(claim) = permissions_of(self.account, self.settings) {
            claims.serialize_entry(permissions::CLAIM, claim)?;
        }
        claims.end()
    }
}

/// The account's own permissions, else its role's, else everybody's; nothing: no claim.
fn permissions_of<'a>(account: &'a Account, settings: &'a SignInSettings) -> Option<&'a Value> {
    let of_role = || {
        let role = account.role.as_ref()?;
        let mut templates = settings.role_permissions.iter();
        templates
            .find(|template| template.role == *role)
            .map(|template| &template.permissions)
    };
    account
        .permissions
        .as_ref()
        .or_else(of_role)
        .or(settings.issued_permissions.as_ref())
}

struct Data<'a>(&'a Attested<'a>);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Attested {
            account,
            session,
            login,
            wallets,
            ..
        } = self.0;
        let identified = Identified::by(login);
        let provisioned = wallets.iter().map(WalletClaim::of);
        let connected = session.wallets.iter().filter_map(WalletClaim::of_session);
        let own: Vec<_> = provisioned.collect();
        let all: Vec<_> = own.iter().cloned().chain(connected).collect();
        let mut data = serializer.serialize_map(None)?;
        data.serialize_entry("userId", &account.id.to_string())?;
        data.serialize_entry("authType", &identified.auth_type)?;
        data.serialize_entry("identifier", identified.identifier)?;
        if let Some(member) = identified.member {
            data.serialize_entry(member, identified.identifier)?;
        }
        if let Some(method) = &login.oauth_method {
            data.serialize_entry("oAuthMethod", method)?;
        }
        if let Some(wallet) = external_wallet(login, session) {
            data.serialize_entry("externalWallet", &wallet)?;
        }
        data.serialize_entry("wallets", &own)?;
        data.serialize_entry("connectedWallets", &all)?;
        data.end()
    }
}

impl<'a> Identified<'a> {
    fn by(login: &'a Login) -> Self {
        let plain = |auth_type: &'static str, member| Self {
            auth_type: auth_type.into(),
            member: Some(member),
            identifier: &login.identifier,
        };
        match &login.kind {
            IdentityKind::Email => plain("email", "email"),
            IdentityKind::Phone => plain("phone", "phone"),
            IdentityKind::Telegram => plain("telegram", "telegramUserId"),
            // Clients compare an address as text, so it stays as they wrote it.
            IdentityKind::Evm | IdentityKind::Solana | IdentityKind::Cosmos => Self {
                auth_type: "externalWallet".into(),
                member: Some("externalWalletAddress"),
                identifier: &login.shown,
            },
            // A service that vouched for no mailbox: clients have no word of their own for it.
            kind => Self {
                auth_type: kind.to_string().into(),
                member: None,
                identifier: &login.identifier,
            },
        }
    }
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct WalletClaim<'a> {
    id: Cow<'a, str>,
    r#type: &'static str,
    address: &'a str,
    public_key: &'a str,
}

impl<'a> WalletClaim<'a> {
    fn of(wallet: &'a Wallet) -> Self {
        Self {
            id: wallet.id.to_string().into(),
            r#type: wallet.chain.as_wire(),
            address: &wallet.address,
            public_key: wallet.claimed_public_key(),
        }
    }

    /// Public clients know an external wallet by its address.
    fn of_session(wallet: &'a SessionWallet) -> Option<Self> {
        Some(Self {
            id: wallet.address.as_str().into(),
            r#type: family(&wallet.kind)?.as_wire(),
            address: &wallet.address,
            public_key: "",
        })
    }
}

#[derive(Serialize)]
struct ExternalWallet<'a> {
    address: &'a str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
}

fn external_wallet<'a>(login: &'a Login, session: &'a Session) -> Option<ExternalWallet<'a>> {
    let family = family(&login.kind)?;
    let mut wallets = session.wallets.iter();
    let known = wallets.find(|wallet| wallet.kind == login.kind && wallet.address == login.shown);
    Some(ExternalWallet {
        address: &login.shown,
        r#type: family.as_wire(),
        provider: known.and_then(|wallet| wallet.provider.as_deref()),
    })
}

const fn family(kind: &IdentityKind) -> Option<WalletType> {
    match kind {
        IdentityKind::Evm => Some(WalletType::Evm),
        IdentityKind::Solana => Some(WalletType::Solana),
        IdentityKind::Cosmos => Some(WalletType::Cosmos),
        _ => None,
    }
}
