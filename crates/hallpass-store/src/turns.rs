use hallpass_model::{EnvironmentId, IdentityKind};

use crate::transaction::execute;
use crate::{Result, StoreError, Write};

/// As many as the table has rows.
const SLOTS: u64 = 64;

// Changes nothing: the row's lock is what the next statements are safe behind.
const TAKE: &str = "UPDATE turns SET slot = slot WHERE slot = $1";

pub(crate) const STATEMENTS: &[&str] = &[TAKE];

impl Write {
    /// Waits until nobody else decides about what is asked of this identity; the turn lasts as long as the transaction.
    ///
    /// For rules that count rows and then add one: on PostgreSQL two that count at once would both find room.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn take_turn(
        &mut self,
        environment: EnvironmentId,
        kind: &IdentityKind,
        identifier: &str,
    ) -> Result<()> {
        let slot = slot_of(&format!("{environment} {kind} {identifier}"));
        if execute!(self, TAKE, slot)? == 1 {
            return Ok(());
        }
        Err(StoreError::Internal(format!(
            "the row {slot} of turns is missing"
        )))
    }
}

/// FNV-1a: the same on every node and in every release that shares a database.
fn slot_of(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    i64::try_from(hash % SLOTS).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_table_and_do_not_move() {
        assert_eq!(slot_of(""), 0x25);
        let used: std::collections::BTreeSet<i64> = (0..1000)
            .map(|n| slot_of(&format!("user{n}@example.com")))
            .collect();
        assert_eq!(used.len(), 64);
        assert!(used.iter().all(|slot| (0..64).contains(slot)));
    }
}
