//! Telegram's documented check. The hashes were made once by the documented recipe with Node's crypto module: HMAC-SHA-256
//! of the sorted `name=value` lines under SHA-256 of the bot's token.

use hallpass_identity::Timestamp;
use hallpass_identity::telegram::{MAX_FIELD_BYTES, TelegramError, UnverifiedLogin};

const TOKEN: &str = "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4";
const AUTH_DATE: i64 = 1_795_341_600;
const DAY: i64 = 86_400;

const FULL: UnverifiedLogin<'_> = UnverifiedLogin {
    id: 424_242,
    auth_date: AUTH_DATE,
    first_name: Some("Ada"),
    last_name: Some("Lovelace"),
    username: Some("ada"),
    photo_url: Some("https://t.me/i/userpic/320/ada.jpg"),
    hash: "36354c668366ac1ffab5390ccca22eeedb6738c7f429b001f3d58c8b15442dc2",
};
const SMALL: UnverifiedLogin<'_> = UnverifiedLogin {
    last_name: None,
    username: None,
    photo_url: None,
    hash: "9bbe066eb8fa9727a00c62cad82ef101eaa848e580ca9c196cd203c6341ff74b",
    ..FULL
};

fn verify(login: UnverifiedLogin<'_>, secs_later: i64) -> Result<u64, TelegramError> {
    login.verify(
        TOKEN,
        DAY,
        Timestamp::from_secs(AUTH_DATE).plus_secs(secs_later),
    )
}

#[test]
fn the_documented_check_passes() {
    assert_eq!(verify(FULL, 0), Ok(424_242));
    assert_eq!(verify(SMALL, 0), Ok(424_242));
}

#[test]
fn age_is_bounded_on_both_sides() {
    for (secs, outcome) in [
        (DAY, Ok(424_242)),
        (DAY + 1, Err(TelegramError::TooOld)),
        (i64::MAX / 4_000_000, Err(TelegramError::TooOld)),
        (-60, Ok(424_242)),
        (-61, Err(TelegramError::InFuture)),
    ] {
        assert_eq!(verify(FULL, secs), outcome, "{secs} s");
    }
}

#[test]
fn every_field_is_authenticated() {
    for changed in [
        UnverifiedLogin {
            id: 424_243,
            ..FULL
        },
        UnverifiedLogin {
            auth_date: AUTH_DATE + 1,
            ..FULL
        },
        UnverifiedLogin {
            auth_date: i64::MIN,
            ..FULL
        },
        UnverifiedLogin {
            first_name: Some("Eve"),
            ..FULL
        },
        UnverifiedLogin {
            first_name: None,
            ..FULL
        },
        UnverifiedLogin {
            last_name: Some(""),
            ..FULL
        },
        UnverifiedLogin {
            last_name: None,
            ..FULL
        },
        UnverifiedLogin {
            username: Some("eve"),
            ..FULL
        },
        UnverifiedLogin {
            photo_url: None,
            ..FULL
        },
        UnverifiedLogin {
            last_name: Some(""),
            ..SMALL
        },
        UnverifiedLogin {
            hash: SMALL.hash,
            ..FULL
        },
    ] {
        assert_eq!(
            verify(changed, 0),
            Err(TelegramError::WrongHash),
            "{changed:?}"
        );
    }
}

#[test]
fn the_hash_is_32_bytes_and_every_bit_counts() {
    for hash in [
        "",
        "00",
        &FULL.hash[..62],
        &format!("{}00", FULL.hash),
        &format!("0x{}", FULL.hash),
        &"0".repeat(64),
        &"zz".repeat(32),
        &"0".repeat(1_000_000),
    ] {
        assert_eq!(
            verify(UnverifiedLogin { hash, ..FULL }, 0),
            Err(TelegramError::WrongHash)
        );
    }
    for at in 0..64 {
        let mut digits = FULL.hash.as_bytes().to_vec();
        digits[at] = if digits[at] == b'0' { b'1' } else { b'0' };
        let hash = String::from_utf8(digits).unwrap();
        assert_eq!(
            verify(
                UnverifiedLogin {
                    hash: &hash,
                    ..FULL
                },
                0
            ),
            Err(TelegramError::WrongHash)
        );
    }
}

#[test]
fn another_bot_or_none() {
    let now = Timestamp::from_secs(AUTH_DATE);
    for token in ["7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J5", "x"] {
        assert_eq!(FULL.verify(token, DAY, now), Err(TelegramError::WrongHash));
    }
    assert_eq!(FULL.verify("", DAY, now), Err(TelegramError::NoBotToken));
}

#[test]
fn a_line_feed_in_a_name_cannot_pose_as_another_field() {
    // Signed for number 999 with the name "Ada\nid=424242\nlast_name=X", shown as number 424242: the same lines.
    let posing = UnverifiedLogin {
        last_name: Some("X\nid=999"),
        hash: "c44bb6cddb21b7a20bdee613159a9fb35786ebf57866647002aadc7670ec5d34",
        ..SMALL
    };
    assert_eq!(verify(posing, 0), Err(TelegramError::Malformed));
    let honest = UnverifiedLogin {
        id: 999,
        first_name: Some("Ada\nid=424242\nlast_name=X"),
        last_name: None,
        ..posing
    };
    assert_eq!(verify(honest, 0), Err(TelegramError::Malformed));
}

#[test]
fn fields_are_bounded() {
    let long = "a".repeat(MAX_FIELD_BYTES + 1);
    for login in [
        UnverifiedLogin {
            first_name: Some(&long),
            ..FULL
        },
        UnverifiedLogin {
            username: Some("a\0b"),
            ..FULL
        },
        UnverifiedLogin {
            photo_url: Some("a\r"),
            ..FULL
        },
        UnverifiedLogin { id: 0, ..FULL },
    ] {
        assert_eq!(verify(login, 0), Err(TelegramError::Malformed));
    }
}
