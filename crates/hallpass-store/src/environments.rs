use hallpass_model::{Environment, EnvironmentId, Page, PageRequest, ProjectId, Timestamp};

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, is_storable, json, json_text, parsed};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, name, settings, sign_in, trust_epoch, version, created_at, updated_at FROM environments ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE id = $1");
const FIND_BY_HOST: &str =
    select!("WHERE id = (SELECT environment_id FROM environment_hosts WHERE host = $1)");
const FIND_BY_NAME: &str = select!("WHERE project_id = $1 AND name = $2");
const LIST: &str = select!(
    "WHERE project_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR id < $3)
     ORDER BY created_at DESC, id DESC LIMIT $4"
);
const INSERT: &str =
    "INSERT INTO environments (id, project_id, name, settings, sign_in, trust_epoch, version, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const UPDATE: &str =
    "UPDATE environments SET name = $3, settings = $4, sign_in = $5, version = $6, updated_at = $7
     WHERE id = $1 AND version = $2";
const DELETE_HOSTS: &str = "DELETE FROM environment_hosts WHERE environment_id = $1";
const INSERT_HOST: &str = "INSERT INTO environment_hosts (host, environment_id) VALUES ($1, $2)
     ON CONFLICT (host) DO NOTHING";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_HOST,
    FIND_BY_NAME,
    LIST,
    INSERT,
    UPDATE,
    DELETE_HOSTS,
    INSERT_HOST,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    project_id: String,
    name: String,
    settings: String,
    sign_in: String,
    trust_epoch: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl Read {
    /// The environment with this id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_environment(&mut self, id: EnvironmentId) -> Result<Option<Environment>> {
        fetch_optional!(self, Row, FIND, id.to_string())?
            .map(Environment::try_from)
            .transpose()
    }

    /// The environment that is found under a host name.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_environment_by_host(&mut self, host: &str) -> Result<Option<Environment>> {
        if !is_storable(host) {
            return Ok(None);
        }
        fetch_optional!(self, Row, FIND_BY_HOST, host)?
            .map(Environment::try_from)
            .transpose()
    }

    /// The environment of a project with this name, byte for byte.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_environment_by_name(
        &mut self,
        project: ProjectId,
        name: &str,
    ) -> Result<Option<Environment>> {
        if !is_storable(name) {
            return Ok(None);
        }
        fetch_optional!(self, Row, FIND_BY_NAME, project.to_string(), name)?
            .map(Environment::try_from)
            .transpose()
    }

    /// Environments of a project, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_environments(
        &mut self,
        project: ProjectId,
        page: &PageRequest,
    ) -> Result<Page<Environment>> {
        let start = start_of::<Environment>(page)?;
        let rows = fetch_all!(
            self,
            Row,
            LIST,
            project.to_string(),
            start.at,
            start.id,
            rows_wanted(page)
        )?;
        Ok(page_of(entities(rows)?, page))
    }
}

impl Write {
    /// Adds an environment.
    ///
    /// # Errors
    /// `Conflict` when the id, or the name within the project, is taken; `Unavailable`.
    pub async fn insert_environment(&mut self, environment: &Environment) -> Result<()> {
        execute!(
            self,
            INSERT,
            environment.id.to_string(),
            environment.project_id.to_string(),
            &environment.name,
            json_text(&environment.settings)?,
            json_text(&environment.sign_in)?,
            environment.trust_epoch,
            environment.version,
            environment.created_at.as_micros(),
            environment.updated_at.as_micros()
        )?;
        Ok(())
    }

    /// Writes name, settings, `version` and `updated_at`, if the stored version is still the expected one.
    ///
    /// # Errors
    /// `Conflict` when the name is taken within the project; `Unavailable`.
    pub async fn update_environment(
        &mut self,
        environment: &Environment,
        expected_version: i64,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE,
            environment.id.to_string(),
            expected_version,
            &environment.name,
            json_text(&environment.settings)?,
            json_text(&environment.sign_in)?,
            environment.version,
            environment.updated_at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Writes under which host names an environment is found; answers the first one that another environment has.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn replace_environment_hosts<'h>(
        &mut self,
        environment: EnvironmentId,
        hosts: &'h [String],
    ) -> Result<Option<&'h str>> {
        execute!(self, DELETE_HOSTS, environment.to_string())?;
        for host in hosts {
            if execute!(self, INSERT_HOST, host, environment.to_string())? == 0 {
                return Ok(Some(host));
            }
        }
        Ok(None)
    }
}

impl TryFrom<Row> for Environment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("environments.id", &row.id)?,
            project_id: parsed("environments.project_id", &row.project_id)?,
            name: row.name,
            settings: json("environments.settings", &row.settings)?,
            sign_in: json("environments.sign_in", &row.sign_in)?,
            trust_epoch: row.trust_epoch,
            version: row.version,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
