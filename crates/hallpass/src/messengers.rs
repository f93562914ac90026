//! How codes reach people: the mail server and the service for text messages, as the configuration names them.

use anyhow::Result;
use hallpass_core::TextSender;
use hallpass_egress::Egress;
use hallpass_mail::Mailer;

use crate::config::Config;
use crate::egress;
use crate::exit::Exit;
use crate::files;

/// The configured mail server; none is fine.
///
/// # Errors
/// Exit code 2 for an address, a sender or certificates that cannot be used. The network is not asked.
pub fn mailer(config: &Config) -> Result<Mailer> {
    let mail = &config.mail;
    if mail.smtp_url.is_empty() {
        return Ok(Mailer::off());
    }
    let roots = egress::certificates(&config.egress.ca_certs)?;
    Mailer::smtp(&mail.smtp_url, &mail.from, &roots)
        .map_err(|error| Exit::usage(format!("[mail]: {error}")))
}

/// The configured service for text messages; none is fine.
///
/// # Errors
/// Exit code 2 for an address or a secret that cannot be used. The network is not asked.
pub fn texts(config: &Config, egress: &Egress) -> Result<TextSender> {
    let texts = &config.texts;
    if texts.webhook_url.is_empty() {
        return Ok(TextSender::off());
    }
    let wrong = |why: String| Exit::usage(format!("[texts]: {why}"));
    let secret = files::read_private(&texts.webhook_secret_file).map_err(wrong)?;
    TextSender::webhook(egress.clone(), &texts.webhook_url, secret.expose().trim())
        .map_err(|error| wrong(error.message().to_owned()))
}
