//! Reading a claim must take time in proportion to its size.

use std::hint::black_box;

use anyhow::{Result, ensure};
use hallpass_permissions::Claim;

use crate::arguments::Arguments;
use crate::claims::claim_of;
use crate::report::{Amount, Goal, Report, Row};
use crate::timing::{Side, interleaved};

const SIZES: [usize; 8] = [10, 30, 100, 300, 1000, 2000, 3500, 5000];
/// How far the exponent of the fitted power law may lie above 1.
const TOLERANCE: f64 = 0.10;

pub fn measure(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let claims = SIZES.map(claim_of);
    for (claim, grants) in claims.iter().zip(SIZES) {
        ensure!(
            Claim::parse(claim).is_ok_and(|claim| claim.grants_count() == grants),
            "a claim of another size"
        );
    }
    let times = interleaved(
        arguments.rounds(),
        claims
            .each_ref()
            .map(|claim| Side::each(move |_| drop(black_box(Claim::parse(black_box(claim)))))),
    );
    let medians = times.map(|times| times.nanos().median);
    let points: Vec<_> = SIZES
        .iter()
        .zip(medians)
        .map(|(grants, nanos)| ((*grants as f64).ln(), nanos.ln()))
        .collect();
    report.push(Row {
        what: format!(
            "parse time, {} to {} grants: growth",
            SIZES[0],
            SIZES[SIZES.len() - 1]
        ),
        measured: Amount::Exponent(slope(&points)),
        peer: None,
        ratio: None,
        goal: Some(Goal::AtMost(1.0 + TOLERANCE)),
    });
    for ((grants, nanos), claim) in SIZES.iter().zip(medians).zip(&claims) {
        report.note(format!(
            "parse: {grants:>5} grants {:>9} in {:>8}, {:>4.0} ns per grant, {:>4.2} ns per byte",
            Amount::Bytes(claim.len() as f64).to_string(),
            Amount::Nanos(nanos).to_string(),
            nanos / *grants as f64,
            nanos / claim.len() as f64
        ));
    }
    Ok(())
}

/// Slope of the straight line through the points by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let covariance: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    covariance / variance
}
