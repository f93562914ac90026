//! Bounds and merging of user metadata.

use hallpass_model::{Error, Metadata, Result, limits};
use serde_json::Value;

/// Names by which a careless JavaScript merge changes every object of the page.
const REFUSED_NAMES: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// Names that our JSON library keeps for itself: what stands under them would not be read back as it was written.
const RESERVED_PREFIX: &str = "$serde_json::";

/// Objects merge, everything else replaces.
pub(crate) fn merge(into: &mut Metadata, patch: Metadata) {
    for (name, value) in patch {
        match (into.get_mut(&name), value) {
            (Some(Value::Object(inner)), Value::Object(patch)) => merge(inner, patch),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// # Errors
/// `metadata_refused` with the pointer of the first refused name.
pub(crate) fn check_names(metadata: &Metadata) -> Result<()> {
    for (name, value) in metadata {
        let here = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        if REFUSED_NAMES.contains(&name.as_str()) || name.starts_with(RESERVED_PREFIX) {
            return Err(Error::unprocessable(
                "metadata_refused",
                format!("the name {name} is not allowed; use another"),
            )
            .at(here));
        }
        check_names_inside(value).map_err(|error| error.within(&here))?;
    }
    Ok(())
}

/// # Errors
/// `metadata_refused` when it is too large or too deep.
pub(crate) fn check_size(metadata: &Metadata) -> Result<()> {
    let bytes = serde_json::to_vec(metadata).map_err(Error::internal)?.len();
    if bytes > limits::METADATA_BYTES {
        return Err(Error::unprocessable(
            "metadata_refused",
            format!("metadata may have 65536 bytes of JSON; this has {bytes}"),
        )
        .at(""));
    }
    let depth = 1 + metadata.values().map(depth).max().unwrap_or(0);
    if depth > limits::METADATA_DEPTH {
        return Err(Error::unprocessable(
            "metadata_refused",
            format!("metadata may nest 16 deep; this nests {depth}"),
        )
        .at(""));
    }
    Ok(())
}

fn check_names_inside(value: &Value) -> Result<()> {
    match value {
        Value::Object(object) => check_names(object),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            check_names_inside(item).map_err(|error| error.within(&format!("/{index}")))
        }),
        _ => Ok(()),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Metadata {
        match value {
            Value::Object(object) => object,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn objects_merge_and_everything_else_replaces() {
        let mut stored =
            object(json!({ "Name": "Ana", "plan": { "seats": 3, "tags": ["a", "b"] }, "old": 1 }));
        merge(
            &mut stored,
            object(
                json!({ "plan": { "tags": ["c"], "trial": null }, "old": { "x": 1 }, "new": [] }),
            ),
        );
        assert_eq!(
            Value::Object(stored),
            json!({ "Name": "Ana", "plan": { "seats": 3, "tags": ["c"], "trial": null }, "old": { "x": 1 }, "new": [] })
        );
    }

    #[test]
    fn refused_names_are_found_at_any_depth() {
        for (metadata, pointer) in [
            (json!({ "__proto__": 1 }), "/__proto__"),
            (json!({ "a": { "constructor": 1 } }), "/a/constructor"),
            (
                json!({ "a": { "b": 1, "$serde_json::private::RawValue": "[" } }),
                "/a/$serde_json::private::RawValue",
            ),
            (
                json!({ "a/b": [0, { "prototype": 1 }] }),
                "/a~1b/1/prototype",
            ),
        ] {
            let error = check_names(&object(metadata)).unwrap_err();
            assert_eq!(
                (error.code(), error.pointer()),
                ("metadata_refused", Some(pointer))
            );
        }
        assert!(check_names(&object(json!({ "proto": { "Constructor": 1 } }))).is_ok());
    }

    #[test]
    fn sizes_are_bounded_exactly() {
        let fits = object(json!({ "a": "x".repeat(65_536 - 8) }));
        assert!(check_size(&fits).is_ok());
        let mut over = fits;
        over.insert("a".into(), json!("x".repeat(65_536 - 7)));
        assert!(check_size(&over).is_err());
        let nested =
            |levels: usize| object((1..levels).fold(json!({}), |inner, _| json!({ "a": inner })));
        assert!(check_size(&nested(16)).is_ok());
        assert!(check_size(&nested(17)).is_err());
    }
}
