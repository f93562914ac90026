use hallpass_model::{
    ActorKind, AuditEntry, AuditId, AuditKind, EnvironmentId, PageRequest, ProjectId, Timestamp,
};
use hallpass_store::{AuditFilter, StoreError};
use hallpass_testkit::on_both_engines;
use serde_json::json;

use crate::samples::{FIRST, LAST, at, bytes, page};

on_both_engines! {
    async fn an_entry_reads_back_as_it_was_written(database: Database) {
        let bare = AuditEntry {
            actor_id: None,
            actor_name: None,
            project_id: None,
            environment_id: None,
            target: None,
            request_id: None,
            detail: json!({}),
            at: FIRST,
            actor_kind: ActorKind::CommandLine,
            ..entry(1)
        };
        let full = AuditEntry {
            detail: json!({"before": {"leeway_secs": 60}, "text": "\u{0} ' \" \\ \u{1F511}"}),
            at: LAST,
            actor_kind: ActorKind::User,
            kind: AuditKind::Decision,
            ..entry(2)
        };
        let mut write = database.store().write().await.unwrap();
        write.insert_audit(&bare).await.unwrap();
        write.insert_audit(&full).await.unwrap();
        write.commit().await.unwrap();
        let mut read = database.store().read().await.unwrap();
        let all = read.list_audit(&AuditFilter::default(), &page(9)).await.unwrap();
        assert_eq!(all.items, [full, bare]);
    }

    async fn every_combination_of_filters_agrees_with_a_plain_loop(database: Database) {
        let trail: Vec<AuditEntry> = (0..180).map(entry).collect();
        let mut write = database.store().write().await.unwrap();
        for entry in &trail {
            write.insert_audit(entry).await.unwrap();
        }
        write.commit().await.unwrap();

        let mut read = database.store().read().await.unwrap();
        let mut shown = 0;
        for combination in 0..1 << 7 {
            let on = |bit: u32| combination & (1 << bit) != 0;
            let filter = AuditFilter {
                projects: on(0).then(|| vec![project_id(0), project_id(2)]),
                environment_id: on(1).then(|| environment_id(0)),
                kind: on(2).then_some(AuditKind::Change),
                action: on(3).then(|| "key.revoke".into()),
                actor_id: on(4).then(|| "actor 1".into()),
                from: on(5).then(|| entry(30).at),
                until: on(6).then(|| entry(150).at),
            };
            let mut expected: Vec<&AuditEntry> =
                trail.iter().filter(|entry| lets_through(&filter, entry)).collect();
            expected.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id.to_string())));

            let mut listed = Vec::new();
            let mut request = PageRequest { after: None, limit: 50 };
            loop {
                let page = read.list_audit(&filter, &request).await.unwrap();
                listed.extend(page.items);
                request.after = page.next;
                if request.after.is_none() {
                    break;
                }
            }
            shown += listed.len();
            assert!(listed.iter().eq(expected), "{filter:?}");
        }
        assert!(shown > 1_000, "the filters let too little through to tell: {shown}");
    }

    async fn what_cannot_match_matches_nothing(database: Database) {
        let mut write = database.store().write().await.unwrap();
        write.insert_audit(&entry(1)).await.unwrap();
        for filter in [
            AuditFilter { projects: Some(vec![]), ..AuditFilter::default() },
            AuditFilter { action: Some("\0".into()), ..AuditFilter::default() },
            AuditFilter { actor_id: Some("ACTOR 1".into()), ..AuditFilter::default() },
            AuditFilter { from: Some(at(9)), until: Some(at(9)), ..AuditFilter::default() },
        ] {
            let page = write.list_audit(&filter, &page(9)).await.unwrap();
            assert_eq!((page.items, page.next), (vec![], None), "{filter:?}");
        }
    }

    async fn old_rows_of_one_kind_are_deleted_oldest_first(database: Database) {
        let mut write = database.store().write().await.unwrap();
        for number in 0..20 {
            write.insert_audit(&entry(number)).await.unwrap();
        }
        let before = entry(12).at;
        let kind = AuditKind::Decision;
        let old = (0..20).map(entry).filter(|e| e.kind == kind && e.at < before).count() as u64;
        assert!(old > 4);
        assert_eq!(write.delete_audit_before(kind, before, 3).await, Ok(3));
        assert_eq!(write.delete_audit_before(kind, before, -1).await, Ok(0));
        assert_eq!(write.delete_audit_before(kind, before, 100).await, Ok(old - 3));
        assert_eq!(write.delete_audit_before(kind, before, 100).await, Ok(0));
        let rest = write.list_audit(&AuditFilter::default(), &page(200)).await.unwrap().items;
        let expected = (0..20).map(entry).filter(|e| e.kind != kind || e.at >= before).count();
        assert_eq!(rest.len(), expected);
        assert!(rest.iter().all(|e| e.kind != kind || e.at >= before));
    }

    async fn an_id_is_used_once(database: Database) {
        let mut write = database.store().write().await.unwrap();
        write.insert_audit(&entry(1)).await.unwrap();
        assert_eq!(write.insert_audit(&entry(1)).await, Err(StoreError::Conflict));
    }
}

fn project_id(number: u32) -> ProjectId {
    ProjectId::from_random(bytes(number))
}

fn environment_id(number: u32) -> EnvironmentId {
    EnvironmentId::from_random(bytes(1_000 + number))
}

/// Different periods, so that every combination occurs; three entries share each moment.
fn entry(number: u32) -> AuditEntry {
    let moment = at(i64::from(number / 3));
    let mut random = [0; 10];
    random[6..].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
    let kinds = [AuditKind::Change, AuditKind::Decision];
    AuditEntry {
        id: AuditId::from_time_and_random(moment.as_secs() as u64 * 1_000, random),
        at: Timestamp::from_micros(moment.as_micros()),
        kind: kinds[number as usize % 2],
        actor_kind: ActorKind::Operator,
        actor_id: Some(format!("actor {}", number % 3)),
        actor_name: Some("Ana".into()),
        project_id: (number % 4 != 3).then(|| project_id(number % 4)),
        environment_id: (number % 5 < 3).then(|| environment_id(number % 5)),
        action: ["key.revoke", "user.freeze"][number as usize / 2 % 2].into(),
        target: Some(format!("target {number}")),
        detail: json!({"number": number}),
        request_id: Some(format!("request {number}")),
    }
}

fn lets_through(filter: &AuditFilter, entry: &AuditEntry) -> bool {
    fn equal<T: PartialEq>(wanted: &Option<T>, value: Option<&T>) -> bool {
        wanted.as_ref().is_none_or(|wanted| value == Some(wanted))
    }
    let of_project = filter
        .projects
        .as_ref()
        .is_none_or(|only| entry.project_id.is_some_and(|id| only.contains(&id)));
    of_project
        && equal(&filter.environment_id, entry.environment_id.as_ref())
        && equal(&filter.kind, Some(&entry.kind))
        && equal(&filter.action, Some(&entry.action))
        && equal(&filter.actor_id, entry.actor_id.as_ref())
        && filter.from.is_none_or(|from| entry.at >= from)
        && filter.until.is_none_or(|until| entry.at < until)
}
