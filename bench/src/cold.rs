//! A token never seen before: verify, read, compile the claim, decide. Against the bare RSA operation inside it, and
//! against the `jsonwebtoken` crate with a plain evaluator.

use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use hallpass_jose::{SigningKey, UnverifiedToken, VerifyingKey};
use hallpass_permissions::{CLAIM, Claim, decide};

use crate::arguments::Arguments;
use crate::claims::Size;
use crate::minted::Mint;
use crate::peers::{jsonwebtoken, walk};
use crate::questions::{Question, proxy_call};
use crate::report::{Amount, Goal, Report, Row};
use crate::timing::{Side, interleaved};

pub fn measure(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let mint = Mint::new(SigningKey::generate_rsa(2048)?)?;
    for size in Size::BOTH {
        compare(arguments, report, &mint, size)?;
    }
    Ok(())
}

/// Everything between the text of a token and a decision, with nothing remembered.
pub fn decide_afresh(token: &str, key: &VerifyingKey, question: &Question) -> Result<bool> {
    let verified = UnverifiedToken::parse(token)?.verify(key)?;
    let claims = verified.claims()?;
    let claim = match claims.raw(CLAIM) {
        Some(json) => Claim::parse(json).ok().context("a malformed claim")?,
        None => Claim::absent(),
    };
    black_box((&claims.sub, claims.iat, claims.exp));
    Ok(decide(&claim, &question.target(), question.permission).allowed)
}

fn compare(arguments: &Arguments, report: &mut Report, mint: &Mint, size: Size) -> Result<()> {
    let token = mint.token(size, 1)?;
    let question = proxy_call();
    let key = mint.key().verifying_key();
    let raw = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.to_spki_der())?;
    let parsed = UnverifiedToken::parse(&token)?;
    let (message, _) = token.rsplit_once('.').context("a compact token")?;
    let peer = jsonwebtoken::Peer::new(&key.to_spki_pem())?;
    let ask_peer = |token: &str| -> Result<bool> {
        let claims = peer.decode(token)?;
        Ok(walk::is_allowed(
            &claims.permissions,
            &question.target(),
            question.permission,
        ))
    };

    ensure!(
        raw.verify_sig(message.as_bytes(), parsed.signature())
            .is_ok(),
        "the bare operation refuses the token"
    );
    ensure!(
        decide_afresh(&token, &key, &question)? == ask_peer(&token)?,
        "the two sides do not agree"
    );
    ensure!(
        grants(&token, &key)? == size.grants(),
        "the claim has another size than its name says"
    );

    let [ours, bare, theirs] = interleaved(
        arguments.rounds(),
        [
            Side::each(|_| drop(black_box(decide_afresh(black_box(&token), &key, &question)))),
            Side::each(|_| {
                black_box(
                    raw.verify_sig(black_box(message.as_bytes()), parsed.signature())
                        .is_ok(),
                );
            }),
            Side::each(|_| drop(black_box(ask_peer(black_box(&token))))),
        ],
    );
    let what = |than: &str| {
        format!(
            "cold, {} grants ({} bytes): {than}",
            size.grants(),
            token.len()
        )
    };
    let cost = |nanos: f64| Amount::Nanos(nanos);
    report.push(Row {
        what: what("times the bare RSA verification"),
        measured: cost(ours.nanos().median),
        peer: Some(("aws-lc-rs", cost(bare.nanos().median))),
        ratio: Some(ours.over(&bare)),
        goal: (size == Size::Small).then_some(Goal::AtMost(1.10)),
    });
    report.push(Row {
        what: what("faster than jsonwebtoken"),
        measured: cost(ours.nanos().median),
        peer: Some(("jsonwebtoken", cost(theirs.nanos().median))),
        ratio: Some(theirs.over(&ours)),
        goal: Some(Goal::AtLeast(1.4)),
    });
    parts(arguments, report, &token, &key)
}

/// Where the time goes, as a line below the table.
fn parts(
    arguments: &Arguments,
    report: &mut Report,
    token: &str,
    key: &VerifyingKey,
) -> Result<()> {
    let question = proxy_call();
    let parsed = UnverifiedToken::parse(token)?;
    let verified = parsed.verify(key)?;
    let claims = verified.claims()?;
    let json = claims.raw(CLAIM).context("a token with the claim")?;
    let claim = Claim::parse(json).ok().context("a malformed claim")?;
    let names = [
        "read the token",
        "verify",
        "read the claims",
        "compile the permissions",
        "decide",
    ];
    let times = interleaved(
        arguments.rounds(),
        [
            Side::each(|_| drop(black_box(UnverifiedToken::parse(black_box(token))))),
            Side::each(|_| drop(black_box(parsed.verify(black_box(key))))),
            Side::each(|_| {
                black_box(
                    verified
                        .claims()
                        .is_ok_and(|claims| claims.raw(CLAIM).is_some()),
                );
            }),
            Side::each(|_| drop(black_box(Claim::parse(black_box(json))))),
            Side::each(|_| {
                black_box(decide(
                    black_box(&claim),
                    &question.target(),
                    question.permission,
                ));
            }),
        ],
    );
    let parts = names
        .iter()
        .zip(times)
        .map(|(name, times)| format!("{name} {}", Amount::Nanos(times.nanos().median)));
    let parts: Vec<_> = parts.collect();
    report.note(format!(
        "cold parts, {} grants: {}",
        claim.grants_count(),
        parts.join(", ")
    ));
    Ok(())
}

fn grants(token: &str, key: &VerifyingKey) -> Result<usize> {
    let verified = UnverifiedToken::parse(token)?.verify(key)?;
    let claims = verified.claims()?;
    let json = claims.raw(CLAIM).context("a token with the claim")?;
    Ok(Claim::parse(json)
        .ok()
        .context("a malformed claim")?
        .grants_count())
}
