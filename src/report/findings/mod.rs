//! Findings: what is wrong with definitions, for people, editors and CI services.

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

/// A format of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingsFormat {
    /// With the lines of the file, for a terminal.
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

/// Writes findings in a format. Colour applies to [`FindingsFormat::Human`] alone.
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
