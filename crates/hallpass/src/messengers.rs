//! How codes reach people: the mail server and the service for text messages, as the configuration names them.

use anyhow::Result;
use hallpass_core::{Caught, Mailer, TextSender, Trap};
use hallpass_egress::Egress;

use crate::config::Config;
use crate::egress;
use crate::exit::Exit;
use crate::files;
use crate::ui::{Ui, printable};

/// Both ways to people.
pub struct Messengers {
    pub mailer: Mailer,
    pub texts: TextSender,
}

/// What a demo remembers of what it did not send.
const TRAPPED: usize = 50;

impl Messengers {
    /// As configured; none is fine.
    ///
    /// # Errors
    /// Exit code 2 for an address, a sender, certificates or a secret that cannot be used. The network is not asked.
    pub fn configured(config: &Config, egress: &Egress) -> Result<Self> {
        Ok(Self {
            mailer: mailer(config)?,
            texts: texts(config, egress)?,
        })
    }

    /// What is not configured is kept and shown instead of sent.
    pub fn or_shown(self, ui: Ui) -> Self {
        let trap = Trap::with_listener(TRAPPED, move |caught| ui.announce(told(caught)));
        Self {
            mailer: if self.mailer.is_off() {
                Mailer::trap(trap.clone())
            } else {
                self.mailer
            },
            texts: if self.texts.is_off() {
                TextSender::trap(trap)
            } else {
                self.texts
            },
        }
    }
}

fn mailer(config: &Config) -> Result<Mailer> {
    let mail = &config.mail;
    if mail.smtp_url.is_empty() {
        return Ok(Mailer::off());
    }
    let roots = egress::certificates(&config.egress.ca_certs)?;
    Mailer::smtp(&mail.smtp_url, &mail.from, &roots)
        .map_err(|error| Exit::usage(format!("[mail]: {error}")))
}

fn texts(config: &Config, egress: &Egress) -> Result<TextSender> {
    let texts = &config.texts;
    if texts.webhook_url.is_empty() {
        return Ok(TextSender::off());
    }
    let wrong = |why: String| Exit::usage(format!("[texts]: {why}"));
    let secret = files::read_private(&texts.webhook_secret_file).map_err(wrong)?;
    TextSender::webhook(egress.clone(), &texts.webhook_url, secret.expose().trim())
        .map_err(|error| wrong(error.message().to_owned()))
}

/// For the terminal of a demo, whose mail and texts never leave.
fn told(caught: &Caught) -> String {
    let lines = caught.text.trim().lines();
    let lines: Vec<_> = lines
        .map(|line| format!("  | {}", printable(line)))
        .collect();
    format!(
        "\n  Not sent, shown here: to {} {}\n{}",
        printable(&caught.to),
        printable(&caught.subject),
        lines.join("\n")
    )
}
