//! The part of CBOR (RFC 8949) that authenticators speak: integers, byte and text strings, arrays, maps, true, false and
//! null, in their shortest spelling and with their length up front. No tags, no floats, nothing twice in a map.

/// Containers inside containers, the outermost counted as 1. CTAP allows authenticators four.
const MAX_NESTING: usize = 4;

/// Not the expected kind of CBOR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flaw;

/// A value that borrows its strings from the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Of either sign: CBOR's range is larger than `i64` on both sides, and nothing of ours lies there.
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Value<'a>>),
    Map(Map<'a>),
    Bool(bool),
    Null,
}

/// The members in the order of the input, names once each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Map<'a> {
    members: Vec<(Value<'a>, Value<'a>)>,
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn text_member(&self, name: &str) -> Option<&Value<'a>> {
        self.find(|member| *member == Value::Text(name))
    }

    pub(super) fn numbered_member(&self, name: i64) -> Option<&Value<'a>> {
        self.find(|member| *member == Value::Integer(name))
    }

    fn find(&self, is_it: impl Fn(&Value<'a>) -> bool) -> Option<&Value<'a>> {
        let found = self.members.iter().find(|(name, _)| is_it(name));
        found.map(|(_, value)| value)
    }
}

/// Reads one value from the front of the input; gives what stands behind it as well.
pub(super) fn read(input: &[u8]) -> Result<(Value<'_>, &[u8]), Flaw> {
    let mut reader = Reader { rest: input };
    let value = reader.value(0)?;
    Ok((value, reader.rest))
}

/// Reads a map that is the whole input.
pub(super) fn read_map(input: &[u8]) -> Result<Map<'_>, Flaw> {
    match read(input)? {
        (Value::Map(map), []) => Ok(map),
        _ => Err(Flaw),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Flaw> {
        let [first] = *self.take(1)? else {
            return Err(Flaw);
        };
        let (kind, short) = (first >> 5, first & 0x1F);
        if kind == 7 {
            return match short {
                20 => Ok(Value::Bool(false)),
                21 => Ok(Value::Bool(true)),
                22 => Ok(Value::Null),
                _ => Err(Flaw),
            };
        }
        let argument = self.argument(short)?;
        match kind {
            0 => Ok(Value::Integer(i64::try_from(argument).map_err(|_| Flaw)?)),
            1 => {
                let distance = i64::try_from(argument).map_err(|_| Flaw)?;
                Ok(Value::Integer(-1 - distance))
            }
            2 => Ok(Value::Bytes(self.string(argument)?)),
            3 => {
                let text = std::str::from_utf8(self.string(argument)?);
                Ok(Value::Text(text.map_err(|_| Flaw)?))
            }
            4 => self.array(argument, depth + 1),
            5 => self.map(argument, depth + 1),
            _ => Err(Flaw),
        }
    }

    /// A length or number, in the shortest of its five spellings.
    fn argument(&mut self, short: u8) -> Result<u64, Flaw> {
        let width = match short {
            0..=23 => return Ok(u64::from(short)),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(Flaw),
        };
        let bytes = self.take(width)?;
        let number = bytes
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let is_shortest = match width {
            1 => number > 23,
            2 => number > 0xFF,
            4 => number > 0xFFFF,
            _ => number > 0xFFFF_FFFF,
        };
        if is_shortest { Ok(number) } else { Err(Flaw) }
    }

    fn string(&mut self, length: u64) -> Result<&'a [u8], Flaw> {
        self.take(usize::try_from(length).map_err(|_| Flaw)?)
    }

    /// A container's announced length is believed only as far as there are bytes left.
    fn array(&mut self, length: u64, depth: usize) -> Result<Value<'a>, Flaw> {
        self.check_container(length, depth)?;
        let values = (0..length).map(|_| self.value(depth));
        Ok(Value::Array(values.collect::<Result<_, Flaw>>()?))
    }

    fn map(&mut self, length: u64, depth: usize) -> Result<Value<'a>, Flaw> {
        self.check_container(length, depth)?;
        let mut map = Map::default();
        for _ in 0..length {
            let name = self.value(depth)?;
            let is_name = matches!(name, Value::Integer(_) | Value::Text(_));
            if !is_name || map.find(|known| *known == name).is_some() {
                return Err(Flaw);
            }
            let value = self.value(depth)?;
            map.members.push((name, value));
        }
        Ok(Value::Map(map))
    }

    fn check_container(&self, length: u64, depth: usize) -> Result<(), Flaw> {
        // 64 members are several times what any authenticator sends, and keep the search for duplicates cheap.
        if depth > MAX_NESTING || length > 64 || length > self.rest.len() as u64 {
            return Err(Flaw);
        }
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Flaw> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Flaw)?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    fn read_hex(hex: &str) -> Result<Value<'static>, Flaw> {
        let bytes = HEXLOWER.decode(hex.as_bytes()).map_err(|_| Flaw)?;
        match read(bytes.leak())? {
            (value, []) => Ok(value),
            _ => Err(Flaw),
        }
    }

    #[test]
    fn the_spellings_of_the_standard_are_read() {
        for (hex, value) in [
            ("00", Value::Integer(0)),
            ("17", Value::Integer(23)),
            ("1818", Value::Integer(24)),
            ("1903e8", Value::Integer(1000)),
            ("1a000f4240", Value::Integer(1_000_000)),
            ("20", Value::Integer(-1)),
            ("3863", Value::Integer(-100)),
            ("390100", Value::Integer(-257)),
            ("3b7fffffffffffffff", Value::Integer(i64::MIN)),
            ("f4", Value::Bool(false)),
            ("f5", Value::Bool(true)),
            ("f6", Value::Null),
            ("4401020304", Value::Bytes(&[1, 2, 3, 4])),
            ("6161", Value::Text("a")),
            ("80", Value::Array(Vec::new())),
        ] {
            assert_eq!(read_hex(hex), Ok(value), "{hex}");
        }
        let read = read_hex("a2616101016162");
        let Ok(Value::Map(map)) = read else {
            return assert_eq!(read, Ok(Value::Map(Map::default())));
        };
        assert_eq!(map.len(), 2);
        assert_eq!(map.text_member("a"), Some(&Value::Integer(1)));
        assert_eq!(map.numbered_member(1), Some(&Value::Text("b")));
        assert_eq!(map.text_member("b"), None);
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for hex in [
            "",
            // Longer than needed.
            "1817",
            "190017",
            "1a0000ffff",
            "1b00000000ffffffff",
            "580101",
            // Of a length that is announced later.
            "5f4101ff",
            "7f6161ff",
            "9f01ff",
            "bf616101ff",
            // Reserved, tags, floats, undefined, simple values.
            "1c",
            "c001",
            "f93c00",
            "fa47c35000",
            "f7",
            "f820",
            // Beyond our numbers.
            "1bffffffffffffffff",
            "3bffffffffffffffff",
            // Cut off, or announcing what is not there.
            "18",
            "4401",
            "8201",
            "a16161",
            "9b7fffffffffffffff",
            "5b7fffffffffffffff",
            // Not text.
            "61ff",
            // Twice in a map, or a name that is no name.
            "a2616101616102",
            "a201000101",
            "a1410101",
            "a1f401",
            // Too deep.
            "818181818100",
            "0000",
        ] {
            assert_eq!(read_hex(hex), Err(Flaw), "{hex}");
        }
        assert!(read_hex("8181818100").is_ok());
    }
}
