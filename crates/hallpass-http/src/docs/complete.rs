use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::codes::CODES;

/// Groups of the reference, in reading order.
pub(super) const TAGS: &[(&str, &str)] = &[
    (
        "Connect",
        "Called by browsers and backends with a user token. What the SDK `@useparagon/connect` expects.",
    ),
    (
        "Projects",
        "A project is a product of yours; it has environments.",
    ),
    (
        "Environments",
        "Sandbox, beta, production: each with its own keys, users and settings.",
    ),
    (
        "Signing keys",
        "Your backend signs user tokens with the private half; Hallpass keeps the public half.",
    ),
    (
        "Identity providers",
        "Services outside, such as Auth0, Firebase or any OpenID provider, whose tokens are taken as they are.",
    ),
    (
        "API keys",
        "By which apps and their backends name an environment.",
    ),
    (
        "Sessions",
        "Called by apps with an API key in `x-external-api-key`: the client's session, in the header `x-capsule-sid`. What the public `@getpara/*` packages expect.",
    ),
    (
        "Codes",
        "Signing in with a code in a mail or a text message.",
    ),
    (
        "Sign-in",
        "Signing in with wallets, services outside, passkeys and Telegram; hosted pages.",
    ),
    ("Linked accounts", "Further ways to sign in to an account."),
    (
        "Wallets",
        "Public keys of wallets that the app provisions. No private key ever comes here: this is no MPC custody.",
    ),
    ("Key sets", "The published keys that verify issued tokens."),
    (
        "Sign-in providers",
        "Services outside that vouch for people who sign in: Google, X, Discord, Facebook, Apple, any OIDC issuer, a Telegram bot.",
    ),
    (
        "Issuer keys",
        "Keys that Hallpass holds, sealed, to sign the tokens that it issues.",
    ),
    (
        "Webhooks",
        "Addresses that are told of events, and what they were told.",
    ),
    (
        "Users",
        "Those whom tokens name. They appear on first sight.",
    ),
    (
        "Accounts",
        "People who sign in at Hallpass itself, and their sessions.",
    ),
    (
        "Tokens",
        "Why a token is accepted, refused, allowed or denied. Nothing here has an effect.",
    ),
    ("Operators", "Those who administer, and their keys."),
    (
        "Master key",
        "What every secret in the database is sealed with. Keys are named here, never shown.",
    ),
    (
        "Audit",
        "Who changed what, and which decisions were enforced.",
    ),
    (
        "Operations",
        "Probes and numbers. No credentials needed: keep them off the open internet.",
    ),
];

/// Adds to the routes' document what all of them share: credentials, refusals, tags and codes.
pub(super) fn complete(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["info"] = json!({
        "title": "Hallpass",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Verifies user tokens, enforces their permissions and explains every decision.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["tags"] = TAGS
        .iter()
        .map(|(name, description)| json!({ "name": name, "description": description }))
        .collect();
    document["components"]["securitySchemes"] = json!({
        "user_token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A user token, signed by the environment's signing key or issued by one of its identity providers." },
        "operator_key": { "type": "http", "scheme": "bearer", "description": "An operator key, `hpo_...`." },
    });
    document["x-codes"] = CODES
        .iter()
        .map(
            |(status, code, meaning)| json!({ "status": status, "code": code, "meaning": meaning }),
        )
        .collect();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                share(path, operation);
            }
        }
    }
    document
}

fn share(path: &str, operation: &mut Value) {
    let (scheme, schema, media) = if path.starts_with("/admin/") {
        ("operator_key", "Problem", "application/problem+json")
    } else if path.starts_with("/projects/") {
        ("user_token", "Refusal", "application/json")
    } else {
        return;
    };
    operation["security"] = json!([{ scheme: [] }]);
    let reference = json!({ "$ref": format!("#/components/schemas/{schema}") });
    operation["responses"]["default"] = json!({
        "description": "A refusal; `code` says why",
        "content": { media: { "schema": reference } },
    });
    // Refusals that a handler names have the same body; only their media type is the surface's.
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if let Some(content) = response["content"].as_object_mut()
            && content
                .get("application/json")
                .is_some_and(|content| content["schema"] == reference)
            && let Some(body) = content.remove("application/json")
        {
            content.insert(media.to_owned(), body);
        }
    }
    if operation["x-idempotent"] == json!(true)
        && let Some(parameters) = parameters(operation)
    {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "1 to 255 printable ASCII characters. A repetition with the same body answers 200 with what the first request made",
            "schema": { "type": "string" },
        }));
    }
}

fn parameters(operation: &mut Value) -> Option<&mut Vec<Value>> {
    operation
        .as_object_mut()?
        .entry("parameters")
        .or_insert_with(|| json!([]))
        .as_array_mut()
}
