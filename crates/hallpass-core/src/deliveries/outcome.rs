//! What an attempt came to. The receiver's body is never looked at.

use hallpass_egress::{EgressError, Fetched};
use hallpass_model::Timestamp;
use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Answered by a Hallpass that was sent one of its own messages.
const LOOP_DETECTED: u16 = 508;

/// What to do about a delivery after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver has it.
    Delivered,
    /// Try again later, not before so many seconds if the receiver says so.
    Failed {
        code: &'static str,
        retry_after_secs: Option<u64>,
    },
    /// The receiver wants nothing from us any more.
    Gone,
}

impl Outcome {
    /// The word in the metrics.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed { .. } => "failed",
            Self::Gone => "gone",
        }
    }

    pub(crate) fn of(answer: &Result<Fetched, EgressError>, now: Timestamp) -> Self {
        match answer {
            Ok(fetched) => Self::of_status(fetched.status, &fetched.headers, now),
            Err(error) => Self::Failed {
                code: error.code(),
                retry_after_secs: None,
            },
        }
    }

    fn of_status(status: u16, headers: &HeaderMap, now: Timestamp) -> Self {
        match status {
            200..=299 => Self::Delivered,
            410 => Self::Gone,
            LOOP_DETECTED => Self::Failed {
                code: "delivery_loop",
                retry_after_secs: None,
            },
            _ => Self::Failed {
                code: "delivery_refused",
                retry_after_secs: retry_after(headers, now),
            },
        }
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3); what is neither is ignored.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(u64::MAX));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    u64::try_from(at.as_second() - now.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;

    /// 1994-11-06T08:49:37Z, the example of RFC 9110.
    const NOW: Timestamp = Timestamp::from_secs(784_111_777);

    fn outcome(status: u16, retry_after: Option<&str>) -> Outcome {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            let value = HeaderValue::from_str(value).expect("a header");
            headers.insert(RETRY_AFTER, value);
        }
        Outcome::of_status(status, &headers, NOW)
    }

    #[test]
    fn every_2xx_is_delivered_and_410_says_never_again() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(outcome(status, Some("60")), Outcome::Delivered);
        }
        assert_eq!(outcome(410, None), Outcome::Gone);
    }

    #[test]
    fn everything_else_is_tried_again() {
        for status in [100, 199, 300, 304, 400, 401, 404, 409, 429, 500, 503, 600] {
            let refused = Outcome::Failed {
                code: "delivery_refused",
                retry_after_secs: None,
            };
            assert_eq!(outcome(status, None), refused, "{status}");
        }
        let Outcome::Failed { code, .. } = outcome(508, None) else {
            panic!("a loop is a failure")
        };
        assert_eq!(code, "delivery_loop");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_nothing_else() {
        for (text, expected) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", None),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let Outcome::Failed {
                retry_after_secs, ..
            } = outcome(503, Some(text))
            else {
                panic!("a failure")
            };
            assert_eq!(retry_after_secs, expected, "{text:?}");
        }
    }

    #[test]
    fn a_failure_on_the_way_keeps_its_code() {
        let error = EgressError::Timeout {
            endpoint: "a.example:443".to_owned(),
            within: Duration::from_secs(10),
        };
        let expected = Outcome::Failed {
            code: "egress_timeout",
            retry_after_secs: None,
        };
        assert_eq!(Outcome::of(&Err(error), NOW), expected);
    }
}
