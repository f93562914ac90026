//! One layer over the defaults: leaf values by their dotted path, each with its origin.

use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::origin::{Origin, place};
use crate::exit::Exit;

/// A value that a layer sets.
pub struct Setting {
    /// Section and key.
    pub path: Vec<String>,
    pub value: Value,
    pub origin: Origin,
}

/// The settings of a file.
pub fn of_file(path: &Path, text: &str) -> anyhow::Result<Vec<Setting>> {
    let origin_at = |offset| {
        let (line, column) = place(text, offset);
        Origin::File {
            path: path.to_owned(),
            line,
            column,
        }
    };
    let parsed = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        Exit::usage(format!("{}: {}", origin_at(offset), error.message()))
    })?;
    let values: toml::Table =
        toml::from_str(text).map_err(|error| Exit::usage(error.to_string()))?;
    let mut settings = Vec::new();
    collect(
        parsed.get_ref(),
        &values,
        &mut Vec::new(),
        &origin_at,
        &mut settings,
    );
    Ok(settings)
}

/// The settings among the process's variables: `HALLPASS__SECTION__KEY`.
pub fn of_variables(
    variables: impl Iterator<Item = (String, String)>,
    defaults: &toml::Table,
) -> anyhow::Result<Vec<Setting>> {
    let mut settings = Vec::new();
    for (name, text) in variables {
        let Some(rest) = name.strip_prefix("HALLPASS__") else {
            continue;
        };
        let path: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
        let value = match find(defaults, &path) {
            Some(default) => typed(&text, default).map_err(|expected| {
                Exit::usage(format!(
                    "variable {name}: `{}` wants {expected}",
                    path.join(".")
                ))
            })?,
            // Left for the check of unknown keys, which knows what was meant.
            None => Value::String(String::new()),
        };
        settings.push(Setting {
            path,
            value,
            origin: Origin::Variable(name),
        });
    }
    settings.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(settings)
}

/// The value at a path.
pub fn find<'a>(table: &'a toml::Table, path: &[String]) -> Option<&'a Value> {
    let (last, sections) = path.split_last()?;
    let mut table = table;
    for section in sections {
        table = table.get(section)?.as_table()?;
    }
    table.get(last)
}

fn collect(
    parsed: &DeTable<'_>,
    values: &toml::Table,
    path: &mut Vec<String>,
    origin_at: &dyn Fn(usize) -> Origin,
    settings: &mut Vec<Setting>,
) {
    for (key, spanned) in parsed {
        path.push(key.get_ref().to_string());
        match (spanned.get_ref(), values.get(key.get_ref().as_ref())) {
            (DeValue::Table(inner), Some(Value::Table(values))) => {
                collect(inner, values, path, origin_at, settings)
            }
            (_, Some(value)) => {
                let origin = origin_at(key.span().start);
                settings.push(Setting {
                    path: path.clone(),
                    value: value.clone(),
                    origin,
                });
            }
            (_, None) => {}
        }
        path.pop();
    }
}

/// The text of a variable as the type that the default has.
fn typed(text: &str, default: &Value) -> Result<Value, &'static str> {
    match default {
        Value::Integer(_) => text
            .parse()
            .map(Value::Integer)
            .map_err(|_| "a whole number"),
        Value::Boolean(_) => text
            .parse()
            .map(Value::Boolean)
            .map_err(|_| "true or false"),
        Value::Array(_) => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Ok(Value::Array(
                items.map(|item| Value::String(item.to_owned())).collect(),
            ))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}
