//! An app, a browser and a service, each doing its part.

use hallpass_http::HttpSettings;
use hallpass_model::ApiKeyKind;
use hallpass_testkit::Database;
use hallpass_testkit::provider::{ClientProof, FakeProvider, Person};
use hallpass_testkit::world::World;
use serde_json::{Value, json};

use crate::paper;
use crate::session::api_key;
use crate::support::{Answer, Site};

pub const HOME: &str = "https://auth.example";
pub const CLIENT: &str = "client-1";
pub const SECRET: &str = "s3cret-of-the-client";

/// An installation whose environment has a publishable key.
pub struct Stage {
    pub site: Site,
    pub key: String,
}

/// An app's client with its session, and the browser that it opens.
pub struct Client {
    pub session: String,
    pub line: String,
    pub browser: Option<String>,
}

impl Stage {
    pub async fn beside(database: Database, services: &[&FakeProvider]) -> Self {
        paper::take_down();
        let world = World::beside(database.store().clone(), services).await;
        let settings = HttpSettings {
            public_url: Some(HOME.to_owned()),
            ..HttpSettings::default()
        };
        let site = Site::of(database, world, settings);
        let key = api_key(&site, ApiKeyKind::Publishable).await;
        Self { site, key }
    }

    /// Adds a provider with these settings; answers its view.
    pub async fn add(&self, handle: Option<&str>, settings: Value, secret: Option<&str>) -> Value {
        let body = json!({ "handle": handle, "settings": settings, "secret": secret });
        let call = self.site.environment("POST", "/sign-in-providers").local();
        call.json(&body).send().await.ok(201)
    }

    /// The same for a service that plays one of the presets.
    pub async fn add_played(&self, kind: &str, service: &FakeProvider) {
        service.register_client(CLIENT, ClientProof::Post(SECRET.to_owned()));
        self.add(None, settings_of(kind, service), Some(SECRET))
            .await;
    }

    pub async fn client(&self) -> Client {
        let opened = self
            .site
            .call("POST", "/touch")
            .header("x-external-api-key", &self.key);
        let opened = opened.send().await;
        let view = opened.ok(200);
        Client {
            session: view["sessionLookupId"].as_str().unwrap().to_owned(),
            line: opened.header("x-capsule-sid").to_owned(),
            browser: None,
        }
    }

    /// The browser opens the link, holding the client's session.
    pub async fn leave(&self, client: &mut Client, word: &str) -> Answer {
        let line = client.line.split(';').next().unwrap().to_owned();
        self.open(client, word, &line, "").await
    }

    /// The same with this cookie and these further parameters.
    pub async fn open(&self, client: &mut Client, word: &str, cookie: &str, more: &str) -> Answer {
        let environment = self.site.world.environment;
        let path = format!(
            "/auth/{word}?apiKey={}&partnerId={environment}&sessionId={}&encryptionKey=00&pregenIds=%7B%7D{more}",
            self.key, client.session
        );
        let answer = self.visit(&path, cookie, client.browser.as_deref()).await;
        if let Some(browser) = browser_in(&answer) {
            client.browser = Some(browser);
        }
        answer
    }

    pub async fn visit(&self, path: &str, cookie: &str, browser: Option<&str>) -> Answer {
        let browser = browser.map(|value| format!("; hallpass.browser={value}"));
        let cookies = format!("{cookie}{}", browser.unwrap_or_default());
        let call = self.site.call("GET", path).header("host", "auth.example");
        call.header("cookie", &cookies).send().await
    }

    /// The browser goes to the service; gives the address there.
    pub async fn ask(&self, client: &mut Client, word: &str) -> String {
        let answer = self.leave(client, word).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").to_owned()
    }

    /// The browser comes back.
    pub async fn come_back(&self, client: &Client, word: &str, query: &str) -> Answer {
        let path = format!("/auth/{word}/callback?{query}");
        self.visit(&path, "", client.browser.as_deref()).await
    }

    /// The whole way.
    pub async fn sign_in(
        &self,
        service: &FakeProvider,
        word: &str,
        person: &Person,
    ) -> (Client, Answer) {
        let mut client = self.client().await;
        let address = self.ask(&mut client, word).await;
        let query = service.agree(&address, person);
        let answer = self.come_back(&client, word_of(&address), &query).await;
        (client, answer)
    }

    /// The whole way, which must end well; gives what the waiting client is told.
    pub async fn signed_in(&self, service: &FakeProvider, word: &str, person: &Person) -> Value {
        let (client, answer) = self.sign_in(service, word, person).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = self.poll(&client).await;
        assert_eq!(told["stage"], "done", "{}", answer.text());
        told
    }

    /// What a client that waits is told.
    pub async fn poll(&self, client: &Client) -> Value {
        let call = self.site.call("POST", "/users/verify-oauth");
        let call = call.header("x-external-api-key", &self.key);
        call.header("x-capsule-sid", &client.line)
            .send()
            .await
            .ok(200)
    }

    pub async fn is_signed_in(&self, client: &Client) -> bool {
        let call = self
            .site
            .call("POST", "/touch")
            .header("x-external-api-key", &self.key);
        let view = call
            .header("x-capsule-sid", &client.line)
            .send()
            .await
            .ok(200);
        assert_eq!(view["sessionLookupId"], client.session);
        view["isAuthenticated"] == true
    }

    pub async fn set_sign_in(&self, patch: Value) {
        let environment = self.site.world.environment;
        let path = format!("/admin/v1/environments/{environment}");
        let call = self.site.call("PATCH", &path).local();
        call.json(&json!({ "sign_in": patch })).send().await.ok(200);
    }
}

/// What an operator says to have this service play that preset.
pub fn settings_of(kind: &str, service: &FakeProvider) -> Value {
    let mut settings = json!({ "kind": kind, "client_id": CLIENT });
    let mut endpoints =
        json!({ "authorize_url": service.url("/authorize"), "token_url": service.url("/token") });
    if matches!(kind, "x" | "discord" | "facebook") {
        endpoints["userinfo_url"] = json!(service.url("/userinfo"));
    } else {
        endpoints["jwks_url"] = json!(service.url("/.well-known/jwks.json"));
        endpoints["issuer"] = json!(service.issuer());
    }
    if kind == "apple" {
        settings["team_id"] = json!("TEAM123456");
        settings["key_id"] = json!("KEY1234567");
    }
    settings["endpoints"] = endpoints;
    settings
}

/// Somebody whom an id token names.
pub fn by_token(claims: Value) -> Person {
    Person {
        id_token: Some(claims),
        profile: Value::Null,
    }
}

/// Somebody whom a profile names.
pub fn by_profile(profile: Value) -> Person {
    Person {
        id_token: None,
        profile,
    }
}

pub async fn service() -> FakeProvider {
    FakeProvider::oidc(CLIENT).await
}

fn browser_in(answer: &Answer) -> Option<String> {
    let lines = answer.headers.get_all("set-cookie").iter();
    let mut texts = lines.filter_map(|line| line.to_str().ok());
    let cookie = texts.find_map(|text| text.strip_prefix("hallpass.browser="))?;
    Some(cookie.split(';').next()?.to_owned())
}

/// Under which name the provider sends people back: `custom_oidc` stands for the one that an OIDC issuer has.
fn word_of(address: &str) -> &str {
    let rest = address.split("%2Fauth%2F").nth(1).expect("a way back");
    rest.split("%2Fcallback").next().expect("a name")
}
