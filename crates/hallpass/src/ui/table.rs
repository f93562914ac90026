use std::io::IsTerminal as _;

use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table as Inner, presets};
use hallpass_core::{Clock as _, SystemClock};
use serde_json::Value;

use super::{Paint, printable, time};

/// A table for people. On a terminal it fits the width; into a pipe every row stays one line.
pub struct Table {
    inner: Inner,
}

/// A column filled from the rows of an answer.
pub struct Column {
    title: &'static str,
    pointer: &'static str,
    show: fn(&Value) -> String,
    tone: fn(&Value) -> Tone,
    whole: bool,
}

/// What a cell's colour says; none without a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
}

impl Column {
    /// A text or number as it is.
    pub const fn text(title: &'static str, pointer: &'static str) -> Self {
        Self {
            title,
            pointer,
            show: plain,
            tone: untoned,
            whole: false,
        }
    }

    /// Something to copy: never broken over lines.
    pub const fn id(title: &'static str, pointer: &'static str) -> Self {
        Self {
            title,
            pointer,
            show: plain,
            tone: untoned,
            whole: true,
        }
    }

    /// A moment, as date and time.
    pub const fn time(title: &'static str, pointer: &'static str) -> Self {
        Self {
            title,
            pointer,
            show: moment,
            tone: untoned,
            whole: false,
        }
    }

    /// A moment by its distance from now, where there is little room.
    pub const fn ago(title: &'static str, pointer: &'static str) -> Self {
        Self {
            title,
            pointer,
            show: distance,
            tone: untoned,
            whole: false,
        }
    }

    /// Shown by a function of the value.
    pub const fn with(
        title: &'static str,
        pointer: &'static str,
        show: fn(&Value) -> String,
    ) -> Self {
        Self {
            title,
            pointer,
            show,
            tone: untoned,
            whole: false,
        }
    }

    /// Coloured by a function of the value.
    pub const fn toned(mut self, tone: fn(&Value) -> Tone) -> Self {
        self.tone = tone;
        self
    }
}

impl Table {
    /// A table with these headings.
    pub fn new(titles: &[&str]) -> Self {
        let mut inner = Inner::new();
        inner
            .load_style(presets::NOTHING)
            .set_header(titles.to_vec());
        let on_terminal = std::io::stdout().is_terminal();
        inner.set_content_arrangement(if on_terminal {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        });
        Self { inner }
    }

    /// One more row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) -> &mut Self {
        self.inner.add_row(cells.into_iter().collect::<Vec<_>>());
        self
    }

    /// A table of a list's `items`, or `none` when there are no rows.
    pub fn of(list: &Value, columns: &[Column], none: &str) -> String {
        let items = list
            .get("items")
            .or(Some(list))
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if items.is_empty() {
            return none.to_owned();
        }
        let titles: Vec<_> = columns.iter().map(|column| column.title).collect();
        let mut table = Self::new(&titles);
        let coloured = Paint::wanted();
        for item in items {
            let cells = columns.iter().map(|column| {
                let value = item.pointer(column.pointer).unwrap_or(&Value::Null);
                let cell = Cell::new((column.show)(value));
                match (column.tone)(value).color().filter(|_| coloured) {
                    Some(color) => cell.fg(color),
                    None => cell,
                }
            });
            table.inner.add_row(cells.collect::<Vec<_>>());
        }
        for (index, _) in columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.whole)
        {
            if let Some(column) = table.inner.column_mut(index) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        let more = list
            .get("next")
            .and_then(Value::as_str)
            .map(|next| format!("\nmore: --after {next}"));
        format!("{table}{}", more.unwrap_or_default())
    }

    /// One thing, a line per column.
    pub fn card(thing: &Value, columns: &[Column]) -> String {
        lines(thing, &columns.iter().collect::<Vec<_>>())
    }

    /// One thing, a line per column that it has a value for.
    pub fn card_of_present(thing: &Value, columns: &[Column]) -> String {
        let present = columns.iter().filter(|column| {
            let value = thing.pointer(column.pointer);
            value.is_some_and(|value| !value.is_null())
        });
        lines(thing, &present.collect::<Vec<_>>())
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, line) in self.inner.lines().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            // The preset without borders still pads the left edge.
            let line = line.strip_prefix(' ').unwrap_or(&line);
            write!(f, "{separator}{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn lines(thing: &Value, columns: &[&Column]) -> String {
    let paint = Paint::new(Paint::wanted());
    let widths = columns.iter().map(|column| column.title.len());
    let width = widths.max().unwrap_or_default();
    let lines = columns.iter().map(|column| {
        let value = thing.pointer(column.pointer).unwrap_or(&Value::Null);
        let shown = (column.tone)(value).painted(paint, &(column.show)(value));
        format!("{:width$}  {shown}", column.title)
    });
    lines.collect::<Vec<_>>().join("\n")
}

const fn untoned(_: &Value) -> Tone {
    Tone::Plain
}

impl Tone {
    const fn color(self) -> Option<Color> {
        match self {
            Self::Plain => None,
            Self::Good => Some(Color::DarkGreen),
            Self::Warn => Some(Color::DarkYellow),
            Self::Bad => Some(Color::DarkRed),
        }
    }

    fn painted(self, paint: Paint, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Good => paint.good(text),
            Self::Warn => paint.warn(text),
            Self::Bad => paint.bad(text),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn moment(value: &Value) -> String {
    time::moment_of(value).map_or_else(|| "-".to_owned(), time::moment)
}

fn distance(value: &Value) -> String {
    let now = SystemClock::start().now();
    time::moment_of(value).map_or_else(|| "-".to_owned(), |at| time::ago(at, now))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Column, Table};

    #[test]
    fn rows_come_from_the_answer() {
        let list =
            json!({"items": [{"id": "a", "n": 1, "at": null}, {"id": "bb", "n": 20}], "next": "c"});
        let columns = [
            Column::id("ID", "/id"),
            Column::text("COUNT", "/n"),
            Column::time("AT", "/at"),
        ];
        assert_eq!(
            Table::of(&list, &columns, "none"),
            "ID  COUNT  AT\na   1      -\nbb  20     -\nmore: --after c"
        );
        assert_eq!(Table::of(&json!({"items": []}), &columns, "none"), "none");
    }

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        let list = json!([{"id": "a\u{1b}[2J"}]);
        assert!(!Table::of(&list, &[Column::text("ID", "/id")], "").contains('\u{1b}'));
    }
}
