//! Operators, what they see, and repeated requests.

use std::time::Duration;

use hallpass_core::{Created, IdempotencyKey, NewOperator, OperatorCaller, OperatorPatch};
use hallpass_model::{Role, Subject};
use hallpass_testkit::on_both_engines;
use hallpass_testkit::world::World;
use serde_json::json;

fn named(name: &str) -> NewOperator {
    NewOperator {
        name: name.to_owned(),
        role: Role::Member,
        projects: None,
        expires_in_secs: None,
    }
}

async fn sign_in(world: &World, new: NewOperator) -> OperatorCaller {
    let made = world
        .services
        .operators
        .create(&world.admin(), new)
        .await
        .unwrap()
        .into_inner();
    world
        .services
        .operators
        .authenticate(&made.secret.unwrap())
        .await
        .unwrap()
}

fn repeated(caller: OperatorCaller, key: &str, request: u8) -> OperatorCaller {
    caller.with_idempotency(Some(IdempotencyKey {
        key: key.to_owned(),
        request_digest: [request; 32],
    }))
}

on_both_engines! {
    async fn a_key_is_recognised_until_it_is_over(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (admin, operators) = (world.admin(), &world.services.operators);
        assert!(operators.is_empty().await.unwrap());
        let new = NewOperator { expires_in_secs: Some(60), ..named("ana") };
        let made = operators.create(&admin, new).await.unwrap().into_inner();
        let secret = made.secret.unwrap();
        assert!(secret.starts_with(&made.key.hint));
        let caller = operators.authenticate(&secret).await.unwrap();
        assert_eq!((caller.role, caller.actor.name.as_deref()), (Role::Member, Some("ana")));
        world.clock.advance(Duration::from_secs(60));
        assert_eq!(operators.authenticate(&secret).await.err().unwrap().code(), "operator_key_invalid");

        let second = operators.create_key(&admin, made.operator.id, None).await.unwrap().into_inner();
        let secret = second.secret.unwrap();
        operators.authenticate(&secret).await.unwrap();
        let disable = |disabled| OperatorPatch { disabled: Some(disabled), ..Default::default() };
        operators.update(&admin, made.operator.id, disable(true)).await.unwrap();
        assert!(operators.authenticate(&secret).await.is_err());
        operators.update(&admin, made.operator.id, disable(false)).await.unwrap();
        operators.authenticate(&secret).await.unwrap();
        operators.revoke_key(&admin, made.operator.id, second.key.id).await.unwrap();
        assert!(operators.authenticate(&secret).await.is_err());
        for nonsense in ["", "hpo_", "hpo_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(operators.authenticate(nonsense).await.is_err());
        }
    }

    async fn row_58_other_projects_are_not_there(database: Database) {
        let world = World::new(database.store().clone()).await;
        let services = &world.services;
        let own = services.projects.create(&world.admin(), "Own").await.unwrap().into_inner();
        let caller = sign_in(&world, NewOperator { role: Role::Admin, projects: Some(vec![own.id]), ..named("ana") }).await;
        let (page, sub) = (Default::default(), "user-1".parse::<Subject>().unwrap());
        services.tokens.authenticate(world.environment, &world.token("user-1")).await.unwrap();
        let foreign = world.environment;
        let kid = world.key.verifying_key().thumbprint();
        let codes = [
            services.projects.load(&caller, world.project).await.err(),
            services.projects.rename(&caller, world.project, "Mine").await.err(),
            services.environments.load(&caller, foreign).await.err(),
            services.environments.list(&caller, world.project, &page).await.err(),
            services.environments.create(&caller, world.project, "x").await.err(),
            services.environments.update(&caller, foreign, Default::default(), None).await.err(),
            services.signing_keys.list(&caller, foreign, &page).await.err(),
            services.signing_keys.load(&caller, foreign, &kid).await.err(),
            services.signing_keys.revoke(&caller, foreign, &kid).await.err(),
            services.signing_keys.generate(&caller, foreign, 2048, 0).await.err(),
            services.users.list(&caller, foreign, &page).await.err(),
            services.users.load(&caller, foreign, &sub).await.err(),
            services.users.freeze(&caller, foreign, &sub).await.err(),
            services.users.unfreeze(&caller, foreign, &sub).await.err(),
            services.users.revoke(&caller, foreign, &sub).await.err(),
            services.users.delete(&caller, foreign, &sub).await.err(),
            services.users.replace_metadata(&caller, foreign, &sub, Default::default(), None).await.err(),
            services.audit.list(&caller, hallpass_core::AuditQuery { environment: Some(foreign), ..Default::default() }, &page).await.err(),
        ];
        for (index, error) in codes.into_iter().enumerate() {
            assert_eq!(error.expect("refused").code(), "not_found", "call {index}");
        }
        assert_eq!(services.projects.list(&caller, &page).await.unwrap().items, [own]);
        let seen = services.audit.list(&caller, Default::default(), &page).await.unwrap();
        assert!(seen.items.iter().all(|entry| entry.project_id != Some(world.project)));
        // Nor may a narrowed admin widen itself.
        for error in [
            services.operators.create(&caller, named("eve")).await.err(),
            services.operators.list(&caller, &page).await.err(),
            services.projects.create(&caller, "Another").await.err(),
        ] {
            assert_eq!(error.expect("refused").code(), "all_projects_needed");
        }
    }

    async fn row_60_a_repeated_request_makes_nothing_twice(database: Database) {
        let world = World::new(database.store().clone()).await;
        let caller = sign_in(&world, NewOperator { role: Role::Admin, ..named("ana") }).await;
        let services = &world.services;
        let once = repeated(caller.clone(), "k1", 1);
        let Created::New(first) = services.signing_keys.generate(&once, world.environment, 2048, 0).await.unwrap() else { panic!() };
        assert!(first.private_key_pem.is_some());
        let Created::Replayed(again) = services.signing_keys.generate(&once, world.environment, 2048, 0).await.unwrap() else { panic!() };
        assert_eq!(again.key.kid, first.key.kid);
        assert!(again.private_key_pem.is_none());
        let other = repeated(caller.clone(), "k1", 2);
        let refused = services.signing_keys.generate(&other, world.environment, 4096, 0).await.err().unwrap();
        assert_eq!(refused.code(), "idempotency_key_reused");

        let project = repeated(caller.clone(), "k2", 3);
        let first = services.projects.create(&project, "Twice").await.unwrap();
        let again = services.projects.create(&project, "Twice").await.unwrap();
        assert!(matches!((&first, &again), (Created::New(a), Created::Replayed(b)) if a == b));

        let operator = repeated(caller.clone(), "k3", 4);
        let first = services.operators.create(&operator, named("bob")).await.unwrap().into_inner();
        let again = services.operators.create(&operator, named("bob")).await.unwrap().into_inner();
        assert_eq!((again.operator.id, again.key.id, again.secret.is_none()), (first.operator.id, first.key.id, true));

        // Another operator's key of the same name is another key.
        let stranger = sign_in(&world, NewOperator { role: Role::Admin, ..named("eve") }).await;
        assert!(matches!(services.projects.create(&repeated(stranger, "k2", 9), "Else").await.unwrap(), Created::New(_)));
    }

    async fn row_60_a_stale_version_is_refused(database: Database) {
        let world = World::new(database.store().clone()).await;
        let admin = world.admin();
        let before = world.services.environments.load(&admin, world.environment).await.unwrap();
        let patch = |leeway: u32| hallpass_core::EnvironmentPatch { settings: Some(json!({ "leeway_secs": leeway })), ..Default::default() };
        let after = world.services.environments.update(&admin, world.environment, patch(5), Some(before.version)).await.unwrap();
        assert_eq!(after.version, before.version + 1);
        let stale = world.services.environments.update(&admin, world.environment, patch(6), Some(before.version)).await.err().unwrap();
        assert_eq!(stale.code(), "version_changed");
        assert_eq!(world.services.environments.load(&admin, world.environment).await.unwrap().settings.leeway_secs, 5);
    }

    async fn what_is_explained_for_a_token_is_what_would_happen(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (admin, token) = (world.admin(), world.token("user-1"));
        let ask = || {
            let call = json!({ "method": "GET", "path": "/sdk/me" });
            let request = serde_json::from_str(&json!({ "token": token, "call": call }).to_string()).unwrap();
            world.services.explain.for_operator(&admin, world.environment, request)
        };
        ask().await.unwrap();
        let sub: Subject = "user-1".parse().unwrap();
        assert!(world.services.users.load(&admin, world.environment, &sub).await.is_err(), "explaining makes no user");
        world.services.tokens.authenticate(world.environment, &token).await.unwrap();
        world.services.users.freeze(&admin, world.environment, &sub).await.unwrap();
        assert_eq!(ask().await.err().unwrap().meta().unwrap()["reason"], "user_frozen");
        world.services.users.unfreeze(&admin, world.environment, &sub).await.unwrap();
        world.services.users.revoke(&admin, world.environment, &sub).await.unwrap();
        assert_eq!(ask().await.err().unwrap().meta().unwrap()["reason"], "token_revoked");
    }

    async fn asking_with_a_token_leaves_no_trace(database: Database) {
        let world = World::new(database.store().clone()).await;
        let token = world.token("user-1");
        let sub: Subject = "user-1".parse().unwrap();
        world.services.tokens.authenticate_without_trace(world.environment, &token).await.unwrap();
        assert!(world.services.users.load(&world.admin(), world.environment, &sub).await.is_err());
        assert_eq!(world.services.tokens.remembered_count(), 0);
        world.services.tokens.authenticate(world.environment, &token).await.unwrap();
        world.services.users.load(&world.admin(), world.environment, &sub).await.unwrap();
    }

    async fn explaining_follows_the_environment(database: Database) {
        let world = World::new(database.store().clone()).await;
        let (admin, beta) = (world.admin(), world.another_environment("beta").await);
        let ask = |path: String| {
            let call = json!({ "method": "GET", "path": path });
            let request = serde_json::from_str(&json!({ "call": call }).to_string()).unwrap();
            world.services.explain.for_operator(&admin, world.environment, request)
        };
        ask(format!("/projects/{}/sdk/me", world.environment)).await.unwrap();
        ask("/sdk/me".to_owned()).await.unwrap();
        assert_eq!(ask(format!("/projects/{beta}/sdk/me")).await.err().unwrap().code(), "other_environment");
        let patch = hallpass_core::EnvironmentPatch { settings: Some(json!({ "require_permission_claim": true })), ..Default::default() };
        world.services.environments.update(&admin, world.environment, patch, None).await.unwrap();
        let refused = ask("/sdk/me".to_owned()).await.err().unwrap();
        assert_eq!(refused.meta().unwrap()["reason"], "permission_claim_missing");
    }

    async fn changes_of_one_operator_wait_for_each_other(database: Database) {
        let world = std::sync::Arc::new(World::new(database.store().clone()).await);
        let admin = world.admin();
        for round in 0..8 {
            let id = world.services.operators.create(&admin, named(&format!("op-{round}"))).await.unwrap().into_inner().operator.id;
            let patches = [
                OperatorPatch { disabled: Some(true), ..Default::default() },
                OperatorPatch { role: Some(Role::Support), ..Default::default() },
                OperatorPatch { projects: Some(Some(vec![world.project])), ..Default::default() },
            ];
            let tasks: Vec<_> = patches
                .into_iter()
                .map(|patch| {
                    let (world, admin) = (world.clone(), admin.clone());
                    tokio::spawn(async move { world.services.operators.update(&admin, id, patch).await.unwrap() })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let operator = world.services.operators.load(&admin, id).await.unwrap();
            assert!(operator.disabled_at.is_some() && operator.role == Role::Support && operator.projects.is_some(), "{operator:?}");
        }
    }

    async fn row_60_requests_with_one_key_at_the_same_time_make_one_thing(database: Database) {
        let world = std::sync::Arc::new(World::new(database.store().clone()).await);
        let caller = sign_in(&world, NewOperator { role: Role::Admin, ..named("ana") }).await;
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let (world, caller) = (world.clone(), repeated(caller.clone(), "k1", 1));
                tokio::spawn(async move { world.services.projects.create(&caller, "Once").await.unwrap() })
            })
            .collect();
        let mut new = 0;
        for task in tasks {
            new += usize::from(matches!(task.await.unwrap(), Created::New(_)));
        }
        assert_eq!(new, 1);
    }

    async fn an_erased_user_leaves_no_decisions(database: Database) {
        let world = World::new(database.store().clone()).await;
        let claims = world.claims_with("user-1", json!({ "urn:useparagon:connect:permissions": {} }));
        let caller = world.services.tokens.authenticate(world.environment, &world.sign(&claims)).await.unwrap();
        let sub: Subject = "user-1".parse().unwrap();
        world.services.users.merge_metadata(&caller, Default::default()).await.err().unwrap();
        world.services.flush().await;
        world.services.users.merge_metadata(&caller, Default::default()).await.err().unwrap();
        world.services.users.delete(&world.admin(), world.environment, &sub).await.unwrap();
        world.services.flush().await;
        let rows = world.services.audit.list(&world.admin(), Default::default(), &Default::default()).await.unwrap();
        assert!(rows.items.iter().all(|row| row.action != "decision.deny"), "{rows:?}");
    }

    async fn metadata_merges_are_atomic(database: Database) {
        let world = std::sync::Arc::new(World::new(database.store().clone()).await);
        let caller = world.services.tokens.authenticate(world.environment, &world.token("user-1")).await.unwrap();
        let tasks: Vec<_> = (0..16)
            .map(|index| {
                let (world, caller) = (world.clone(), caller.clone());
                tokio::spawn(async move {
                    let patch = json!({ "shared": { format!("k{index}"): index } }).as_object().unwrap().clone();
                    world.services.users.merge_metadata(&caller, patch).await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let me = world.services.users.read_me(&caller).await.unwrap();
        assert_eq!(me.meta["shared"].as_object().unwrap().len(), 16);
    }

    async fn every_change_has_its_audit_row_and_no_secret(database: Database) {
        let world = World::new(database.store().clone()).await;
        let admin = world.admin().with_request_id("req-1");
        let sub: Subject = "user-1".parse().unwrap();
        let token = world.token("user-1");
        world.services.tokens.authenticate(world.environment, &token).await.unwrap();
        world.services.users.freeze(&admin, world.environment, &sub).await.unwrap();
        world.services.users.unfreeze(&admin, world.environment, &sub).await.unwrap();
        world.services.users.revoke(&admin, world.environment, &sub).await.unwrap();
        world.services.users.delete(&admin, world.environment, &sub).await.unwrap();
        let made = world.services.operators.create(&admin, named("ana")).await.unwrap().into_inner();
        let rows = world.services.audit.list(&admin, Default::default(), &Default::default()).await.unwrap();
        // The clock stands still, so the rows share one time and their order says nothing.
        let mut actions: Vec<_> = rows.items.iter().map(|row| row.action.as_str()).collect();
        actions.sort_unstable();
        assert_eq!(actions, [
            "environment.create", "operator.create", "project.create", "signing_key.import", "user.delete", "user.freeze",
            "user.revoke", "user.unfreeze",
        ]);
        let freeze = rows.items.iter().find(|row| row.action == "user.freeze").unwrap();
        assert_eq!((freeze.request_id.as_deref(), freeze.target.as_deref()), (Some("req-1"), Some("user-1")));
        let text = format!("{rows:?}");
        assert!(!text.contains(made.secret.unwrap().as_str()) && !text.contains(&token) && !text.contains("PRIVATE"));
    }

    async fn denied_decisions_are_recorded_without_the_claim(database: Database) {
        let world = World::new(database.store().clone()).await;
        let claims = world.claims_with("user-1", json!({ "urn:useparagon:connect:permissions": { "integration:secretive": true } }));
        let caller = world.services.tokens.authenticate(world.environment, &world.sign(&claims)).await.unwrap();
        world.services.users.merge_metadata(&caller, Default::default()).await.err().unwrap();
        let refused = world.services.users.merge_metadata(&caller, Default::default()).await.err().unwrap();
        assert_eq!(refused.code(), "insufficient_permission");
        assert!(refused.meta().unwrap()["decision"]["decision"] == "deny");
        assert!(world.services.users.read_me(&caller).await.unwrap().meta.is_empty());
        world.services.flush().await;
        let rows = world.services.audit.list(&world.admin(), Default::default(), &Default::default()).await.unwrap();
        let decisions: Vec<_> = rows.items.iter().filter(|row| row.action == "decision.deny").collect();
        // The read was not refused, only answered without metadata; equal denials share a row.
        assert_eq!(decisions.len(), 1);
        assert!(!format!("{decisions:?}").contains("secretive"));
    }
}
