//! `hallpass idp`: which services outside an environment trusts for user tokens.

mod address;
mod patch;
mod settings;
mod show;
mod trial;

use std::path::PathBuf;

use anyhow::Result;
use hallpass_model::EnvironmentId;
use serde_json::{Value, json};

use crate::backend::{Backend, Call, Missing};
use crate::cli::{EgressArgs, Global, IdpAddVerb, IdpArgs, IdpVerb, NamedIdpArgs, SetArgs};
use crate::exit::Exit;
use crate::files::quoted;
use crate::token::token_text;
use crate::ui::Ui;

pub fn run(global: &Global, verb: &IdpVerb, ui: &Ui) -> Result<()> {
    let open = |egress: &EgressArgs| Backend::open_with(global, Missing::Refuse, egress);
    match verb {
        IdpVerb::Add(verb) => add(global, verb, ui),
        IdpVerb::List {
            environment,
            egress,
        } => {
            let providers = open(egress)?.get(&path(*environment))?;
            ui.answer(&providers, |providers| show::list(providers, ui));
            Ok(())
        }
        IdpVerb::Show(args) => {
            let backend = open(&args.egress)?;
            let provider = backend.get(&path_of(&backend, args)?)?;
            show::card_and_warnings(&provider, ui);
            Ok(())
        }
        IdpVerb::Test { provider, token } => {
            // Read first: standard input that holds no token must not cost a fetch.
            let token = token.as_deref().map(token_text).transpose()?;
            let backend = open(&provider.egress)?;
            test(&backend, &path_of(&backend, provider)?, token, ui)
        }
        IdpVerb::Set(args) => set(global, args, ui),
        IdpVerb::Disable(args) => {
            let path = format!("{}/{}", path(args.environment), args.provider);
            set_disabled(&open(&args.egress)?, &path, true, ui)
        }
        IdpVerb::Enable(args) => {
            let backend = open(&args.egress)?;
            set_disabled(&backend, &path_of(&backend, args)?, false, ui)
        }
        IdpVerb::Remove(args) => remove(&open(&args.egress)?, args, ui),
    }
}

fn add(global: &Global, verb: &IdpAddVerb, ui: &Ui) -> Result<()> {
    let settings = settings::of(verb)?;
    let (environment, egress) = verb.place();
    let backend = Backend::open_with(global, Missing::Refuse, egress)?;
    let provider = backend.post(&path(environment), serde_json::to_value(settings)?)?;
    show::card_and_warnings(&provider, ui);
    if !ui.json {
        ui.note(format!(
            "\nNext, see whether its keys can be fetched and a token of it is accepted:\n\n  \
             hallpass idp test --environment {environment} {}{} --token - < TOKEN_FILE\n",
            show::text(&provider, "/id"),
            same_place(global, egress)
        ));
    }
    Ok(())
}

fn test(backend: &Backend, path: &str, token: Option<String>, ui: &Ui) -> Result<()> {
    let has_token = token.is_some();
    let answer = backend.post(&format!("{path}/test"), body_of_test(token))?;
    let outcome = trial::concluded(&answer, ui);
    // The steps of a token say so themselves.
    if !has_token && !ui.json && show::is_disabled(&backend.get(path)?) {
        ui.note("\nThis provider is disabled: its tokens are refused until `hallpass idp enable`.");
    }
    outcome
}

/// What can be judged without the provider is, before anything is opened.
fn set(global: &Global, args: &SetArgs, ui: &Ui) -> Result<()> {
    let mut settings = patch::of(args)?;
    let backend = Backend::open_with(global, Missing::Refuse, &args.provider.egress)?;
    let path = path_of(&backend, &args.provider)?;
    if patch::depends_on_kind(&settings) {
        patch::fit(&mut settings, &backend.get(&path)?)?;
    }
    let call = Call::new("PATCH", &path)
        .with(json!({ "settings": settings }))
        .if_version(args.if_version);
    show::card_and_warnings(&backend.send(call)?, ui);
    Ok(())
}

/// The flags that lead another verb to where this one was. An address of PostgreSQL can hold a password, so whoever
/// typed it fills it in again.
fn same_place(global: &Global, egress: &EgressArgs) -> String {
    let path = |path: &PathBuf| quoted(&path.to_string_lossy());
    let database = |url: &String| {
        if url.starts_with("sqlite:") {
            quoted(url)
        } else {
            "...".to_owned()
        }
    };
    let flags = [
        ("config", global.config.as_ref().map(path)),
        ("data-dir", global.data_dir.as_ref().map(path)),
        ("database-url", global.database_url.as_ref().map(database)),
        ("url", global.url.as_ref().map(|url| quoted(url))),
        (
            "operator-key-file",
            global.operator_key_file.as_ref().map(path),
        ),
        ("ca-cert", global.ca_cert.as_ref().map(path)),
    ];
    let given = flags
        .into_iter()
        .filter_map(|(flag, value)| Some(format!(" --{flag} {}", value?)));
    let allowed = egress
        .allow
        .iter()
        .map(|endpoint| format!(" --allow-egress {endpoint}"));
    given.chain(allowed).collect()
}

fn set_disabled(backend: &Backend, path: &str, disabled: bool, ui: &Ui) -> Result<()> {
    let provider = backend.patch(path, json!({ "disabled": disabled }))?;
    show::card_and_warnings(&provider, ui);
    Ok(())
}

fn remove(backend: &Backend, args: &NamedIdpArgs, ui: &Ui) -> Result<()> {
    let id = args.provider.to_string();
    backend.delete(&format!("{}/{id}", path(args.environment)))?;
    ui.answer(&json!({ "id": id, "removed": true }), |_| {
        format!("{id} is removed: its tokens are refused from now on")
    });
    Ok(())
}

fn body_of_test(token: Option<String>) -> Value {
    token.map_or_else(|| json!({}), |token| json!({ "token": token }))
}

fn path(environment: EnvironmentId) -> String {
    format!("/admin/v1/environments/{environment}/identity-providers")
}

fn path_of(backend: &Backend, args: &IdpArgs) -> Result<String> {
    Ok(format!(
        "{}/{}",
        path(args.environment),
        id_of(backend, args)?
    ))
}

/// The provider that was named, or the only one there is.
fn id_of(backend: &Backend, args: &IdpArgs) -> Result<String> {
    if let Some(id) = args.provider {
        return Ok(id.to_string());
    }
    let environment = args.environment;
    let providers = backend.get(&path(environment))?;
    let items = providers.pointer("/items").and_then(Value::as_array);
    match items.map(Vec::as_slice).unwrap_or_default() {
        [only] => Ok(show::text(only, "/id")),
        [] => Err(Exit::usage(format!(
            "the environment {environment} has no identity provider: `hallpass idp add --help` shows how to add one"
        ))),
        several => {
            let each = several.iter().map(|provider| {
                let issuers = show::issuers(provider);
                format!(
                    "\n  {}  {}  {issuers}",
                    show::text(provider, "/id"),
                    show::text(provider, "/kind")
                )
            });
            Err(Exit::usage(format!(
                "the environment {environment} has several identity providers; name one:{}",
                each.collect::<String>()
            )))
        }
    }
}
