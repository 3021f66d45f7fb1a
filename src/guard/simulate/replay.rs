//! A guard on the traffic of a metrics file: at which look of the past it would have tripped.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::guard::check::GuardedFlag;
use crate::guard::error::GuardError;
use crate::guard::evidence::budget::{Budget, Verdict};
use crate::guard::evidence::{Alpha, LogE};
use crate::guard::simulate::naive::{Counts, exceeds_control, exceeds_limit};
use crate::guard::source::{DataProblem, Metrics, MetricsFile, Point, Question, Series, Window};
use crate::guard::verdict::{Case, GuardrailResult, GuardrailState, judge, tested};
use crate::model::{Guardrail, GuardrailTest, QueryKind, TestKind};
use crate::statistics::distribution::normal_upper_quantile;

/// A guard on the traffic of a metrics file.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The time from the first window of the file to the last.
    pub window: Window,
    /// The variant that is rolled out.
    pub treatment: String,
    /// The variant that it is compared with.
    pub control: String,
    /// The probability of a false trip in the stage.
    pub alpha: f64,
    /// The logarithm of the mean e-value at which the guard trips.
    pub threshold: f64,
    /// The number of looks: the different ends of windows.
    pub looks: u32,
    /// The highest logarithm of the mean e-value of all guardrails.
    pub highest: f64,
    /// The first look at which the guard trips.
    pub trip: Option<Moment>,
    /// Why the numbers of units do not count, if they do not.
    pub units_problem: Option<DataProblem>,
    /// The guardrails, in the order of the definition.
    pub guardrails: Vec<ReplayedGuardrail>,
}

/// A look of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The number of the look, from one.
    pub look: u32,
    /// The end of its windows.
    pub end: Timestamp,
}

/// A guardrail on the traffic of a metrics file.
#[derive(Debug, Clone)]
pub struct ReplayedGuardrail {
    /// The name.
    pub name: String,
    /// The test.
    pub test: TestKind,
    /// Why its numbers cannot be trusted.
    pub problem: Option<DataProblem>,
    /// The highest logarithm of its e-value. A test without statistics has none.
    pub highest: Option<f64>,
    /// The first look at which the guard would trip if it had this guardrail only.
    pub trip: Option<Moment>,
    /// The first look at which a repeated z-test would trip. Only rates have one.
    pub naive: Option<Moment>,
    /// The variance of the control's bad events over that of independent events, from two windows with events on.
    pub dispersion: Option<f64>,
}

/// Replays the rows of a file that are about a flag. Returns `None` if the file has none.
///
/// All windows of the file count as those of one stage.
///
/// # Errors
/// Returns [`GuardError`] if the settings of the guard are not valid.
pub fn replay(guarded: &GuardedFlag, file: &MetricsFile) -> Result<Option<Replay>, GuardError> {
    let Some(window) = file.window(&guarded.flag.key, &guarded.environment) else { return Ok(None) };
    let question = Question {
        flag: &guarded.flag,
        environment: &guarded.environment,
        guard: &guarded.guard,
        arms: &guarded.arms,
        assignment: guarded.assignment,
        window,
        now: window.end,
        looks: 1,
    };
    let metrics = file.metrics(&question);
    let replay = replayed(guarded, window, &metrics);
    replay.map(Some).map_err(|problem| GuardError::invalid(&guarded.flag.key, &problem))
}

fn replayed(guarded: &GuardedFlag, window: Window, metrics: &Metrics) -> Result<Replay, DataProblem> {
    let guard = &guarded.guard;
    let case =
        Case { guard, arms: &guarded.arms, window, age: window.length(), split: guarded.planned_split(), probe: None };
    let judgement = judge(&case, metrics)?;
    let invalid = |error: crate::guard::evidence::InvalidNumber| DataProblem::InvalidNumber(error.to_string());
    let budget = Budget::new(Alpha::new(guard.alpha).map_err(invalid)?, guard.stages).map_err(invalid)?;
    let mut tracks = Vec::with_capacity(guard.guardrails.len());
    for (guardrail, result) in guard.guardrails.iter().zip(judgement.guardrails) {
        let series = metrics.guardrails.get(&guardrail.name.value).and_then(|series| series.as_ref().ok());
        tracks.push(Track::new(guardrail, result, series, &budget));
    }
    let ends: BTreeSet<Timestamp> = tracks.iter().flat_map(|track| &track.looks).map(|look| look.end).collect();
    let ends: Vec<Timestamp> = ends.into_iter().collect();
    let (highest, trip) = combined(&tracks, &ends, &budget);
    let guardrails = tracks.into_iter().map(|track| track.finish(&ends)).collect();
    Ok(Replay {
        window,
        treatment: judgement.arms.treatment,
        control: judgement.arms.control,
        alpha: judgement.alpha,
        threshold: judgement.threshold,
        looks: u32::try_from(ends.len()).unwrap_or(u32::MAX),
        highest,
        trip: trip.and_then(|end| moment(&ends, end)),
        units_problem: judgement.sample_ratio.problem(),
        guardrails,
    })
}

/// What one guardrail says at one time.
#[derive(Debug, Clone, Copy)]
struct TrackedLook {
    end: Timestamp,
    /// The evidence, which a test without statistics does not have.
    log_e: Option<LogE>,
    /// Whether the guardrail alone is a trip.
    trip: Verdict,
}

/// The looks of one guardrail.
struct Track {
    result: GuardrailResult,
    looks: Vec<TrackedLook>,
    naive: Option<Timestamp>,
    dispersion: Option<f64>,
}

impl Track {
    fn new(guardrail: &Guardrail, result: GuardrailResult, series: Option<&Series>, budget: &Budget) -> Self {
        let (Some(series), Some(test)) = (series, guardrail.test.resolved()) else {
            return Self { result, looks: Vec::new(), naive: None, dispersion: None };
        };
        let looks = match test {
            GuardrailTest::Threshold { fail, .. } => limit_looks(guardrail, series, fail.of, budget),
            _ => {
                let look = |look: &crate::guard::verdict::Look| {
                    let log_e = LogE::new(look.log_e);
                    TrackedLook { end: look.end, log_e: Some(log_e), trip: budget.judge(&[log_e]).verdict }
                };
                result.looks.iter().map(look).collect()
            }
        };
        let dispersion = match test {
            GuardrailTest::Count { .. } | GuardrailTest::Block { .. } => dispersion(&series.intervals),
            GuardrailTest::Mean { .. } | GuardrailTest::Threshold { .. } | GuardrailTest::Absolute { .. } => None,
        };
        Self { result, looks, naive: naive_trip(test, series, budget.alpha()), dispersion }
    }

    fn finish(self, ends: &[Timestamp]) -> ReplayedGuardrail {
        let trip = self.looks.iter().find(|look| look.trip == Verdict::Trip);
        let evidence = self.looks.iter().filter_map(|look| look.log_e);
        ReplayedGuardrail {
            highest: evidence.map(LogE::ln).max_by(f64::total_cmp),
            trip: trip.and_then(|look| moment(ends, look.end)),
            naive: self.naive.and_then(|end| moment(ends, end)),
            dispersion: self.dispersion,
            problem: match self.result.state {
                GuardrailState::Problem(problem) => Some(problem),
                _ => None,
            },
            name: self.result.name,
            test: self.result.test,
        }
    }
}

/// Returns the looks of a test without statistics. Each has the last values that the test asks for.
fn limit_looks(guardrail: &Guardrail, series: &Series, of: u32, budget: &Budget) -> Vec<TrackedLook> {
    let of = usize::try_from(of).unwrap_or(usize::MAX);
    let look = |(index, point): (usize, &Point)| {
        let recent = series.intervals.get((index + 1).saturating_sub(of)..=index).unwrap_or_default();
        let recent = Ok(Series { totals: Vec::new(), intervals: recent.to_vec() });
        let state = tested(guardrail, Some(&recent), budget.alpha()).state;
        let is_trip = matches!(state, GuardrailState::Exceeded { .. });
        TrackedLook { end: point.end, log_e: None, trip: if is_trip { Verdict::Trip } else { Verdict::NoHarmProven } }
    };
    series.intervals.iter().enumerate().map(look).collect()
}

/// Returns the highest evidence of all guardrails together, and the end of the first look at which the guard trips.
fn combined(tracks: &[Track], ends: &[Timestamp], budget: &Budget) -> (f64, Option<Timestamp>) {
    let mut highest = f64::NEG_INFINITY;
    let mut trip = None;
    let mut next = vec![0; tracks.len()];
    // A guardrail takes part without evidence until its first look.
    let mut evidence: Vec<Option<LogE>> = tracks.iter().map(own_evidence).collect();
    for end in ends {
        let mut is_exceeded = false;
        for ((track, next), evidence) in tracks.iter().zip(&mut next).zip(&mut evidence) {
            let Some(look) = track.looks.get(*next).filter(|look| look.end == *end) else { continue };
            *next += 1;
            match look.log_e {
                Some(log_e) => *evidence = Some(log_e),
                None => is_exceeded |= look.trip == Verdict::Trip,
            }
        }
        let measured: Vec<LogE> = evidence.iter().copied().flatten().collect();
        let judged = budget.judge(&measured);
        highest = highest.max(judged.log_e.ln());
        if trip.is_none() && (is_exceeded || judged.verdict == Verdict::Trip) {
            trip = Some(*end);
        }
    }
    (if highest.is_finite() { highest } else { 0.0 }, trip)
}

fn own_evidence(track: &Track) -> Option<LogE> {
    track.result.test.is_statistical().then_some(LogE::NONE)
}

/// Returns the end of the first look at which a z-test that is repeated at each look trips.
fn naive_trip(test: GuardrailTest, series: &Series, alpha: Alpha) -> Option<Timestamp> {
    let critical = normal_upper_quantile(alpha.get());
    let counts = |numbers: &crate::guard::source::Numbers| {
        Some(Counts { bad: numbers.get(QueryKind::Bad)?, total: numbers.get(QueryKind::Total)? })
    };
    let trips = |point: &&Point| match test {
        GuardrailTest::Count { .. } | GuardrailTest::Block { .. } => {
            let (treatment, control) = (counts(&point.treatment), counts(&point.control));
            treatment.zip(control).is_some_and(|(treatment, control)| exceeds_control(treatment, control, critical))
        }
        GuardrailTest::Absolute { max_rate, .. } => {
            counts(&point.treatment).is_some_and(|treatment| exceeds_limit(treatment, max_rate, critical))
        }
        GuardrailTest::Mean { .. } | GuardrailTest::Threshold { .. } => false,
    };
    series.totals.iter().find(trips).map(|point| point.end)
}

/// Returns the variance of the control's bad events over that of independent events at their mean rate: Pearson's
/// statistic over its degrees of freedom.
fn dispersion(intervals: &[Point]) -> Option<f64> {
    let counts = |point: &Point| {
        let (bad, total) = (point.control.get(QueryKind::Bad)?, point.control.get(QueryKind::Total)?);
        (total > 0.0).then_some((bad, total))
    };
    let counts: Vec<(f64, f64)> = intervals.iter().filter_map(counts).collect();
    let (bad, total) = counts.iter().fold((0.0, 0.0), |(bad, total), (own, all)| (bad + own, total + all));
    let rate = bad / total;
    if counts.len() < 2 || rate.is_nan() || rate <= 0.0 || rate >= 1.0 {
        return None;
    }
    let squares = counts.iter().map(|(bad, total)| (bad - total * rate).powi(2) / (total * rate * (1.0 - rate)));
    let freedom = f64::from(u32::try_from(counts.len() - 1).unwrap_or(u32::MAX));
    Some(squares.sum::<f64>() / freedom)
}

/// Returns the number of a look by its end.
fn moment(ends: &[Timestamp], end: Timestamp) -> Option<Moment> {
    let index = ends.binary_search(&end).ok()?;
    Some(Moment { look: u32::try_from(index + 1).unwrap_or(u32::MAX), end })
}
