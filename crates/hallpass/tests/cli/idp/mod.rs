//! `hallpass idp`: providers on loopback, trusted by a database of its own and by a running server.

mod egress;
mod guides;
mod outcomes;
mod place;
mod set;
mod tokens;

use hallpass_model::ProviderKind;
use serde_json::json;

use crate::support::{Provider, Ran, Server, get, run};

/// A database that verbs open, or a server that they call; both may reach the providers.
enum Place {
    Database { allow: Vec<String> },
    Server(Box<Server>),
}

struct House {
    directory: tempfile::TempDir,
    place: Place,
}

impl House {
    fn database(providers: &[&Provider]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        run(directory.path(), &["migrate"]).ok();
        let place = Place::Database {
            allow: allowing(providers),
        };
        Self { directory, place }
    }

    fn server(providers: &[&Provider]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let allow = allowing(providers);
        let allow: Vec<&str> = allow.iter().map(String::as_str).collect();
        let arguments = [&["demo", "--data-dir", "data"][..], &allow].concat();
        let place = Place::Server(Box::new(Server::start(
            directory.path(),
            "demo",
            &arguments,
        )));
        Self { directory, place }
    }

    fn both(providers: &[&Provider]) -> [Self; 2] {
        [Self::database(providers), Self::server(providers)]
    }

    /// A verb that does not go out.
    fn run(&self, arguments: &[&str]) -> Ran {
        match &self.place {
            Place::Database { .. } => run(self.directory.path(), arguments),
            Place::Server(server) => server.remote(arguments),
        }
    }

    /// A verb that may.
    fn out(&self, arguments: &[&str]) -> Ran {
        let allow = match &self.place {
            Place::Database { allow } => allow.iter().map(String::as_str).collect(),
            Place::Server(_) => Vec::new(),
        };
        self.run(&[arguments, &allow].concat())
    }

    fn environment(&self, name: &str) -> String {
        let project = self.made(&["project", "create", "--name", name]);
        self.made(&[
            "environment",
            "create",
            "--project",
            &project,
            "--name",
            "sandbox",
        ])
    }

    /// What was made: its id.
    fn made(&self, arguments: &[&str]) -> String {
        id_in(&self.run(&[arguments, &["--json"]].concat()))
    }
}

fn id_in(made: &Ran) -> String {
    assert_eq!(made.code, Some(0), "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

fn allowing(providers: &[&Provider]) -> Vec<String> {
    let each = providers
        .iter()
        .flat_map(|provider| ["--allow-egress".to_owned(), provider.endpoint()]);
    each.collect()
}

/// The flags that describe a provider, as somebody would type them.
fn flags(provider: &Provider) -> Vec<String> {
    let (issuer, audience, url) = (
        provider.fake.issuer(),
        provider.fake.audience(),
        provider.keys_url(),
    );
    let flags = match provider.fake.kind() {
        // The domain as it stands in a browser.
        ProviderKind::Auth0 => vec![
            "auth0",
            "--domain",
            &issuer,
            "--url",
            &url,
            "--audience",
            &audience,
        ],
        ProviderKind::Firebase => vec!["firebase", "--audience", &audience, "--url", &url],
        ProviderKind::Oidc => vec!["oidc", "--issuer", &issuer, "--audience", &audience],
        ProviderKind::Jwks => vec![
            "jwks",
            "--url",
            &url,
            "--issuer",
            &issuer,
            "--audience",
            &audience,
        ],
    };
    flags.into_iter().map(str::to_owned).collect()
}

fn add(house: &House, environment: &str, provider: &Provider) -> String {
    let flags = flags(provider);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let place = ["--environment", environment, "--json"];
    id_in(&house.out(&[&["idp", "add"][..], &flags, &place].concat()))
}

/// Neither output holds any part of the token that could be used.
#[track_caller]
fn keeps_quiet(ran: &Ran, token: &str) {
    for part in token.split('.') {
        assert!(
            !ran.stdout.contains(part) && !ran.stderr.contains(part),
            "{ran:?}"
        );
    }
}

#[test]
fn every_kind_goes_from_added_to_removed() {
    let providers = Provider::of_each_kind();
    for house in House::both(&providers.iter().collect::<Vec<_>>()) {
        let mut tokens = Vec::new();
        for provider in &providers {
            let kind = provider.fake.kind().as_str();
            let environment = house.environment(kind);
            let place = ["--environment", &environment];
            let typed = flags(provider);
            let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
            let added = house
                .out(&[&["idp", "add"][..], &typed, &place].concat())
                .ok();
            for said in [
                provider.fake.issuer(),
                provider.fake.audience(),
                "not fetched here yet".to_owned(),
            ] {
                assert!(added.stdout.contains(&said), "{added:?}");
            }
            assert!(
                added.stderr.contains("hallpass idp test --environment"),
                "{added:?}"
            );

            let token = provider.token("ana");
            tokens.push(token.clone());
            let tested = house
                .out(&[&["idp", "test", "--token", &token][..], &place].concat())
                .ok();
            let kid = provider.fake.key().kid().unwrap().to_owned();
            for said in [
                "ok  fetched http://127.0.0.1:",
                &kid,
                "RS256",
                "2048",
                "accepted",
            ] {
                assert!(tested.stdout.contains(said), "{said}: {tested:?}");
            }
            assert!(!tested.stdout.contains("NO  "), "{tested:?}");
            keeps_quiet(&tested, &token);

            let listed = house
                .run(&[&["idp", "list"][..], &place].concat())
                .ok()
                .stdout;
            assert!(
                listed.starts_with("ID ") && listed.contains(kind),
                "{listed}"
            );
            let verify = [&["token", "verify", &token][..], &place].concat();
            house.out(&verify).ok();
            if let Place::Server(server) = &house.place {
                let me = get(&server.me(&environment), &token);
                assert_eq!(
                    (me.status, &me.body["userId"]),
                    (200, &json!("ana")),
                    "{me:?}"
                );
            }

            let id = house
                .run(&[&["idp", "show", "--json"][..], &place].concat())
                .ok()
                .json()["id"]
                .as_str()
                .unwrap()
                .to_owned();
            // What locks users out is never guessed, not even the only one.
            for verb in ["disable", "remove"] {
                let guessed = house.run(&[&["idp", verb][..], &place].concat()).code(2);
                assert!(guessed.stderr.contains("<PROVIDER>"), "{guessed:?}");
            }
            let disable = [&["idp", "disable", &id][..], &place].concat();
            let disabled = house.run(&disable).ok();
            assert!(disabled.stdout.contains("disabled"), "{disabled:?}");
            let refused = house.out(&verify).code(4);
            assert!(
                refused.stdout.contains("refused: issuer_disabled"),
                "{refused:?}"
            );
            house.run(&[&["idp", "enable"][..], &place].concat()).ok();
            house.out(&verify).ok();

            let remove = [&["idp", "remove", &id][..], &place].concat();
            let removed = house.run(&remove).ok();
            assert!(removed.stdout.contains("is removed"), "{removed:?}");
            house.out(&verify).code(4);
            let none = house.run(&[&["idp", "list"][..], &place].concat()).ok();
            assert!(
                none.stdout.contains("no identity providers yet"),
                "{none:?}"
            );
        }
        if let Place::Server(server) = &house.place {
            let logged = server.output();
            for part in tokens.iter().flat_map(|token| token.split('.').skip(1)) {
                assert!(!logged.contains(part), "a token was logged");
            }
        }
    }
}
