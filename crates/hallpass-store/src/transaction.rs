use std::ops::{Deref, DerefMut};

use sqlx::{Postgres, Sqlite, Transaction};

use crate::{Result, StoreError};

/// A snapshot of the database to read from.
pub struct Read {
    pub(crate) tx: Tx,
    /// A statement failed: PostgreSQL would answer a commit with success and a rollback.
    pub(crate) failed: bool,
}

/// A write transaction. Reads see its own changes; dropped without [`Write::commit`], it leaves no trace.
///
/// On SQLite it is the only writer from its start. On PostgreSQL writers run side by side:
/// [`Write::raise_trust_epoch`] makes one wait for the other, so whoever decides by what it reads raises first.
pub struct Write {
    pub(crate) read: Read,
}

impl Write {
    /// Makes the changes last.
    ///
    /// # Errors
    /// `Internal` after any statement has failed, `Conflict` included: then start again.
    /// `Unavailable` when the database did not confirm them; only a lost connection leaves open whether they are there.
    pub async fn commit(self) -> Result<()> {
        if self.read.failed {
            return Err(StoreError::Internal(
                "a commit was tried after a statement had failed".into(),
            ));
        }
        match self.read.tx {
            Tx::Sqlite(tx) => tx.commit().await?,
            Tx::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Deref for Write {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Read {
        &mut self.read
    }
}

/// The engine's own transaction.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs one expression on whichever engine the transaction is on: the text is the same, the types are not.
macro_rules! on_engine {
    ($read:expr, |$connection:ident| $query:expr) => {
        $crate::transaction::on_engine!($read, |$connection| $query, |answer| answer)
    };
    ($read:expr, |$connection:ident| $query:expr, |$answer:ident| $shaped:expr) => {{
        let answered = match &mut $read.tx {
            $crate::transaction::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $query.await.map(|$answer| $shaped)
            }
            $crate::transaction::Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $query.await.map(|$answer| $shaped)
            }
        };
        $read.failed |= answered.is_err();
        answered.map_err($crate::StoreError::from)
    }};
}

/// Executes a statement with parameters and answers how many rows it changed.
macro_rules! execute {
    ($write:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::transaction::on_engine!(
            $write,
            |connection| sqlx::query($sql)$(.bind($value))*.execute(connection),
            |done| done.rows_affected()
        )
    };
}

/// Fetches at most one row.
macro_rules! fetch_optional {
    ($read:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::transaction::on_engine!($read, |connection| {
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_optional(connection)
        })
    };
}

/// Fetches every row.
macro_rules! fetch_all {
    ($read:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::transaction::on_engine!($read, |connection| {
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_all(connection)
        })
    };
}

pub(crate) use {execute, fetch_all, fetch_optional, on_engine};
