//! How names become addresses, and the check between the answer and the connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

pub use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::Range;
use crate::policy::Judge;

/// Where addresses come from; a parameter, so that a test can flip its answer.
pub trait Resolver: Send + Sync + 'static {
    /// Every address of a host, in the order in which to try them.
    ///
    /// # Errors
    /// When the name does not resolve.
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver: hosts file, search domains and all.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Stands between resolver and connector: the connector gets addresses that were judged, and asks for no others.
pub(crate) struct JudgingResolver {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) judge: Judge,
}

/// One address of the answer is unfit, so the whole answer is.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to {}", .0.what)]
pub(crate) struct BlockedAnswer(pub(crate) &'static Range);

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name does not resolve")]
pub(crate) struct NoAnswer(#[source] Option<io::Error>);

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = self.resolver.resolve(name.as_str());
        let judge = self.judge;
        Box::pin(async move {
            let addresses = answer.await.map_err(|error| NoAnswer(Some(error)))?;
            if addresses.is_empty() {
                return Err(NoAnswer(None).into());
            }
            for address in &addresses {
                if let Some(range) = judge(*address) {
                    tracing::debug!(host = name.as_str(), %address, leads_to = range.what, "egress blocked");
                    return Err(BlockedAnswer(range).into());
                }
            }
            // Port 0 is replaced by the URL's port.
            let addresses = addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
