//! The rows of a metrics file: one arm of one guardrail in one window.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::eval::parse_datetime;
use crate::guard::source::problem::DataProblem;
use crate::guard::source::series::{Numbers, Point, Question, Series};
use crate::model::QueryKind;
use crate::row_file::Columns;

/// The columns that every row has.
const KEYS: [&str; 6] = ["flag", "environment", "guardrail", "variant", "window-start", "window-end"];
/// The columns with numbers, of which a row has some.
const NUMBERS: [(&str, QueryKind); 6] = [
    ("bad", QueryKind::Bad),
    ("total", QueryKind::Total),
    ("n", QueryKind::N),
    ("sum", QueryKind::Sum),
    ("sum-sq", QueryKind::SumSq),
    ("value", QueryKind::Value),
];
/// The columns of a metrics file.
pub(super) const COLUMNS: Columns =
    Columns { required: &KEYS, optional: &["bad", "total", "n", "sum", "sum-sq", "value"] };
/// The guardrail of the numbers of units.
pub(super) const UNITS: &str = "srm";

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) flag: String,
    pub(super) environment: String,
    pub(super) guardrail: String,
    pub(super) variant: String,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) numbers: Numbers,
}

impl Row {
    /// Makes a row of texts by the names of their columns.
    ///
    /// # Errors
    /// Returns the name of the column and what is wrong with its text.
    pub(super) fn new<'t>(text: impl Fn(&str) -> Option<&'t str>) -> Result<Self, (&'static str, String)> {
        let required = |name: &'static str| match text(name) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err((name, format!("expected a value for `{name}`"))),
        };
        let time = |name: &'static str| {
            let text = required(name)?;
            let expected = || format!("expected a time with an offset, such as `2026-11-22T11:02:00Z`, found `{text}`");
            parse_datetime(text).ok_or_else(|| (name, expected()))
        };
        let [flag, environment, guardrail, variant, window_start, window_end] = KEYS;
        let (start, end) = (time(window_start)?, time(window_end)?);
        if end <= start {
            return Err((window_end, "expected an end after the start of the window".to_owned()));
        }
        let mut numbers = Numbers::default();
        for (name, kind) in NUMBERS {
            let Some(text) = text(name).filter(|text| !text.is_empty()) else { continue };
            let expected = || (name, format!("expected a finite number, found `{text}`"));
            let number: f64 = text.parse().map_err(|_| expected())?;
            if !number.is_finite() {
                return Err(expected());
            }
            if number < 0.0 && !matches!(kind, QueryKind::Sum | QueryKind::Value) {
                return Err((name, format!("expected a number from 0, found `{text}`")));
            }
            numbers.set(kind, number);
        }
        if numbers.present().next().is_none() {
            return Err(("bad", "expected numbers: `bad` and `total`, `n`, `sum` and `sum-sq`, or `value`".to_owned()));
        }
        Ok(Self {
            flag: required(flag)?.to_owned(),
            environment: required(environment)?.to_owned(),
            guardrail: required(guardrail)?.to_owned(),
            variant: required(variant)?.to_owned(),
            start,
            end,
            numbers,
        })
    }
}

/// Joins the rows of one guardrail to a series.
///
/// The rows of an arm are either consecutive windows, or windows with one start and rising totals. Rows that began before
/// the window of the verdict belong to an earlier stage and are left out, as are those that end after it.
pub(super) fn series<'r>(
    rows: impl Iterator<Item = &'r Row>,
    question: &Question<'_>,
    control_is_needed: ControlArm,
) -> Result<Series, DataProblem> {
    let (mut treatment, mut control) = (Vec::new(), Vec::new());
    for row in rows {
        if row.end > question.now {
            return Err(DataProblem::FutureWindow(row.end));
        }
        if row.start < question.window.start || row.end > question.window.end {
            continue;
        }
        let arms = question.arms;
        let arm = match row.variant.as_str() {
            name if name == arms.treatment => &mut treatment,
            name if name == arms.control => &mut control,
            _ => continue,
        };
        arm.push((row.start, row.end, row.numbers));
    }
    let treatment = ArmWindows::new(&question.arms.treatment, treatment)?;
    if control_is_needed == ControlArm::Unused {
        let point = |(start, end, treatment)| Point { start, end, treatment, control: Numbers::default() };
        let points = |windows: Vec<ArmWindow>| windows.into_iter().map(point).collect();
        return Ok(Series { totals: points(treatment.totals), intervals: points(treatment.intervals) });
    }
    let control = ArmWindows::new(&question.arms.control, control)?;
    Ok(Series {
        totals: joined(treatment.totals, control.totals)?,
        intervals: joined(treatment.intervals, control.intervals)?,
    })
}

/// Whether a guardrail compares two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ControlArm {
    /// It compares two arms.
    Needed,
    /// It judges the treatment alone.
    Unused,
}

/// A window of one arm: its start, its end and its numbers.
type ArmWindow = (Timestamp, Timestamp, Numbers);

/// The windows of one arm.
struct ArmWindows {
    totals: Vec<ArmWindow>,
    intervals: Vec<ArmWindow>,
}

impl ArmWindows {
    fn new(variant: &str, mut windows: Vec<ArmWindow>) -> Result<Self, DataProblem> {
        windows.sort_by_key(|(start, end, _)| (*start, *end));
        let Some(&(first, _, _)) = windows.first() else {
            return Err(DataProblem::MissingArm(variant.to_owned()));
        };
        let overlap = |at| DataProblem::Overlap { variant: variant.to_owned(), at };
        let is_cumulative = windows.len() > 1 && windows.iter().all(|(start, _, _)| *start == first);
        let (mut totals, mut intervals): (Vec<ArmWindow>, Vec<ArmWindow>) = (Vec::new(), Vec::new());
        for (start, end, numbers) in windows {
            match totals.last().copied() {
                None => {
                    totals.push((start, end, numbers));
                    intervals.push((start, end, numbers));
                }
                Some((_, before, _)) if end == before => return Err(overlap(end)),
                Some((_, before, sum)) if is_cumulative => {
                    intervals.push((before, end, difference(sum, numbers, end)?));
                    totals.push((first, end, numbers));
                }
                Some((_, before, _)) if start < before => return Err(overlap(start)),
                Some((_, _, sum)) => {
                    intervals.push((start, end, numbers));
                    totals.push((first, end, sum.combine(numbers, |sum, number| sum + number)));
                }
            }
        }
        Ok(Self { totals, intervals })
    }
}

/// Returns the numbers between two totals.
fn difference(before: Numbers, after: Numbers, at: Timestamp) -> Result<Numbers, DataProblem> {
    for (kind, number) in before.present() {
        let can_fall = matches!(kind, QueryKind::Sum | QueryKind::Value);
        if let Some(after) = after.get(kind)
            && after < number
            && !can_fall
        {
            return Err(DataProblem::CounterReset { before: number, after, at });
        }
    }
    Ok(after.combine(before, |after, before| after - before))
}

/// Joins the windows of two arms, which must be equal.
fn joined(treatment: Vec<ArmWindow>, control: Vec<ArmWindow>) -> Result<Vec<Point>, DataProblem> {
    let mut controls: BTreeMap<(Timestamp, Timestamp), Numbers> =
        control.into_iter().map(|(start, end, numbers)| ((start, end), numbers)).collect();
    let mut points = Vec::with_capacity(treatment.len());
    for (start, end, treatment) in treatment {
        let control = controls.remove(&(start, end)).ok_or(DataProblem::DifferentWindows(end))?;
        points.push(Point { start, end, treatment, control });
    }
    match controls.into_keys().next() {
        Some((_, end)) => Err(DataProblem::DifferentWindows(end)),
        None => Ok(points),
    }
}
