//! `token inspect`: what is in a token, in plain words. Nothing is verified, and it says so.

use anyhow::Result;
use hallpass_jose::{Claims, UnverifiedToken};
use hallpass_model::Timestamp;
use hallpass_permissions::{CLAIM, Claim};
use serde_json::{Map, Value, json};

use super::{now, token_text, tree};
use crate::cli::InspectArgs;
use crate::exit::{Exit, REFUSED};
use crate::ui::{Ui, ago, moment, printable};

pub fn run(args: &InspectArgs, ui: &Ui) -> Result<()> {
    let text = token_text(&args.token)?;
    let token =
        UnverifiedToken::parse(&text).map_err(|error| refusal(error.code(), &error.to_string()))?;
    let claims = token
        .unverified_claims()
        .map_err(|error| refusal(error.code(), &error.to_string()))?;
    let permissions = claims
        .raw(CLAIM)
        .map_or_else(|| Ok(Claim::absent()), Claim::parse);
    if ui.json {
        ui.raw(&answer(&token, &claims, permissions.as_ref())?);
    } else {
        ui.line(shown(&token, &claims, ui));
        ui.line(match &permissions {
            Ok(claim) => permissions_shown(claim, claims.raw("iss").is_some(), ui),
            Err(fault) => format!(
                "\n{}\n  {fault}\n  where: {}",
                ui.paint
                    .bad("permissions: malformed, the token would be refused"),
                tree::place(&fault.pointer)
            ),
        });
    }
    if permissions.is_err() {
        Err(Exit::silent(REFUSED))
    } else {
        Ok(())
    }
}

/// Whether a token names its issuer, who may be an identity provider with rules of its own.
pub fn has_issuer(token: &str) -> bool {
    let token = UnverifiedToken::parse(token);
    let claims = token.as_ref().map(UnverifiedToken::unverified_claims);
    matches!(claims, Ok(Ok(claims)) if claims.raw("iss").is_some())
}

fn shown(token: &UnverifiedToken<'_>, claims: &Claims<'_>, ui: &Ui) -> String {
    let header = token.header();
    let now = now();
    let mut lines = vec![
        ui.paint
            .warn("Decoded only. The signature was not checked: do not believe a word of it yet."),
        String::new(),
    ];
    let mut line = |name: &str, value: &str, meaning: &str| {
        let gap = if value.chars().count() > 44 {
            "\n                 "
        } else {
            "  "
        };
        lines.push(format!(
            "  {name:12}  {value:24}{gap}{}",
            ui.paint.faint(meaning)
        ));
    };
    line(
        "alg",
        header.alg.as_str(),
        "how it says it is signed; the key decides, not this",
    );
    if let Some(kid) = &header.kid {
        line("kid", kid, "a hint which key signed it");
    }
    if let Some(typ) = &header.typ {
        line("typ", typ, "the kind of token");
    }
    for (name, raw) in claims.raw_members().filter(|(name, _)| name != CLAIM) {
        let value = plain(raw);
        line(&printable(&name), &value, &meaning(&name, claims, now));
    }
    for name in ["sub", "iat", "exp"] {
        if claims.raw(name).is_none() {
            let meaning = if name == "sub" && claims.raw("iss").is_some() {
                "missing: refused, unless an identity provider names the user by another claim"
            } else {
                "missing: a user token needs it and would be refused"
            };
            line(name, "-", meaning);
        }
    }
    lines.join("\n")
}

fn counted(grants: usize) -> String {
    let noun = if grants == 1 { "grant" } else { "grants" };
    format!("{grants} {noun}")
}

fn permissions_shown(claim: &Claim, has_issuer: bool, ui: &Ui) -> String {
    if claim.is_absent() && has_issuer {
        return "\npermissions\n  no such claim: everything of this user is allowed, unless `iss` is an identity provider that has \
                permissions read elsewhere;\n  `hallpass token why --environment ID` knows"
            .to_owned();
    }
    if claim.is_absent() {
        return "\npermissions\n  no such claim: everything of this user is allowed".to_owned();
    }
    let mut lines = vec![
        format!("\npermissions ({})", counted(claim.grants_count())),
        tree::of_claim(claim, ui.paint),
    ];
    for unknown in claim.unknown_permissions() {
        let place = tree::place(&claim.unknown_pointer(unknown));
        lines.push(format!(
            "{} `{}` is no permission and grants nothing ({place})",
            ui.paint.warn("  remark:"),
            printable(unknown.name())
        ));
    }
    for lint in claim.lints() {
        lines.push(format!(
            "{} {}: {} ({})",
            ui.paint.warn("  remark:"),
            lint.code,
            lint.message,
            tree::place(&lint.pointer)
        ));
    }
    lines.join("\n")
}

/// What a claim is for; times relative to now.
fn meaning(name: &str, claims: &Claims<'_>, now: Timestamp) -> String {
    let at = |secs: i64| {
        (
            moment(Timestamp::from_secs(secs)),
            ago(Timestamp::from_secs(secs), now),
        )
    };
    match name {
        "sub" if claims.raw("iss").is_some() => {
            "the user, unless an identity provider names another claim".to_owned()
        }
        "sub" => "the user".to_owned(),
        "iss" => {
            "who issued it: picks the identity provider; else ignored unless the environment expects one".to_owned()
        }
        "aud" if claims.raw("iss").is_some() => {
            "whom it is for; must name the environment, or an app that the identity provider's settings name".to_owned()
        }
        "aud" => "whom it is for; must name the environment".to_owned(),
        "jti" => "its own id; not looked at".to_owned(),
        "iat" => claims
            .iat
            .map(at)
            .map_or_else(String::new, |(when, ago)| format!("issued {when}, {ago}")),
        "nbf" => claims.nbf.map(at).map_or_else(String::new, |(when, ago)| {
            format!("valid from {when}, {ago}")
        }),
        "exp" => claims.exp.map_or_else(String::new, |secs| {
            let (when, ago) = at(secs);
            let word = if secs > now.as_secs() {
                "expires"
            } else {
                "EXPIRED"
            };
            format!("{word} {when}, {ago}")
        }),
        _ if claims.raw("iss").is_some() => {
            "your own; looked at only if an identity provider's settings name it".to_owned()
        }
        _ => "your own; not looked at".to_owned(),
    }
}

fn answer(
    token: &UnverifiedToken<'_>,
    claims: &Claims<'_>,
    permissions: Result<&Claim, &hallpass_permissions::Fault>,
) -> Result<Value> {
    let header = token.header();
    let members: Result<Map<String, Value>, _> = claims
        .raw_members()
        .map(|(name, raw)| Ok((name.into_owned(), serde_json::from_str(raw)?)))
        .collect();
    let members = members.map_err(|error: serde_json::Error| error)?;
    Ok(json!({
        "verified": false,
        "header": { "alg": header.alg.as_str(), "kid": header.kid, "typ": header.typ },
        "claims": members,
        "permissions": match permissions {
            Err(fault) => json!({ "malformed": fault.to_string(), "pointer": fault.pointer }),
            Ok(claim) if claim.is_absent() => Value::Null,
            Ok(claim) => json!({
                "grants": claim.grants_count(),
                "unknown_permissions": claim.unknown_permissions().map(|unknown| unknown.name()).collect::<Vec<_>>(),
                "lints": claim.lints(),
            }),
        },
    }))
}

fn plain(raw: &str) -> String {
    match serde_json::from_str(raw) {
        Ok(Value::String(text)) => printable(&text),
        _ => printable(raw),
    }
}

fn refusal(code: &str, message: &str) -> anyhow::Error {
    Exit {
        code: REFUSED,
        message: format!("this cannot be a user token: {message} ({code})"),
    }
    .into()
}
