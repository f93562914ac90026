//! A token seen before, through the real service: trust state, cache, both clocks, counters, then one decision.

use std::hint::black_box;

use anyhow::{Result, ensure};

use crate::arguments::Arguments;
use crate::claims::Size;
use crate::cold::decide_afresh;
use crate::house::House;
use crate::questions::proxy_call;
use crate::report::{Amount, Goal, Report, Row};
use crate::timing::{Side, interleaved};

/// Enough for every token of this section at once; the default holds as many small ones, but not as many large ones.
const CACHE_BYTES: u64 = 512 * 1024 * 1024;
const MANY: usize = 10_000;

pub fn measure(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let house = House::build(CACHE_BYTES)?;
    for size in Size::BOTH {
        compare(arguments, report, &house, size)?;
    }
    Ok(())
}

fn compare(arguments: &Arguments, report: &mut Report, house: &House, size: Size) -> Result<()> {
    let before = house.services.tokens.remembered_count();
    let mut tokens = Vec::with_capacity(MANY);
    house.mint.each_token(size, MANY, |token| {
        house.admit(&token)?;
        tokens.push(token);
        Ok(())
    })?;
    ensure!(
        house.services.tokens.remembered_count() == before + MANY,
        "the cache did not keep every token"
    );

    let key = house.mint.key().verifying_key();
    let question = proxy_call();
    let (first, all) = (&tokens[..1], &tokens[..]);
    let mut request = String::new();
    let [warm_one, cold_one, warm_many, cold_many, copied] = interleaved(
        arguments.rounds(),
        [
            warm(house, first),
            Side::each(|_| drop(black_box(decide_afresh(&tokens[0], &key, &question)))),
            warm(house, all),
            Side::each(|number| {
                drop(black_box(decide_afresh(
                    &tokens[number % MANY],
                    &key,
                    &question,
                )))
            }),
            // What it takes alone to fetch the next text from memory, where a server has it from the network.
            Side::each(|number| {
                request.clear();
                request.push_str(black_box(&tokens[number % MANY]));
                black_box(request.as_bytes());
            }),
        ],
    );
    for (count, warm, cold) in [(1, warm_one, cold_one), (MANY, warm_many, cold_many)] {
        report.push(Row {
            what: format!(
                "warm, {} grants, {count} tokens in turn: faster than cold",
                size.grants()
            ),
            measured: Amount::Nanos(warm.nanos().median),
            peer: Some(("cold", Amount::Nanos(cold.nanos().median))),
            ratio: Some(cold.over(&warm)),
            goal: Some(Goal::AtLeast(40.0)),
        });
    }
    report.note(format!(
        "warm, {} grants: fetching each of {MANY} texts from memory, as this loop has to, takes {} by itself",
        size.grants(),
        Amount::Nanos(copied.nanos().median)
    ));
    Ok(())
}

/// Authenticates and decides within the runtime, so that entering it is not counted again and again.
fn warm<'a>(house: &'a House, tokens: &'a [String]) -> Side<'a> {
    let question = proxy_call();
    let mut next = 0;
    Side::new(move |times| {
        house.runtime.block_on(async {
            for _ in 0..times {
                let token = black_box(tokens[next].as_str());
                next = (next + 1) % tokens.len();
                let answer = house
                    .services
                    .tokens
                    .authenticate(house.environment, token)
                    .await;
                drop(black_box(answer.map(|caller| {
                    caller.decide(&question.target(), question.permission)
                })));
            }
        });
    })
}
