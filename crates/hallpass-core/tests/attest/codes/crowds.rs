//! Many at once.

use std::sync::Arc;

use hallpass_core::SessionCaller;
use hallpass_model::{ChallengeId, IdentityKind};
use hallpass_testkit::on_both_engines;

use super::support::{ADA, Signing, client, contact, other_than};

/// Guesses, each in a task of its own; answers what each was told.
async fn at_once(
    signing: &Arc<Signing>,
    guesses: Vec<(String, ChallengeId, String)>,
) -> Vec<&'static str> {
    let tasks: Vec<_> = guesses
        .into_iter()
        .map(|(token, flow, typed)| {
            let signing = Arc::clone(signing);
            tokio::spawn(async move {
                let caller = signing.visitor_with(Some(&token)).await;
                match signing.answer(caller, flow, &typed).await {
                    Ok(_) => "signed in",
                    Err(error) => error.code(),
                }
            })
        })
        .collect();
    let mut told = Vec::new();
    for task in tasks {
        told.push(task.await.unwrap());
    }
    told
}

fn how_often(told: &[&str], word: &str) -> usize {
    told.iter().filter(|told| **told == word).count()
}

async fn flow_of(signing: &Signing, n: usize) -> (SessionCaller, ChallengeId, String) {
    let visitor = signing.visitor().await;
    let (flow, code) = signing.code(&visitor, ADA, &format!("10.0.{n}.1")).await;
    (visitor, flow, code)
}

on_both_engines! {
    async fn of_many_guesses_at_one_code_three_are_looked_at(database: Database) {
        let signing = Arc::new(Signing::new(database).await);
        let (visitor, flow, code) = flow_of(&signing, 0).await;
        let guesses = (0..32).map(|_| (visitor.token().to_owned(), flow, other_than(&code)));
        let told = at_once(&signing, guesses.collect()).await;
        assert_eq!((how_often(&told, "code_wrong"), how_often(&told, "code_used_up")), (3, 29), "{told:?}");
        assert_eq!(signing.counted(ADA).await, 3);
    }

    async fn of_many_guesses_at_one_address_nine_are_looked_at(database: Database) {
        let signing = Arc::new(Signing::new(database).await);
        let mut guesses = Vec::new();
        for n in 0..8 {
            let (visitor, flow, code) = flow_of(&signing, n).await;
            guesses.extend((0..4).map(|_| (visitor.token().to_owned(), flow, other_than(&code))));
        }
        let told = at_once(&signing, guesses).await;
        assert_eq!(how_often(&told, "code_wrong"), 9, "{told:?}");
        assert_eq!(how_often(&told, "code_wrong") + how_often(&told, "code_used_up") + how_often(&told, "code_void"), 32);
        assert_eq!(signing.counted(ADA).await, 9);
    }

    async fn of_many_right_answers_one_signs_in(database: Database) {
        let signing = Arc::new(Signing::new(database).await);
        let (visitor, flow, code) = flow_of(&signing, 0).await;
        let guesses = (0..16).map(|_| (visitor.token().to_owned(), flow, code.clone()));
        let told = at_once(&signing, guesses.collect()).await;
        assert_eq!(how_often(&told, "signed in"), 1, "{told:?}");
        assert_eq!(signing.counted(ADA).await, 0);
    }

    async fn of_many_wishes_for_a_code_five_are_granted(database: Database) {
        let signing = Arc::new(Signing::new(database).await);
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let signing = Arc::clone(&signing);
                tokio::spawn(async move {
                    let visitor = signing.visitor().await;
                    let codes = &signing.services().codes;
                    codes.send(&visitor, contact(ADA), client("192.0.2.1")).await.is_ok()
                })
            })
            .collect();
        let mut granted = 0;
        for task in tasks {
            granted += usize::from(task.await.unwrap());
        }
        assert_eq!(granted, 5);
        assert_eq!(signing.kept(&IdentityKind::Email, ADA).await.len(), 5);
    }
}
