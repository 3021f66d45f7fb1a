//! The reduction of events to sufficient statistics, compared with sums that the test computes in another way.

use std::collections::BTreeMap;
use std::io::Cursor;

use flagctl::events::Input;
use flagctl::experiment::{ArmMetric, CovariateData, SufficientStatistics};
use flagctl::model::{Aggregate, Covariate, MetricKind, WrittenCap};
use flagctl::reduction::{
    CountedReasons, Immature, MetricPlan, PhasePlan, Reduced, Reduction, ReductionError, ReductionSettings, ValueSource,
};
use flagctl::statistics::Variable;
use jiff::{SignedDuration, Timestamp};

use crate::random::Random;

/// The start of the data, in seconds.
const START: i64 = 1_793_491_200;
const DAY: i64 = 86_400;

fn time(seconds: i64) -> String {
    Timestamp::from_second(START + seconds).unwrap().to_string()
}

fn exposure(unit: &str, variant: &str, seconds: i64) -> String {
    format!(
        "{{\"ts\":\"{}\",\"feature_flag.key\":\"pay\",\"feature_flag.result.variant\":\"{variant}\",\
         \"feature_flag.result.reason\":\"split\",\"feature_flag.context.id\":\"{unit}\",\"feature_flag.set.id\":\"production\",\
         \"attrs\":{{\"country\":\"{}\"}}}}\n",
        time(seconds),
        if unit.ends_with(['1', '3', '5', '7', '9']) { "DE" } else { "FR" },
    )
}

fn event(unit: &str, name: &str, value: f64, seconds: i64) -> String {
    format!("{{\"event\":\"{name}\",\"ts\":\"{}\",\"context.id\":\"{unit}\",\"value\":{value}}}\n", time(seconds))
}

fn metric(name: &str, kind: MetricKind, event: &str, aggregate: Aggregate) -> MetricPlan {
    MetricPlan {
        name: name.to_owned(),
        kind,
        value: ValueSource { event: event.to_owned(), aggregate },
        denominator: None,
        level: None,
        cap: None,
        window: SignedDuration::from_hours(72),
        covariate: Covariate::Before,
    }
}

fn settings(metrics: Vec<MetricPlan>) -> ReductionSettings {
    let phase = |name: &str, start: i64| PhasePlan {
        name: name.to_owned(),
        start: Timestamp::from_second(START + start).unwrap(),
        sequence: None,
        planned: vec![("on".to_owned(), 0.5), ("off".to_owned(), 0.5)],
    };
    ReductionSettings {
        flag: "pay".to_owned(),
        environment: "production".to_owned(),
        arms: vec!["off".to_owned(), "on".to_owned()],
        variants: vec!["off".to_owned(), "on".to_owned(), "beta".to_owned()],
        phases: vec![phase("first", 0), phase("second", 20 * DAY)],
        from: None,
        until: None,
        now: Timestamp::from_second(START + 100 * DAY).unwrap(),
        lookback: SignedDuration::from_hours(14 * 24),
        reasons: CountedReasons::Random,
        immature: Immature::Excluded,
        metrics,
        dimensions: Vec::new(),
        max_units: 1_000_000,
    }
}

fn reduce(settings: ReductionSettings, exposures: &str, events: &str) -> Result<Reduced, ReductionError> {
    let mut reduction = Reduction::new(settings);
    reduction.read_exposures(Input::new("exposures", Cursor::new(exposures.as_bytes().to_vec())))?;
    reduction.read_metric_events(Input::new("events", Cursor::new(events.as_bytes().to_vec())))?;
    reduction.finish()
}

fn find<'s>(statistics: &'s SufficientStatistics, phase: &str, arm: &str, metric: &str) -> &'s ArmMetric {
    let found = statistics.metrics().find(|(key, name, _)| {
        (key.phase.as_str(), key.arm.as_str(), *name) == (phase, arm, metric) && key.subgroup.is_none()
    });
    found.unwrap_or_else(|| panic!("{phase} {arm} {metric}")).2
}

/// Returns `units`, `multiple` and `immature` of an arm.
fn exposed(statistics: &SufficientStatistics, phase: &str, arm: &str) -> [f64; 3] {
    let of_arm = |key: &&flagctl::experiment::CellKey| key.phase == phase && key.arm == arm && key.subgroup.is_none();
    let (_, found) = statistics.exposures().find(|(key, _)| of_arm(key)).unwrap();
    [found.units, found.multiple, found.immature]
}

#[test]
fn windows_are_half_open_and_the_covariate_ends_at_the_first_exposure() {
    let metrics = vec![
        metric("revenue", MetricKind::Mean, "purchase", Aggregate::Sum),
        metric("bought", MetricKind::Proportion, "purchase", Aggregate::Count),
    ];
    let exposures = exposure("a", "on", 1000) + &exposure("a", "on", 500) + &exposure("b", "off", 0);
    let window = 72 * 3600;
    let events = [
        event("a", "purchase", 1.0, 500),
        event("a", "purchase", 2.0, 500 + window - 1),
        event("a", "purchase", 4.0, 500 + window),
        event("a", "purchase", 8.0, 499),
        event("a", "purchase", 16.0, 500 - 14 * DAY),
        event("a", "purchase", 32.0, 500 - 14 * DAY - 1),
        event("unknown", "purchase", 64.0, 500),
        event("a", "other", 64.0, 500),
        event("b", "other", 1.0, 10 * DAY),
    ];
    let reduced = reduce(settings(metrics), &exposures, &events.concat()).unwrap();
    let on = find(&reduced.statistics, "first", "on", "revenue");
    assert_eq!(
        (on.moments.n(), on.moments.mean(Variable::Value), on.moments.mean(Variable::Covariate)),
        (1.0, 3.0, 24.0)
    );
    assert_eq!(on.covariate, CovariateData::Present { missing: 0.0 });
    let off = find(&reduced.statistics, "first", "off", "revenue");
    assert_eq!((off.moments.n(), off.moments.mean(Variable::Value)), (1.0, 0.0));
    assert_eq!(off.covariate, CovariateData::Present { missing: 1.0 });
    assert_eq!(find(&reduced.statistics, "first", "on", "bought").moments.mean(Variable::Value), 1.0);
    assert_eq!((reduced.ignored.other_units, reduced.ignored.other_events), (1, 2));
}

#[test]
fn units_in_several_arms_and_units_whose_window_is_open_are_counted_and_in_no_metric() {
    let metrics = vec![metric("revenue", MetricKind::Mean, "purchase", Aggregate::Sum)];
    let exposures = [
        exposure("a", "on", 0),
        exposure("a", "off", 10),
        exposure("b", "on", 0),
        exposure("c", "on", 9 * DAY),
        exposure("d", "beta", 0),
        exposure("e", "gamma", 0),
    ];
    let events =
        event("b", "purchase", 5.0, 100) + &event("a", "purchase", 7.0, 100) + &event("b", "purchase", 1.0, 10 * DAY);
    let reduced = reduce(settings(metrics.clone()), &exposures.concat(), &events).unwrap();
    assert_eq!(exposed(&reduced.statistics, "first", "on"), [2.0, 1.0, 1.0]);
    let on = find(&reduced.statistics, "first", "on", "revenue");
    assert_eq!((on.moments.n(), on.moments.mean(Variable::Value)), (1.0, 5.0));
    assert_eq!(reduced.exposures.bad["unknown-variant"].count, 1);
    assert_eq!(reduced.ignored.other_variants, 1);
    let kept = ReductionSettings { immature: Immature::Kept, ..settings(metrics) };
    let reduced = reduce(kept, &exposures.concat(), &events).unwrap();
    assert_eq!(find(&reduced.statistics, "first", "on", "revenue").moments.n(), 2.0);
    assert_eq!(exposed(&reduced.statistics, "first", "on"), [2.0, 1.0, 0.0]);
}

#[test]
fn phases_are_never_pooled_and_a_number_of_the_log_is_stronger_than_the_time() {
    let metrics = vec![metric("revenue", MetricKind::Mean, "purchase", Aggregate::Sum)];
    let exposures = exposure("a", "on", 0) + &exposure("a", "off", 20 * DAY) + &exposure("b", "on", 20 * DAY - 1);
    let events =
        event("a", "purchase", 1.0, 10) + &event("a", "purchase", 2.0, 20 * DAY + 10) + &event("b", "x", 0.0, 60 * DAY);
    let reduced = reduce(settings(metrics.clone()), &exposures, &events).unwrap();
    assert!(reduced.statistics.phases().eq(["first", "second"]));
    assert_eq!(exposed(&reduced.statistics, "first", "on"), [2.0, 0.0, 2.0 - 2.0]);
    assert_eq!(exposed(&reduced.statistics, "second", "off"), [1.0, 0.0, 0.0]);
    let second = find(&reduced.statistics, "second", "off", "revenue");
    assert_eq!((second.moments.mean(Variable::Value), second.moments.mean(Variable::Covariate)), (2.0, 0.0));
    let mut published = settings(metrics);
    for (phase, sequence) in published.phases.iter_mut().zip([3, 7]) {
        phase.sequence = Some(sequence);
    }
    let numbered = |row: String, version: &str| {
        row.replace("\"attrs\"", &format!("\"feature_flag.version\":\"{version}\",\"attrs\""))
    };
    let exposures = [
        numbered(exposure("a", "on", 20 * DAY + 5), "6"),
        numbered(exposure("b", "on", 20 * DAY + 5), "7"),
        numbered(exposure("c", "on", 5), "2"),
    ];
    let reduced = reduce(published, &exposures.concat(), &events).unwrap();
    assert_eq!(exposed(&reduced.statistics, "first", "on")[0], 1.0);
    assert_eq!(exposed(&reduced.statistics, "second", "on")[0], 1.0);
    assert_eq!(reduced.ignored.outside, 1);
}

/// Computes the value of a unit from those of its events.
type Value<'v> = &'v dyn Fn(&[f64]) -> f64;

/// Returns the index of a quantile among sorted values.
#[allow(clippy::cast_sign_loss, reason = "a number of values is not negative")]
fn index_of_quantile(count: usize, level: f64) -> usize {
    (count as f64 * level).ceil() as usize - 1
}

#[test]
fn aggregates_caps_ratios_and_quantiles_of_generated_events_are_those_of_a_second_computation() {
    let mut random = Random(7);
    let mut exposures = String::new();
    let mut values: BTreeMap<String, (bool, Vec<f64>)> = BTreeMap::new();
    let mut rows = Vec::new();
    for number in 0..400 {
        let unit = format!("u{number}");
        let arm = number % 2 == 0;
        exposures += &exposure(&unit, if arm { "on" } else { "off" }, 0);
        let list: Vec<f64> = (0..random.below(5)).map(|_| random.below(1000) as f64 / 8.0 - 20.0).collect();
        rows.extend(list.iter().map(|value| event(&unit, "e", *value, 60)));
        values.insert(unit, (arm, list));
    }
    rows.push(event("nothing", "e", 0.0, 50 * DAY));
    let mut metrics = Vec::new();
    for (name, aggregate) in [
        ("sum", Aggregate::Sum),
        ("count", Aggregate::Count),
        ("mean", Aggregate::Mean),
        ("max", Aggregate::Max),
        ("min", Aggregate::Min),
    ] {
        metrics.push(metric(name, MetricKind::Mean, "e", aggregate));
    }
    let capped =
        MetricPlan { cap: Some(WrittenCap::Quantile(0.9)), ..metric("capped", MetricKind::Mean, "e", Aggregate::Sum) };
    let count = ValueSource { event: "e".to_owned(), aggregate: Aggregate::Count };
    let ratio = MetricPlan { denominator: Some(count), ..metric("ratio", MetricKind::Ratio, "e", Aggregate::Sum) };
    let median = MetricPlan { level: Some(0.5), ..metric("median", MetricKind::Quantile, "e", Aggregate::Sum) };
    let p90 = MetricPlan { level: Some(0.9), ..metric("p90", MetricKind::EventQuantile, "e", Aggregate::Sum) };
    metrics.extend([capped, ratio, median, p90]);
    let reduced = reduce(settings(metrics), &exposures, &rows.concat()).unwrap();
    let sum = |list: &[f64]| list.iter().sum::<f64>();
    let largest = |list: &[f64]| list.iter().copied().reduce(f64::max).unwrap_or(0.0);
    let smallest = |list: &[f64]| list.iter().copied().reduce(f64::min).unwrap_or(0.0);
    let mean = |list: &[f64]| if list.is_empty() { 0.0 } else { sum(list) / list.len() as f64 };
    let mut pooled: Vec<f64> =
        values.values().filter(|(_, list)| !list.is_empty()).map(|(_, list)| sum(list)).collect();
    pooled.sort_by(f64::total_cmp);
    let cap = pooled[index_of_quantile(pooled.len(), 0.9)];
    for (arm, name) in [(true, "on"), (false, "off")] {
        let own: Vec<&[f64]> =
            values.values().filter(|(own, _)| *own == arm).map(|(_, list)| list.as_slice()).collect();
        let expected: [(&str, Value<'_>); 7] = [
            ("sum", &sum),
            ("count", &|list| list.len() as f64),
            ("mean", &mean),
            ("max", &largest),
            ("min", &smallest),
            ("capped", &|list| sum(list).min(cap)),
            ("ratio", &sum),
        ];
        for (metric, value) in expected {
            let found = find(&reduced.statistics, "first", name, metric);
            let list: Vec<f64> = own.iter().map(|list| value(list)).collect();
            let average = list.iter().sum::<f64>() / 200.0;
            let variance = list.iter().map(|value| (value - average).powi(2)).sum::<f64>() / 199.0;
            assert!((found.moments.mean(Variable::Value) - average).abs() < 1e-9, "{name} {metric}");
            assert!(
                (found.moments.covariance(Variable::Value, Variable::Value) / variance - 1.0).abs() < 1e-9,
                "{name} {metric}"
            );
        }
        let over = own.iter().filter(|list| sum(list) > cap).count() as f64;
        assert_eq!(find(&reduced.statistics, "first", name, "capped").capped, over);
        let counts = own.iter().map(|list| list.len() as f64).sum::<f64>() / 200.0;
        let ratio = find(&reduced.statistics, "first", name, "ratio");
        assert!((ratio.moments.mean(Variable::Denominator) - counts).abs() < 1e-9);
        let mut sums: Vec<f64> = own.iter().map(|list| sum(list)).collect();
        sums.sort_by(f64::total_cmp);
        let median = find(&reduced.statistics, "first", name, "median").quantile.unwrap();
        assert_eq!(median.estimate, sums[99]);
        // z·s·n = 1.96 · sqrt(0.25/200) · 200 = 13.86
        assert_eq!((median.lower, median.upper), (sums[85], sums[113]));
        let mut events: Vec<f64> = own.iter().flat_map(|list| list.iter().copied()).collect();
        events.sort_by(f64::total_cmp);
        let p90 = find(&reduced.statistics, "first", name, "p90");
        assert_eq!(p90.quantile.unwrap().estimate, events[index_of_quantile(events.len(), 0.9)]);
        assert!((p90.moments.mean(Variable::Denominator) * 200.0 - events.len() as f64).abs() < 1e-6);
    }
}

#[test]
fn groups_by_an_attribute_are_parts_of_all_units() {
    let metrics = vec![metric("revenue", MetricKind::Mean, "purchase", Aggregate::Sum)];
    let exposures: String = (0..20).map(|number| exposure(&format!("u{number}"), "on", 0)).collect();
    let events: String = (0..20)
        .map(|number| {
            event(&format!("u{number}"), "purchase", f64::from(number), 10 + 5 * DAY * i64::from(number / 19))
        })
        .collect();
    let settings = ReductionSettings { dimensions: vec!["country".to_owned()], ..settings(metrics) };
    let reduced = reduce(settings, &exposures, &events).unwrap();
    let units = |level: &str| {
        let own = |subgroup: &flagctl::experiment::Subgroup| subgroup.level == level;
        let mut cells =
            reduced.statistics.exposures().filter(|(key, _)| key.arm == "on" && key.subgroup.as_ref().is_some_and(own));
        cells.next().map(|(_, exposures)| exposures.units)
    };
    assert_eq!((units("DE"), units("FR"), units("(none)")), (Some(10.0), Some(10.0), None));
}

#[test]
fn events_in_the_future_events_without_values_and_too_many_units_are_refused() {
    let metrics = vec![metric("revenue", MetricKind::Mean, "purchase", Aggregate::Sum)];
    let exposures = exposure("a", "on", 0) + &exposure("b", "on", 101 * DAY);
    let events = event("a", "purchase", 1.0, 10).replace(",\"value\":1", "");
    let reduced = reduce(settings(metrics.clone()), &exposures, &events).unwrap();
    assert_eq!(reduced.exposures.bad["future-time"].count, 1);
    assert_eq!(reduced.metric_events.bad["missing-key"].count, 1);
    let few = ReductionSettings { max_units: 1, ..settings(metrics) };
    let exposures = exposure("a", "on", 0) + &exposure("b", "on", 0);
    assert!(matches!(reduce(few, &exposures, ""), Err(ReductionError::TooManyUnits(1))));
}
