use anyhow::Result;
use serde_json::{Value, json};

use crate::backend::{Backend, Call, Missing, segment};
use crate::cli::{Global, UserVerb};
use crate::files;
use crate::ui::{Column, Table, Ui};
use crate::{cli, exit::Exit};

const COLUMNS: [Column; 4] = [
    Column::id("SUB", "/sub"),
    Column::with("STATE", "/frozen_at", state),
    Column::time("FIRST SEEN", "/created_at"),
    Column::time("TOKENS REFUSED UP TO", "/not_before"),
];

const CARD: [Column; 8] = [
    Column::id("sub", "/sub"),
    Column::id("id", "/id"),
    Column::with("state", "/frozen_at", state),
    Column::time("tokens refused up to", "/not_before"),
    Column::time("first seen", "/created_at"),
    Column::time("updated", "/updated_at"),
    Column::text("version", "/version"),
    Column::with("metadata", "/metadata", Value::to_string),
];

pub fn run(global: &Global, verb: &UserVerb, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    let answer = match verb {
        UserVerb::List { environment, page } => {
            let path = super::paged(&format!("/admin/v1/environments/{environment}/users"), page);
            ui.answer(&backend.get(&path)?, |users| {
                Table::of(
                    users,
                    &COLUMNS,
                    "no users yet: the first valid token of a user makes it",
                )
            });
            return Ok(());
        }
        UserVerb::Show(user) => backend.get(&path_of(user))?,
        UserVerb::Freeze(user) => {
            backend.send(Call::new("POST", &format!("{}/freeze", path_of(user))))?
        }
        UserVerb::Unfreeze(user) => {
            backend.send(Call::new("POST", &format!("{}/unfreeze", path_of(user))))?
        }
        UserVerb::Revoke(user) => {
            let revoked = backend.send(Call::new("POST", &format!("{}/revoke", path_of(user))))?;
            ui.answer(&revoked, |revoked| {
                Table::card(
                    revoked,
                    &[
                        Column::id("sub", "/sub"),
                        Column::time("tokens refused up to", "/not_before"),
                    ],
                )
            });
            return Ok(());
        }
        UserVerb::Delete(user) => {
            backend.delete(&path_of(user))?;
            ui.answer(&json!({ "sub": user.sub, "deleted": true }), |_| {
                format!(
                    "{} is erased; tokens issued up to now stay refused",
                    user.sub
                )
            });
            return Ok(());
        }
        UserVerb::Metadata {
            user,
            set,
            if_version,
        } => {
            let metadata: Value = serde_json::from_str(&files::json_or_file(set)?)
                .map_err(|error| Exit::usage(format!("the metadata is not JSON: {error}")))?;
            let path = format!("{}/metadata", path_of(user));
            backend.send(
                Call::new("PUT", &path)
                    .with(metadata)
                    .if_version(*if_version),
            )?
        }
    };
    ui.answer(&answer, |user| Table::card(user, &CARD));
    Ok(())
}

fn path_of(user: &cli::UserArgs) -> String {
    format!(
        "/admin/v1/environments/{}/users/{}",
        user.environment,
        segment(user.sub.as_str())
    )
}

fn state(frozen_at: &Value) -> String {
    if frozen_at.is_null() {
        "active"
    } else {
        "frozen"
    }
    .to_owned()
}
