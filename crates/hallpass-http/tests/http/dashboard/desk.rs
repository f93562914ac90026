//! An operator's browser in front of the dashboard, without the browser.

use hallpass_model::{ProjectId, Role};
use serde_json::Value;

use crate::support::{Answer, Call, Site};

pub struct Desk<'a> {
    pub site: &'a Site,
    pub cookie: String,
}

/// The address under which the tests reach the site.
pub const HOST: &str = "localhost:8080";

impl<'a> Desk<'a> {
    /// Signed in as a new operator.
    pub async fn of(site: &'a Site, name: &str, role: Role) -> Self {
        Self::seeing(site, name, role, None).await
    }

    /// The same with some projects only.
    pub async fn seeing(
        site: &'a Site,
        name: &str,
        role: Role,
        projects: Option<Vec<ProjectId>>,
    ) -> Self {
        let key = site.operator(name, role, projects).await;
        Self::with_key(site, &key).await
    }

    pub async fn with_key(site: &'a Site, key: &str) -> Self {
        let fields = [("key", key), ("to", "/dashboard")];
        let answer = post(site, "/dashboard/sign-in", &fields).send().await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        Self {
            site,
            cookie: cookie_of(&answer),
        }
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        let call = self.site.call(method, path).header("host", HOST);
        call.header("cookie", &self.cookie)
    }

    /// A page.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// The token that forms of this session carry.
    pub async fn form_token(&self) -> String {
        let home = self.get("/dashboard").await.text();
        between(&home, "data-form-token=\"", "\"").to_owned()
    }

    /// A form of one of the pages, as a browser sends it.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token().await;
        let mut all = vec![("form_token", token.as_str())];
        all.extend_from_slice(fields);
        self.call("POST", path)
            .header("sec-fetch-site", "same-origin")
            .text("application/x-www-form-urlencoded", &encoded(&all))
            .send()
            .await
    }

    /// What a page's script asks.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let token = self.form_token().await;
        self.call(method, path)
            .header("sec-fetch-site", "same-origin")
            .header("accept", "application/json")
            .header("x-hallpass-form", &token)
            .json(body)
            .send()
            .await
    }

    /// The address of a page of the site's environment.
    pub fn place(&self, rest: &str) -> String {
        format!(
            "/dashboard/environments/{}{rest}",
            self.site.world.environment
        )
    }
}

/// A form sent by nobody in particular.
pub fn post(site: &Site, path: &str, fields: &[(&str, &str)]) -> Call {
    site.call("POST", path)
        .header("host", HOST)
        .header("sec-fetch-site", "same-origin")
        .text("application/x-www-form-urlencoded", &encoded(fields))
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

/// Name and value of the cookie that an answer sets.
pub fn cookie_of(answer: &Answer) -> String {
    let line = answer.header("set-cookie");
    line.split(';').next().unwrap_or_default().to_owned()
}

#[track_caller]
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split_once(after).expect("an end").0
}
