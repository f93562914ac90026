//! What to type instead, where people know the name of their service and not the kind of it.

use clap::error::{ContextKind, ContextValue, ErrorKind};

const DISCOVERY: &str = "it has OpenID Connect Discovery: `hallpass idp add oidc --issuer ISSUER`";
const KEY_SET: &str = "it publishes a key set: `hallpass idp add jwks --url URL --issuer ISSUER`";
const NO_URL: &str = "where there is OpenID Connect Discovery, `hallpass idp add oidc --issuer ISSUER` finds the key set";
const NO_DOMAIN: &str = "--domain is for auth0; say --issuer, which most often is https://DOMAIN";

/// Services that are no kinds of their own.
const SERVICES: [(&str, &str); 10] = [
    ("keycloak", DISCOVERY),
    ("okta", DISCOVERY),
    ("entra", DISCOVERY),
    ("azure", DISCOVERY),
    ("cognito", DISCOVERY),
    ("google", DISCOVERY),
    ("zitadel", DISCOVERY),
    ("authentik", DISCOVERY),
    ("supabase", KEY_SET),
    ("clerk", KEY_SET),
];

/// The error with a tip, if there is one.
pub fn with_tip(mut error: clap::Error) -> clap::Error {
    if let Some(tip) = tip(&error) {
        let tips = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tips);
    }
    error
}

fn tip(error: &clap::Error) -> Option<&'static str> {
    let has = |words: &str| error.render().to_string().contains(words);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
                return None;
            };
            let word = word.to_ascii_lowercase();
            let mut services = SERVICES.iter();
            services.find_map(|(service, tip)| (*service == word).then_some(*tip))
        }
        ErrorKind::MissingRequiredArgument => {
            (has("idp add jwks") && has("\n  --url <URL>\n")).then_some(NO_URL)
        }
        ErrorKind::UnknownArgument => {
            let elsewhere = has("idp add oidc") || has("idp add jwks");
            (elsewhere && has("'--domain'")).then_some(NO_DOMAIN)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::with_tip;
    use crate::cli::Cli;

    fn said(line: &str) -> String {
        let error = Cli::try_parse_from(line.split(' ')).err().expect(line);
        with_tip(error).to_string()
    }

    #[test]
    fn a_service_or_flag_of_another_kind_leads_to_its_own() {
        let place = "--environment 11111111-1111-4111-8111-111111111111";
        for (line, tip) in [
            ("hallpass idp add keycloak".to_owned(), "idp add oidc"),
            ("hallpass idp add Supabase".to_owned(), "idp add jwks"),
            (
                format!("hallpass idp add jwks --issuer i {place}"),
                "idp add oidc --issuer",
            ),
            (
                format!("hallpass idp add oidc --domain a.example {place}"),
                "say --issuer",
            ),
        ] {
            let said = said(&line);
            let (_, after) = said.split_once("tip: ").unwrap_or_default();
            assert!(after.contains(tip), "{line}: {said}");
        }
        let unknown = said("hallpass idp add nonsense");
        assert!(!unknown.contains("OpenID"), "{unknown}");
    }
}
