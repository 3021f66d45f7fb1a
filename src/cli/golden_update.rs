//! `flagctl test --update`: writes the current decisions to golden matrices.

use anyhow::{Context as _, Error, Result};

use crate::cli::console;
use crate::cli::path_arg::displayed_prefix;
use crate::load::Loaded;
use crate::source::Source;
use crate::test::TestPlan;

/// Whether test files were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoldenFiles {
    Unchanged,
    Changed,
}

/// Updates the files whose golden matrices differ from the decisions, and writes their names to stderr. Writes nothing
/// if the source is a revision.
///
/// # Errors
/// Returns an error if a file cannot be written, or if its matrix cannot be changed without changing other parts of the
/// file.
pub(crate) fn write_golden_files(plan: &TestPlan<'_>, loaded: &Loaded, source: &Source) -> Result<GoldenFiles> {
    let Source::Folder(folder) = source else { return Ok(GoldenFiles::Unchanged) };
    let prefix = displayed_prefix(source);
    let path = |file| &loaded.snapshot.file(file).path;
    let files = plan.updated_goldens(&loaded.snapshot);
    let files =
        files.map_err(|(file, why)| Error::from(why).context(format!("cannot update `{prefix}{}`", path(file))))?;
    for file in &files {
        let shown = format!("{prefix}{}", path(file.file));
        folder.write(path(file.file), &file.text).with_context(|| format!("cannot write `{shown}`"))?;
        let cells = if file.changed == 1 { "cell" } else { "cells" };
        console::note(format!("wrote {shown}: {} {cells} changed", file.changed));
    }
    Ok(if files.is_empty() { GoldenFiles::Unchanged } else { GoldenFiles::Changed })
}
