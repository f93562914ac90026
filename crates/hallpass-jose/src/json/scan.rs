//! The scanner: grammar, nesting and repeated names in one pass.

use std::borrow::Cow;
use std::collections::HashSet;

use super::string::{decode, escape};
use super::{Flaw, MAX_NESTING};

/// Up to here repeated names are found by looking through the list, beyond it by a hash set.
const LINEAR_NAMES: usize = 16;

/// Where one member of an object stands in the scanned text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    name: Span,
    name_escaped: bool,
    value: Span,
}

impl Member {
    /// The name with its escapes decoded. `text` must be the text that was scanned.
    pub(crate) fn name<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let raw = self.name.of(text);
        if self.name_escaped {
            decode(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
        } else {
            Cow::Borrowed(raw)
        }
    }

    /// The exact JSON text of the value, without surrounding white space. `text` must be the text that was scanned.
    pub(crate) fn value<'t>(&self, text: &'t str) -> &'t str {
        self.value.of(text)
    }
}

/// Checks that `text` is one JSON object and gives its members in order.
pub(crate) fn scan_object(text: &str) -> Result<Vec<Member>, Flaw> {
    let mut scanner = Scanner::new(text)?;
    let mut members = Vec::with_capacity(8);
    scanner.skip_space();
    if scanner.peek() != Some(b'{') {
        return Err(Flaw::Syntax);
    }
    scanner.object(1, Some(&mut members))?;
    scanner.end()?;
    Ok(members)
}

/// The texts of the elements of a JSON array, at most `limit + 1` of them.
pub(crate) fn elements(text: &str, limit: usize) -> Result<Vec<&str>, Flaw> {
    let mut scanner = Scanner::new(text)?;
    let mut found = Vec::new();
    scanner.skip_space();
    scanner.expect(b'[')?;
    scanner.skip_space();
    if scanner.take(b']') {
        scanner.end()?;
        return Ok(found);
    }
    loop {
        scanner.skip_space();
        let start = scanner.at;
        scanner.value(2)?;
        found.push(scanner.since(start)?.of(text));
        if found.len() > limit {
            return Ok(found);
        }
        scanner.skip_space();
        if !scanner.take(b',') {
            break;
        }
    }
    scanner.expect(b']')?;
    scanner.end()?;
    Ok(found)
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Both ends stand beside ASCII characters, so within its own text a span always cuts between characters.
    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// Names seen in the objects that are open, innermost last.
    names: Vec<Cow<'t, str>>,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Result<Self, Flaw> {
        // Spans are 32 bits wide; every caller caps its input far below that.
        if u32::try_from(text.len()).is_err() {
            return Err(Flaw::Syntax);
        }
        Ok(Self {
            text,
            at: 0,
            names: Vec::with_capacity(16),
        })
    }

    fn value(&mut self, depth: usize) -> Result<(), Flaw> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.object(depth, None),
            Some(b'[') => self.array(depth),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => Err(Flaw::Syntax),
        }
    }

    fn object(&mut self, depth: usize, mut members: Option<&mut Vec<Member>>) -> Result<(), Flaw> {
        if depth > MAX_NESTING {
            return Err(Flaw::TooDeep);
        }
        self.expect(b'{')?;
        self.skip_space();
        if self.take(b'}') {
            return Ok(());
        }
        let first_name = self.names.len();
        let mut many = None;
        loop {
            self.skip_space();
            let (name, name_escaped) = self.string()?;
            self.note_name(name, name_escaped, first_name, &mut many)?;
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            let start = self.at;
            self.value(depth + 1)?;
            if let Some(members) = members.as_deref_mut() {
                members.push(Member {
                    name,
                    name_escaped,
                    value: self.since(start)?,
                });
            }
            self.skip_space();
            if !self.take(b',') {
                break;
            }
        }
        self.names.truncate(first_name);
        self.expect(b'}')
    }

    fn array(&mut self, depth: usize) -> Result<(), Flaw> {
        if depth > MAX_NESTING {
            return Err(Flaw::TooDeep);
        }
        self.expect(b'[')?;
        self.skip_space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.skip_space();
            self.value(depth + 1)?;
            self.skip_space();
            if !self.take(b',') {
                break;
            }
        }
        self.expect(b']')
    }

    /// Refuses a name that the current object already has.
    fn note_name(
        &mut self,
        span: Span,
        escaped: bool,
        first: usize,
        many: &mut Option<HashSet<Cow<'t, str>>>,
    ) -> Result<(), Flaw> {
        let raw = span.of(self.text);
        let name = if escaped {
            Cow::Owned(decode(raw).ok_or(Flaw::Syntax)?)
        } else {
            Cow::Borrowed(raw)
        };
        let seen = self.names.get(first..).unwrap_or_default();
        if seen.len() < LINEAR_NAMES {
            if seen.contains(&name) {
                return Err(Flaw::DuplicateMember);
            }
            self.names.push(name);
            return Ok(());
        }
        let many = many.get_or_insert_with(|| {
            let mut names = HashSet::with_capacity(4 * LINEAR_NAMES);
            names.extend(seen.iter().cloned());
            names
        });
        if many.insert(name) {
            Ok(())
        } else {
            Err(Flaw::DuplicateMember)
        }
    }

    /// A string; gives what stands between the quotes and whether it holds escapes.
    fn string(&mut self) -> Result<(Span, bool), Flaw> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_prefix(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    let span = self.since(start)?;
                    self.at += 1;
                    return Ok((span, escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    let rest = self.rest();
                    let (_, after) = escape(rest).ok_or(Flaw::Syntax)?;
                    self.at += rest.len() - after.len();
                }
                _ => return Err(Flaw::Syntax),
            }
        }
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn number(&mut self) -> Result<(), Flaw> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Flaw> {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        if count > 0 { Ok(()) } else { Err(Flaw::Syntax) }
    }

    fn literal(&mut self, word: &str) -> Result<(), Flaw> {
        if !self.rest().starts_with(word) {
            return Err(Flaw::Syntax);
        }
        self.at += word.len();
        Ok(())
    }

    fn end(&mut self) -> Result<(), Flaw> {
        self.skip_space();
        if self.peek().is_none() {
            Ok(())
        } else {
            Err(Flaw::Syntax)
        }
    }

    fn since(&self, start: usize) -> Result<Span, Flaw> {
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(self.at)) else {
            return Err(Flaw::Syntax);
        };
        Ok(Span { start, end })
    }

    /// `at` only ever steps over ASCII characters or whole strings, so it stands on a character boundary.
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Flaw> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(Flaw::Syntax)
        }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }
}

/// How many bytes stand before the first one that a string cannot simply contain: quote, backslash, control.
fn plain_prefix(bytes: &[u8]) -> usize {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut count = 0;
    for chunk in chunks {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return count + special.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1F);
    count + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// Eight bytes at once: the top bit of every special byte is set, and of no byte before the first special one.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES * 0x80;
    // Subtracting borrows only out of bytes that are smaller; a borrow can spoil later bytes, never earlier ones.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & TOPS
}
