use hallpass_model::{Page, PageRequest, Project, ProjectId, Timestamp};
use sqlx::QueryBuilder;

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, is_storable, parsed};
use crate::transaction::{execute, fetch_all, fetch_optional, on_engine};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, created_at, updated_at FROM projects ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE id = $1");
const FIND_BY_NAME: &str = select!("WHERE name = $1");
const LIST: &str = select!(
    "WHERE created_at <= $1 AND (created_at < $1 OR CAST($2 AS TEXT) IS NULL OR id < $2)
     ORDER BY created_at DESC, id DESC LIMIT $3"
);
const LIST_ONLY: &str = select!("WHERE id IN (");
const INSERT: &str =
    "INSERT INTO projects (id, name, created_at, updated_at) VALUES ($1, $2, $3, $4)";
const UPDATE: &str = "UPDATE projects SET name = $2, updated_at = $3 WHERE id = $1";

pub(crate) const STATEMENTS: &[&str] = &[FIND, FIND_BY_NAME, LIST, INSERT, UPDATE];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    created_at: i64,
    updated_at: i64,
}

impl Read {
    /// The project with this id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_project(&mut self, id: ProjectId) -> Result<Option<Project>> {
        fetch_optional!(self, Row, FIND, id.to_string())?
            .map(Project::try_from)
            .transpose()
    }

    /// The project with this name, byte for byte.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_project_by_name(&mut self, name: &str) -> Result<Option<Project>> {
        if !is_storable(name) {
            return Ok(None);
        }
        fetch_optional!(self, Row, FIND_BY_NAME, name)?
            .map(Project::try_from)
            .transpose()
    }

    /// Projects, newest first; with `only`, no others.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_projects(
        &mut self,
        only: Option<&[ProjectId]>,
        page: &PageRequest,
    ) -> Result<Page<Project>> {
        let start = start_of::<Project>(page)?;
        let rows = match only {
            None => fetch_all!(self, Row, LIST, start.at, start.id, rows_wanted(page))?,
            // PostgreSQL does not take an empty list of values.
            Some([]) => Vec::new(),
            Some(only) => on_engine!(self, |connection| async {
                let mut query = QueryBuilder::new(LIST_ONLY);
                let mut ids = query.separated(", ");
                for id in only {
                    ids.push_bind(id.to_string());
                }
                query.push(") AND created_at <= ").push_bind(start.at);
                if let Some(id) = start.id {
                    query.push(" AND (created_at < ").push_bind(start.at);
                    query.push(" OR id < ").push_bind(id).push(")");
                }
                query.push(" ORDER BY created_at DESC, id DESC LIMIT ");
                query.push_bind(rows_wanted(page));
                query.build_query_as::<Row>().fetch_all(connection).await
            })?,
        };
        Ok(page_of(entities(rows)?, page))
    }
}

impl Write {
    /// Adds a project.
    ///
    /// # Errors
    /// `Conflict` when the id or the name is taken; `Unavailable`.
    pub async fn insert_project(&mut self, project: &Project) -> Result<()> {
        execute!(
            self,
            INSERT,
            project.id.to_string(),
            &project.name,
            project.created_at.as_micros(),
            project.updated_at.as_micros()
        )?;
        Ok(())
    }

    /// Writes a project's name and `updated_at`; answers whether it exists.
    ///
    /// # Errors
    /// `Conflict` when the name is taken; `Unavailable`.
    pub async fn update_project(&mut self, project: &Project) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE,
            project.id.to_string(),
            &project.name,
            project.updated_at.as_micros()
        )?;
        Ok(changed == 1)
    }
}

impl TryFrom<Row> for Project {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("projects.id", &row.id)?,
            name: row.name,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
