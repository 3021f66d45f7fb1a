//! The results of tests, one format a file.

pub(crate) mod coverage;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;

use std::io::{self, Write};

use crate::report::findings::{github, gitlab, sarif};
use crate::report::{Colour, FindingsFormat, Validation};
use crate::test::{FlagCoverage, TestResults};

/// What tests found.
#[derive(Debug, Clone, Copy)]
pub struct TestReport<'r> {
    /// What failed, and what is wrong with the files.
    pub validation: Validation<'r>,
    /// What became of every expectation.
    pub results: &'r TestResults<'r>,
    /// What they exercised, if that is asked for.
    pub coverage: Option<&'r [FlagCoverage]>,
    /// Of the terminal, in columns.
    pub width: Option<u16>,
}

/// Writes what tests found.
///
/// # Errors
/// Those of `out`.
pub fn tests(report: &TestReport<'_>, format: FindingsFormat, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    match format {
        FindingsFormat::Human => human::write(report, colour, out),
        FindingsFormat::Json => json::write(report, out),
        FindingsFormat::Sarif => sarif::write(&report.validation, out),
        FindingsFormat::Github => github::write(&report.validation, out),
        FindingsFormat::Gitlab => gitlab::write(&report.validation, out),
        FindingsFormat::Junit => junit::write(report, out),
    }
}
