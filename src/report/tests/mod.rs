//! The results of tests, one format a file.

pub(crate) mod coverage;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;

use std::io::{self, Write};

use crate::report::findings::{github, gitlab, sarif};
use crate::report::{Colour, Format, Validation};
use crate::test::{Coverage, Outcome};

/// What tests found.
#[derive(Debug, Clone, Copy)]
pub struct TestReport<'r> {
    /// What failed, and what is wrong with the files.
    pub validation: Validation<'r>,
    /// What became of every expectation.
    pub outcome: &'r Outcome<'r>,
    /// What they exercised, if that is asked for.
    pub coverage: Option<&'r [Coverage]>,
    /// Of the terminal, in columns.
    pub width: Option<u16>,
}

/// Writes what tests found.
///
/// # Errors
/// Those of `out`.
pub fn tests(report: &TestReport<'_>, format: Format, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, colour, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::write(&report.validation, out),
        Format::Github => github::write(&report.validation, out),
        Format::Gitlab => gitlab::write(&report.validation, out),
        Format::Junit => junit::write(report, out),
    }
}
