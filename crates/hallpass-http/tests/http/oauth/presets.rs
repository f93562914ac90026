//! Each service on a good day, from the link to the client that is told.

use hallpass_jose::SigningKey;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::provider::ClientProof;
use serde_json::json;

use super::stage::{CLIENT, SECRET, Stage, by_profile, by_token, service, settings_of};

on_both_engines! {
    async fn google_signs_in_with_a_verified_address(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let ana = by_token(json!({ "sub": "g-1", "email": "Ana@Example.com", "email_verified": true, "name": "Ana", "picture": "https://pics.example/a.png" }));
        let told = stage.signed_in(&google, "google", &ana).await;
        assert_eq!(told["auth"], json!({ "email": "Ana@example.com" }));
        assert_eq!((&told["displayName"], &told["pfpUrl"]), (&json!("Ana"), &json!("https://pics.example/a.png")));
        assert_eq!((&told["isNewUser"], &told["authMethods"]), (&json!(true), &json!([])));
        stage.site.world.clock.advance(std::time::Duration::from_secs(1));
        let again = stage.signed_in(&google, "google", &ana).await;
        assert_eq!((&again["userId"], &again["isNewUser"]), (&told["userId"], &json!(false)));
    }

    async fn x_signs_in_without_an_address(database: Database) {
        let x = service().await;
        let stage = Stage::beside(database, &[&x]).await;
        x.register_client(CLIENT, ClientProof::Basic(SECRET.to_owned()));
        stage.add(None, settings_of("x", &x), Some(SECRET)).await;
        let dev = by_profile(json!({ "data": { "id": "2244994945", "name": "Dev", "username": "dev", "profile_image_url": "https://pics.example/x.png", "confirmed_email": "dev@example.com" } }));
        let told = stage.signed_in(&x, "twitter", &dev).await;
        // Public clients need an `email`; this one nobody takes for an address.
        assert_eq!(told["auth"], json!({ "email": "x:2244994945" }));
        assert_eq!((&told["username"], &told["displayName"]), (&json!("dev"), &json!("Dev")));
    }

    async fn discord_signs_in_with_a_verified_address(database: Database) {
        let discord = service().await;
        let stage = Stage::beside(database, &[&discord]).await;
        stage.add_played("discord", &discord).await;
        let nelly = by_profile(json!({ "id": "80351110224678912", "username": "nelly", "global_name": "Nelly", "avatar": "abc", "verified": true, "email": "nelly@example.com" }));
        let told = stage.signed_in(&discord, "discord", &nelly).await;
        assert_eq!(told["auth"], json!({ "email": "nelly@example.com" }));
        assert_eq!(told["pfpUrl"], "https://cdn.discordapp.com/avatars/80351110224678912/abc.png");
    }

    async fn facebook_signs_in_and_its_address_never_counts(database: Database) {
        let facebook = service().await;
        let stage = Stage::beside(database, &[&facebook]).await;
        stage.add_played("facebook", &facebook).await;
        let person = by_profile(json!({ "id": "10", "name": "Ada", "email": "ada@example.com", "picture": { "data": { "url": "https://pics.example/f.png" } } }));
        let told = stage.signed_in(&facebook, "facebook", &person).await;
        assert_eq!(told["auth"], json!({ "email": "facebook:10" }));
        assert_eq!(told["displayName"], "Ada");
    }

    async fn apple_posts_its_answer_and_gets_a_signed_secret(database: Database) {
        let apple = service().await;
        let stage = Stage::beside(database, &[&apple]).await;
        let key = SigningKey::generate_es256().unwrap();
        apple.register_client(CLIENT, ClientProof::Signed(Box::new(key.verifying_key())));
        let pem = key.to_pkcs8_pem().unwrap();
        stage.add(None, settings_of("apple", &apple), Some(&pem)).await;
        let mut client = stage.client().await;
        let address = stage.ask(&mut client, "apple").await;
        assert!(address.contains("response_mode=form_post"));
        let person = by_token(json!({ "sub": "001", "email": "relay@example.com", "email_verified": "true" }));
        let form = format!("{}&user=%7B%22name%22%3A%7B%22firstName%22%3A%22Ada%22%7D%7D&id_token=x", apple.agree(&address, &person));
        // Another site made the browser post, so our cookie is not there yet.
        let posted = stage.site.call("POST", "/auth/apple/callback").text("application/x-www-form-urlencoded", &form).send().await;
        assert_eq!(posted.status, 303);
        let onward = posted.header("location").to_owned();
        assert!(onward.starts_with("/auth/apple/callback?") && !onward.contains("id_token"), "{onward}");
        let back = stage.visit(&onward, "", client.browser.as_deref()).await;
        assert_eq!(back.status, 200, "{}", back.text());
        let told = stage.poll(&client).await;
        assert_eq!((&told["auth"], &told["displayName"]), (&json!({ "email": "relay@example.com" }), &json!("Ada")));
    }

    async fn an_oidc_issuer_is_discovered_and_its_profile_is_asked_for(database: Database) {
        let issuer = service().await;
        let stage = Stage::beside(database, &[&issuer]).await;
        issuer.register_client(CLIENT, ClientProof::Basic(SECRET.to_owned()));
        let settings = json!({ "kind": "oidc", "client_id": CLIENT, "issuer": issuer.issuer(), "client_auth": "client_secret_basic", "trust_email": true });
        stage.add(Some("acme"), settings, Some(SECRET)).await;
        // Many servers put nothing but the subject into the id token.
        let mut person = by_token(json!({ "sub": "u-1" }));
        person.profile = json!({ "sub": "u-1", "email": "u@example.com", "email_verified": true, "name": "U", "preferred_username": "uu" });
        let told = stage.signed_in(&issuer, "custom_oidc", &person).await;
        assert_eq!(told["auth"], json!({ "email": "u@example.com" }));
        assert_eq!((&told["displayName"], &told["username"]), (&json!("U"), &json!("uu")));
    }

    async fn a_public_client_has_no_secret_but_pkce(database: Database) {
        let issuer = service().await;
        let stage = Stage::beside(database, &[&issuer]).await;
        issuer.register_client(CLIENT, ClientProof::Public);
        let settings = json!({ "kind": "oidc", "client_id": CLIENT, "issuer": issuer.issuer(), "client_auth": "none" });
        stage.add(Some("acme"), settings, None).await;
        let mut client = stage.client().await;
        let address = stage.ask(&mut client, "oidc-acme").await;
        let person = by_token(json!({ "sub": "u-1", "email": "u@example.com", "email_verified": true, "name": "U" }));
        let query = issuer.agree(&address, &person);
        let answer = stage.come_back(&client, "oidc-acme", &query).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        // Its word on addresses does not count, so the person is known by the issuer's name for them.
        assert_eq!(stage.poll(&client).await["auth"], json!({ "email": "oidc:acme:u-1" }));
    }

    async fn the_page_at_the_end_closes_itself_and_works_without_a_script(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        let (client, page) = stage.sign_in(&google, "google", &ana).await;
        assert!(page.text().contains("You can close this window") && page.text().contains("data-step=\"done\""));
        assert!(!page.text().contains("<script>") && page.header("content-security-policy").contains("default-src 'none'"));
        assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
        for hidden in [SECRET, "code-", "access-", "ana@example.com", &client.session] {
            assert!(!page.text().contains(hidden), "{hidden}");
        }
        // The secret of the session was exchanged for its holder.
        assert!(stage.is_signed_in(&client).await);
    }
}
