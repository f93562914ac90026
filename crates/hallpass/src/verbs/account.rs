use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::backend::{Backend, Call, Missing};
use crate::cli::{AccountArgs, AccountVerb, Global};
use crate::exit::Exit;
use crate::files;
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 5] = [
    Column::id("ACCOUNT", "/id"),
    Column::text("NAME", "/display_name"),
    Column::with("STATE", "/frozen", state),
    Column::text("ROLE", "/role"),
    Column::ago("LAST SIGN-IN", "/signed_in_at"),
];

const CARD: [Column; 10] = [
    Column::id("id", "/id"),
    Column::text("name", "/display_name"),
    Column::text("username", "/username"),
    Column::with("state", "/frozen", state),
    Column::text("role", "/role"),
    Column::with("permissions", "/permissions", claim),
    Column::time("last sign-in", "/signed_in_at"),
    Column::time("created", "/created_at"),
    Column::time("updated", "/updated_at"),
    Column::text("version", "/version"),
];

const IDENTITIES: [Column; 4] = [
    Column::text("KIND", "/kind"),
    Column::id("AS", "/shown"),
    Column::time("PROVEN", "/created_at"),
    Column::with("FIRST", "/primary", yes_or_nothing),
];

pub fn run(global: &Global, verb: &AccountVerb, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    let post = |account: &AccountArgs, action: &str| {
        backend.send(Call::new("POST", &format!("{}/{action}", path_of(account))))
    };
    let answer = match verb {
        AccountVerb::List { environment, page } => {
            let path = format!("/admin/v1/environments/{environment}/accounts");
            ui.answer(&backend.get(&super::paged(&path, page))?, |accounts| {
                Table::of(
                    accounts,
                    &COLUMNS,
                    "no accounts yet: the first sign-in makes one",
                )
            });
            return Ok(());
        }
        AccountVerb::Show(account) => backend.get(&path_of(account))?,
        AccountVerb::Freeze(account) => post(account, "freeze")?,
        AccountVerb::Unfreeze(account) => post(account, "unfreeze")?,
        AccountVerb::Set {
            account,
            role,
            permissions,
            if_version,
        } => {
            let patch = patch_of(role.as_deref(), permissions.as_deref())?;
            let path = path_of(account);
            let call = Call::new("PATCH", &path)
                .with(patch)
                .if_version(*if_version);
            backend.send(call)?
        }
        AccountVerb::Delete(account) => {
            backend.delete(&path_of(account))?;
            let id = account.account;
            ui.answer(&json!({ "id": id.to_string(), "deleted": true }), |_| {
                format!("{id} is erased; who signs in again is somebody new")
            });
            return Ok(());
        }
    };
    ui.answer(&answer, card);
    Ok(())
}

fn path_of(account: &AccountArgs) -> String {
    format!(
        "/admin/v1/environments/{}/accounts/{}",
        account.environment, account.account
    )
}

fn patch_of(role: Option<&str>, permissions: Option<&str>) -> Result<Value> {
    let mut patch = Map::new();
    if let Some(role) = role {
        let none = role.is_empty();
        patch.insert(
            "role".to_owned(),
            if none { Value::Null } else { role.into() },
        );
    }
    match permissions {
        Some("") => {
            patch.insert("permissions".to_owned(), Value::Null);
        }
        Some(text) => {
            let claim: Value = serde_json::from_str(&files::json_or_file(text)?)
                .map_err(|error| Exit::usage(format!("the permissions are not JSON: {error}")))?;
            patch.insert("permissions".to_owned(), claim);
        }
        None => {}
    }
    if patch.is_empty() {
        return Err(Exit::usage("nothing to set: name --role or --permissions"));
    }
    Ok(patch.into())
}

fn card(account: &Value) -> String {
    let identities = Table::of(&account["identities"], &IDENTITIES, "no identities");
    format!("{}\n\n{identities}", Table::card(account, &CARD))
}

fn state(frozen: &Value) -> String {
    if *frozen == true { "frozen" } else { "active" }.to_owned()
}

fn claim(permissions: &Value) -> String {
    if permissions.is_null() {
        "those of the role".to_owned()
    } else {
        permissions.to_string()
    }
}

fn yes_or_nothing(value: &Value) -> String {
    if *value == true { "yes" } else { "" }.to_owned()
}
