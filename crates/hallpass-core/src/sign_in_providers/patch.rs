use hallpass_model::{Error, Result, SignInProviderSettings};
use serde_json::{Value, json};

use super::check::invalid;
use crate::expected::expected;

/// Settings after a merge patch (RFC 7396): `null` takes a member away. Not yet checked.
pub(super) fn patched(
    settings: &SignInProviderSettings,
    patch: &Value,
) -> Result<SignInProviderSettings> {
    let Value::Object(patch) = patch else {
        return Err(invalid("", "settings is an object"));
    };
    let Ok(Value::Object(mut merged)) = serde_json::to_value(settings) else {
        return Err(Error::internal("settings serialise to an object"));
    };
    for (name, value) in patch {
        let refused = |why: String| {
            let pointer = name.replace('~', "~0").replace('/', "~1");
            invalid(format!("/{pointer}"), why)
        };
        if name == "kind" && merged.get(name) != Some(value) {
            return Err(refused(
                "a provider stays of its kind; add another one".into(),
            ));
        }
        if value.is_null() {
            // Whether there is such a member shows when it is given something.
            if name != "kind" && !MEMBERS.contains(&name.as_str()) {
                return Err(refused(format!("unknown member {name}")));
            }
            merged.remove(name);
            continue;
        }
        // One member at a time, so that the pointer is the culprit's.
        serde_json::from_value::<SignInProviderSettings>(
            json!({ "kind": settings.kind, name.as_str(): value }),
        )
        .map_err(|error| refused(expected(&error)))?;
        merged.insert(name.clone(), value.clone());
    }
    serde_json::from_value(Value::Object(merged)).map_err(|error| invalid("", expected(&error)))
}

/// Members of settings that a patch may name, beside the kind.
const MEMBERS: [&str; 10] = [
    "label",
    "client_id",
    "issuer",
    "client_auth",
    "scopes",
    "trust_email",
    "team_id",
    "key_id",
    "bot_username",
    "endpoints",
];

#[cfg(test)]
mod tests {
    use hallpass_model::SignInProviderKind;

    use super::*;

    #[test]
    fn every_member_of_settings_can_be_taken_away() {
        let endpoints = json!({ "authorize_url": "a", "token_url": "a" });
        let complete = json!({
            "kind": "oidc", "label": "a", "client_id": "a", "issuer": "a", "client_auth": "none", "scopes": ["a"],
            "trust_email": true, "team_id": "a", "key_id": "a", "bot_username": "a", "endpoints": endpoints,
        });
        // Without `..`, so that a new member is missed here first.
        let SignInProviderSettings {
            kind: _,
            label: _,
            client_id: _,
            issuer: _,
            client_auth: _,
            scopes: _,
            trust_email: _,
            team_id: _,
            key_id: _,
            bot_username: _,
            endpoints: _,
        } = SignInProviderSettings::new(SignInProviderKind::Oidc);
        let settings: SignInProviderSettings = serde_json::from_value(complete.clone()).unwrap();
        let names = complete.as_object().unwrap().keys();
        let removed: serde_json::Map<_, _> = names
            .filter(|name| *name != "kind")
            .map(|name| (name.clone(), Value::Null))
            .collect();
        assert_eq!(removed.len(), MEMBERS.len());
        assert_eq!(
            patched(&settings, &Value::Object(removed)).unwrap(),
            SignInProviderSettings::new(SignInProviderKind::Oidc)
        );
    }

    #[test]
    fn faults_point_at_the_member() {
        let settings = SignInProviderSettings::new(SignInProviderKind::Google);
        for (patch, pointer) in [
            (json!({ "kind": "oidc" }), "/kind"),
            (json!({ "kind": null }), "/kind"),
            (json!({ "secret": "a" }), "/secret"),
            (json!({ "secret": null }), "/secret"),
            (json!({ "a/b~c": 1 }), "/a~1b~0c"),
            (json!({ "scopes": "a" }), "/scopes"),
            (json!({ "client_auth": "mtls" }), "/client_auth"),
            (json!({ "endpoints": {} }), "/endpoints"),
            (json!([]), ""),
        ] {
            let error = patched(&settings, &patch).unwrap_err();
            assert_eq!(
                (error.code(), error.pointer()),
                ("invalid_provider", Some(pointer)),
                "{patch}"
            );
        }
    }
}
