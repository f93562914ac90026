use crate::digest::length;
use crate::key_id::KeyId;

const LABEL: &[u8] = b"hallpass-seal";

/// Where a sealed value belongs. It opens there and nowhere else.
///
/// Take names that never change: the row's id rather than something that can be edited. A value that belongs to no
/// environment says so with an empty one. The order and length of the parts are part of what is authenticated, so
/// no two places look alike to the cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place<'a> {
    /// The table, as named in the schema.
    pub table: &'a str,
    /// The id of the row.
    pub row: &'a str,
    /// The id of the environment that the row belongs to.
    pub environment: &'a str,
    /// The column, or the name of the value within it.
    pub field: &'a str,
}

impl Place<'_> {
    /// What the cipher authenticates beside the text: label, version, key id, then each part behind its length.
    pub(crate) fn associated_data(&self, version: u8, key: KeyId) -> Vec<u8> {
        let mut data = LABEL.to_vec();
        data.push(version);
        data.extend_from_slice(key.as_bytes());
        for part in [self.table, self.row, self.environment, self.field] {
            data.extend_from_slice(&length(part.as_bytes()));
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: KeyId = KeyId::from_bytes([7; 8]);

    /// Few letters, the bytes of a length among them: what could be confused comes up often.
    fn parts() -> impl Strategy<Value = [String; 4]> {
        prop::array::uniform4("[a\0\u{1}\u{2}]{0,10}")
    }

    fn place(parts: &[String; 4]) -> Place<'_> {
        let [table, row, environment, field] = parts;
        Place {
            table,
            row,
            environment,
            field,
        }
    }

    /// The opposite way: what is readable again in one way only cannot stand for two places.
    fn read(data: &[u8]) -> Option<[String; 4]> {
        let mut rest = data.strip_prefix(LABEL)?.get(1 + KeyId::BYTES..)?;
        let mut parts = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<8>() {
            let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
            let (part, after) = after.split_at_checked(length)?;
            parts.push(String::from_utf8(part.to_vec()).ok()?);
            rest = after;
        }
        if !rest.is_empty() {
            return None;
        }
        parts.try_into().ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_parts_can_be_read_back(parts in parts()) {
            let data = place(&parts).associated_data(1, KEY);
            prop_assert_eq!(read(&data), Some(parts));
        }

        #[test]
        fn two_places_look_alike_only_if_they_are_the_same(one in parts(), other in parts()) {
            let alike = place(&one).associated_data(1, KEY) == place(&other).associated_data(1, KEY);
            prop_assert_eq!(alike, one == other);
        }

        #[test]
        fn bytes_that_change_sides_are_noticed(text in "[a\0\u{1}]{1,24}", cuts in prop::array::uniform3(0usize..25), others in prop::array::uniform3(0usize..25)) {
            let (one, other) = (cut(&text, cuts), cut(&text, others));
            let alike = place(&one).associated_data(1, KEY) == place(&other).associated_data(1, KEY);
            prop_assert_eq!(alike, one == other);
        }
    }

    /// The same text in four parts, cut at other places.
    fn cut(text: &str, mut cuts: [usize; 3]) -> [String; 4] {
        cuts.sort_unstable();
        let [first, second, third] = cuts.map(|cut| cut.min(text.len()));
        [
            text.get(..first),
            text.get(first..second),
            text.get(second..third),
            text.get(third..),
        ]
        .map(|part| part.unwrap_or_default().to_owned())
    }

    #[test]
    fn version_and_key_are_part_of_it() {
        let parts = ["t", "r", "e", "f"].map(str::to_owned);
        let data = place(&parts).associated_data(1, KEY);
        assert_ne!(data, place(&parts).associated_data(2, KEY));
        let other = KeyId::from_bytes([8; 8]);
        assert_ne!(data, place(&parts).associated_data(1, other));
    }
}
