//! The findings that a report shows, and their order: errors before warnings, and new findings before those that an
//! earlier state has. Findings of equal severity and age stay in the order of their files and positions.
//!
//! **Invariant:** a selection changes neither a count nor the exit code, so nothing becomes valid because it is not
//! shown.

use std::cmp::Reverse;

use crate::codes::{Code, Severity};
use crate::diag::{Age, Finding};
use crate::report::text::counted;

/// The findings that the user wants to see.
#[derive(Debug, Clone, Default)]
pub struct FindingSelection {
    /// The severity of the findings, or `None` for all findings.
    pub severity: Option<Severity>,
    /// The codes of the findings. The list is empty for all codes.
    pub codes: Vec<Code>,
    /// The maximum number of findings.
    pub limit: Option<usize>,
}

/// The findings that a report shows, in order, and the numbers of the others.
#[derive(Debug)]
pub(crate) struct ShownFindings<'r> {
    pub(crate) findings: Vec<(&'r Finding, Age)>,
    pub(crate) omitted: OmittedFindings,
}

/// The numbers of findings that a report does not show.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OmittedFindings {
    errors: usize,
    warnings: usize,
}

impl FindingSelection {
    /// Returns whether the selection contains the finding, if the limit allows it.
    pub(crate) fn admits(&self, finding: &Finding) -> bool {
        self.severity.is_none_or(|severity| severity == finding.severity)
            && (self.codes.is_empty() || self.codes.contains(&finding.diagnostic.code))
    }

    /// Selects and sorts findings.
    pub(super) fn of<'r>(&self, all: impl Iterator<Item = (&'r Finding, Age)>) -> ShownFindings<'r> {
        let (mut findings, others): (Vec<_>, Vec<_>) = all.partition(|(finding, _)| self.admits(finding));
        // The sort is stable.
        findings.sort_by_key(|(finding, age)| {
            let age = match age {
                Age::New => 0,
                Age::InBase => 1,
            };
            (Reverse(finding.severity), age)
        });
        let mut omitted = OmittedFindings::default();
        others.iter().for_each(|(finding, _)| omitted.add(finding));
        let mut shown = ShownFindings { findings, omitted };
        if let Some(limit) = self.limit {
            shown.truncate(limit);
        }
        shown
    }
}

impl ShownFindings<'_> {
    /// Omits the findings after the first `limit` ones. Returns the number of findings that were omitted.
    pub(crate) fn truncate(&mut self, limit: usize) -> usize {
        let rest = self.findings.split_off(limit.min(self.findings.len()));
        rest.iter().for_each(|(finding, _)| self.omitted.add(finding));
        rest.len()
    }
}

impl OmittedFindings {
    fn add(&mut self, finding: &Finding) {
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
    }

    pub(crate) fn total(self) -> usize {
        self.errors + self.warnings
    }

    /// Returns a sentence with the numbers, or `None` if nothing is omitted.
    pub(crate) fn sentence(self) -> Option<String> {
        let numbers =
            [(self.errors, "error"), (self.warnings, "warning")].into_iter().filter(|(number, _)| *number > 0);
        let numbers: Vec<String> = numbers.map(|(number, noun)| counted(number, noun)).collect();
        let verb = if self.total() == 1 { "is" } else { "are" };
        (self.total() > 0).then(|| format!("{} {verb} not shown", numbers.join(" and ")))
    }
}
