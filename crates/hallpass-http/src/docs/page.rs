//! The reference page: the document, for people. One page of plain HTML; no script, nothing from elsewhere.

use serde_json::Value;

use super::complete::TAGS;
use super::curl;
use super::html::{Html, slug};

/// Methods in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What `/` says.
pub(super) const WELCOME: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Hallpass</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body class="welcome">
<main>
<h1>Hallpass</h1>
<p>This server knows users by their tokens, decides what a token may do, and says why.</p>
<ul>
<li><a href="/dashboard">Dashboard</a></li>
<li><a href="/docs">API reference</a></li>
<li><a href="/openapi.json">OpenAPI document</a></li>
<li><a href="/readyz">Is it ready?</a></li>
</ul>
</main>
</body>
</html>
"#;

/// What stands before the operations: what holds for all of them.
const BASICS: &str = r##"<section id="basics">
<h2>Basics</h2>
<dl>
<dt>User tokens</dt>
<dd>Under <code>/projects/{environment}/sdk</code> send <code>Authorization: Bearer &lt;user token&gt;</code>: a JWT that your backend signed with the environment's signing key. The environment's id is what the SDK calls the project id.</dd>
<dt>Operator keys</dt>
<dd>Under <code>/admin/v1</code> send <code>Authorization: Bearer &lt;operator key&gt;</code>. Each operation names the smallest role that may call it: <b>support</b> looks, <b>member</b> changes what is inside its projects, <b>admin</b> does everything. What an operator does not see answers 404.</dd>
<dt>Refusals</dt>
<dd>The admin API answers <code>application/problem+json</code> (RFC 9457), the Connect surface <code>{message, code, status, meta}</code>. Rely on <code>code</code>; the <a href="#codes">list of codes</a> is below.</dd>
<dt>Pages</dt>
<dd>Lists answer <code>{items, next}</code>, newest first. Send <code>next</code> as <code>after</code> until it is <code>null</code>.</dd>
<dt>Repetition</dt>
<dd>Operations that make something take an <code>Idempotency-Key</code>. The same key with the same body answers 200 with what the first request made, without secrets; with another body 422.</dd>
<dt>Versions</dt>
<dd>Environments and users carry an <code>ETag</code>. Send it as <code>If-Match</code> and a change that somebody else overtook answers 412.</dd>
<dt>Examples</dt>
<dd>The <code>curl</code> lines use the names of the file that <code>hallpass demo --env-file demo.env</code> writes: run <code>. ./demo.env</code> first.</dd>
</dl>
</section>
"##;

struct Page<'a> {
    document: &'a Value,
    url: Option<&'a str>,
    html: Html,
}

/// The whole page.
pub(super) fn reference(document: &Value, url: Option<&str>) -> String {
    let mut page = Page {
        document,
        url,
        html: Html::default(),
    };
    page.html.raw(concat!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Hallpass API reference</title>\n",
        "<link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n<body>\n",
        "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n",
    ));
    page.contents();
    page.html.raw("<main id=\"main\" tabindex=\"-1\">\n");
    page.html.raw("<header><h1>Hallpass API</h1>\n");
    let version = document["info"]["version"].as_str().unwrap_or_default();
    page.html.element(
        "p",
        document["info"]["description"].as_str().unwrap_or_default(),
    );
    page.html
        .element("p class=\"quiet\"", &format!("Version {version}"));
    page.html
        .raw("<p><a href=\"/openapi.json\">OpenAPI document</a></p></header>\n");
    page.html.raw(BASICS);
    for (tag, description) in TAGS {
        page.group(tag, description);
    }
    page.schemas();
    page.codes();
    page.html.raw("</main>\n</body>\n</html>\n");
    page.html.finish()
}

impl Page<'_> {
    fn contents(&mut self) {
        self.html
            .raw("<nav aria-label=\"Contents\">\n<a class=\"brand\" href=\"/\">Hallpass</a>\n");
        self.html
            .raw("<ul>\n<li><a href=\"#basics\">Basics</a></li>\n</ul>\n");
        for (tag, _) in TAGS {
            self.html
                .raw("<h2><a href=\"#")
                .text(&slug(tag))
                .raw("\">")
                .text(tag)
                .raw("</a></h2>\n<ul>\n");
            for (method, _, operation) in operations(self.document, tag) {
                let id = operation["operationId"].as_str().unwrap_or_default();
                let summary = operation["summary"].as_str().unwrap_or(id);
                self.html
                    .raw("<li><a href=\"#")
                    .text(id)
                    .raw("\"><span class=\"method ")
                    .raw(method)
                    .raw("\">");
                self.html
                    .raw(method)
                    .raw("</span> ")
                    .text(summary)
                    .raw("</a></li>\n");
            }
            self.html.raw("</ul>\n");
        }
        self.html.raw("<h2><a href=\"#shapes\">Shapes</a></h2>\n<h2><a href=\"#codes\">Codes</a></h2>\n</nav>\n");
    }

    fn group(&mut self, tag: &str, description: &str) {
        self.html
            .raw("<section id=\"")
            .text(&slug(tag))
            .raw("\">\n");
        self.html.element("h2", tag).element("p", description);
        for (method, path, operation) in operations(self.document, tag) {
            self.operation(method, path, operation);
        }
        self.html.raw("</section>\n");
    }

    fn operation(&mut self, method: &str, path: &str, operation: &Value) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        self.html
            .raw("<article id=\"")
            .text(id)
            .raw("\">\n<h3><a href=\"#")
            .text(id)
            .raw("\">");
        self.html
            .text(operation["summary"].as_str().unwrap_or(id))
            .raw("</a></h3>\n");
        self.html
            .raw("<p class=\"call\"><span class=\"method ")
            .raw(method)
            .raw("\">")
            .raw(method);
        self.html.raw("</span> <code>").text(path).raw("</code>");
        if let Some(role) = operation["x-role"].as_str() {
            self.html
                .raw(" <span class=\"role\">")
                .text(role)
                .raw("</span>");
        }
        self.html.raw("</p>\n");
        if let Some(description) = operation["description"].as_str() {
            self.html.element("p", description);
        }
        self.parameters(operation);
        if let Some(schema) = body_schema(&operation["requestBody"]) {
            let kind = self.type_of(schema);
            self.html.raw("<h4>Body</h4>\n<p>").raw(&kind).raw("</p>\n");
            self.members(schema);
        }
        self.responses(operation);
        let line = curl::line(self.document, method, path, operation, self.url);
        self.html
            .raw("<pre tabindex=\"0\"><code>")
            .text(&line)
            .raw("</code></pre>\n</article>\n");
    }

    fn parameters(&mut self, operation: &Value) {
        let Some(parameters) = operation["parameters"]
            .as_array()
            .filter(|list| !list.is_empty())
        else {
            return;
        };
        self.html.raw("<h4>Parameters</h4>\n");
        self.table(&["Name", "In", "Type", "Meaning"]);
        for parameter in parameters {
            let required = parameter["required"] == Value::Bool(true);
            self.html
                .raw("<tr><th scope=\"row\"><code>")
                .text(parameter["name"].as_str().unwrap_or_default());
            self.html
                .raw("</code></th><td>")
                .text(parameter["in"].as_str().unwrap_or_default())
                .raw("</td><td>");
            let kind = self.type_of(&parameter["schema"]);
            self.html
                .raw(&kind)
                .raw(if required { "" } else { " <i>optional</i>" })
                .raw("</td><td>");
            self.html
                .prose(parameter["description"].as_str().unwrap_or_default().trim())
                .raw("</td></tr>\n");
        }
        self.html.raw("</tbody></table></div>\n");
    }

    fn responses(&mut self, operation: &Value) {
        self.html.raw("<h4>Answers</h4>\n");
        self.table(&["Status", "Body", "Meaning"]);
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            self.html
                .raw("<tr><th scope=\"row\">")
                .text(if status == "default" {
                    "4xx, 5xx"
                } else {
                    status
                });
            let body = body_schema(response)
                .map_or_else(|| "none".to_owned(), |schema| self.type_of(schema));
            self.html.raw("</th><td>").raw(&body).raw("</td><td>");
            self.html
                .prose(response["description"].as_str().unwrap_or_default())
                .raw("</td></tr>\n");
        }
        self.html.raw("</tbody></table></div>\n");
    }

    fn schemas(&mut self) {
        self.html
            .raw("<section id=\"shapes\">\n")
            .element("h2", "Shapes");
        for (name, schema) in self.document["components"]["schemas"]
            .as_object()
            .into_iter()
            .flatten()
        {
            if name.starts_with("Listing_") {
                continue;
            }
            self.html
                .raw("<article id=\"shape-")
                .text(&slug(name))
                .raw("\">\n")
                .element("h3", name);
            if let Some(description) = schema["description"].as_str() {
                self.html.element("p", description);
            }
            self.members(schema);
            self.html.raw("</article>\n");
        }
        self.html.raw("</section>\n");
    }

    fn codes(&mut self) {
        self.html
            .raw("<section id=\"codes\">\n")
            .element("h2", "Codes");
        self.html.element("p", "Every refusal carries one of these. On the Connect surface `code` is the same word, except for `7210`.");
        self.table(&["Status", "Code", "Meaning"]);
        for entry in self.document["x-codes"].as_array().into_iter().flatten() {
            self.html
                .raw("<tr><td>")
                .text(&entry["status"].to_string())
                .raw("</td><th scope=\"row\"><code>");
            self.html
                .text(entry["code"].as_str().unwrap_or_default())
                .raw("</code></th><td>");
            self.html
                .prose(entry["meaning"].as_str().unwrap_or_default())
                .raw("</td></tr>\n");
        }
        self.html.raw("</tbody></table></div>\n</section>\n");
    }

    fn members(&mut self, schema: &Value) {
        let schema = curl::resolve(self.document, schema);
        let parts: Vec<&Value> = match schema["allOf"].as_array() {
            Some(parts) => parts
                .iter()
                .map(|part| curl::resolve(self.document, part))
                .collect(),
            None => vec![schema],
        };
        if parts.iter().all(|part| part["properties"].is_null()) {
            return;
        }
        self.table(&["Member", "Type", "Meaning"]);
        for part in parts {
            let required = part["required"].as_array();
            for (name, member) in part["properties"].as_object().into_iter().flatten() {
                let needed =
                    required.is_some_and(|names| names.iter().any(|required| required == name));
                self.html
                    .raw("<tr><th scope=\"row\"><code>")
                    .text(name)
                    .raw("</code></th><td>");
                let kind = self.type_of(member);
                self.html
                    .raw(&kind)
                    .raw(if needed { "" } else { " <i>optional</i>" })
                    .raw("</td><td>");
                self.html.prose(description_of(member)).raw("</td></tr>\n");
            }
        }
        self.html.raw("</tbody></table></div>\n");
    }

    fn table(&mut self, columns: &[&str]) {
        self.html.raw("<div class=\"table\"><table><thead><tr>");
        for column in columns {
            self.html
                .raw("<th scope=\"col\">")
                .text(column)
                .raw("</th>");
        }
        self.html.raw("</tr></thead><tbody>\n");
    }

    /// The type in words, with links to shapes.
    fn type_of(&self, schema: &Value) -> String {
        if let Some(name) = schema["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next())
        {
            return match name.strip_prefix("Listing_") {
                Some(row) => format!("page of {}", link(row)),
                None => link(name),
            };
        }
        if let Some(variants) = schema["oneOf"]
            .as_array()
            .or_else(|| schema["anyOf"].as_array())
        {
            let words: Vec<String> = variants
                .iter()
                .map(|variant| self.type_of(variant))
                .collect();
            return words.join(" or ");
        }
        match &schema["type"] {
            Value::String(kind) if kind == "array" => {
                format!("list of {}", self.type_of(&schema["items"]))
            }
            Value::String(kind) if schema["format"] == "uuid" => format!("{kind} (UUID)"),
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) if kinds.iter().any(|kind| kind == "array") => {
                format!("list of {} or null", self.type_of(&schema["items"]))
            }
            Value::Array(kinds) => {
                let words: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
                words.join(" or ")
            }
            _ => "JSON".to_owned(),
        }
    }
}

fn link(name: &str) -> String {
    let mut html = Html::default();
    html.raw("<a href=\"#shape-")
        .text(&slug(name))
        .raw("\">")
        .text(name)
        .raw("</a>");
    html.finish()
}

/// What a member means; for one that may be null the text stands at the variant.
fn description_of(member: &Value) -> &str {
    let variants = member["oneOf"].as_array().into_iter().flatten();
    std::iter::once(member)
        .chain(variants)
        .find_map(|schema| schema["description"].as_str())
        .unwrap_or_default()
}

fn body_schema(holder: &Value) -> Option<&Value> {
    let (_, content) = holder["content"].as_object()?.iter().next()?;
    Some(&content["schema"])
}

fn operations<'a>(document: &'a Value, tag: &str) -> Vec<(&'static str, &'a str, &'a Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &item[method];
            if operation["tags"][0] == tag {
                found.push((method, path.as_str(), operation));
            }
        }
    }
    // The thing itself before what is below it.
    found.sort_by_key(|(_, path, _)| path.len());
    found
}
