//! Keys by which apps name an environment: kinds, origins, rotation, and revocation on every node.

use std::time::Duration;

use hallpass_core::{
    Created, EnvironmentPatch, IdempotencyKey, NewApiKey, NewApiKeyText, Services,
};
use hallpass_model::{ApiKeyId, ApiKeyKind, EnvironmentId, ErrorKind, PageRequest};
use hallpass_testkit::on_both_engines;
use hallpass_testkit::world::World;
use serde_json::json;
use tokio::time::Instant;

use crate::support::eventually;

fn new(kind: ApiKeyKind) -> NewApiKey {
    NewApiKey {
        kind,
        name: "web app".to_owned(),
        prefix: None,
        expires_in_secs: None,
    }
}

async fn made(world: &World, environment: EnvironmentId, new: NewApiKey) -> (ApiKeyId, String) {
    let keys = &world.services.api_keys;
    let made = keys
        .create(&world.admin(), environment, new)
        .await
        .expect("a key");
    text_of(made)
}

fn text_of(made: Created<NewApiKeyText>) -> (ApiKeyId, String) {
    let made = made.into_inner();
    (made.key.id, made.text.expect("a text").to_string())
}

/// The code of a refusal, or the environment that the key names.
async fn outcome(
    services: &Services,
    text: &str,
    origin: Option<&str>,
) -> Result<EnvironmentId, &'static str> {
    match services.api_keys.authenticate(text, origin).await {
        Ok(app) => Ok(app.environment()),
        Err(error) => Err(error.code()),
    }
}

async fn allow(world: &World, origins: &[&str]) {
    let patch = EnvironmentPatch {
        sign_in: Some(json!({ "allowed_origins": origins })),
        ..EnvironmentPatch::default()
    };
    let environments = &world.services.environments;
    environments
        .update(&world.admin(), world.environment, patch, None)
        .await
        .expect("changed");
}

on_both_engines! {
    async fn a_key_begins_as_public_clients_expect(database: Database) {
        let world = World::new(database.store().clone()).await;
        for (name, prefix) in [("beta", "beta_"), ("production", "prod_"), ("staging", "dev_"), ("Sandbox", "dev_")] {
            let environment = world.another_environment(name).await;
            let (_, text) = made(&world, environment, new(ApiKeyKind::Publishable)).await;
            assert!(text.starts_with(prefix) && text.len() == prefix.len() + 32, "{name}: {text}");
        }
        let (_, own) = made(&world, world.environment, new(ApiKeyKind::Publishable)).await;
        assert!(own.starts_with("sandbox_"));
        let chosen = NewApiKey { prefix: Some("dev".to_owned()), ..new(ApiKeyKind::Publishable) };
        let (_, chosen) = made(&world, world.environment, chosen).await;
        assert!(chosen.starts_with("dev_"));
        let hex = &chosen["dev_".len()..];
        assert!(hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "{hex}");
        let (_, secret) = made(&world, world.environment, new(ApiKeyKind::Secret)).await;
        assert!(secret.starts_with("sk_"));
        for prefix in ["", "DEV", "prod_", "sk", "live"] {
            let odd = NewApiKey { prefix: Some(prefix.to_owned()), ..new(ApiKeyKind::Publishable) };
            let refused = world.services.api_keys.create(&world.admin(), world.environment, odd).await;
            let error = refused.err().expect("refused");
            assert_eq!((error.code(), error.pointer()), ("invalid_prefix", Some("/prefix")));
        }
    }

    async fn only_the_exact_text_is_a_key(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (_, publishable) = made(&world, world.environment, new(ApiKeyKind::Publishable)).await;
        let (_, secret) = made(&world, world.environment, new(ApiKeyKind::Secret)).await;
        for text in [&publishable, &secret] {
            assert_eq!(outcome(&world.services, text, None).await, Ok(world.environment));
            for other in [
                text.to_uppercase(),
                format!(" {text}"),
                format!("{text} "),
                text[..text.len() - 1].to_owned(),
                format!("{text}0"),
                text.replacen('_', "", 1),
                String::new(),
            ] {
                assert_eq!(outcome(&world.services, &other, None).await, Err("api_key_invalid"), "{other:?}");
            }
        }
        let elsewhere = publishable.replacen("sandbox_", "prod_", 1);
        assert_eq!(outcome(&world.services, &elsewhere, None).await, Err("api_key_invalid"));
        let refused = world.services.api_keys.authenticate("x", None).await;
        assert!(refused.expect_err("unknown").message().contains("Invalid API key"));
    }

    async fn a_secret_key_is_kept_as_a_digest_and_shown_once(database: Database) {
        let world = World::new(database.store().clone()).await;
        let keys = &world.services.api_keys;
        let caller = world.admin().with_idempotency(Some(IdempotencyKey {
            key: "k".to_owned(),
            request_digest: [1; 32],
        }));
        let first = keys.create(&caller, world.environment, new(ApiKeyKind::Secret)).await.expect("made");
        let Created::New(first) = first else { panic!("new") };
        let again = keys.create(&caller, world.environment, new(ApiKeyKind::Secret)).await.expect("made");
        let Created::Replayed(again) = again else { panic!("replayed") };
        assert_eq!(first.key, again.key);
        assert!(first.text.is_some() && again.text.is_none() && first.key.publishable.is_none());
        let page = keys.list(&world.admin(), world.environment, &PageRequest::default()).await;
        let listed = &page.expect("a list").items[0];
        assert_eq!(listed.publishable, None);
        assert!(first.text.expect("shown").starts_with(&listed.hint));
    }

    async fn a_rotated_key_works_until_the_overlap_ends_on_every_node(database: Database) {
        let world = World::new(database.store().clone()).await;
        let other = world.second_node(database.open_again().await).await;
        for kind in [ApiKeyKind::Publishable, ApiKeyKind::Secret] {
            let (id, old) = made(&world, world.environment, new(kind)).await;
            assert!(outcome(&other, &old, None).await.is_ok());
            let rotated = world.services.api_keys.rotate(&world.admin(), world.environment, id, 3600).await;
            let (_, fresh) = text_of(rotated.expect("rotated"));
            assert_eq!(fresh.split('_').next(), old.split('_').next());
            for services in [&*world.services, &other] {
                assert!(outcome(services, &old, None).await.is_ok());
                assert!(outcome(services, &fresh, None).await.is_ok());
            }
            world.clock.advance(Duration::from_secs(3600));
            assert_eq!(outcome(&world.services, &old, None).await, Err("api_key_invalid"));
            eventually("the other node knows", async || outcome(&other, &old, None).await.is_err()).await;
            for services in [&*world.services, &other] {
                assert!(outcome(services, &fresh, None).await.is_ok());
            }
            let ended = world.services.api_keys.rotate(&world.admin(), world.environment, id, 0).await;
            assert_eq!(ended.err().expect("refused").code(), "api_key_ended");
        }
        let (id, old) = made(&world, world.environment, new(ApiKeyKind::Secret)).await;
        let rotated = world.services.api_keys.rotate(&world.admin(), world.environment, id, 0).await;
        assert!(rotated.is_ok());
        assert_eq!(outcome(&world.services, &old, None).await, Err("api_key_invalid"));
        for overlap in [-1, 30 * 86_400 + 1] {
            let refused = world.services.api_keys.rotate(&world.admin(), world.environment, id, overlap).await;
            assert_eq!(refused.err().expect("refused").code(), "invalid_overlap");
        }
        other.stop().await;
    }

    async fn an_overlap_never_prolongs_a_key_that_ends_sooner(database: Database) {
        let world = World::new(database.store().clone()).await;
        let short = NewApiKey { expires_in_secs: Some(60), ..new(ApiKeyKind::Secret) };
        let (id, text) = made(&world, world.environment, short).await;
        world.services.api_keys.rotate(&world.admin(), world.environment, id, 3600).await.expect("rotated");
        assert!(outcome(&world.services, &text, None).await.is_ok());
        world.clock.advance(Duration::from_secs(60));
        assert_eq!(outcome(&world.services, &text, None).await, Err("api_key_invalid"));
        let never = NewApiKey { expires_in_secs: Some(0), ..new(ApiKeyKind::Secret) };
        let refused = world.services.api_keys.create(&world.admin(), world.environment, never).await;
        assert_eq!(refused.err().expect("refused").code(), "invalid_lifetime");
    }

    async fn a_revoked_key_stops_at_once_here_and_within_a_second_elsewhere(database: Database) {
        let world = World::new(database.store().clone()).await;
        let other = world.second_node(database.open_again().await).await;
        let (id, text) = made(&world, world.environment, new(ApiKeyKind::Publishable)).await;
        assert!(outcome(&world.services, &text, None).await.is_ok());
        assert!(outcome(&other, &text, None).await.is_ok());
        let revoked = world.services.api_keys.revoke(&world.admin(), world.environment, id).await;
        assert!(revoked.expect("revoked").revoked_at.is_some());
        let since = Instant::now();
        assert_eq!(outcome(&world.services, &text, None).await, Err("api_key_invalid"));
        eventually("the other node knows", async || outcome(&other, &text, None).await.is_err()).await;
        // The product promises a second; a machine that is busy with other tests gets some more.
        assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
        let again = world.services.api_keys.revoke(&world.admin(), world.environment, id).await;
        assert!(again.is_ok(), "revoking twice changes nothing");
        other.stop().await;
    }

    async fn origins_are_compared_letter_for_letter(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (_, text) = made(&world, world.environment, new(ApiKeyKind::Publishable)).await;
        assert!(outcome(&world.services, &text, Some("https://anything.example")).await.is_ok(), "none listed: any");
        allow(&world, &["https://app.example", "http://localhost:3000"]).await;
        for good in [Some("https://app.example"), Some("http://localhost:3000"), None] {
            assert!(outcome(&world.services, &text, good).await.is_ok(), "{good:?}");
        }
        for bad in [
            "https://APP.example",
            "https://app.example:8443",
            "https://app.example:443",
            "http://app.example",
            "https://app.example/",
            "https://app.example.evil.example",
            "https://evil-app.example",
            "https://sub.app.example",
            "https://app.example@evil.example",
            "http://localhost:3001",
            "http://localhost",
            "null",
            "",
            "*",
        ] {
            assert_eq!(outcome(&world.services, &text, Some(bad)).await, Err("origin_not_authorized"), "{bad:?}");
        }
        let refused = world.services.api_keys.authenticate(&text, Some("null")).await;
        let error = refused.expect_err("refused");
        assert!(error.kind() == ErrorKind::Forbidden && error.message().contains("origin not authorized"));
    }

    async fn a_secret_key_on_a_page_is_refused_whatever_is_allowed(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (_, secret) = made(&world, world.environment, new(ApiKeyKind::Secret)).await;
        allow(&world, &["https://app.example"]).await;
        for origin in ["https://app.example", "https://other.example", "null"] {
            assert_eq!(outcome(&world.services, &secret, Some(origin)).await, Err("publishable_key_needed"));
        }
        assert!(outcome(&world.services, &secret, None).await.is_ok());
    }

    async fn a_key_belongs_to_its_environment_and_its_last_use_is_noted(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (id, text) = made(&world, world.environment, new(ApiKeyKind::Secret)).await;
        let elsewhere = world.another_environment("beta").await;
        let keys = &world.services.api_keys;
        let admin = world.admin();
        for error in [
            keys.load(&admin, elsewhere, id).await.err(),
            keys.revoke(&admin, elsewhere, id).await.err(),
            keys.rotate(&admin, elsewhere, id, 0).await.err(),
        ] {
            assert_eq!(error.expect("refused").kind(), ErrorKind::NotFound);
        }
        assert_eq!(keys.load(&admin, world.environment, id).await.expect("a key").last_used_at, None);
        outcome(&world.services, &text, None).await.expect("good");
        world.services.flush().await;
        assert!(keys.load(&admin, world.environment, id).await.expect("a key").last_used_at.is_some());
    }
}
