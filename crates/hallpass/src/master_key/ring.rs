//! Several keys in one text.

use hallpass_seal::{KeyRing, MasterKey};

/// More keys than this are no rotation any more.
const MOST_KEYS: usize = 16;

/// Reads one key per line: the first seals, the others only open. Empty lines and those that begin with `#` do not count.
/// Commas part keys too, for variables, which are awkward to write over several lines.
///
/// # Errors
/// What is wrong, with the number of the line and nothing of the text.
pub fn parse(text: &str) -> Result<KeyRing, String> {
    let mut ring: Option<KeyRing> = None;
    let mut count = 0;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let parts = line.split(',').filter(|part| !part.trim().is_empty());
        for part in parts {
            let key =
                MasterKey::parse(part).map_err(|error| format!("line {}: {error}", number + 1))?;
            count += 1;
            if count > MOST_KEYS {
                return Err(format!(
                    "more than {MOST_KEYS} master keys; remove former ones that nothing is sealed with"
                ));
            }
            ring = Some(match ring {
                None => KeyRing::new(key),
                Some(ring) => ring.with_former(key),
            });
        }
    }
    ring.ok_or_else(|| "there is no master key; `hallpass seal new-key` makes one".to_owned())
}

#[cfg(test)]
mod tests {
    use hallpass_seal::MasterKey;

    use super::parse;

    fn text(byte: u8) -> String {
        let bytes = std::array::from_fn(|place| byte.wrapping_add(place as u8));
        MasterKey::from_bytes(bytes).to_text().expose().to_owned()
    }

    #[test]
    fn the_first_key_seals_and_the_others_open() -> Result<(), String> {
        let (one, two) = (text(1), text(2));
        let ids: Vec<_> = parse(&format!("{one}\n"))?.ids().collect();
        assert_eq!(ids.len(), 1);
        for both in [
            format!("# new\n{one}\n\n# old\n{two}\n"),
            format!("{one},{two}"),
            format!("{one}\r\n{two}\r\n{two}"),
        ] {
            let ring = parse(&both)?;
            assert_eq!(ring.current_id(), ids[0]);
            assert_eq!(ring.ids().count(), 2);
        }
        Ok(())
    }

    #[test]
    fn a_fault_names_its_line_and_nothing_of_it() {
        let refused = |text: &str| parse(text).err().unwrap_or_default();
        let said = refused(&format!("{}\n\nhunter2hunter2\n", text(1)));
        assert!(
            said.starts_with("line 3: ") && !said.contains("hunter2"),
            "{said}"
        );
        assert!(refused("\n# only words\n").contains("seal new-key"));
        let many: Vec<_> = (0..17).map(text).collect();
        assert!(refused(&many.join("\n")).starts_with("more than 16"));
    }
}
