//! `--limit` and `--quiet`: how much of the findings a command shows. They change neither a count nor the exit code.

use crate::cli::console;
use crate::report::Printable;
use crate::report::findings::{FindingSelection, FindingsFormat, Validation};

#[derive(Debug, clap::Args)]
pub(crate) struct ShownFindings {
    /// Show at most N findings, and say how many are left out; 0 shows the summary only
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Write nothing: the exit code is the result
    #[arg(long, short)]
    quiet: bool,
}

impl ShownFindings {
    /// Returns the selection of all findings up to the limit.
    pub(crate) fn selection(&self) -> FindingSelection {
        FindingSelection { limit: self.limit, ..FindingSelection::default() }
    }

    /// Writes a report, unless the user wants none. A note says how many findings are left out of a format that cannot
    /// say so.
    ///
    /// # Errors
    /// Returns the error of `printable`, or an error if stdout cannot be written.
    pub(crate) fn write(
        &self,
        validation: &Validation<'_>,
        format: FindingsFormat,
        printable: impl FnOnce() -> Result<Printable, serde_json::Error>,
    ) -> anyhow::Result<()> {
        if self.quiet {
            return Ok(());
        }
        console::write(printable()?)?;
        if matches!(format, FindingsFormat::Github | FindingsFormat::Gitlab)
            && let Some(sentence) = validation.not_shown()
        {
            console::note(sentence);
        }
        Ok(())
    }

    /// Returns whether the user wants no output.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }
}
