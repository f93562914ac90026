//! The tour: lines to paste into another terminal, each followed by what it answers. `cargo xtask test` pastes them.

use std::path::Path;

use crate::files::quoted;

use super::state::{Prepared, READER_CLAIM};

/// What the lines are made of.
pub struct Place<'a> {
    pub url: &'a str,
    pub env_file: &'a Path,
    pub prepared: &'a Prepared,
    pub tls_cert: Option<&'a Path>,
}

struct Step {
    title: String,
    calls: Vec<(String, &'static str)>,
}

/// The whole text.
pub fn text(place: &Place<'_>) -> String {
    let steps = steps(place).into_iter().enumerate().map(|(index, step)| {
        let calls = step
            .calls
            .into_iter()
            .map(|(line, answer)| format!("{line}\n# answers {answer}"));
        format!(
            "# {}. {}\n{}\n",
            index + 1,
            step.title,
            calls.collect::<Vec<_>>().join("\n")
        )
    });
    let steps = steps.collect::<Vec<_>>().join("\n");
    let Place {
        url,
        env_file,
        prepared,
        ..
    } = place;
    let env_file = quoted(&env_file.to_string_lossy());
    let key = quoted(&prepared.signing_key_file.to_string_lossy());
    let program = program();
    let unfound = unfound(url);
    let dashboard = format!("{}/dashboard", crate::serve::for_browsers(url));
    format!(
        "Hallpass runs at {url}. Paste these lines into another terminal, in this order; Ctrl-C here ends the demo.\n\
         \n\
         {steps}\n\
         Every call is explained at {url}/docs\n\
         To look rather than type:                 {dashboard}, sign in with the operator key of {env_file}\n\
         Ids, operator key and token for a shell:  set -a; . {env_file}; set +a\n\
         Then, for example:                        {program} project show $HALLPASS_PROJECT_ID\n\
         Tokens of your own:                       {program} token mint --key {key} --sub user-2\n\
         Tokens of your auth service:              {program} idp add --help\n\
         {unfound}"
    )
}

/// A development key leads public SDKs to one address, whatever they are told.
fn unfound(url: &str) -> &'static str {
    if url.ends_with(":8080") {
        return "";
    }
    "\nUnmodified browser SDKs look for http://localhost:8080 and will not find this server: start the demo on port 8080 for them.\n"
}

fn steps(place: &Place<'_>) -> Vec<Step> {
    let (url, prepared) = (place.url, place.prepared);
    let (sandbox, beta, headers) = (prepared.sandbox, prepared.beta, &prepared.headers);
    let curl = curl(place.tls_cert);
    let me = |environment| format!("{url}/projects/{environment}/sdk/me");
    let from = |file: &Path| format!("-H @{}", quoted(&file.to_string_lossy()));
    let (user, reader) = (from(&headers.user), from(&headers.reader));
    let (beta_user, operator) = (from(&headers.beta_user), from(&headers.operator));
    let json = "-H 'content-type: application/json'";
    vec![
        Step {
            title: "Who sent this token? Its signature is checked; the user is made on first sight.".to_owned(),
            calls: vec![(format!("{curl} {} {user}", me(sandbox)), r#"200 "userId":"user-1""#)],
        },
        Step {
            title: "Remember something about the user.".to_owned(),
            calls: vec![(
                format!(r#"{curl} -X PATCH {} {user} {json} -d '{{"meta":{{"plan":"pro"}}}}'"#, me(sandbox)),
                r#"200 "plan":"pro""#,
            )],
        },
        Step {
            title: format!("The same user with the permissions {READER_CLAIM}: may read that, not change it."),
            calls: vec![
                (format!("{curl} {} {reader}", me(sandbox)), r#"200 "plan":"pro""#),
                (
                    format!(r#"{curl} -X PATCH {} {reader} {json} -d '{{"meta":{{"plan":"free"}}}}'"#, me(sandbox)),
                    r#"403 "code":"7210""#,
                ),
            ],
        },
        Step {
            title: "Why not? The answer names the reason and the smallest change of the token that would allow it.".to_owned(),
            calls: vec![(
                format!(
                    r#"{curl} {url}/projects/{sandbox}/sdk/explain {reader} {json} -d '{{"call":{{"method":"PATCH","path":"/projects/{sandbox}/sdk/me"}}}}'"#
                ),
                r#"200 "reason":"permission_not_listed""#,
            )],
        },
        Step {
            title: "Rotate the signing key of beta: its old tokens are refused with the next request.".to_owned(),
            calls: vec![
                (format!("{curl} {} {beta_user}", me(beta)), r#"200 "userId":"user-1""#),
                (
                    format!(
                        r#"{curl} {url}/admin/v1/environments/{beta}/signing-keys {operator} {json} -d '{{"bits":2048,"overlap_secs":0}}'"#
                    ),
                    r#"201 "state":"active""#,
                ),
                (format!("{curl} {} {beta_user}", me(beta)), r#"401 "code":"signature_invalid""#),
            ],
        },
        sign_in(place, &curl),
    ]
}

/// What a browser SDK does for an app, as lines. The session travels in a cookie, the code in a mail that never leaves.
fn sign_in(place: &Place<'_>, curl: &str) -> Step {
    let (url, prepared) = (place.url, place.prepared);
    let files = |name: &str| quoted(&prepared.headers.app.with_file_name(name).to_string_lossy());
    let (app, jar, begun) = (
        quoted(&prepared.headers.app.to_string_lossy()),
        files("cookies"),
        files("begun"),
    );
    let mail = format!("{url}{}", super::MAIL_PATH);
    let with = format!("-H @{app} -b {jar} -c {jar} -H 'content-type: application/json'");
    // Without the cookies of an earlier walk.
    let anew = format!("-H @{app} -c {jar}");
    let user = format!(r#"$(grep -o '"userId":"[^"]*' {begun} | cut -c11-)"#);
    let code = format!(r#"$({curl} {mail} | grep -o '"code":"[0-9]*' | head -n 1 | cut -c9-)"#);
    Step {
        title: "Sign somebody in without any auth service: a session, a code by mail, a token that anybody can verify.".to_owned(),
        calls: vec![
            (format!("{curl} -X POST '{url}/touch?regenerate=false' {anew}"), r#"200 "isAuthenticated":false"#),
            (
                format!(r#"{curl} {url}/users/init {with} -d '{{"email":"ana@example.com"}}' | tee {begun}"#),
                r#"200 "stage":"verify""#,
            ),
            (format!("{curl} {mail}"), r#"200 "to":"ana@example.com""#),
            (
                format!(r#"{curl} "{url}/users/{user}/verify" {with} -d "{{\"verificationCode\":\"{code}\"}}""#),
                r#"200 "userId":"#,
            ),
            (format!(r#"{curl} {url}/auth/jwt {with} -d '{{"keyIndex":0}}'"#), r#"200 "keyId":"#),
            (
                format!("{curl} {url}/environments/{}/.well-known/jwks.json", prepared.sandbox),
                r#"200 "kty":"RSA""#,
            ),
        ],
    }
}

/// A certificate that no public authority signed has to be named.
fn curl(tls_cert: Option<&Path>) -> String {
    let absolute = tls_cert.map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    absolute.map_or_else(
        || "curl -s".to_owned(),
        |path| format!("curl -s --cacert {}", quoted(&path.to_string_lossy())),
    )
}

/// This program as it was called, so that the lines work where it was called.
fn program() -> String {
    let called = std::env::args()
        .next()
        .unwrap_or_else(|| "hallpass".to_owned());
    let plain = called
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    if plain { called } else { quoted(&called) }
}
