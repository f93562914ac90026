use hallpass_core::AuditQuery;
use hallpass_model::{AuditKind, EnvironmentId, Timestamp};

use crate::dashboard::asked::Asked;
use crate::dashboard::words::segment;
use crate::time;

/// Which rows, as the form has it; empty is every.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) kind: String,
    pub(super) action: String,
    pub(super) actor: String,
    pub(super) from: String,
    pub(super) until: String,
}

/// What cannot be read, by field.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) kind: Option<&'static str>,
    pub(super) from: Option<&'static str>,
    pub(super) until: Option<&'static str>,
}

const NO_TIME: &str = "Write a day such as 2026-11-28, with or without a time such as 08:40.";

impl Filter {
    pub(super) fn of(asked: &Asked) -> Self {
        let field = |name| asked.get(name).unwrap_or_default().to_owned();
        Self {
            kind: field("kind"),
            action: field("action"),
            actor: field("actor"),
            from: field("from"),
            until: field("until"),
        }
    }

    /// The question that it stands for.
    ///
    /// # Errors
    /// What cannot be read.
    pub(super) fn query(&self, environment: EnvironmentId) -> Result<AuditQuery, Faults> {
        let mut faults = Faults::default();
        let kind = AuditKind::from_word(&self.kind);
        if kind.is_none() && !self.kind.is_empty() {
            faults.kind = Some("Choose changes or decisions.");
        }
        let (from, until) = (read_time(&self.from), read_time(&self.until));
        faults.from = from.is_err().then_some(NO_TIME);
        faults.until = until.is_err().then_some(NO_TIME);
        let (Ok(from), Ok(until), None) = (from, until, faults.kind) else {
            return Err(faults);
        };
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(AuditQuery {
            environment: Some(environment),
            kind,
            // People paste with white space around; no action has any.
            action: text(self.action.trim()),
            actor_id: text(self.actor.trim()),
            from,
            until,
        })
    }

    /// As the query of an address: empty, or beginning with `?`.
    pub(super) fn in_address(&self) -> String {
        let fields = self
            .fields()
            .map(|(name, value)| format!("{name}={}", segment(value)));
        let fields: Vec<_> = fields.collect();
        if fields.is_empty() {
            String::new()
        } else {
            format!("?{}", fields.join("&"))
        }
    }

    /// Whether it lets every row through.
    pub(super) fn is_empty(&self) -> bool {
        self.fields().next().is_none()
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("kind", &*self.kind),
            ("action", &*self.action),
            ("actor", &*self.actor),
            ("from", &*self.from),
            ("until", &*self.until),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty())
    }
}

/// A day, a day and a time, or RFC 3339; without an offset in UTC. Nothing is no time.
fn read_time(text: &str) -> Result<Option<Timestamp>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let text = text.replacen(' ', "T", 1);
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text,
    };
    time::parse(&whole, "").map(Some).map_err(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let at = |text: &str| time::parse(text, "").ok();
        for (text, read) in [
            ("2026-11-28", at("2026-11-28T00:00:00Z")),
            (" 2026-11-28 08:40 ", at("2026-11-28T08:40:00Z")),
            ("2026-11-28T08:40:05", at("2026-11-28T08:40:05Z")),
            ("2026-11-28T08:40:05+02:00", at("2026-11-28T06:40:05Z")),
            ("", None),
        ] {
            assert_eq!(read_time(text), Ok(read), "{text}");
        }
        for text in [
            "yesterday",
            "2026-13-01",
            "2026-11-28 8:40",
            "\u{202e}6-11-28",
            "28.11.2026",
        ] {
            assert_eq!(read_time(text), Err(()), "{text}");
        }
    }

    #[test]
    fn a_filter_is_its_address() {
        let asked =
            "?kind=decision&action=a%26b&actor=org%2F7%20%3Cb%3E&until=2026-11-28%2008%3A40";
        let filter = Filter::of(&Asked::parse(&asked[1..]));
        assert_eq!(filter.actor, "org/7 <b>");
        assert_eq!(filter.in_address(), asked);
        assert!(Filter::default().is_empty());
        assert_eq!(Filter::default().in_address(), "");
    }

    #[test]
    fn faults_are_said_by_field() {
        let environment = EnvironmentId::from_random([1; 16]);
        let filter = Filter {
            kind: "all".into(),
            from: "x".into(),
            ..Filter::default()
        };
        let faults = filter.query(environment).expect_err("faults");
        assert!(faults.kind.is_some() && faults.from.is_some() && faults.until.is_none());
    }
}
