//! Findings, one format a file.

pub(crate) mod contents;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod sarif;

use std::io::{self, Write};

use crate::codes::Severity;
use crate::diag::{Diagnostic, Finding};
use crate::git::Revision;
use crate::snapshot::{Snapshot, Span};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingsFormat {
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

    pub(crate) fn path(&self, span: Span) -> String {
        format!("{}{}", self.prefix, self.snapshot.file(span.file).path)
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        let (line, column) = self.snapshot.position(span.file, span.start);
        let (end_line, end_column) = self.snapshot.position(span.file, span.end);
        Place { line, column, end_line, end_column }
    }
}

/// Lines and columns, from one; columns count characters; the end is exclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
}

/// Message, label and help in one paragraph, for formats that have one text.
pub(crate) fn paragraph(diagnostic: &Diagnostic) -> String {
    let parts = [Some(&diagnostic.message), diagnostic.label.as_ref(), diagnostic.help.as_ref()];
    parts.into_iter().flatten().cloned().collect::<Vec<_>>().join("; ")
}

/// Writes what validating found.
///
/// # Errors
/// Those of `out`.
pub fn validation(
    validation: &Validation<'_>,
    format: FindingsFormat,
    colour: Colour,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        FindingsFormat::Human => human::write(validation, colour, out),
        FindingsFormat::Json => json::write(validation, out),
        FindingsFormat::Sarif => sarif::write(validation, out),
        FindingsFormat::Github => github::write(validation, out),
        FindingsFormat::Gitlab => gitlab::write(validation, out),
        FindingsFormat::Junit => junit::write(validation, out),
    }
}
