use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::backend::{Backend, Call, Missing};
use crate::cli::{EnvironmentVerb, Global, SettingsArgs};
use crate::duration::Seconds;
use crate::exit::Exit;
use crate::files;
use crate::ui::{Column, Table, Ui};

pub const COLUMNS: [Column; 3] = [
    Column::id("ENVIRONMENT", "/id"),
    Column::text("NAME", "/name"),
    Column::time("CREATED", "/created_at"),
];

const CARD: [Column; 14] = [
    Column::id("id", "/id"),
    Column::text("name", "/name"),
    Column::id("project", "/project_id"),
    Column::text("version", "/version"),
    Column::time("created", "/created_at"),
    Column::time("updated", "/updated_at"),
    Column::text(
        "require permission claim",
        "/settings/require_permission_claim",
    ),
    Column::text(
        "accept stringified claim",
        "/settings/accept_stringified_permissions",
    ),
    Column::text("require audience", "/settings/require_audience"),
    Column::with("audiences", "/settings/audiences", none_or_list),
    Column::text("audience mode", "/settings/aud_mode"),
    Column::with("issuer", "/settings/issuer", any_or_text),
    Column::text("leeway (s)", "/settings/leeway_secs"),
    Column::with(
        "longest lifetime (s)",
        "/settings/max_token_lifetime_secs",
        any_or_text,
    ),
];

pub fn run(global: &Global, verb: &EnvironmentVerb, ui: &Ui) -> Result<()> {
    if let EnvironmentVerb::Set { settings, .. } = verb
        && patch_of(settings)? == json!({})
    {
        return Err(Exit::usage(
            "nothing to set: name at least one setting, see `hallpass environment set --help`",
        ));
    }
    let backend = Backend::open(global, Missing::Refuse)?;
    let (answer, show): (Value, fn(&Value) -> String) = match verb {
        EnvironmentVerb::Create { project, name } => (
            backend.post(
                &format!("/admin/v1/projects/{project}/environments"),
                json!({ "name": name }),
            )?,
            card,
        ),
        EnvironmentVerb::List { project, page } => {
            let path = super::paged(&format!("/admin/v1/projects/{project}/environments"), page);
            (backend.get(&path)?, list)
        }
        EnvironmentVerb::Show { id } => {
            (backend.get(&format!("/admin/v1/environments/{id}"))?, card)
        }
        EnvironmentVerb::Set { id, settings } => {
            let path = format!("/admin/v1/environments/{id}");
            let call = Call::new("PATCH", &path)
                .with(patch_of(settings)?)
                .if_version(settings.if_version);
            (backend.send(call)?, card)
        }
    };
    ui.answer(&answer, show);
    Ok(())
}

fn card(environment: &Value) -> String {
    format!(
        "{}\n\nsign-in (`hallpass environment set ID --sign-in JSON` changes it)\n{}",
        Table::card(environment, &CARD),
        sign_in(&environment["sign_in"])
    )
}

/// Each setting as it is named in a change.
fn sign_in(settings: &Value) -> String {
    let mut table = Table::new(&["SETTING", "VALUE"]);
    for (name, value) in settings.as_object().into_iter().flatten() {
        table.row([name.clone(), crate::ui::printable(&value.to_string())]);
    }
    table.to_string()
}

fn list(environments: &Value) -> String {
    Table::of(
        environments,
        &COLUMNS,
        "no environments yet: `hallpass environment create --project ID --name NAME`",
    )
}

fn none_or_list(value: &Value) -> String {
    let texts: Vec<_> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if texts.is_empty() {
        "none of your own".to_owned()
    } else {
        texts.join(", ")
    }
}

fn any_or_text(value: &Value) -> String {
    match value {
        Value::Null => "any".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The merge patch (RFC 7396) that the flags describe; `null` removes.
fn patch_of(args: &SettingsArgs) -> Result<Value> {
    let mut settings = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            settings.insert(key.to_owned(), value);
        }
    };
    set(
        "require_permission_claim",
        args.require_permission_claim.map(Value::from),
    );
    set(
        "accept_stringified_permissions",
        args.accept_stringified_permissions.map(Value::from),
    );
    set("require_audience", args.require_audience.map(Value::from));
    set(
        "audiences",
        args.audiences.as_ref().map(|list| {
            list.iter()
                .filter(|audience| !audience.is_empty())
                .cloned()
                .map(Value::from)
                .collect()
        }),
    );
    set("aud_mode", args.aud_mode.clone().map(Value::from));
    set(
        "issuer",
        args.issuer.clone().map(|issuer| {
            if issuer.is_empty() {
                Value::Null
            } else {
                issuer.into()
            }
        }),
    );
    set("leeway_secs", args.leeway.map(|Seconds(secs)| secs.into()));
    set(
        "max_token_lifetime_secs",
        args.max_token_lifetime
            .map(|Seconds(secs)| if secs == 0 { Value::Null } else { secs.into() }),
    );
    let mut patch = Map::new();
    if let Some(text) = &args.sign_in {
        let sign_in: Value = serde_json::from_str(&files::json_or_file(text)?)
            .map_err(|error| Exit::usage(format!("the sign-in settings are not JSON: {error}")))?;
        patch.insert("sign_in".to_owned(), sign_in);
    }
    if !settings.is_empty() {
        patch.insert("settings".to_owned(), settings.into());
    }
    if let Some(name) = &args.name {
        patch.insert("name".to_owned(), name.clone().into());
    }
    Ok(patch.into())
}
