use hallpass_model::{AccountId, EnvironmentId, Timestamp, Wallet, WalletId, WalletType};

use crate::rows::{entities, is_storable, parsed, word};
use crate::transaction::{execute, fetch_all, fetch_optional};
use crate::{Read, Result, StoreError, Write};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, environment_id, account_id, chain, address, account_key, public_key, name, created_at
             FROM wallets ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE environment_id = $1 AND id = $2");
const FIND_BY_KEY: &str = select!("WHERE environment_id = $1 AND chain = $2 AND account_key = $3");
// No account has more: see the limit on provisioned wallets.
const LIST_OF_ACCOUNT: &str =
    select!("WHERE environment_id = $1 AND account_id = $2 ORDER BY created_at, id LIMIT 100");
const COUNT_OF_ACCOUNT: &str =
    "SELECT COUNT(*) FROM wallets WHERE environment_id = $1 AND account_id = $2";
const INSERT: &str =
    "INSERT INTO wallets (id, environment_id, account_id, chain, address, account_key, public_key, name, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const DELETE: &str =
    "DELETE FROM wallets WHERE environment_id = $1 AND account_id = $2 AND id = $3";
const DELETE_OF_ACCOUNT: &str = "DELETE FROM wallets WHERE environment_id = $1 AND account_id = $2";

pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_KEY,
    LIST_OF_ACCOUNT,
    COUNT_OF_ACCOUNT,
    INSERT,
    DELETE,
    DELETE_OF_ACCOUNT,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    environment_id: String,
    account_id: String,
    chain: String,
    address: String,
    account_key: String,
    public_key: String,
    name: Option<String>,
    created_at: i64,
}

impl Read {
    /// A wallet of an environment.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_wallet(
        &mut self,
        environment: EnvironmentId,
        id: WalletId,
    ) -> Result<Option<Wallet>> {
        fetch_optional!(self, Row, FIND, environment.to_string(), id.to_string())?
            .map(Wallet::try_from)
            .transpose()
    }

    /// The wallet with an address, in the spelling of its chain's account key.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_wallet_by_key(
        &mut self,
        environment: EnvironmentId,
        chain: WalletType,
        account_key: &str,
    ) -> Result<Option<Wallet>> {
        if !is_storable(account_key) {
            return Ok(None);
        }
        let row = fetch_optional!(
            self,
            Row,
            FIND_BY_KEY,
            environment.to_string(),
            chain.as_str(),
            account_key
        )?;
        row.map(Wallet::try_from).transpose()
    }

    /// The wallets of an account, oldest first; at most 100.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_account_wallets(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Result<Vec<Wallet>> {
        let rows = fetch_all!(
            self,
            Row,
            LIST_OF_ACCOUNT,
            environment.to_string(),
            account.to_string()
        )?;
        entities(rows)
    }

    /// How many wallets an account has.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn count_account_wallets(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Result<i64> {
        let counted = fetch_optional!(
            self,
            (i64,),
            COUNT_OF_ACCOUNT,
            environment.to_string(),
            account.to_string()
        )?;
        Ok(counted.map_or(0, |(count,)| count))
    }
}

impl Write {
    /// Registers a wallet.
    ///
    /// # Errors
    /// `Conflict` when the environment has one with this address; `Unavailable`.
    pub async fn insert_wallet(&mut self, wallet: &Wallet) -> Result<()> {
        execute!(
            self,
            INSERT,
            wallet.id.to_string(),
            wallet.environment_id.to_string(),
            wallet.account_id.to_string(),
            wallet.chain.as_str(),
            &wallet.address,
            &wallet.account_key,
            &wallet.public_key,
            &wallet.name,
            wallet.created_at.as_micros()
        )?;
        Ok(())
    }

    /// Removes a wallet of an account; answers `false` when it has no such wallet.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_wallet(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
        id: WalletId,
    ) -> Result<bool> {
        let deleted = execute!(
            self,
            DELETE,
            environment.to_string(),
            account.to_string(),
            id.to_string()
        )?;
        Ok(deleted == 1)
    }

    /// Removes every wallet of an account.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete_wallets_of_account(
        &mut self,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Result<u64> {
        execute!(
            self,
            DELETE_OF_ACCOUNT,
            environment.to_string(),
            account.to_string()
        )
    }
}

impl TryFrom<Row> for Wallet {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: parsed("wallets.id", &row.id)?,
            environment_id: parsed("wallets.environment_id", &row.environment_id)?,
            account_id: parsed("wallets.account_id", &row.account_id)?,
            chain: word("wallets.chain", WalletType::from_word(&row.chain))?,
            address: row.address,
            account_key: row.account_key,
            public_key: row.public_key,
            name: row.name,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}
