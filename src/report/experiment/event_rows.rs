//! The rows of files of events as flagctl's own JSON.

use serde::Serialize;

use crate::events::RowCounts;
use crate::reduction::{Ignored, Reduced};

/// The rows of files of events.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventRowsJson {
    /// The rows of files of exposures.
    pub exposures: ReadRowsJson,
    /// The rows of files of metric events.
    pub metric_events: ReadRowsJson,
    /// The events that the analysis does not use.
    pub not_used: NotUsedJson,
}

/// The rows of some files.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadRowsJson {
    /// The number of events of the kind.
    pub read: u64,
    /// The number of events of other kinds.
    pub other_kinds: u64,
    /// The number of evaluations that failed.
    pub failed_evaluations: u64,
    /// The rows that could not be read, by the name of the reason.
    pub bad: Vec<BadRowsJson>,
}

/// The rows that could not be read for one reason.
#[derive(Debug, Clone, Serialize)]
pub struct BadRowsJson {
    /// The name of the reason.
    pub reason: &'static str,
    /// The number of rows.
    pub count: u64,
    /// The file of the first row.
    pub file: String,
    /// The line of the first row, from one.
    pub line: u64,
    /// What is wrong in the first row.
    pub message: String,
}

/// The numbers of events that the analysis does not use.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotUsedJson {
    /// Exposures of other flags.
    pub other_flags: u64,
    /// Exposures in other environments.
    pub other_environments: u64,
    /// Exposures whose variant is not random.
    pub not_random: u64,
    /// Exposures to variants that are not compared.
    pub other_variants: u64,
    /// Exposures outside the period, and metric events after it.
    pub outside: u64,
    /// Metric events that no metric uses.
    pub other_events: u64,
    /// Metric events of units that were not exposed.
    pub other_units: u64,
}

impl EventRowsJson {
    /// Returns the rows of a reduction.
    pub fn new(reduced: &Reduced) -> Self {
        let Ignored { other_flags, other_environments, not_random, other_variants, outside, other_events, other_units } =
            reduced.ignored;
        Self {
            exposures: ReadRowsJson::new(&reduced.exposures),
            metric_events: ReadRowsJson::new(&reduced.metric_events),
            not_used: NotUsedJson {
                other_flags,
                other_environments,
                not_random,
                other_variants,
                outside,
                other_events,
                other_units,
            },
        }
    }
}

impl ReadRowsJson {
    fn new(counts: &RowCounts) -> Self {
        let bad = counts.bad.iter().map(|(reason, rows)| BadRowsJson {
            reason,
            count: rows.count,
            file: rows.file.clone(),
            line: rows.line,
            message: rows.message.clone(),
        });
        Self {
            read: counts.events,
            other_kinds: counts.other_events,
            failed_evaluations: counts.failed_evaluations,
            bad: bad.collect(),
        }
    }
}
