//! A deterministic hash of paths. It only finds places in a sorted table, where ties are broken by content: whoever
//! crafts collisions gains nothing.

use crate::path::{Part, Path};
use crate::scope::Level;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hash of a whole path: the sum of its parts', so that candidates are put together from parts hashed once.
pub(crate) fn path_hash(path: &Path<'_>) -> u64 {
    part_hash(Level::Integration, path.integration)
        .wrapping_add(part_hash(Level::Credential, path.credential))
        .wrapping_add(part_hash(Level::Configuration, path.configuration))
}

/// Hash of what one level says; zero where nothing is named.
pub(crate) fn part_hash(level: Level, part: Part<'_>) -> u64 {
    match part {
        Part::Unnamed => 0,
        Part::Any => any_hash(level),
        Part::Id(id) => fold(fold(id.low ^ salt(level), MULTIPLIER) ^ id.high, MULTIPLIER),
        Part::Text(text) => text_hash(salt(level), text),
    }
}

/// Hash of `*`.
pub(crate) const fn any_hash(level: Level) -> u64 {
    fold(salt(level), MULTIPLIER)
}

const fn salt(level: Level) -> u64 {
    match level {
        Level::Integration => 0x243f_6a88_85a3_08d3,
        Level::Credential => 0x1319_8a2e_0370_7344,
        Level::Configuration => 0xa409_3822_299f_31d0,
    }
}

fn text_hash(salt: u64, text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let mut hash = salt.rotate_left(32) ^ text.len() as u64;
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), MULTIPLIER);
    }
    let tail = rest
        .iter()
        .fold(0_u64, |tail, byte| (tail << 8) | u64::from(*byte));
    fold(hash ^ tail, MULTIPLIER)
}

/// Both halves of the product, so that every input bit reaches every output bit.
const fn fold(one: u64, two: u64) -> u64 {
    let product = (one as u128) * (two as u128);
    (product as u64) ^ ((product >> 64) as u64)
}
