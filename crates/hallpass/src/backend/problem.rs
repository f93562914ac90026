use std::fmt;

use serde_json::{Value, json};

/// A refusal of the admin API (RFC 9457).
#[derive(Debug)]
pub struct Problem {
    /// The answer as it came, for `--json`.
    pub raw: Value,
    status: u16,
}

impl Problem {
    /// From an answer that is no success.
    pub fn new(status: u16, body: Option<Value>) -> Self {
        let raw = body.filter(Value::is_object).unwrap_or_else(
            || json!({ "title": format!("the server answered {status}"), "status": status }),
        );
        Self { raw, status }
    }

    /// The stable code of the refusal.
    pub fn code(&self) -> &str {
        self.text("/code").unwrap_or_default()
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.raw.pointer(pointer).and_then(Value::as_str)
    }

    /// The flag of `idp add` and `idp set` that stands for the member at fault.
    fn flag_to_give(&self) -> Option<&'static str> {
        let pointer = self.text("/pointer")?;
        let change = pointer.strip_prefix("/settings");
        let member = change.unwrap_or(pointer).split('/').nth(1)?;
        Some(match member {
            "audiences" | "any_audience" if change.is_some() => {
                "--audience names an app's client id (repeat it for several, '' for none), with --any-audience false; or --any-audience true, with --audience ''"
            }
            "audiences" | "any_audience" => {
                "--audience names an app's client id (repeat it for several); --any-audience accepts tokens made for any app"
            }
            "permissions_claim" | "roles_claim" | "role_permissions" if change.is_some() => {
                "give --permissions-claim, with --roles-claim '' if there were roles; or --roles-claim with --role for each role, with --permissions-claim ''"
            }
            "domain" | "custom_domain" => "give --domain, such as acme.eu.auth0.com, or --url",
            "project_id" => "give --project-id, as the Firebase console shows it",
            "url" => "give another --url",
            "issuer" => "give another --issuer, or leave it out where it follows from the rest",
            "user_claim" => "give another --user-claim",
            "permissions_claim" | "roles_claim" => {
                "give --permissions-claim, or --roles-claim with --role for each role"
            }
            "role_permissions" => "give other --role NAME=FILE|JSON",
            "token_types" => "give other --token-type, with --audience",
            "algorithms" => {
                "give --algorithm as it stands in tokens: RS256, PS256, ES256, EdDSA, ..."
            }
            _ => return None,
        })
    }

    /// What the reader can do about it.
    fn advice(&self) -> Option<&'static str> {
        let by_code = match self.code() {
            "operator_key_invalid" | "operator_key_missing" | "no_credentials" => Some(
                "put a valid operator key into HALLPASS_OPERATOR_KEY or --operator-key-file; `hallpass operator create` on the server's machine makes one",
            ),
            "storage_unavailable" => Some(
                "the database is locked, full or away: try again, then look at `hallpass doctor`",
            ),
            "key_already_used" => {
                Some("a key pair serves one environment for ever: generate a new one")
            }
            "private_key_given" => Some(
                "give the public half only; treat the private key you just handed over with care: `openssl pkey -in KEY.pem -pubout`",
            ),
            "name_taken" => Some("choose another name, or use the existing one"),
            "too_many_retiring_keys" => {
                Some("wait until one retires, or revoke one with `hallpass key revoke`")
            }
            "issuer_taken" => Some(
                "`hallpass idp list` shows which one has it, `hallpass idp set` changes that one",
            ),
            "issuerless_conflict" => {
                Some("`hallpass idp list` and `hallpass key list` show what stands there already")
            }
            "too_many_webhooks" => Some("remove one with `hallpass webhook remove`"),
            "delivery_not_dead" => {
                Some("`hallpass delivery list --state dead` shows those that were given up")
            }
            "api_key_ended" => Some("make a new one with `hallpass api-key create`"),
            "too_many_providers" => Some("remove one with `hallpass idp remove`"),
            "invalid_provider" => self.flag_to_give(),
            "egress_url_invalid" => Some(
                "give the whole address, which begins with https://, such as https://id.example.com",
            ),
            // The detail names the flag.
            "egress_blocked" => Some(
                "give an address on the public internet; --allow-egress counts where Hallpass runs: at the server's start, or here for a database. \
                 Where --url is the provider's, Hallpass itself is named by --server-url",
            ),
            "egress_port_not_allowed" | "egress_scheme_not_allowed" => Some(
                "give an https address on port 443 or 8443; --allow-egress counts where Hallpass runs: at the server's start, or here for a database",
            ),
            _ => None,
        };
        by_code.or(match self.status {
            401 => Some("check HALLPASS_OPERATOR_KEY"),
            403 => Some("this operator's role or projects do not include that"),
            404 => Some("`hallpass project list` and `hallpass project show ID` print the ids"),
            412 => {
                Some("it was changed meanwhile: look at it again, then repeat with its new version")
            }
            429 => Some("wait a moment, then try again"),
            _ => None,
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self
            .text("/detail")
            .or_else(|| self.text("/title"))
            .or_else(|| self.text("/message"));
        match what {
            Some(what) => f.write_str(what)?,
            None => write!(f, "the server answered {}", self.status)?,
        }
        if !self.code().is_empty() {
            write!(f, " ({})", self.code())?;
        }
        if let Some(pointer) = self.text("/pointer") {
            write!(f, "\n  where: {pointer}")?;
        }
        if let Some(advice) = self.advice() {
            write!(f, "\n  to do: {advice}")?;
        }
        if let Some(request) = self.text("/request_id") {
            write!(f, "\n  request: {request}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Problem;

    #[test]
    fn a_problem_says_what_where_and_what_to_do() {
        let body = json!({"detail": "no such environment", "code": "not_found", "status": 404, "pointer": "/id"});
        let shown = Problem::new(404, Some(body)).to_string();
        assert_eq!(
            shown,
            "no such environment (not_found)\n  where: /id\n  to do: `hallpass project list` and `hallpass project show ID` print the ids"
        );
    }

    #[test]
    fn a_member_of_a_provider_is_given_by_its_flag() {
        let body = json!({"detail": "name the client ids", "code": "invalid_provider", "pointer": "/audiences"});
        let shown = Problem::new(422, Some(body)).to_string();
        assert!(shown.contains("to do: --audience names"), "{shown}");
        let body = json!({"detail": "not both", "code": "invalid_provider", "pointer": "/settings/any_audience"});
        let shown = Problem::new(422, Some(body)).to_string();
        assert!(shown.contains("--any-audience false"), "{shown}");
        let body = json!({"detail": "not both", "code": "invalid_provider", "pointer": "/settings/roles_claim"});
        let shown = Problem::new(422, Some(body)).to_string();
        assert!(shown.contains("--permissions-claim ''"), "{shown}");
        let body = json!({"detail": "no URL", "code": "egress_url_invalid", "pointer": "/issuer"});
        let shown = Problem::new(422, Some(body)).to_string();
        assert!(shown.contains("begins with https://"), "{shown}");
        let body = json!({"detail": "no", "code": "invalid_provider", "pointer": "/kind"});
        assert!(!Problem::new(422, Some(body)).to_string().contains("to do"));
    }

    #[test]
    fn an_answer_that_is_no_problem_document_still_says_something() {
        assert_eq!(
            Problem::new(502, None).to_string(),
            "the server answered 502"
        );
        assert_eq!(
            Problem::new(502, Some(json!("x"))).to_string(),
            "the server answered 502"
        );
    }
}
