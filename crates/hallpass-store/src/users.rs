use hallpass_model::{
    ConnectedUser, EnvironmentId, Metadata, Page, PageRequest, Subject, Timestamp,
};

use crate::cursor::{End, page_of, rows_before_end, rows_wanted, start_of};
use crate::rows::{entities, is_storable, json, json_text, micros, parsed, time};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT u.environment_id, u.id, u.sub, u.metadata, u.version, u.frozen_at, n.not_before_at, u.created_at,
                    u.updated_at
             FROM connected_users u
             LEFT JOIN user_not_before n ON n.environment_id = u.environment_id AND n.sub = u.sub ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE u.environment_id = $1 AND u.sub = $2");
const FIND_NOT_BEFORE: &str =
    "SELECT not_before_at FROM user_not_before WHERE environment_id = $1 AND sub = $2";
const LIST: &str = select!(
    "WHERE u.environment_id = $1 AND u.created_at <= $2
         AND (u.created_at < $2 OR CAST($3 AS TEXT) IS NULL OR u.id < $3)
     ORDER BY u.created_at DESC, u.id DESC LIMIT $4"
);
// Where a search stops, by the index alone: SQLite stops no statement that takes long.
const WALK_END: &str =
    "SELECT created_at, id FROM connected_users
     WHERE environment_id = $1 AND created_at <= $2 AND (created_at < $2 OR CAST($3 AS TEXT) IS NULL OR id < $3)
     ORDER BY created_at DESC, id DESC LIMIT 2 OFFSET $4";
// Compared piece by piece: `LIKE` folds letters on one engine, ranges follow a collation on the other. Walks the
// users down to that end, which is for people who look for somebody, not for programs.
const LIST_STARTING: &str = select!(
    "WHERE u.environment_id = $1 AND u.created_at <= $2
         AND (u.created_at < $2 OR CAST($3 AS TEXT) IS NULL OR u.id < $3)
         AND u.created_at >= $4 AND (u.created_at > $4 OR u.id >= $5)
         AND SUBSTR(u.sub, 1, LENGTH(CAST($6 AS TEXT))) = $6
     ORDER BY u.created_at DESC, u.id DESC LIMIT $7"
);
const INSERT_IF_ABSENT: &str =
    "INSERT INTO connected_users (environment_id, id, sub, metadata, version, frozen_at, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (environment_id, sub) DO NOTHING";
const UPDATE_METADATA: &str =
    "UPDATE connected_users SET metadata = $4, version = version + 1, updated_at = $5
     WHERE environment_id = $1 AND sub = $2 AND version = $3";
const SET_FROZEN: &str = "UPDATE connected_users SET frozen_at = $3, updated_at = $4 WHERE environment_id = $1 AND sub = $2";
const RAISE_NOT_BEFORE: &str =
    "INSERT INTO user_not_before (environment_id, sub, not_before_at) VALUES ($1, $2, $3)
     ON CONFLICT (environment_id, sub) DO UPDATE SET not_before_at = CASE
         WHEN excluded.not_before_at > user_not_before.not_before_at THEN excluded.not_before_at
         ELSE user_not_before.not_before_at END";
const DELETE: &str = "DELETE FROM connected_users WHERE environment_id = $1 AND sub = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_NOT_BEFORE,
    LIST,
    WALK_END,
    LIST_STARTING,
    INSERT_IF_ABSENT,
    UPDATE_METADATA,
    SET_FROZEN,
    RAISE_NOT_BEFORE,
    DELETE,
];

#[derive(sqlx::FromRow)]
struct Row {
    environment_id: String,
    id: String,
    sub: String,
    metadata: String,
    version: i64,
    frozen_at: Option<i64>,
    not_before_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl Read {
    /// The user of an environment with this `sub`.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_user(
        &mut self,
        environment: EnvironmentId,
        sub: &Subject,
    ) -> Result<Option<ConnectedUser>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), sub.as_str())?
            .map(ConnectedUser::try_from)
            .transpose()
    }

    /// Up to when issued tokens of this `sub` are refused, whether or not the user is still there.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_not_before(
        &mut self,
        environment: EnvironmentId,
        sub: &Subject,
    ) -> Result<Option<Timestamp>> {
        let found = fetch_optional!(
            self,
            (i64,),
            FIND_NOT_BEFORE,
            environment.to_string(),
            sub.as_str()
        )?;
        Ok(found.map(|(micros,)| Timestamp::from_micros(micros)))
    }

    /// Users of an environment, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_users(
        &mut self,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<ConnectedUser>> {
        let start = start_of::<ConnectedUser>(page)?;
        let rows = fetch_all!(
            self,
            Row,
            LIST,
            environment.to_string(),
            start.at,
            start.id,
            rows_wanted(page)
        )?;
        Ok(page_of(entities(rows)?, page))
    }

    /// Users of an environment whose `sub` begins so, letter for letter, newest first, among the `walked` ones after
    /// the cursor. The page may have none and a next one, where the search goes on.
    ///
    /// # Errors
    /// `InvalidCursor`, `Unavailable`.
    pub async fn list_users_starting(
        &mut self,
        environment: EnvironmentId,
        beginning: &str,
        page: &PageRequest,
        walked: u32,
    ) -> Result<Page<ConnectedUser>> {
        let start = start_of::<ConnectedUser>(page)?;
        if !is_storable(beginning) {
            return Ok(page_of(Vec::new(), page));
        }
        let end = End::of(fetch_all!(
            self,
            (i64, String),
            WALK_END,
            environment.to_string(),
            start.at,
            start.id.clone(),
            rows_before_end(walked)
        )?);
        let (least_at, least_id) = end.least();
        let rows = fetch_all!(
            self,
            Row,
            LIST_STARTING,
            environment.to_string(),
            start.at,
            start.id,
            least_at,
            least_id,
            beginning,
            rows_wanted(page)
        )?;
        Ok(end.page_of(entities(rows)?, page))
    }
}

impl Write {
    /// Adds a user unless the `sub` is known in the environment; answers whether it was added.
    /// `not_before` has a row of its own and is not written.
    ///
    /// # Errors
    /// `Conflict` when the user's id is taken; `Unavailable`.
    pub async fn insert_user_if_absent(&mut self, user: &ConnectedUser) -> Result<bool> {
        let added = execute!(
            self,
            INSERT_IF_ABSENT,
            user.environment_id.to_string(),
            user.id.to_string(),
            user.sub.as_str(),
            json_text(&user.metadata)?,
            user.version,
            micros(user.frozen_at),
            user.created_at.as_micros(),
            user.updated_at.as_micros()
        )?;
        Ok(added == 1)
    }

    /// Replaces a user's metadata and raises the version, if the stored version is still the expected one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn update_user_metadata(
        &mut self,
        environment: EnvironmentId,
        sub: &Subject,
        metadata: &Metadata,
        expected_version: i64,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            UPDATE_METADATA,
            environment.to_string(),
            sub.as_str(),
            expected_version,
            json_text(metadata)?,
            at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Freezes a user (`Some`) or thaws it (`None`); answers whether it exists.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_user_frozen(
        &mut self,
        environment: EnvironmentId,
        sub: &Subject,
        frozen_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = execute!(
            self,
            SET_FROZEN,
            environment.to_string(),
            sub.as_str(),
            micros(frozen_at),
            at.as_micros()
        )?;
        Ok(changed == 1)
    }

    /// Refuses tokens of this `sub` issued up to a time; a later time that is set already stays.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn raise_not_before(
        &mut self,
        environment: EnvironmentId,
        sub: &Subject,
        not_before: Timestamp,
    ) -> Result<()> {
        execute!(
            self,
            RAISE_NOT_BEFORE,
            environment.to_string(),
            sub.as_str(),
            not_before.as_micros()
        )?;
        Ok(())
    }

    /// Erases a user, all but its `not_before`; answers whether it existed.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_user(&mut self, environment: EnvironmentId, sub: &Subject) -> Result<bool> {
        let deleted = execute!(self, DELETE, environment.to_string(), sub.as_str())?;
        Ok(deleted == 1)
    }
}

impl TryFrom<Row> for ConnectedUser {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            environment_id: parsed("connected_users.environment_id", &row.environment_id)?,
            id: parsed("connected_users.id", &row.id)?,
            sub: parsed("connected_users.sub", &row.sub)?,
            metadata: json("connected_users.metadata", &row.metadata)?,
            version: row.version,
            frozen_at: time(row.frozen_at),
            not_before: time(row.not_before_at),
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
