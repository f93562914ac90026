use anyhow::Result;
use serde_json::{Value, json};

use crate::backend::{Backend, Missing};
use crate::cli::{Global, ProjectVerb};
use crate::ui::{Column, Table, Ui};

const COLUMNS: [Column; 3] = [
    Column::id("ID", "/id"),
    Column::text("NAME", "/name"),
    Column::time("CREATED", "/created_at"),
];

pub fn run(global: &Global, verb: &ProjectVerb, ui: &Ui) -> Result<()> {
    let backend = Backend::open(global, Missing::Refuse)?;
    match verb {
        ProjectVerb::Create { name } => {
            let project = backend.post("/admin/v1/projects", json!({ "name": name }))?;
            ui.answer(&project, |project| Table::card(project, &COLUMNS));
        }
        ProjectVerb::List(page) => {
            let projects = backend.get(&super::paged("/admin/v1/projects", page))?;
            ui.answer(&projects, |projects| {
                Table::of(
                    projects,
                    &COLUMNS,
                    "no projects yet: `hallpass project create --name NAME`",
                )
            });
        }
        ProjectVerb::Show { id } => {
            let project = backend.get(&format!("/admin/v1/projects/{id}"))?;
            if ui.json {
                ui.raw(&project);
                return Ok(());
            }
            let environments =
                backend.get(&format!("/admin/v1/projects/{id}/environments?limit=200"))?;
            ui.line(format!(
                "{}\n\n{}",
                Table::card(&project, &COLUMNS),
                environments_table(&environments)
            ));
        }
        ProjectVerb::Rename { id, name } => {
            let project =
                backend.patch(&format!("/admin/v1/projects/{id}"), json!({ "name": name }))?;
            ui.answer(&project, |project| Table::card(project, &COLUMNS));
        }
    }
    Ok(())
}

fn environments_table(environments: &Value) -> String {
    Table::of(
        environments,
        &super::environment::COLUMNS,
        "no environments yet: `hallpass environment create --project ID --name NAME`",
    )
}
