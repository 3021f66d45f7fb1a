//! The numbers of guardrails, from exposures and metric events.
//!
//! A metric event belongs to the guardrail whose name it has. For `count` and `absolute`, a unit with such an event is a bad
//! event, so each unit has at most one. For `mean`, the value of a unit is the sum of the values of its events.

use jiff::SignedDuration;

use crate::events::{Input, RowCounts};
use crate::experiment::SufficientStatistics;
use crate::guard::Assignment;
use crate::guard::source::{DataProblem, Metrics, Numbers, Point, Question, Series};
use crate::model::{Aggregate, Covariate, Guardrail, GuardrailTest, MetricKind, QueryKind, TestKind, WrittenCap};
use crate::reduction::error::ReductionError;
use crate::reduction::reduce::Reduction;
use crate::reduction::settings::{CountedReasons, Immature, MetricPlan, PhasePlan, ReductionSettings, ValueSource};
use crate::statistics::Variable;

/// The maximum number of units.
const MAX_UNITS: usize = 10_000_000;
/// The share of rows that may be bad.
const MAX_BAD_ROWS: f64 = 0.01;
/// The number and the share of units in both arms from which the numbers cannot be trusted.
const MAX_MIXED_UNITS: f64 = 10.0;
const MAX_MIXED_SHARE: f64 = 0.01;

/// The numbers of guardrails, with the rows that were read.
#[derive(Debug)]
pub struct EventMetrics {
    /// The numbers.
    pub metrics: Metrics,
    /// The rows of exposures.
    pub exposures: RowCounts,
    /// The rows of metric events.
    pub metric_events: RowCounts,
}

/// Reads the events that answer a question.
pub fn guardrail_metrics(question: &Question<'_>, exposures: Vec<Input>, metric_events: Vec<Input>) -> EventMetrics {
    let mut reduction = Reduction::new(settings(question));
    let read = exposures.into_iter().try_for_each(|input| reduction.read_exposures(input).map(drop));
    let read = read
        .and_then(|()| metric_events.into_iter().try_for_each(|input| reduction.read_metric_events(input).map(drop)));
    match read.and_then(|()| reduction.finish()) {
        Err(error) => {
            let problem = DataProblem::Events(match error {
                ReductionError::TooManyUnits(limit) => format!("the exposures have more than {limit} units"),
                error => error.to_string(),
            });
            let (exposures, metric_events) = (RowCounts::default(), RowCounts::default());
            EventMetrics { metrics: with_problem(question, &problem), exposures, metric_events }
        }
        Ok(reduced) => {
            let counts = [&reduced.exposures, &reduced.metric_events];
            let problem = counts.into_iter().find_map(bad_rows).or_else(|| mixed_units(&reduced.statistics));
            let metrics = match problem {
                Some(problem) => with_problem(question, &problem),
                None => metrics(question, &reduced.statistics),
            };
            EventMetrics { metrics, exposures: reduced.exposures, metric_events: reduced.metric_events }
        }
    }
}

fn settings(question: &Question<'_>) -> ReductionSettings {
    let plan = |guardrail: &Guardrail| {
        let (kind, aggregate, cap) = match guardrail.test.resolved()? {
            GuardrailTest::Count { .. } | GuardrailTest::Absolute { .. } => {
                (MetricKind::Proportion, Aggregate::Count, None)
            }
            GuardrailTest::Mean { cap, .. } => (MetricKind::Mean, Aggregate::Sum, Some(WrittenCap::Value(cap))),
            GuardrailTest::Block { .. } | GuardrailTest::Threshold { .. } => return None,
        };
        Some(MetricPlan {
            name: guardrail.name.value.clone(),
            kind,
            value: ValueSource { event: guardrail.name.value.clone(), aggregate },
            denominator: None,
            level: None,
            cap,
            window: SignedDuration::MAX,
            covariate: Covariate::None,
        })
    };
    let window = question.window;
    ReductionSettings {
        flag: question.flag.key.clone(),
        environment: question.environment.to_owned(),
        arms: vec![question.arms.treatment.clone(), question.arms.control.clone()],
        variants: question.flag.variants.iter().map(|variant| variant.name.value.clone()).collect(),
        phases: vec![PhasePlan { name: String::new(), start: window.start, sequence: None, planned: Vec::new() }],
        from: Some(window.start),
        until: Some(window.end),
        now: question.now,
        lookback: SignedDuration::ZERO,
        immature: Immature::Kept,
        reasons: match question.assignment {
            Assignment::Split => CountedReasons::Random,
            Assignment::Rollout | Assignment::ConditionalRollout => CountedReasons::Decided,
        },
        metrics: question.guard.guardrails.iter().filter_map(plan).collect(),
        dimensions: Vec::new(),
        max_units: MAX_UNITS,
    }
}

/// Returns the problem of files that cannot be used, for all guardrails.
pub fn unusable_events(question: &Question<'_>, problem: &str) -> Metrics {
    with_problem(question, &DataProblem::Events(problem.to_owned()))
}

fn with_problem(question: &Question<'_>, problem: &DataProblem) -> Metrics {
    let names = question.guard.guardrails.iter().map(|guardrail| guardrail.name.value.clone());
    Metrics { guardrails: names.map(|name| (name, Err(problem.clone()))).collect(), units: None }
}

/// Returns the problem of files with too many bad rows.
fn bad_rows(counts: &RowCounts) -> Option<DataProblem> {
    let (bad, rows) = (counts.bad_rows(), counts.rows());
    #[expect(clippy::cast_precision_loss, reason = "a share of rows")]
    let is_too_many = bad as f64 > MAX_BAD_ROWS * rows as f64;
    let (name, first) = counts.bad.iter().max_by_key(|(_, rows)| rows.count)?;
    let first = format!("{name}, first {}:{}: {}", first.file, first.line, first.message);
    is_too_many.then(|| DataProblem::Events(format!("{bad} of {rows} rows are bad: {first}")))
}

/// Returns the problem of too many units that were seen in both arms.
fn mixed_units(statistics: &SufficientStatistics) -> Option<DataProblem> {
    let units = statistics.exposures().map(|(_, exposures)| exposures);
    let (mixed, all) = units.fold((0.0, 0.0), |(mixed, all), exposures| {
        (mixed + exposures.multiple, all + exposures.units + exposures.multiple)
    });
    let is_too_many = mixed >= MAX_MIXED_UNITS && mixed > MAX_MIXED_SHARE * all;
    is_too_many.then(|| DataProblem::Events(format!("{mixed} of {all} units were seen in both arms")))
}

fn metrics(question: &Question<'_>, statistics: &SufficientStatistics) -> Metrics {
    let mut metrics = Metrics::default();
    for guardrail in &question.guard.guardrails {
        let name = &guardrail.name.value;
        let series = match (guardrail.test.resolved(), question.assignment) {
            (Some(GuardrailTest::Block { .. } | GuardrailTest::Threshold { .. }), _) => {
                let test = guardrail.test.kind.name();
                Err(DataProblem::Events(format!("events of units have no numbers for the test `{test}`")))
            }
            (Some(GuardrailTest::Count { .. } | GuardrailTest::Mean { .. }), Assignment::ConditionalRollout) => {
                Err(DataProblem::Events(NOT_COMPARABLE.to_owned()))
            }
            _ => series(question, |arm| numbers(statistics, arm, name, guardrail.test.kind == TestKind::Mean)),
        };
        metrics.guardrails.insert(name.clone(), series);
    }
    metrics.units = (question.assignment != Assignment::ConditionalRollout).then(|| {
        series(question, |arm| {
            let units = statistics.exposures().find(|(key, _)| key.arm == arm).map(|(_, exposures)| exposures.units)?;
            let mut numbers = Numbers::default();
            numbers.set(QueryKind::N, units);
            Some(numbers)
        })
    });
    metrics
}

/// Why the default cannot be the control of a rule with a condition.
const NOT_COMPARABLE: &str = "the control also has the units that the condition of the rule excludes: \
                              serve both variants with a split in the rule";

/// Returns the numbers of both arms in the window.
fn series(question: &Question<'_>, numbers: impl Fn(&str) -> Option<Numbers>) -> Result<Series, DataProblem> {
    let arm = |name: &str| numbers(name).ok_or_else(|| DataProblem::MissingArm(name.to_owned()));
    let (treatment, control) = (arm(&question.arms.treatment)?, arm(&question.arms.control)?);
    let window = question.window;
    let point = Point { start: window.start, end: window.end, treatment, control };
    Ok(Series { totals: vec![point], intervals: Vec::new() })
}

/// Returns the numbers of an arm in one metric.
fn numbers(statistics: &SufficientStatistics, arm: &str, metric: &str, has_values: bool) -> Option<Numbers> {
    let mut found = statistics.metrics().filter(|(key, name, _)| key.arm == arm && *name == metric);
    let moments = found.next().map(|(_, _, values)| values.moments)?;
    let (n, mean) = (moments.n(), moments.mean(Variable::Value));
    let mut numbers = Numbers::default();
    if has_values {
        numbers.set(QueryKind::N, n);
        numbers.set(QueryKind::Sum, n * mean);
        numbers.set(QueryKind::SumSq, moments.product(Variable::Value, Variable::Value) + n * mean * mean);
    } else {
        numbers.set(QueryKind::Bad, (n * mean).round());
        numbers.set(QueryKind::Total, n);
    }
    Some(numbers)
}
