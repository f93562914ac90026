use data_encoding::BASE64URL_NOPAD;
use hallpass_model::{
    Account, ApiKey, AuditEntry, ConnectedUser, Delivery, Environment, IssuerKey, Operator,
    OperatorKey, Page, PageRequest, Project, Session, SigningKey, Timestamp,
};

use crate::{Result, StoreError};

/// Where a page starts: the position of the row before it.
///
/// Statements compare `at <= $at AND (at < $at OR CAST($id AS TEXT) IS NULL OR id < $id)`: the first part walks the
/// index, and the first page needs no statement of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub at: i64,
    pub id: Option<String>,
}

/// Something that lists show, newest first.
pub(crate) trait Listed {
    /// Keeps the cursor of one list from being taken for another's.
    const LIST: &'static str;

    /// Its place in the list.
    fn position(&self) -> (Timestamp, String);
}

/// Reads the cursor of a request.
pub(crate) fn start_of<T: Listed>(request: &PageRequest) -> Result<Start> {
    let Some(after) = &request.after else {
        return Ok(Start {
            at: i64::MAX,
            id: None,
        });
    };
    parse(T::LIST, after).ok_or(StoreError::InvalidCursor)
}

/// How many rows to ask for: one more than shown tells whether there are more.
pub(crate) fn rows_wanted(request: &PageRequest) -> i64 {
    i64::from(request.bounded_limit()) + 1
}

/// Cuts the extra row off and points to the next page.
pub(crate) fn page_of<T: Listed>(mut items: Vec<T>, request: &PageRequest) -> Page<T> {
    let limit = usize::try_from(request.bounded_limit()).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| {
        let (at, id) = last.position();
        cursor::<T>(at.as_micros(), &id)
    });
    Page { items, next }
}

/// Where a search stops looking: at the last of so many rows, if others follow it.
pub(crate) struct End(Option<(i64, String)>);

impl End {
    /// From that row and the one behind it.
    pub(crate) fn of(rows: Vec<(i64, String)>) -> Self {
        let is_before_others = rows.len() > 1;
        Self(rows.into_iter().next().filter(|_| is_before_others))
    }

    /// The time and id that rows must not be below.
    pub(crate) fn least(&self) -> (i64, String) {
        self.0.clone().unwrap_or((i64::MIN, String::new()))
    }

    /// The page of what was found up to there; unless it is full, the next one begins there.
    pub(crate) fn page_of<T: Listed>(self, items: Vec<T>, request: &PageRequest) -> Page<T> {
        let mut page = page_of(items, request);
        if page.next.is_none() {
            page.next = self.0.map(|(at, id)| cursor::<T>(at, &id));
        }
        page
    }
}

/// How many rows stand before the last one that a search looks at.
pub(crate) fn rows_before_end(walked: u32) -> i64 {
    i64::from(walked.max(1)) - 1
}

fn cursor<T: Listed>(at: i64, id: &str) -> String {
    BASE64URL_NOPAD.encode(format!("{}|{at}|{id}", T::LIST).as_bytes())
}

fn parse(list: &str, cursor: &str) -> Option<Start> {
    const LONGEST: usize = 512;
    if cursor.len() > LONGEST {
        return None;
    }
    let text = String::from_utf8(BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?).ok()?;
    let (of, rest) = text.split_once('|')?;
    let (at_text, id) = rest.split_once('|')?;
    let at: i64 = at_text.parse().ok()?;
    // One spelling only: no plus sign, no leading zeros.
    let canonical = at.to_string() == at_text;
    let plain_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic());
    (of == list && canonical && plain_id).then(|| Start {
        at,
        id: Some(id.to_owned()),
    })
}

macro_rules! listed {
    ($($entity:ty, $list:literal, |$it:ident| $at:expr, $id:expr;)+) => {$(
        impl Listed for $entity {
            const LIST: &'static str = $list;

            fn position(&self) -> (Timestamp, String) {
                let $it = self;
                ($at, $id)
            }
        }
    )+};
}

listed! {
    Project, "p", |it| it.created_at, it.id.to_string();
    Environment, "e", |it| it.created_at, it.id.to_string();
    SigningKey, "k", |it| it.created_at, it.kid.clone();
    IssuerKey, "ik", |it| it.created_at, it.kid.clone();
    ConnectedUser, "u", |it| it.created_at, it.id.to_string();
    Operator, "o", |it| it.created_at, it.id.to_string();
    OperatorKey, "ok", |it| it.created_at, it.id.to_string();
    Account, "ac", |it| it.created_at, it.id.to_string();
    Session, "s", |it| it.created_at, it.id.to_string();
    ApiKey, "ak", |it| it.created_at, it.id.to_string();
    Delivery, "d", |it| it.created_at, it.id.to_string();
    AuditEntry, "a", |it| it.at, it.id.to_string();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(at: i64) -> Project {
        Project {
            id: hallpass_model::ProjectId::from_random([1; 16]),
            name: "n".into(),
            created_at: Timestamp::from_micros(at),
            updated_at: Timestamp::from_micros(at),
        }
    }

    #[test]
    fn a_cursor_reads_back_at_the_ends_of_time() -> Result<()> {
        for at in [i64::MIN, -1, 0, i64::MAX] {
            let one = PageRequest {
                after: None,
                limit: 1,
            };
            let page = page_of(vec![project(at), project(at)], &one);
            let request = PageRequest {
                after: page.next,
                limit: 1,
            };
            let start = start_of::<Project>(&request)?;
            assert_eq!(start.at, at);
            assert_eq!(start.id, Some(project(at).id.to_string()));
        }
        Ok(())
    }

    #[test]
    fn other_spellings_and_other_lists_are_refused() {
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        assert!(parse("p", &encode("p|5|x")).is_some());
        for bad in [
            String::new(),
            "%".into(),
            encode("p|5|x") + "=",
            encode("p|+5|x"),
            encode("p|05|x"),
            encode("p|5|"),
            encode("p|5|a b"),
            encode("p|99999999999999999999|x"),
            encode("p|5"),
            encode("e|5|x"),
            encode(&format!("p|5|{}", "x".repeat(600))),
        ] {
            assert_eq!(parse("p", &bad), None, "{bad}");
        }
    }
}
