//! A world with an app, its visitors and a trap for what they are sent.

use std::net::IpAddr;
use std::sync::Arc;

use hallpass_core::{
    AppCaller, CodeSent, Contact, EnvironmentPatch, Mailer, MasterKeys, NewApiKey, Options,
    Services, SessionCaller, SignedInByCode, Surroundings, SystemRng, TextSender,
};
use hallpass_model::{ApiKeyKind, Challenge, ChallengeId, IdentityKind, Result, Timestamp};
use hallpass_seal::{KeyRing, MasterKey};
use hallpass_testkit::Database;
use hallpass_testkit::world::World;
use serde_json::{Value, json};

pub const ADA: &str = "ada@example.com";

pub struct Signing {
    pub world: World,
    pub key: String,
    pub database: Database,
}

impl Signing {
    pub async fn new(database: Database) -> Self {
        let world = World::new(database.store().clone()).await;
        let new = NewApiKey {
            kind: ApiKeyKind::Publishable,
            name: "app".to_owned(),
            prefix: None,
            expires_in_secs: None,
        };
        let keys = &world.services.api_keys;
        let made = keys.create(&world.admin(), world.environment, new).await;
        let key = made.unwrap().into_inner().text.unwrap().to_string();
        Self {
            world,
            key,
            database,
        }
    }

    pub async fn with_phone(database: Database) -> Self {
        let signing = Self::new(database).await;
        signing.set(json!({ "phone": true })).await;
        signing
    }

    pub fn services(&self) -> &Arc<Services> {
        &self.world.services
    }

    pub async fn set(&self, sign_in: Value) {
        let patch = EnvironmentPatch {
            sign_in: Some(sign_in),
            ..EnvironmentPatch::default()
        };
        let environments = &self.services().environments;
        environments
            .update(&self.world.admin(), self.world.environment, patch, None)
            .await
            .unwrap();
    }

    /// Services on the same database and clock that send in another way.
    pub async fn node_with(&self, mailer: Mailer, texts: TextSender) -> Arc<Services> {
        let surroundings = Surroundings {
            mailer,
            texts,
            master_keys: MasterKeys::from_source(|| {
                Ok(Some(KeyRing::new(MasterKey::generate([7; 32]))))
            }),
            ..Surroundings::new(self.world.egress.clone())
        };
        Services::start(
            self.database.open_again().await,
            self.world.clock.clone(),
            Arc::new(SystemRng::new()),
            surroundings,
            Options::default(),
        )
        .await
        .unwrap()
    }

    pub async fn app(&self) -> AppCaller {
        self.services()
            .api_keys
            .authenticate(&self.key, None)
            .await
            .unwrap()
    }

    pub async fn visitor(&self) -> SessionCaller {
        self.visitor_with(None).await
    }

    /// A client that presents this session value.
    pub async fn visitor_with(&self, presented: Option<&str>) -> SessionCaller {
        let app = self.app().await;
        self.services().sessions.open(app, presented).await.unwrap()
    }

    pub async fn send(&self, visitor: &SessionCaller, to: &str, from: &str) -> Result<CodeSent> {
        let codes = &self.services().codes;
        codes.send(visitor, contact(to), client(from)).await
    }

    /// A code for an address, as its reader would type it.
    pub async fn code(
        &self,
        visitor: &SessionCaller,
        to: &str,
        from: &str,
    ) -> (ChallengeId, String) {
        let sent = self.send(visitor, to, from).await.unwrap();
        (sent.flow, self.newest(sent.contact.shown()))
    }

    /// The newest code that was sent to an address.
    pub fn newest(&self, to: &str) -> String {
        let caught = self.world.post.list().into_iter();
        let mut to_them = caught.filter(|caught| caught.to == to);
        to_them.next().and_then(|caught| caught.code).unwrap()
    }

    pub async fn answer(
        &self,
        visitor: SessionCaller,
        flow: ChallengeId,
        typed: &str,
    ) -> Result<(SessionCaller, SignedInByCode)> {
        self.services().codes.verify(visitor, flow, typed).await
    }

    /// The code of a refusal.
    pub async fn refused(
        &self,
        visitor: &SessionCaller,
        flow: ChallengeId,
        typed: &str,
    ) -> &'static str {
        let again = self.visitor_with(Some(visitor.token())).await;
        match self.answer(again, flow, typed).await {
            Ok(_) => "signed in",
            Err(error) => error.code(),
        }
    }

    /// Signs in whoever reads an address; answers the session's value.
    pub async fn sign_in(&self, to: &str) -> (SessionCaller, SignedInByCode) {
        let visitor = self.visitor().await;
        let (flow, code) = self.code(&visitor, to, "203.0.113.200").await;
        self.answer(visitor, flow, &code).await.unwrap()
    }

    /// What is kept of the codes for an address.
    pub async fn kept(&self, kind: &IdentityKind, identifier: &str) -> Vec<Challenge> {
        let mut tx = self.world.store.read().await.unwrap();
        tx.list_challenges_of_identifier(
            self.world.environment,
            kind,
            identifier,
            Timestamp::from_secs(0),
        )
        .await
        .unwrap()
    }

    pub async fn counted(&self, identifier: &str) -> i64 {
        let kept = self.kept(&IdentityKind::Email, identifier).await;
        kept.iter().map(|challenge| challenge.wrong_answers).sum()
    }
}

pub fn contact(text: &str) -> Contact {
    if text.contains('@') {
        Contact::email(text).unwrap()
    } else {
        Contact::phone(text).unwrap()
    }
}

pub fn client(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// As many digits, another code.
pub fn other_than(code: &str) -> String {
    let (first, rest) = code.split_at(1);
    let other = if first == "0" { "1" } else { "0" };
    format!("{other}{rest}")
}
