use hallpass_model::{
    ActorKind, AuditEntry, AuditKind, EnvironmentId, Page, PageRequest, ProjectId, Subject,
    Timestamp,
};
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::cursor::{Start, page_of, rows_wanted, start_of};
use crate::rows::{entities, is_storable, json, json_text, parsed, word};
use crate::transaction::{execute, on_engine};
use crate::{Read, Result, StoreError, Write};

macro_rules! insert {
    ($rest:literal) => {
        concat!(
            "INSERT INTO audit (id, happened_at, kind, actor_kind, actor_id, actor_name, project_id, environment_id,
                 action, target, detail, request_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            $rest
        )
    };
}

const SELECT: &str =
    "SELECT id, happened_at, kind, actor_kind, actor_id, actor_name, project_id, environment_id, action, target, detail,
            request_id
     FROM audit WHERE happened_at <= ";
const INSERT: &str = insert!("");
const INSERT_ONCE: &str = insert!(" ON CONFLICT (id) DO NOTHING");
const DELETE_OF_USER: &str = "DELETE FROM audit WHERE environment_id = $1 AND kind = $2 AND actor_kind = $3 AND actor_id = $4";
const DELETE_BEFORE: &str = "DELETE FROM audit WHERE id IN (
         SELECT id FROM audit WHERE kind = $1 AND happened_at < $2 ORDER BY happened_at LIMIT $3)";

pub(crate) const STATEMENTS: &[&str] = &[INSERT, INSERT_ONCE, DELETE_OF_USER, DELETE_BEFORE];

/// Which rows of the trail to list; what is `None` is not asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of these projects only, which excludes rows without one.
    pub projects: Option<Vec<ProjectId>>,
    /// Of this environment.
    pub environment_id: Option<EnvironmentId>,
    /// Of this kind.
    pub kind: Option<AuditKind>,
    /// This action, as `<noun>.<verb>`.
    pub action: Option<String>,
    /// By this actor.
    pub actor_id: Option<String>,
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    happened_at: i64,
    kind: String,
    actor_kind: String,
    actor_id: Option<String>,
    actor_name: Option<String>,
    project_id: Option<String>,
    environment_id: Option<String>,
    action: String,
    target: Option<String>,
    detail: String,
    request_id: Option<String>,
}

impl Read {
    /// Rows of the trail that the filter lets through, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_audit(
        &mut self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>> {
        let start = start_of::<AuditEntry>(page)?;
        let rows = if filter.can_match() {
            on_engine!(self, |connection| async {
                list_query(filter, start, rows_wanted(page))
                    .build_query_as::<Row>()
                    .fetch_all(connection)
                    .await
            })?
        } else {
            Vec::new()
        };
        Ok(page_of(entities(rows)?, page))
    }
}

impl Write {
    /// Adds a row to the trail.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn insert_audit(&mut self, entry: &AuditEntry) -> Result<()> {
        self.write_audit(INSERT, entry).await.map(drop)
    }

    /// Adds a row unless one with its id is there: a batch whose commit had no known outcome may be written again.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn insert_audit_if_absent(&mut self, entry: &AuditEntry) -> Result<bool> {
        Ok(self.write_audit(INSERT_ONCE, entry).await? > 0)
    }

    async fn write_audit(&mut self, sql: &'static str, entry: &AuditEntry) -> Result<u64> {
        execute!(
            self,
            sql,
            entry.id.to_string(),
            entry.at.as_micros(),
            entry.kind.as_str(),
            entry.actor_kind.as_str(),
            entry.actor_id.as_deref(),
            entry.actor_name.as_deref(),
            entry.project_id.map(|id| id.to_string()),
            entry.environment_id.map(|id| id.to_string()),
            &entry.action,
            entry.target.as_deref(),
            json_text(&entry.detail)?,
            entry.request_id.as_deref()
        )
    }

    /// Deletes the decisions about a user; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_decisions_of(
        &mut self,
        environment: EnvironmentId,
        sub: &Subject,
    ) -> Result<u64> {
        execute!(
            self,
            DELETE_OF_USER,
            environment.to_string(),
            AuditKind::Decision.as_str(),
            ActorKind::User.as_str(),
            sub.as_str()
        )
    }

    /// Deletes the oldest rows of a kind from before a time, at most `limit`; answers how many.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_audit_before(
        &mut self,
        kind: AuditKind,
        before: Timestamp,
        limit: i64,
    ) -> Result<u64> {
        execute!(
            self,
            DELETE_BEFORE,
            kind.as_str(),
            before.as_micros(),
            limit.max(0)
        )
    }
}

impl AuditFilter {
    fn can_match(&self) -> bool {
        let storable = |text: &Option<String>| text.as_deref().is_none_or(is_storable);
        self.projects.as_ref().is_none_or(|only| !only.is_empty())
            && storable(&self.action)
            && storable(&self.actor_id)
    }
}

impl TryFrom<Row> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("audit.id", &row.id)?,
            at: Timestamp::from_micros(row.happened_at),
            kind: word("audit.kind", AuditKind::from_word(&row.kind))?,
            actor_kind: word("audit.actor_kind", ActorKind::from_word(&row.actor_kind))?,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            project_id: row
                .project_id
                .map(|id| parsed("audit.project_id", &id))
                .transpose()?,
            environment_id: row
                .environment_id
                .map(|id| parsed("audit.environment_id", &id))
                .transpose()?,
            action: row.action,
            target: row.target,
            detail: json("audit.detail", &row.detail)?,
            request_id: row.request_id,
        })
    }
}

/// Put together from fixed pieces, so that each shape of filter can use its index: a parameter that may be null would
/// keep both engines from it.
fn list_query<DB: Database>(filter: &AuditFilter, start: Start, rows: i64) -> QueryBuilder<DB>
where
    String: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(start.at);
    if let Some(id) = start.id {
        query.push(" AND (happened_at < ").push_bind(start.at);
        query.push(" OR id < ").push_bind(id).push(")");
    }
    if let Some(projects) = &filter.projects {
        query.push(" AND project_id IN (");
        let mut ids = query.separated(", ");
        for id in projects {
            ids.push_bind(id.to_string());
        }
        query.push(")");
    }
    let texts = [
        (
            " AND environment_id = ",
            filter.environment_id.map(|id| id.to_string()),
        ),
        (
            " AND kind = ",
            filter.kind.map(|kind| kind.as_str().to_owned()),
        ),
        (" AND action = ", filter.action.clone()),
        (" AND actor_id = ", filter.actor_id.clone()),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            query.push(condition).push_bind(value);
        }
    }
    if let Some(from) = filter.from {
        query
            .push(" AND happened_at >= ")
            .push_bind(from.as_micros());
    }
    if let Some(until) = filter.until {
        query
            .push(" AND happened_at < ")
            .push_bind(until.as_micros());
    }
    query.push(" ORDER BY happened_at DESC, id DESC LIMIT ");
    query.push_bind(rows);
    query
}
