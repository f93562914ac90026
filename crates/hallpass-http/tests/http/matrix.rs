//! Every documented operation, called by everybody. The outcome is the committed table `docs/permission-matrix.md`; an
//! operation that nobody calls here fails the test.

use std::collections::BTreeMap;
use std::fmt::Write;

use hallpass_model::{ProjectId, Role};
use hallpass_testkit::Database;
use hallpass_testkit::provider::FakeProvider;
use hallpass_testkit::world::World;
use serde_json::json;

use crate::documents::{blessing, committed};
use crate::matrix_calls::{Fresh, Operation, operations};
use crate::support::Site;

/// Callers of the admin API, in the order of the columns.
const OPERATORS: [&str; 7] = [
    "nobody",
    "user token",
    "support",
    "member elsewhere",
    "member",
    "admin elsewhere",
    "admin",
];

/// Callers of the Connect surface.
const USERS: [&str; 6] = [
    "nobody",
    "operator key",
    "token of another environment",
    "token with `{}`",
    "token",
    "frozen user",
];

fn mark(status: u16) -> String {
    if (200..300).contains(&status) {
        format!("yes ({status})")
    } else {
        status.to_string()
    }
}

/// What the documented role promises, which the outcome has to keep.
fn promised(operation: &Operation, caller: &str) -> u16 {
    const OK: u16 = 200;
    let role = operation
        .role
        .as_deref()
        .expect("admin operations name a role");
    let narrow = operation.path.contains("{project}") || operation.path.contains("{environment}");
    let installation = role == "admin";
    match caller {
        "nobody" | "user token" => 401,
        "support" => {
            if role == "support" {
                OK
            } else {
                403
            }
        }
        "member" | "member elsewhere" if installation => 403,
        "admin elsewhere" if installation => 403,
        "member elsewhere" | "admin elsewhere" if narrow => 404,
        _ => OK,
    }
}

#[test]
fn everybody_gets_what_the_committed_matrix_says() {
    hallpass_testkit::block_on(async {
        let provider = FakeProvider::start().await;
        let site = Site::beside(Database::sqlite().await, &[&provider]).await;
        let mut page = String::from(concat!(
            "# Who may do what\n\n",
            "Made by a test that calls every operation of the OpenAPI document as everybody; `HALLPASS_BLESS=1 cargo test -p hallpass-http` rewrites it.\n",
            "\"Elsewhere\" is an operator who sees another project only.\n",
        ));
        admin_table(&site, &provider, &mut page).await;
        connect_table(&site, &provider, &mut page).await;
        session_table(&site, &mut page).await;
        open_table(&site, &provider, &mut page).await;
        let path = committed("permission-matrix.md");
        if blessing() {
            std::fs::write(&path, &page).expect("the file can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == page,
            "docs/permission-matrix.md is stale: run HALLPASS_BLESS=1 cargo test -p hallpass-http\n{page}"
        );
    });
}

async fn operator_keys(site: &Site) -> BTreeMap<&'static str, String> {
    let elsewhere = site
        .world
        .services
        .projects
        .create(&site.world.admin(), "Elsewhere")
        .await
        .expect("a project")
        .into_inner()
        .id;
    let here = Some(vec![site.world.project]);
    let mut keys = BTreeMap::from([("user token", site.world.token("user-1"))]);
    let mut make = async |name, role, projects: Option<Vec<ProjectId>>| {
        keys.insert(name, site.operator(name, role, projects).await);
    };
    make("support", Role::Support, here.clone()).await;
    make("member", Role::Member, here).await;
    make("member elsewhere", Role::Member, Some(vec![elsewhere])).await;
    make("admin elsewhere", Role::Admin, Some(vec![elsewhere])).await;
    make("admin", Role::Admin, None).await;
    keys
}

async fn admin_table(site: &Site, provider: &FakeProvider, page: &mut String) {
    let keys = operator_keys(site).await;
    let mut fresh = Fresh {
        site,
        provider,
        count: 0,
    };
    head(page, "Admin API", &OPERATORS);
    for operation in operations()
        .into_iter()
        .filter(|operation| operation.path.starts_with("/admin/"))
    {
        let mut row = vec![];
        for caller in OPERATORS {
            let call = fresh
                .call(&operation)
                .await
                .unwrap_or_else(|| panic!("{} is called by nobody here", operation.id));
            let call = match keys.get(caller) {
                Some(key) => call.bearer(key),
                None => call,
            };
            let answer = call.send().await;
            let promise = promised(&operation, caller);
            let kept = if promise == 200 {
                (200..300).contains(&answer.status)
            } else {
                answer.status == promise
            };
            assert!(
                kept,
                "{} as {caller}: {promise} promised, {} {}",
                operation.id,
                answer.status,
                answer.text()
            );
            row.push(mark(answer.status));
        }
        line(page, &operation, &row);
    }
}

async fn connect_table(site: &Site, provider: &FakeProvider, page: &mut String) {
    head(page, "Connect surface", &USERS);
    let mut fresh = Fresh {
        site,
        provider,
        count: 10_000,
    };
    let operations: Vec<Operation> = operations()
        .into_iter()
        .filter(|operation| operation.path.starts_with("/projects/"))
        .collect();
    assert!(operations.len() >= 5);
    let world = &site.world;
    let other = World::new(Database::sqlite().await.store().clone()).await;
    let key = site.operator("matrix", Role::Admin, None).await;
    let narrow = world.sign(&world.claims_with(
        "narrow",
        json!({ "urn:useparagon:connect:permissions": {} }),
    ));
    let frozen = world.token("frozen");
    site.sdk("GET", "me").bearer(&frozen).send().await.ok(200);
    site.environment("POST", "/users/frozen/freeze")
        .local()
        .send()
        .await
        .ok(200);
    let credentials = [
        None,
        Some(key),
        Some(other.token("user-1")),
        Some(narrow),
        Some(world.token("user-1")),
        Some(frozen),
    ];
    for operation in operations {
        let mut row = vec![];
        for (caller, credential) in USERS.into_iter().zip(&credentials) {
            let call = fresh
                .call(&operation)
                .await
                .unwrap_or_else(|| panic!("{} is called by nobody here", operation.id));
            let call = match credential {
                Some(credential) => call.bearer(credential),
                None => call,
            };
            let status = call.send().await.status;
            let expected = match caller {
                "token" => 200,
                "token with `{}`" if operation.id == "update_me" => 403,
                "token with `{}`" => 200,
                "frozen user" => 403,
                _ => 401,
            };
            assert_eq!(status, expected, "{} as {caller}", operation.id);
            row.push(mark(status));
        }
        line(page, &operation, &row);
    }
}

/// Under which the environment's key set is found.
const HOST: &str = "auth.example";

async fn open_table(site: &Site, provider: &FakeProvider, page: &mut String) {
    let hosts = json!({ "sign_in": { "hosts": [HOST] } });
    site.environment("PATCH", "")
        .local()
        .json(&hosts)
        .send()
        .await
        .ok(200);
    head(page, "Without credentials", &["nobody"]);
    let mut fresh = Fresh {
        site,
        provider,
        count: 0,
    };
    for operation in operations().into_iter().filter(is_open) {
        let call = fresh
            .call(&operation)
            .await
            .unwrap_or_else(|| panic!("{} is called by nobody here", operation.id));
        let status = call.header("host", HOST).send().await.status;
        assert_eq!(status, 200, "{}", operation.id);
        line(page, &operation, &[mark(status)]);
    }
}

/// Probes, numbers and key sets.
fn is_open(operation: &Operation) -> bool {
    let probes = ["/healthz", "/readyz", "/metrics"];
    probes.contains(&operation.path.as_str()) || operation.path.ends_with("jwks.json")
}

/// What signs people in names its environment with an API key, pages and the way back from a provider in their address.
async fn session_table(site: &Site, page: &mut String) {
    head(page, "Session surface", &["without an API key"]);
    let session = |operation: &Operation| {
        !is_open(operation)
            && !operation.path.starts_with("/admin/")
            && !operation.path.starts_with("/projects/")
    };
    let operations: Vec<Operation> = operations().into_iter().filter(session).collect();
    assert!(operations.len() > 30, "{}", operations.len());
    for operation in operations {
        let nobody = "0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a";
        let steps = operation.path.split('/').map(|step| match step {
            "{provider}" => "google",
            _ if step.starts_with('{') => nobody,
            _ => step,
        });
        let path = steps.collect::<Vec<_>>().join("/");
        let call = site.call(&operation.method, &path);
        let call = match operation.method.as_str() {
            "GET" | "DELETE" => call,
            _ => call.json(&json!({})),
        };
        let answer = call.send().await;
        let refused = [400, 401, 403, 415, 422].contains(&answer.status);
        assert!(
            refused,
            "{}: {} {}",
            operation.id,
            answer.status,
            answer.text()
        );
        line(page, &operation, &[mark(answer.status)]);
    }
}

fn head(page: &mut String, title: &str, columns: &[&str]) {
    let _ = write!(
        page,
        "\n## {title}\n\n| operation | call | {} |\n|---|---|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    );
}

fn line(page: &mut String, operation: &Operation, row: &[String]) {
    let _ = writeln!(
        page,
        "| `{}` | `{} {}` | {} |",
        operation.id,
        operation.method,
        operation.path,
        row.join(" | ")
    );
}
