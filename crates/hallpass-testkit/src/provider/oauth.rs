//! The provider as an authorization server: people agree, codes are exchanged, profiles are read. It checks what a real one checks:
//! the client, the address to return to, the challenge, and that a code is used once.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use hallpass_egress::Url;
use hallpass_jose::{UnverifiedToken, VerifyingKey};
use serde_json::{Value, json};

use super::state::{Request, Settable};
use super::{FakeProvider, merge};

/// Where codes are exchanged.
pub const TOKEN_PATH: &str = "/token";
/// Where profiles are read.
pub const USERINFO_PATH: &str = "/userinfo";

/// How a client proves itself.
#[derive(Clone)]
pub enum ClientProof {
    /// This secret, in the form.
    Post(String),
    /// This secret, as a password.
    Basic(String),
    /// Nothing.
    Public,
    /// Tokens that the private half of this key signed, as Apple wants them.
    Signed(Box<VerifyingKey>),
}

/// What the authorization server knows.
#[derive(Default)]
pub(super) struct Grants {
    client: Option<(String, ClientProof)>,
    codes: HashMap<String, Grant>,
    profiles: HashMap<String, Value>,
    /// Members of the answer of the token endpoint; `null` takes one away.
    answer: Value,
    made: u32,
}

struct Grant {
    redirect_uri: String,
    challenge: Option<String>,
    nonce: Option<String>,
    id_token: Option<Value>,
    profile: Value,
}

/// Whom a person turns out to be.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Claims of the id token beside the usual ones; without any, there is no id token.
    pub id_token: Option<Value>,
    /// What the profile endpoint answers.
    pub profile: Value,
}

impl FakeProvider {
    /// Registers the one client that there is.
    pub fn register_client(&self, id: &str, proof: ClientProof) {
        self.state.lock().grants.client = Some((id.to_owned(), proof));
    }

    /// Changes members of every answer of the token endpoint from now on; `null` takes one away.
    pub fn change_token_answers(&self, members: Value) {
        self.state.lock().grants.answer = members;
    }

    /// A person follows the authorization request and agrees; gives the query of the callback.
    ///
    /// # Panics
    /// When the request lacks what every request must have.
    #[must_use]
    pub fn agree(&self, authorize_url: &str, person: &Person) -> String {
        let url = Url::parse(authorize_url).expect("a URL");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query.get("response_type").map(String::as_str), Some("code"));
        let method = query.get("code_challenge_method").map(String::as_str);
        assert_eq!(method, Some("S256"), "every flow has a challenge");
        let mut settable = self.state.lock();
        let client = settable.grants.client.as_ref().map(|(id, _)| id.clone());
        assert_eq!(
            query.get("client_id"),
            client.as_ref(),
            "the client is known"
        );
        settable.grants.made += 1;
        let code = format!("code-{}-{}", self.address().port(), settable.grants.made);
        settable.grants.codes.insert(
            code.clone(),
            Grant {
                redirect_uri: query["redirect_uri"].clone(),
                challenge: query.get("code_challenge").cloned(),
                nonce: query.get("nonce").cloned(),
                id_token: person.id_token.clone(),
                profile: person.profile.clone(),
            },
        );
        let mut back = Url::parse("https://back.invalid/").expect("a URL");
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &query["state"]);
        back.query().unwrap_or_default().to_owned()
    }

    /// A person follows the authorization request and does not agree; gives the query of the callback.
    ///
    /// # Panics
    /// When the request is none.
    #[must_use]
    pub fn deny(&self, authorize_url: &str) -> String {
        let url = Url::parse(authorize_url).expect("a URL");
        let state = url
            .query_pairs()
            .find_map(|(name, value)| (name == "state").then(|| value.into_owned()));
        let mut back = Url::parse("https://back.invalid/").expect("a URL");
        back.query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("state", &state.expect("a state"));
        back.query().unwrap_or_default().to_owned()
    }
}

/// The answer to a request for a token or a profile; `None` for any other path.
pub(super) fn answer(
    settable: &mut Settable,
    id_claims: impl Fn(&Settable) -> Value,
    request: &Request,
) -> Option<(u16, String)> {
    let answered = match request.path.as_str() {
        TOKEN_PATH => exchange(settable, id_claims, request),
        USERINFO_PATH => profile(settable, request),
        _ => return None,
    };
    Some(match answered {
        Ok(body) => (200, body.to_string()),
        Err((status, error)) => (status, json!({ "error": error }).to_string()),
    })
}

type Refusal = (u16, &'static str);

fn exchange(
    settable: &mut Settable,
    id_claims: impl Fn(&Settable) -> Value,
    request: &Request,
) -> Result<Value, Refusal> {
    let form = form_of(request);
    let field = |name: &str| form.get(name).map(String::as_str);
    check_client(settable, request, &form)?;
    if field("grant_type") != Some("authorization_code") {
        return Err((400, "unsupported_grant_type"));
    }
    let code = field("code").unwrap_or_default();
    let grant = settable.grants.codes.remove(code);
    let grant = grant.ok_or((400, "invalid_grant"))?;
    let verifier = field("code_verifier").unwrap_or_default();
    let challenge = BASE64URL_NOPAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref());
    if grant.challenge != Some(challenge) || field("redirect_uri") != Some(&grant.redirect_uri) {
        return Err((400, "invalid_grant"));
    }
    let access_token = format!("access-{code}");
    let mut answer = json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": 3600, "scope": "all",
    });
    if let (Value::Object(answer), Some(more)) = (&mut answer, &grant.id_token) {
        let mut claims = id_claims(settable);
        if let Value::Object(claims) = &mut claims {
            let half = digest(&SHA256, access_token.as_bytes());
            let at_hash = BASE64URL_NOPAD.encode(&half.as_ref()[..16]);
            merge(claims, json!({ "nonce": grant.nonce, "at_hash": at_hash }));
            merge(claims, more.clone());
        }
        let token = settable.signer.sign(json!({}), &claims);
        answer.insert("id_token".to_owned(), json!(token));
    }
    if let (Value::Object(answer), Value::Object(_)) = (&mut answer, &settable.grants.answer) {
        merge(answer, settable.grants.answer.clone());
    }
    settable.grants.profiles.insert(access_token, grant.profile);
    Ok(answer)
}

fn check_client(
    settable: &Settable,
    request: &Request,
    form: &HashMap<String, String>,
) -> Result<(), Refusal> {
    let refused = (401, "invalid_client");
    let (id, proof) = settable.grants.client.as_ref().ok_or(refused)?;
    let given_id = form.get("client_id").map(String::as_str);
    let given_secret = form.get("client_secret").map(String::as_str);
    let password = request.header("authorization");
    let is_good = match proof {
        ClientProof::Post(secret) => given_id == Some(id) && given_secret == Some(secret),
        ClientProof::Basic(secret) => {
            let pair = BASE64.encode(format!("{id}:{secret}").as_bytes());
            password == Some(&format!("Basic {pair}")) && given_secret.is_none()
        }
        ClientProof::Public => given_id == Some(id) && given_secret.is_none() && password.is_none(),
        ClientProof::Signed(key) => {
            given_id == Some(id) && given_secret.is_some_and(|token| is_signed(token, key, id))
        }
    };
    if is_good { Ok(()) } else { Err(refused) }
}

fn is_signed(token: &str, key: &VerifyingKey, client: &str) -> bool {
    let verified = UnverifiedToken::parse(token).and_then(|token| token.verify(key));
    verified.is_ok_and(|token| {
        let claims = token.claims().expect("claims");
        claims.sub.as_deref() == Some(client) && claims.exp > claims.iat
    })
}

fn profile(settable: &Settable, request: &Request) -> Result<Value, Refusal> {
    let token = request.header("authorization");
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    let found = token.and_then(|token| settable.grants.profiles.get(token));
    found.cloned().ok_or((401, "invalid_token"))
}

fn form_of(request: &Request) -> HashMap<String, String> {
    let mut reader = Url::parse("https://form.invalid/").expect("a URL");
    reader.set_query(Some(&request.body));
    reader.query_pairs().into_owned().collect()
}
