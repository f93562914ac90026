//! What may be said of an identity provider, as fields of a form, kind by kind.

use hallpass_model::{ClaimPath, Error, ProviderKind, ProviderSettings, RolePermissions};
use serde_json::{Map, Value};

use super::fields::{Control, Field, Spec};
use crate::dashboard::lines::shell_word;
use crate::extract::read_strictly;
use crate::form::Form;

macro_rules! specs {
    ($($constant:ident = $name:literal, $control:ident, $rare:literal, $label:literal, $hint:literal;)+) => {
        $(const $constant: Spec = Spec {
            name: $name,
            label: $label,
            hint: $hint,
            control: Control::$control,
            is_rare: $rare,
        };)+
    };
}

specs! {
    DOMAIN = "domain", Line, false, "Domain", "The tenant's domain, such as acme.eu.auth0.com.";
    CUSTOM_DOMAIN = "custom_domain", Line, false, "Custom domain", "Only if the tenant has one, such as login.acme.com.";
    PROJECT_ID = "project_id", Line, false, "Project ID", "As the Firebase console shows it, such as acme-prod.";
    ISSUER = "issuer", Line, false, "Issuer", "Exactly as it stands in the token's iss claim.";
    URL = "url", Line, false, "Address of the key set", "Such as https://id.acme.com/.well-known/jwks.json.";
    AUDIENCES = "audiences", Lines, false, "Audiences", "The client ids of your apps, one per line. A token must name one of them.";
    OTHER_ISSUER = "issuer", Line, true, "Issuer", "Only if the tokens name another one than follows from the domain.";
    OTHER_URL = "url", Line, true, "Other address of the keys", "Only if the server is reached another way from here.";
    ANY_AUDIENCE = "any_audience", Check, true, "Accept tokens for any audience", "Dangerous: every app of that service could make tokens for yours.";
    USER_CLAIM = "user_claim", Line, true, "Claim that names the user", "A claim, or a pointer such as /identity/id. Left empty: sub.";
    PERMISSIONS_CLAIM = "permissions_claim", Line, true, "Claim with the permissions", "A claim, or a pointer such as /app_metadata/permissions. Never one that users can write.";
    ROLES_CLAIM = "roles_claim", Line, true, "Claim with the roles", "Instead of permissions: a claim, or a pointer such as /realm_access/roles.";
    ROLE_PERMISSIONS = "role_permissions", Json, true, "Permissions of the roles", "JSON: [{\"role\": \"admin\", \"permissions\": {\"integration:*\": true}}]. The first role that a token has decides.";
    TOKEN_TYPES = "token_types", Lines, true, "Other types of token", "One per line, such as at+jwt. They need audiences.";
    ALGORITHMS = "algorithms", Lines, true, "Algorithms", "The only ones to accept, one per line, such as ES256. Left empty: what each key is for.";
}

/// The fields of a kind, those that most need first.
fn specs(kind: ProviderKind) -> &'static [Spec] {
    match kind {
        ProviderKind::Auth0 => &[
            DOMAIN,
            CUSTOM_DOMAIN,
            AUDIENCES,
            ANY_AUDIENCE,
            OTHER_ISSUER,
            OTHER_URL,
            USER_CLAIM,
            PERMISSIONS_CLAIM,
            ROLES_CLAIM,
            ROLE_PERMISSIONS,
            TOKEN_TYPES,
            ALGORITHMS,
        ],
        ProviderKind::Firebase => &[
            PROJECT_ID,
            OTHER_URL,
            PERMISSIONS_CLAIM,
            ROLES_CLAIM,
            ROLE_PERMISSIONS,
        ],
        ProviderKind::Oidc => &[
            ISSUER,
            AUDIENCES,
            ANY_AUDIENCE,
            OTHER_URL,
            USER_CLAIM,
            PERMISSIONS_CLAIM,
            ROLES_CLAIM,
            ROLE_PERMISSIONS,
            TOKEN_TYPES,
            ALGORITHMS,
        ],
        ProviderKind::Jwks => &[
            URL,
            ISSUER,
            AUDIENCES,
            ANY_AUDIENCE,
            USER_CLAIM,
            PERMISSIONS_CLAIM,
            ROLES_CLAIM,
            ROLE_PERMISSIONS,
            TOKEN_TYPES,
            ALGORITHMS,
        ],
    }
}

/// A kind by its word.
pub(super) fn kind_of(word: &str) -> Option<ProviderKind> {
    KINDS.into_iter().find(|kind| kind.as_str() == word)
}

pub(super) const KINDS: [ProviderKind; 4] = [
    ProviderKind::Auth0,
    ProviderKind::Firebase,
    ProviderKind::Oidc,
    ProviderKind::Jwks,
];

/// A kind's name, for people.
pub(super) const fn label(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Auth0 => "Auth0",
        ProviderKind::Firebase => "Firebase",
        ProviderKind::Oidc => "OpenID Connect",
        ProviderKind::Jwks => "Key set (JWKS)",
    }
}

/// The fields with what is stored.
pub(super) fn stored(settings: &ProviderSettings) -> Vec<Field> {
    let members = members(settings);
    let held = |spec: &Spec| members.get(spec.name).unwrap_or(&Value::Null);
    specs(settings.kind)
        .iter()
        .map(|spec| Field::holding(*spec, held(spec)))
        .collect()
}

/// The fields with what was typed.
pub(super) fn typed(kind: ProviderKind, form: &Form) -> Vec<Field> {
    specs(kind)
        .iter()
        .map(|spec| Field::typed(*spec, form))
        .collect()
}

/// A merge patch that sets what is filled in and takes away what is not; members without a field stay.
///
/// # Errors
/// 422 `invalid_provider`, and what is said of malformed JSON, at the member.
pub(super) fn patch<'f>(fields: impl IntoIterator<Item = &'f Field>) -> Result<Value, Error> {
    let mut patch = Map::new();
    for field in fields {
        patch.insert(field.name().to_owned(), member(field)?);
    }
    Ok(Value::Object(patch))
}

/// Settings of a new provider.
///
/// # Errors
/// As [`patch`].
pub(super) fn settings(kind: ProviderKind, fields: &[Field]) -> Result<ProviderSettings, Error> {
    let mut members = Map::new();
    members.insert("kind".to_owned(), kind.as_str().into());
    for field in fields {
        let member = member(field)?;
        if !member.is_null() {
            members.insert(field.name().to_owned(), member);
        }
    }
    serde_json::from_value(Value::Object(members)).map_err(Error::internal)
}

fn member(field: &Field) -> Result<Value, Error> {
    let pointer = format!("/{}", field.name());
    if !field.is_filled() {
        return Ok(Value::Null);
    }
    Ok(match field.spec.control {
        Control::Line if field.name().ends_with("_claim") => {
            let path = field.value.parse::<ClaimPath>();
            let path = path.map_err(|error| {
                Error::unprocessable("invalid_provider", error.to_string()).at(&*pointer)
            })?;
            path.as_str().into()
        }
        Control::Line => field.value.as_str().into(),
        Control::Lines => field.entries().into(),
        Control::Check => true.into(),
        Control::Json => {
            let mapped: Result<Vec<RolePermissions>, Error> = read_strictly(field.value.as_bytes());
            let mapped = mapped.map_err(|error| {
                // To whoever filled in a form, this field is no body.
                let said = error.message().replace("the body", "this");
                let inner = error.pointer().unwrap_or_default();
                Error::unprocessable("invalid_provider", said).at(format!("{pointer}{inner}"))
            })?;
            serde_json::to_value(mapped).map_err(Error::internal)?
        }
    })
}

/// Flags of the command line that say the same as settings.
pub(super) fn flags(settings: &ProviderSettings) -> String {
    let mut flags = String::new();
    let mut say = |flag: &str, value: &str| {
        flags.push_str(&format!(" --{flag} {}", shell_word(value)));
    };
    for (name, value) in members(settings) {
        let flag = match name.as_str() {
            "audiences" => "audience".to_owned(),
            "token_types" => "token-type".to_owned(),
            "algorithms" => "algorithm".to_owned(),
            other => other.replace('_', "-"),
        };
        match (name.as_str(), value) {
            ("kind", _) => {}
            (_, Value::String(text)) => say(&flag, &text),
            (_, Value::Bool(true)) => say(&flag, "true"),
            ("role_permissions", Value::Array(mapped)) => {
                for one in mapped {
                    let role = one["role"].as_str().unwrap_or_default();
                    say("role", &format!("{role}={}", one["permissions"]));
                }
            }
            (_, Value::Array(entries)) => {
                for entry in entries.iter().filter_map(Value::as_str) {
                    say(&flag, entry);
                }
            }
            _ => {}
        }
    }
    flags
}

/// Settings as members of an object.
pub(super) fn members(settings: &ProviderSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: Value) -> ProviderSettings {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_stored_comes_back_from_its_form() {
        for value in [
            json!({ "kind": "auth0", "domain": "acme.eu.auth0.com", "audiences": ["a", " b "] }),
            json!({ "kind": "firebase", "project_id": "acme" }),
            json!({ "kind": "oidc", "issuer": "https://id.acme.com", "any_audience": true, "user_claim": "/a/b" }),
            json!({
                "kind": "jwks", "url": "https://id.acme.com/keys", "roles_claim": "roles", "algorithms": ["ES256"],
                "role_permissions": [{ "role": "<b>", "permissions": { "integration:*": true } }],
            }),
        ] {
            let before = of(value);
            let fields = stored(&before);
            assert_eq!(settings(before.kind, &fields).unwrap(), before);
            let patch = patch(&fields).unwrap();
            assert_eq!(patch.as_object().unwrap().len(), specs(before.kind).len());
        }
    }

    #[test]
    fn faults_are_told_at_their_field() {
        let fault = |name: &'static str, value: &str| {
            let mut fields = stored(&of(json!({ "kind": "jwks" })));
            let field = fields.iter_mut().find(|field| field.name() == name);
            field.unwrap().value = value.to_owned();
            let error = settings(ProviderKind::Jwks, &fields).unwrap_err();
            error.pointer().unwrap_or_default().to_owned()
        };
        assert_eq!(fault("user_claim", "/~"), "/user_claim");
        assert_eq!(fault("role_permissions", "{"), "/role_permissions");
        assert_eq!(
            fault("role_permissions", "[{\"role\":1}]"),
            "/role_permissions/0/role"
        );
    }

    #[test]
    fn flags_quote_what_a_shell_would_read() {
        let settings = of(json!({
            "kind": "jwks", "url": "https://a.example", "audiences": ["a", "$(b)"],
            "roles_claim": "r", "role_permissions": [{ "role": "x y", "permissions": {} }],
        }));
        let flags = flags(&settings);
        for part in [
            " --url https://a.example",
            " --audience a --audience '$(b)'",
            " --roles-claim r",
            " --role 'x y={}'",
        ] {
            assert!(flags.contains(part), "{flags}");
        }
    }
}
