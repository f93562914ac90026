use std::path::PathBuf;

use clap::{Args, Subcommand};
use hallpass_model::{DeliveryId, EnvironmentId, WebhookId};

use super::{EgressArgs, PageArgs};
use crate::duration::Seconds;

#[derive(Subcommand)]
pub enum WebhookVerb {
    /// Have an address told of events and print the secret that signs them, once
    Add {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// An https address
        #[arg(long, value_name = "URL")]
        endpoint: String,
        /// user.created or user.external_wallet_verified; repeat for several
        #[arg(long = "event", value_name = "NAME", required = true)]
        events: Vec<String>,
        /// A header that repeats the signature
        #[arg(long, value_name = "NAME")]
        signature_header: Option<String>,
        /// Tell it nothing yet
        #[arg(long)]
        disabled: bool,
        /// Write the secret to this new file (mode 0600) instead of the terminal
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        egress: EgressArgs,
    },
    /// List an environment's webhooks
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
    },
    /// Show a webhook
    Show(WebhookArgs),
    /// Change a webhook, only what is given
    Set {
        #[command(flatten)]
        webhook: WebhookArgs,
        /// Another https address
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,
        /// The events to be told from now on; repeat for several
        #[arg(long = "event", value_name = "NAME")]
        events: Vec<String>,
        /// Another header that repeats the signature; empty for none
        #[arg(long, value_name = "NAME")]
        signature_header: Option<String>,
        /// Whether it is told anything; what waits is held while it is not
        #[arg(long, value_name = "true|false")]
        enabled: Option<bool>,
        /// Only if the webhook still has this version
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
        #[command(flatten)]
        egress: EgressArgs,
    },
    /// Make another secret and print it, once; both sign until the overlap ends
    RotateSecret {
        #[command(flatten)]
        webhook: WebhookArgs,
        /// How long the old secret signs as well, at most 30d; 0s for not at all [default: 24h]
        #[arg(long, value_name = "DURATION")]
        overlap: Option<Seconds>,
        /// Write the secret to this new file (mode 0600) instead of the terminal
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Send a test.ping now and show what happened; exit code 1 if the receiver does not have it
    Test {
        #[command(flatten)]
        webhook: WebhookArgs,
        #[command(flatten)]
        egress: EgressArgs,
    },
    /// Remove a webhook and everything that waits for it
    Remove(WebhookArgs),
}

/// Which webhook.
#[derive(Args)]
pub struct WebhookArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The webhook's id
    pub webhook: WebhookId,
}

#[derive(Subcommand)]
pub enum DeliveryVerb {
    /// List what webhooks were told, newest first
    List {
        /// The environment
        #[arg(long, value_name = "ID")]
        environment: EnvironmentId,
        /// Only to this webhook
        #[arg(long, value_name = "ID")]
        webhook: Option<WebhookId>,
        /// Only in this state
        #[arg(long, value_parser = ["pending", "held", "delivered", "dead"])]
        state: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show a delivery and what it says
    Show(DeliveryArgs),
    /// Begin again with a delivery that was given up
    Retry(DeliveryArgs),
}

/// Which delivery.
#[derive(Args)]
pub struct DeliveryArgs {
    /// The environment
    #[arg(long, value_name = "ID")]
    pub environment: EnvironmentId,
    /// The delivery's id
    pub delivery: DeliveryId,
}
