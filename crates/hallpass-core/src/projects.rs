//! Projects: the products of the operator.

use std::sync::Arc;

use hallpass_model::{Error, Page, PageRequest, Project, ProjectId, Result};
use serde_json::json;

use crate::actor::{Created, OperatorCaller};
use crate::change::{Change, Record};
use crate::{Shared, names};

/// Makes, lists and renames projects.
pub struct Projects {
    pub(crate) shared: Arc<Shared>,
}

impl Projects {
    /// Makes a project.
    ///
    /// # Errors
    /// `name_taken`, `invalid_name`, `all_projects_needed`.
    pub async fn create(&self, caller: &OperatorCaller, name: &str) -> Result<Created<Project>> {
        caller.require_all_projects()?;
        names::check(name)?;
        let mut change = Change::begin(&self.shared, caller).await?;
        if let Some(id) = change.replayed().await? {
            let project = change.find_project(names::replayed(&id)?).await?;
            return Ok(Created::Replayed(caller.visible_project(project)?));
        }
        let id = ProjectId::from_random(self.shared.rng.bytes());
        let project = Project {
            id,
            name: name.to_owned(),
            created_at: change.now,
            updated_at: change.now,
        };
        change
            .insert_project(&project)
            .await
            .map_err(names::taken)?;
        change.commit(record("project.create", &project)).await?;
        Ok(Created::New(project))
    }

    /// Gives a project another name.
    ///
    /// # Errors
    /// `not_found`, `name_taken`, `invalid_name`.
    pub async fn rename(
        &self,
        caller: &OperatorCaller,
        id: ProjectId,
        name: &str,
    ) -> Result<Project> {
        names::check(name)?;
        let mut change = Change::begin(&self.shared, caller).await?;
        let mut project = caller.visible_project(change.find_project(id).await?)?;
        project.name = name.to_owned();
        project.updated_at = change.now;
        if !change
            .update_project(&project)
            .await
            .map_err(names::taken)?
        {
            return Err(Error::not_found("project"));
        }
        change.commit(record("project.rename", &project)).await?;
        Ok(project)
    }

    /// The projects that the caller sees, newest first.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub async fn list(&self, caller: &OperatorCaller, page: &PageRequest) -> Result<Page<Project>> {
        Ok(self
            .shared
            .store
            .read()
            .await?
            .list_projects(caller.projects.as_deref(), page)
            .await?)
    }

    /// One project.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(&self, caller: &OperatorCaller, id: ProjectId) -> Result<Project> {
        caller.visible_project(self.shared.store.read().await?.find_project(id).await?)
    }
}

fn record<'a>(action: &'a str, project: &Project) -> Record<'a> {
    Record {
        action,
        project: Some(project.id),
        environment: None,
        target: project.id.to_string(),
        detail: json!({ "name": project.name }),
    }
}
