//! Signing in: what an environment promises its people and the configuration does not keep.

use hallpass_core::{OperatorCaller, Services};
use hallpass_model::{EnvironmentId, Result, SignInSettings};

use super::Finding;
use super::contents::full_page;
use crate::config::Config;
use crate::egress;
use crate::messengers::Messengers;

const ABOUT: &str = "sign-in";

/// An environment that an app signs people in to: it has an API key that works.
struct InUse<'a> {
    name: &'a str,
    settings: SignInSettings,
}

pub async fn examine(
    services: &Services,
    config: &Config,
    environments: &[(String, EnvironmentId)],
    findings: &mut Vec<Finding>,
) -> Result<()> {
    let caller = OperatorCaller::command_line();
    let now = services.clock.now();
    let has_key = services.sealing.status(&caller).await?.current.is_some();
    findings.extend(mail_server(config).await);
    let before = findings.len();
    let mut count = 0;
    for (name, id) in environments {
        let keys = services.api_keys.list(&caller, *id, &full_page()).await?;
        if !keys.items.iter().any(|key| key.is_good_at(now)) {
            continue;
        }
        count += 1;
        let settings = services.environments.load(&caller, *id).await?.sign_in;
        let in_use = InUse { name, settings };
        findings.extend(faults(&in_use, config, has_key));
    }
    if count > 0 && findings.len() == before {
        findings.push(Finding::ok(ABOUT, format!("{count} environments in use")));
    }
    Ok(())
}

/// Says hello to the configured mail server and signs in there; sends nothing.
async fn mail_server(config: &Config) -> Option<Finding> {
    const ABOUT: &str = "mail server";
    // A fault of the configuration was found already.
    let egress = egress::open(config).ok()?;
    let mailer = Messengers::configured(config, &egress).ok()?.mailer;
    if mailer.is_off() {
        return None;
    }
    Some(match mailer.check().await {
        Ok(()) => Finding::ok(ABOUT, "answers and lets us in"),
        Err(error) => Finding::warning(ABOUT, error.to_string()),
    })
}

fn faults(environment: &InUse<'_>, config: &Config, has_master_key: bool) -> Vec<Finding> {
    let InUse { name, settings } = environment;
    let mut found = Vec::new();
    if !has_master_key {
        found.push("there is no master key, so no token can be issued: `hallpass seal new-key`");
    }
    if settings.email && config.mail.smtp_url.is_empty() {
        found.push(
            "signing in by e-mail is on and no mail server is configured: set smtp_url in [mail], or turn it off with `hallpass environment set ID --sign-in '{\"email\":false}'`",
        );
    }
    if settings.phone && config.texts.webhook_url.is_empty() {
        found.push(
            "signing in by phone is on and nothing sends text messages: set webhook_url in [texts], or turn it off",
        );
    }
    if is_production(name) && settings.allowed_origins.is_empty() {
        found.push(
            "its publishable keys work on pages of any origin: name yours in allowed_origins",
        );
    }
    found
        .into_iter()
        .map(|what| Finding::warning(ABOUT, format!("{name}: {what}")))
        .collect()
}

/// By the name that people give it.
fn is_production(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    name.starts_with("prod") || name == "live"
}

#[cfg(test)]
mod tests {
    use hallpass_model::SignInSettings;

    use super::{InUse, faults};

    #[test]
    fn what_is_promised_and_not_kept_is_named() -> anyhow::Result<()> {
        let mut config = crate::config::load(None, std::iter::empty(), &<_>::default())?.config;
        let mut environment = InUse {
            name: "Shop/production",
            settings: SignInSettings {
                phone: true,
                ..SignInSettings::default()
            },
        };
        let words = ["master key", "e-mail", "phone", "allowed_origins"];
        let found = faults(&environment, &config, false);
        assert_eq!(found.len(), words.len());
        for (finding, word) in found.iter().zip(words) {
            assert!(finding.detail.contains(word), "{}", finding.detail);
        }
        config.mail.smtp_url = "smtps://h".to_owned();
        config.texts.webhook_url = "https://h".to_owned();
        environment.settings.allowed_origins = vec!["https://a.example".to_owned()];
        assert!(faults(&environment, &config, true).is_empty());
        environment.name = "Shop/sandbox";
        environment.settings.allowed_origins.clear();
        assert!(faults(&environment, &config, true).is_empty());
        Ok(())
    }
}
