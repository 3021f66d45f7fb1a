//! Writing new files, or showing them with `--dry-run`, and the options for it.

use anyhow::{Context as _, Result};

use crate::cli::output_format::OutputFormat;
use crate::cli::questions::Questions;
use crate::report::scaffold::{NewFileJson, NewFileState, NewFilesJson, human};
use crate::scaffold::NewFile;
use crate::source::{PathState, WorkingFolder};

/// Whether new files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    Write,
    DryRun,
}

impl Writing {
    /// Returns the mode for the option `--dry-run`.
    pub(crate) fn new(dry_run: bool) -> Self {
        if dry_run { Self::DryRun } else { Self::Write }
    }
}

/// The options of commands that write new files.
#[derive(Debug, clap::Args)]
pub(crate) struct NewFilesArgs {
    /// Show every file with its text, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask: take the default of each question
    #[arg(long, short)]
    yes: bool,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

impl NewFilesArgs {
    pub(crate) fn questions(&self) -> Questions {
        Questions::new(self.yes)
    }

    pub(crate) fn writing(&self) -> Writing {
        Writing::new(self.dry_run)
    }

    /// Shows what was written.
    ///
    /// # Errors
    /// Returns an error if the standard output cannot be written.
    pub(crate) fn show(&self, new: &NewFilesJson) -> Result<()> {
        self.format.write(new, human)
    }
}

/// Writes the files that do not exist. All paths are checked before the first file is written.
///
/// # Errors
/// Returns an error if a path leads out of the repository, or if a file cannot be written.
pub(crate) fn write(folder: &WorkingFolder, files: &[NewFile], writing: Writing) -> Result<Vec<NewFileJson>> {
    let mut states = Vec::new();
    for file in files {
        states.push(existing(folder, file)?);
    }
    let mut written = Vec::new();
    for (file, existing) in files.iter().zip(states) {
        let created = match (&existing, writing) {
            (None, Writing::Write) => {
                folder.create(&file.path, &file.text).with_context(|| format!("cannot write `{}`", file.path))?
            }
            (None, Writing::DryRun) => PathState::Free,
            (Some(_), _) => PathState::Taken,
        };
        written.push(NewFileJson {
            path: existing.as_ref().map_or(&file.path, |(path, _)| path).clone(),
            state: if created == PathState::Free { NewFileState::New } else { NewFileState::Exists },
            text: (existing.is_none() && writing == Writing::DryRun).then(|| file.text.clone()),
            lines_to_add: existing.map_or_else(Vec::new, |(_, text)| file.missing_lines(&text)),
        });
    }
    Ok(written)
}

/// Returns the path and the text of what is at the path of a file, or at one of its alternatives. The text is empty if it
/// cannot be read.
fn existing(folder: &WorkingFolder, file: &NewFile) -> Result<Option<(String, String)>> {
    let alternatives = file.alternatives.iter().map(|path| (*path).to_owned());
    for path in std::iter::once(file.path.clone()).chain(alternatives) {
        if folder.state(&path).with_context(|| format!("cannot write `{path}`"))? == PathState::Taken {
            let text = folder.read(&path)?.map_or_else(String::new, |file| file.text);
            return Ok(Some((path, text)));
        }
    }
    Ok(None)
}
