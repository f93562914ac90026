//! People who signed in, put into the database as a sign-in does.

use hallpass_model::{
    Account, AccountId, Identity, IdentityId, IdentityKind, Login, Profile, Session, SessionId,
    Timestamp,
};
use hallpass_testkit::world::{BEGINNING, World};
use serde_json::json;

/// An account with a mailbox and a live session; `number` tells it from others.
pub async fn signed_in(world: &World, number: u32) -> (Account, Session) {
    let now = Timestamp::from_secs(BEGINNING);
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    let account = Account {
        id: AccountId::from_random(bytes),
        environment_id: world.environment,
        profile: Profile {
            display_name: Some(format!("Person {number}")),
            ..Profile::default()
        },
        role: None,
        permissions: None,
        version: 1,
        frozen_at: None,
        signed_in_at: Some(now),
        created_at: now,
        updated_at: now,
    };
    let mailbox = format!("person{number}@example.com");
    let identity = Identity {
        id: IdentityId::from_random(bytes),
        environment_id: world.environment,
        account_id: account.id,
        kind: IdentityKind::Email,
        identifier: mailbox.clone(),
        shown: mailbox.clone(),
        detail: json!({}),
        is_primary: true,
        created_at: now,
    };
    let session = session(world, &account, number, &mailbox);
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&number.to_be_bytes());
    let mut tx = world.store.write().await.expect("a transaction");
    tx.insert_account(&account).await.expect("an account");
    tx.insert_identity_if_absent(&identity)
        .await
        .expect("an identity");
    tx.insert_session(&session, &digest)
        .await
        .expect("a session");
    tx.commit().await.expect("a commit");
    (account, session)
}

fn session(world: &World, account: &Account, number: u32, mailbox: &str) -> Session {
    let now = Timestamp::from_secs(BEGINNING);
    let mut random = [0; 10];
    random[..4].copy_from_slice(&number.to_be_bytes());
    Session {
        id: SessionId::from_time_and_random(u64::from(number), random),
        environment_id: world.environment,
        rotation_due: false,
        account_id: Some(account.id),
        former_account_id: None,
        login: Some(Login {
            kind: IdentityKind::Email,
            identifier: mailbox.to_owned(),
            shown: mailbox.to_owned(),
            oauth_method: None,
        }),
        wallets: vec![],
        origin: None,
        created_at: now,
        authenticated_at: Some(now),
        renewed_at: now,
        expires_at: now.plus_secs(1800),
        ends_at: now.plus_secs(86_400),
        ended_at: None,
    }
}
