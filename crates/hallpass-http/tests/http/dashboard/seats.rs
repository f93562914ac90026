//! Who may sit in front of the dashboard, for how long, and what counts as sent from there.

use std::time::Duration;

use hallpass_model::Role;
use hallpass_testkit::on_both_engines;
use serde_json::json;

use super::desk::{Desk, HOST, encoded, post};
use super::html::between;
use crate::support::Site;

on_both_engines! {
    async fn an_operator_signs_in_with_a_key_and_out_again(database: Database) {
        let site = Site::new(database).await;
        let key = site.operator("Ada", Role::Admin, None).await;
        let stranger = site.call("GET", "/dashboard/sessions?a=b").send().await;
        assert_eq!(stranger.status, 303);
        assert_eq!(stranger.header("location"), "/dashboard/sign-in?to=%2Fdashboard%2Fsessions%3Fa%3Db");
        let page = site.call("GET", stranger.header("location")).send().await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("name=\"to\" value=\"/dashboard/sessions?a=b\""));

        let fields = [("key", key.as_str()), ("to", "/dashboard/sessions?a=b")];
        let signed_in = post(&site, "/dashboard/sign-in", &fields).send().await;
        assert_eq!((signed_in.status, signed_in.header("location")), (303, "/dashboard/sessions?a=b"));
        let line = signed_in.header("set-cookie");
        assert!(line.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{line}");
        let desk = Desk::seated(&site, &signed_in).await;
        let sessions = desk.get("/dashboard/sessions").await;
        assert_eq!(sessions.status, 200);
        assert!(sessions.text().contains("this one"));

        let out = desk.submit("/dashboard/sign-out", &[]).await;
        assert_eq!((out.status, out.header("location")), (303, "/dashboard/sign-in"));
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        assert_eq!(desk.get("/dashboard/sessions").await.status, 303);
    }

    async fn a_wrong_key_opens_nothing_and_is_said_on_the_page(database: Database) {
        let site = Site::new(database).await;
        for key in ["", "hpo_wrong", "x' OR 1=1"] {
            let refused = post(&site, "/dashboard/sign-in", &[("key", key), ("to", "//evil.example")]).send().await;
            assert_eq!(refused.status, 401);
            assert!(!refused.headers.contains_key("set-cookie"));
            let text = refused.text();
            assert!(text.contains("The operator key is unknown, revoked or expired."), "{text}");
            assert!(!text.contains("evil"), "{text}");
            assert!(key.is_empty() || !text.contains(key), "{text}");
        }
    }

    async fn a_session_ends_idle_absolutely_and_with_its_key_or_operator(database: Database) {
        let site = Site::new(database).await;
        let services = &site.world.services;
        let clock = &site.world.clock;
        let is_in = async |desk: &Desk<'_>| desk.get("/dashboard").await.status == 200;
        // Idle for half an hour.
        let desk = Desk::of(&site, "idle", Role::Member).await;
        clock.advance(Duration::from_secs(29 * 60));
        assert!(is_in(&desk).await);
        clock.advance(Duration::from_secs(29 * 60));
        assert!(is_in(&desk).await, "used meanwhile");
        clock.advance(Duration::from_secs(30 * 60));
        assert!(!is_in(&desk).await);
        // Twelve hours, however busy.
        let desk = Desk::of(&site, "busy", Role::Member).await;
        for _ in 0..36 {
            assert!(is_in(&desk).await);
            clock.advance(Duration::from_secs(20 * 60));
        }
        assert!(!is_in(&desk).await);
        // The key is revoked.
        let desk = Desk::of(&site, "revoked", Role::Member).await;
        let admin = site.world.admin();
        let page = hallpass_model::PageRequest::default();
        let operators = services.operators.list(&admin, &page).await.unwrap().items;
        let operator = operators.iter().find(|one| one.name == "revoked").unwrap();
        let keys = services.operators.list_keys(&admin, operator.id, &page).await.unwrap();
        services.operators.revoke_key(&admin, operator.id, keys.items[0].id).await.unwrap();
        assert!(!is_in(&desk).await);
        // The operator is shut out.
        let desk = Desk::of(&site, "disabled", Role::Member).await;
        let operators = services.operators.list(&admin, &page).await.unwrap().items;
        let operator = operators.iter().find(|one| one.name == "disabled").unwrap();
        let patch = hallpass_core::OperatorPatch { disabled: Some(true), ..Default::default() };
        services.operators.update(&admin, operator.id, patch).await.unwrap();
        assert!(!is_in(&desk).await);
    }

    async fn an_admin_ends_anybodys_session_and_others_only_their_own(database: Database) {
        let site = Site::new(database).await;
        let ada = Desk::of(&site, "Ada", Role::Admin).await;
        let bob = Desk::of(&site, "Bob", Role::Support).await;
        let seen = bob.get("/dashboard/sessions").await.text();
        assert!(seen.contains("Bob") && !seen.contains("Ada"), "{seen}");
        let seen = ada.get("/dashboard/sessions").await.text();
        assert!(seen.contains("Bob"), "{seen}");
        let of = |name: &str| {
            let (before, _) = seen.split_once(&format!("End the session of {name},")).expect("listed");
            let (_, address) = before.rsplit_once("action=\"").expect("a form");
            address.split_once('"').expect("an end").0.to_owned()
        };
        assert_eq!(bob.submit(&of("Ada"), &[]).await.status, 404, "of somebody else");
        let ended = ada.submit(&of("Bob"), &[]).await;
        assert_eq!((ended.status, ended.header("location")), (303, "/dashboard/sessions?did=session-ended"));
        assert_eq!(bob.get("/dashboard").await.status, 303);
    }

    async fn row_61_a_form_without_token_from_elsewhere_or_below_its_role_is_403_and_does_nothing(database: Database) {
        let site = Site::new(database).await;
        let member = Desk::of(&site, "Mem", Role::Member).await;
        let support = Desk::of(&site, "Sup", Role::Support).await;
        let project = site.world.project;
        let path = format!("/dashboard/projects/{project}/environments");
        let token = member.form_token();
        let send = async |desk: &Desk<'_>, headers: &[(&str, &str)], fields: &[(&str, &str)]| {
            let mut call = desk.call("POST", &path);
            for (name, value) in headers {
                call = call.header(name, value);
            }
            let form = encoded(fields);
            call.text("application/x-www-form-urlencoded", &form).send().await
        };
        let own = ("sec-fetch-site", "same-origin");
        let name = ("name", "smuggled");
        let good = ("form_token", token);
        for (headers, fields) in [
            (vec![own], vec![name]),
            (vec![own], vec![name, ("form_token", "")]),
            (vec![own], vec![name, ("form_token", &token[1..])]),
            (vec![own], vec![name, good, good]),
            (vec![("sec-fetch-site", "cross-site")], vec![name, good]),
            (vec![("sec-fetch-site", "same-site")], vec![name, good]),
            (vec![("origin", "https://evil.example")], vec![name, good]),
            (vec![("origin", "null")], vec![name, good]),
        ] {
            let refused = send(&member, &headers, &fields).await;
            assert_eq!(refused.status, 403, "{headers:?} {fields:?}");
        }
        let other = support.form_token();
        let refused = send(&member, &[own], &[name, ("form_token", other)]).await;
        assert_eq!(refused.status, 403, "the token of another session");
        let refused = send(&support, &[own], &[name, ("form_token", other)]).await;
        assert_eq!(refused.status, 403, "a role that may not");
        assert!(refused.text().contains("role_insufficient"));
        site.world.clock.advance(Duration::from_secs(31 * 60));
        let refused = send(&member, &[own], &[name, good]).await;
        assert_eq!(refused.status, 403, "a session that is over");
        let admin = site.world.admin();
        let listed = site.world.services.environments.list(&admin, project, &Default::default()).await.unwrap();
        assert!(listed.items.iter().all(|one| one.name != "smuggled"));
    }

    async fn row_61_scripts_need_the_form_token_too(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ada", Role::Admin).await;
        let token = desk.form_token();
        let me = "/admin/v1/me";
        desk.ask("GET", me, &json!({})).await.ok(200);
        desk.call("GET", me).send().await.refused(403, "form_token_invalid");
        let wrong = desk.call("GET", me).header("x-hallpass-form", "x");
        wrong.send().await.refused(403, "form_token_invalid");
        let elsewhere = desk.call("GET", me).header("x-hallpass-form", token);
        let elsewhere = elsewhere.header("origin", "https://evil.example");
        elsewhere.send().await.refused(403, "cross_origin");
        let good = desk.call("GET", me).header("x-hallpass-form", token);
        good.header("origin", &format!("http://{HOST}")).send().await.ok(200);
        site.world.clock.advance(Duration::from_secs(31 * 60));
        let late = desk.call("GET", me).header("x-hallpass-form", token);
        late.send().await.refused(401, "operator_session_over");
    }

    async fn what_was_typed_outlives_the_session(database: Database) {
        let site = Site::new(database).await;
        let key = site.operator("Ada", Role::Admin, None).await;
        let desk = Desk::with_key(&site, &key).await;
        let token = desk.form_token();
        site.world.clock.advance(Duration::from_secs(31 * 60));
        let typed = "a \"name\" <b>\nof two lines \u{202e}x";
        let late = desk.call("POST", "/dashboard/projects").header("sec-fetch-site", "same-origin");
        let form = encoded(&[("form_token", token), ("name", typed)]);
        let late = late.text("application/x-www-form-urlencoded", &form).send().await;
        assert_eq!(late.status, 403);
        let text = late.text();
        assert!(text.contains("action=\"/dashboard/resume\""), "{text}");
        assert!(text.contains("name=\"kept.name\""), "{text}");
        assert!(!text.contains("<b>") && !text.contains(token), "{text}");
        // A wrong key first: it is still there.
        let kept = [("to", "/dashboard/projects"), ("kept.name", typed)];
        let wrong = post(&site, "/dashboard/resume", &[&kept[..], &[("key", "hpo_x")]].concat()).send().await;
        assert_eq!(wrong.status, 401);
        assert!(wrong.text().contains("name=\"kept.name\""));
        let again = post(&site, "/dashboard/resume", &[&kept[..], &[("key", key.as_str())]].concat()).send().await;
        assert_eq!(again.status, 200);
        let page = again.text();
        assert_eq!(between(&page, "<form method=\"post\" action=\"", "\""), "/dashboard/projects");
        let new = Desk::seated(&site, &again).await;
        assert_eq!(between(&page, "name=\"form_token\" value=\"", "\""), new.form_token());
        // Nothing was done before the operator says so.
        let admin = site.world.admin();
        let count = site.world.services.projects.list(&admin, &Default::default()).await.unwrap().items.len();
        assert_eq!(count, 1);
    }

    async fn hostile_names_are_harmless_on_every_page(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "<img src=x onerror=alert(1)>\u{202e}", Role::Admin).await;
        let name = "</h1><script>alert(1)</script>\u{202e}\u{2066}";
        let made = desk.submit("/dashboard/projects", &[("name", name)]).await;
        for path in ["/dashboard".to_owned(), "/dashboard/sessions".to_owned(), desk.place("")] {
            let page = desk.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            let text = page.text();
            assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "{path}: {text}");
            let policy = page.header("content-security-policy");
            assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("x-frame-options"), "DENY");
        }
        // Whatever the rules say of such a name: what was typed is on the page, or the project has it.
        let kept = if made.status == 303 { desk.get("/dashboard").await.text() } else { made.text() };
        assert!(kept.contains("&#60;script&#62;alert(1)&#60;/script&#62;\u{202e}\u{2066}"), "{kept}");
        let huge = "x".repeat(1024 * 1024);
        let refused = desk.submit("/dashboard/projects", &[("name", &huge)]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains(&huge), "stays as it was typed");
    }

    async fn an_operator_has_twenty_sessions_and_the_oldest_ends(database: Database) {
        let site = Site::new(database).await;
        let key = site.operator("Ada", Role::Member, None).await;
        let first = Desk::with_key(&site, &key).await;
        for _ in 0..19 {
            site.world.clock.advance(Duration::from_secs(1));
            Desk::with_key(&site, &key).await;
        }
        assert_eq!(first.get("/dashboard").await.status, 200);
        site.world.clock.advance(Duration::from_secs(1));
        Desk::with_key(&site, &key).await;
        assert_eq!(first.get("/dashboard").await.status, 303);
    }

    async fn a_form_has_so_many_fields_before_anybody_is_known(database: Database) {
        let site = Site::new(database).await;
        let many = "a&".repeat(2 * 1024 * 1024 - 1);
        let call = site.call("POST", "/dashboard/projects").header("host", HOST);
        let refused = call.text("application/x-www-form-urlencoded", &many).send().await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.len() < 4096, "{} bytes come back", refused.body.len());
    }

    async fn over_https_only_the_bound_cookie_counts(database: Database) {
        let site = Site::new(database).await;
        let desk = Desk::of(&site, "Ada", Role::Admin).await;
        let secret = desk.cookie.split_once('=').expect("a cookie").1;
        let over_https = async |cookie: &str| {
            let call = site.call("GET", "/dashboard").header("host", "hallpass.example");
            call.header("sec-fetch-site", "none").header("cookie", cookie).send().await.status
        };
        assert_eq!(over_https(&format!("hallpass.operator={secret}")).await, 303);
        assert_eq!(over_https(&format!("__Host-hallpass.operator={secret}")).await, 200);
    }
}
