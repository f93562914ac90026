//! Fields of a form, shown all in one way: label, control, hint, and what is wrong with what was typed.

use hallpass_model::Error;
use serde_json::Value;

use crate::form::Form;

/// A field before anything is in it.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    /// As the admin API calls it, and the form.
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) control: Control,
    /// Few need it.
    pub(super) is_rare: bool,
}

/// How it is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// One line of text; nothing is `null`.
    Line,
    /// A list, one entry per line.
    Lines,
    /// JSON; nothing is `null`.
    Json,
    /// A box to tick.
    Check,
}

/// A field with its content.
pub(super) struct Field {
    pub(super) spec: Spec,
    pub(super) value: String,
    pub(super) trouble: Option<String>,
    /// One of its entries cannot stand on a line.
    pub(super) is_locked: bool,
}

impl Field {
    /// The field with what a member holds.
    pub(super) fn holding(spec: Spec, member: &Value) -> Self {
        let value = match (spec.control, member) {
            (_, Value::Null) | (Control::Check, Value::Bool(false)) => String::new(),
            (Control::Check, _) => "yes".to_owned(),
            (Control::Lines, Value::Array(entries)) => {
                let texts: Vec<&str> = entries.iter().filter_map(Value::as_str).collect();
                texts.join("\n")
            }
            (Control::Line, Value::String(text)) => text.clone(),
            (_, other) => format!("{other:#}"),
        };
        let breaks = |entry: &Value| entry.as_str().is_some_and(|it| it.contains(['\n', '\r']));
        let entries = member.as_array().into_iter().flatten();
        Self {
            spec,
            value,
            trouble: None,
            is_locked: spec.control == Control::Lines && entries.into_iter().any(breaks),
        }
    }

    /// The field with what was typed. Browsers send lines as HTTP has them; they are kept as we show them.
    pub(super) fn typed(spec: Spec, form: &Form) -> Self {
        let typed = form.get(spec.name).unwrap_or_default();
        Self {
            spec,
            value: typed.replace("\r\n", "\n"),
            trouble: None,
            is_locked: false,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.spec.name
    }

    /// Whether a form has it. Browsers leave out what is disabled, and boxes that are not ticked: those say no.
    pub(super) fn is_in(&self, form: &Form) -> bool {
        self.is_check() || times(form, self.name()) > 0
    }

    pub(super) fn is_check(&self) -> bool {
        self.spec.control == Control::Check
    }

    pub(super) fn is_line(&self) -> bool {
        self.spec.control == Control::Line
    }

    pub(super) fn is_filled(&self) -> bool {
        !self.value.is_empty()
    }

    /// Whether something is written below the control.
    pub(super) fn has_notes(&self) -> bool {
        !self.spec.hint.is_empty() || self.trouble.is_some()
    }

    /// The ids of what is written there.
    pub(super) fn notes(&self) -> String {
        let hint = (!self.spec.hint.is_empty()).then(|| format!("{}-hint", self.name()));
        let trouble = self
            .trouble
            .as_ref()
            .map(|_| format!("{}-error", self.name()));
        let notes: Vec<String> = hint.into_iter().chain(trouble).collect();
        notes.join(" ")
    }

    /// Entries of a list as they stand on their lines; what is between two lines is nobody's.
    pub(super) fn entries(&self) -> Vec<&str> {
        self.value
            .split('\n')
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// How a value is shown beside another one.
    pub(super) fn summary(&self) -> &str {
        match (self.is_check(), self.is_filled()) {
            (true, true) => "yes",
            (true, false) => "no",
            (false, true) => &self.value,
            (false, false) => "(nothing)",
        }
    }
}

/// # Errors
/// 422 `form_incomplete`: a field that is there twice says nothing, which is not the same as leaving it empty.
pub(super) fn require_single(form: &Form, fields: &[Field]) -> Result<(), Error> {
    let is_single = |field: &Field| times(form, field.name()) < 2;
    if fields.iter().all(is_single) {
        Ok(())
    } else {
        Err(super::incomplete())
    }
}

fn times(form: &Form, name: &str) -> usize {
    let fields = form.fields().iter();
    fields.filter(|(field, _)| field == name).count()
}

/// A value that changed under the hands of whoever typed another one.
pub(super) struct Difference {
    pub(super) label: &'static str,
    /// What it is now.
    pub(super) present: String,
}

/// Where typed fields differ from the present ones.
pub(super) fn differences(typed: &[Field], present: &[Field]) -> Vec<Difference> {
    let pairs = typed.iter().zip(present);
    pairs
        .filter(|(typed, present)| typed.value != present.value)
        .map(|(_, present)| Difference {
            label: present.spec.label,
            present: present.summary().to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(control: Control) -> Spec {
        Spec {
            name: "name",
            label: "Name",
            hint: "",
            control,
            is_rare: false,
        }
    }

    #[test]
    fn a_member_is_shown_as_its_control_takes_it() {
        for (control, member, value) in [
            (Control::Line, json!("a b"), "a b"),
            (Control::Line, json!(null), ""),
            (Control::Lines, json!(["a", " b "]), "a\n b "),
            (Control::Check, json!(true), "yes"),
            (Control::Check, json!(false), ""),
            (
                Control::Json,
                json!([{ "a": 1 }]),
                "[\n  {\n    \"a\": 1\n  }\n]",
            ),
        ] {
            assert_eq!(Field::holding(spec(control), &member).value, value);
        }
        let lines = Field::holding(spec(Control::Lines), &json!(["a", " b "]));
        assert_eq!(lines.entries(), ["a", " b "]);
    }
}
