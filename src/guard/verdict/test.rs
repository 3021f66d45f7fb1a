//! The test of one guardrail: from its series to its evidence and its state.

use crate::guard::evidence::{
    Alpha, Arm, InvalidNumber, LogE, Moments, Rounding, absolute, block, count, mean, threshold,
};
use crate::guard::source::{DataProblem, Numbers, Point, Series};
use crate::guard::verdict::result::{GuardrailResult, GuardrailState, Look};
use crate::model::{Direction, FailLimit, Guardrail, GuardrailTest, QueryKind};

/// The probability at which health is proven.
const BETA: f64 = 0.05;

/// The outcome of a test at one time.
struct Tested {
    log_e: Option<LogE>,
    health: Option<LogE>,
    state: GuardrailState,
}

/// Tests a guardrail. The last point decides, and the points before it are for the chart.
pub(in crate::guard) fn tested(
    guardrail: &Guardrail,
    series: Option<&Result<Series, DataProblem>>,
    alpha: Alpha,
) -> GuardrailResult {
    let blank = GuardrailResult {
        name: guardrail.name.value.clone(),
        test: guardrail.test.kind,
        last: None,
        state: GuardrailState::Problem(DataProblem::NoSource),
        log_e: None,
        health: None,
        looks: Vec::new(),
    };
    let (series, test) = match (series, guardrail.test.resolved()) {
        (Some(Ok(series)), Some(test)) => (series, test),
        (Some(Err(problem)), _) => return GuardrailResult { state: GuardrailState::Problem(problem.clone()), ..blank },
        (None, _) | (_, None) => return blank,
    };
    match results(test, series, alpha) {
        Err(problem) => {
            GuardrailResult { last: last_point(test, series), state: GuardrailState::Problem(problem), ..blank }
        }
        Ok((looks, tested)) => GuardrailResult {
            last: last_point(test, series),
            state: tested.state,
            log_e: tested.log_e,
            health: tested.health,
            looks,
            ..blank
        },
    }
}

fn last_point(test: GuardrailTest, series: &Series) -> Option<Point> {
    let points = match test {
        GuardrailTest::Block { .. } | GuardrailTest::Threshold { .. } => &series.intervals,
        GuardrailTest::Count { .. } | GuardrailTest::Mean { .. } | GuardrailTest::Absolute { .. } => &series.totals,
    };
    points.last().copied()
}

fn results(test: GuardrailTest, series: &Series, alpha: Alpha) -> Result<(Vec<Look>, Tested), DataProblem> {
    match test {
        GuardrailTest::Count { .. } | GuardrailTest::Mean { .. } | GuardrailTest::Absolute { .. } => {
            let mut looks = Vec::new();
            let mut last = None;
            for point in &series.totals {
                let tested = at_point(test, point, alpha)?;
                looks.extend(tested.log_e.map(|log_e| Look { end: point.end, log_e: log_e.ln() }));
                last = Some(tested);
            }
            let last = last.ok_or_else(|| DataProblem::Empty("total".to_owned()))?;
            Ok((looks, last))
        }
        GuardrailTest::Block { direction, tolerance, min_blocks, .. } => {
            blocks(series, direction, tolerance, min_blocks, alpha)
        }
        GuardrailTest::Threshold { max, min, fail, .. } => Ok((Vec::new(), limits(series, max, min, fail)?)),
    }
}

/// Tests the cumulative numbers of one point.
fn at_point(test: GuardrailTest, point: &Point, alpha: Alpha) -> Result<Tested, DataProblem> {
    match test {
        GuardrailTest::Count { max_ratio, healthy_ratio, overdispersion, min_units } => {
            let settings = count::Settings::new(max_ratio, healthy_ratio).map_err(invalid)?;
            let settings = settings.with_overdispersion(overdispersion).map_err(invalid)?;
            let (treatment, control) = (treatment(point)?, control(point)?);
            let total = treatment.total();
            let evidence = count::evaluate(&[count::Block { treatment, control }], settings);
            let proven = |health: LogE| health.ln() >= -BETA.ln();
            let state = match evidence.health {
                _ if total < f64::from(min_units) => too_few(total, f64::from(min_units)),
                Some(health) if !proven(health) => GuardrailState::NotProvenHealthy,
                _ if control.total() < 1.0 => too_few(control.total(), 1.0),
                Some(_) | None => GuardrailState::Fine,
            };
            Ok(Tested { log_e: Some(evidence.harm), health: evidence.health, state })
        }
        GuardrailTest::Absolute { max_rate, min_events } => {
            let settings = absolute::Settings::new(max_rate, f64::from(min_events)).map_err(invalid)?;
            let outcome = absolute::evaluate(treatment(point)?, settings);
            let state = match outcome {
                absolute::Outcome::TooFew { events, needed } => too_few(events, needed),
                absolute::Outcome::Measured { .. } => GuardrailState::Fine,
            };
            Ok(Tested { log_e: Some(outcome.harm()), health: None, state })
        }
        GuardrailTest::Mean { direction, tolerance, min_units, .. } => {
            let units = f64::from(min_units);
            let settings =
                mean::Settings::new(harm(direction), tolerance, units, mean::Settings::TUNING).map_err(invalid)?;
            let outcome = mean::evaluate(&moments(&point.treatment)?, &moments(&point.control)?, &settings, alpha);
            let state = match outcome {
                mean::Outcome::TooFew { found, needed } => too_few(found, needed),
                mean::Outcome::NoSpread => GuardrailState::NoSpread,
                mean::Outcome::Measured(_) => GuardrailState::Fine,
            };
            Ok(Tested { log_e: Some(outcome.harm()), health: None, state })
        }
        GuardrailTest::Block { .. } | GuardrailTest::Threshold { .. } => Err(DataProblem::NoSource),
    }
}

fn blocks(
    series: &Series,
    direction: Direction,
    tolerance: f64,
    min_blocks: u32,
    alpha: Alpha,
) -> Result<(Vec<Look>, Tested), DataProblem> {
    let settings = block::Settings::new(f64::from(min_blocks), tolerance).map_err(invalid)?;
    let mut process = block::Process::new(settings, alpha);
    let mut looks = Vec::new();
    let mut bad = 0.0;
    for point in &series.intervals {
        let (treatment, control) = (treatment(point)?, control(point)?);
        bad += treatment.bad();
        // The test knows harm by an increase, so the arms change places for the other direction.
        process.add(match direction {
            Direction::IncreaseIsBad => count::Block { treatment, control },
            Direction::DecreaseIsBad => count::Block { treatment: control, control: treatment },
        });
        looks.push(Look { end: point.end, log_e: process.outcome().harm().ln() });
    }
    let outcome = process.outcome();
    let state = match outcome {
        block::Outcome::TooFew { found, needed } => too_few(found, needed),
        // No bad event of the treatment is the best that can happen.
        block::Outcome::NoSpread if bad == 0.0 => GuardrailState::Fine,
        block::Outcome::NoSpread => GuardrailState::NoSpread,
        block::Outcome::Measured(_) => GuardrailState::Fine,
    };
    Ok((looks, Tested { log_e: Some(outcome.harm()), health: None, state }))
}

fn limits(series: &Series, max: Option<f64>, min: Option<f64>, fail: FailLimit) -> Result<Tested, DataProblem> {
    let values: Result<Vec<f64>, DataProblem> =
        series.intervals.iter().map(|point| point.treatment.required(QueryKind::Value)).collect();
    let values = values?;
    let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    let mut state = GuardrailState::Fine;
    for limit in max.map(threshold::Limit::Max).into_iter().chain(min.map(threshold::Limit::Min)) {
        let settings = threshold::Settings::new(limit, small(fail.limit), small(fail.of)).map_err(invalid)?;
        let outcome = threshold::evaluate(&values, settings).map_err(invalid)?;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        match outcome.state {
            threshold::State::Exceeded => {
                state = GuardrailState::Exceeded { failed: number(outcome.failed), measured: number(outcome.measured) };
                break;
            }
            threshold::State::TooFew => {
                state = too_few(f64::from(number(outcome.measured)), f64::from(fail.of));
            }
            threshold::State::Within => {}
        }
    }
    Ok(Tested { log_e: None, health: None, state })
}

fn too_few(found: f64, needed: f64) -> GuardrailState {
    GuardrailState::TooFew { found, needed }
}

fn harm(direction: Direction) -> mean::Harm {
    match direction {
        Direction::IncreaseIsBad => mean::Harm::Increase,
        Direction::DecreaseIsBad => mean::Harm::Decrease,
    }
}

fn treatment(point: &Point) -> Result<Arm, DataProblem> {
    arm(&point.treatment, Rounding::FewerBad)
}

fn control(point: &Point) -> Result<Arm, DataProblem> {
    arm(&point.control, Rounding::MoreBad)
}

fn arm(numbers: &Numbers, rounding: Rounding) -> Result<Arm, DataProblem> {
    let (bad, total) = (numbers.required(QueryKind::Bad)?, numbers.required(QueryKind::Total)?);
    Arm::rounded(bad, total, rounding).map_err(invalid)
}

fn moments(numbers: &Numbers) -> Result<Moments, DataProblem> {
    let number = |kind| numbers.required(kind);
    let n = number(QueryKind::N)?.floor();
    Moments::from_sums(n, number(QueryKind::Sum)?, number(QueryKind::SumSq)?).map_err(invalid)
}

pub(super) fn invalid(error: InvalidNumber) -> DataProblem {
    DataProblem::InvalidNumber(error.to_string())
}
