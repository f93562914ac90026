use std::sync::Arc;

use hallpass_core::Services;
use hallpass_model::EnvironmentId;
use tokio::sync::Semaphore;

use crate::budget::FailureBudget;
use crate::extract::AddressRange;

/// Exports that may be read at once.
const EXPORTS: usize = 4;

/// What every handler can reach; cloning it is cheap.
#[derive(Clone)]
pub struct AppState {
    /// The services that hold the rules.
    pub services: Arc<Services>,
    /// How this listener behaves.
    pub settings: Arc<HttpSettings>,
    pub(crate) budget: Arc<FailureBudget>,
    /// Sessions that one address may begin.
    pub(crate) visits: Arc<FailureBudget>,
    /// Places for exports that are being read.
    pub(crate) exports: Arc<Semaphore>,
}

/// How the HTTP surfaces behave.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// Refused tokens and operator keys one address may send per minute, and at once; 0 sets no limit.
    pub failed_verifications_per_minute: u32,
    /// Sessions one address may begin per minute, and at once; 0 sets no limit.
    pub new_sessions_per_minute: u32,
    /// Where the outside reaches this server, for the examples of the reference page.
    pub public_url: Option<String>,
    /// Whose key set is published under a host that no environment names.
    pub default_environment: Option<EnvironmentId>,
}

impl HttpSettings {
    /// Whether the outside reaches this server by TLS only.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"))
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            failed_verifications_per_minute: 300,
            new_sessions_per_minute: 600,
            public_url: None,
            default_environment: None,
        }
    }
}

impl AppState {
    /// The state of one listener.
    #[must_use]
    pub fn new(services: Arc<Services>, settings: HttpSettings) -> Self {
        let budget = FailureBudget::new(settings.failed_verifications_per_minute);
        let visits = FailureBudget::new(settings.new_sessions_per_minute);
        Self {
            services,
            settings: Arc::new(settings),
            budget: Arc::new(budget),
            visits: Arc::new(visits),
            exports: Arc::new(Semaphore::new(EXPORTS)),
        }
    }
}
