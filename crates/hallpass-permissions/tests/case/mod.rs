//! One conformance case: how it is written, and what the crate must answer. `conformance/README.md` describes the
//! format.

use hallpass_permissions::{Claim, Permission, TargetSpec, Verdict, decide, explain};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub struct Case {
    #[serde(default)]
    pub name: String,
    /// The claim's exact text, duplicates and all; `None` if the member is left out, the text `null` if it is null.
    #[serde(default, deserialize_with = "exact_text")]
    pub claim: Option<Box<RawValue>>,
    #[serde(default)]
    pub target: TargetSpec,
    #[serde(default)]
    pub permission: String,
    pub expect: Expect,
}

#[derive(Deserialize)]
#[serde(from = "ExpectForm")]
pub struct Expect {
    /// `allow`, `deny` or `malformed`.
    pub decision: String,
    pub reason: Option<String>,
    /// Of a deciding grant, or of the fault.
    pub pointer: Option<String>,
}

impl Case {
    pub fn claim_text(&self) -> Option<&str> {
        self.claim.as_deref().map(RawValue::get)
    }

    /// Runs the crate on the case; the error says what came out instead.
    pub fn check(&self) -> Result<(), String> {
        let claim = match self.claim_text().map_or(Ok(Claim::absent()), Claim::parse) {
            Ok(claim) => claim,
            Err(fault) => {
                return self
                    .expect
                    .check("malformed", Some(fault.code()), &[&fault.pointer]);
            }
        };
        let permission: Permission = self
            .permission
            .parse()
            .map_err(|fault| format!("{:?}: {fault}", self.permission))?;
        let decision = decide(&claim, &self.target.as_target(), permission);
        let explanation = explain(&claim, &self.target, permission);
        if (explanation.decision == Verdict::Allow, explanation.reason)
            != (decision.allowed, decision.reason)
        {
            return Err(format!(
                "explained as {:?}, enforced as {decision:?}",
                explanation.decision
            ));
        }
        let pointers: Vec<&str> = explanation
            .deciding
            .iter()
            .map(|grant| grant.pointer.as_str())
            .collect();
        self.expect.check(
            explanation.decision.as_str(),
            Some(decision.reason.as_str()),
            &pointers,
        )
    }
}

impl Expect {
    /// Members that are left out are not compared. The reason of a malformed claim is always the same code.
    pub fn check(
        &self,
        decision: &str,
        reason: Option<&str>,
        pointers: &[&str],
    ) -> Result<(), String> {
        let reason_differs =
            self.reason.is_some() && self.reason.as_deref() != reason && decision != "malformed";
        let pointer_differs = self.pointer.as_deref().is_some_and(|wanted| {
            // An absent claim has no deciding grant: an empty pointer means the same as none.
            let found = if pointers.is_empty() {
                wanted.is_empty()
            } else {
                pointers.contains(&wanted)
            };
            !found
        });
        if self.decision == decision && !reason_differs && !pointer_differs {
            return Ok(());
        }
        let wanted = [
            Some(self.decision.as_str()),
            self.reason.as_deref(),
            self.pointer.as_deref(),
        ];
        let wanted: Vec<&str> = wanted.into_iter().flatten().collect();
        Err(format!(
            "expected {}, got {decision} {} {pointers:?}",
            wanted.join(" "),
            reason.unwrap_or_default()
        ))
    }
}

/// The cases of one file; one that cannot be read does not hide the others.
pub fn read_cases(text: &str) -> Result<Vec<Result<Case, String>>, String> {
    let cases: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|fault| format!("not a conformance file: {fault}"))?;
    let read = |case: &RawValue| {
        serde_json::from_str(case.get()).map_err(|fault| format!("not a conformance case: {fault}"))
    };
    Ok(cases.into_iter().map(read).collect())
}

fn exact_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// The short form: the decision's word alone.
impl From<ExpectForm> for Expect {
    fn from(form: ExpectForm) -> Expect {
        match form {
            ExpectForm::Word(decision) => Expect {
                decision,
                reason: None,
                pointer: None,
            },
            ExpectForm::Full {
                decision,
                reason,
                pointer,
            } => Expect {
                decision,
                reason,
                pointer,
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ExpectForm {
    Word(String),
    Full {
        decision: String,
        reason: Option<String>,
        pointer: Option<String>,
    },
}
