//! An app, the clients that use it, and the wallets that they sign in with.

use hallpass_core::{
    AppCaller, ClaimedWallet, Contact, EnvironmentPatch, NewApiKey, NewWebhook, Options, PageFacts,
    SessionCaller, WalletAnswer, WalletLogin, WalletOffer,
};
use hallpass_identity::wallet::Chain;
use hallpass_model::{AccountId, ApiKeyKind, EnvironmentId, PageRequest, Result};
use hallpass_testkit::Database;
use hallpass_testkit::wallet::TestWallet;
use hallpass_testkit::world::World;
use serde_json::{Value, json};

/// An app in an environment that takes every kind of wallet.
pub struct App {
    pub world: World,
    pub environment: EnvironmentId,
    /// Gone with the app, not before.
    _database: Database,
    key: String,
}

impl App {
    pub async fn new(database: Database) -> Self {
        let options = Options {
            deliver: false,
            ..Options::default()
        };
        let world = World::with_options(database.store().clone(), options).await;
        let environment = world.environment;
        let key = open_for_wallets(&world, environment).await;
        Self {
            world,
            environment,
            _database: database,
            key,
        }
    }

    pub async fn caller(&self) -> AppCaller {
        known(&self.world, &self.key).await
    }

    /// A client that nobody has seen.
    pub async fn visitor(&self) -> SessionCaller {
        let caller = self.caller().await;
        let opened = self.world.services.sessions.open(caller, None).await;
        opened.expect("a session")
    }

    /// The client that holds this secret; another one if it is worth nothing.
    pub async fn holder_of(&self, secret: &str) -> SessionCaller {
        let caller = self.caller().await;
        let opened = self
            .world
            .services
            .sessions
            .open(caller, Some(secret))
            .await;
        opened.expect("a session")
    }

    pub async fn offer(&self, caller: &SessionCaller, wallet: &TestWallet) -> WalletOffer {
        let offered = self.try_offer(caller, &claimed(wallet)).await;
        offered.expect("a message")
    }

    pub async fn try_offer(
        &self,
        caller: &SessionCaller,
        wallet: &ClaimedWallet,
    ) -> Result<WalletOffer> {
        let wallets = &self.world.services.wallet_sign_in;
        wallets.offer(caller, wallet, &page(), None).await
    }

    pub async fn answer(
        &self,
        caller: &mut SessionCaller,
        offer: &WalletOffer,
        wallet: &TestWallet,
        answer: &WalletAnswer,
    ) -> Result<WalletLogin> {
        let wallets = &self.world.services.wallet_sign_in;
        wallets
            .verify(caller, offer.attempt, &claimed(wallet), answer)
            .await
    }

    /// The whole way; answers who it is.
    pub async fn sign_in(&self, caller: &mut SessionCaller, wallet: &TestWallet) -> AccountId {
        let offer = self.offer(caller, wallet).await;
        let signed = signed(wallet, &offer.message);
        let login = self.answer(caller, &offer, wallet, &signed).await;
        login.expect("signed in").account
    }

    /// A new client in whose session a new account is signed in.
    pub async fn somebody(&self) -> (SessionCaller, AccountId, TestWallet) {
        let wallet = TestWallet::new(Chain::Ethereum);
        let mut caller = self.visitor().await;
        let account = self.sign_in(&mut caller, &wallet).await;
        (caller, account, wallet)
    }

    /// The same installation's other environment, with a caller of its own.
    pub async fn elsewhere(&self) -> AppCaller {
        let other = self.world.another_environment("beta").await;
        let key = open_for_wallets(&self.world, other).await;
        known(&self.world, &key).await
    }

    pub async fn set(&self, patch: Value) {
        set(&self.world, self.environment, patch).await;
    }

    /// The newest code that was sent to an address.
    pub fn newest_code(&self, to: &str) -> String {
        let mut caught = self.world.post.list().into_iter();
        let newest = caught.find(|caught| caught.to == to);
        newest.and_then(|caught| caught.code).expect("a code")
    }

    pub async fn sign_in_by_mail(&self, caller: &mut SessionCaller, to: &str) -> AccountId {
        let codes = &self.world.services.codes;
        let contact = Contact::email(to).expect("an address");
        let sent = codes.send(caller, contact, None).await.expect("sent");
        let typed = self.newest_code(to);
        let client = self.holder_of(caller.token()).await;
        let (client, signed_in) = codes
            .verify(client, sent.flow, &typed)
            .await
            .expect("signed in");
        *caller = client;
        signed_in.account.id
    }

    /// Has others be told of proven wallets.
    pub async fn tell_of_wallets(&self) {
        let new = NewWebhook {
            url: "https://hooks.example/".to_owned(),
            events: vec!["user.external_wallet_verified".to_owned()],
            enabled: true,
            signature_header: None,
        };
        let webhooks = &self.world.services.webhooks;
        let admin = self.world.admin();
        let added = webhooks.add(&admin, self.environment, new).await;
        added.expect("a webhook");
    }

    /// What is to be told.
    pub async fn told(&self) -> Vec<Value> {
        let page = PageRequest {
            after: None,
            limit: 200,
        };
        let deliveries = &self.world.services.deliveries;
        let query = hallpass_core::DeliveryQuery {
            webhook: None,
            state: None,
        };
        let listed = deliveries
            .list(&self.world.admin(), self.environment, &query, &page)
            .await;
        let data = |payload: &str| -> Value {
            let payload: Value = serde_json::from_str(payload).expect("JSON");
            payload["data"].clone()
        };
        let listed = listed.expect("a list").items;
        listed.iter().map(|one| data(&one.payload)).collect()
    }

    pub async fn freeze(&self, account: AccountId) {
        let mut tx = self.world.store.write().await.expect("a transaction");
        let found = tx.find_account(self.environment, account).await;
        let mut account = found.expect("read").expect("there");
        account.frozen_at = Some(hallpass_core::Clock::now(&*self.world.clock));
        assert_eq!(tx.update_account(&account).await, Ok(true));
        tx.commit().await.expect("committed");
    }
}

pub fn page() -> PageFacts {
    PageFacts {
        origin: Some("https://app.example".to_owned()),
        ..PageFacts::default()
    }
}

pub fn word(chain: Chain) -> &'static str {
    match chain {
        Chain::Ethereum => "EVM",
        Chain::Solana => "SOLANA",
        Chain::Cosmos => "COSMOS",
    }
}

pub fn claimed(wallet: &TestWallet) -> ClaimedWallet {
    ClaimedWallet {
        kind: word(wallet.chain()).to_owned(),
        address: wallet.address(),
        provider: Some("Test".to_owned()),
        ..ClaimedWallet::default()
    }
}

pub fn signed(wallet: &TestWallet, message: &str) -> WalletAnswer {
    WalletAnswer {
        signature: wallet.sign(message),
        cosmos_public_key: Some(wallet.public_key()),
        cosmos_signer: None,
    }
}

pub async fn set(world: &World, environment: EnvironmentId, patch: Value) {
    let patch = EnvironmentPatch {
        sign_in: Some(patch),
        ..EnvironmentPatch::default()
    };
    let environments = &world.services.environments;
    let admin = world.admin();
    let updated = environments.update(&admin, environment, patch, None).await;
    updated.expect("settings");
}

async fn open_for_wallets(world: &World, environment: EnvironmentId) -> String {
    let patch = json!({ "wallet_types": ["evm", "solana", "cosmos"] });
    set(world, environment, patch).await;
    let new = NewApiKey {
        kind: ApiKeyKind::Publishable,
        name: "app".to_owned(),
        prefix: None,
        expires_in_secs: None,
    };
    let keys = &world.services.api_keys;
    let made = keys.create(&world.admin(), environment, new).await;
    let text = made.expect("a key").into_inner().text;
    text.expect("shown").to_string()
}

async fn known(world: &World, key: &str) -> AppCaller {
    let origin = Some("https://app.example");
    let caller = world.services.api_keys.authenticate(key, origin).await;
    caller.expect("a good key")
}
