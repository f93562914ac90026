//! Every page and every form of the dashboard, as everybody. They are found by following links and forms from the first
//! page on, so a new one that the committed table lacks fails the test. The table is `docs/dashboard-matrix.md`.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use hallpass_model::Role;
use hallpass_testkit::Database;
use hallpass_testkit::provider::FakeProvider;

use super::desk::{Desk, post};
use crate::documents::{blessing, committed};
use crate::people;
use crate::support::{Answer, Site};

/// Who comes along, in the order of the columns.
const CALLERS: [&str; 6] = [
    "nobody",
    "support",
    "member",
    "member elsewhere",
    "admin elsewhere",
    "admin",
];

/// A page, or the form that is sent to an address.
type Door = (&'static str, String);

/// An installation in which every page has something to show.
async fn furnished(provider: &FakeProvider) -> Site {
    let site = Site::beside(Database::sqlite().await, &[provider]).await;
    let token = site.world.token("user-1");
    site.sdk("GET", "me").bearer(&token).send().await.ok(200);
    site.trust(provider).await;
    people::signed_in(&site.world, 1).await;
    let rotated = site.environment("POST", "/issuer-keys/rotate").local();
    rotated.send().await;
    site
}

/// Where a door is, and what a form has in its fields.
type Found = (String, Vec<(String, String)>);

/// What is found from the first page on.
async fn doors(admin: &Desk<'_>) -> BTreeMap<Door, Found> {
    let mut found = BTreeMap::<Door, Found>::new();
    let mut waiting = VecDeque::from(["/dashboard".to_owned()]);
    while let Some(path) = waiting.pop_front() {
        let door = ("GET", shown(&path));
        if found.contains_key(&door) {
            continue;
        }
        let answer = admin.get(&path).await;
        if answer.status == 404 && path.contains("/users/") {
            // An account that never came as a connected user; its page says so.
            continue;
        }
        assert!(
            answer.status < 400,
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        found.insert(door, (path, Vec::new()));
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        let text = answer.text();
        waiting.extend(values(&text, "href=\"").filter(|link| is_page(link)));
        for form in text.split("<form ").skip(1) {
            let head = form.split('>').next().unwrap_or_default();
            let Some(action) = values(head, "action=\"").next() else {
                continue;
            };
            if head.contains("method=\"post\"") {
                let form = form.split("</form>").next().unwrap_or_default();
                let door = ("POST", shown(&action));
                found.entry(door).or_insert((action, fields(form)));
            } else {
                waiting.push_back(action);
            }
        }
    }
    found
}

fn is_page(link: &str) -> bool {
    link.starts_with("/dashboard") && !link.starts_with("/dashboard/assets/")
}

/// The values of an attribute, without query and fragment.
fn values<'t>(text: &'t str, before: &'t str) -> impl Iterator<Item = String> + 't {
    text.split(before).skip(1).map(|rest| {
        let value = rest.split('"').next().unwrap_or_default();
        value
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .to_owned()
    })
}

/// What a form would send if somebody wrote a word into each empty field.
fn fields(form: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for input in form.split("<input ").skip(1) {
        let tag = input.split('>').next().unwrap_or_default();
        let of = |name: &str| {
            let (_, rest) = tag.split_once(&format!("{name}=\""))?;
            rest.split('"').next()
        };
        let (Some(name), kind) = (of("name"), of("type").unwrap_or("text")) else {
            continue;
        };
        let is_off = matches!(kind, "checkbox" | "radio") && !tag.contains(" checked");
        if name == "form_token" || is_off {
            continue;
        }
        let value = of("value").filter(|value| !value.is_empty() || kind == "hidden");
        fields.push((name.to_owned(), value.unwrap_or("matrix").to_owned()));
    }
    fields
}

/// The address with what is particular left out.
fn shown(path: &str) -> String {
    let mut before = "";
    let steps = path.split('/').map(|step| {
        let is_id = step.len() == 36 && step.bytes().filter(|byte| *byte == b'-').count() == 4;
        let is_name = matches!(before, "users" | "keys" | "issuer-keys") && !WORDS.contains(&step);
        before = step;
        if is_id {
            "{id}"
        } else if is_name {
            "{name}"
        } else {
            step
        }
    });
    steps.collect::<Vec<_>>().join("/")
}

/// What stands behind such a step and is no name.
const WORDS: [&str; 4] = ["import", "rotate", "revoke", ""];

/// What a caller gets, in one word. What a page says of a form's fields is no refusal of the caller.
fn word(answer: &Answer) -> &'static str {
    let to_sign_in = answer.header("location").starts_with("/dashboard/sign-in?");
    match answer.status {
        303 if to_sign_in => "sign in",
        401 => "401",
        403 => "403",
        404 => "404",
        500.. => panic!("{} {}", answer.status, answer.text()),
        _ => "yes",
    }
}

async fn seat<'a>(site: &'a Site, caller: &str) -> Desk<'a> {
    let admin = site.world.admin();
    let made = site
        .world
        .services
        .projects
        .create(&admin, "Elsewhere")
        .await;
    let elsewhere = Some(vec![made.expect("a project").into_inner().id]);
    let here = Some(vec![site.world.project]);
    let (role, projects) = match caller {
        "support" => (Role::Support, here),
        "member" => (Role::Member, here),
        "member elsewhere" => (Role::Member, elsewhere),
        "admin elsewhere" => (Role::Admin, elsewhere),
        _ => (Role::Admin, None),
    };
    Desk::seeing(site, caller, role, projects).await
}

/// What ends something comes last, and what ends one's own session at the very end.
fn order(path: &str) -> u8 {
    let has = |words: &[&str]| words.iter().any(|word| path.ends_with(word));
    if has(&["/sign-out", "/end"]) {
        2
    } else {
        u8::from(has(&["/delete", "/remove", "/revoke"]))
    }
}

#[test]
fn everybody_gets_what_the_committed_matrix_says() {
    hallpass_testkit::block_on(async {
        let provider = FakeProvider::start().await;
        let mut table = BTreeMap::<Door, Vec<&'static str>>::new();
        for caller in CALLERS {
            let site = furnished(&provider).await;
            let admin = Desk::of(&site, "finder", Role::Admin).await;
            let mut all: Vec<_> = doors(&admin).await.into_iter().collect();
            all.sort_by_key(|(_, (path, _))| order(path));
            let desk = seat(&site, caller).await;
            for (door, (path, fields)) in all {
                let fields: Vec<(&str, &str)> = fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let answer = match (caller, door.0) {
                    ("nobody", "GET") => site.call("GET", &path).send().await,
                    ("nobody", _) => post(&site, &path, &fields).send().await,
                    (_, "GET") => desk.get(&path).await,
                    _ => desk.submit(&path, &fields).await,
                };
                table.entry(door).or_default().push(word(&answer));
            }
        }
        let mut page = String::from(concat!(
            "# Who may see and do what on the dashboard\n\n",
            "Made by a test that follows every link and form of the dashboard and calls each as everybody; ",
            "`HALLPASS_BLESS=1 cargo test -p hallpass-http` rewrites it.\n",
            "\"Elsewhere\" is an operator who sees another project only. \"Sign in\" leads to the page that asks for a key.\n\n",
            "| | page or form |",
        ));
        for caller in CALLERS {
            let _ = write!(page, " {caller} |");
        }
        page.push_str("\n|---|---|");
        page.push_str(&"---|".repeat(CALLERS.len()));
        page.push('\n');
        for ((method, path), row) in &table {
            assert_eq!(
                row.len(),
                CALLERS.len(),
                "{method} {path} is there for everybody: {row:?}"
            );
            assert_ne!(row[0], "yes", "nobody may: {method} {path}");
            assert_eq!(row[5], "yes", "an admin may: {method} {path}");
            let _ = writeln!(page, "| {method} | `{path}` | {} |", row.join(" | "));
        }
        let path = committed("dashboard-matrix.md");
        if blessing() {
            std::fs::write(&path, &page).expect("the file can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == page,
            "docs/dashboard-matrix.md is stale: run HALLPASS_BLESS=1 cargo test -p hallpass-http\n{page}"
        );
    });
}
