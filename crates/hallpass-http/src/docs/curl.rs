use serde_json::{Map, Value, json};

/// A line that calls an operation. Names in capitals are those of the demo's environment file.
pub(super) fn line(
    document: &Value,
    method: &str,
    path: &str,
    operation: &Value,
    url: Option<&str>,
) -> String {
    let mut line = String::from("curl -s");
    if method != "get" {
        line.push_str(&format!(" -X {}", method.to_uppercase()));
    }
    let url = url.unwrap_or("$HALLPASS_URL");
    line.push_str(&format!(" \"{url}{}\"", filled(path)));
    match operation["security"][0]
        .as_object()
        .and_then(|scheme| scheme.keys().next())
    {
        Some(scheme) if scheme == "operator_key" => {
            line.push_str(" -H \"Authorization: Bearer $HALLPASS_OPERATOR_KEY\"");
        }
        Some(_) => line.push_str(" -H \"Authorization: Bearer $HALLPASS_USER_TOKEN\""),
        None => {}
    }
    let body = &operation["requestBody"]["content"]["application/json"];
    if !body.is_null() {
        let example = match &body["example"] {
            Value::Null => example(document, &body["schema"], 0),
            given => given.clone(),
        };
        let example = example.to_string().replace('\'', "'\\''");
        line.push_str(&format!(
            " -H 'Content-Type: application/json' -d '{example}'"
        ));
    }
    line
}

fn filled(path: &str) -> String {
    path.replace("{environment}", "$HALLPASS_SANDBOX_ID")
        .replace("{project}", "$HALLPASS_PROJECT_ID")
        .replace("{sub}", "user-1")
        .replace("{kid}", "$KID")
        .replace("{provider}", "$PROVIDER_ID")
        .replace("{operator}", "$OPERATOR_ID")
        .replace("{key}", "$KEY_ID")
}

/// A value that fits a schema: its example, or its required members.
fn example(document: &Value, schema: &Value, depth: usize) -> Value {
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    if !schema["default"].is_null() {
        return schema["default"].clone();
    }
    let schema = resolve(document, schema);
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    if depth > 3 {
        return Value::Null;
    }
    if let Some(properties) = schema["properties"].as_object() {
        let required: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let chosen = properties.iter().filter(|(name, member)| {
            required.contains(&name.as_str()) || !member["default"].is_null()
        });
        let members =
            chosen.map(|(name, member)| (name.clone(), example(document, member, depth + 1)));
        return Value::Object(Map::from_iter(members));
    }
    match schema["type"].as_str() {
        Some("string") => json!("..."),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        _ => json!({}),
    }
}

/// The schema that a reference points at.
pub(super) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'))
    {
        Some(pointer) => document.pointer(pointer).unwrap_or(schema),
        None => schema,
    }
}
