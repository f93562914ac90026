//! JSON that means one thing only: no member twice, no unknown members, no array in place of an object, and a pointer to
//! what is wrong.

use std::collections::HashSet;
use std::fmt;

use hallpass_model::Error;
use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::objects_only::ObjectsOnly;

/// How the names begin by which serde_json tells itself that an object stands for something else, raw JSON for one. Read
/// from a body, such an object would become whatever its author wrote behind the name.
const RESERVED_NAMES: &str = "$serde_json::private::";

/// Longest piece of a member's name that a refusal repeats.
const NAME_CHARS: usize = 64;

/// Reads a value. Types refuse unknown members themselves (`deny_unknown_fields`).
///
/// # Errors
/// 400 `malformed_json`, 422 `duplicate_member` or `invalid_body`; the latter two point at the member. No value of the
/// body is ever repeated.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    read_skipping(body, None)
}

/// As [`read`], without a look inside one member of the outermost object.
pub(super) fn read_around<T: DeserializeOwned>(body: &[u8], opaque: &str) -> Result<T, Error> {
    read_skipping(body, Some(opaque))
}

fn read_skipping<T: DeserializeOwned>(body: &[u8], opaque: Option<&str>) -> Result<T, Error> {
    refuse_ambiguity(body, opaque)?;
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(ObjectsOnly(&mut json)).map_err(|error| {
        let pointer = pointer_of(error.path());
        let inner = error.into_inner();
        if inner.is_data() {
            Error::unprocessable("invalid_body", public_message(&inner)).at(pointer)
        } else {
            malformed(&inner)
        }
    })
}

fn refuse_ambiguity(body: &[u8], opaque: Option<&str>) -> Result<(), Error> {
    let mut walk = Walk {
        opaque: opaque.map(|name| format!("/{name}")),
        ..Walk::default()
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    let outcome = Node(&mut walk)
        .deserialize(&mut json)
        .and_then(|()| json.end());
    match (walk.refusal, outcome) {
        (Some(refusal), _) => Err(refusal),
        (None, Err(error)) => Err(malformed(&error)),
        (None, Ok(())) => Ok(()),
    }
}

fn malformed(error: &serde_json::Error) -> Error {
    let message = format!(
        "the body is not JSON (line {}, column {})",
        error.line(),
        error.column()
    );
    Error::invalid_request("malformed_json", message)
}

/// serde's message without the value it complains about, which may be a secret in the wrong place.
fn public_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(&*text, |end| &text[..end]);
    let shows_value = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant ",
    ]
    .iter()
    .any(|start| text.starts_with(start));
    if shows_value {
        return match text.rfind(", expected ") {
            Some(at) => format!("expected {}", &text[at + ", expected ".len()..]),
            None => "not a value that belongs here".into(),
        };
    }
    match text.strip_prefix("unknown field `") {
        Some(rest) => {
            let name = rest.rfind("`, ").map_or(rest, |end| &rest[..end]);
            let shown: String = name.chars().take(NAME_CHARS).collect();
            format!("unknown field `{shown}`")
        }
        None => text.to_owned(),
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars().take(NAME_CHARS) {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

#[derive(Default)]
struct Walk {
    pointer: String,
    refusal: Option<Error>,
    /// The pointer of what is not looked into.
    opaque: Option<String>,
}

/// Walks one value, keeping nothing but the names of the objects it is inside of.
struct Node<'a>(&'a mut Walk);

impl Node<'_> {
    fn below<R>(&mut self, token: &str, descend: impl FnOnce(Node<'_>) -> R) -> R {
        let length = self.0.pointer.len();
        push(&mut self.0.pointer, token);
        let result = descend(Node(self.0));
        self.0.pointer.truncate(length);
        result
    }

    /// Ends the walk; what is returned only stops the parser.
    fn refuse<E: serde::de::Error>(self, code: &'static str, message: &'static str) -> E {
        let refusal = Error::unprocessable(code, message).at(self.0.pointer.clone());
        self.0.refusal = Some(refusal);
        E::custom(message)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.opaque.as_ref() == Some(&self.0.pointer) {
            return IgnoredAny::deserialize(deserializer).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0usize;
        while self
            .below(&index.to_string(), |node| items.next_element_seed(node))?
            .is_some()
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let fault = if seen.contains(&name) {
                Some(("duplicate_member", "an object holds this member twice"))
            } else if name.starts_with(RESERVED_NAMES) {
                Some(("invalid_body", "this name is reserved; use another"))
            } else {
                None
            };
            self.below(&name, |node| match fault {
                Some((code, message)) => Err(node.refuse(code, message)),
                None => members.next_value_seed(node),
            })?;
            seen.insert(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read by serde")]
        inner: Inner,
        #[serde(default)]
        raw: Option<Box<RawValue>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read by serde")]
        number: u32,
    }

    fn refusal(body: &str) -> (&'static str, String, String) {
        let error = read::<Outer>(body.as_bytes()).expect_err("a refusal");
        (
            error.code(),
            error.pointer().unwrap_or("-").to_owned(),
            error.message().to_owned(),
        )
    }

    #[test]
    fn faults_are_pointed_at_and_values_never_repeated() {
        let cases = [
            (
                r#"{"inner":{"number":1},"owner":2}"#,
                "invalid_body",
                "/owner",
                "unknown field `owner`",
            ),
            (
                r#"{"inner":{"number":1,"a/b":2}}"#,
                "invalid_body",
                "/inner/a~1b",
                "unknown field `a/b`",
            ),
            (
                r#"{"inner":{"number":"eyJsecret"}}"#,
                "invalid_body",
                "/inner/number",
                "expected u32",
            ),
            (
                r#"{"inner":{"number":-1}}"#,
                "invalid_body",
                "/inner/number",
                "expected u32",
            ),
            (
                r#"{"inner":{}}"#,
                "invalid_body",
                "/inner",
                "missing field `number`",
            ),
            (
                r#"{"inner":{"number":1},"inner":{}}"#,
                "duplicate_member",
                "/inner",
                "an object holds this member twice",
            ),
            (
                r#"{"inner":{"number":1},"raw":[{"a":1,"\u0061":2}]}"#,
                "duplicate_member",
                "/raw/0/a",
                "an object holds this member twice",
            ),
            (
                r#"{"inner":{"number":1},"raw":[{"a":1,"$serde_json::private::RawValue":"["}]}"#,
                "invalid_body",
                "/raw/0/$serde_json::private::RawValue",
                "this name is reserved; use another",
            ),
            (
                r#"{"inner":[1]}"#,
                "invalid_body",
                "/inner",
                "expected an object",
            ),
            (
                r#"[{"number":1},null]"#,
                "invalid_body",
                "",
                "expected an object",
            ),
            (
                "{",
                "malformed_json",
                "-",
                "the body is not JSON (line 1, column 1)",
            ),
            (
                r#"{"inner":{"number":1}} x"#,
                "malformed_json",
                "-",
                "the body is not JSON (line 1, column 24)",
            ),
        ];
        for (body, code, pointer, message) in cases {
            assert_eq!(
                refusal(body),
                (code, pointer.to_owned(), message.to_owned()),
                "{body}"
            );
        }
    }

    #[test]
    fn an_opaque_member_is_left_to_its_own_parser() {
        let body = br#"{"inner":{"number":1},"raw":{"a":1,"a":2}}"#;
        let read: Outer = read_around(body, "raw").expect("valid");
        assert_eq!(read.raw.expect("present").get(), r#"{"a":1,"a":2}"#);
        let twice = br#"{"inner":{"number":1},"raw":1,"raw":2}"#;
        let error = read_around::<Outer>(twice, "raw").expect_err("twice");
        assert_eq!(error.code(), "duplicate_member");
    }

    #[test]
    fn raw_values_survive_and_deep_nesting_is_refused() {
        let read = read::<Outer>(br#"{"inner":{"number":1},"raw":{"b":1,"a":[1.50]}}"#);
        let raw = read.expect("valid").raw.expect("present");
        assert_eq!(raw.get(), r#"{"b":1,"a":[1.50]}"#);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(refusal(&deep).0, "malformed_json");
    }
}
