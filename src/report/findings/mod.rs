//! Findings: the problems in definitions, for people, editors and CI services.

mod contents;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod sarif;
mod validation;

use std::io::{self, Write};

use crate::report::text::Colour;

pub use crate::report::findings::contents::CheckedContents;
pub use crate::report::findings::validation::Validation;

/// The formats of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FindingsFormat {
    /// Text for a terminal, with the lines of the files.
    Human,
    /// flagctl's own JSON.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML, in which each file is a test case.
    Junit,
}

/// Writes findings in a format. The colour applies only to [`FindingsFormat::Human`].
///
/// # Errors
/// Returns the errors of `out`.
pub fn write(
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
