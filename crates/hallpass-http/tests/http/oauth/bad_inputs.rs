//! Callbacks, services and addresses that are not what they should be. `row_N_*` names the row of the list of bad inputs that a test
//! answers.

use std::time::Duration;

use hallpass_testkit::on_both_engines;
use hallpass_testkit::provider::{Behaviour, ClientProof, TOKEN_PATH};
use serde_json::json;

use super::stage::{CLIENT, HOME, SECRET, Stage, by_profile, by_token, service};

on_both_engines! {
    async fn row_38_a_state_is_of_one_flow_and_used_once(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        let mut client = stage.client().await;
        let address = stage.ask(&mut client, "google").await;
        let query = google.agree(&address, &ana);
        let state = query.split("state=").nth(1).unwrap().to_owned();
        let code = query.split('&').next().unwrap().to_owned();
        for bad in [
            String::new(),
            code.clone(),
            format!("{code}&state="),
            format!("{code}&state=x"),
            format!("{code}&state={}", &state[..state.len() - 1]),
            format!("{code}&state={}", "A".repeat(state.len())),
            format!("{code}&state={state}&state={state}"),
            format!("{code}&{code}&state={state}"),
            format!("state={state}"),
        ] {
            assert_eq!(stage.come_back(&client, "google", &bad).await.status, 400, "{bad}");
        }
        assert_eq!(stage.poll(&client).await, json!({}));
        assert!(google.requests_to(TOKEN_PATH) == 0, "nothing was asked for a state that is none");
        assert_eq!(stage.come_back(&client, "google", &query).await.status, 200);
        assert_eq!(stage.come_back(&client, "google", &query).await.status, 400, "used");
        assert_eq!(google.requests_to(TOKEN_PATH), 1);
    }

    async fn row_38_a_state_expires(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        let mut client = stage.client().await;
        let address = stage.ask(&mut client, "google").await;
        let query = google.agree(&address, &ana);
        stage.site.world.clock.advance(Duration::from_secs(600));
        assert_eq!(stage.come_back(&client, "google", &query).await.status, 400);
        assert_eq!(stage.poll(&client).await, json!({}));
        assert_eq!(google.requests_to(TOKEN_PATH), 0);
    }

    async fn row_39_another_services_answer_is_refused(database: Database) {
        let (google, discord) = (service().await, service().await);
        let stage = Stage::beside(database, &[&google, &discord]).await;
        stage.add_played("google", &google).await;
        stage.add_played("discord", &discord).await;
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        // The code of one at the other's callback, and the other way round.
        let mut client = stage.client().await;
        let address = stage.ask(&mut client, "google").await;
        let query = google.agree(&address, &ana);
        assert_eq!(stage.come_back(&client, "discord", &query).await.status, 400);
        assert_eq!(stage.come_back(&client, "google", &query).await.status, 400, "and it is used up");
        let address = stage.ask(&mut client, "discord").await;
        let query = discord.agree(&address, &by_profile(json!({ "id": "1" })));
        assert_eq!(stage.come_back(&client, "google", &query).await.status, 400);
        assert_eq!(google.requests_to(TOKEN_PATH) + discord.requests_to(TOKEN_PATH), 0);

        // RFC 9207: who answers says another name.
        for (word, iss) in [("google", discord.issuer()), ("google", format!("{}/", google.issuer())), ("discord", google.issuer())] {
            let asked = if word == "google" { &google } else { &discord };
            let address = stage.ask(&mut client, word).await;
            let query = format!("{}&iss={iss}", asked.agree(&address, &ana));
            assert_eq!(stage.come_back(&client, word, &query).await.status, 400, "{word} {iss}");
        }
        assert_eq!(google.requests_to(TOKEN_PATH) + discord.requests_to(TOKEN_PATH), 0);
        let address = stage.ask(&mut client, "google").await;
        let query = format!("{}&iss={}", google.agree(&address, &ana), google.issuer());
        assert_eq!(stage.come_back(&client, "google", &query).await.status, 200);
    }

    async fn row_39_an_issuer_that_always_says_its_name_must_say_it(database: Database) {
        let issuer = service().await;
        issuer.set_discovery(json!({ "authorization_response_iss_parameter_supported": true }));
        let stage = Stage::beside(database, &[&issuer]).await;
        issuer.register_client(CLIENT, ClientProof::Post(SECRET.to_owned()));
        let settings = json!({ "kind": "oidc", "client_id": CLIENT, "issuer": issuer.issuer() });
        stage.add(Some("acme"), settings, Some(SECRET)).await;
        let person = by_token(json!({ "sub": "1", "name": "A", "email": "a@example.com" }));
        let mut client = stage.client().await;
        for (iss, status) in [(String::new(), 400), (format!("&iss={}", issuer.issuer()), 200)] {
            let address = stage.ask(&mut client, "oidc-acme").await;
            let query = format!("{}{iss}", issuer.agree(&address, &person));
            assert_eq!(stage.come_back(&client, "oidc-acme", &query).await.status, status, "{iss}");
        }
    }

    async fn row_40_a_code_of_another_flow_is_refused(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let eve = by_token(json!({ "sub": "g-2", "email": "eve@example.com", "email_verified": true, "name": "Eve" }));
        let (mut victim, mut attacker) = (stage.client().await, stage.client().await);
        let own = stage.ask(&mut victim, "google").await;
        let other = stage.ask(&mut attacker, "google").await;
        let state = google.agree(&own, &eve).split("state=").nth(1).unwrap().to_owned();
        let stolen = google.agree(&other, &eve).split('&').next().unwrap().to_owned();
        // The verifier of the one flow does not fit the challenge of the other.
        let query = format!("{stolen}&state={state}");
        assert_eq!(stage.come_back(&victim, "google", &query).await.status, 400);
        assert_eq!(stage.poll(&victim).await, json!({}));
        assert_eq!(google.requests_to(TOKEN_PATH), 1);
    }

    async fn row_41_only_the_listed_origins_may_ask(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        stage.set_sign_in(json!({ "allowed_origins": ["https://ok.example"] })).await;
        let mut client = stage.client().await;
        let line = client.line.split(';').next().unwrap().to_owned();
        for origin in [
            "https://ok.example@evil",
            "https://ok.example@evil.example",
            "//evil.example",
            "\\evil.example",
            "https://ok.example.evil.example",
            "https://ok.example:80@evil.example",
            "https://ok.example/..;/",
            "HTTPS://ok.example",
            "https://OK.example",
            "https://ok.example/",
            "https://ok.example#x",
            "https://ok.example?x",
            "https://ok.exampl",
            "https://*.example",
            "http://ok.example",
            "https://ok.example:443",
            "null",
            "",
        ] {
            let escaped: String = form_urlencoded::byte_serialize(origin.as_bytes()).collect();
            let refused = stage.open(&mut client, "google", &line, &format!("&origin={escaped}")).await;
            assert_eq!(refused.status, 403, "{origin}: {}", refused.text());
        }
        let good = stage.open(&mut client, "google", &line, "&origin=https%3A%2F%2Fok.example").await;
        assert_eq!(good.status, 303, "{}", good.text());
    }

    async fn row_41_people_come_back_to_the_configured_address_only(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let configured = json!({ "sign_in": { "portal_url": HOME } });
        stage.site.environment("PATCH", "").local().json(&configured).send().await.ok(200);
        let mut client = stage.client().await;
        let address = stage.ask(&mut client, "google").await;
        assert!(address.contains("redirect_uri=https%3A%2F%2Fauth.example%2Fauth%2Fgoogle%2Fcallback"), "{address}");
        // By another name of this machine, the browser is sent to the configured one first.
        let path = format!("/auth/google?apiKey={}&sessionId={}", stage.key, client.session);
        let other = stage.site.call("GET", &path).header("host", "evil.example").send().await;
        assert_eq!((other.status, other.header("location")), (303, &*format!("{HOME}{path}")));
    }

    async fn row_44_a_bad_answer_signs_nobody_in(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        for (behaviour, status) in [
            (Behaviour::Html, 503),
            (Behaviour::body(r#"{"error":"server_error"}"#), 503),
            (Behaviour::body(r#"{"ok":false,"error":{"message":"s3cret-of-the-client"}}"#), 503),
            (Behaviour::Huge(10 * 1024 * 1024), 503),
            (Behaviour::Redirect("https://evil.example/".to_owned()), 503),
            (Behaviour::Status(500), 503),
            (Behaviour::Status(400), 400),
            (Behaviour::CutOff, 503),
        ] {
            google.behave_at(TOKEN_PATH, behaviour.clone());
            let (client, page) = stage.sign_in(&google, "google", &ana).await;
            assert_eq!(page.status, status, "{behaviour:?}: {}", page.text());
            assert!(!page.text().contains(SECRET));
            assert_eq!(stage.poll(&client).await, json!({}));
        }
        google.behave_at(TOKEN_PATH, Behaviour::Serve);
        for change in [
            json!({ "expires_in": "3600" }),
            json!({ "expires_in": -1 }),
            json!({ "token_type": null }),
            json!({ "token_type": "mac" }),
            json!({ "access_token": "a\nb" }),
            json!({ "access_token": null }),
            json!({ "id_token": null }),
            json!({ "id_token": "x.y.z" }),
            json!({ "error": "invalid" }),
        ] {
            google.change_token_answers(change.clone());
            let (client, page) = stage.sign_in(&google, "google", &ana).await;
            assert_eq!(page.status, 503, "{change}: {}", page.text());
            assert_eq!(stage.poll(&client).await, json!({}));
        }
        google.change_token_answers(json!({}));
        stage.signed_in(&google, "google", &ana).await;
    }

    async fn an_id_token_that_is_not_for_us_signs_nobody_in(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        for change in [
            json!({ "nonce": "other" }),
            json!({ "nonce": null }),
            json!({ "aud": "other" }),
            json!({ "aud": [CLIENT, "other"] }),
            json!({ "azp": "other" }),
            json!({ "iss": "https://evil.example" }),
            json!({ "exp": 1 }),
            json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }),
            json!({ "sub": "" }),
            json!({ "sub": null }),
            json!({ "sub": 7 }),
        ] {
            let mut claims = json!({ "sub": "g-1", "name": "Ana", "email": "ana@example.com", "email_verified": true });
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
            let (client, page) = stage.sign_in(&google, "google", &by_token(claims)).await;
            assert_eq!(page.status, 503, "{change}: {}", page.text());
            assert_eq!(stage.poll(&client).await, json!({}));
        }
    }

    async fn the_profile_of_somebody_else_signs_nobody_in(database: Database) {
        let issuer = service().await;
        let stage = Stage::beside(database, &[&issuer]).await;
        issuer.register_client(CLIENT, ClientProof::Post(SECRET.to_owned()));
        let settings = json!({ "kind": "oidc", "client_id": CLIENT, "issuer": issuer.issuer() });
        stage.add(Some("acme"), settings, Some(SECRET)).await;
        let mut person = by_token(json!({ "sub": "u-1" }));
        person.profile = json!({ "sub": "u-2", "name": "Somebody else" });
        let (client, page) = stage.sign_in(&issuer, "oidc-acme", &person).await;
        assert_eq!(page.status, 503, "{}", page.text());
        assert_eq!(stage.poll(&client).await, json!({}));
    }

    async fn a_person_who_does_not_agree_changes_nothing(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let mut client = stage.client().await;
        let address = stage.ask(&mut client, "google").await;
        let page = stage.come_back(&client, "google", &google.deny(&address)).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("You did not agree") && !page.text().contains("data-step=\"done\""));
        assert_eq!(stage.poll(&client).await, json!({}));
        assert_eq!(google.requests_to(TOKEN_PATH), 0);
        // And begins again.
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        let address = stage.ask(&mut client, "google").await;
        assert_eq!(stage.come_back(&client, "google", &google.agree(&address, &ana)).await.status, 200);
        assert_eq!(stage.poll(&client).await["stage"], "done");
    }

    async fn a_provider_that_is_not_offered_leads_nowhere(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let mut client = stage.client().await;
        for word in ["twitter", "apple", "custom_oidc", "oidc-google", "telegram", "nothing"] {
            assert_eq!(stage.leave(&mut client, word).await.status, 404, "{word}");
        }
        let list = stage.site.environment("GET", "/sign-in-providers").local().send().await.ok(200);
        let id = list["items"][0]["id"].as_str().unwrap();
        let patch = stage.site.environment("PATCH", &format!("/sign-in-providers/{id}")).local();
        let address = stage.ask(&mut client, "google").await;
        patch.json(&json!({ "disabled": true })).send().await.ok(200);
        assert_eq!(stage.leave(&mut client, "google").await.status, 404);
        // One that was on its way comes back to a closed door.
        let ana = by_token(json!({ "sub": "g-1", "email": "ana@example.com", "email_verified": true, "name": "Ana" }));
        assert_eq!(stage.come_back(&client, "google", &google.agree(&address, &ana)).await.status, 404);
        assert_eq!(stage.poll(&client).await, json!({}));
    }

    async fn an_operator_never_sees_a_secret_again(database: Database) {
        let google = service().await;
        let stage = Stage::beside(database, &[&google]).await;
        stage.add_played("google", &google).await;
        let list = stage.site.environment("GET", "/sign-in-providers").local().send().await;
        let view = &list.ok(200)["items"][0];
        assert_eq!((&view["has_secret"], &view["callback_path"]), (&json!(true), &json!("/auth/google/callback")));
        let id = view["id"].as_str().unwrap();
        let one = stage.site.environment("GET", &format!("/sign-in-providers/{id}")).local().send().await;
        let audit = stage.site.environment("GET", "/audit").local().send().await;
        for answer in [&list, &one, &audit] {
            assert!(answer.status == 200 && !answer.text().contains(SECRET), "{}", answer.text());
        }
        let gone = stage.site.environment("DELETE", &format!("/sign-in-providers/{id}")).local().send().await;
        assert_eq!(gone.status, 204);
        let one = stage.site.environment("GET", &format!("/sign-in-providers/{id}")).local().send().await;
        assert_eq!(one.status, 404);
    }
}
