//! The scanner against examples and against an obvious slow reader built on `serde_json`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Flaw, MAX_NESTING, elements, scan_object};

fn names_and_values(text: &str) -> Result<Vec<(String, &str)>, Flaw> {
    let members = scan_object(text)?;
    Ok(members
        .iter()
        .map(|member| (member.name(text).into_owned(), member.value(text)))
        .collect())
}

#[test]
fn gives_the_members_in_order_with_their_exact_text() {
    let text = " {\"a\" : 1.50 ,\n\"\\u0062\":[ 1, {\"x\":null} ],\t\"c\":\"q\\\"\",\"\":{} }\r\n";
    let expected = [
        ("a", "1.50"),
        ("b", "[ 1, {\"x\":null} ]"),
        ("c", "\"q\\\"\""),
        ("", "{}"),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    assert_eq!(names_and_values(text), Ok(expected.to_vec()));
    assert_eq!(names_and_values("{}"), Ok(vec![]));
}

#[test]
fn refuses_what_is_not_one_object() {
    for text in [
        "",
        " ",
        "null",
        "1",
        "\"a\"",
        "[]",
        "[{}]",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{},",
        "\u{feff}{}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":--1}",
        "{\"a\":-}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":tru}",
        "{\"a\":nulll}",
        "{\"a\":True}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\u{0}\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"b}",
        "{\"a\":1}/**/",
        "{\"a\":1//x\n}",
        "{\"\\ud800\":1}",
        "{\"a\":\u{a0}1}",
    ] {
        assert_eq!(names_and_values(text), Err(Flaw::Syntax), "{text:?}");
    }
}

#[test]
fn refuses_repeated_names_at_every_level() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"b":{"a":1,"a":2}}"#,
        r#"{"b":[0,{"c":{"/":1,"\/":2}}]}"#,
        r#"{"":1,"":2}"#,
        r#"{"é":1,"\u00e9":2}"#,
        r#"{"😀":1,"\uD83D\ude00":2}"#,
    ] {
        assert_eq!(names_and_values(text), Err(Flaw::DuplicateMember), "{text}");
    }
    let accepted = r#"{"a":{"a":{"a":1},"b":1},"b":[{"a":1},{"a":1}],"A":1}"#;
    assert!(names_and_values(accepted).is_ok());
}

#[test]
fn refuses_a_repeated_name_wherever_it_stands_among_many() {
    for count in [15usize, 16, 17, 18, 100] {
        let members = |names: &[String]| {
            names
                .iter()
                .map(|name| format!("\"{name}\":0"))
                .collect::<Vec<_>>()
                .join(",")
        };
        let mut names: Vec<String> = (0..count).map(|number| format!("n{number}")).collect();
        assert_eq!(
            names_and_values(&format!("{{{}}}", members(&names))).map(|found| found.len()),
            Ok(count)
        );
        for repeated in [0, 1, 14, count / 2, count - 1] {
            names.push(format!("n{repeated}"));
            let object = format!("{{{}}}", members(&names));
            assert_eq!(
                names_and_values(&object),
                Err(Flaw::DuplicateMember),
                "{count} {repeated}"
            );
            assert_eq!(
                names_and_values(&format!("{{\"x\":{object}}}")),
                Err(Flaw::DuplicateMember),
                "{count} {repeated}"
            );
            names.pop();
        }
    }
}

#[test]
fn nesting_is_limited_and_counted_from_the_outermost() {
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let nested = |levels: usize| {
            format!(
                "{{\"a\":{}0{}}}",
                open.repeat(levels - 1),
                close.repeat(levels - 1)
            )
        };
        assert!(names_and_values(&nested(MAX_NESTING)).is_ok(), "{open}");
        assert_eq!(
            names_and_values(&nested(MAX_NESTING + 1)),
            Err(Flaw::TooDeep),
            "{open}"
        );
        assert_eq!(
            names_and_values(&open.repeat(100_000)),
            Err(if open == "[" {
                Flaw::Syntax
            } else {
                Flaw::TooDeep
            })
        );
    }
}

#[test]
fn elements_are_split_and_counted() {
    assert_eq!(
        elements(" [ 1 , [2,3] ,\"a,b\" ] ", 3),
        Ok(vec!["1", "[2,3]", "\"a,b\""])
    );
    assert_eq!(elements("[]", 3), Ok(vec![]));
    assert_eq!(elements("[1,2,3,4,5,6]", 3).map(|found| found.len()), Ok(4));
    for text in ["", "1", "{}", "[", "[1", "[1,", "[1,]", "[1]]", "[1] 2"] {
        assert_eq!(elements(text, 3), Err(Flaw::Syntax), "{text}");
    }
}

/// An object as `serde_json` sees it, every member kept, repeated or not.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// Whether the text is strict JSON, and if not by which rule first: grammar before the other two.
fn reference(text: &str, depth: usize) -> Result<(), Flaw> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    match text.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(|_| Flaw::Syntax)?;
            let distinct: BTreeMap<_, _> =
                members.iter().map(|(name, value)| (name, value)).collect();
            members
                .iter()
                .try_for_each(|(_, value)| reference(value.get(), depth + 1))?;
            if depth > MAX_NESTING {
                return Err(Flaw::TooDeep);
            }
            if distinct.len() == members.len() {
                Ok(())
            } else {
                Err(Flaw::DuplicateMember)
            }
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| Flaw::Syntax)?;
            values
                .iter()
                .try_for_each(|value| reference(value.get(), depth + 1))?;
            if depth > MAX_NESTING {
                Err(Flaw::TooDeep)
            } else {
                Ok(())
            }
        }
        Some(b'"') => serde_json::from_str::<String>(text)
            .map(|_| ())
            .map_err(|_| Flaw::Syntax),
        _ => serde_json::from_str::<&RawValue>(text)
            .map(|_| ())
            .map_err(|_| Flaw::Syntax),
    }
}

fn agree(text: &str) -> Result<(), TestCaseError> {
    let is_object = text
        .trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{');
    let expected = if is_object {
        reference(text, 1)
    } else {
        Err(Flaw::Syntax)
    };
    let found = scan_object(text).map(|_| ());
    // Both must agree on acceptance. A text with several flaws may be refused for either.
    prop_assert_eq!(
        found.is_ok(),
        expected.is_ok(),
        "{:?}: {:?} and {:?}",
        text,
        found,
        expected
    );
    Ok(())
}

/// JSON values with few different names, so that some repeat.
fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,4})?",
        "\"[a-c\\\\/un0-9]{0,6}\"",
        ".{0,6}".prop_map(|text| serde_json::to_string(&text).unwrap_or_default()),
    ];
    leaf.prop_recursive(6, 60, 5, |inner| {
        let name = prop_oneof![3 => "[a-f]", 1 => "\\\\u006[1-6]", 1 => "[a-z]{2,5}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|values| format!("[{}]", values.join(" ,"))),
            prop::collection::vec((name, inner), 0..5).prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\": {value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn agrees_on_values(value in json_text()) {
        agree(&value)?;
        agree(&format!("{{\"x\":{value}}}"))?;
    }

    #[test]
    fn agrees_on_texts_of_json_characters(text in r#"[{}\[\]":,\\0-9eE+.a-fnrtu \n-]{0,24}"#) {
        agree(&text)?;
        agree(&format!("{{\"x\":{text}}}"))?;
        agree(&format!("{{\"{text}\":1}}"))?;
    }

    #[test]
    fn agrees_on_values_with_one_change(value in json_text(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut characters: Vec<char> = format!("{{\"x\":{value}}}").chars().collect();
        let at = at.index(characters.len());
        if let Some(place) = characters.get_mut(at) {
            *place = with;
        }
        agree(&characters.iter().collect::<String>())?;
        characters.remove(at);
        agree(&characters.iter().collect::<String>())?;
    }

    #[test]
    fn decodes_names_and_strings_as_the_reference_does(texts in prop::collection::btree_map(".{0,12}", ".{0,12}", 0..24)) {
        let text = serde_json::to_string(&texts).unwrap_or_default();
        let found = names_and_values(&text);
        prop_assert!(found.is_ok());
        for ((name, value), (expected_name, expected)) in found.unwrap_or_default().iter().zip(&texts) {
            prop_assert_eq!(name, expected_name);
            let value = super::string_value(value);
            prop_assert_eq!(value.as_deref(), Some(expected.as_str()));
        }
    }
}
