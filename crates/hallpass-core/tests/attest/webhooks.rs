//! What may be said of webhooks, and what follows.

use std::sync::Arc;

use hallpass_core::{
    Contact, Created, IdempotencyKey, MasterKeys, Options, Services, Surroundings, SystemRng,
    WebhookPatch,
};
use hallpass_model::{DeliveryState, DisabledReason, ErrorKind};
use hallpass_testkit::hook::Reply;
use hallpass_testkit::on_both_engines;
use hallpass_testkit::person::{app, publishable_key};

use crate::support::{add, new_webhook, told};

on_both_engines! {
    async fn a_secret_is_shown_once_and_kept_sealed(database: Database) {
        let told = told(database).await;
        assert!(told.secret.starts_with("whsec_"));
        let mut tx = told.world.store.read().await.expect("a transaction");
        let sealed = tx.find_webhook_secrets(told.environment(), told.webhook).await;
        let sealed = sealed.expect("read").expect("there").secret;
        let text = data_encoding::BASE64.decode(&told.secret.as_bytes()[6..]).expect("Base64");
        assert!(!sealed.windows(text.len()).any(|part| part == text), "not in the clear");

        let webhooks = &told.services().webhooks;
        let caller = told.admin.clone().with_idempotency(Some(IdempotencyKey {
            key: "k".to_owned(),
            request_digest: [1; 32],
        }));
        let new = || new_webhook(&told.hook.url("/again"));
        let first = webhooks.add(&caller, told.environment(), new()).await.expect("made");
        let Created::New(first) = first else { panic!("new") };
        let second = webhooks.add(&caller, told.environment(), new()).await.expect("made");
        let Created::Replayed(second) = second else { panic!("replayed") };
        assert_eq!(first.webhook, second.webhook);
        assert!(first.secret.is_some() && second.secret.is_none());
    }

    async fn row_56_an_address_that_is_not_of_the_open_internet_is_refused(database: Database) {
        let told = told(database).await;
        let webhooks = &told.services().webhooks;
        for (url, code) in [
            ("https://127.0.0.1/", "egress_blocked"),
            ("https://10.0.0.8:8443/x", "egress_blocked"),
            ("https://[::ffff:169.254.169.254]/", "egress_blocked"),
            ("https://0x7f.1/", "egress_blocked"),
            ("http://a.example/", "egress_scheme_not_allowed"),
            ("https://a.example:22/", "egress_port_not_allowed"),
            ("https://user:pass@a.example/", "egress_url_invalid"),
            ("a.example", "egress_url_invalid"),
            ("", "invalid_webhook"),
            (&format!("https://a.example/{}", "x".repeat(2048)), "invalid_webhook"),
        ] {
            let added = webhooks.add(&told.admin, told.environment(), new_webhook(url)).await;
            let Err(error) = added else { panic!("added {url}") };
            assert_eq!((error.code(), error.pointer()), (code, Some("/url")), "{url}");
            let patch = WebhookPatch { url: Some(url.to_owned()), ..WebhookPatch::default() };
            let changed = webhooks.update(&told.admin, told.environment(), told.webhook, patch, None);
            assert_eq!(changed.await.expect_err("refused").code(), code, "{url}");
        }
    }

    async fn a_disabled_webhook_is_told_nothing_and_later_everything_at_its_new_address(database: Database) {
        let told = told(database).await;
        let ids = told.enqueue(2).await;
        let webhook = told.enable(false).await;
        assert_eq!(webhook.disabled_reason, Some(DisabledReason::Operator));
        assert_eq!(told.turn().await, 0);
        assert_eq!(told.count(DeliveryState::Held).await, 2);

        let patch = WebhookPatch {
            url: Some(told.hook.url("/moved")),
            enabled: Some(true),
            ..WebhookPatch::default()
        };
        let webhooks = &told.services().webhooks;
        let webhook = webhooks.update(&told.admin, told.environment(), told.webhook, patch, Some(2)).await;
        assert_eq!(webhook.expect("changed").version, 3);
        assert_eq!(told.turn().await, 2);
        for id in ids {
            assert_eq!(told.state(id).await, DeliveryState::Delivered);
        }
        assert_eq!((told.hook.count("/hook"), told.hook.count("/moved")), (0, 2));
        let stale = webhooks.update(&told.admin, told.environment(), told.webhook, WebhookPatch::default(), Some(2));
        assert_eq!(stale.await.expect_err("stale").kind(), ErrorKind::PreconditionFailed);
    }

    async fn a_removed_webhook_takes_what_waits_with_it(database: Database) {
        let told = told(database).await;
        told.enqueue(3).await;
        let webhooks = &told.services().webhooks;
        webhooks.remove(&told.admin, told.environment(), told.webhook).await.expect("removed");
        assert_eq!(told.turn().await, 0);
        assert_eq!(told.count(DeliveryState::Pending).await, 0);
        // Enqueued by somebody who had still seen it.
        told.enqueue(1).await;
        assert_eq!(told.turn().await, 1);
        assert_eq!(told.count(DeliveryState::Pending).await, 0);
        assert_eq!(told.hook.received().len(), 0);
        let load = webhooks.load(&told.admin, told.environment(), told.webhook).await;
        assert_eq!(load.expect_err("removed").code(), "not_found");
    }

    async fn a_webhook_belongs_to_its_environment(database: Database) {
        let told = told(database).await;
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        let elsewhere = told.world.another_environment("beta").await;
        let (admin, services) = (told.admin.clone(), told.services());
        let errors = [
            services.webhooks.load(&admin, elsewhere, told.webhook).await.err(),
            services.webhooks.update(&admin, elsewhere, told.webhook, WebhookPatch::default(), None).await.err(),
            services.webhooks.rotate_secret(&admin, elsewhere, told.webhook, 0).await.err(),
            services.webhooks.test(&admin, elsewhere, told.webhook).await.err(),
            services.webhooks.remove(&admin, elsewhere, told.webhook).await.err(),
            services.deliveries.load(&admin, elsewhere, id).await.err(),
            services.deliveries.retry(&admin, elsewhere, id).await.err(),
        ];
        for error in errors {
            assert_eq!(error.expect("refused").kind(), ErrorKind::NotFound);
        }
    }

    async fn a_test_sends_a_ping_now_and_tells_what_happened(database: Database) {
        let told = told(database).await;
        told.enable(false).await;
        let webhooks = &told.services().webhooks;
        let test = || webhooks.test(&told.admin, told.environment(), told.webhook);
        let good = test().await.expect("a test");
        assert!(good.delivered && good.status == Some(200) && good.code.is_none());
        assert_eq!(good.event["type"], "test.ping");
        let received = told.hook.received();
        let sent: serde_json::Value = serde_json::from_str(&received[0].body).expect("JSON");
        assert_eq!(sent, good.event);
        assert_eq!(good.event["id"], received[0].header("webhook-id"));

        told.hook.reply("/hook", Reply::Status(401));
        let bad = test().await.expect("a test");
        assert_eq!((bad.delivered, bad.status, bad.code), (false, Some(401), Some("delivery_refused")));
        assert!(bad.detail.expect("a reason").contains("401"));
        for _ in 0..3 {
            test().await.expect("a test");
        }
        let over = test().await.expect_err("too often");
        assert_eq!((over.code(), over.kind()), ("too_many_tests", ErrorKind::TooManyRequests));
        assert_eq!(told.count(DeliveryState::Pending).await, 0, "past the queue");
    }

    async fn the_signature_is_repeated_under_a_name_of_the_receivers_own(database: Database) {
        let told = told(database).await;
        let patch = WebhookPatch {
            signature_header: Some(Some("X-Acme-Signature".to_owned())),
            ..WebhookPatch::default()
        };
        let webhooks = &told.services().webhooks;
        let changed = webhooks.update(&told.admin, told.environment(), told.webhook, patch, None).await;
        assert_eq!(changed.expect("changed").settings.signature_header.as_deref(), Some("X-Acme-Signature"));
        told.enqueue(1).await;
        told.turn().await;
        let received = told.hook.received();
        assert_eq!(received[0].header("x-acme-signature"), received[0].header("webhook-signature"));
        assert!(received[0].header("x-acme-signature").starts_with("v1,"));
    }

    async fn whoever_signs_in_for_the_first_time_is_told_of_once(database: Database) {
        let told = told(database).await;
        let key = publishable_key(told.services(), told.environment()).await;
        let sign_in = async || {
            let app = app(told.services(), &key).await.expect("a good key");
            let visitor = told.services().sessions.open(app, None).await.expect("a session");
            let ada = Contact::email("ada@example.com").expect("an address");
            let codes = &told.services().codes;
            let sent = codes.send(&visitor, ada, None).await.expect("a code");
            let code = told.world.post.list().into_iter().find_map(|caught| caught.code).expect("a mail");
            let (_, done) = codes.verify(visitor, sent.flow, &code).await.expect("signed in");
            done
        };
        let first = sign_in().await;
        assert!(first.is_new);
        assert_eq!(told.turn().await, 1);
        let [received] = &told.hook.received()[..] else { panic!("one message") };
        let event: serde_json::Value = serde_json::from_str(&received.body).expect("JSON");
        assert_eq!(event["type"], "user.created");
        assert_eq!(event["id"], received.header("webhook-id"));
        let expected = serde_json::json!({
            "userId": first.account.id,
            "userCreatedAt": "2026-01-01T00:00:00.000Z",
        });
        assert_eq!(event["data"], expected);

        told.advance(120);
        let second = sign_in().await;
        assert!(!second.is_new && second.account.id == first.account.id);
        assert_eq!(told.turn().await, 0);
    }

    async fn an_environment_has_at_most_sixteen(database: Database) {
        let told = told(database).await;
        for number in 1..16 {
            add(&told.world, &told.hook.url(&format!("/{number}"))).await;
        }
        let webhooks = &told.services().webhooks;
        let more = webhooks.add(&told.admin, told.environment(), new_webhook(&told.hook.url("/17"))).await;
        assert_eq!(more.err().expect("refused").code(), "too_many_webhooks");
    }

    async fn without_the_master_key_nothing_is_lost_and_nothing_counted(database: Database) {
        let told = told(database).await;
        let [id] = told.enqueue(1).await[..] else { panic!("one") };
        let surroundings = Surroundings {
            master_keys: MasterKeys::none(),
            ..Surroundings::new(told.world.egress.clone())
        };
        let options = Options { deliver: false, ..Options::default() };
        let store = told.database.open_again().await;
        let keyless = Services::start(store, told.world.clock.clone(), Arc::new(SystemRng::new()), surroundings, options);
        let keyless = keyless.await.expect("starts");
        let added = keyless.webhooks.add(&told.admin, told.environment(), new_webhook(&told.hook.url("/x"))).await;
        assert_eq!(added.err().expect("refused").code(), "master_key_missing");
        assert_eq!(keyless.deliveries.run_once().await.expect("a turn"), 1);
        let waits = told.delivery(id).await;
        assert_eq!((waits.state, waits.attempts, waits.last), (DeliveryState::Pending, 0, None));
        assert_eq!(told.turn().await, 0);
        told.advance(60);
        assert_eq!(told.turn().await, 1);
        assert_eq!(told.state(id).await, DeliveryState::Delivered);
        keyless.stop().await;
    }
}
