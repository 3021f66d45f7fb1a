//! `flagctl validate --fix`: applies quick fixes to the files of the working tree.

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::path_arg::displayed_prefix;
use crate::codes::Code;
use crate::fixes::{Fixed, fix_all};
use crate::report::{Lines, add_unified_diff};
use crate::source::Source;

#[derive(Debug, clap::Args)]
pub(crate) struct FixArgs {
    /// Change the files where a finding has exactly one fix, and report what remains
    #[arg(long, conflicts_with_all = ["at", "base"])]
    pub(crate) fix: bool,
    /// With `--fix`: write the changes to stdout in the format of `diff -u`, and change no file
    #[arg(long, requires = "fix", conflicts_with_all = ["format", "quiet", "limit"])]
    pub(crate) dry_run: bool,
}

impl FixArgs {
    /// Fixes the wanted findings, writes the files, and says on stderr what was changed. With `--dry-run`, writes the
    /// difference to stdout instead. Returns the definitions after the fixes.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read or written.
    pub(crate) fn apply(&self, source: &Source, now: Timestamp, wanted: impl Fn(&str, Code) -> bool) -> Result<Fixed> {
        let Source::Folder(folder) = source else { bail!("`--fix` changes the files of a working tree, not a commit") };
        let fixed = fix_all(folder, now, wanted)?;
        let prefix = displayed_prefix(source);
        if self.dry_run {
            let mut lines = Lines::default();
            for file in &fixed.files {
                add_unified_diff(&mut lines, &format!("{prefix}{}", file.path), &file.before, &file.after);
            }
            console::write(lines)?;
        } else {
            for file in &fixed.files {
                folder
                    .write(&file.path, &file.after)
                    .with_context(|| format!("cannot write `{prefix}{}`", file.path))?;
            }
        }
        let verb = if self.dry_run { "would fix" } else { "fixed" };
        for fix in &fixed.applied {
            console::note(format!("{verb} {prefix}{} [{}]: {}", fix.location, fix.code, fix.title));
        }
        Ok(fixed)
    }
}
