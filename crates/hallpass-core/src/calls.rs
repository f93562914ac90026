//! Which permission a call of the Connect surface needs, and on what.

use hallpass_permissions::{AccountSpec, Permission, TargetSpec};

/// What a call comes down to.
#[derive(Debug, Clone, PartialEq)]
pub enum CallQuestion {
    /// Method and path say it all.
    Asks(Permission, TargetSpec),
    /// This permission, on a target that only the body, a header or the database names.
    NeedsTarget(Permission),
    /// A valid token is enough; what is not visible is left out of the answer.
    ValidToken,
    /// No such call.
    Unknown,
}

/// Reads a call such as `PATCH /projects/{id}/sdk/me`, in short `PATCH /sdk/me`. The query counts where it names the integration.
#[must_use]
pub fn question_of_call(method: &str, path: &str) -> CallQuestion {
    use CallQuestion::{NeedsTarget, Unknown, ValidToken};
    use Permission::{
        ConfigWrite, CredentialWrite, Events, MetadataRead, MetadataWrite, ProxyApi, SettingsRead,
        SettingsWrite, Workflows,
    };

    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (second_version, path) = match path.strip_prefix("/v2") {
        Some(path) => (true, path),
        None => (false, path),
    };
    let Some(path) = below_sdk(path) else {
        return Unknown;
    };
    let segments: Vec<&str> = path.split('/').collect();
    if second_version
        && !matches!(
            segments.as_slice(),
            ["events", "trigger"] | ["actions", "build-oauth"]
        )
    {
        return Unknown;
    }
    match (method, segments.as_slice()) {
        ("GET", ["me"]) => CallQuestion::Asks(MetadataRead, TargetSpec::default()),
        ("PATCH", ["me"]) => CallQuestion::Asks(MetadataWrite, TargetSpec::default()),
        ("GET", ["integrations" | "metadata"]) => ValidToken,
        ("GET", ["actions", "oauth-nonce" | "build-oauth"]) => match query_value(query, "action") {
            Some("custom") | None => NeedsTarget(CredentialWrite),
            Some(slug) => CallQuestion::Asks(CredentialWrite, new_credential(slug)),
        },
        ("GET" | "DELETE", ["actions", "session-id", _]) => ValidToken,
        (
            "POST",
            ["credentials"] | ["resources", _, "connect"] | ["credentials", _, "complete-setup"],
        ) => NeedsTarget(CredentialWrite),
        ("DELETE", ["integrations", _]) => NeedsTarget(CredentialWrite),
        ("GET", ["credentials"] | ["credentials", _]) => NeedsTarget(SettingsRead),
        ("PATCH", ["credentials", _]) | ("POST" | "DELETE", ["workflows", _]) => {
            NeedsTarget(SettingsWrite)
        }
        ("POST" | "PATCH" | "DELETE", ["credentials", _, "configurations"]) => {
            NeedsTarget(ConfigWrite)
        }
        ("POST", ["actions"]) => NeedsTarget(ProxyApi),
        (_, ["proxy", _, ..]) => NeedsTarget(ProxyApi),
        ("POST", ["events", "trigger"]) => NeedsTarget(Events),
        ("POST", ["triggers", _]) => NeedsTarget(Workflows),
        _ => Unknown,
    }
}

/// The environment that a path names; none in the short form `/sdk/...`.
#[must_use]
pub fn environment_of_call(path: &str) -> Option<&str> {
    let path = path.strip_prefix("/v2").unwrap_or(path);
    path.strip_prefix("/projects/")?.split('/').next()
}

fn below_sdk(path: &str) -> Option<&str> {
    if let Some(path) = path.strip_prefix("/sdk/") {
        return Some(path);
    }
    let (environment, path) = path.strip_prefix("/projects/")?.split_once('/')?;
    path.strip_prefix("sdk/")
        .filter(|_| !environment.is_empty())
}

fn new_credential(slug: &str) -> TargetSpec {
    TargetSpec {
        integration: Some(slug.to_owned()),
        credential: Some(AccountSpec::new_thing()),
        configuration: None,
    }
}

fn query_value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a";

    #[test]
    fn the_metadata_calls_are_fully_known() {
        for (method, permission) in [
            ("GET", Permission::MetadataRead),
            ("PATCH", Permission::MetadataWrite),
        ] {
            assert_eq!(
                question_of_call(method, "/sdk/me"),
                question_of_call(method, &format!("/projects/{ID}/sdk/me"))
            );
            let asked = question_of_call(method, &format!("/projects/{ID}/sdk/me"));
            assert_eq!(asked, CallQuestion::Asks(permission, TargetSpec::default()));
        }
    }

    #[test]
    fn starting_oauth_asks_for_a_new_credential() {
        let path =
            format!("/v2/projects/{ID}/sdk/actions/build-oauth?integrationId=x&action=slack");
        let CallQuestion::Asks(Permission::CredentialWrite, target) =
            question_of_call("GET", &path)
        else {
            panic!()
        };
        assert_eq!(target.integration.as_deref(), Some("slack"));
        assert_eq!(target.credential, Some(AccountSpec::new_thing()));
    }

    #[test]
    fn every_permission_is_needed_by_some_call() {
        let calls = [
            ("GET", "me"),
            ("PATCH", "me"),
            ("POST", "credentials"),
            ("GET", "credentials"),
            ("PATCH", "credentials/x"),
            ("POST", "credentials/x/configurations"),
            ("POST", "proxy/slack/chat.postMessage"),
            ("POST", "events/trigger"),
            ("POST", "triggers/x"),
        ];
        for permission in Permission::ALL {
            let needed = calls.iter().any(|(method, path)| {
                match question_of_call(method, &format!("/projects/{ID}/sdk/{path}")) {
                    CallQuestion::Asks(asked, _) | CallQuestion::NeedsTarget(asked) => {
                        asked == permission
                    }
                    _ => false,
                }
            });
            assert!(needed, "{}", permission.as_str());
        }
    }

    #[test]
    fn other_paths_are_unknown() {
        for path in [
            "",
            "/",
            "/projects/x",
            "/projects/x/sdk/",
            "/projects/x/sdk/me/",
            "/admin/v1/me",
            "/projects/x/y/sdk/me",
            "/projects//sdk/me",
            "/v2/projects/x/sdk/me",
        ] {
            assert_eq!(
                question_of_call("GET", path),
                CallQuestion::Unknown,
                "{path}"
            );
        }
        assert_eq!(
            question_of_call("DELETE", &format!("/projects/{ID}/sdk/me")),
            CallQuestion::Unknown
        );
    }
}
