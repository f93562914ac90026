//! Just enough JSON (RFC 8259) to read a claim: strings borrowed where possible, no recursion, no values.

use std::borrow::Cow;

/// A place in the text.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// The text is not JSON here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxFault {
    pub(crate) offset: usize,
    pub(crate) expected: &'static str,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Cursor<'a> {
        Cursor { text, at: 0 }
    }

    pub(crate) fn remaining(&self) -> usize {
        self.text.len().saturating_sub(self.at)
    }

    /// The next byte that is no white space, not consumed; 0 at the end of the text.
    pub(crate) fn peek(&mut self) -> u8 {
        loop {
            match self.byte() {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                other => return other,
            }
        }
    }

    /// Consumes `wanted` if it comes next.
    pub(crate) fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == wanted;
        if found {
            self.at += 1;
        }
        found
    }

    pub(crate) fn expect(&mut self, wanted: u8, name: &'static str) -> Result<(), SyntaxFault> {
        if self.eat(wanted) {
            Ok(())
        } else {
            Err(self.fault(name))
        }
    }

    /// Consumes a word such as `true`.
    pub(crate) fn literal(&mut self, word: &'static str) -> Result<(), SyntaxFault> {
        match self.text.get(self.at..) {
            Some(rest) if rest.starts_with(word) => {
                self.at += word.len();
                Ok(())
            }
            _ => Err(self.fault(word)),
        }
    }

    pub(crate) fn end(&mut self) -> Result<(), SyntaxFault> {
        self.peek();
        if self.remaining() == 0 {
            Ok(())
        } else {
            Err(self.fault("the end of the text"))
        }
    }

    /// Consumes a string and gives its content with escapes resolved.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, SyntaxFault> {
        self.expect(b'"', "a string")?;
        let plain = self.plain()?;
        if self.byte() == b'"' {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        let mut content = plain.to_owned();
        while self.byte() == b'\\' {
            self.at += 1;
            content.push(self.escape()?);
            content.push_str(self.plain()?);
        }
        self.at += 1;
        Ok(Cow::Owned(content))
    }

    /// What kind of value begins here, for messages.
    pub(crate) fn value_kind(&mut self) -> Result<&'static str, SyntaxFault> {
        match self.peek() {
            b'{' => Ok("an object"),
            b'[' => Ok("an array"),
            b'"' => Ok("a string"),
            b't' | b'f' => Ok("a boolean"),
            b'n' => Ok("null"),
            b'-' | b'0'..=b'9' => Ok("a number"),
            _ => Err(self.fault("a value")),
        }
    }

    pub(crate) fn fault(&self, expected: &'static str) -> SyntaxFault {
        SyntaxFault {
            offset: self.at,
            expected,
        }
    }

    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// The run up to the next quote or backslash; afterwards one of the two is next.
    fn plain(&mut self) -> Result<&'a str, SyntaxFault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let special = rest
            .bytes()
            .position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20);
        let length = special.unwrap_or(rest.len());
        self.at += length;
        if matches!(self.byte(), b'"' | b'\\') {
            Ok(rest.get(..length).unwrap_or_default())
        } else {
            Err(self.fault("the end of the string, control characters escaped"))
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxFault> {
        let character = match self.byte() {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.fault("an escape")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, SyntaxFault> {
        const HALF: &str = "a surrogate pair";
        let first = self.four_digits()?;
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        if first > 0xdbff || self.byte() != b'\\' {
            return Err(self.fault(HALF));
        }
        self.at += 1;
        if self.byte() != b'u' {
            return Err(self.fault(HALF));
        }
        self.at += 1;
        let second = self.four_digits()?;
        if !(0xdc00..=0xdfff).contains(&second) {
            return Err(self.fault(HALF));
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .ok_or_else(|| self.fault(HALF))
    }

    fn four_digits(&mut self) -> Result<u32, SyntaxFault> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = char::from(self.byte())
                .to_digit(16)
                .ok_or_else(|| self.fault("four hex digits"))?;
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }
}
