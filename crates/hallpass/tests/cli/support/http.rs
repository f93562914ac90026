use serde_json::Value;

/// Status and body of an answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

pub fn get(url: &str, bearer: &str) -> Answer {
    send("GET", url, bearer, None)
}

pub fn post(url: &str, bearer: &str, body: &Value) -> Answer {
    send("POST", url, bearer, Some(body))
}

pub fn patch(url: &str, bearer: &str, body: &Value) -> Answer {
    send("PATCH", url, bearer, Some(body))
}

impl Answer {
    /// The `code` of a refusal.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

fn send(method: &str, url: &str, bearer: &str, body: Option<&Value>) -> Answer {
    try_send(method, url, bearer, body).unwrap_or_else(|error| panic!("{method} {url}: {error}"))
}

fn try_send(
    method: &str,
    url: &str,
    bearer: &str,
    body: Option<&Value>,
) -> Result<Answer, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    if !bearer.is_empty() {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let text = body.map_or_else(String::new, Value::to_string);
    let mut answer = agent.run(request.body(text).expect("a request"))?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string()?;
    Ok(Answer {
        status,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    })
}
