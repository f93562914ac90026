//! Somebody who is signed in, however they did it: written as a sign-in would write it.

use hallpass_core::{AppCaller, NewApiKey, OperatorCaller, Services, SessionCaller};
use hallpass_model::{
    Account, AccountId, ApiKeyKind, EnvironmentId, Error, Identity, IdentityId, IdentityKind,
    Login, Profile, SessionId, SessionWallet,
};
use hallpass_store::Store;
use serde_json::Value;

/// A person with an app's key and a session.
pub struct Person {
    /// Who it is.
    pub account: AccountId,
    /// The session's public handle.
    pub session: SessionId,
    /// The app's publishable key.
    pub key: String,
    /// The session's secret.
    pub secret: String,
}

/// What is written of a person.
pub struct Signing {
    /// How they signed in.
    pub login: Login,
    /// External wallets that signed in this session.
    pub wallets: Vec<SessionWallet>,
    /// The account's role.
    pub role: Option<String>,
    /// The account's own permissions.
    pub permissions: Option<Value>,
}

impl Signing {
    /// In by a mailbox.
    #[must_use]
    pub fn by_email(address: &str) -> Self {
        Self::by(IdentityKind::Email, address)
    }

    /// In by anything that has an identifier.
    #[must_use]
    pub fn by(kind: IdentityKind, identifier: &str) -> Self {
        Self {
            login: Login {
                kind,
                identifier: identifier.to_owned(),
                shown: identifier.to_owned(),
                oauth_method: None,
            },
            wallets: Vec::new(),
            role: None,
            permissions: None,
        }
    }
}

/// Makes an account and a session in which it is signed in.
pub async fn signed_in(
    services: &Services,
    store: &Store,
    environment: EnvironmentId,
    signing: Signing,
) -> Person {
    let key = publishable_key(services, environment).await;
    let app = app(services, &key).await.expect("a good key");
    let caller = services.sessions.open(app, None).await.expect("a session");
    let now = services.clock.now();
    let account = Account {
        id: AccountId::from_random(services.rng.bytes()),
        environment_id: environment,
        profile: Profile::default(),
        role: signing.role,
        permissions: signing.permissions,
        version: 1,
        frozen_at: None,
        signed_in_at: Some(now),
        created_at: now,
        updated_at: now,
    };
    let identity = Identity {
        id: IdentityId::from_random(services.rng.bytes()),
        environment_id: environment,
        account_id: account.id,
        kind: signing.login.kind.clone(),
        identifier: signing.login.identifier.clone(),
        shown: signing.login.shown.clone(),
        detail: Value::Null,
        is_primary: true,
        created_at: now,
    };
    let mut session = caller.session.clone();
    session.account_id = Some(account.id);
    session.login = Some(signing.login);
    session.wallets = signing.wallets;
    session.authenticated_at = Some(now);
    let mut tx = store.write().await.expect("a transaction");
    tx.insert_account(&account).await.expect("a new account");
    tx.insert_identity_if_absent(&identity)
        .await
        .expect("a new identity");
    tx.update_session(&session).await.expect("the session");
    tx.commit().await.expect("both are kept");
    Person {
        account: account.id,
        session: session.id,
        key,
        secret: caller.token().to_owned(),
    }
}

/// A fresh publishable key of an environment.
pub async fn publishable_key(services: &Services, environment: EnvironmentId) -> String {
    let new = NewApiKey {
        kind: ApiKeyKind::Publishable,
        name: "app".to_owned(),
        prefix: Some("dev".to_owned()),
        expires_in_secs: None,
    };
    let made = services
        .api_keys
        .create(&OperatorCaller::command_line(), environment, new)
        .await
        .expect("a key")
        .into_inner();
    made.text.expect("the key itself").to_string()
}

/// The app of a key, as a request finds it.
///
/// # Errors
/// As a request's.
pub async fn app(services: &Services, key: &str) -> Result<AppCaller, Error> {
    services.api_keys.authenticate(key, None).await
}

impl Person {
    /// The person as a request finds it, on any node.
    ///
    /// # Errors
    /// As a request's.
    pub async fn present(&self, services: &Services) -> Result<SessionCaller, Error> {
        let app = app(services, &self.key).await?;
        services
            .sessions
            .require_signed_in(app, Some(&self.secret))
            .await
    }

    /// A token, as a request gets it.
    ///
    /// # Errors
    /// As a request's.
    pub async fn issue(
        &self,
        services: &Services,
        key_index: i64,
    ) -> Result<hallpass_core::IssuedToken, Error> {
        let caller = self.present(services).await?;
        services.issuing.issue(&caller, key_index).await
    }
}
