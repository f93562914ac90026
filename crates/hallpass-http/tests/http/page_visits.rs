//! A person in front of a hosted page.

use hallpass_core::NewApiKey;
use hallpass_model::ApiKeyKind;
use serde_json::{Value, json};

use crate::session::api_key;
use crate::support::{Answer, Call, Site};

pub const ORIGIN: &str = "https://app.example.com";
/// Where the page is: tests address it as a browser would.
pub const PAGE_ORIGIN: &str = "http://localhost:8080";
pub const PAGE_HOST: &str = "localhost";

/// One session of an app, and the browser that its page is open in.
pub struct Visit<'a> {
    pub site: &'a Site,
    pub key: String,
    pub session: String,
    pub line: String,
    pub cookie: Option<String>,
    pub token: String,
    /// More of the address, beginning with `&`.
    pub more: String,
}

impl<'a> Visit<'a> {
    /// A session that a page at [`ORIGIN`] began.
    pub async fn new(site: &'a Site) -> Self {
        let key = api_key(site, ApiKeyKind::Publishable).await;
        Self::of_app(site, &key).await
    }

    /// Another one of the same app, in a browser that knows nothing yet.
    pub async fn of_app(site: &'a Site, key: &str) -> Self {
        let call = site.call("POST", "/touch").header("origin", ORIGIN);
        let opened = call.header("x-external-api-key", key).send().await;
        let session = opened.ok(200)["sessionLookupId"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            site,
            key: key.to_owned(),
            session,
            line: opened.header("x-capsule-sid").to_owned(),
            cookie: None,
            token: String::new(),
            more: String::new(),
        }
    }

    /// The same browser in front of the page of another session.
    pub fn beside(&self, other: &Visit<'a>) -> Self {
        Self {
            site: self.site,
            key: other.key.clone(),
            session: other.session.clone(),
            line: other.line.clone(),
            cookie: self.cookie.clone(),
            token: self.token.clone(),
            more: String::new(),
        }
    }

    pub fn address(&self, path: &str) -> String {
        let origin = "https%3A%2F%2Fapp.example.com";
        let (key, session, more) = (&self.key, &self.session, &self.more);
        format!("{path}?apiKey={key}&sessionId={session}&origin={origin}{more}")
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        let call = self.site.call(method, &self.address(path));
        let call = call.header("host", "localhost:8080");
        match &self.cookie {
            Some(cookie) => call.header("cookie", cookie),
            None => call,
        }
    }

    /// Opens a page: the browser is known from then on.
    pub async fn open(&mut self, path: &str) -> Answer {
        let answer = self.call("GET", path).send().await;
        self.remember(&answer);
        answer
    }

    fn remember(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            if line.starts_with("hallpass.browser=") {
                self.cookie = line.split(';').next().map(str::to_owned);
            }
        }
        if let Some((_, rest)) = answer.text().split_once("data-token=\"") {
            self.token = rest.split('"').next().unwrap().to_owned();
        }
    }

    /// Sends a form of the page; `fields` are encoded already.
    pub async fn submit(&self, path: &str, fields: &str) -> Answer {
        let body = format!("token={}&{fields}", self.token);
        let call = self.call("POST", path);
        call.text("application/x-www-form-urlencoded", &body)
            .send()
            .await
    }

    /// What the page's script asks.
    pub async fn ask(&self, path: &str, body: &Value) -> Answer {
        let call = self
            .call("POST", path)
            .header("x-hallpass-form", &self.token);
        call.json(body).send().await
    }

    /// Has a code sent to an address and types it.
    pub async fn sign_in_by_code(&mut self, address: &str) {
        self.open("/auth/sign-in").await.page(200);
        let encoded = address.replace('@', "%40");
        let sent = self
            .submit("/auth/sign-in/send", &format!("email={encoded}"))
            .await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        self.follow(&sent);
        let code = self.code_to(address);
        let checked = self
            .submit("/auth/sign-in/code", &format!("code={code}"))
            .await;
        assert_eq!(checked.status, 303, "{}", checked.text());
    }

    /// Takes over what the next address says beyond the first one.
    pub fn follow(&mut self, redirect: &Answer) {
        let next = redirect.header("location");
        let flow = next.split('&').find(|part| part.starts_with("userId="));
        self.more = format!("&{}", flow.expect("a flow"));
    }

    pub fn code_to(&self, address: &str) -> String {
        let caught = self.site.world.post.list();
        let mail = caught.into_iter().find(|mail| mail.to == address);
        mail.and_then(|mail| mail.code).expect("a code was sent")
    }

    /// The session as its holder sees it; the holder keeps up with its secret.
    pub async fn touch(&mut self) -> Value {
        let call = self.site.call("POST", "/touch").header("origin", ORIGIN);
        let call = call.header("x-external-api-key", &self.key);
        let touched = call.header("x-capsule-sid", &self.line).send().await;
        let session = touched.ok(200);
        self.line = touched.header("x-capsule-sid").to_owned();
        session
    }

    pub async fn is_signed_in(&mut self) -> bool {
        self.touch().await["isAuthenticated"] == true
    }
}

impl Answer {
    /// Checks that it is a page with this status, which no other origin may read, and gives its text.
    #[track_caller]
    pub fn page(&self, status: u16) -> String {
        let text = self.text();
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("access-control-allow-origin"), "");
        let policy = self.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{policy}"
        );
        for inline in [
            "<style",
            " style=",
            "javascript:",
            " onclick",
            " onload",
            "<script>",
        ] {
            assert!(!text.contains(inline), "{inline} in {text}");
        }
        text
    }
}

/// Changes the environment's sign-in settings.
pub async fn set_sign_in(site: &Site, settings: Value) {
    let change = json!({ "sign_in": settings });
    site.environment("PATCH", "")
        .local()
        .json(&change)
        .send()
        .await
        .ok(200);
}

/// The publishable key of another environment of the same project.
pub async fn key_of_another_environment(site: &Site) -> String {
    let admin = site.world.admin();
    let services = &site.world.services;
    let made = services
        .environments
        .create(&admin, site.world.project, "beta")
        .await;
    let environment = made.expect("an environment").into_inner().id;
    let new = NewApiKey {
        kind: ApiKeyKind::Publishable,
        name: "elsewhere".to_owned(),
        expires_in_secs: None,
        prefix: None,
    };
    let made = services.api_keys.create(&admin, environment, new).await;
    let text = made.expect("a key").into_inner().text;
    text.expect("shown").to_string()
}
