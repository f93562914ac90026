use hallpass_model::{RolePermission, SignInSettings, ThemeMode, WalletType};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// How people sign in, and what their sessions and issued tokens are like.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInSettings)]
pub(super) struct SignInView {
    /// How long a session lasts after its last use, in seconds; 1 to 30 days.
    session_secs: i64,
    /// How long it lasts after the sign-in however much it is used, in seconds; at most 366 days.
    session_absolute_secs: i64,
    /// The longest life of an issued token, in seconds; `null`: that of a session, at most a day.
    jwt_max_secs: Option<i64>,
    /// Origins whose pages may use a publishable key; empty: any.
    #[schema(example = json!(["https://app.example"]))]
    allowed_origins: Vec<String>,
    /// Host names under which the key set is found at `/.well-known/jwks.json`.
    hosts: Vec<String>,
    /// Where the hosted pages are reached; `null`: where this server is.
    portal_url: Option<String>,
    /// The app's name, for people.
    display_name: Option<String>,
    /// The address of the app's picture.
    logo_url: Option<String>,
    /// `light` or `dark`; `null`: as the person's machine is.
    theme_mode: Option<&'static str>,
    /// `#rrggbb`.
    accent_color: Option<String>,
    /// `#rrggbb`.
    foreground_color: Option<String>,
    /// `#rrggbb`.
    background_color: Option<String>,
    /// The name of a font that the person's machine has.
    font: Option<String>,
    /// External wallets that people may sign in with: `evm`, `solana`, `cosmos`.
    wallet_types: Vec<WalletTypeWord>,
    /// How Cosmos addresses begin.
    cosmos_prefix: String,
    /// A code in a mail signs in.
    email: bool,
    /// A code in a text signs in.
    phone: bool,
    /// Passkeys sign in, on the hosted page.
    passkeys: bool,
    /// Codes are typed on the hosted page instead of in the app.
    hosted_codes: bool,
    /// Issued tokens are user tokens of the Connect surface.
    trust_issued_tokens: bool,
    /// The permission claim of issued tokens where neither account nor role has one.
    #[schema(value_type = Option<Object>)]
    issued_permissions: Option<Value>,
    /// Permission claims by the account's role; at most 64.
    role_permissions: Vec<RolePermissionView>,
    /// Rows of issuer keys, 1 to 8.
    issuer_keys: u32,
    /// How long an issuer key signs before it is replaced, in seconds; `null`: until somebody asks.
    rotate_after_secs: Option<i64>,
    /// How long others may keep the published key set, in seconds; 1 to a day.
    jwks_max_age_secs: i64,
}

/// A family of external wallets.
#[derive(Serialize, ToSchema)]
#[schema(as = WalletType)]
#[serde(rename_all = "snake_case")]
enum WalletTypeWord {
    Evm,
    Solana,
    Cosmos,
}

/// A role and the permission claim of its accounts' tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = RolePermission)]
struct RolePermissionView {
    role: String,
    #[schema(value_type = Object)]
    permissions: Value,
}

impl From<SignInSettings> for SignInView {
    fn from(settings: SignInSettings) -> Self {
        // Taken apart by name, so that a new setting cannot be forgotten here.
        let SignInSettings {
            session_secs,
            session_absolute_secs,
            jwt_max_secs,
            allowed_origins,
            hosts,
            portal_url,
            display_name,
            logo_url,
            theme_mode,
            accent_color,
            foreground_color,
            background_color,
            font,
            wallet_types,
            cosmos_prefix,
            email,
            phone,
            passkeys,
            hosted_codes,
            trust_issued_tokens,
            issued_permissions,
            role_permissions,
            issuer_keys,
            rotate_after_secs,
            jwks_max_age_secs,
        } = settings;
        Self {
            session_secs,
            session_absolute_secs,
            jwt_max_secs,
            allowed_origins,
            hosts,
            portal_url,
            display_name,
            logo_url,
            theme_mode: theme_mode.map(ThemeMode::as_str),
            accent_color,
            foreground_color,
            background_color,
            font,
            wallet_types: wallet_types.into_iter().map(WalletTypeWord::from).collect(),
            cosmos_prefix,
            email,
            phone,
            passkeys,
            hosted_codes,
            trust_issued_tokens,
            issued_permissions,
            role_permissions: role_permissions
                .into_iter()
                .map(RolePermissionView::from)
                .collect(),
            issuer_keys,
            rotate_after_secs,
            jwks_max_age_secs,
        }
    }
}

impl From<WalletType> for WalletTypeWord {
    fn from(wallet: WalletType) -> Self {
        match wallet {
            WalletType::Evm => Self::Evm,
            WalletType::Solana => Self::Solana,
            WalletType::Cosmos => Self::Cosmos,
        }
    }
}

impl From<RolePermission> for RolePermissionView {
    fn from(entry: RolePermission) -> Self {
        Self {
            role: entry.role,
            permissions: entry.permissions,
        }
    }
}
