use std::sync::{Arc, Mutex, PoisonError};

use hallpass_egress::Egress;
use hallpass_mail::Mailer;
use hallpass_model::{EnvironmentId, Result};
use hallpass_oauth::Client as OauthClient;
use hallpass_store::Store;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::clock::SetBackAlarm;
use crate::issuer_keys::{Ring, keep_up_for_ever};
use crate::keys::remote::RemoteKeys;
use crate::ledger::{FLUSH_EVERY, Ledger};
use crate::seal::{MasterKeys, Seal};
use crate::sealing;
use crate::tokens::TokenCache;
use crate::tokens::trust::{Snapshot, Trust};
use crate::upkeep;
use crate::{
    Accounts, ApiKeys, Audit, Clock, Codes, Deliveries, Environments, Explain, Health,
    IdentityProviders, IssuerKeys, Issuing, LinkedAccounts, Oauth, OperatorPasskeys,
    OperatorSessions, Operators, Passkeys, Projects, Rng, Sealing, Sessions, SignInProviders,
    SigningKeys, TelegramSignIn, TextSender, Tokens, Users, WalletSignIn, Wallets, Webhooks,
    deliveries, webhooks,
};

/// What the operator of this process chose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes that remembered tokens may take together.
    pub token_cache_bytes: u64,
    /// Which permission decisions become audit rows.
    pub record_decisions: DecisionLog,
    /// Days after which decision rows are swept. Changes are kept for ever.
    pub keep_decisions_days: u32,
    /// Whether this process sends what waits in the queue of deliveries. One that lives for a moment should not begin.
    pub deliver: bool,
}

/// What services reach beside the database.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Every outbound request.
    pub egress: Egress,
    /// The keys that seal secrets.
    pub master_keys: MasterKeys,
    /// How mail leaves.
    pub mailer: Mailer,
    /// How text messages leave.
    pub texts: TextSender,
}

impl Surroundings {
    /// A way out and nothing else.
    #[must_use]
    pub fn new(egress: Egress) -> Self {
        Self {
            egress,
            master_keys: MasterKeys::none(),
            mailer: Mailer::off(),
            texts: TextSender::off(),
        }
    }
}

/// Which permission decisions become audit rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionLog {
    /// None of them.
    None,
    /// Those that refuse.
    Denied,
    /// Every one, equal denials within two seconds as one; grows with the traffic.
    All,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token_cache_bytes: 32 * 1024 * 1024,
            record_decisions: DecisionLog::Denied,
            keep_decisions_days: 30,
            deliver: true,
        }
    }
}

/// What services share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) options: Options,
    pub(crate) trust: Trust,
    pub(crate) ledger: Ledger,
    pub(crate) cache: TokenCache,
    pub(crate) remote: RemoteKeys,
    pub(crate) ring: Ring,
    pub(crate) egress: Egress,
    pub(crate) oauth: OauthClient,
    pub(crate) seal: Seal,
    pub(crate) mailer: Mailer,
    pub(crate) texts: TextSender,
    /// Whose turn it is to search people: each search walks many rows.
    pub(crate) searches: Semaphore,
    /// Something was added to the queue of deliveries, or will be once its transaction commits.
    pub(crate) deliveries_due: Notify,
}

impl Shared {
    /// What an environment trusts now.
    ///
    /// # Errors
    /// `not_found`, `storage_unavailable`.
    pub(crate) async fn snapshot(&self, environment: EnvironmentId) -> Result<Arc<Snapshot>> {
        self.trust
            .snapshot(
                environment,
                &self.store,
                &self.ledger,
                &self.remote,
                &self.ring,
                self.clock.now(),
            )
            .await
    }
}

/// Every service, and the tasks that keep them true.
pub struct Services {
    /// Products of the operator.
    pub projects: Projects,
    /// Where keys, users and settings live.
    pub environments: Environments,
    /// The customer's keys.
    pub signing_keys: SigningKeys,
    /// Services outside whose tokens are user tokens.
    pub identity_providers: IdentityProviders,
    /// The keys that sign issued tokens.
    pub issuer_keys: IssuerKeys,
    /// Tokens that attest who is signed in.
    pub issuing: Issuing,
    /// Services outside that vouch for people.
    pub sign_in_providers: SignInProviders,
    /// User tokens.
    pub tokens: Tokens,
    /// Connected users.
    pub users: Users,
    /// Operators and their keys.
    pub operators: Operators,
    /// Their sessions at the dashboard.
    pub operator_sessions: OperatorSessions,
    /// Their passkeys.
    pub operator_passkeys: OperatorPasskeys,
    /// The audit trail.
    pub audit: Audit,
    /// Keys by which apps name their environment.
    pub api_keys: ApiKeys,
    /// People who sign in here.
    pub accounts: Accounts,
    /// Their sessions.
    pub sessions: Sessions,
    /// Codes in mails and text messages.
    pub codes: Codes,
    /// Their passkeys.
    pub passkeys: Passkeys,
    /// Signing in with services that vouch for people.
    pub oauth: Oauth,
    /// Permission decisions with their reasons.
    pub explain: Explain,
    /// The master key.
    pub sealing: Sealing,
    /// Sign-in with external wallets.
    pub wallet_sign_in: WalletSignIn,
    /// Sign-in with Telegram.
    pub telegram_sign_in: TelegramSignIn,
    /// Further identities of an account.
    pub linked_accounts: LinkedAccounts,
    /// Wallets that apps provision.
    pub wallets: Wallets,
    /// Addresses that are told of events.
    pub webhooks: Webhooks,
    /// What they were told.
    pub deliveries: Deliveries,
    /// Readiness.
    pub health: Health,
    /// The clock that every rule uses.
    pub clock: Arc<dyn Clock>,
    /// The randomness that every id comes from.
    pub rng: Arc<dyn Rng>,
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// Told to stop, and waited for: it gives back what it has not finished.
    deliverer: Mutex<Option<JoinHandle<()>>>,
    stop_delivering: watch::Sender<bool>,
}

impl Services {
    /// Wires the services over a migrated database and starts what runs beside requests: following the trust state,
    /// keeping identity providers' keys fresh and our own in succession, and writing the ledger.
    ///
    /// # Errors
    /// `storage_unavailable` when the trust state cannot be read.
    pub async fn start(
        store: Store,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        surroundings: Surroundings,
        options: Options,
    ) -> Result<Arc<Self>> {
        const DAY_SECS: i64 = 24 * 3600;
        store.ping().await?;
        let shared = Arc::new(Shared {
            trust: Trust::new(),
            ledger: Ledger::new(i64::from(options.keep_decisions_days) * DAY_SECS),
            cache: TokenCache::with_capacity(options.token_cache_bytes),
            remote: RemoteKeys::new(surroundings.egress.clone(), Arc::clone(&clock)),
            ring: Ring::default(),
            oauth: OauthClient::new(surroundings.egress.clone()),
            egress: surroundings.egress,
            seal: Seal::new(
                surroundings.master_keys,
                Arc::clone(&clock),
                Arc::clone(&rng),
            ),
            mailer: surroundings.mailer,
            texts: surroundings.texts,
            searches: Semaphore::new(1),
            deliveries_due: Notify::new(),
            store,
            clock,
            rng,
            options,
        });
        sealing::learn(&shared).await?;
        let issuer_keys = IssuerKeys {
            shared: Arc::clone(&shared),
            turns: Arc::new(Semaphore::new(1)),
        };
        let (stop_delivering, stopped) = watch::channel(false);
        let known_keys = Arc::default();
        let services = Arc::new(Self {
            projects: Projects {
                shared: Arc::clone(&shared),
            },
            environments: Environments {
                shared: Arc::clone(&shared),
            },
            signing_keys: SigningKeys {
                shared: Arc::clone(&shared),
                turns: Arc::new(Semaphore::new(1)),
            },
            identity_providers: IdentityProviders {
                shared: Arc::clone(&shared),
            },
            issuing: Issuing {
                shared: Arc::clone(&shared),
                keys: issuer_keys.clone(),
                turns: Issuing::turns(),
            },
            issuer_keys,
            sign_in_providers: SignInProviders {
                shared: Arc::clone(&shared),
            },
            tokens: Tokens {
                shared: Arc::clone(&shared),
            },
            users: Users {
                shared: Arc::clone(&shared),
            },
            operators: Operators {
                shared: Arc::clone(&shared),
            },
            operator_sessions: OperatorSessions {
                shared: Arc::clone(&shared),
            },
            operator_passkeys: OperatorPasskeys {
                shared: Arc::clone(&shared),
            },
            audit: Audit {
                shared: Arc::clone(&shared),
            },
            oauth: Oauth {
                shared: Arc::clone(&shared),
                known: Arc::clone(&known_keys),
            },
            api_keys: ApiKeys {
                shared: Arc::clone(&shared),
                known: known_keys,
            },
            accounts: Accounts {
                shared: Arc::clone(&shared),
            },
            codes: Codes {
                shared: Arc::clone(&shared),
            },
            sessions: Sessions {
                shared: Arc::clone(&shared),
            },
            passkeys: Passkeys {
                shared: Arc::clone(&shared),
            },
            explain: Explain {
                shared: Arc::clone(&shared),
                turns: Arc::new(Semaphore::new(1)),
            },
            sealing: Sealing {
                shared: Arc::clone(&shared),
            },
            wallet_sign_in: WalletSignIn {
                shared: Arc::clone(&shared),
            },
            telegram_sign_in: TelegramSignIn {
                shared: Arc::clone(&shared),
            },
            linked_accounts: LinkedAccounts {
                shared: Arc::clone(&shared),
            },
            wallets: Wallets {
                shared: Arc::clone(&shared),
            },
            webhooks: Webhooks {
                shared: Arc::clone(&shared),
                tests: webhooks::Budget::default(),
            },
            deliveries: Deliveries {
                shared: Arc::clone(&shared),
            },
            health: Health {
                shared: Arc::clone(&shared),
            },
            clock: Arc::clone(&shared.clock),
            rng: Arc::clone(&shared.rng),
            shared: Arc::clone(&shared),
            tasks: Mutex::default(),
            deliverer: Mutex::default(),
            stop_delivering,
        });
        let follower = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move { shared.trust.follow(&shared.store).await }
        });
        let refresher = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move { shared.remote.keep_fresh().await }
        });
        let sealer = tokio::spawn(sealing::follow(Arc::clone(&shared)));
        let keeper = tokio::spawn(keep_up_for_ever(services.issuer_keys.clone()));
        let writer = tokio::spawn(write_ledger(Arc::clone(&shared)));
        let sweeper = tokio::spawn(upkeep::sweep_again_and_again(Arc::clone(&shared)));
        services
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend([follower, refresher, sealer, keeper, writer, sweeper]);
        if shared.options.deliver {
            let deliverer = tokio::spawn(deliveries::run(Arc::clone(&shared), stopped));
            *services
                .deliverer
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(deliverer);
        }
        shared.trust.first_confirmation().await;
        Ok(services)
    }

    /// Stops what runs beside requests and writes what still waits.
    pub async fn stop(&self) {
        self.stop_delivering.send_replace(true);
        let deliverer = self
            .deliverer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(deliverer) = deliverer
            && let Err(error) = deliverer.await
        {
            tracing::warn!(%error, "the worker of the deliveries had broken down");
        }
        for task in self
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            task.abort();
        }
        self.flush().await;
    }

    /// Removes now what has run out: old sessions and challenges.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn sweep(&self) -> Result<()> {
        upkeep::sweep(&self.shared).await
    }

    /// Writes now what otherwise waits up to two seconds: decisions and use counts.
    pub async fn flush(&self) {
        flush(&self.shared).await;
    }
}

async fn write_ledger(shared: Arc<Shared>) {
    let mut alarm = SetBackAlarm::new(&*shared.clock);
    loop {
        tokio::time::sleep(FLUSH_EVERY).await;
        if let Some(secs) = alarm.look(&*shared.clock) {
            metrics::counter!("hallpass_clock_set_back_total").increment(1);
            tracing::error!(
                secs,
                "the clock was set back: new tokens may be refused as iat_in_future; mend the time service"
            );
        }
        flush(&shared).await;
    }
}

async fn flush(shared: &Shared) {
    if let Err(error) = shared.ledger.flush(&shared.store, &*shared.clock).await {
        tracing::warn!(
            code = error.code(),
            "decisions and use counts could not be written and wait"
        );
    }
}
