//! Sign-in with Telegram's login widget.

use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use data_encoding::HEXLOWER;
use hallpass_core::{
    Clock as _, LinkProof, LinkStart, LinkStarted, Linked, NewSignInProvider, TelegramAccount,
    TelegramLogin,
};
use hallpass_model::{IdentityKind, Result, SignInProviderKind, SignInProviderSettings};
use hallpass_testkit::on_both_engines;

use crate::people::App;

const BOT_TOKEN: &str = "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4";

async fn app_with_bot(database: hallpass_testkit::Database) -> App {
    let app = App::new(database).await;
    let new = NewSignInProvider {
        handle: None,
        settings: SignInProviderSettings {
            bot_username: Some("acme_bot".to_owned()),
            ..SignInProviderSettings::new(SignInProviderKind::Telegram)
        },
        secret: Some(BOT_TOKEN.to_owned()),
    };
    let admin = app.world.admin();
    let providers = &app.world.services.sign_in_providers;
    let added = providers.add(&admin, app.environment, new).await;
    added.expect("a bot");
    app
}

/// What the widget hands over for a person who agreed just now.
fn login(app: &App, id: u64) -> TelegramLogin {
    login_at(id, app.world.clock.now().as_secs())
}

fn login_at(id: u64, auth_date: i64) -> TelegramLogin {
    let lines = format!("auth_date={auth_date}\nfirst_name=Ada\nid={id}\nusername=ada");
    let secret = digest::digest(&digest::SHA256, BOT_TOKEN.as_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref());
    TelegramLogin {
        id,
        auth_date,
        first_name: Some("Ada".to_owned()),
        username: Some("ada".to_owned()),
        hash: HEXLOWER.encode(hmac::sign(&key, lines.as_bytes()).as_ref()),
        ..TelegramLogin::default()
    }
}

async fn sign_in(app: &App, login: &TelegramLogin) -> Result<TelegramAccount> {
    let mut visitor = app.visitor().await;
    let telegram = &app.world.services.telegram_sign_in;
    telegram.sign_in(&mut visitor, login).await
}

on_both_engines! {
    async fn a_person_who_agreed_signs_in_and_is_the_same_account_later(database: Database) {
        let app = app_with_bot(database).await;
        let first = sign_in(&app, &login(&app, 424_242)).await.unwrap();
        assert!(first.is_new);
        assert_eq!(first.profile.display_name.as_deref(), Some("Ada"));
        app.world.clock.advance(Duration::from_secs(1));
        let second = sign_in(&app, &login(&app, 424_242)).await.unwrap();
        assert_eq!((second.account, second.is_new), (first.account, false));
        let other = sign_in(&app, &login(&app, 999)).await.unwrap();
        assert_ne!(other.account, first.account);
    }

    async fn an_answer_counts_once_however_its_hash_is_written(database: Database) {
        let app = app_with_bot(database).await;
        let answer = login(&app, 424_242);
        sign_in(&app, &answer).await.unwrap();
        let capital = TelegramLogin { hash: answer.hash.to_uppercase(), ..answer.clone() };
        for again in [&answer, &capital] {
            assert_eq!(sign_in(&app, again).await.unwrap_err().code(), "telegram_replayed");
        }
    }

    async fn a_forged_changed_or_old_answer_is_refused(database: Database) {
        let app = app_with_bot(database).await;
        let good = login(&app, 424_242);
        let now = app.world.clock.now().as_secs();
        for (bad, code) in [
            (TelegramLogin { id: 999, ..good.clone() }, "telegram_wrong_hash"),
            (TelegramLogin { username: None, ..good.clone() }, "telegram_wrong_hash"),
            (TelegramLogin { hash: "0".repeat(64), ..good.clone() }, "telegram_wrong_hash"),
            (login_at(424_242, now - 601), "telegram_too_old"),
            (login_at(424_242, now + 61), "telegram_in_future"),
        ] {
            assert_eq!(sign_in(&app, &bad).await.unwrap_err().code(), code);
        }
        sign_in(&app, &good).await.unwrap();
    }

    async fn without_a_bot_there_is_nothing(database: Database) {
        let app = App::new(database).await;
        let refused = sign_in(&app, &login(&app, 424_242)).await.unwrap_err();
        assert_eq!(refused.kind(), hallpass_model::ErrorKind::NotFound);
    }

    async fn a_telegram_account_is_linked_or_is_a_conflict(database: Database) {
        let app = app_with_bot(database).await;
        let (caller, account, _) = app.somebody().await;
        let links = &app.world.services.linked_accounts;
        let start = LinkStart::Service(IdentityKind::Telegram);
        let begin = async || match links.start(&caller, &start).await.unwrap() {
            LinkStarted::Begun { id, .. } => id,
            LinkStarted::Conflict => panic!("begun"),
        };
        let id = begin().await;
        let linked = links.verify(&caller, id, &LinkProof::Telegram(login(&app, 424_242))).await.unwrap();
        assert!(matches!(linked, Linked::Identities(identities) if identities.len() == 2));
        app.world.clock.advance(Duration::from_secs(1));
        assert_eq!(sign_in(&app, &login(&app, 424_242)).await.unwrap().account, account);
        sign_in(&app, &login(&app, 999)).await.unwrap();
        app.world.clock.advance(Duration::from_secs(1));
        let id = begin().await;
        let linked = links.verify(&caller, id, &LinkProof::Telegram(login(&app, 999))).await.unwrap();
        assert!(matches!(linked, Linked::Conflict));
    }
}
