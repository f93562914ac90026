//! Taking an identity off an account.

use hallpass_model::{
    Error, Identity, IdentityId, Login, PageRequest, Result, Session, SessionWallet, limits,
};
use hallpass_store::Write;

use super::{LinkedAccounts, can_sign_in, record, signed_in};
use crate::sessions::SessionCaller;

impl LinkedAccounts {
    /// Takes an identity off the account that is signed in. Sessions that were signed in with it end.
    ///
    /// # Errors
    /// `not_found`; `last_identity`, `identity_in_use` (409); `not_signed_in`.
    pub async fn unlink(&self, caller: &SessionCaller, id: IdentityId) -> Result<Vec<Identity>> {
        let account = signed_in(caller)?;
        let environment = caller.app.environment();
        let mut tx = self.shared.store.write().await?;
        tx.lock_account(environment, account).await?;
        let (gone, left): (Vec<_>, Vec<_>) = tx
            .list_identities(environment, account)
            .await?
            .into_iter()
            .partition(|identity| identity.id == id);
        let gone = gone.into_iter().next();
        let gone = gone.ok_or_else(|| Error::not_found("linked account"))?;
        if !left.iter().any(|other| can_sign_in(other, &caller.app)) {
            return Err(Error::conflict(
                "last_identity",
                "this is the last way to sign in to the account; link another one first",
            ));
        }
        let login = caller.session.login.as_ref();
        if login.is_some_and(|login| came_by(login, &gone)) {
            return Err(Error::conflict(
                "identity_in_use",
                "this session was signed in with it; sign in another way first",
            ));
        }
        tx.delete_identity(environment, account, id).await?;
        self.forget_in_sessions(&mut tx, &gone).await?;
        record(&self.shared, &mut tx, &caller.app, "account.unlink", &gone).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// Ends the sessions that were signed in with an identity, and takes its wallet off the others.
    async fn forget_in_sessions(&self, tx: &mut Write, gone: &Identity) -> Result<()> {
        let now = self.shared.clock.now();
        let mut page = PageRequest {
            after: None,
            limit: limits::PAGE_ROWS,
        };
        loop {
            let sessions = tx
                .list_sessions(gone.environment_id, gone.account_id, &page)
                .await?;
            for session in sessions.items.iter().filter(|one| one.is_live_at(now)) {
                if session
                    .login
                    .as_ref()
                    .is_some_and(|login| came_by(login, gone))
                {
                    tx.end_session(gone.environment_id, session.id, now).await?;
                } else if session.wallets.iter().any(|wallet| is_of(wallet, gone)) {
                    take_wallet(tx, session, gone).await?;
                }
            }
            match sessions.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        Ok(())
    }
}

async fn take_wallet(tx: &mut Write, session: &Session, gone: &Identity) -> Result<()> {
    tx.lock_session(session.environment_id, session.id).await?;
    let current = tx.find_session(session.environment_id, session.id).await?;
    if let Some(mut session) = current {
        session.wallets.retain(|wallet| !is_of(wallet, gone));
        tx.update_session(&session).await?;
    }
    Ok(())
}

/// Whether a session was signed in with an identity: also with the service that vouched for its mailbox.
fn came_by(login: &Login, identity: &Identity) -> bool {
    let is_it = login.kind == identity.kind && login.identifier == identity.identifier;
    let word = identity.kind.to_string();
    let method = word.strip_prefix("oidc:").unwrap_or(&word);
    is_it || login.oauth_method.as_deref() == Some(method)
}

/// Whether a session's wallet is an identity's. Case tells addresses of Solana apart, but no two people's.
fn is_of(wallet: &SessionWallet, identity: &Identity) -> bool {
    wallet.kind == identity.kind
        && (wallet.address == identity.shown
            || wallet.address.eq_ignore_ascii_case(&identity.identifier))
}
