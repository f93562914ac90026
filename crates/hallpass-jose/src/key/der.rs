//! The few DER structures (X.690) that keys need. Lengths are definite and minimal or the structure is refused.

pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OID: u8 = 0x06;
pub(crate) const NULL: &[u8] = &[0x05, 0x00];

/// Reads one value with this tag from the front: its content and what follows.
pub(crate) fn read(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = input.split_first()?;
    if *found != tag {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7F => (usize::from(short), rest),
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let ([high, low], rest) = rest.split_first_chunk()?;
            (usize::from(*high) << 8 | usize::from(*low), rest)
        }
        _ => return None,
    };
    let minimal = match first {
        0x81 => length >= 0x80,
        0x82 => length >= 0x100,
        _ => true,
    };
    if minimal {
        rest.split_at_checked(length)
    } else {
        None
    }
}

/// As [`read`], with nothing allowed to follow.
pub(crate) fn read_all(input: &[u8], tag: u8) -> Option<&[u8]> {
    let (content, rest) = read(input, tag)?;
    rest.is_empty().then_some(content)
}

/// A positive INTEGER as big-endian bytes without leading zeros; zero and negative numbers give `None`.
pub(crate) fn read_positive(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, rest) = read(input, INTEGER)?;
    let digits = match content {
        [0, second, ..] if *second >= 0x80 => content.get(1..)?,
        [0 | 0x80..=0xFF, ..] | [] => return None,
        _ => content,
    };
    Some((digits, rest))
}

/// Whether this is a private key structure: PKCS#8, PKCS#1 and SEC 1 all begin with a version of 0 or 1.
pub(crate) fn looks_private(der: &[u8]) -> bool {
    read(der, SEQUENCE).is_some_and(|(content, _)| {
        content.starts_with(&[INTEGER, 1, 0]) || content.starts_with(&[INTEGER, 1, 1])
    })
}

/// Writes one value.
pub(crate) fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..=0x7F => out.push(length.to_le_bytes()[0]),
        length @ 0x80..=0xFF => out.extend([0x81, length.to_le_bytes()[0]]),
        length => out.extend([0x82, length.to_le_bytes()[1], length.to_le_bytes()[0]]),
    }
    out.extend_from_slice(content);
    out
}

/// Writes a positive INTEGER from big-endian bytes without leading zeros.
pub(crate) fn write_positive(digits: &[u8]) -> Vec<u8> {
    if digits.first().is_some_and(|first| *first >= 0x80) {
        return write(INTEGER, &[&[0], digits].concat());
    }
    write(INTEGER, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal_and_definite() {
        for length in [0usize, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF] {
            let content = vec![7; length];
            let der = write(SEQUENCE, &content);
            assert_eq!(read_all(&der, SEQUENCE), Some(&*content), "{length}");
            assert_eq!(read_all(&der, INTEGER), None);
            assert_eq!(read_all(&[&*der, &[0]].concat(), SEQUENCE), None);
        }
        for der in [
            &[0x30, 0x81, 1, 7][..],
            &[0x30, 0x82, 0, 1, 7],
            &[0x30, 0x80, 7, 0, 0],
            &[0x30, 2, 7],
            &[0x30],
            &[],
        ] {
            assert_eq!(read(der, SEQUENCE), None, "{der:?}");
        }
    }

    #[test]
    fn integers_are_positive_and_minimal() {
        assert_eq!(read_positive(&[2, 1, 5]), Some((&[5][..], &[][..])));
        assert_eq!(
            read_positive(&[2, 2, 0, 0x80]),
            Some((&[0x80][..], &[][..]))
        );
        for der in [
            &[2, 0][..],
            &[2, 1, 0],
            &[2, 1, 0x80],
            &[2, 2, 0, 5],
            &[2, 2, 0, 0],
        ] {
            assert_eq!(read_positive(der), None, "{der:?}");
        }
        assert_eq!(write_positive(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(write_positive(&[0x7F]), [2, 1, 0x7F]);
    }
}
