//! Results as people and machines read them, one format a file.
//!
//! Takes findings or decisions; gives text.
//!
//! **Invariant:** machine formats are structures of their own, so that changing an internal type changes
//! nobody's JSON. Every format is complete without colour.

mod action;
mod blame;
mod compiled;
mod condition;
mod coverage;
mod decision;
mod decision_json;
mod diff;
mod diff_json;
mod diff_made;
mod diff_markdown;
mod diff_words;
mod explanation;
mod fitted;
mod flag;
mod github;
mod gitlab;
mod history;
mod human;
mod json;
mod junit;
mod manifest;
mod merge;
mod publication;
mod rollout;
mod sarif;
mod test;
mod test_json;
mod test_junit;
mod verdict;

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};

pub use action::{ActionJson, EffectJson, Written, plan, written};

pub use blame::{BlameJson, EraJson, GotJson, SinceJson, blame};
pub use compiled::{CompiledJson, RequiredJson, RuleJson, VariantJson, compiled};
pub use decision::{decision, decisions, served};
pub use decision_json::{DecisionJson, DecisionsJson};
pub use diff::diff;
pub use diff_json::{
    CauseJson, DiffJson, EndJson, ExampleJson, FlagChangeJson, FlagDiffJson, RegionJson, ShareJson, TransitionJson,
    UnitsJson,
};
pub use diff_made::{End, flag_diffs};
pub use diff_markdown::diff_markdown;
pub use explanation::explanation;
pub use fitted::fitted;
pub use flag::{About, FlagJson, StateJson, WrittenJson, flag, flags, rule, state};
pub use history::{CommitJson, HistoryJson, history, words};
pub use manifest::{Described, manifest};
pub use merge::{MergeJson, merge, merge_markdown};
pub use publication::{
    BundleJson, EntryJson, OutcomeJson, PublicationJson, PublicationsJson, PullJson, PulledJson, VerificationJson,
    VerificationsJson, publications, pull, verifications,
};
pub use rollout::{RolloutJson, RolloutsJson, rollouts};
pub use test::{TestReport, tests};
pub use verdict::{TurnedOffJson, VerdictJson, verdict};

use crate::analyze::Region;
use crate::codes::Severity;
use crate::diag::{Diagnostic, Finding};
use crate::source::{Revision, Snapshot, Span};

/// Whom a region moves: `25% of units where country eq "US": off → on`.
pub fn region(region: &Region) -> String {
    diff_words::region(region, &[])
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With the place in the file, for a terminal.
    Human,
    /// flagctl's own structure.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML, a test case for each file.
    Junit,
}

/// Whether terminal colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI escapes.
    Ansi,
}

/// What validating found.
#[derive(Debug, Clone, Copy)]
pub struct Validation<'r> {
    /// Sorted.
    pub findings: &'r [Finding],
    /// The files that they point into.
    pub snapshot: &'r Snapshot,
    /// What stands before every path: from the working folder, or in a revision from git's root.
    pub prefix: &'r str,
    /// Where the files are from, if not from a folder.
    pub revision: Option<&'r Revision>,
    /// The paths of all files that were looked at.
    pub checked: &'r [&'r str],
    /// What there is, in words, for the summary.
    pub contents: &'r str,
}

impl Validation<'_> {
    /// How many findings have that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    fn path(&self, span: Span) -> String {
        format!("{}{}", self.prefix, self.snapshot.file(span.file).path)
    }

    fn place(&self, span: Span) -> Place {
        let (line, column) = self.snapshot.position(span.file, span.start);
        let (end_line, end_column) = self.snapshot.position(span.file, span.end);
        Place { line, column, end_line, end_column }
    }
}

/// Lines and columns, from one; columns count characters; the end is exclusive.
#[derive(Debug, Clone, Copy)]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// Message, label and help in one paragraph, for formats that have one text.
fn paragraph(diagnostic: &Diagnostic) -> String {
    let parts = [Some(&diagnostic.message), diagnostic.label.as_ref(), diagnostic.help.as_ref()];
    parts.into_iter().flatten().cloned().collect::<Vec<_>>().join("; ")
}

/// Writes what validating found.
///
/// # Errors
/// Those of `out`.
pub fn validation(validation: &Validation<'_>, format: Format, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(validation, colour, out),
        Format::Json => json::write(validation, out),
        Format::Sarif => sarif::write(validation, out),
        Format::Github => github::write(validation, out),
        Format::Gitlab => gitlab::write(validation, out),
        Format::Junit => junit::write(validation, out),
    }
}

/// An empty table without lines, wrapped to a width, in columns, if one is given.
fn table(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

/// A table's text, without the padding at both ends.
fn lines(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end())).collect()
}

/// `1 error`, `2 errors`.
fn counted(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number as u64), if number == 1 { "" } else { "s" })
}

/// With a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
