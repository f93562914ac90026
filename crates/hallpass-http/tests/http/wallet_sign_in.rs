//! Sign-in with external wallets, linked accounts and provisioned wallets, as clients speak.

use hallpass_core::EnvironmentPatch;
use hallpass_model::ApiKeyKind;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::wallet::{Chain, TestWallet};
use serde_json::{Value, json};

use crate::session::api_key;
use crate::support::{Answer, Site};

const TRACK: &str = "/users/external-wallets/track-connections";
const LOGIN: &str = "/users/external-wallets/login/v2";

/// A client that keeps its session's value as the packages do.
struct Client<'s> {
    site: &'s Site,
    key: String,
    line: String,
}

impl<'s> Client<'s> {
    async fn new(site: &'s Site, key: &str) -> Self {
        let mut client = Self {
            site,
            key: key.to_owned(),
            line: String::new(),
        };
        client.send("POST", "/touch", None).await.ok(200);
        client
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut call = self
            .site
            .call(method, path)
            .header("x-external-api-key", &self.key)
            .header("x-para-structured-errors", "1")
            .header("origin", "https://app.example");
        if !self.line.is_empty() {
            call = call.header("x-capsule-sid", &self.line);
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        let answer = call.send().await;
        if !answer.header("x-capsule-sid").is_empty() {
            self.line = answer.header("x-capsule-sid").to_owned();
        }
        answer
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(&body)).await
    }

    async fn touch(&mut self) -> Value {
        self.send("POST", "/touch", None).await.ok(200)
    }

    async fn begin(&mut self, wallet: &TestWallet) -> Value {
        let body = json!({ "externalWallet": external(wallet), "uri": "https://app.example/x" });
        self.post(LOGIN, body).await.ok(200)
    }

    async fn verify(&mut self, begun: &Value, wallet: &TestWallet, signature: &str) -> Answer {
        let path = format!(
            "/users/{}/external-wallets/verify/v2",
            text(&begun["userId"])
        );
        let body = json!({
            "externalWallet": external(wallet),
            "signedMessage": signature,
            "cosmosPublicKeyHex": wallet.public_key(),
        });
        self.post(&path, body).await
    }

    /// The whole way; answers who it is.
    async fn sign_in(&mut self, wallet: &TestWallet) -> String {
        let begun = self.begin(wallet).await;
        let signature = wallet.sign(text(&begun["signatureVerificationMessage"]));
        let done = self.verify(&begun, wallet, &signature).await.ok(200);
        text(&done["userId"]).to_owned()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn external(wallet: &TestWallet) -> Value {
    let kind = match wallet.chain() {
        Chain::Ethereum => "EVM",
        Chain::Solana => "SOLANA",
        Chain::Cosmos => "COSMOS",
    };
    json!({
        "address": wallet.address(), "type": kind, "provider": "Test", "providerId": "TEST",
        "withVerification": true, "withFullParaAuth": false, "isConnectionOnly": false, "ensName": null,
    })
}

async fn site_for_wallets(database: hallpass_testkit::Database) -> (Site, String) {
    let site = Site::new(database).await;
    let key = api_key(&site, ApiKeyKind::Publishable).await;
    let patch = EnvironmentPatch {
        sign_in: Some(json!({ "wallet_types": ["evm", "solana", "cosmos"] })),
        ..EnvironmentPatch::default()
    };
    let admin = site.world.admin();
    let environments = &site.world.services.environments;
    let updated = environments.update(&admin, site.world.environment, patch, None);
    updated.await.expect("settings");
    (site, key)
}

on_both_engines! {
    async fn a_wallet_signs_in_as_the_packages_do_it(database: Database) {
        let (site, key) = site_for_wallets(database).await;
        for chain in Chain::ALL {
            let wallet = TestWallet::new(chain);
            let mut client = Client::new(&site, &key).await;
            let tracked = json!({ "wallets": [{ "address": wallet.address(), "type": "EVM", "provider": "Test" }] });
            assert_eq!(client.post(TRACK, tracked).await.ok(200), json!({ "success": true }));
            let begun = client.begin(&wallet).await;
            assert_eq!((&begun["stage"], &begun["nextStage"]), (&json!("verify"), &json!("signup")));
            assert_eq!(begun["signupAuthMethods"], json!([]));
            assert_eq!(begun["auth"], json!({ "externalWalletAddress": wallet.address() }));
            let mut echo = external(&wallet);
            echo["partnerId"] = json!(site.world.environment.to_string());
            echo.as_object_mut().expect("an object").remove("ensName");
            assert_eq!(begun["externalWallet"], echo);
            assert_eq!(client.touch().await["isAuthenticated"], false);
            // The package exchanges the secret here; the message outlives it.
            client.send("POST", "/touch?regenerate=true", None).await.ok(200);
            let before = client.line.clone();
            let signature = wallet.sign(text(&begun["signatureVerificationMessage"]));
            let done = client.verify(&begun, &wallet, &signature).await.ok(200);
            assert_eq!((&done["stage"], &done["authMethods"], &done["isNewUser"]), (&json!("done"), &json!([]), &json!(true)));
            assert_eq!(done["externalWallet"], echo);
            assert_ne!(client.line, before);
            let session = client.touch().await;
            assert_eq!(session["isAuthenticated"], true);
            assert_eq!(session["verifiedExternalWalletAddresses"], json!([wallet.address()]));
            assert_eq!(session["userId"], done["userId"]);
        }
    }

    async fn row_57_a_signature_that_fails_is_401_and_uses_the_message_up(database: Database) {
        let (site, key) = site_for_wallets(database).await;
        let (wallet, stranger) = (TestWallet::new(Chain::Ethereum), TestWallet::new(Chain::Ethereum));
        let mut client = Client::new(&site, &key).await;
        let high_s = "f".repeat(64);
        for (change, code) in [
            ("app.example wants|evil.example wants", "wrong_signer"),
            ("URI: https://app.example|URI: https://evil.example", "wrong_signer"),
            ("Chain ID: 1|Chain ID: 10", "wrong_signer"),
            ("Issued At: 2026|Issued At: 2025", "wrong_signer"),
        ] {
            let begun = client.begin(&wallet).await;
            let (from, to) = change.split_once('|').expect("a change");
            let message = text(&begun["signatureVerificationMessage"]);
            let changed = message.replacen(from, to, 1);
            assert_ne!(changed, message, "{from}");
            client.verify(&begun, &wallet, &wallet.sign(&changed)).await.refused(401, code);
            let good = wallet.sign(message);
            client.verify(&begun, &wallet, &good).await.refused(401, "challenge_invalid");
        }
        for (disturb, code) in [
            (0, "wrong_signer"),
            (1, "signature_recovery_byte"),
            (2, "signature_out_of_range"),
            (3, "signature_length"),
            (4, "contract_wallet_unsupported"),
            (5, "signature_not_hex"),
        ] {
            let begun = client.begin(&wallet).await;
            let message = text(&begun["signatureVerificationMessage"]);
            let good = wallet.sign(message);
            let bad = match disturb {
                0 => stranger.sign(message),
                1 => format!("{}1d", &good[..130]),
                2 => format!("{}{high_s}{}", &good[..66], &good[130..]),
                3 => good[..130].to_owned(),
                4 => format!("{good}00"),
                _ => good[2..].to_owned(),
            };
            client.verify(&begun, &wallet, &bad).await.refused(401, code);
            client.verify(&begun, &wallet, &good).await.refused(401, "challenge_invalid");
        }
        let begun = client.begin(&wallet).await;
        let good = wallet.sign(text(&begun["signatureVerificationMessage"]));
        site.world.clock.advance(std::time::Duration::from_secs(600));
        client.verify(&begun, &wallet, &good).await.refused(401, "challenge_invalid");
        assert_eq!(client.touch().await["isAuthenticated"], false);
    }

    async fn a_wallet_of_another_client_environment_or_kind_is_refused(database: Database) {
        let (site, key) = site_for_wallets(database).await;
        let wallet = TestWallet::new(Chain::Ethereum);
        let (mut client, mut other) = (Client::new(&site, &key).await, Client::new(&site, &key).await);
        let begun = client.begin(&wallet).await;
        let good = wallet.sign(text(&begun["signatureVerificationMessage"]));
        other.verify(&begun, &wallet, &good).await.refused(401, "challenge_invalid");
        for (change, status, code) in [
            (json!({ "type": "STELLAR" }), 422, "wallet_type_unsupported"),
            (json!({ "type": "SUI" }), 422, "wallet_type_unsupported"),
            (json!({ "address": "0x1234" }), 422, "wallet_address_invalid"),
            (json!({ "partnerId": "0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a" }), 422, "wrong_partner"),
            (json!({ "provider": "x".repeat(300) }), 422, "wallet_malformed"),
        ] {
            let mut wallet = external(&wallet);
            for (name, value) in change.as_object().expect("an object") {
                wallet[name] = value.clone();
            }
            client.post(LOGIN, json!({ "externalWallet": wallet })).await.refused(status, code);
        }
        for (uri, status, code) in [
            ("https://evil.example/", 403, "uri_not_allowed"),
            ("https://user@app.example/", 422, "uri_authority"),
            ("app.example", 422, "uri_malformed"),
        ] {
            let body = json!({ "externalWallet": external(&wallet), "uri": uri });
            client.post(LOGIN, body).await.refused(status, code);
        }
        let mut shown = external(&wallet);
        shown["isConnectionOnly"] = json!(true);
        let path = format!("/users/{}/external-wallets/verify/v2", text(&begun["userId"]));
        let body = json!({ "externalWallet": shown, "signedMessage": good });
        client.post(&path, body).await.refused(403, "connection_only");
        client.verify(&begun, &wallet, &good).await.ok(200);
    }

    async fn accounts_are_linked_listed_and_unlinked(database: Database) {
        let (site, key) = site_for_wallets(database).await;
        let (first, second) = (TestWallet::new(Chain::Ethereum), TestWallet::new(Chain::Solana));
        let (mut client, mut other) = (Client::new(&site, &key).await, Client::new(&site, &key).await);
        let account = client.sign_in(&first).await;
        let their_wallet = TestWallet::new(Chain::Ethereum);
        let their_account = other.sign_in(&their_wallet).await;
        let base = format!("/users/{account}/linked-accounts");
        other.send("GET", &base, None).await.refused(403, "not_own_account");
        let listed = client.send("GET", &format!("{base}?withMetadata=true"), None).await.ok(200);
        assert_eq!(listed["accounts"]["linked"], json!([]));
        let primary = &listed["accounts"]["primary"][0];
        assert_eq!((&primary["type"], &primary["identifier"]), (&json!("EXTERNAL_WALLET"), &json!(first.address())));
        assert_eq!(primary["externalWallet"]["provider"], "Test");

        let start = |wallet: &TestWallet| json!({ "type": "EXTERNAL_WALLET", "externalWallet": external(wallet) });
        assert_eq!(client.post(&base, start(&first)).await.ok(200), json!({ "isConflict": true }));
        let begun = client.post(&base, start(&second)).await.ok(200);
        let verify = |begun: &Value| format!("{base}/{}/verify", text(&begun["linkedAccountId"]));
        let proof = |wallet: &TestWallet, begun: &Value| {
            let signature = wallet.sign(text(&begun["signatureVerificationMessage"]));
            json!({ "externalWallet": external(wallet), "signedMessage": signature })
        };
        let linked = client.post(&verify(&begun), proof(&second, &begun)).await.ok(200);
        assert_eq!(linked["accounts"]["linked"][0]["identifier"], second.address());
        let begun = client.post(&base, start(&their_wallet)).await.ok(200);
        let conflict = client.post(&verify(&begun), proof(&their_wallet, &begun)).await.ok(200);
        assert_eq!(conflict, json!({ "isConflict": true }));

        let begun = client.post(&base, json!({ "type": "GOOGLE" })).await.ok(200);
        client.post(&verify(&begun), json!({})).await.refused(409, "link_pending");
        client.post(&base, json!({ "type": "FARCASTER" })).await.refused(501, "NOT_SUPPORTED");
        client.post(&base, json!({ "type": "MYSPACE" })).await.refused(422, "link_type_invalid");
        client.post(&base, json!({ "type": "EXTERNAL_WALLET" })).await.refused(422, "link_incomplete");

        let id = text(&linked["accounts"]["linked"][0]["id"]).to_owned();
        other.send("DELETE", &format!("/users/{their_account}/linked-accounts/{id}"), None).await.refused(404, "not_found");
        let left = client.send("DELETE", &format!("{base}/{id}"), None).await.ok(200);
        assert_eq!((left["primary"].as_array().map(Vec::len), &left["linked"]), (Some(1), &json!([])));
        let own = text(&primary["id"]);
        client.send("DELETE", &format!("{base}/{own}"), None).await.refused(409, "last_identity");
    }

    async fn provisioned_wallets_are_registered_from_both_sides(database: Database) {
        let (site, key) = site_for_wallets(database).await;
        let secret_key = api_key(&site, ApiKeyKind::Secret).await;
        let mut client = Client::new(&site, &key).await;
        client.post("/v2/wallets/challenges", json!({ "type": "EVM", "public_key": "04" })).await.refused(403, "not_signed_in");
        let account = client.sign_in(&TestWallet::new(Chain::Ethereum)).await;
        let key_pair = TestWallet::new(Chain::Ethereum);
        let new = json!({ "type": "EVM", "public_key": key_pair.public_key() });
        let made = client.post("/v2/wallets/challenges", new.clone()).await.ok(200);
        assert_eq!(made["address"], key_pair.address());
        let proof = json!({ "challenge_id": made["challenge_id"], "signature": key_pair.sign(text(&made["message"])), "name": "Savings" });
        let wallet = client.post("/v2/wallets", proof.clone()).await.ok(200);
        assert_eq!((&wallet["type"], &wallet["public_key"]), (&json!("EVM"), &json!(key_pair.public_key())));
        client.post("/v2/wallets", proof).await.refused(401, "challenge_invalid");

        let base = format!("/v2/accounts/{account}/wallets");
        client.post(&format!("{base}/challenges"), new).await.refused(403, "secret_key_needed");
        let backend = |method: &str, path: &str| site.call(method, path)
            .header("x-external-api-key", &secret_key).header("x-para-structured-errors", "1");
        site.world.clock.advance(std::time::Duration::from_secs(1));
        let second = TestWallet::new(Chain::Solana);
        let new = json!({ "type": "SOLANA", "public_key": second.public_key() });
        let made = backend("POST", &format!("{base}/challenges")).json(&new).send().await.ok(200);
        let proof = json!({ "challenge_id": made["challenge_id"], "signature": second.sign(text(&made["message"])) });
        let from_backend = backend("POST", &base).json(&proof).send().await.ok(200);
        assert_eq!(from_backend["address"], second.address());

        let listed = client.send("GET", "/v2/wallets", None).await.ok(200);
        assert_eq!(listed, backend("GET", &base).send().await.ok(200));
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
        let admin = site.environment("GET", &format!("/accounts/{account}/wallets")).local();
        assert_eq!(admin.send().await.ok(200)["items"], listed["items"]);
        let known = client.send("GET", &format!("/users/{account}/wallets?includePartnerData=true"), None).await.ok(200);
        assert_eq!(known["wallets"][0]["sharesPersisted"], false);
        assert_eq!((&known["wallets"][0]["scheme"], &known["wallets"][1]["scheme"]), (&json!("DKLS"), &json!("ED25519")));
        let shares = client.send("GET", &format!("/users/{account}/temporary-shares"), None).await.ok(200);
        assert_eq!(shares, json!({ "temporaryShares": [] }));
        client.post(&format!("/users/{account}/wallets"), json!({ "type": "EVM" })).await.refused(501, "NOT_SUPPORTED");

        let verify = json!({ "address": key_pair.address().to_lowercase() });
        let found = backend("POST", "/wallets/verify").json(&verify).send().await.ok(200);
        assert_eq!(found["walletId"], wallet["id"]);
        client.post("/wallets/verify", verify.clone()).await.refused(403, "secret_key_needed");
        let path = format!("/v2/wallets/{}", text(&wallet["id"]));
        assert_eq!(client.send("DELETE", &path, None).await.ok(200)["id"], wallet["id"]);
        backend("POST", "/wallets/verify").json(&verify).send().await.refused(404, "not_found");
    }

    async fn row_59_a_private_key_or_a_member_too_many_is_refused_and_not_repeated(database: Database) {
        let (site, key) = site_for_wallets(database).await;
        let mut client = Client::new(&site, &key).await;
        client.sign_in(&TestWallet::new(Chain::Ethereum)).await;
        let secret = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
        let good = TestWallet::new(Chain::Ethereum).public_key();
        for (body, code) in [
            (json!({ "type": "EVM", "public_key": secret }), "private_key_given"),
            (json!({ "type": "SOLANA", "public_key": format!("0x{secret}") }), "private_key_given"),
            (json!({ "type": "EVM", "public_key": good, "private_key": secret }), "invalid_body"),
            (json!({ "type": "EVM", "public_key": good, "account": secret }), "invalid_body"),
            (json!({ "type": "COSMOS", "public_key": good }), "wallet_type_unsupported"),
            (json!({ "type": "EVM", "public_key": "0x04" }), "invalid_public_key"),
        ] {
            let refused = client.post("/v2/wallets/challenges", body).await;
            refused.refused(422, code);
            assert!(!refused.text().contains(secret), "{}", refused.text());
        }
    }
}
