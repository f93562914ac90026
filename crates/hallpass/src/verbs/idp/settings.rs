//! From flags to the settings of a provider, the body of the admin API.

use anyhow::Result;
use hallpass_model::{ProviderKind, ProviderSettings, RolePermissions};
use hallpass_permissions::Claim;

use super::address;
use crate::cli::{
    Auth0Args, ClaimArgs, FirebaseArgs, IdpAddVerb, JwksArgs, OidcArgs, RoleArg, TrustArgs,
};
use crate::exit::Exit;
use crate::files;

/// What the flags say.
///
/// # Errors
/// Exit code 2 for flags that contradict each other, for an address of another sort, and for a role whose permissions no
/// token could carry.
pub fn of(verb: &IdpAddVerb) -> Result<ProviderSettings> {
    match verb {
        IdpAddVerb::Jwks(args) => jwks(args),
        IdpAddVerb::Auth0(args) => auth0(args),
        IdpAddVerb::Firebase(args) => firebase(args),
        IdpAddVerb::Oidc(args) => oidc(args),
    }
}

/// The address of a key set.
///
/// # Errors
/// Exit code 2 for that of a discovery document.
pub fn key_set(url: &str) -> Result<String> {
    if address::is_discovery(url) {
        return Err(Exit::usage(format!(
            "{url} is a discovery document, not a key set: `hallpass idp add oidc --url` reads issuer and keys from it"
        )));
    }
    Ok(url.to_owned())
}

fn jwks(args: &JwksArgs) -> Result<ProviderSettings> {
    let mut settings = trusting(ProviderKind::Jwks, &args.trust)?;
    settings.url = Some(key_set(&args.url)?);
    settings.issuer.clone_from(&args.issuer);
    Ok(settings)
}

fn auth0(args: &Auth0Args) -> Result<ProviderSettings> {
    let host = |text: &String| address::host(text).map_err(Exit::usage);
    let mut settings = trusting(ProviderKind::Auth0, &args.trust)?;
    settings.domain = args.domain.as_ref().map(host).transpose()?;
    settings.custom_domain = args.custom_domain.as_ref().map(host).transpose()?;
    let derived = |issuer: &&String| {
        let host = address::host(issuer).ok();
        host.is_some() && [&settings.domain, &settings.custom_domain].contains(&&host)
    };
    settings.issuer = args
        .issuer
        .as_ref()
        .filter(|issuer| !derived(issuer))
        .cloned();
    match (&args.domain, &args.url, &args.issuer) {
        (None, None, Some(issuer)) => match address::host(issuer) {
            // The issuer of a tenant says no more than its domain does.
            Ok(domain) => {
                settings.domain = Some(domain);
                settings.issuer = None;
            }
            Err(_) => {
                let (url, derived) = address::auth0(issuer).map_err(Exit::usage)?;
                if issuer.trim().trim_end_matches('/') != derived.trim_end_matches('/') {
                    return Err(Exit::usage(format!(
                        "`{issuer}` is no issuer of Auth0, which has no path: {derived}; \
                         `hallpass idp add oidc --issuer` takes any"
                    )));
                }
                settings.url = Some(url);
            }
        },
        (domain, Some(url), issuer) => {
            let (url, derived) = address::auth0(url).map_err(Exit::usage)?;
            settings.url = Some(url);
            if domain.is_none() && issuer.is_none() {
                settings.issuer = Some(derived);
            }
        }
        (_, None, _) => {}
    }
    Ok(settings)
}

fn firebase(args: &FirebaseArgs) -> Result<ProviderSettings> {
    let of_issuer = args.issuer.as_ref().map(|issuer| {
        address::firebase_project(issuer).ok_or_else(|| {
            Exit::usage(format!(
                "`{issuer}` is no Firebase issuer: those are https://securetoken.google.com/PROJECT_ID"
            ))
        })
    });
    let said = [
        ("--project-id", args.project_id.as_deref()),
        ("--audience", args.audience.as_deref()),
        ("--issuer", of_issuer.transpose()?),
    ];
    let mut said = said
        .into_iter()
        .filter_map(|(flag, project)| Some((flag, project?)));
    let Some((first_flag, project)) = said.next() else {
        return Err(Exit::usage("name the Firebase project: --project-id ID"));
    };
    if let Some((flag, other)) = said.find(|(_, other)| *other != project) {
        return Err(Exit::usage(format!(
            "{first_flag} names the project {project}, but {flag} names {other}: in Firebase, issuer and audience follow from one project's id"
        )));
    }
    let mut settings = ProviderSettings::new(ProviderKind::Firebase);
    settings.project_id = Some(project.to_owned());
    settings.url.clone_from(&args.url);
    set_claims(&mut settings, &args.claims)?;
    Ok(settings)
}

fn oidc(args: &OidcArgs) -> Result<ProviderSettings> {
    let mut settings = trusting(ProviderKind::Oidc, &args.trust)?;
    let of_url = args.url.as_deref().map(address::issuer);
    let issuer = args.issuer.as_deref().map(address::issuer);
    if let (Some(url), None) = (&args.url, &issuer)
        && address::looks_like_key_set(url)
    {
        return Err(Exit::usage(format!(
            "{url} looks like a key set: `hallpass idp add jwks --url` takes one. Here --url is a discovery document; \
             if this is an issuer after all, say --issuer"
        )));
    }
    settings.issuer = issuer.or(of_url);
    let is_derived = |url: &&String| {
        let issuer = settings.issuer.as_deref().unwrap_or_default();
        address::is_of_issuer(url, issuer)
    };
    settings.url = args.url.as_ref().filter(|url| !is_derived(url)).cloned();
    Ok(settings)
}

fn trusting(kind: ProviderKind, args: &TrustArgs) -> Result<ProviderSettings> {
    let mut settings = ProviderSettings {
        audiences: args.audiences.clone(),
        any_audience: args.any_audience,
        user_claim: args.user_claim.clone(),
        token_types: args.token_types.clone(),
        algorithms: args.algorithms.clone(),
        ..ProviderSettings::new(kind)
    };
    set_claims(&mut settings, &args.claims)?;
    Ok(settings)
}

fn set_claims(settings: &mut ProviderSettings, args: &ClaimArgs) -> Result<()> {
    settings
        .permissions_claim
        .clone_from(&args.permissions_claim);
    settings.roles_claim.clone_from(&args.roles_claim);
    let roles = args.roles.iter().map(role_permissions);
    settings.role_permissions = roles.collect::<Result<_>>()?;
    Ok(())
}

/// A role with its permissions.
///
/// # Errors
/// Exit code 2 for permissions that no token could carry. They are checked as text: a JSON value has forgotten what stood
/// there twice.
pub fn role_permissions(arg: &RoleArg) -> Result<RolePermissions> {
    let text = files::json_or_file(&arg.permissions)?;
    Claim::parse(&text).map_err(|fault| {
        let pointer = if fault.pointer.is_empty() {
            "the claim itself"
        } else {
            &fault.pointer
        };
        Exit::usage(format!(
            "the permissions of the role `{}` are malformed: {fault}\n  where: {pointer}",
            arg.role
        ))
    })?;
    Ok(RolePermissions {
        role: arg.role.clone(),
        permissions: serde_json::from_str(&text)?,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::{Value, json};

    use crate::cli::{Cli, IdpVerb, Verb};
    use crate::exit::{USAGE, code_of};

    const PLACE: &str = "--environment 11111111-1111-4111-8111-111111111111";

    fn settings(line: &str) -> Result<Value, String> {
        let line = format!("hallpass idp add {line} {PLACE}");
        let cli =
            Cli::try_parse_from(line.split_whitespace()).map_err(|error| error.to_string())?;
        let Verb::Idp(IdpVerb::Add(verb)) = cli.verb else {
            panic!("{line}")
        };
        let settings = super::of(&verb).map_err(|error| {
            assert_eq!(code_of(&error), USAGE);
            error.to_string()
        })?;
        Ok(serde_json::to_value(settings).unwrap())
    }

    #[track_caller]
    fn refused(line: &str, why: &str) {
        let refused = settings(line).expect_err(line);
        assert!(refused.contains(why), "{line}: {refused}");
    }

    #[test]
    fn a_key_set_may_have_issuer_and_audiences() {
        let minimal = json!({ "kind": "jwks", "url": "https://a.example/jwks" });
        assert_eq!(settings("jwks --url https://a.example/jwks"), Ok(minimal));
        let full = "jwks --url https://a.example/jwks --issuer https://a.example --audience a --audience b \
                    --user-claim /user/id --permissions-claim grants --token-type at+jwt --algorithm ES256";
        assert_eq!(
            settings(full),
            Ok(json!({
                "kind": "jwks", "url": "https://a.example/jwks", "issuer": "https://a.example",
                "audiences": ["a", "b"], "user_claim": "/user/id", "permissions_claim": "grants",
                "token_types": ["at+jwt"], "algorithms": ["ES256"],
            }))
        );
        refused("jwks", "--url");
        refused(
            "jwks --url https://a.example/.well-known/openid-configuration",
            "idp add oidc",
        );
        refused(
            "jwks --url https://a.example --user-claim /a~",
            "--user-claim",
        );
    }

    #[test]
    fn an_auth0_tenant_is_named_by_domain_address_or_issuer() {
        for (line, mut expected) in [
            (
                "--domain https://acme.eu.auth0.com/",
                json!({ "domain": "acme.eu.auth0.com" }),
            ),
            (
                "--issuer https://acme.eu.auth0.com/",
                json!({ "domain": "acme.eu.auth0.com" }),
            ),
            (
                "--domain acme.eu.auth0.com --custom-domain https://login.acme.com",
                json!({ "domain": "acme.eu.auth0.com", "custom_domain": "login.acme.com" }),
            ),
            (
                "--domain acme.eu.auth0.com --issuer https://acme.eu.auth0.com/",
                json!({ "domain": "acme.eu.auth0.com" }),
            ),
            (
                "--url http://127.0.0.1:4000",
                json!({ "url": "http://127.0.0.1:4000/.well-known/jwks.json", "issuer": "http://127.0.0.1:4000/" }),
            ),
            (
                "--issuer http://127.0.0.1:4000/",
                json!({ "url": "http://127.0.0.1:4000/.well-known/jwks.json", "issuer": "http://127.0.0.1:4000/" }),
            ),
            (
                "--url http://127.0.0.1:4000/k --issuer https://acme.eu.auth0.com/",
                json!({ "url": "http://127.0.0.1:4000/k", "issuer": "https://acme.eu.auth0.com/" }),
            ),
            (
                "--url http://127.0.0.1:4000/k --domain acme.eu.auth0.com",
                json!({ "url": "http://127.0.0.1:4000/k", "domain": "acme.eu.auth0.com" }),
            ),
        ] {
            expected["kind"] = json!("auth0");
            expected["audiences"] = json!(["client"]);
            assert_eq!(
                settings(&format!("auth0 {line} --audience client")),
                Ok(expected),
                "{line}"
            );
        }
        assert_eq!(
            settings("auth0 --domain a.auth0.com --any-audience"),
            Ok(json!({ "kind": "auth0", "domain": "a.auth0.com", "any_audience": true }))
        );
        refused("auth0 --audience client", "--domain");
        refused("auth0 --domain http://a.auth0.com --audience c", "--url");
        refused(
            "auth0 --domain a.auth0.com/login --audience c",
            "has a path",
        );
        refused(
            "auth0 --issuer https://a.example/login --audience c",
            "no issuer of Auth0",
        );
    }

    #[test]
    fn a_firebase_project_is_named_once_or_thrice_but_never_differently() {
        let acme = json!({ "kind": "firebase", "project_id": "acme" });
        for line in [
            "--project-id acme",
            "--audience acme",
            "--issuer https://securetoken.google.com/acme",
            "--project-id acme --audience acme --issuer https://securetoken.google.com/acme",
        ] {
            assert_eq!(
                settings(&format!("firebase {line}")),
                Ok(acme.clone()),
                "{line}"
            );
        }
        assert_eq!(
            settings("firebase --audience acme --url http://127.0.0.1:4000/jwk"),
            Ok(
                json!({ "kind": "firebase", "project_id": "acme", "url": "http://127.0.0.1:4000/jwk" })
            )
        );
        refused("firebase", "--project-id");
        refused(
            "firebase --project-id acme --audience other",
            "--audience names other",
        );
        refused("firebase --audience acme --audience other", "--audience");
        refused(
            "firebase --project-id acme --issuer https://securetoken.google.com/other",
            "--issuer names other",
        );
        refused(
            "firebase --issuer https://accounts.google.com",
            "no Firebase issuer",
        );
    }

    #[test]
    fn discovery_takes_the_issuer_or_its_document() {
        let expected = json!({ "kind": "oidc", "issuer": "https://id.example/realms/a" });
        for line in [
            "--issuer https://id.example/realms/a",
            "--url https://id.example/realms/a",
            "--url https://id.example/realms/a/.well-known/openid-configuration",
            "--issuer https://id.example/realms/a/.well-known/openid-configuration",
            "--issuer https://id.example/realms/a --url https://id.example/realms/a/.well-known/openid-configuration",
        ] {
            assert_eq!(
                settings(&format!("oidc {line}")),
                Ok(expected.clone()),
                "{line}"
            );
        }
        // An issuer with a slash at its end keeps it: tokens are compared to the letter.
        assert_eq!(
            settings(
                "oidc --issuer https://id.example/ --url https://id.example/.well-known/openid-configuration"
            ),
            Ok(json!({ "kind": "oidc", "issuer": "https://id.example/" }))
        );
        refused("oidc", "--issuer");
        refused("oidc --url https://id.example/jwks", "idp add jwks");
        let of_one_app = "https://id.example/.well-known/openid-configuration?appid=1";
        assert_eq!(
            settings(&format!("oidc --url {of_one_app}")),
            Ok(json!({ "kind": "oidc", "issuer": "https://id.example", "url": of_one_app }))
        );
        assert_eq!(
            settings("oidc --issuer https://id.example --url http://keycloak:8080/realms/a"),
            Ok(
                json!({ "kind": "oidc", "issuer": "https://id.example", "url": "http://keycloak:8080/realms/a" })
            )
        );
    }

    #[test]
    fn roles_keep_their_order_and_are_checked_as_claims() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"integration:*": ["proxy-api"]}"#).unwrap();
        let line = format!(
            r#"oidc --issuer https://id.example --roles-claim /realm_access/roles --role z={} --role a={{"integration:*":true}}"#,
            file.path().display()
        );
        assert_eq!(
            settings(&line).unwrap()["role_permissions"],
            json!([
                { "role": "z", "permissions": { "integration:*": ["proxy-api"] } },
                { "role": "a", "permissions": { "integration:*": true } },
            ])
        );
        let with =
            |role: &str| format!("oidc --issuer https://i.example --roles-claim r --role {role}");
        refused(&with(r#"a={"slack":true}"#), "where: /slack");
        refused(
            &with(r#"a={"integration:*":true,"integration:*":[]}"#),
            "the role `a`",
        );
        refused(&with("a=/nonexistent/role.json"), "/nonexistent/role.json");
        refused(&with("a"), "NAME=FILE");
        refused("oidc --issuer https://i.example --roles-claim r", "--role");
        refused(
            "oidc --issuer https://i.example --role a={}",
            "--roles-claim",
        );
    }
}
