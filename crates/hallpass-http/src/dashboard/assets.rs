//! What the pages load. An update is seen at once: browsers ask each time whether they have the present one. Scripts
//! travel without their comments, a third of their length.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::BASE64URL_NOPAD;
use hallpass_model::Error;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

use crate::{AppState, Failure};

const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal: $kind:expr),+ $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("../../assets/dashboard/", $name)))),+]
    };
}

const FILES: &[(&str, &str, &str)] = files! {
    "dashboard.css": STYLE,
    "api.mjs": SCRIPT,
    "base.mjs": SCRIPT,
    "mark.svg": PICTURE,
    "passkey.mjs": SCRIPT,
    "setup.mjs": SCRIPT,
    "tools.css": STYLE,
    "builder.mjs": SCRIPT,
    "claim-field.mjs": SCRIPT,
    "claim-tree.mjs": SCRIPT,
    "element.mjs": SCRIPT,
    "explain.mjs": SCRIPT,
    "explanation.mjs": SCRIPT,
    "explorer.mjs": SCRIPT,
    "generator.mjs": SCRIPT,
    "inspector.mjs": SCRIPT,
    "json-text.mjs": SCRIPT,
    "jwt.mjs": SCRIPT,
    "matrix.mjs": SCRIPT,
    "pem.mjs": SCRIPT,
    "reasons.mjs": SCRIPT,
    "report.mjs": SCRIPT,
    "target.mjs": SCRIPT,
    "words.mjs": SCRIPT,
};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/dashboard/assets/{name}", get(read))
}

/// A file as it is served.
struct Served {
    name: &'static str,
    kind: &'static str,
    text: String,
    tag: String,
}

static SERVED: LazyLock<Vec<Served>> = LazyLock::new(|| {
    let served = FILES.iter().map(|&(name, kind, text)| {
        let text = match kind {
            SCRIPT => without_comments(text),
            _ => text.to_owned(),
        };
        let digest = digest(&SHA256, text.as_bytes());
        let tag = format!("\"{}\"", BASE64URL_NOPAD.encode(&digest.as_ref()[..12]));
        Served {
            name,
            kind,
            text,
            tag,
        }
    });
    served.collect()
});

async fn read(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let found = SERVED.iter().find(|file| file.name == name);
    let file = found.ok_or_else(|| Error::not_found("file"))?;
    let tag = file.tag.as_str();
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.contains(tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let fixed = [(CONTENT_TYPE, file.kind), (CACHE_CONTROL, "no-cache")];
    Ok((fixed, [(ETAG, tag)], file.text.as_str()).into_response())
}

/// A script without the lines that are nothing but comment, and without indentation. That is safe as long as no text in
/// it goes over several lines, which a test looks after.
fn without_comments(script: &str) -> String {
    let mut kept = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim_start) {
        let is_comment = in_comment || line.starts_with("/*");
        if is_comment {
            in_comment = !line.contains("*/");
        }
        let only_comment = is_comment && (in_comment || line.ends_with("*/"));
        if line.is_empty() || line.starts_with("//") || only_comment {
            continue;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stay_at_home_and_code_goes_out() {
        let script = "// why\n/**\n * @param {x} y\n */\nexport function f(y) {\n  /** @type {z} */\n  const z = /** @type {z} */ (y);\n\n  return z * 2; // two\n}\n";
        let served =
            "export function f(y) {\nconst z = /** @type {z} */ (y);\nreturn z * 2; // two\n}\n";
        assert_eq!(without_comments(script), served);
    }

    #[test]
    fn no_text_of_a_script_goes_over_several_lines() {
        for (name, kind, text) in FILES {
            for (number, line) in text.lines().enumerate().filter(|_| *kind == SCRIPT) {
                let marks = line.matches('`').count();
                let in_comment = line.trim_start().starts_with(['*', '/']);
                assert!(in_comment || marks % 2 == 0, "{name}:{}", number + 1);
                assert!(!line.ends_with('\\'), "{name}:{}", number + 1);
            }
        }
    }
}
