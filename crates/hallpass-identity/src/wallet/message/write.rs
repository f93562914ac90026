//! From fields to text.

use std::fmt;

use super::{Field, MessageTime, SignInMessage};

/// What stands around the chain's name in the first line.
pub(super) const FIRST_LINE: (&str, &str) = (" wants you to sign in with your ", " account:");

impl fmt::Display for SignInMessage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields();
        if let Some(scheme) = &fields.scheme {
            write!(out, "{scheme}://")?;
        }
        let (before, after) = FIRST_LINE;
        writeln!(
            out,
            "{}{before}{}{after}",
            fields.domain,
            fields.chain.name()
        )?;
        writeln!(out, "{}\n", fields.address)?;
        if let Some(statement) = &fields.statement {
            writeln!(out, "{statement}")?;
        }
        write!(out, "\n{}: {}", Field::Uri.name(), fields.uri)?;
        write_line(out, Field::Version, "1")?;
        write_line(out, Field::ChainId, &fields.chain_id)?;
        write_line(out, Field::Nonce, &fields.nonce)?;
        write_line(out, Field::IssuedAt, fields.issued_at.as_str())?;
        write_time(out, Field::ExpirationTime, fields.expiration_time.as_ref())?;
        write_time(out, Field::NotBefore, fields.not_before.as_ref())?;
        if let Some(id) = &fields.request_id {
            write_line(out, Field::RequestId, id)?;
        }
        let Some(resources) = &fields.resources else {
            return Ok(());
        };
        write!(out, "\n{}:", Field::Resources.name())?;
        resources
            .iter()
            .try_for_each(|uri| write!(out, "\n- {uri}"))
    }
}

fn write_line(out: &mut fmt::Formatter<'_>, field: Field, value: &str) -> fmt::Result {
    write!(out, "\n{}: {value}", field.name())
}

fn write_time(
    out: &mut fmt::Formatter<'_>,
    field: Field,
    time: Option<&MessageTime>,
) -> fmt::Result {
    time.map_or(Ok(()), |time| write_line(out, field, time.as_str()))
}
