use super::*;

/// Better odds than one in this many are not given for an address and hour.
const PROMISED: f64 = 100_000.0;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + secs)
}

fn network(text: &str) -> ClientNetwork {
    ClientNetwork::of(text.parse().expect("an address"))
}

fn sent(secs: i64, from: &str) -> Sent {
    Sent {
        at: at(secs),
        network: Some(network(from)),
        by_owner: false,
        length: CodeLength::Six,
        wrong_answers: 0,
        failed: false,
    }
}

fn stranger(from: &str) -> Asking {
    Asking {
        network: Some(network(from)),
        by_owner: false,
        network_sends: 0,
    }
}

const OWNER: Asking = Asking {
    network: None,
    by_owner: true,
    network_sends: SENDS_PER_NETWORK,
};

fn wait(sent: &[Sent], now: i64, asking: Asking) -> Option<u64> {
    let refused = History::new(sent, at(now)).may_send(asking).err();
    refused.map(|refused| refused.retry_after_secs)
}

#[test]
fn networks_are_coarse_and_have_one_spelling() {
    for (address, shown) in [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
    ] {
        let network = network(address);
        assert_eq!(network.to_string(), shown);
        assert_eq!(shown.parse(), Ok(network));
    }
    assert!(network("2001:db8:1:2::1").shares_block_with(network("2001:db8:1:ffff::1")));
    assert!(!network("2001:db8:1:2::1").shares_block_with(network("2001:db8:2:2::1")));
    assert!(!network("192.0.2.1").shares_block_with(network("192.0.3.1")));
}

#[test]
fn the_sixth_send_of_a_network_waits_until_the_first_is_an_hour_old() {
    let mut before: Vec<Sent> = (0..4).map(|n| sent(n * 60, "192.0.2.1")).collect();
    assert_eq!(wait(&before, 300, stranger("192.0.2.9")), None);
    before.push(sent(240, "192.0.2.200"));
    assert_eq!(wait(&before, 300, stranger("192.0.2.9")), Some(3300));
    assert_eq!(wait(&before, 3599, stranger("192.0.2.9")), Some(1));
    assert_eq!(wait(&before, 3600, stranger("192.0.2.9")), None);
    assert_eq!(
        wait(&before, 300, stranger("192.0.3.9")),
        None,
        "another network"
    );
    assert_eq!(wait(&before, 300, OWNER), None, "the owner's own quota");
}

#[test]
fn the_owner_has_a_quota_that_no_stranger_fills() {
    let mut before: Vec<Sent> = (0..30).map(|n| sent(0, &format!("10.0.{n}.1"))).collect();
    assert_eq!(
        wait(&before, 60, stranger("192.0.2.1")),
        Some(3540),
        "the mailbox is full"
    );
    for n in 0..5 {
        assert_eq!(wait(&before, 60 + n, OWNER), None, "{n}");
        before.push(Sent {
            by_owner: true,
            ..sent(60 + n, "192.0.2.1")
        });
    }
    assert_eq!(wait(&before, 70, OWNER), Some(3590));
    let own_only: Vec<Sent> = before.into_iter().filter(|sent| sent.by_owner).collect();
    assert_eq!(
        wait(&own_only, 70, stranger("192.0.2.1")),
        None,
        "and it fills nobody else's"
    );
}

#[test]
fn a_block_of_ipv6_networks_is_one_stranger() {
    let mut before: Vec<Sent> = Vec::new();
    for n in 0..10 {
        let from = format!("2001:db8:1:{n}::1");
        assert_eq!(wait(&before, n, stranger(&from)), None, "{n}");
        before.push(sent(n, &from));
    }
    assert_eq!(wait(&before, 10, stranger("2001:db8:1:ff::1")), Some(3590));
    assert_eq!(wait(&before, 10, stranger("2001:db8:2:1::1")), None);
}

#[test]
fn a_network_that_writes_to_everybody_is_stopped() {
    let busy = Asking {
        network_sends: SENDS_PER_NETWORK,
        ..stranger("192.0.2.1")
    };
    assert_eq!(wait(&[], 0, busy), Some(3600));
}

#[test]
fn what_never_left_does_not_count() {
    let before: Vec<Sent> = (0..40)
        .map(|n| Sent {
            failed: true,
            ..sent(n, "192.0.2.1")
        })
        .collect();
    assert_eq!(wait(&before, 60, stranger("192.0.2.1")), None);
}

#[test]
fn the_ninth_wrong_answer_voids_short_codes_and_makes_the_next_ones_long() {
    let with = |wrong: i64| {
        let mut codes = vec![sent(0, "192.0.2.1"); 3];
        codes[0].wrong_answers = wrong.min(3);
        codes[1].wrong_answers = (wrong - 3).clamp(0, 3);
        codes[2].wrong_answers = (wrong - 6).clamp(0, 3);
        codes
    };
    let (eight, nine) = (with(8), with(9));
    let history = History::new(&eight, at(60));
    assert_eq!(history.may_answer(CodeLength::Six), Answering::Allowed);
    assert_eq!(history.next_length(), CodeLength::Six);
    for later in [60, LOOK_BACK_SECS - 1] {
        let history = History::new(&nine, at(later));
        assert_eq!(
            history.may_answer(CodeLength::Six),
            Answering::Void,
            "{later}"
        );
        assert_eq!(history.next_length(), CodeLength::Nine, "{later}");
        assert_eq!(
            history.may_answer(CodeLength::Nine),
            Answering::Allowed,
            "{later}"
        );
    }
    let history = History::new(&nine, at(LOOK_BACK_SECS));
    assert_eq!(history.next_length(), CodeLength::Six);
}

#[test]
fn the_limits_themselves_keep_the_promise() {
    let odds = SIX_DIGIT_ANSWERS as f64 / 1e6 + NINE_DIGIT_ANSWERS as f64 / 1e9;
    assert!(odds * PROMISED < 1.0, "{odds}");
    // The wall behind sends is never reached by strangers, who would keep the owner out with it: what they and the owner
    // can be sent in two windows, all of it answered wrongly.
    let sends = 2 * (SENDS_PER_ADDRESS + SENDS_OF_OWNER);
    let reachable = i64::try_from(sends).expect("small") * ANSWERS_PER_CODE;
    assert!(reachable < NINE_DIGIT_ANSWERS, "{reachable}");
}

/// An attacker with as many networks and sessions as they like, who asks whenever they may and answers at once, for three
/// hours; and an owner who signs in with a code every few minutes in between.
#[test]
fn an_attack_with_every_means_stays_below_the_promise_and_the_owner_gets_in() {
    for pause in [0, 7, 61, 300, 599] {
        let (mut codes, mut guesses): (Vec<Sent>, Vec<(i64, f64)>) = (Vec::new(), Vec::new());
        let mut networks = 0_u32;
        for now in 0..3 * WINDOW_SECS {
            attack(&mut codes, &mut guesses, now, pause, &mut networks);
            if now % 900 == 450 {
                owner_signs_in(&mut codes, now);
            }
        }
        let worst = worst_hour(&guesses);
        assert!(worst * PROMISED < 1.0, "pause {pause}: {worst}");
        assert!(
            worst > 8e-6,
            "pause {pause}: the attack is a real one, {worst}"
        );
    }
}

/// One second of it: a send if there may be one, and the answers that are left to the attacker's codes.
fn attack(
    codes: &mut Vec<Sent>,
    guesses: &mut Vec<(i64, f64)>,
    now: i64,
    pause: i64,
    networks: &mut u32,
) {
    let asking = Asking {
        network: Some(ClientNetwork::of(IpAddr::V4(Ipv4Addr::from(
            *networks << 8,
        )))),
        by_owner: false,
        network_sends: 0,
    };
    if History::new(codes, at(now)).may_send(asking).is_ok() {
        *networks += 1;
        let length = History::new(codes, at(now)).next_length();
        codes.push(Sent {
            network: asking.network,
            length,
            ..sent(now, "192.0.2.1")
        });
    }
    for mine in 0..codes.len() {
        let code = codes[mine];
        let age = now - (code.at.as_secs() - at(0).as_secs());
        let open = !code.by_owner && age >= pause && age < CODE_SECS;
        let left = if open {
            ANSWERS_PER_CODE - code.wrong_answers
        } else {
            0
        };
        for _ in 0..left {
            if History::new(codes, at(now)).may_answer(code.length) == Answering::Allowed {
                codes[mine].wrong_answers += 1;
                guesses.push((
                    now,
                    0.1_f64.powi(i32::try_from(code.length.digits()).expect("small")),
                ));
            }
        }
    }
    codes.retain(|code| code.at > at(now - LOOK_BACK_SECS));
}

fn owner_signs_in(codes: &mut Vec<Sent>, now: i64) {
    let history = History::new(codes, at(now));
    assert_eq!(history.may_send(OWNER), Ok(()), "the owner is sent a code");
    let length = history.next_length();
    assert_eq!(
        history.may_answer(length),
        Answering::Allowed,
        "and may answer it"
    );
    codes.push(Sent {
        by_owner: true,
        length,
        ..sent(now, "192.0.2.1")
    });
}

/// The best odds of any hour.
fn worst_hour(guesses: &[(i64, f64)]) -> f64 {
    let hour_from = |start: i64| {
        let within = guesses
            .iter()
            .filter(|(at, _)| (start..start + WINDOW_SECS).contains(at));
        within.map(|(_, odds)| odds).sum::<f64>()
    };
    guesses
        .iter()
        .map(|(at, _)| hour_from(*at))
        .fold(0.0, f64::max)
}
