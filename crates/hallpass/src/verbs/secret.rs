//! Showing what is shown once.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::exit::Exit;
use crate::files;
use crate::ui::Ui;

/// A secret that could not be written would be lost: look before asking for it.
pub fn refuse_existing(out: Option<&Path>) -> Result<()> {
    match out {
        Some(out) if out.exists() => Err(Exit::usage(format!("{} exists already", out.display()))),
        _ => Ok(()),
    }
}

/// The secret goes to the file or to stdout, and nowhere else; the rest is a note beside it.
pub fn show(
    made: &Value,
    member: &str,
    noun: &str,
    out: Option<&Path>,
    ui: &Ui,
    card: fn(&Value) -> String,
) -> Result<()> {
    let text = made.get(member).and_then(Value::as_str).unwrap_or_default();
    if let Some(out) = out {
        if let Err(error) = files::create_secret(out, &format!("{text}\n")) {
            ui.note(format!(
                "The {noun} could not be written to the file; here it is, this one time:"
            ));
            ui.line(text);
            return Err(error);
        }
        let mut shown = made.clone();
        if let Some(fields) = shown.as_object_mut() {
            fields.remove(member);
            fields.insert(format!("{noun}_file"), out.display().to_string().into());
        }
        ui.answer(&shown, |made| {
            format!("{}\n\nThe {noun} is in {}.", card(made), out.display())
        });
        return Ok(());
    }
    ui.answer(made, |made| {
        ui.note(format!("{}\n\nThe {noun} follows on stdout.", card(made)));
        text.to_owned()
    });
    Ok(())
}
