use hallpass_model::{Operator, OperatorId, Page, PageRequest, ProjectId, Role, Timestamp};

use crate::cursor::{page_of, rows_wanted, start_of};
use crate::rows::{entities, is_storable, json, json_text, micros, parsed, time, word};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, role, projects, created_at, disabled_at FROM operators ",
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
const COUNT: &str = "SELECT COUNT(*) FROM operators";
const INSERT: &str = "INSERT INTO operators (id, name, role, projects, created_at, disabled_at)
     VALUES ($1, $2, $3, $4, $5, $6)";
/// Changes nothing; its row lock makes changes of one operator wait for each other on PostgreSQL.
const LOCK: &str = "UPDATE operators SET name = name WHERE id = $1";
const UPDATE: &str =
    "UPDATE operators SET name = $2, role = $3, projects = $4, disabled_at = $5 WHERE id = $1";

pub(crate) const STATEMENTS: &[&str] = &[FIND, FIND_BY_NAME, LIST, COUNT, INSERT, LOCK, UPDATE];

#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    pub id: String,
    pub name: String,
    pub role: String,
    pub projects: Option<String>,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
}

impl Read {
    /// The operator with this id.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_operator(&mut self, id: OperatorId) -> Result<Option<Operator>> {
        fetch_optional!(self, Row, FIND, id.to_string())?
            .map(Operator::try_from)
            .transpose()
    }

    /// The operator with this name, byte for byte.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_operator_by_name(&mut self, name: &str) -> Result<Option<Operator>> {
        if !is_storable(name) {
            return Ok(None);
        }
        fetch_optional!(self, Row, FIND_BY_NAME, name)?
            .map(Operator::try_from)
            .transpose()
    }

    /// Operators, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_operators(&mut self, page: &PageRequest) -> Result<Page<Operator>> {
        let start = start_of::<Operator>(page)?;
        let rows = fetch_all!(self, Row, LIST, start.at, start.id, rows_wanted(page))?;
        Ok(page_of(entities(rows)?, page))
    }

    /// How many operators there are, disabled ones included.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count_operators(&mut self) -> Result<i64> {
        let counted = fetch_optional!(self, (i64,), COUNT)?;
        Ok(counted.map_or(0, |(count,)| count))
    }
}

impl Write {
    /// Adds an operator.
    ///
    /// # Errors
    /// `Conflict` when the id or the name is taken; `Unavailable`.
    pub async fn insert_operator(&mut self, operator: &Operator) -> Result<()> {
        execute!(
            self,
            INSERT,
            operator.id.to_string(),
            &operator.name,
            operator.role.as_str(),
            projects_text(operator)?,
            operator.created_at.as_micros(),
            micros(operator.disabled_at)
        )?;
        Ok(())
    }

    /// Holds an operator until the end of the transaction; answers whether there is one. Taken before reading what a
    /// change is based on.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn lock_operator(&mut self, id: OperatorId) -> Result<bool> {
        Ok(execute!(self, LOCK, id.to_string())? > 0)
    }

    /// Writes name, role, projects and `disabled_at`; answers whether the operator exists.
    ///
    /// # Errors
    /// `Conflict` when the name is taken; `Unavailable`.
    pub async fn update_operator(&mut self, operator: &Operator) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE,
            operator.id.to_string(),
            &operator.name,
            operator.role.as_str(),
            projects_text(operator)?,
            micros(operator.disabled_at)
        )?;
        Ok(changed == 1)
    }
}

impl TryFrom<Row> for Operator {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let projects = row
            .projects
            .map(|text| json::<Vec<ProjectId>>("operators.projects", &text))
            .transpose()?;
        Ok(Self {
            id: parsed("operators.id", &row.id)?,
            name: row.name,
            role: word("operators.role", Role::from_word(&row.role))?,
            projects,
            created_at: Timestamp::from_micros(row.created_at),
            disabled_at: time(row.disabled_at),
        })
    }
}

fn projects_text(operator: &Operator) -> Result<Option<String>> {
    operator.projects.as_ref().map(json_text).transpose()
}
