//! Checks the statistical tests of guardrails: with the numbers in `tests/vectors/guard/`, and at the limits of their
//! input.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use flagctl::guard::evidence::budget::{Budget, Verdict};
use flagctl::guard::evidence::count::Block;
use flagctl::guard::evidence::{Alpha, Arm, LogE, Moments, absolute, block, count, mean, srm};
use proptest::prelude::{any, prop, prop_assert, proptest};
use serde::Deserialize;
use serde::de::DeserializeOwned;

fn vectors<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/guard").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rows<Row, Look = ()> {
    #[serde(rename = "about")]
    _about: Vec<String>,
    rows: Vec<Row>,
    #[serde(default = "Vec::new")]
    looks: Vec<Look>,
}

/// Checks a result of a test with a relative tolerance of 1e-9. Exact zeros are exact.
fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} is not {expected}");
}

fn arm([bad, total]: [f64; 2]) -> Arm {
    Arm::new(bad, total).unwrap()
}

fn alpha(alpha: f64) -> Alpha {
    Alpha::new(alpha).unwrap()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountRow {
    blocks: Vec<Arms>,
    harm: BTreeMap<String, f64>,
    health: BTreeMap<String, f64>,
    trips: BTreeMap<String, bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arms {
    treatment: [f64; 2],
    control: [f64; 2],
}

#[test]
fn count_matches_the_vectors() {
    let rows = vectors::<Rows<CountRow>>("count.json").rows;
    assert_eq!(rows.len(), 9);
    for row in rows {
        let blocks: Vec<Block> = row
            .blocks
            .iter()
            .map(|arms| Block { treatment: arm(arms.treatment), control: arm(arms.control) })
            .collect();
        for (ratio, log_e) in row.harm {
            let settings = count::Settings::new(ratio.parse().unwrap(), None).unwrap();
            assert_near(count::evaluate(&blocks, settings).harm.ln(), log_e);
        }
        for (ratio, log_e) in row.health {
            let settings = count::Settings::new(1.0, Some(ratio.parse().unwrap())).unwrap();
            assert_near(count::evaluate(&blocks, settings).health.unwrap().ln(), log_e);
        }
        let harm = count::evaluate(&blocks, count::Settings::default()).harm;
        for (stages, trips) in row.trips {
            let stages = if stages == "0.05" { 1 } else { 15 };
            let verdict = Budget::new(alpha(0.05), stages).unwrap().judge(&[harm]).verdict;
            assert_eq!(verdict == Verdict::Trip, trips);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AbsoluteRow {
    bad: f64,
    total: f64,
    max_rate: f64,
    log_e: f64,
    trips: bool,
}

#[test]
fn absolute_matches_the_vectors() {
    let rows = vectors::<Rows<AbsoluteRow>>("absolute.json").rows;
    assert_eq!(rows.len(), 8);
    for row in rows {
        let settings = absolute::Settings::new(row.max_rate, 0.0).unwrap();
        let harm = absolute::evaluate(arm([row.bad, row.total]), settings).harm();
        assert_near(harm.ln(), row.log_e);
        assert_eq!(harm >= alpha(0.05).threshold(), row.trips);
    }
}

#[test]
fn absolute_waits_for_its_minimum_of_events() {
    let settings = absolute::Settings::new(0.01, 100.0).unwrap();
    let outcome = |total| absolute::evaluate(arm([total, total]), settings);
    assert_eq!(outcome(99.0), absolute::Outcome::TooFew { events: 99.0, needed: 100.0 });
    assert_eq!(outcome(99.0).harm(), LogE::NONE);
    assert!(outcome(100.0).harm().ln() > 100.0);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MeanRow {
    treatment: [f64; 3],
    control: [f64; 3],
    tuning: f64,
    difference: f64,
    standard_error: f64,
    lower: f64,
    upper: f64,
}

#[test]
fn mean_matches_the_vectors() {
    let rows = vectors::<Rows<MeanRow>>("mean.json").rows;
    assert_eq!(rows.len(), 4);
    for row in rows {
        let moments = |[n, sum, sum_sq]: [f64; 3]| Moments::from_sums(n, sum, sum_sq).unwrap();
        let measured = |harm| {
            let settings = mean::Settings::new(harm, 0.0, 50.0, row.tuning).unwrap();
            match mean::evaluate(&moments(row.treatment), &moments(row.control), &settings, alpha(0.05)) {
                mean::Outcome::Measured(measured) => measured,
                outcome => panic!("{outcome:?}"),
            }
        };
        let (increase, decrease) = (measured(mean::Harm::Increase), measured(mean::Harm::Decrease));
        assert_near(increase.difference, row.difference);
        assert_near(increase.standard_error, row.standard_error);
        assert_near(increase.limit, row.lower);
        assert_near(decrease.limit, row.upper);
    }
}

#[test]
fn mean_finds_harm_in_its_direction_only() {
    let moments = |mean: f64| Moments::from_sums(1000.0, mean * 1000.0, 1000.0 * (mean * mean + 1.0)).unwrap();
    let outcome = |harm, tolerance| {
        let settings = mean::Settings::new(harm, tolerance, 250.0, 5000.0).unwrap();
        mean::evaluate(&moments(10.0), &moments(10.5), &settings, alpha(0.05))
    };
    assert!(outcome(mean::Harm::Decrease, 0.0).harm().ln() > 20.0);
    assert!(outcome(mean::Harm::Decrease, 0.6).harm().ln() < 0.0);
    assert!(outcome(mean::Harm::Increase, 0.0).harm().ln() < 0.0);
    let mean::Outcome::Measured(measured) = outcome(mean::Harm::Decrease, 0.0) else { panic!() };
    assert_eq!(measured.interval, mean::Interval::ProvesHarm);
}

#[test]
fn mean_waits_for_its_minimum_of_units_and_for_spread() {
    let settings = mean::Settings::new(mean::Harm::Increase, 0.0, 250.0, 5000.0).unwrap();
    let outcome = |treatment: [f64; 3], control: [f64; 3]| {
        let moments = |[n, sum, sum_sq]: [f64; 3]| Moments::from_sums(n, sum, sum_sq).unwrap();
        mean::evaluate(&moments(treatment), &moments(control), &settings, alpha(0.05))
    };
    let enough = [250.0, 500.0, 2000.0];
    assert_eq!(outcome([249.0, 500.0, 2000.0], enough), mean::Outcome::TooFew { found: 249.0, needed: 250.0 });
    assert_eq!(outcome(enough, [0.0, 0.0, 0.0]), mean::Outcome::TooFew { found: 0.0, needed: 250.0 });
    assert_eq!(outcome(enough, [250.0, 0.0, 0.0]), mean::Outcome::NoSpread);
    assert!(matches!(outcome(enough, enough), mean::Outcome::Measured(_)));
}

#[test]
fn block_waits_for_its_minimum_of_intervals() {
    let intervals = |number: usize, treatment: f64| -> Vec<Block> {
        let interval = |index: usize| Block {
            treatment: arm([treatment + f64::from(u8::from(index.is_multiple_of(2))), 100.0]),
            control: arm([1.0, 100.0]),
        };
        (0..number).map(interval).collect()
    };
    let outcome = |blocks: &[Block]| block::evaluate(blocks, block::Settings::default(), alpha(0.05));
    assert_eq!(outcome(&intervals(29, 5.0)), block::Outcome::TooFew { found: 29.0, needed: 30.0 });
    assert!(outcome(&intervals(30, 5.0)).harm() >= alpha(0.05).threshold());
    assert!(outcome(&intervals(30, 0.0)).harm() < alpha(0.05).threshold());
    let quiet = vec![Block { treatment: arm([0.0, 100.0]), control: arm([0.0, 100.0]) }; 40];
    assert_eq!(outcome(&quiet), block::Outcome::NoSpread);
    let without_control = vec![Block { treatment: arm([50.0, 100.0]), control: arm([0.0, 0.0]) }; 40];
    assert_eq!(outcome(&without_control), block::Outcome::TooFew { found: 0.0, needed: 30.0 });
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SrmRow {
    planned: Vec<f64>,
    units: Vec<f64>,
    concentration: f64,
    log_e: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SrmLooks {
    planned: Vec<f64>,
    increments: Vec<Vec<f64>>,
    concentration: Option<f64>,
    p: Vec<f64>,
}

fn shares(planned: &[f64], units: &[f64]) -> Vec<srm::Share> {
    planned.iter().zip(units).map(|(planned, units)| srm::Share { planned: *planned, units: *units }).collect()
}

#[test]
fn srm_matches_the_vectors() {
    let Rows { rows, looks, .. } = vectors::<Rows<SrmRow, SrmLooks>>("srm.json");
    assert_eq!((rows.len(), looks.len()), (11, 2));
    for row in rows {
        assert_near(srm::evaluate(&shares(&row.planned, &row.units), row.concentration).unwrap().ln(), row.log_e);
    }
    for row in looks {
        let mut units = vec![0.0; row.planned.len()];
        let mut smallest = 1_f64;
        for (increment, p) in row.increments.iter().zip(row.p) {
            units.iter_mut().zip(increment).for_each(|(sum, units)| *sum += units);
            let log_e = srm::evaluate(&shares(&row.planned, &units), row.concentration.unwrap_or(10_000.0)).unwrap();
            smallest = smallest.min((-log_e.ln()).exp());
            assert_near(smallest, p);
        }
    }
}

#[test]
fn srm_keeps_its_digits_for_large_counts() {
    // One standard deviation from an even split of 1e15 units: -0.5·ln(1e15/100) + 0.5, and terms below 1e-6.
    let half = 5e14;
    let off = (1e15_f64).sqrt() / 2.0;
    let log_e = srm::evaluate(&shares(&[0.5, 0.5], &[half + off.round(), half - off.round()]), 100.0).unwrap();
    let expected = -0.5 * (1e13_f64).ln() + 0.5;
    assert!((log_e.ln() - expected).abs() < 0.01, "{} is not {expected}", log_e.ln());
}

#[test]
fn srm_refuses_a_plan_that_is_no_split() {
    let name = |planned: &[f64], units: &[f64]| {
        srm::evaluate(&shares(planned, units), srm::CONCENTRATION).map_err(|error| error.name())
    };
    assert_eq!(name(&[0.5, 0.4], &[1.0, 1.0]), Err("out-of-range"));
    assert_eq!(name(&[0.0, 1.0], &[1.0, 1.0]), Err("out-of-range"));
    assert_eq!(name(&[0.5, f64::NAN], &[1.0, 1.0]), Err("not-finite"));
    assert_eq!(name(&[0.5, 0.5], &[1.0, -1.0]), Err("negative"));
    assert_eq!(name(&[0.5, 0.5], &[1.5, 1.0]), Err("fractional"));
    assert_eq!(name(&[], &[]), Err("out-of-range"));
}

#[test]
fn settings_outside_their_range_are_refused() {
    assert!(count::Settings::new(0.0, None).is_err());
    assert!(count::Settings::new(f64::NAN, None).is_err());
    assert!(count::Settings::new(1.5, Some(1.5)).is_err());
    assert!(count::Settings::default().with_overdispersion(0.9).is_err());
    assert!(absolute::Settings::new(1.0, 0.0).is_err());
    assert!(mean::Settings::new(mean::Harm::Increase, -1.0, 250.0, 5000.0).is_err());
    assert!(mean::Settings::new(mean::Harm::Increase, 0.0, 1.0, 5000.0).is_err());
    assert!(block::Settings::new(9.0, 0.0).is_err());
    assert!(Alpha::new(0.5).is_err() && Alpha::new(0.0).is_err() && Alpha::new(f64::NAN).is_err());
    assert!(Budget::new(alpha(0.05), 0).is_err());
}

#[test]
fn overdispersion_divides_the_evidence() {
    let block = Block { treatment: arm([100.0, 10_000.0]), control: arm([50.0, 10_000.0]) };
    let halved = Block { treatment: arm([50.0, 10_000.0]), control: arm([25.0, 10_000.0]) };
    let settings = count::Settings::default();
    let found = count::evaluate(&[block], settings.with_overdispersion(2.0).unwrap()).harm;
    assert_near(found.ln(), count::evaluate(&[halved], settings).harm.ln());
}

proptest! {
    /// No input makes NaN or infinity: constructors refuse it, or the result is finite.
    #[test]
    fn no_number_makes_a_result_that_is_not_finite(
        numbers in prop::array::uniform6(prop::num::f64::ANY),
        counts in prop::array::uniform4(0..=1_000_000_000_000_000_u64),
        ratio in any::<f64>(),
    ) {
        let [a, b, c, d, e, f] = numbers;
        for (bad, total) in [(a, b), (c, d)] {
            prop_assert!(Arm::new(bad, total).map_or(true, |arm| arm.bad().is_finite() && arm.bad() <= arm.total()));
        }
        let settings = mean::Settings::new(mean::Harm::Increase, 0.0, 2.0, 5000.0).unwrap();
        if let (Ok(treatment), Ok(control)) = (Moments::from_sums(a, b, c), Moments::from_sums(d, e, f)) {
            prop_assert!(mean::evaluate(&treatment, &control, &settings, alpha(1e-200)).harm().ln().is_finite());
        }
        #[expect(clippy::cast_precision_loss, reason = "the counts are at most 1e15")]
        let [x_t, n_t, x_c, n_c] = counts.map(|count| count as f64);
        let block = Block { treatment: arm([x_t.min(n_t), n_t]), control: arm([x_c.min(n_c), n_c]) };
        for ratio in [1e-3, 1.0, 1.1, 1e3 - 1.0].into_iter().chain((0.001..999.0).contains(&ratio).then_some(ratio)) {
            let evidence = count::evaluate(&[block, block], count::Settings::new(ratio, Some(1e3)).unwrap());
            prop_assert!(evidence.harm.ln().is_finite() && evidence.health.unwrap().ln().is_finite());
        }
        let log_e = srm::evaluate(&shares(&[0.9, 0.1], &[n_t, n_c]), srm::CONCENTRATION);
        prop_assert!(log_e.map_or(true, |log_e| log_e.ln().is_finite()));
        for rate in [1e-12, 0.5, 1.0 - 1e-12] {
            let settings = absolute::Settings::new(rate, 0.0).unwrap();
            prop_assert!(absolute::evaluate(block.treatment, settings).harm().ln().is_finite());
        }
    }
}
