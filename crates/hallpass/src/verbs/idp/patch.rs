//! From the flags of `idp set` to a merge patch (RFC 7396) of the settings, in which `null` takes a member away.

use anyhow::Result;
use hallpass_model::ProviderKind;
use serde_json::{Map, Value};

use super::{address, settings, show};
use crate::cli::{Removable, SetArgs};
use crate::exit::Exit;

/// What the flags say, as far as that does not depend on the provider.
///
/// # Errors
/// Exit code 2 if they say nothing, for what is no domain, and for a role whose permissions no token could carry.
pub fn of(args: &SetArgs) -> Result<Map<String, Value>> {
    let mut patch = Map::new();
    let mut set = |member: &str, value: Option<Value>| {
        if let Some(value) = value {
            patch.insert(member.to_owned(), value);
        }
    };
    let host = |text: &String| address::host(text).map_err(Exit::usage);
    set("url", text(args.url.as_ref()));
    set("issuer", text(args.issuer.as_ref()));
    set("domain", changed(args.domain.as_ref(), host)?);
    set("custom_domain", changed(args.custom_domain.as_ref(), host)?);
    set("project_id", text(args.project_id.as_ref()));
    set("audiences", list(args.audiences.as_deref()));
    set("any_audience", args.any_audience.map(Value::from));
    set("user_claim", text(args.user_claim.as_ref()));
    set("permissions_claim", text(args.permissions_claim.as_ref()));
    set("roles_claim", text(args.roles_claim.as_ref()));
    if args.roles_claim == Some(Removable(None)) {
        set("role_permissions", Some(Value::Null));
    }
    if let Some(roles) = &args.roles {
        let roles: Result<Vec<_>> = roles.iter().map(settings::role_permissions).collect();
        set("role_permissions", Some(serde_json::to_value(roles?)?));
    }
    set("token_types", list(args.token_types.as_deref()));
    set("algorithms", list(args.algorithms.as_deref()));
    if patch.is_empty() {
        return Err(Exit::usage(
            "nothing to set: name at least one setting, see `hallpass idp set --help`",
        ));
    }
    Ok(patch)
}

/// Whether [`fit`] has something to do.
pub fn depends_on_kind(patch: &Map<String, Value>) -> bool {
    ["url", "issuer"]
        .iter()
        .any(|member| patch.get(*member).is_some_and(Value::is_string))
}

/// Brings addresses into the form that `idp add` would have given them for a provider of this kind.
///
/// # Errors
/// Exit code 2 for an address that is none of this kind.
pub fn fit(patch: &mut Map<String, Value>, provider: &Value) -> Result<()> {
    let kind = show::text(provider, "/kind");
    let given = |member: &str| patch.get(member).and_then(Value::as_str).map(str::to_owned);
    let (url, issuer) = (given("url"), given("issuer"));
    if kind == ProviderKind::Oidc.as_str() {
        let issuer = issuer.map(|issuer| address::issuer(&issuer));
        let present = || show::text(provider, "/issuer");
        if let Some(url) = url
            && address::is_of_issuer(&url, &issuer.clone().unwrap_or_else(present))
        {
            patch.insert("url".to_owned(), Value::Null);
        }
        if let Some(issuer) = issuer {
            patch.insert("issuer".to_owned(), issuer.into());
        }
    } else if let Some(url) = url {
        let url = if kind == ProviderKind::Auth0.as_str() {
            address::auth0(&url).map_err(Exit::usage)?.0
        } else {
            settings::key_set(&url)?
        };
        patch.insert("url".to_owned(), url.into());
    }
    Ok(())
}

fn text<T: ToString>(given: Option<&Removable<T>>) -> Option<Value> {
    let Removable(value) = given?;
    Some(
        value
            .as_ref()
            .map_or(Value::Null, |value| value.to_string().into()),
    )
}

fn changed(
    given: Option<&Removable<String>>,
    change: impl Fn(&String) -> Result<String>,
) -> Result<Option<Value>> {
    let Some(Removable(value)) = given else {
        return Ok(None);
    };
    let value = value.as_ref().map(change).transpose()?;
    Ok(Some(value.map_or(Value::Null, Value::from)))
}

/// Several values; only empty ones leave none.
fn list(given: Option<&[Removable<String>]>) -> Option<Value> {
    let values = given?.iter().filter_map(|Removable(value)| value.clone());
    let values: Vec<_> = values.collect();
    Some(if values.is_empty() {
        Value::Null
    } else {
        values.into()
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::{Value, json};

    use crate::cli::{Cli, IdpVerb, SetArgs, Verb};
    use crate::exit::{USAGE, code_of};

    fn args(flags: &[&str]) -> Result<SetArgs, String> {
        let place = ["--environment", "11111111-1111-4111-8111-111111111111"];
        let line = [&["hallpass", "idp", "set"][..], &place, flags].concat();
        let cli = Cli::try_parse_from(line).map_err(|error| error.to_string())?;
        match cli.verb {
            Verb::Idp(IdpVerb::Set(args)) => Ok(*args),
            _ => Err("another verb".to_owned()),
        }
    }

    fn patch(flags: &[&str]) -> Result<Value, String> {
        let patch = super::of(&args(flags)?).map_err(|error| {
            assert_eq!(code_of(&error), USAGE);
            error.to_string()
        })?;
        Ok(patch.into())
    }

    fn fitted(flags: &[&str], provider: &Value) -> Result<Value, String> {
        let mut patch = super::of(&args(flags)?).map_err(|error| error.to_string())?;
        assert!(super::depends_on_kind(&patch));
        super::fit(&mut patch, provider).map_err(|error| error.to_string())?;
        Ok(patch.into())
    }

    #[test]
    fn only_what_is_given_changes() {
        assert_eq!(
            patch(&["--audience", "a", "--audience", "b"]),
            Ok(json!({ "audiences": ["a", "b"] }))
        );
        assert_eq!(
            patch(&["--any-audience", "false", "--user-claim", "/user/id"]),
            Ok(json!({ "any_audience": false, "user_claim": "/user/id" }))
        );
        assert_eq!(
            patch(&[
                "--roles-claim",
                "r",
                "--role",
                "z={}",
                "--role",
                "a={\"integration:*\":true}"
            ]),
            Ok(json!({ "roles_claim": "r", "role_permissions": [
                { "role": "z", "permissions": {} },
                { "role": "a", "permissions": { "integration:*": true } },
            ] }))
        );
        assert_eq!(
            patch(&[
                "--domain",
                "https://ACME.eu.auth0.com/",
                "--project-id",
                "p"
            ]),
            Ok(json!({ "domain": "acme.eu.auth0.com", "project_id": "p" }))
        );
    }

    #[test]
    fn an_empty_text_takes_a_setting_away() {
        for (flag, member) in [
            ("--url", "url"),
            ("--issuer", "issuer"),
            ("--domain", "domain"),
            ("--custom-domain", "custom_domain"),
            ("--project-id", "project_id"),
            ("--audience", "audiences"),
            ("--user-claim", "user_claim"),
            ("--permissions-claim", "permissions_claim"),
            ("--token-type", "token_types"),
            ("--algorithm", "algorithms"),
        ] {
            assert_eq!(patch(&[flag, ""]), Ok(json!({ member: null })), "{flag}");
        }
        assert_eq!(
            patch(&["--roles-claim", ""]),
            Ok(json!({ "roles_claim": null, "role_permissions": null }))
        );
    }

    #[test]
    fn wrong_use_is_refused() {
        for (flags, why) in [
            (&[][..], "nothing to set"),
            (&["--if-version", "3"], "nothing to set"),
            (&["--domain", "a.example/login"], "has a path"),
            (&["--user-claim", "/~"], "--user-claim"),
            (&["--role", "a"], "NAME=FILE"),
            (&["--role", r#"a={"slack":true}"#], "where: /slack"),
            (&["--any-audience", "yes"], "--any-audience"),
        ] {
            let refused = patch(flags).expect_err(why);
            assert!(refused.contains(why), "{flags:?}: {refused}");
        }
    }

    #[test]
    fn an_address_takes_the_form_that_its_kind_has() {
        const DOCUMENT: &str = "https://id.example/a/.well-known/openid-configuration";
        let oidc = json!({ "kind": "oidc", "issuer": "https://id.example/a" });
        let jwks = json!({ "kind": "jwks" });
        let auth0 = json!({ "kind": "auth0" });
        for (flags, provider, expected) in [
            (&["--url", DOCUMENT][..], &oidc, json!({ "url": null })),
            (
                &["--issuer", DOCUMENT],
                &oidc,
                json!({ "issuer": "https://id.example/a" }),
            ),
            (
                &["--url", "http://keycloak:8080/a"],
                &oidc,
                json!({ "url": "http://keycloak:8080/a" }),
            ),
            (
                &["--url", DOCUMENT, "--issuer", "https://id.example/b"],
                &oidc,
                json!({ "url": DOCUMENT, "issuer": "https://id.example/b" }),
            ),
            (
                &["--url", "https://a.example/keys", "--issuer", "x"],
                &jwks,
                json!({ "url": "https://a.example/keys", "issuer": "x" }),
            ),
            (
                &["--url", "https://login.acme.com"],
                &auth0,
                json!({ "url": "https://login.acme.com/.well-known/jwks.json" }),
            ),
        ] {
            assert_eq!(fitted(flags, provider), Ok(expected), "{flags:?}");
        }
        let refused = fitted(&["--url", DOCUMENT], &jwks).expect_err("a discovery document");
        assert!(refused.contains("not a key set"), "{refused}");
    }
}
