//! The life of keys as a picture. Pure: keys and a time in, places of bars out; the template draws them.
//!
//! What a bar says by its colour it says by its height and its word too, and the table below the picture says it all.

use std::collections::BTreeMap;

use hallpass_model::{IssuerKey, IssuerKeyState, Timestamp};

use crate::dashboard::words::utc;

const LEFT: i64 = 132;
const RIGHT: i64 = 748;
pub(super) const WIDTH: i64 = 760;
const TOP: i64 = 34;
const ROW: i64 = 30;
const HEADING: i64 = 26;
/// A bar that nobody would see is drawn this wide.
const NARROWEST: i64 = 4;
/// The width from which a bar holds its word.
const WORDY: i64 = 62;

/// Keys of one index that are over and are drawn all the same.
const OVER: usize = 3;
/// Keys that are drawn at most.
const MOST: usize = 40;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// What two marks of the axis may be apart.
const STEPS: [i64; 20] = [
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    5 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    60 * DAY,
    90 * DAY,
    180 * DAY,
    365 * DAY,
    3650 * DAY,
];
const MARKS: i64 = 6;

pub(super) struct Picture {
    pub(super) height: i64,
    /// Where "now" is.
    pub(super) now: i64,
    pub(super) marks: Vec<Mark>,
    pub(super) headings: Vec<Heading>,
    pub(super) rows: Vec<Row>,
    /// The same in words.
    pub(super) description: String,
    /// Keys that are left to the table.
    pub(super) has_more: bool,
}

pub(super) struct Mark {
    pub(super) x: i64,
    pub(super) label: String,
}

pub(super) struct Heading {
    pub(super) y: i64,
    pub(super) key_index: u32,
}

pub(super) struct Row {
    /// The middle of the row.
    pub(super) y: i64,
    pub(super) label: String,
    pub(super) bars: Vec<Bar>,
    /// Where it was withdrawn.
    pub(super) cross: Option<i64>,
    /// Where a bar without an end runs out of the picture.
    pub(super) open: Option<i64>,
}

pub(super) struct Bar {
    pub(super) phase: &'static str,
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
    /// Its word, where there is room.
    pub(super) word: Option<i64>,
    /// What a pointer that rests on it is told.
    pub(super) title: String,
}

/// What a picture spans.
struct Scale {
    from: i64,
    until: i64,
}

impl Picture {
    /// `None` without keys.
    pub(super) fn of(keys: &[IssuerKey], now: Timestamp) -> Option<Self> {
        let shown = chosen(keys, now);
        let scale = Scale::of(&shown, now)?;
        let mut indexes: BTreeMap<u32, Vec<&IssuerKey>> = BTreeMap::new();
        for key in &shown {
            indexes.entry(key.key_index).or_default().push(key);
        }
        let (mut headings, mut rows, mut sentences) = (Vec::new(), Vec::new(), Vec::new());
        let mut y = TOP;
        for (key_index, mut keys) in indexes {
            keys.sort_by_key(|key| (key.signs_from, key.created_at));
            headings.push(Heading {
                y: y + HEADING - 8,
                key_index,
            });
            y += HEADING;
            for key in keys {
                rows.push(row(key, y + ROW / 2, &scale, now));
                sentences.push(sentence(key, now));
                y += ROW;
            }
        }
        Some(Self {
            height: y + 8,
            now: scale.x(now.as_micros()),
            marks: scale.marks(),
            headings,
            rows,
            description: sentences.join(" "),
            has_more: shown.len() < keys.len(),
        })
    }
}

/// All that are published, and of each index the last ones that are over.
fn chosen(keys: &[IssuerKey], now: Timestamp) -> Vec<&IssuerKey> {
    let mut over: BTreeMap<u32, usize> = BTreeMap::new();
    // Newest first, as the list comes.
    let wanted = keys.iter().filter(|key| {
        let count = over.entry(key.key_index).or_default();
        key.state_at(now).is_published() || {
            *count += 1;
            *count <= OVER
        }
    });
    wanted.take(MOST).collect()
}

impl Scale {
    fn of(keys: &[&IssuerKey], now: Timestamp) -> Option<Self> {
        let now = now.as_micros();
        let from = keys.iter().map(|key| key.created_at.as_micros()).min()?;
        let ends = keys.iter().flat_map(|key| {
            [Some(key.signs_from), key.signs_until, key.published_until]
                .into_iter()
                .flatten()
                .filter(|_| key.revoked_at.is_none())
                .map(Timestamp::as_micros)
        });
        let until = ends.max().unwrap_or(now).max(now);
        let span = until.saturating_sub(from).max(HOUR);
        // Some air on both sides, so that "now" is never the edge.
        Some(Self {
            from: from.min(now).saturating_sub(span / 40),
            until: from.saturating_add(span).saturating_add(span / 10),
        })
    }

    fn x(&self, at: i64) -> i64 {
        let span = i128::from(self.until) - i128::from(self.from);
        let along = i128::from(at.clamp(self.from, self.until)) - i128::from(self.from);
        let x = along * i128::from(RIGHT - LEFT) / span.max(1);
        LEFT + i64::try_from(x).unwrap_or(0)
    }

    fn marks(&self) -> Vec<Mark> {
        let span = self.until.saturating_sub(self.from);
        let fits = |step: &&i64| span / **step <= MARKS;
        let step = STEPS.iter().find(fits).copied().unwrap_or(span.max(1));
        let first = self.from.div_euclid(step) + 1;
        let times = (first..).map(|n| n.saturating_mul(step));
        times
            .take_while(|at| *at < self.until)
            .take(MARKS as usize + 1)
            .map(|at| Mark {
                x: self.x(at),
                label: label(at, step),
            })
            .collect()
    }
}

/// By day where marks are days apart, else by the minute.
fn label(at: i64, step: i64) -> String {
    let text = utc(Timestamp::from_micros(at));
    let part = if step < DAY {
        text.get(5..)
    } else {
        text.get(..10)
    };
    part.unwrap_or(&text).to_owned()
}

fn row(key: &IssuerKey, y: i64, scale: &Scale, now: Timestamp) -> Row {
    let revoked = key.revoked_at;
    let is_open = revoked.is_none() && key.signs_until.is_none();
    let phases = [
        ("next", Some(key.created_at), Some(key.signs_from), 12),
        ("active", Some(key.signs_from), key.signs_until, 20),
        ("retiring", key.signs_until, key.published_until, 8),
    ];
    let mut bars = Vec::new();
    for (phase, from, until, height) in phases {
        let Some(from) = from else { continue };
        if revoked.is_some_and(|revoked| revoked <= from) || until.is_some_and(|end| end <= from) {
            continue;
        }
        let end = [until, revoked].into_iter().flatten().min();
        let x = scale.x(from.as_micros());
        let right = end.map_or(RIGHT, |end| scale.x(end.as_micros()));
        let width = (right - x).max(NARROWEST);
        let ends = end.map_or_else(|| "until it has a successor".into(), utc);
        bars.push(Bar {
            phase,
            x,
            y: y - height / 2,
            width,
            height,
            word: (width >= WORDY && height >= 12).then_some(x + 8),
            title: format!("{phase}: {} to {ends}", utc(from)),
        });
    }
    Row {
        y,
        label: short(&key.kid),
        bars,
        cross: revoked.map(|at| scale.x(at.as_micros())),
        open: (is_open && key.state_at(now) != IssuerKeyState::Retired).then_some(RIGHT),
    }
}

/// Enough of a name to find it in the table.
fn short(kid: &str) -> String {
    let beginning: String = kid.chars().take(8).collect();
    format!("{beginning}\u{2026}")
}

fn sentence(key: &IssuerKey, now: Timestamp) -> String {
    let state = key.state_at(now);
    let until = key
        .until(now)
        .map_or_else(String::new, |until| format!(" until {}", utc(until)));
    format!(
        "Index {}, key {}: {} since {}{until}.",
        key.key_index,
        short(&key.kid),
        state.as_str(),
        utc(key.since(now)),
    )
}

#[cfg(test)]
mod tests {
    use hallpass_model::EnvironmentId;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_334_400);

    fn key(number: u8, index: u32, signs: [i64; 2], published_until: i64) -> IssuerKey {
        let end = |secs: i64| (secs != i64::MAX).then(|| NOW.plus_secs(secs));
        IssuerKey {
            environment_id: EnvironmentId::from_random([1; 16]),
            kid: format!("{number:02}abcdefghijkl"),
            key_index: index,
            bits: 2048,
            public_key_pem: String::new(),
            created_at: NOW.plus_secs(signs[0] - 330),
            signs_from: NOW.plus_secs(signs[0]),
            signs_until: end(signs[1]),
            published_until: end(published_until),
            token_secs: 1800,
            set_kept_until: NOW,
            revoked_at: None,
            last_used_at: None,
            use_count: 0,
        }
    }

    #[test]
    fn a_succession_is_drawn_without_a_gap() {
        let keys = [
            key(2, 0, [300, i64::MAX], i64::MAX),
            key(1, 0, [-86_400, 300], 2160),
        ];
        let picture = Picture::of(&keys, NOW).expect("a picture");
        assert_eq!(picture.rows.len(), 2);
        let (old, new) = (&picture.rows[0], &picture.rows[1]);
        let phases = |row: &Row| row.bars.iter().map(|bar| bar.phase).collect::<Vec<_>>();
        assert_eq!(phases(old), ["next", "active", "retiring"]);
        assert_eq!(phases(new), ["next", "active"]);
        assert_eq!((old.open, new.open), (None, Some(RIGHT)));
        assert_eq!(old.bars[1].x + old.bars[1].width, new.bars[1].x);
        assert!(old.bars[1].x < picture.now && picture.now <= new.bars[1].x);
        assert!(picture.description.starts_with(
            "Index 0, key 01abcdef\u{2026}: active since 2026-11-21 08:00 until 2026-11-22 08:05."
        ));
    }

    #[test]
    fn a_withdrawn_key_ends_where_it_was_withdrawn() {
        let mut withdrawn = key(1, 0, [-7200, i64::MAX], i64::MAX);
        withdrawn.revoked_at = Some(NOW.plus_secs(-60));
        let mut at_once = key(2, 1, [600, i64::MAX], i64::MAX);
        at_once.revoked_at = Some(at_once.created_at);
        let picture = Picture::of(&[withdrawn, at_once], NOW).expect("a picture");
        let active = &picture.rows[0].bars[1];
        assert_eq!(picture.rows[0].cross, Some(active.x + active.width));
        assert_eq!(picture.rows[0].open, None);
        assert!(picture.rows[1].bars.is_empty() && picture.rows[1].cross.is_some());
    }

    #[test]
    fn every_bar_is_in_the_picture_and_can_be_seen() {
        let forever = i64::MAX / SECOND / 4;
        for spread in [0, 60, 86_400, 400 * 86_400, forever] {
            let keys = [
                key(1, 0, [-spread, i64::MAX], i64::MAX),
                key(2, 7, [spread, spread], spread),
            ];
            let picture = Picture::of(&keys, NOW).expect("a picture");
            for bar in picture.rows.iter().flat_map(|row| &row.bars) {
                assert!(bar.x >= LEFT && bar.width >= NARROWEST, "{spread}");
                assert!(bar.x + bar.width <= RIGHT + NARROWEST, "{spread}");
            }
            assert!((LEFT..=RIGHT).contains(&picture.now), "{spread}");
            assert!(picture.marks.len() <= 7 && picture.height < 300);
        }
        assert!(Picture::of(&[], NOW).is_none());
    }

    #[test]
    fn keys_that_are_long_over_are_left_to_the_table() {
        let over = (1..=9).map(|n| {
            let end = -3600 * i64::from(n);
            key(n, 0, [end - 3600, end], end + 60)
        });
        let mut keys: Vec<_> = over.collect();
        keys.insert(0, key(0, 0, [-60, i64::MAX], i64::MAX));
        let picture = Picture::of(&keys, NOW).expect("a picture");
        assert_eq!(picture.rows.len(), 1 + OVER);
        assert!(picture.has_more);
    }
}
