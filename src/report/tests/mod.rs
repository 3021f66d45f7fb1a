//! The results of `flagctl test`. A format that supports only findings gets the failed checks as findings.

pub(crate) mod coverage;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;
mod report;

use std::io::{self, Write};

use crate::report::findings::{FindingsFormat, github, gitlab, sarif};
use crate::report::text::Colour;

pub use crate::report::tests::report::{TestReport, command};

/// Writes the results of tests in a format. The colour applies only to [`FindingsFormat::Human`].
///
/// # Errors
/// Returns the errors of `out`.
pub fn write(report: &TestReport<'_>, format: FindingsFormat, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    match format {
        FindingsFormat::Human => human::write(report, colour, out),
        FindingsFormat::Json => json::write(report, out),
        FindingsFormat::Sarif => sarif::write(&report.validation, out),
        FindingsFormat::Github => github::write(&report.validation, out),
        FindingsFormat::Gitlab => gitlab::write(&report.validation, out),
        FindingsFormat::Junit => junit::write(report, out),
    }
}
