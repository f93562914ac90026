//! The columns with sealed values, all of them: whoever changes the master key goes through this list.

use hallpass_model::EnvironmentId;

use crate::rows::parsed;
use crate::transaction::{execute, fetch_all};
use crate::{Read, Result, StoreError, Write};

/// A column whose values are sealed for the place that its table, the row's id, the environment and its name are.
#[derive(Debug, Clone, Copy)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    list: &'static str,
    count: &'static str,
    replace: &'static str,
}

macro_rules! sealed {
    ($table:literal, $id:literal, $column:literal) => {
        SealedColumn {
            table: $table,
            column: $column,
            // Bytes 2 to 9 of a sealed value name its key.
            list: concat!(
                "SELECT ",
                $id,
                " AS id, environment_id, ",
                $column,
                " AS sealed FROM ",
                $table,
                " WHERE ",
                $column,
                " IS NOT NULL AND substr(",
                $column,
                ", 2, 8) <> $1",
                " AND (CAST($2 AS TEXT) IS NULL OR ",
                $id,
                " > $2) ORDER BY ",
                $id,
                " LIMIT $3"
            ),
            count: concat!(
                "SELECT substr(",
                $column,
                ", 2, 8), COUNT(*) FROM ",
                $table,
                " WHERE ",
                $column,
                " IS NOT NULL GROUP BY substr(",
                $column,
                ", 2, 8)"
            ),
            replace: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $4 WHERE environment_id = $1 AND ",
                $id,
                " = $2 AND ",
                $column,
                " = $3"
            ),
        }
    };
}

const ISSUER_KEYS: SealedColumn = sealed!("issuer_keys", "kid", "private_key");
const SIGN_IN_PROVIDERS: SealedColumn = sealed!("sign_in_providers", "id", "secret");
const WEBHOOKS: SealedColumn = sealed!("webhooks", "id", "secret");
const WEBHOOKS_FORMER: SealedColumn = sealed!("webhooks", "id", "former_secret");

/// Every column with sealed values, that of the check excepted.
pub const SEALED_COLUMNS: &[SealedColumn] =
    &[ISSUER_KEYS, SIGN_IN_PROVIDERS, WEBHOOKS, WEBHOOKS_FORMER];

pub(crate) const STATEMENTS: &[&str] = &[
    ISSUER_KEYS.list,
    ISSUER_KEYS.count,
    ISSUER_KEYS.replace,
    SIGN_IN_PROVIDERS.list,
    SIGN_IN_PROVIDERS.count,
    SIGN_IN_PROVIDERS.replace,
    WEBHOOKS.list,
    WEBHOOKS.count,
    WEBHOOKS.replace,
    WEBHOOKS_FORMER.list,
    WEBHOOKS_FORMER.count,
    WEBHOOKS_FORMER.replace,
];

/// One sealed value and where it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// The row's id, as text.
    pub row: String,
    /// The environment that the row belongs to.
    pub environment: EnvironmentId,
    /// What is stored.
    pub sealed: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    sealed: Vec<u8>,
}

impl Read {
    /// Values of a column whose key is another than this, in the order of their rows' ids.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_sealed_otherwise(
        &mut self,
        column: &SealedColumn,
        key_id: &[u8; 8],
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<SealedValue>> {
        let rows = fetch_all!(self, Row, column.list, key_id.as_slice(), after, limit)?;
        rows.into_iter().map(SealedValue::try_from).collect()
    }

    /// How many values of a column each key has sealed; the key as the eight bytes that name it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count_sealed(&mut self, column: &SealedColumn) -> Result<Vec<(Vec<u8>, i64)>> {
        fetch_all!(self, (Vec<u8>, i64), column.count)
    }
}

impl Write {
    /// Puts another sealing of the same secret in a value's place, if the value is still the expected one.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn replace_sealed(
        &mut self,
        column: &SealedColumn,
        expected: &SealedValue,
        sealed: &[u8],
    ) -> Result<bool> {
        let changed = execute!(
            self,
            column.replace,
            expected.environment.to_string(),
            &expected.row,
            expected.sealed.as_slice(),
            sealed
        )?;
        Ok(changed == 1)
    }
}

impl TryFrom<Row> for SealedValue {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            environment: parsed("environment_id of a sealed value", &row.environment_id)?,
            row: row.id,
            sealed: row.sealed,
        })
    }
}
