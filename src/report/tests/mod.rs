//! The results of `flagctl test`. A format that supports only findings gets the failed checks as findings.

pub(crate) mod coverage;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;
mod report;

use crate::report::Printable;
use crate::report::findings::{FindingsFormat, github, gitlab, sarif};
use crate::report::text::Screen;

pub use crate::report::tests::report::{TestReport, command, kills_left_out};

/// Returns the results of tests in a format. The screen applies only to [`FindingsFormat::Human`].
///
/// # Errors
/// Returns the error of serde if the results cannot be written as JSON.
pub fn printable(
    report: &TestReport<'_>,
    format: FindingsFormat,
    screen: Screen,
) -> Result<Printable, serde_json::Error> {
    match format {
        FindingsFormat::Human => Ok(human::lines(report, screen).into()),
        FindingsFormat::Json => json::document(report),
        FindingsFormat::Sarif => sarif::document(&report.validation),
        FindingsFormat::Github => Ok(github::commands(&report.validation)),
        FindingsFormat::Gitlab => gitlab::document(&report.validation),
        FindingsFormat::Junit => Ok(junit::document(report)),
    }
}
