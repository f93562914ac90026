//! Bounds that hold everywhere, in one place.

/// Audiences an environment may accept.
pub const AUDIENCES: usize = 16;
/// Bytes of one audience or issuer.
pub const AUDIENCE_BYTES: usize = 512;
/// Seconds of clock leeway an environment may grant.
pub const LEEWAY_SECS: u32 = 300;
/// Bytes of a project, environment or operator name.
pub const NAME_BYTES: usize = 100;
/// Bytes of a token's `sub`.
pub const SUBJECT_BYTES: usize = 255;
/// Bytes of a user's metadata as JSON text.
pub const METADATA_BYTES: usize = 64 * 1024;
/// Nesting of a user's metadata, the outermost object counted.
pub const METADATA_DEPTH: usize = 16;
/// Signing keys of one environment that may retire at the same time.
pub const RETIRING_KEYS: usize = 3;
/// Longest overlap of a rotation, in seconds (30 days).
pub const OVERLAP_SECS: i64 = 30 * 24 * 60 * 60;
/// Projects an operator may be limited to.
pub const OPERATOR_PROJECTS: usize = 100;
/// Rows of one page of a list.
pub const PAGE_ROWS: u32 = 200;
/// Rows that one search for people looks at.
pub const SEARCH_ROWS: u32 = 20_000;
/// Identity providers of one environment, disabled ones included.
pub const IDENTITY_PROVIDERS: usize = 16;
/// Bytes of a URL or host name in a provider's settings.
pub const PROVIDER_TEXT_BYTES: usize = 512;
/// Roles that one provider may map to permissions.
pub const PROVIDER_ROLES: usize = 64;
/// Bytes of the permissions of all roles of one provider, as JSON text.
pub const ROLE_PERMISSIONS_BYTES: usize = 64 * 1024;
/// Token types, or algorithms, that one provider may list.
pub const PROVIDER_LIST: usize = 8;
/// Webhooks of one environment, disabled ones included.
pub const WEBHOOKS: usize = 16;
/// Bytes of a webhook's address.
pub const WEBHOOK_URL_BYTES: usize = 2048;
/// Bytes of what one delivery says.
pub const DELIVERY_BYTES: usize = 64 * 1024;
/// Rows of issuer keys that an environment may have.
pub const ISSUER_KEY_INDEXES: u32 = 8;
/// Origins that an environment may allow.
pub const ALLOWED_ORIGINS: usize = 64;
/// Passkeys that an account may have.
pub const PASSKEYS: usize = 20;
/// Host names that an environment may have.
pub const HOSTS: usize = 16;
/// Provisioned wallets of one account.
pub const ACCOUNT_WALLETS: i64 = 20;
/// Sign-in providers of one environment, disabled ones included.
pub const SIGN_IN_PROVIDERS: usize = 32;
