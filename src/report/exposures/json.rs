//! The structure of the check of exposures.

use serde::Serialize;

use crate::events::BadRows;
use crate::exposures::{Checked, Finding, FlagSummary};

/// The check of exposures.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExposureCheckJson {
    /// The version of this structure.
    pub version: u32,
    /// Whether nothing is wrong.
    pub sound: bool,
    /// The rows of the files.
    pub rows: RowsJson,
    /// What is wrong or noteworthy, each with the first row.
    pub problems: Vec<ExposureProblemJson>,
    /// The flags in their environments.
    pub flags: Vec<ExposureFlagJson>,
    /// The number of exposures that name no version, so they were not decided again.
    pub without_version: u64,
    /// The number of exposures that would take too long to decide again.
    pub unchecked: u64,
    /// Whether all duplicates were found.
    pub duplicates_complete: bool,
}

/// The numbers of rows of each kind.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowsJson {
    /// All rows.
    pub total: u64,
    /// The exposures.
    pub exposures: u64,
    /// The events of other kinds.
    pub other_events: u64,
    /// The evaluations that failed.
    pub failed_evaluations: u64,
    /// The rows that cannot be read.
    pub bad: u64,
}

/// What is wrong with some rows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExposureProblemJson {
    /// The name of the problem.
    pub problem: &'static str,
    /// Whether the rows are wrong. Otherwise, the problem is only noteworthy.
    pub error: bool,
    /// The flag's key, or `null` if the rows could not be read, or if there are too many flags.
    pub flag: Option<String>,
    /// The number of rows, or of units for `several-variants`.
    pub count: u64,
    /// The file of the first row.
    pub file: String,
    /// The line of the first row, counted from one.
    pub line: u64,
    /// What is wrong with the first row.
    pub message: String,
}

/// The exposures of a flag in an environment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExposureFlagJson {
    /// The flag's key.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// The number of exposures.
    pub exposures: u64,
    /// The number of exposures with the reason `split`.
    pub random: u64,
    /// The number of units in them.
    pub units: u64,
    /// The number of units that got several variants from one definition of the flag.
    pub units_in_several_variants: u64,
    /// Whether so few units got several variants that results can be trusted.
    pub healthy: bool,
}

impl ExposureCheckJson {
    /// Describes a check.
    pub fn new(checked: &Checked) -> Self {
        let counts = &checked.counts;
        let bad = counts.bad.iter().map(|(name, rows)| bad_rows(name, rows));
        let findings = checked.findings.iter().map(|finding| problem(finding, checked.is_error(finding)));
        Self {
            version: 1,
            sound: checked.is_sound(),
            rows: RowsJson {
                total: counts.rows(),
                exposures: counts.events,
                other_events: counts.other_events,
                failed_evaluations: counts.failed_evaluations,
                bad: counts.bad_rows(),
            },
            problems: bad.chain(findings).collect(),
            flags: checked.flags.iter().map(flag).collect(),
            without_version: checked.without_version,
            unchecked: checked.unchecked,
            duplicates_complete: checked.duplicates_are_complete,
        }
    }
}

fn bad_rows(name: &'static str, rows: &BadRows) -> ExposureProblemJson {
    ExposureProblemJson {
        problem: name,
        error: true,
        flag: None,
        count: rows.count,
        file: rows.file.clone(),
        line: rows.line,
        message: rows.message.clone(),
    }
}

fn problem(finding: &Finding, error: bool) -> ExposureProblemJson {
    ExposureProblemJson {
        problem: finding.kind.name(),
        error,
        flag: finding.flag.clone(),
        count: finding.count,
        file: finding.file.clone(),
        line: finding.line,
        message: finding.message.clone(),
    }
}

fn flag(summary: &FlagSummary) -> ExposureFlagJson {
    ExposureFlagJson {
        flag: summary.flag.clone(),
        environment: summary.environment.clone(),
        exposures: summary.exposures,
        random: summary.random,
        units: summary.units,
        units_in_several_variants: summary.units_in_several,
        healthy: !summary.is_unhealthy(),
    }
}
