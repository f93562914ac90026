//! What becomes of the keys so far when a new one comes.

use hallpass_model::Error;

use crate::form::Form;

/// The choice as it was made, or as it is offered.
pub(super) struct Overlap {
    pub(super) keeps: bool,
    pub(super) amount: String,
    pub(super) unit: String,
}

/// Units with their seconds; the names are those of the form.
const UNITS: [(&str, i64); 3] = [("minutes", 60), ("hours", 60 * 60), ("days", 24 * 60 * 60)];

impl Default for Overlap {
    /// Nothing breaks by sending a form as it is offered.
    fn default() -> Self {
        Self {
            keeps: true,
            amount: "1".to_owned(),
            unit: "hours".to_owned(),
        }
    }
}

impl Overlap {
    /// Only a form that says so ends the old keys.
    pub(super) fn of(form: &Form) -> Self {
        let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
        Self {
            keeps: form.get("old_keys") != Some("stop"),
            amount: text("keep_for"),
            unit: text("keep_unit"),
        }
    }

    /// # Errors
    /// 422 `invalid_overlap` for what is no time.
    pub(super) fn secs(&self) -> Result<i64, Error> {
        if !self.keeps {
            return Ok(0);
        }
        let amount = self.amount.trim().parse::<u32>().ok();
        let unit = UNITS.iter().find(|(name, _)| *name == self.unit);
        match (amount, unit) {
            (Some(amount @ 1..), Some((_, secs))) => Ok(i64::from(amount) * secs),
            _ => Err(Error::unprocessable(
                "invalid_overlap",
                "say for how long, as a whole number of minutes, hours or days, at most 30 days",
            )
            .at("/overlap_secs")),
        }
    }

    pub(super) fn is_in(&self, unit: &str) -> bool {
        self.unit == unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_becomes_seconds() {
        let secs = |keeps: bool, amount: &str, unit: &str| {
            let (amount, unit) = (amount.to_owned(), unit.to_owned());
            Overlap {
                keeps,
                amount,
                unit,
            }
            .secs()
            .ok()
        };
        assert_eq!(secs(false, "", ""), Some(0));
        assert_eq!(secs(true, "15", "minutes"), Some(900));
        assert_eq!(secs(true, " 2 ", "hours"), Some(7200));
        assert_eq!(secs(true, "7", "days"), Some(604_800));
        for (amount, unit) in [
            ("0", "days"),
            ("-1", "days"),
            ("", "hours"),
            ("1", ""),
            ("1.5", "days"),
        ] {
            assert_eq!(secs(true, amount, unit), None, "{amount} {unit}");
        }
    }
}
