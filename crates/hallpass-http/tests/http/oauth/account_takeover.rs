//! Ways to become somebody else: unverified addresses, addresses that move, links that somebody else sent.

use hallpass_testkit::on_both_engines;
use hallpass_testkit::provider::ClientProof;
use serde_json::json;

use super::stage::{CLIENT, SECRET, Stage, by_profile, by_token, service, settings_of};

on_both_engines! {
    async fn a_verified_address_joins_and_an_unverified_one_does_not(database: Database) {
        let (google, discord) = (service().await, service().await);
        let (facebook, issuer) = (service().await, service().await);
        let stage = Stage::beside(database, &[&google, &discord, &facebook, &issuer]).await;
        stage.add_played("google", &google).await;
        stage.add_played("discord", &discord).await;
        stage.add_played("facebook", &facebook).await;
        stage.add_played("oidc", &issuer).await;
        let owner = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        let owner = stage.signed_in(&google, "google", &owner).await["userId"].clone();
        let verified = by_profile(json!({ "id": "d-1", "verified": true, "email": "ANA@example.com" }));
        assert_eq!(stage.signed_in(&discord, "discord", &verified).await["userId"], owner);

        for (service, word, stranger) in [
            (&discord, "discord", by_profile(json!({ "id": "d-2", "verified": false, "email": "ana@example.com" }))),
            (&discord, "discord", by_profile(json!({ "id": "d-3", "email": "ana@example.com" }))),
            (&facebook, "facebook", by_profile(json!({ "id": "f-1", "email": "ana@example.com" }))),
            (&google, "google", by_token(json!({ "sub": "g-2", "email": "ana@example.com", "email_verified": false, "name": "X" }))),
            (&google, "google", by_token(json!({ "sub": "g-3", "email": "ana@example.com", "name": "X" }))),
            // An issuer of the operator's own is not believed about addresses unless the operator says so.
            (&issuer, "custom_oidc", by_token(json!({ "sub": "o-1", "email": "ana@example.com", "email_verified": true, "name": "X" }))),
        ] {
            let told = match word {
                "custom_oidc" => {
                    let mut client = stage.client().await;
                    let address = stage.ask(&mut client, word).await;
                    let query = service.agree(&address, &stranger);
                    stage.come_back(&client, "oidc-oidc", &query).await;
                    stage.poll(&client).await
                }
                _ => stage.signed_in(service, word, &stranger).await,
            };
            assert_ne!(told["userId"], owner, "{stranger:?}");
            let shown = told["auth"]["email"].as_str().unwrap();
            assert!(!shown.contains('@'), "{shown}");
        }
    }

    async fn a_trusted_issuer_joins_only_what_it_calls_verified(database: Database) {
        let (google, issuer) = (service().await, service().await);
        let stage = Stage::beside(database, &[&google, &issuer]).await;
        stage.add_played("google", &google).await;
        let mut settings = settings_of("oidc", &issuer);
        settings["trust_email"] = json!(true);
        issuer.register_client(CLIENT, ClientProof::Post(SECRET.to_owned()));
        stage.add(Some("acme"), settings, Some(SECRET)).await;
        let owner = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        let owner = stage.signed_in(&google, "google", &owner).await["userId"].clone();
        for (sub, verified, joins) in [("o-1", json!(true), true), ("o-2", json!(false), false), ("o-3", json!(null), false), ("o-4", json!(1), false)] {
            let person = by_token(json!({ "sub": sub, "email": "ana@example.com", "email_verified": verified, "name": "X" }));
            let told = stage.signed_in(&issuer, "oidc-acme", &person).await;
            assert_eq!(told["userId"] == owner, joins, "{verified}");
        }
    }

    async fn an_address_that_moved_to_somebody_else_is_a_conflict(database: Database) {
        let (google, discord) = (service().await, service().await);
        let stage = Stage::beside(database, &[&google, &discord]).await;
        stage.add_played("google", &google).await;
        stage.add_played("discord", &discord).await;
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        let bob = by_profile(json!({ "id": "d-1", "verified": true, "email": "bob@example.com" }));
        let first = stage.signed_in(&google, "google", &ana).await["userId"].clone();
        let second = stage.signed_in(&discord, "discord", &bob).await["userId"].clone();
        assert_ne!(first, second);
        let moved = by_token(json!({ "sub": "g-1", "email": "bob@example.com", "email_verified": true, "name": "Ana" }));
        let (client, page) = stage.sign_in(&google, "google", &moved).await;
        assert!(page.text().contains("belongs to another account"), "{}", page.text());
        assert_eq!(stage.poll(&client).await, json!({}));
        assert!(!stage.is_signed_in(&client).await);
        // Nothing was merged, and nothing lost.
        assert_eq!(stage.signed_in(&google, "google", &ana).await["userId"], first);
        assert_eq!(stage.signed_in(&discord, "discord", &bob).await["userId"], second);
    }

    async fn one_services_name_is_nothing_at_another(database: Database) {
        let (google, discord) = (service().await, service().await);
        let stage = Stage::beside(database, &[&google, &discord]).await;
        stage.add_played("google", &google).await;
        stage.add_played("discord", &discord).await;
        let at_google = by_token(json!({ "sub": "same", "name": "A", "email": null }));
        let at_discord = by_profile(json!({ "id": "same" }));
        let first = stage.signed_in(&google, "google", &at_google).await;
        let second = stage.signed_in(&discord, "discord", &at_discord).await;
        assert_ne!(first["userId"], second["userId"]);
    }

    /// Session fixation: a link that somebody else sent does not sign their session in behind a person's back.
    async fn a_link_from_somebody_else_asks_first(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let mut attacker = stage.client().await;
        let page = stage.open(&mut attacker, "google", "other=1", "").await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.text().contains("never because somebody sent you a link"));
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{}", page.header("content-security-policy"));

        // The way on is in the page alone, for this browser alone.
        let way = page.text().split("id=\"leave\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        let without = way.split("&token=").next().unwrap().to_owned();
        let browser = attacker.browser.clone();
        for (path, browser) in [
            (without.as_str(), browser.as_deref()),
            (&format!("{without}&token=AAAA"), browser.as_deref()),
            (&way, None),
            (&way, Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ] {
            let refused = stage.visit(path, "other=1", browser).await;
            assert_eq!(refused.status, 403, "{path}: {}", refused.text());
        }
        let from_elsewhere = stage.site.call("GET", &way).header("host", "auth.example").header("sec-fetch-site", "cross-site");
        let from_elsewhere = from_elsewhere.header("cookie", &format!("hallpass.browser={}", browser.clone().unwrap())).send().await;
        assert_eq!(from_elsewhere.status, 403);
        let gone = stage.visit(&way, "other=1", browser.as_deref()).await;
        assert_eq!(gone.status, 303, "{}", gone.text());
    }

    /// Login CSRF: a callback that somebody else was given signs nobody in.
    async fn a_callback_from_somebody_else_signs_nobody_in(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let mut attacker = stage.client().await;
        let address = stage.ask(&mut attacker, "google").await;
        let query = google.agree(&address, &by_token(json!({ "sub": "g-evil", "email": "evil@example.com", "email_verified": true, "name": "E" })));
        let mut victim = stage.client().await;
        stage.ask(&mut victim, "google").await;
        for browser in [None, victim.browser.as_deref(), Some("x")] {
            let path = format!("/auth/google/callback?{query}");
            assert_eq!(stage.visit(&path, "", browser).await.status, 400);
        }
        assert!(!stage.is_signed_in(&victim).await && !stage.is_signed_in(&attacker).await);
        // Nobody has spoiled it for the one who began.
        assert_eq!(stage.come_back(&attacker, "google", &query).await.status, 200);
        assert!(stage.is_signed_in(&attacker).await && !stage.is_signed_in(&victim).await);
    }

    async fn a_session_in_which_somebody_is_signed_in_is_nobody_elses(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        let eve = by_token(json!({ "sub": "g-2", "email": "eve@example.com", "email_verified": true, "name": "Eve" }));
        // Both begin while nobody is signed in.
        let mut client = stage.client().await;
        let first = stage.ask(&mut client, "google").await;
        let second = stage.ask(&mut client, "google").await;
        assert_eq!(stage.come_back(&client, "google", &google.agree(&first, &ana)).await.status, 200);
        let before = stage.poll(&client).await;
        assert_eq!(stage.come_back(&client, "google", &google.agree(&second, &eve)).await.status, 409);
        let mut again = stage.client().await;
        again.session = client.session.clone();
        assert_eq!(stage.open(&mut again, "google", "", "").await.status, 200);
        assert_eq!(before["userId"].as_str().map(str::len), Some(36));
    }
}
