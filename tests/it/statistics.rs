//! Statistical tests of the buckets with a million fixed units, and tests of two guarantees about rollouts.

use std::fmt::Write;
use std::sync::OnceLock;

use flagctl::bundle::{BUCKETS, Bucketer, Bucketing, Bundle, HashDomain};
use flagctl::eval::{Context, Value, decide};
use jiff::Timestamp;

/// The limit in standard deviations. A random statistic exceeds it in one of 150,000 cases.
const UNLIKELY: f64 = 4.5;
const SALTS: usize = 10;
/// The number of units of each kind for each salt; 1,040,000 units in total.
const UNITS: usize = 26_000;

/// Calls `each` with units of four kinds of common user ids.
fn units(each: &mut dyn FnMut(&str)) {
    let mut unit = String::new();
    for number in 0..UNITS {
        // This spreads the numbers over all 64 bits, like random identifiers.
        let random = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for kind in 0..4 {
            unit.clear();
            let written = match kind {
                0 => write!(unit, "user-{number}"),
                1 => write!(unit, "{}", 1_000_000 + number),
                2 => write!(unit, "{:08x}-0000-4000-8000-{:012x}", random >> 32, random & 0xffff_ffff_ffff),
                _ => write!(unit, "someone{number}@example.com"),
            };
            written.unwrap();
            each(&unit);
        }
    }
}

/// Returns the rollout buckets, the split buckets and the layer buckets of all units.
struct Sample {
    gate: Vec<u32>,
    split: Vec<u32>,
    layer: Vec<u32>,
}

impl Sample {
    fn new(bucketing: Bucketing, salt: &str) -> Self {
        let bucketer = Bucketer::new(bucketing, salt);
        let empty = || Vec::with_capacity(4 * UNITS);
        let mut sample = Self { gate: empty(), split: empty(), layer: empty() };
        units(&mut |unit| {
            sample.gate.push(bucketer.bucket(HashDomain::Rollout, unit));
            sample.split.push(bucketer.bucket(HashDomain::Split, unit));
            sample.layer.push(bucketer.bucket(HashDomain::Layer, unit));
        });
        sample
    }
}

/// Returns a bucketer for each of several similar salts.
fn samples() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| (0..SALTS).map(|salt| Sample::new(Bucketing::Siphash, &format!("flag-{salt}"))).collect())
}

/// Returns the distance of a chi-square statistic from its expectation in standard deviations, by the approximation of
/// Wilson and Hilferty.
fn deviation(statistic: f64, freedom: f64) -> f64 {
    let spread = 2.0 / (9.0 * freedom);
    ((statistic / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
}

/// Asserts that all cells are equally likely.
fn uniformity(cells: usize, buckets: impl Iterator<Item = u32>) -> f64 {
    let mut counts = vec![0u32; cells];
    let mut total = 0u32;
    for bucket in buckets {
        counts[bucket as usize * cells / BUCKETS as usize] += 1;
        total += 1;
    }
    let expected = f64::from(total) / cells as f64;
    let statistic: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    deviation(statistic, (cells - 1) as f64)
}

/// Asserts that two buckets are independent, with a table of 20 by 20 cells.
fn independence(left: &[u32], right: &[u32]) -> f64 {
    const SIDE: usize = 20;
    let cell = |bucket: u32| bucket as usize * SIDE / BUCKETS as usize;
    let mut counts = [[0u32; SIDE]; SIDE];
    for (left, right) in left.iter().zip(right) {
        counts[cell(*left)][cell(*right)] += 1;
    }
    let rows = counts.map(|row| f64::from(row.iter().sum::<u32>()));
    let mut columns = [0.0; SIDE];
    for row in &counts {
        for (column, count) in columns.iter_mut().zip(row) {
            *column += f64::from(*count);
        }
    }
    let mut statistic = 0.0;
    for (row, sum) in counts.iter().zip(rows) {
        for (count, column) in row.iter().zip(columns) {
            let expected = sum * column / left.len() as f64;
            statistic += (f64::from(*count) - expected).powi(2) / expected;
        }
    }
    deviation(statistic, ((SIDE - 1) * (SIDE - 1)) as f64)
}

#[test]
fn units_are_uniform_over_percentages_for_every_salt() {
    for (salt, sample) in samples().iter().enumerate() {
        for (domain, buckets) in [("gate", &sample.gate), ("split", &sample.split), ("layer", &sample.layer)] {
            let z = uniformity(100, buckets.iter().copied());
            assert!(z.abs() < UNLIKELY, "flag-{salt}, {domain}: {z}");
        }
    }
}

#[test]
fn units_are_uniform_over_the_100_000_buckets() {
    let gate = uniformity(BUCKETS as usize, samples().iter().flat_map(|sample| sample.gate.iter().copied()));
    assert!(gate.abs() < UNLIKELY, "gate: {gate}");
    let split = uniformity(BUCKETS as usize, samples().iter().flat_map(|sample| sample.split.iter().copied()));
    assert!(split.abs() < UNLIKELY, "split: {split}");
}

#[test]
fn the_buckets_of_one_flag_say_nothing_about_those_of_another() {
    for (number, pair) in samples().windows(2).enumerate() {
        for (domain, left, right) in [
            ("gate", &pair[0].gate, &pair[1].gate),
            ("split", &pair[0].split, &pair[1].split),
            ("layer", &pair[0].layer, &pair[1].layer),
        ] {
            let z = independence(left, right);
            assert!(z.abs() < UNLIKELY, "flag-{number} and the next, {domain}: {z}");
        }
    }
}

#[test]
fn rollout_split_and_layer_buckets_are_independent() {
    let pairs = |sample: &Sample| {
        [(&sample.gate, &sample.split), (&sample.gate, &sample.layer), (&sample.split, &sample.layer)]
            .map(|(left, right)| independence(left, right))
    };
    for (salt, sample) in samples().iter().enumerate() {
        for z in pairs(sample) {
            assert!(z.abs() < UNLIKELY, "flag-{salt}: {z}");
        }
    }
    for bucketing in [Bucketing::FlagdV2, Bucketing::FlagdV3] {
        let sample = Sample::new(bucketing, "flag-0");
        for z in pairs(&sample) {
            assert!(z.abs() < UNLIKELY, "{bucketing:?}: {z}");
        }
    }
}

#[test]
fn the_statistical_tests_reject_biased_buckets() {
    let sample = &samples()[0];
    let skewed = sample.gate.iter().map(|bucket| if bucket % 50 == 0 { 0 } else { *bucket });
    assert!(uniformity(100, skewed) > UNLIKELY, "too many in one");
    assert!(uniformity(100, (0..BUCKETS).map(|number| number * 7 % BUCKETS)) < -UNLIKELY, "too even");
    let leaning = sample.gate.iter().zip(&sample.split).map(|(gate, split)| (gate + 9 * split) / 10);
    assert!(independence(&sample.gate, &leaning.collect::<Vec<_>>()) > UNLIKELY, "one follows the other");
}

/// Returns a bundle with a flag whose rule admits this number of buckets and splits them among three variants.
fn flag(bucketing: &str, rollout: u32) -> Bundle {
    let json = format!(
        r#"{{
            "format": 1, "environment": "production", "bucketing": "{bucketing}", "segments": [],
            "attributes": [{{"name": "targetingKey", "type": "string"}}, {{"name": "now", "type": "datetime"}}],
            "flags": [{{
                "key": "copy", "off": 3, "default": 3, "state": "enabled", "unit": 0, "salt": "copy",
                "variants": [
                    {{"name": "a", "value": "a"}}, {{"name": "b", "value": "b"}}, {{"name": "c", "value": "c"}},
                    {{"name": "none", "value": ""}}
                ],
                "rules": [{{"rollout": {rollout}, "serve": {{"split": [[50000, 0], [80000, 1], [100000, 2]]}}}}]
            }}]
        }}"#
    );
    Bundle::from_json(json.as_bytes()).unwrap()
}

#[test]
fn a_growing_rollout_removes_no_unit_and_changes_no_variant() {
    const PEOPLE: usize = 4_000;
    for bucketing in ["siphash", "flagd-v2", "flagd-v3"] {
        let mut before: Vec<Option<String>> = vec![None; PEOPLE];
        let mut admitted_before = 0;
        for rollout in [0, 1, 1_000, 10_000, 25_000, 25_001, 50_000, 99_999, 100_000] {
            let bundle = flag(bucketing, rollout);
            let flag = bundle.flag("copy").unwrap();
            let unit = bundle.attributes().find("targetingKey").unwrap();
            let mut context = Context::empty(bundle.attributes());
            for (person, before) in before.iter_mut().enumerate() {
                context.set(unit, Value::Text(format!("person-{person}").into()));
                let decision = decide(&bundle, flag, &context, Timestamp::UNIX_EPOCH);
                let served = decision.rule.map(|_| decision.variant.name.to_string());
                assert!(before.is_none() || *before == served, "{bucketing}, {rollout}: {before:?}, then {served:?}");
                *before = served;
            }
            let admitted = before.iter().flatten().count();
            assert!(admitted >= admitted_before);
            let share = f64::from(rollout) / f64::from(BUCKETS);
            let expected = share * PEOPLE as f64;
            let spread = (expected * (1.0 - share)).sqrt().max(1.0);
            let z = (admitted as f64 - expected) / spread;
            assert!(z.abs() < UNLIKELY, "{bucketing}: {rollout} buckets admit {admitted} of {PEOPLE}");
            admitted_before = admitted;
        }
        assert_eq!(admitted_before, PEOPLE, "100 % admits everyone");
        for variant in ["a", "b", "c"] {
            assert!(before.iter().flatten().any(|served| served == variant), "no unit gets {variant}");
        }
    }
}
