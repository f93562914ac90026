//! What issued tokens say, by how somebody signed in.

use std::time::Duration;

use hallpass_core::Clock as _;
use hallpass_model::{IdentityKind, SessionWallet, Wallet, WalletId, WalletType};
use hallpass_testkit::on_both_engines;
use hallpass_testkit::person::{Signing, signed_in};
use hallpass_testkit::world::{BEGINNING, World};
use serde_json::{Value, json};

use super::support::{claims, set};

const PERMISSIONS: &str = "urn:useparagon:connect:permissions";

async fn data_of(world: &World, signing: Signing) -> Value {
    let person = signed_in(&world.services, &world.store, world.environment, signing).await;
    let issued = person.issue(&world.services, 0).await.unwrap();
    let mut data = claims(&issued.token)["data"].take();
    assert_eq!(data["userId"], person.account.to_string());
    data.as_object_mut().unwrap().remove("userId");
    data
}

on_both_engines! {
    async fn a_token_names_account_environment_session_and_times(database: Database) {
        let world = World::new(database.store().clone()).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        let issued = person.issue(&world.services, 0).await.unwrap();
        assert_eq!(
            claims(&issued.token),
            json!({
                "sub": person.account.to_string(),
                "aud": world.environment.to_string(),
                "iat": BEGINNING,
                "exp": BEGINNING + 1800,
                "sid": person.session.to_string(),
                "data": {
                    "userId": person.account.to_string(),
                    "authType": "email",
                    "identifier": "ana@example.com",
                    "email": "ana@example.com",
                    "wallets": [],
                    "connectedWallets": [],
                },
            })
        );
        let header = hallpass_jose::UnverifiedToken::parse(&issued.token).unwrap();
        assert_eq!(header.header().kid.as_deref(), Some(&*issued.key_id));
    }

    async fn every_way_to_sign_in_has_its_member(database: Database) {
        let world = World::new(database.store().clone()).await;
        let of = |kind, identifier| Signing::by(kind, identifier);
        for (signing, expected) in [
            (of(IdentityKind::Phone, "+15551234567"), json!({"authType": "phone", "identifier": "+15551234567", "phone": "+15551234567"})),
            (of(IdentityKind::Telegram, "42"), json!({"authType": "telegram", "identifier": "42", "telegramUserId": "42"})),
            (of(IdentityKind::X, "99"), json!({"authType": "x", "identifier": "99"})),
        ] {
            let mut data = data_of(&world, signing).await;
            for wallets in ["wallets", "connectedWallets"] {
                data.as_object_mut().unwrap().remove(wallets);
            }
            assert_eq!(data, expected);
        }
        let mut google = Signing::by_email("bo@example.com");
        google.login.oauth_method = Some("google".to_owned());
        let data = data_of(&world, google).await;
        assert_eq!((&data["oAuthMethod"], &data["email"]), (&json!("google"), &json!("bo@example.com")));
    }

    async fn an_external_wallet_is_named_as_its_client_wrote_it(database: Database) {
        let world = World::new(database.store().clone()).await;
        let address = "0xAbCdef0000000000000000000000000000000001";
        let mut signing = Signing::by(IdentityKind::Evm, &address.to_lowercase());
        signing.login.shown = address.to_owned();
        signing.wallets = vec![SessionWallet {
            kind: IdentityKind::Evm,
            address: address.to_owned(),
            provider: Some("metamask".to_owned()),
        }];
        assert_eq!(
            data_of(&world, signing).await,
            json!({
                "authType": "externalWallet",
                "identifier": address,
                "externalWalletAddress": address,
                "externalWallet": {"address": address, "type": "EVM", "provider": "metamask"},
                "wallets": [],
                "connectedWallets": [{"id": address, "type": "EVM", "address": address, "publicKey": ""}],
            })
        );
    }

    async fn provisioned_wallets_are_listed_with_their_keys(database: Database) {
        let world = World::new(database.store().clone()).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        let wallet = |chain, address: &str, byte| Wallet {
            id: WalletId::from_random([byte; 16]),
            environment_id: world.environment,
            account_id: person.account,
            chain,
            address: address.to_owned(),
            account_key: address.to_lowercase(),
            public_key: "0x04ab".to_owned(),
            name: None,
            created_at: world.clock.now(),
        };
        let (evm, solana) = (wallet(WalletType::Evm, "0xAb", 1), wallet(WalletType::Solana, "So1", 2));
        let mut tx = world.store.write().await.unwrap();
        tx.insert_wallet(&evm).await.unwrap();
        tx.insert_wallet(&solana).await.unwrap();
        tx.commit().await.unwrap();
        let issued = person.issue(&world.services, 0).await.unwrap();
        let data = claims(&issued.token)["data"].take();
        let mut listed = data["wallets"].as_array().unwrap().clone();
        listed.sort_by_key(|wallet| wallet["type"].as_str().unwrap().to_owned());
        assert_eq!(
            Value::Array(listed),
            json!([
                {"id": evm.id.to_string(), "type": "EVM", "address": "0xAb", "publicKey": "0x04ab"},
                {"id": solana.id.to_string(), "type": "SOLANA", "address": "So1", "publicKey": ""},
            ])
        );
        assert_eq!(data["wallets"], data["connectedWallets"]);
    }

    async fn the_end_is_the_earliest_of_length_maximum_and_absolute_end(database: Database) {
        let world = World::new(database.store().clone()).await;
        let environment = world.environment;
        let day = 24 * 3600;
        let lasts = async |sign_in| {
            set(&world, environment, sign_in).await;
            let signing = Signing::by_email(&format!("{}@example.com", hallpass_model::AccountId::from_random(world.services.rng.bytes())));
            let person = signed_in(&world.services, &world.store, environment, signing).await;
            let claims = claims(&person.issue(&world.services, 0).await.unwrap().token);
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
        };
        assert_eq!(lasts(json!({"session_secs": 2})).await, 2);
        assert_eq!(lasts(json!({"session_secs": 30 * day})).await, day);
        assert_eq!(lasts(json!({"session_secs": 30 * day, "jwt_max_secs": 7 * day})).await, 7 * day);
        assert_eq!(lasts(json!({"session_secs": 600, "jwt_max_secs": 7 * day, "session_absolute_secs": 600})).await, 600);
    }

    async fn the_absolute_end_shortens_the_last_tokens(database: Database) {
        let world = World::new(database.store().clone()).await;
        set(&world, world.environment, json!({"session_secs": 600, "session_absolute_secs": 900})).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        world.clock.advance(Duration::from_secs(500));
        let issued = person.issue(&world.services, 0).await.unwrap();
        assert_eq!(claims(&issued.token)["exp"], BEGINNING + 900);
        world.clock.advance(Duration::from_secs(400));
        let refused = person.issue(&world.services, 0).await.err().unwrap();
        assert_eq!(refused.code(), "not_signed_in");
    }

    async fn permissions_are_the_accounts_else_its_roles_else_everybodys(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (own, of_role, common) = (json!({"integration:a": true}), json!({"integration:b": true}), json!({"integration:c": true}));
        let claim_of = async |role: Option<&str>, permissions: Option<Value>| {
            let mut signing = Signing::by_email(&format!("{role:?}{}@example.com", permissions.is_some()));
            signing.role = role.map(str::to_owned);
            signing.permissions = permissions;
            let person = signed_in(&world.services, &world.store, world.environment, signing).await;
            claims(&person.issue(&world.services, 0).await.unwrap().token)[PERMISSIONS].take()
        };
        assert_eq!(claim_of(None, None).await, Value::Null);
        let sign_in = json!({"issued_permissions": common, "role_permissions": [{"role": "editor", "permissions": of_role}]});
        set(&world, world.environment, sign_in).await;
        assert_eq!(claim_of(Some("other"), None).await, common);
        assert_eq!(claim_of(Some("editor"), None).await, of_role);
        assert_eq!(claim_of(Some("editor"), Some(own.clone())).await, own);
    }

    async fn who_is_not_signed_in_or_frozen_gets_none(database: Database) {
        let world = World::new(database.store().clone()).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        let code = async |index| person.issue(&world.services, index).await.err().map(|error| error.code());
        assert_eq!(code(1).await, None);
        for index in [-1, 2, 9, i64::MAX] {
            assert_eq!(code(index).await, Some("unknown_key_index"));
        }
        let mut tx = world.store.write().await.unwrap();
        let mut account = tx.find_account(world.environment, person.account).await.unwrap().unwrap();
        account.frozen_at = Some(world.clock.now());
        tx.update_account(&account).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(code(0).await, Some("account_frozen"));
        let visitor = hallpass_testkit::person::app(&world.services, &person.key).await.unwrap();
        let visitor = world.services.sessions.open(visitor, None).await.unwrap();
        let refused = world.services.issuing.issue(&visitor, 0).await.err().unwrap();
        assert_eq!(refused.code(), "not_signed_in");
    }
}
