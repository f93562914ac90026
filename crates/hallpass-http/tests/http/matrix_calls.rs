//! A call of each documented operation that is good enough to succeed.

use hallpass_model::EnvironmentId;
use hallpass_testkit::provider::FakeProvider;
use serde_json::{Value, json};

use crate::people;
use crate::support::{Call, Site};

pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    pub role: Option<String>,
}

pub fn operations() -> Vec<Operation> {
    let mut found = vec![];
    for (path, item) in hallpass_http::openapi()["paths"]
        .as_object()
        .expect("paths")
    {
        for (method, operation) in item.as_object().expect("operations") {
            found.push(Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                role: operation["x-role"].as_str().map(str::to_owned),
            });
        }
    }
    found
}

/// What each call needs anew, because the one before may have used it up.
pub struct Fresh<'a> {
    pub site: &'a Site,
    pub provider: &'a FakeProvider,
    pub count: u32,
}

impl Fresh<'_> {
    fn name(&mut self) -> String {
        self.count += 1;
        format!("n{}", self.count)
    }

    async fn user(&mut self) -> String {
        let sub = self.name();
        self.site
            .sdk("GET", "me")
            .bearer(&self.site.world.token(&sub))
            .send()
            .await
            .ok(200);
        sub
    }

    /// An environment without keys, so that rotation there takes nobody else's key away.
    async fn environment(&mut self) -> EnvironmentId {
        let name = self.name();
        self.site.world.another_environment(&name).await
    }

    async fn kid(&self, environment: &str) -> String {
        let path = format!("/admin/v1/environments/{environment}/signing-keys");
        let made = self.site.call("POST", &path).local().send().await.ok(201);
        made["kid"].as_str().expect("a kid").to_owned()
    }

    /// Settings that no other provider clashes with.
    fn provider_settings(&mut self) -> Value {
        let issuer = format!("https://{}.example", self.name());
        json!({ "kind": "jwks", "url": self.provider.url("/jwks"), "issuer": issuer })
    }

    async fn provider(&mut self, environment: &str) -> String {
        let path = format!("/admin/v1/environments/{environment}/identity-providers");
        let settings = self.provider_settings();
        let call = self.site.call("POST", &path).local().json(&settings);
        let made = call.send().await.ok(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    fn sign_in_provider_settings(&self) -> Value {
        json!({ "settings": { "kind": "google", "client_id": "c" }, "secret": "client-secret" })
    }

    async fn sign_in_provider(&self, environment: &str) -> String {
        let path = format!("/admin/v1/environments/{environment}/sign-in-providers");
        let new = self.sign_in_provider_settings();
        let call = self.site.call("POST", &path).local().json(&new);
        let made = call.send().await.ok(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    async fn issuer_key(&self, environment: &str) -> String {
        let path = format!("/admin/v1/environments/{environment}/issuer-keys/rotate");
        let one = json!({ "key_index": 0 });
        let call = self.site.call("POST", &path).local().json(&one);
        let made = call.send().await;
        assert!((200..300).contains(&made.status), "{}", made.text());
        let kid = made.json()["items"][0]["kid"].clone();
        kid.as_str().expect("a kid").to_owned()
    }

    /// Somebody who signed in, and the session of that.
    async fn account(&mut self) -> (String, String) {
        self.count += 1;
        let (account, session) = people::signed_in(&self.site.world, self.count).await;
        (account.id.to_string(), session.id.to_string())
    }

    async fn api_key(&mut self, environment: &str) -> String {
        let path = format!("/admin/v1/environments/{environment}/api-keys");
        let new = json!({ "kind": "publishable", "name": self.name() });
        let call = self.site.call("POST", &path).local().json(&new);
        let made = call.send().await.ok(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    fn webhook_settings(&self) -> Value {
        json!({ "url": self.provider.url("/hook"), "events": ["user.created"] })
    }

    async fn webhook(&self, environment: &str) -> String {
        let path = format!("/admin/v1/environments/{environment}/webhooks");
        let new = self.webhook_settings();
        let call = self.site.call("POST", &path).local().json(&new);
        let made = call.send().await.ok(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// One that was given up.
    async fn delivery(&mut self, environment: &str) -> String {
        let webhook = self.webhook(environment).await;
        let environment = environment.parse().expect("an id");
        let world = &self.site.world;
        let delivery = crate::webhooks::dead_delivery(world, environment, &webhook, self.count);
        let mut tx = world.store.write().await.expect("a transaction");
        tx.insert_delivery(&delivery).await.expect("a row");
        tx.commit().await.expect("committed");
        delivery.id.to_string()
    }

    async fn operator(&mut self) -> (String, String) {
        let new = json!({ "name": self.name(), "role": "support" });
        let made = self
            .site
            .call("POST", "/admin/v1/operators")
            .local()
            .json(&new)
            .send()
            .await
            .ok(201);
        let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
        (id(&made["operator"]), id(&made["key"]))
    }

    /// The call of an operation on things of the project, good enough to succeed; `None` for an operation unknown here.
    pub async fn call(&mut self, operation: &Operation) -> Option<Call> {
        let site = self.site;
        let project = site.world.project.to_string();
        let crowded = [
            "/signing-keys",
            "/identity-providers",
            "/issuer-keys",
            "/sign-in-providers",
            "/webhooks",
            "/deliveries",
        ];
        let environment = if crowded.iter().any(|part| operation.path.contains(part)) {
            self.environment().await
        } else {
            site.world.environment
        };
        let environment = environment.to_string();
        let mut path = operation
            .path
            .replace("{environment}", &environment)
            .replace("{project}", &project);
        if path.contains("{sub}") {
            path = path.replace("{sub}", &self.user().await);
        }
        if path.contains("/issuer-keys/{kid}") {
            path = path.replace("{kid}", &self.issuer_key(&environment).await);
        }
        if path.contains("{kid}") {
            path = path.replace("{kid}", &self.kid(&environment).await);
        }
        if path.contains("/sign-in-providers/{provider}") {
            path = path.replace("{provider}", &self.sign_in_provider(&environment).await);
        }
        if path.contains("{provider}") {
            path = path.replace("{provider}", &self.provider(&environment).await);
        }
        if path.contains("{account}") {
            let (account, session) = self.account().await;
            path = path
                .replace("{account}", &account)
                .replace("{session}", &session);
        }
        if path.contains("{api_key}") {
            path = path.replace("{api_key}", &self.api_key(&environment).await);
        }
        if path.contains("{webhook}") {
            path = path.replace("{webhook}", &self.webhook(&environment).await);
        }
        if path.contains("{delivery}") {
            path = path.replace("{delivery}", &self.delivery(&environment).await);
        }
        if path.contains("{operator}") {
            let (id, key) = self.operator().await;
            path = path.replace("{operator}", &id).replace("{key}", &key);
        }
        let body = match operation.id.as_str() {
            "create_project" | "create_environment" | "update_project" => {
                Some(json!({ "name": self.name() }))
            }
            "update_environment" => Some(json!({ "settings": {} })),
            "generate_signing_key" => Some(json!({ "overlap_secs": 0 })),
            "import_signing_key" => Some(json!({ "public_key_pem": public_key() })),
            "create_identity_provider" => Some(self.provider_settings()),
            "update_identity_provider" => Some(json!({ "disabled": true })),
            "create_sign_in_provider" => Some(self.sign_in_provider_settings()),
            "update_sign_in_provider" => Some(json!({ "disabled": true })),
            "rotate_issuer_keys" => Some(json!({ "key_index": 0 })),
            "create_api_key" => Some(json!({ "kind": "secret", "name": self.name() })),
            "rotate_api_key" | "rotate_webhook_secret" => Some(json!({ "overlap_secs": 0 })),
            "create_webhook" => Some(self.webhook_settings()),
            "update_webhook" => Some(json!({ "enabled": false })),
            "test_webhook" | "retry_delivery" => Some(json!({})),
            "create_operator" => Some(json!({ "name": self.name(), "role": "member" })),
            "update_account" => Some(json!({ "role": "editor" })),
            "update_operator" => Some(json!({ "role": "member" })),
            "create_operator_key" => Some(json!({ "expires_in_secs": 60 })),
            "replace_user_metadata" => Some(json!({})),
            "update_me" => Some(json!({ "meta": {} })),
            "explain_decision" | "explain_own_decision" => {
                Some(json!({ "question": { "permission": "events" } }))
            }
            "explain_matrix" => Some(json!({ "claim": {}, "targets": [{}] })),
            "check_token" => Some(json!({ "token": "x" })),
            "read_operator_me"
            | "list_projects"
            | "read_project"
            | "list_environments"
            | "read_environment"
            | "list_signing_keys"
            | "read_signing_key"
            | "revoke_signing_key"
            | "list_identity_providers"
            | "read_identity_provider"
            | "delete_identity_provider"
            | "test_identity_provider"
            | "list_api_keys"
            | "list_issuer_keys"
            | "revoke_issuer_key"
            | "list_sign_in_providers"
            | "read_sign_in_provider"
            | "delete_sign_in_provider"
            | "list_wallets_of_account"
            | "read_api_key"
            | "revoke_api_key"
            | "list_webhooks"
            | "read_webhook"
            | "delete_webhook"
            | "list_deliveries"
            | "read_delivery"
            | "list_users"
            | "read_user"
            | "delete_user"
            | "freeze_user"
            | "unfreeze_user"
            | "revoke_user"
            | "list_accounts"
            | "read_account"
            | "delete_account"
            | "freeze_account"
            | "unfreeze_account"
            | "list_account_sessions"
            | "revoke_account_sessions"
            | "revoke_account_session"
            | "read_seal"
            | "rotate_seal"
            | "list_audit"
            | "list_environment_audit"
            | "list_operators"
            | "read_operator"
            | "list_operator_keys"
            | "revoke_operator_key"
            | "read_me"
            | "list_integrations"
            | "list_integration_metadata"
            | "read_key_set"
            | "read_key_set_of_host"
            | "read_liveness"
            | "read_readiness"
            | "read_metrics" => None,
            _ => return None,
        };
        let call = site.call(&operation.method, &path);
        Some(match body {
            Some(body) => call.json(&body),
            None => call,
        })
    }
}

/// A public key that nobody has used.
fn public_key() -> String {
    hallpass_jose::SigningKey::generate_rsa(2048)
        .expect("a key")
        .verifying_key()
        .to_spki_pem()
}
