//! Findings: the problems in definitions, for people, editors and CI services.

pub(crate) mod ci;
mod contents;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod sarif;
mod selection;
mod summary;
mod validation;

use crate::report::Printable;
use crate::report::text::Screen;

pub use crate::report::findings::contents::CheckedContents;
pub use crate::report::findings::selection::FindingSelection;
pub use crate::report::findings::validation::{BaseReport, PathPrefixes, Validation};

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

/// Returns findings in a format. The screen applies only to [`FindingsFormat::Human`].
///
/// # Errors
/// Returns the error of serde if the findings cannot be written as JSON.
pub fn printable(
    validation: &Validation<'_>,
    format: FindingsFormat,
    screen: Screen,
) -> Result<Printable, serde_json::Error> {
    match format {
        FindingsFormat::Human => Ok(human::lines(validation, screen).into()),
        FindingsFormat::Json => json::document(validation),
        FindingsFormat::Sarif => sarif::document(validation),
        FindingsFormat::Github => Ok(github::commands(validation)),
        FindingsFormat::Gitlab => gitlab::document(validation),
        FindingsFormat::Junit => Ok(junit::document(validation)),
    }
}
