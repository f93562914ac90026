//! The rules of Hallpass, one module per noun. Surfaces call a service once per request; services open, pass down
//! and commit their own transactions.

mod accounts;
mod actor;
mod api_keys;
mod audit;
mod calls;
mod change;
mod clock;
mod deliveries;
mod environments;
mod expected;
mod explain;
mod health;
mod identity_providers;
mod issuer_keys;
mod issuing;
mod keys;
mod ledger;
mod linked_accounts;
mod metadata;
mod names;
mod operator_sessions;
mod operators;
mod projects;
mod rng;
mod seal;
mod sealing;
mod secret_text;
mod services;
mod sessions;
mod sign_in;
mod sign_in_providers;
mod signing_keys;
mod standard_webhooks;
mod texts;
mod tokens;
mod upkeep;
mod users;
mod wallets;
mod webhooks;

pub use accounts::{AccountDetail, AccountPatch, Accounts};
pub use actor::{Actor, Created, IdempotencyKey, OperatorCaller};
pub use api_keys::{ApiKeys, AppCaller, NewApiKey, NewApiKeyText, SECRET_PREFIX};
pub use audit::{Audit, AuditQuery};
pub use calls::{CallQuestion, environment_of_call, question_of_call};
pub use clock::{Clock, SettableClock, SystemClock};
pub use deliveries::{DELIVERY_HEADER, Deliveries, DeliveryQuery};
pub use environments::{EnvironmentPatch, Environments};
pub use explain::{
    Explain, ExplainRequest, Matrix, MatrixCell, MatrixRequest, MatrixRow, Question,
};
pub use hallpass_mail::{Caught, Mailer, Trap};
pub use hallpass_permissions::Permission;
pub use health::{Check, Health, Readiness};
pub use identity_providers::{
    IdentityProviders, KeyReport, ProviderPatch, ProviderTest, ProviderView, ProviderWarning,
};
pub use issuer_keys::{IssuerKeys, PublishedKeys, RevokedIssuerKey};
pub use issuing::{IssuedToken, Issuing};
pub use keys::{FetchReport, KeysFailure, KeysState, KeysStatus};
pub use linked_accounts::{LinkProof, LinkStart, LinkStarted, Linked, LinkedAccounts};
pub use operator_sessions::{
    ListedOperatorPasskey, ListedOperatorSession, OpenedSession, OperatorPasskeyInvitation,
    OperatorPasskeys, OperatorSessions, SeatedOperator,
};
pub use operators::{KEY_PREFIX, NewOperator, NewOperatorKey, OperatorPatch, Operators};
pub use projects::Projects;
pub use rng::{Rng, SystemRng};
pub use seal::MasterKeys;
pub use sealing::{Rotation, SealKey, SealKeyState, SealStatus, Sealing};
pub(crate) use services::Shared;
pub use services::{DecisionLog, Options, Services, Surroundings};
pub use sessions::{SessionCaller, Sessions};
pub use sign_in::codes::{CodeSent, Codes, Contact, SignedInByCode};
pub use sign_in::{
    ClaimedWallet, MadePasskey, PageBrowser, PageFacts, PagePlace, PageVisitor, PasskeyAnswer,
    PasskeyInvitation, PasskeyQuestion, Passkeys, TelegramAccount, TelegramLogin, TelegramSignIn,
    WalletAnswer, WalletLogin, WalletOffer, WalletSignIn,
};
pub use sign_in::{Oauth, OauthEnd, OauthOutcome, OauthStanding, OauthVisit};
pub use sign_in_providers::{
    NewSignInProvider, SignInProviderButton, SignInProviderPatch, SignInProviderView,
    SignInProviderWarning, SignInProviders,
};
pub use signing_keys::{GENERATED_BITS, GeneratedKey, SigningKeys};
pub use texts::TextSender;
pub use tokens::{
    Caller, OfflineReport, Step, TALLY_MINUTES, TalliedMinute, TokenReport, TokenTally, Tokens,
    check_offline,
};
pub use users::{Me, RevokedUser, Users};
pub use wallets::{WalletChallenge, WalletOwner, WalletProof, Wallets};
pub use webhooks::{NewWebhook, WebhookPatch, WebhookTest, WebhookWithSecret, Webhooks};
