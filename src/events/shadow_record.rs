//! Comparison records of shadow traffic: the results of the control and of the candidate for one request.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::events::attributes::Attributes;
use crate::events::bad_row::BadRow;
use crate::events::column::Column;
use crate::events::counts::Kind;
use crate::events::json_row;
use crate::events::row::{Row, Syntax};

/// The name of the event.
const EVENT: &str = "feature_flag.shadow";

/// The results of two implementations for one request.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowRecord<'a> {
    /// The time of the comparison.
    pub at: Timestamp,
    /// The key of the flag.
    pub flag: Cow<'a, str>,
    /// The environment.
    pub environment: Option<Cow<'a, str>>,
    /// The commit of the definitions, or the sequence number of the published manifest.
    pub version: Option<Cow<'a, str>>,
    /// The value of the unit.
    pub unit: Option<Cow<'a, str>>,
    /// The identity of the request. A repeated record of one request is counted once.
    pub request_id: Option<Cow<'a, str>>,
    /// What is compared.
    pub pair: Pair,
    /// The result that the caller got.
    pub control: Side<'a>,
    /// The result of the candidate, or of the second run of the control.
    pub candidate: Side<'a>,
    /// Whether the application found the results equal.
    pub matches: Option<bool>,
    /// Whether the application says that the difference is expected.
    pub ignored: bool,
    /// Which of the two ran first.
    pub order: Option<Order>,
    /// The paths at which the results differ.
    pub diff_paths: Vec<Cow<'a, str>>,
    /// Attributes of the context.
    pub attributes: Option<Attributes<'a>>,
}

/// What a comparison record compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pair {
    /// The control and the candidate.
    Candidate,
    /// The control and the control again, which measures how often the control differs from itself.
    Control,
}

/// Which of the two ran first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The control ran first.
    ControlFirst,
    /// The candidate ran first.
    CandidateFirst,
}

/// The result of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Side<'a> {
    /// Whether it succeeded.
    pub ok: bool,
    /// The digest of the result.
    pub hash: Option<Cow<'a, str>>,
    /// The duration in milliseconds, which is not negative.
    pub ms: Option<f64>,
    /// The kind of error.
    pub error: Option<Cow<'a, str>>,
}

impl<'a> ShadowRecord<'a> {
    /// Reads a comparison record, or says that the row is another kind of event.
    pub(super) fn from_row(row: &Row<'a>) -> Result<Result<Self, Kind>, BadRow> {
        match row.optional_text(Column::Event)?.as_deref() {
            Some(EVENT) | None => {}
            Some(_) => return Ok(Err(Kind::Other)),
        }
        Ok(Ok(Self {
            flag: row.text(Column::Flag)?,
            at: row.time()?,
            environment: row.optional_text(Column::Set)?,
            version: row.optional_text(Column::Version)?,
            unit: row.optional_text(Column::Unit)?,
            request_id: row.optional_text(Column::RequestId)?,
            pair: match row.text(Column::Pair)?.as_ref() {
                "candidate" => Pair::Candidate,
                "control" => Pair::Control,
                _ => {
                    return Err(BadRow::WrongType { column: Column::Pair, expected: "`candidate` or `control`" });
                }
            },
            control: Side::from_row(row, Column::Control)?,
            candidate: Side::from_row(row, Column::Candidate)?,
            matches: row.boolean(Column::Match)?,
            ignored: row.boolean(Column::Ignored)?.unwrap_or_default(),
            order: match row.optional_text(Column::Order)?.as_deref() {
                None => None,
                Some("control_first") => Some(Order::ControlFirst),
                Some("candidate_first") => Some(Order::CandidateFirst),
                Some(_) => {
                    let expected = "`control_first` or `candidate_first`";
                    return Err(BadRow::WrongType { column: Column::Order, expected });
                }
            },
            diff_paths: diff_paths(row)?,
            attributes: row.attributes()?,
        }))
    }
}

impl<'a> Side<'a> {
    /// Reads the side that a column names: an object in JSON, or columns of its own in CSV.
    fn from_row(row: &Row<'a>, side: Column) -> Result<Self, BadRow> {
        let is_control = side == Column::Control;
        let of_object = if is_control { Column::of_control } else { Column::of_candidate };
        let mut nested;
        let row = match (row.syntax(), row.written(side)) {
            (Syntax::Json, Some(object)) => {
                nested = Row::new(Syntax::Json);
                let read = json_row::read(object, of_object, |column, written| nested.set(column, written));
                read.and_then(|()| nested.check()).map_err(|bad| match bad {
                    BadRow::NotObject => BadRow::WrongType { column: side, expected: "an object" },
                    bad => bad,
                })?;
                &nested
            }
            _ => row,
        };
        let [ok, hash, ms, error] = if is_control {
            [Column::ControlOk, Column::ControlHash, Column::ControlMs, Column::ControlError]
        } else {
            [Column::CandidateOk, Column::CandidateHash, Column::CandidateMs, Column::CandidateError]
        };
        let side = Self {
            ok: row.boolean(ok)?.ok_or(BadRow::Missing(ok))?,
            hash: row.optional_text(hash)?,
            ms: row.number(ms)?,
            error: row.optional_text(error)?,
        };
        if side.ms.is_some_and(|ms| ms < 0.0) { Err(BadRow::Negative(ms)) } else { Ok(side) }
    }
}

/// Reads the list of paths.
fn diff_paths<'a>(row: &Row<'a>) -> Result<Vec<Cow<'a, str>>, BadRow> {
    let Some(written) = row.written(Column::DiffPaths) else { return Ok(Vec::new()) };
    let wrong = BadRow::WrongType { column: Column::DiffPaths, expected: "a list of strings" };
    serde_json::from_str::<Vec<Cow<'a, str>>>(written).map_err(|_| wrong)
}
