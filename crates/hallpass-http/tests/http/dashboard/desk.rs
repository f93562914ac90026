//! An operator's browser in front of the dashboard, without the browser: it follows no redirect and runs no script.

use hallpass_model::{ProjectId, Role};
use serde_json::Value;

use super::html::between;
use crate::support::{Answer, Call, Site};

pub struct Desk<'a> {
    pub site: &'a Site,
    pub cookie: String,
    form_token: String,
    base: String,
}

/// The address under which the tests reach the site.
pub const HOST: &str = "localhost:8080";

const FORM: &str = "application/x-www-form-urlencoded";

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
        Self::seated(site, &answer).await
    }

    /// Whoever got this answer, which has a session's cookie.
    pub async fn seated(site: &'a Site, answer: &Answer) -> Self {
        let mut desk = Self {
            site,
            cookie: cookie_of(answer),
            form_token: String::new(),
            base: String::new(),
        };
        let home = desk.get("/dashboard").await.page(200);
        // Scripts take the token from one place and forms from another.
        between(&home, "data-form-token=\"", "\"").clone_into(&mut desk.form_token);
        assert_eq!(hidden_of(&home, "form_token"), desk.form_token);
        desk
    }

    /// The same operator, with paths below this address from now on.
    pub fn at(self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self
        }
    }

    /// The same, with paths below this place of the site's environment.
    pub fn within(self, rest: &str) -> Self {
        let base = self.place(rest);
        self.at(&base)
    }

    /// The address of a page of the site's environment.
    pub fn place(&self, rest: &str) -> String {
        let environment = self.site.world.environment;
        format!("/dashboard/environments/{environment}{rest}")
    }

    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The token that forms of this session carry.
    pub fn form_token(&self) -> &str {
        &self.form_token
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        let call = self.site.call(method, &self.address(path));
        call.header("host", HOST).header("cookie", &self.cookie)
    }

    /// A page.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// The same, which has to be there and not too long. Unlike [`Answer::page`] it lets a page speak of a hostile
    /// address in its text: whoever has one in store looks for it in the links.
    pub async fn see(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.header("content-type").starts_with("text/html"));
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        let page = answer.text();
        assert!(
            !page.contains(" style=") && !page.contains("<style"),
            "{path}"
        );
        assert!(page.len() < 100_000, "{path} has {} bytes", page.len());
        page
    }

    /// A hidden field of a page.
    pub async fn hidden(&self, path: &str, name: &str) -> String {
        let page = self.get(path).await.page(200);
        hidden_of(&page, name).to_owned()
    }

    /// A form of one of the pages, as a browser sends it.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("form_token", self.form_token())];
        all.extend_from_slice(fields);
        self.call("POST", path)
            .header("sec-fetch-site", "same-origin")
            .text(FORM, &encoded(&all))
            .send()
            .await
    }

    /// The same, which has to lead on; answers where.
    pub async fn does(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.submit(path, fields).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
        answer.header("location").to_owned()
    }

    /// The page that a form led to.
    pub async fn follow(&self, answer: &Answer) -> String {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let call = self.site.call("GET", answer.header("location"));
        let call = call.header("host", HOST).header("cookie", &self.cookie);
        call.send().await.page(200)
    }

    /// What a page's script asks.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call(method, path)
            .header("sec-fetch-site", "same-origin")
            .header("accept", "application/json")
            .header("x-hallpass-form", self.form_token())
            .json(body)
            .send()
            .await
    }
}

/// A form sent by nobody in particular.
pub fn post(site: &Site, path: &str, fields: &[(&str, &str)]) -> Call {
    site.call("POST", path)
        .header("host", HOST)
        .header("sec-fetch-site", "same-origin")
        .text(FORM, &encoded(fields))
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

/// One step of a path, or a value of a query, as the pages' links write it.
pub fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Name and value of the cookie that an answer sets.
pub fn cookie_of(answer: &Answer) -> String {
    let line = answer.header("set-cookie");
    line.split(';').next().unwrap_or_default().to_owned()
}

#[track_caller]
fn hidden_of<'t>(page: &'t str, name: &str) -> &'t str {
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    between(page, &start, "\"")
}
