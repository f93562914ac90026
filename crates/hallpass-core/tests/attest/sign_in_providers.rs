//! What operators say of services that vouch for people, and what they cannot say.

use std::time::Duration;

use hallpass_core::{NewSignInProvider, SignInProviderPatch, SignInProviderView};
use hallpass_jose::SigningKey;
use hallpass_model::{Error, ErrorKind, SignInProviderSettings};
use hallpass_testkit::world::World;
use hallpass_testkit::{Database, on_both_engines};
use serde_json::{Value, json};

const BOT_TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

async fn world(database: &Database) -> World {
    World::new(database.store().clone()).await
}

fn new(handle: Option<&str>, settings: Value, secret: Option<&str>) -> NewSignInProvider {
    NewSignInProvider {
        handle: handle.map(str::to_owned),
        settings: serde_json::from_value::<SignInProviderSettings>(settings).unwrap(),
        secret: secret.map(str::to_owned),
    }
}

fn google() -> NewSignInProvider {
    new(
        None,
        json!({ "kind": "google", "client_id": "client-1" }),
        Some("secret-1"),
    )
}

fn oidc(handle: Option<&str>, issuer: &str) -> NewSignInProvider {
    new(
        handle,
        json!({ "kind": "oidc", "client_id": "client-1", "issuer": issuer }),
        Some("secret-1"),
    )
}

async fn add(world: &World, new: NewSignInProvider) -> Result<SignInProviderView, Error> {
    let providers = &world.services.sign_in_providers;
    let added = providers.add(&world.admin(), world.environment, new).await;
    added.map(|created| created.into_inner())
}

async fn update(
    world: &World,
    of: &SignInProviderView,
    patch: SignInProviderPatch,
) -> Result<SignInProviderView, Error> {
    let providers = &world.services.sign_in_providers;
    providers
        .update(
            &world.admin(),
            world.environment,
            of.provider.id,
            patch,
            None,
        )
        .await
}

async fn remove(world: &World, of: &SignInProviderView) {
    let providers = &world.services.sign_in_providers;
    providers
        .remove(&world.admin(), world.environment, of.provider.id)
        .await
        .unwrap();
}

fn settings(patch: Value) -> SignInProviderPatch {
    SignInProviderPatch {
        settings: Some(patch),
        ..SignInProviderPatch::default()
    }
}

on_both_engines! {
    async fn every_kind_can_be_added_and_says_where_people_come_back(database: Database) {
        let world = world(&database).await;
        let apple_key = SigningKey::generate_es256().unwrap().to_pkcs8_pem().unwrap();
        let apple = json!({ "kind": "apple", "client_id": "com.example", "team_id": "TEAM123456", "key_id": "KEY1234567" });
        for (new, handle, callback) in [
            (google(), "google", Some("/auth/google/callback")),
            (new(None, json!({ "kind": "x", "client_id": "c" }), Some("s")), "x", Some("/auth/twitter/callback")),
            (new(None, json!({ "kind": "discord", "client_id": "c" }), Some("s")), "discord", Some("/auth/discord/callback")),
            (new(None, json!({ "kind": "facebook", "client_id": "c" }), Some("s")), "facebook", Some("/auth/facebook/callback")),
            (new(None, apple, Some(apple_key.as_str())), "apple", Some("/auth/apple/callback")),
            (oidc(None, "https://one.example"), "oidc", Some("/auth/oidc-oidc/callback")),
            (oidc(Some("acme-staff"), "https://two.example"), "acme-staff", Some("/auth/oidc-acme-staff/callback")),
            (new(None, json!({ "kind": "telegram", "bot_username": "acme_bot" }), Some(BOT_TOKEN)), "telegram", None),
        ] {
            world.clock.advance(Duration::from_secs(1));
            let view = add(&world, new).await.unwrap();
            assert_eq!(view.provider.handle, handle);
            assert_eq!(view.callback_path.as_deref(), callback);
            assert!(view.warnings.is_empty());
        }
        let listed = world.services.sign_in_providers.list(&world.admin(), world.environment).await.unwrap();
        assert_eq!(listed.len(), 8);
        let buttons = world.services.sign_in_providers.buttons(world.environment).await.unwrap();
        let words: Vec<&str> = buttons.iter().map(|button| button.path_word.as_str()).collect();
        assert_eq!(words, ["google", "twitter", "discord", "facebook", "apple", "oidc-oidc", "oidc-acme-staff", "telegram"]);
    }

    async fn what_does_not_fit_is_refused_with_its_place(database: Database) {
        let world = world(&database).await;
        for (new, code, pointer) in [
            (new(None, json!({ "kind": "google" }), Some("s")), "invalid_provider", "/settings/client_id"),
            (new(None, json!({ "kind": "google", "client_id": "c", "trust_email": true }), Some("s")), "invalid_provider", "/settings/trust_email"),
            (new(None, json!({ "kind": "google", "client_id": "c", "bot_username": "acme_bot" }), Some("s")), "invalid_provider", "/settings/bot_username"),
            (new(None, json!({ "kind": "google", "client_id": "c", "label": " a" }), Some("s")), "invalid_provider", "/settings/label"),
            (new(None, json!({ "kind": "google", "client_id": "c" }), None), "invalid_provider_secret", "/secret"),
            (new(None, json!({ "kind": "google", "client_id": "c" }), Some("two\nlines")), "invalid_provider_secret", "/secret"),
            (new(None, json!({ "kind": "apple", "client_id": "c", "team_id": "TEAM123456", "key_id": "KEY1234567" }), Some("s")), "invalid_provider_secret", "/secret"),
            (new(None, json!({ "kind": "oidc", "client_id": "c", "issuer": "https://a.example", "client_auth": "none" }), Some("s")), "invalid_provider_secret", "/secret"),
            (new(None, json!({ "kind": "telegram", "bot_username": "acme_bot", "client_id": "c" }), Some(BOT_TOKEN)), "invalid_provider", "/settings/client_id"),
            (new(None, json!({ "kind": "telegram" }), Some(BOT_TOKEN)), "invalid_provider", "/settings/bot_username"),
            (new(None, json!({ "kind": "telegram", "bot_username": "acme_bot" }), Some("s")), "invalid_provider_secret", "/secret"),
            (new(Some("mine"), json!({ "kind": "google", "client_id": "c" }), Some("s")), "invalid_provider", "/handle"),
            (oidc(Some("Acme"), "https://a.example"), "invalid_provider", "/handle"),
            (oidc(Some("google"), "https://a.example"), "invalid_provider", "/handle"),
            (oidc(Some(""), "https://a.example"), "invalid_provider", "/handle"),
            (oidc(Some("-a"), "https://a.example"), "invalid_provider", "/handle"),
            // Rows 48 and 53: where the gate does not go, no provider is.
            (oidc(None, "https://127.0.0.1"), "egress_blocked", "/settings/issuer"),
            (oidc(None, "http://a.example"), "egress_scheme_not_allowed", "/settings/issuer"),
            (oidc(None, "https://a.example:25"), "egress_port_not_allowed", "/settings/issuer"),
        ] {
            let refused = add(&world, new).await.unwrap_err();
            assert_eq!((refused.code(), refused.pointer()), (code, Some(pointer)), "{}", refused.message());
            assert!(!refused.message().contains("two\nlines"));
        }
        let listed = world.services.sign_in_providers.list(&world.admin(), world.environment).await.unwrap();
        assert!(listed.is_empty());
    }

    async fn a_handle_never_goes_to_another_issuer(database: Database) {
        let world = world(&database).await;
        let first = add(&world, oidc(Some("staff"), "https://one.example")).await.unwrap();
        let taken = add(&world, oidc(Some("staff"), "https://one.example")).await.unwrap_err();
        assert_eq!((taken.kind(), taken.code()), (ErrorKind::Conflict, "handle_taken"));
        let moved = update(&world, &first, settings(json!({ "issuer": "https://two.example" }))).await.unwrap_err();
        assert_eq!(moved.code(), "issuer_fixed");
        let endpoints = json!({ "authorize_url": "https://two.example/a", "token_url": "https://two.example/t", "jwks_url": "https://two.example/k", "issuer": "https://two.example" });
        let moved = update(&world, &first, settings(json!({ "issuer": null, "endpoints": endpoints }))).await.unwrap_err();
        assert_eq!(moved.code(), "issuer_fixed");

        remove(&world, &first).await;
        let used = add(&world, oidc(Some("staff"), "https://two.example")).await.unwrap_err();
        assert_eq!((used.kind(), used.code()), (ErrorKind::Conflict, "handle_used"));
        let back = add(&world, oidc(Some("staff"), "https://one.example")).await.unwrap();
        assert_eq!(back.provider.id, first.provider.id);
        assert!(back.provider.version > first.provider.version);
        // Another environment is another matter.
        let beta = world.another_environment("beta").await;
        let providers = &world.services.sign_in_providers;
        providers.add(&world.admin(), beta, oidc(Some("staff"), "https://two.example")).await.unwrap();
    }

    async fn a_secret_is_sealed_changed_and_forgotten(database: Database) {
        let world = world(&database).await;
        let view = add(&world, google()).await.unwrap();
        let sealed = view.provider.sealed_secret.clone().unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"secret-1"));
        let patch = SignInProviderPatch { secret: Some("secret-2".to_owned()), ..SignInProviderPatch::default() };
        let changed = update(&world, &view, patch).await.unwrap();
        assert_ne!(changed.provider.sealed_secret, Some(sealed));
        assert_eq!(changed.provider.version, 2);

        let bad = SignInProviderPatch { secret: Some("a b".to_owned()), ..SignInProviderPatch::default() };
        assert_eq!(update(&world, &view, bad).await.unwrap_err().code(), "invalid_provider_secret");
        let same = update(&world, &view, settings(json!({ "client_id": "client-1" }))).await.unwrap();
        assert_eq!(same.provider.version, 2);

        remove(&world, &changed).await;
        let mut tx = world.store.read().await.unwrap();
        let row = tx.find_sign_in_provider_by_handle(world.environment, "google").await.unwrap().unwrap();
        assert!(row.sealed_secret.is_none() && row.removed_at.is_some());
    }

    async fn becoming_a_public_client_forgets_the_secret(database: Database) {
        let world = world(&database).await;
        let view = add(&world, oidc(None, "https://one.example")).await.unwrap();
        let public = update(&world, &view, settings(json!({ "client_auth": "none" }))).await.unwrap();
        assert!(public.provider.sealed_secret.is_none());
        let back = update(&world, &view, settings(json!({ "client_auth": null }))).await.unwrap_err();
        assert_eq!(back.code(), "invalid_provider_secret");
        let patch = SignInProviderPatch { secret: Some("secret-2".to_owned()), ..settings(json!({ "client_auth": null })) };
        assert!(update(&world, &view, patch).await.unwrap().provider.sealed_secret.is_some());
    }

    async fn what_is_dangerous_is_said(database: Database) {
        let world = world(&database).await;
        let trusting = json!({ "kind": "oidc", "client_id": "c", "issuer": "https://one.example", "trust_email": true });
        let view = add(&world, new(None, trusting, Some("s"))).await.unwrap();
        assert_eq!(view.warnings[0].code, "trusts_email");
        let endpoints = json!({ "authorize_url": "https://two.example/a", "token_url": "https://two.example/t", "jwks_url": "https://two.example/k", "issuer": "https://two.example" });
        let stand_in = json!({ "kind": "google", "client_id": "c", "endpoints": endpoints });
        let view = add(&world, new(None, stand_in, Some("s"))).await.unwrap();
        assert_eq!(view.warnings[0].code, "other_endpoints");
    }

    async fn a_disabled_provider_has_no_button(database: Database) {
        let world = world(&database).await;
        let view = add(&world, google()).await.unwrap();
        let patch = |disabled| SignInProviderPatch { disabled: Some(disabled), ..SignInProviderPatch::default() };
        update(&world, &view, patch(true)).await.unwrap();
        let providers = &world.services.sign_in_providers;
        assert!(providers.buttons(world.environment).await.unwrap().is_empty());
        update(&world, &view, patch(false)).await.unwrap();
        assert_eq!(providers.buttons(world.environment).await.unwrap().len(), 1);
    }
}
