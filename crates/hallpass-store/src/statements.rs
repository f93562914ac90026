//! Every statement with a fixed text, so that all can be tried against the tables.

use sqlx::{Executor, SqlSafeStr};

use crate::store::Pools;
use crate::{
    Result, StoreError, accounts, api_keys, audit, challenges, deliveries, environments,
    idempotency, identities, identity_providers, issuer_keys, operator_keys, operator_passkeys,
    operator_sessions, operators, passkeys, projects, seal_check, sealed_columns, sessions,
    sign_in_providers, signing_keys, trust, turns, users, wallets, webhooks,
};

const GROUPS: &[&[&str]] = &[
    projects::STATEMENTS,
    environments::STATEMENTS,
    trust::STATEMENTS,
    signing_keys::STATEMENTS,
    identity_providers::STATEMENTS,
    users::STATEMENTS,
    operators::STATEMENTS,
    operator_keys::STATEMENTS,
    operator_sessions::STATEMENTS,
    operator_passkeys::STATEMENTS,
    audit::STATEMENTS,
    idempotency::STATEMENTS,
    seal_check::STATEMENTS,
    sealed_columns::STATEMENTS,
    issuer_keys::STATEMENTS,
    api_keys::STATEMENTS,
    accounts::STATEMENTS,
    identities::STATEMENTS,
    sessions::STATEMENTS,
    challenges::STATEMENTS,
    turns::STATEMENTS,
    sign_in_providers::STATEMENTS,
    webhooks::STATEMENTS,
    deliveries::STATEMENTS,
    passkeys::STATEMENTS,
    wallets::STATEMENTS,
];

pub(crate) async fn check(pools: &Pools) -> Result<usize> {
    let own = match pools {
        Pools::Sqlite(_) => &[],
        Pools::Postgres(_) => deliveries::POSTGRES_STATEMENTS,
    };
    let all = GROUPS.iter().copied().flatten().chain(own).copied();
    let mut count = 0;
    for sql in all {
        let prepared = match pools {
            Pools::Sqlite(sqlite) => sqlite.read.prepare(sql.into_sql_str()).await.map(drop),
            Pools::Postgres(postgres) => postgres.pool.prepare(sql.into_sql_str()).await.map(drop),
        };
        prepared.map_err(|error| match StoreError::from(error) {
            StoreError::Internal(why) => StoreError::Internal(format!("{why} in: {sql}")),
            other => other,
        })?;
        count += 1;
    }
    Ok(count)
}
