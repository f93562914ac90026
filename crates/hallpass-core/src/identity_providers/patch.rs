use hallpass_model::{Error, ProviderSettings, Result};
use serde_json::{Value, json};

use super::settings::invalid;
use crate::expected::expected;

/// Settings after a merge patch (RFC 7396): `null` takes a member away. Not yet checked.
pub(super) fn patched(settings: &ProviderSettings, patch: &Value) -> Result<ProviderSettings> {
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
        if name != "kind" && !MEMBERS.contains(&name.as_str()) {
            return Err(refused(format!("unknown member {name}")));
        }
        if value.is_null() {
            merged.remove(name);
            continue;
        }
        merged.insert(name.clone(), value.clone());
        // Our JSON library would take an array for an object.
        let arrays = name == "role_permissions"
            && value
                .as_array()
                .is_some_and(|mapped| mapped.iter().any(|one| !one.is_object()));
        if arrays {
            return Err(refused(
                "expected an array of objects with role and permissions".into(),
            ));
        }
        // One member at a time, so that the pointer is the culprit's.
        serde_json::from_value::<ProviderSettings>(
            json!({ "kind": settings.kind, name.as_str(): value }),
        )
        .map_err(|error| refused(expected(&error)))?;
    }
    serde_json::from_value(Value::Object(merged)).map_err(|error| invalid("", expected(&error)))
}

/// Members of settings that a patch may name, beside the kind.
const MEMBERS: [&str; 13] = [
    "domain",
    "custom_domain",
    "project_id",
    "url",
    "issuer",
    "audiences",
    "any_audience",
    "user_claim",
    "permissions_claim",
    "roles_claim",
    "role_permissions",
    "token_types",
    "algorithms",
];

#[cfg(test)]
mod tests {
    use hallpass_model::ProviderKind;

    use super::*;

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let mut before = ProviderSettings::new(ProviderKind::Jwks);
        before.url = Some("https://a.example/jwks".to_owned());
        before.audiences = vec!["a".to_owned()];
        let after = patched(
            &before,
            &json!({ "kind": "jwks", "audiences": null, "issuer": "https://a.example" }),
        );
        let after = after.unwrap();
        assert_eq!(after.url, before.url);
        assert_eq!(after.audiences, Vec::<String>::new());
        assert_eq!(after.issuer.as_deref(), Some("https://a.example"));
    }

    #[test]
    fn every_member_of_settings_can_be_taken_away() {
        let complete = json!({
            "kind": "jwks", "domain": "a", "custom_domain": "a", "project_id": "a", "url": "a", "issuer": "a",
            "audiences": ["a"], "any_audience": true, "user_claim": "a", "permissions_claim": "a", "roles_claim": "a",
            "role_permissions": [{ "role": "a", "permissions": {} }], "token_types": ["a"], "algorithms": ["a"],
        });
        // Without `..`, so that a new member is missed here first.
        let ProviderSettings {
            kind: _,
            domain: _,
            custom_domain: _,
            project_id: _,
            url: _,
            issuer: _,
            audiences: _,
            any_audience: _,
            user_claim: _,
            permissions_claim: _,
            roles_claim: _,
            role_permissions: _,
            token_types: _,
            algorithms: _,
        } = ProviderSettings::new(ProviderKind::Jwks);
        let settings: ProviderSettings = serde_json::from_value(complete.clone()).unwrap();
        let names = complete
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "kind");
        let removed: serde_json::Map<_, _> =
            names.map(|name| (name.clone(), Value::Null)).collect();
        assert_eq!(removed.len(), MEMBERS.len());
        assert_eq!(
            patched(&settings, &Value::Object(removed)).unwrap(),
            ProviderSettings::new(ProviderKind::Jwks)
        );
    }

    #[test]
    fn faults_point_at_the_member() {
        let settings = ProviderSettings::new(ProviderKind::Jwks);
        for (patch, pointer) in [
            (json!({ "kind": "oidc" }), "/kind"),
            (json!({ "kind": null }), "/kind"),
            (json!({ "audience": "a" }), "/audience"),
            (json!({ "audience": null }), "/audience"),
            (json!({ "a/b~c": 1 }), "/a~1b~0c"),
            (json!({ "audiences": "a" }), "/audiences"),
            (json!({ "user_claim": "/~" }), "/user_claim"),
            (
                json!({ "role_permissions": [["admin", {}]] }),
                "/role_permissions",
            ),
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
