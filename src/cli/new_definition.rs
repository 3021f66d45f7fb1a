//! What the commands of `flagctl new` have in common: the repository, the answers, and the file.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::cli::exit::{Exit, UsageError};
use crate::cli::global::Global;
use crate::cli::new_files;
use crate::cli::new_files::{NewFilesArgs, Writing};
use crate::cli::path_arg::folder_for_commands;
use crate::cli::questions::Questions;
use crate::cli::revision_arg::folder;
use crate::commit::author;
use crate::load;
use crate::load::{Loaded, refused_by_windows};
use crate::model::{Settings, is_name};
use crate::report::escape::shell_word;
use crate::report::scaffold::{NewFileJson, NewFileState, NewFilesJson};
use crate::scaffold::NewFile;
use crate::source::{Folder, Source, WorkingFolder};
use crate::yaml::Completeness;

/// The flag repository to which a definition is added.
pub(crate) struct Home {
    pub(crate) source: Source,
    /// The settings, which are complete.
    pub(crate) settings: Loaded,
    root: PathBuf,
    /// The folder of `-C` in commands.
    folder: Option<PathBuf>,
}

impl Home {
    /// Finds the flag repository.
    ///
    /// # Errors
    /// Returns an error if there is none, or if its `flagctl.yaml` has errors.
    pub(crate) fn find(global: &Global) -> Result<Self> {
        let source = folder(Path::new("."))?;
        let settings = load::settings(&source)?;
        if settings.project.settings.completeness != Completeness::Complete {
            bail!("`flagctl.yaml` has errors, and they come first: run `flagctl validate`");
        }
        let root = source.root().unwrap_or_default();
        let folder = folder_for_commands(global.folder.as_deref(), &source);
        Ok(Self { source, settings, root, folder })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings.project.settings
    }

    /// Returns the flag repository on disk.
    pub(crate) fn folder(&self) -> Result<Folder> {
        match &self.source {
            Source::Folder(folder) => Ok(folder.clone()),
            Source::Revision(_) => bail!("a revision cannot be changed"),
        }
    }

    /// Returns a command of flagctl for the folder in which the user is.
    pub(crate) fn command(&self, arguments: &str) -> String {
        format!("flagctl{} {arguments}", self.folder_option())
    }

    /// Returns the option `-C` with a space before it, or nothing if commands need none.
    fn folder_option(&self) -> String {
        let option = |folder: &PathBuf| format!(" -C {}", shell_word(&folder.to_string_lossy()));
        self.folder.as_ref().map(option).unwrap_or_default()
    }

    /// Returns the command that commits folders of the flag repository, for the folder in which the user is.
    pub(crate) fn commit(&self, folders: &[&str], subject: &str) -> String {
        let given = self.folder_option();
        let paths = folders.iter().map(|folder| shell_word(&format!(":/{}{folder}", self.source.prefix())));
        let paths = paths.collect::<Vec<_>>().join(" ");
        format!("git{given} add {paths} && git{given} commit -m {}", shell_word(subject))
    }

    /// Returns the last environment, which the others are promoted to.
    pub(crate) fn last_environment(&self) -> String {
        let last = self.settings().environment_names().next_back().unwrap_or_default();
        shell_word(last)
    }

    /// Writes a new file, unless a definition with its name exists below the folder, and shows it with the commands that
    /// follow. The path is relative to the flag repository.
    pub(crate) fn write(
        &self,
        args: &NewFilesArgs,
        (folder, path): (&str, &str),
        text: String,
        next: Vec<String>,
    ) -> Result<Exit> {
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Some(existing) = self.source.search(folder, name)? {
            let file = NewFileJson {
                path: format!("{}{existing}", self.source.prefix()),
                state: NewFileState::Exists,
                text: None,
                lines_to_add: Vec::new(),
            };
            return finish(args, vec![file], Vec::new());
        }
        let file = NewFile::own(format!("{}{path}", self.source.prefix()), text);
        let written = new_files::write(&WorkingFolder::open(&self.root)?, &[file], args.writing())?;
        finish(args, written, next)
    }
}

/// Shows the files. The exit code is 1 if none was written.
pub(crate) fn finish(args: &NewFilesArgs, files: Vec<NewFileJson>, next: Vec<String>) -> Result<Exit> {
    let notes = Vec::new();
    let mut new = NewFilesJson { version: 1, dry_run: args.writing() == Writing::DryRun, files, notes, next };
    let has_new = new.has_new();
    if !has_new {
        new.next.clear();
        new.notes.push("nothing was written".to_owned());
    }
    args.show(&new)?;
    Ok(if has_new { Exit::Yes } else { Exit::No })
}

/// Checks the name of a new definition. `what` is the kind with an article, and `example` is a name.
///
/// # Errors
/// Returns an error if the name is not one, or if Windows has no files with it.
pub(crate) fn check_name(name: &str, what: &str, example: &str) -> Result<(), UsageError> {
    if !is_name(name) {
        let expected = format!("expected letters, digits, `.`, `_` and `-`, such as `{example}`");
        return Err(UsageError(format!("`{name}` is not the name of {what}: {expected}")));
    }
    refused_by_windows(name).map_or(Ok(()), |problem| Err(UsageError(problem)))
}

/// Returns a folder for a definition, with a `/` at its end. Without a name, it is the folder of all definitions.
///
/// # Errors
/// Returns the reason why the name is not that of a folder.
pub(crate) fn folder_below(top: &str, name: Option<&str>) -> Result<String, String> {
    let Some(name) = name else { return Ok(format!("{top}/")) };
    let name = name.trim_end_matches('/');
    let is_part = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        part.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) && part.bytes().all(is_plain)
    };
    if name.split('/').all(is_part) {
        Ok(format!("{top}/{name}/"))
    } else {
        Err(format!("`{name}` is not a folder below `{top}`: expected a path such as `checkout` or `shop/checkout`"))
    }
}

/// Returns the given text, the answer to a question, or the default.
///
/// # Errors
/// Returns an error if the terminal cannot be read.
pub(crate) fn words(questions: Questions, given: Option<&str>, question: &str, default: &str) -> Result<String> {
    let parse = |text: &str| Ok(text.trim().to_owned());
    questions.text(given.map(str::to_owned), question, (default.to_owned(), default), parse)
}

/// Parses a text that is not blank.
pub(crate) fn parse_words(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_control) {
        return Err("expected a text on one line".to_owned());
    }
    Ok(text.to_owned())
}

/// Returns the name of the user in git, which is the default owner, or `my-team` where git does not know it.
pub(crate) fn user() -> String {
    let author = author(Path::new(".")).ok();
    let name = author.as_ref().and_then(|author| author.name.split(" <").next());
    name.and_then(|name| parse_words(name).ok()).unwrap_or_else(|| "my-team".to_owned())
}
