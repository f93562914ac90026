//! `hallpass sign-in-provider`: services outside that vouch for people who sign in.

use anyhow::{Context as _, Result};
use hallpass_model::EnvironmentId;
use serde_json::{Map, Value, json};

use crate::backend::{Backend, Call, Missing};
use crate::cli::{
    Global, ProviderSecretArgs, ProviderSettingsArgs, SignInProviderArgs, SignInProviderVerb,
};
use crate::files::{json_or_file, read_text};
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 5] = [
    Column::id("ID", "/id"),
    Column::text("KIND", "/settings/kind"),
    Column::text("HANDLE", "/handle"),
    Column::with("STATE", "", state),
    Column::text("CALLBACK PATH", "/callback_path"),
];

const CARD: [Column; 12] = [
    Column::id("id", "/id"),
    Column::text("kind", "/settings/kind"),
    Column::text("handle", "/handle"),
    Column::with("state", "", state),
    Column::text("client id", "/settings/client_id"),
    Column::text("issuer", "/settings/issuer"),
    Column::text("bot", "/settings/bot_username"),
    Column::text("has a secret", "/has_secret"),
    Column::text("trusts e-mail", "/settings/trust_email"),
    Column::text("callback path", "/callback_path"),
    Column::text("version", "/version"),
    Column::time("created", "/created_at"),
];

pub fn run(global: &Global, verb: &SignInProviderVerb, ui: &Ui) -> Result<()> {
    let open = || Backend::open(global, Missing::Refuse);
    match verb {
        SignInProviderVerb::Add { .. } => add(global, verb, ui),
        SignInProviderVerb::List { environment } => {
            ui.answer(&open()?.get(&path(*environment))?, |providers| {
                Table::of(
                    providers,
                    &COLUMNS,
                    "no sign-in providers yet: `hallpass sign-in-provider add google --environment ID --client-id ID --client-secret-file FILE`",
                )
            });
            Ok(())
        }
        SignInProviderVerb::Show(args) => {
            show(&open()?.get(&path_of(args))?, ui);
            Ok(())
        }
        SignInProviderVerb::Set { .. } => set(global, verb, ui),
        SignInProviderVerb::Disable(args) => set_disabled(&open()?, args, true, ui),
        SignInProviderVerb::Enable(args) => set_disabled(&open()?, args, false, ui),
        SignInProviderVerb::Remove(args) => {
            open()?.delete(&path_of(args))?;
            let id = args.provider.to_string();
            ui.answer(&json!({ "id": id, "removed": true }), |_| {
                format!("{id} is removed, and its secret forgotten; accounts stay whose they are")
            });
            Ok(())
        }
    }
}

fn add(global: &Global, verb: &SignInProviderVerb, ui: &Ui) -> Result<()> {
    let SignInProviderVerb::Add {
        kind,
        environment,
        handle,
        settings,
        secret,
        egress,
    } = verb
    else {
        return Ok(());
    };
    let mut settings = settings_of(settings)?;
    settings.insert("kind".to_owned(), json!(kind.as_str()));
    settings.retain(|_, value| !value.is_null());
    let body = json!({ "handle": handle, "settings": settings, "secret": secret_of(secret)? });
    let backend = Backend::open_with(global, Missing::Refuse, egress)?;
    let added = backend.post(&path(*environment), body)?;
    show(&added, ui);
    if let (Some(Value::String(callback)), false) = (added.pointer("/callback_path"), ui.json) {
        ui.note(format!(
            "\nRegister the address at which people reach this server, with this path, at the service:\n\n  https://YOUR-HOST{callback}\n"
        ));
    }
    Ok(())
}

fn set(global: &Global, verb: &SignInProviderVerb, ui: &Ui) -> Result<()> {
    let SignInProviderVerb::Set {
        provider,
        settings,
        secret,
        if_version,
        egress,
    } = verb
    else {
        return Ok(());
    };
    let mut body = Map::new();
    let settings = settings_of(settings)?;
    if !settings.is_empty() {
        body.insert("settings".to_owned(), Value::Object(settings));
    }
    if let Some(secret) = secret_of(secret)? {
        body.insert("secret".to_owned(), json!(secret));
    }
    let backend = Backend::open_with(global, Missing::Refuse, egress)?;
    let path = path_of(provider);
    let call = Call::new("PATCH", &path)
        .with(Value::Object(body))
        .if_version(*if_version);
    show(&backend.send(call)?, ui);
    Ok(())
}

fn set_disabled(
    backend: &Backend,
    args: &SignInProviderArgs,
    disabled: bool,
    ui: &Ui,
) -> Result<()> {
    let provider = backend.patch(&path_of(args), json!({ "disabled": disabled }))?;
    show(&provider, ui);
    Ok(())
}

/// The settings that were given; an empty text is `null`, which takes one away.
fn settings_of(args: &ProviderSettingsArgs) -> Result<Map<String, Value>> {
    let mut settings = Map::new();
    let texts = [
        ("label", &args.label),
        ("client_id", &args.client_id),
        ("issuer", &args.issuer),
        ("client_auth", &args.client_auth),
        ("team_id", &args.team_id),
        ("key_id", &args.key_id),
        ("bot_username", &args.bot_username),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            let text = (!text.is_empty()).then_some(text);
            settings.insert(name.to_owned(), json!(text));
        }
    }
    if !args.scopes.is_empty() {
        let scopes = (args.scopes != [""]).then_some(&args.scopes);
        settings.insert("scopes".to_owned(), json!(scopes));
    }
    if let Some(trust) = args.trust_email {
        settings.insert("trust_email".to_owned(), json!(trust));
    }
    if let Some(endpoints) = &args.endpoints {
        let endpoints: Value = match endpoints.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(&json_or_file(text)?)
                .context("the endpoints are not a JSON object")?,
        };
        settings.insert("endpoints".to_owned(), endpoints);
    }
    Ok(settings)
}

/// Without the line end that editors leave behind.
fn secret_of(args: &ProviderSecretArgs) -> Result<Option<String>> {
    let read = args.client_secret_file.as_deref().map(read_text);
    let text = read.transpose()?;
    Ok(text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn show(provider: &Value, ui: &Ui) {
    ui.answer(provider, |provider| Table::card(provider, &CARD));
    if ui.json {
        return;
    }
    let warnings = provider.pointer("/warnings").and_then(Value::as_array);
    for warning in warnings.into_iter().flatten() {
        if let Some(message) = warning.pointer("/message").and_then(Value::as_str) {
            ui.note(format!("warning: {message}"));
        }
    }
}

fn state(provider: &Value) -> String {
    let disabled = provider.pointer("/disabled") == Some(&Value::Bool(true));
    if disabled { "disabled" } else { "enabled" }.to_owned()
}

fn path(environment: EnvironmentId) -> String {
    format!("/admin/v1/environments/{environment}/sign-in-providers")
}

fn path_of(args: &SignInProviderArgs) -> String {
    format!("{}/{}", path(args.environment), args.provider)
}
