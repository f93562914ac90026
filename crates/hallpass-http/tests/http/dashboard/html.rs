//! A page's text as a browser reads it.

/// The first text between two others.
#[track_caller]
pub fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).expect("an end").0
}

/// The text in the element with this id.
#[track_caller]
pub fn text_of(page: &str, id: &str) -> String {
    let (before, rest) = at(page, id);
    let tag = before.rsplit('<').next().unwrap_or_default();
    let inside = rest.split_once('>').expect("the end of a tag").1;
    let inside = match tag.split(' ').next() {
        // A browser drops the line break that a text area begins with, so one that is not part of the text has to be there.
        Some("textarea") => inside.strip_prefix('\n').expect("a line break"),
        Some("pre") => inside.strip_prefix('\n').unwrap_or(inside),
        _ => inside,
    };
    unescaped(inside.split_once("</").expect("the end of an element").0)
}

/// The value of the input with this id.
#[track_caller]
pub fn value_of(page: &str, id: &str) -> String {
    unescaped(between(at(page, id).1, "value=\"", "\""))
}

#[track_caller]
fn at<'t>(page: &'t str, id: &str) -> (&'t str, &'t str) {
    page.split_once(&format!("id=\"{id}\""))
        .unwrap_or_else(|| panic!("no {id} in {page}"))
}

/// What a browser shows for escaped text. Each entity is read once: `&#38;lt;` is a text about an entity.
pub fn unescaped(html: &str) -> String {
    let mut pieces = html.split('&');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once(';').unwrap_or_default();
        let plain = match name {
            "#38" | "amp" => '&',
            "#60" | "lt" => '<',
            "#62" | "gt" => '>',
            "#34" | "quot" => '"',
            "#39" | "#x27" => '\'',
            _ => {
                text.push('&');
                text.push_str(piece);
                continue;
            }
        };
        text.push(plain);
        text.push_str(rest);
    }
    text
}
