//! Reports the errors of definitions on stderr, for commands that need definitions without errors.

use anyhow::Result;

use crate::cli::console;
use crate::cli::console::OutputStream;
use crate::cli::path_arg::path_prefixes;
use crate::codes::Severity;
use crate::diag::Finding;
use crate::load::Loaded;
use crate::report;
use crate::report::findings::{FindingSelection, FindingsFormat, Validation};
use crate::source::Source;

/// Whether definitions have errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Valid,
    Invalid,
}

/// Writes the errors in the findings to stderr, and returns whether the definitions are valid.
pub(crate) fn report_errors(loaded: &Loaded, findings: Vec<Finding>, source: &Source) -> Result<Validity> {
    let errors: Vec<_> = findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    if errors.is_empty() {
        return Ok(Validity::Valid);
    }
    let validation = Validation {
        findings: &errors,
        snapshot: &loaded.snapshot,
        prefixes: &path_prefixes(source),
        selection: &FindingSelection::default(),
        revision: source.revision(),
        checked: &[],
        base: None,
        fixes: &[],
        contents: "cannot be decided",
    };
    let screen = OutputStream::Stderr.screen();
    console::write_stderr(report::findings::printable(&validation, FindingsFormat::Human, screen)?);
    Ok(Validity::Invalid)
}
