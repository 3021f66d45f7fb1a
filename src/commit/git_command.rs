//! The `git` program, asked in a repository.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::commit::CommitError;
use crate::commit::branch::Workspace;

/// What a caller's git may have set for its own repository and index.
const INHERITED: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// Git in a folder, with messages in English because some are read here.
pub(super) fn command<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Command {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env("LC_ALL", "C");
    for name in INHERITED {
        command.env_remove(name);
    }
    command
}

/// The same for a repository.
pub(super) fn at<A: AsRef<OsStr>>(site: &Workspace, arguments: &[A]) -> Command {
    let mut command = command(site.folder(), arguments);
    if site.repository.is_bare() {
        // Some settings have git enter a bare repository only when told.
        command.env("GIT_DIR", site.repository.path());
    }
    command
}

pub(super) fn output(command: &mut Command) -> Result<Output, CommitError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| CommitError::Program { program, error })
}

/// What it prints, if it succeeds.
pub(super) fn run(command: &mut Command) -> Result<String, CommitError> {
    let result = output(command)?;
    if result.status.success() {
        return Ok(text(&result.stdout));
    }
    let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    Err(CommitError::Refused { command: arguments.join(" "), output: said(&result) })
}

/// What a setting is read as.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Boolean,
    /// Anything but a path is left as it is.
    Path,
}

/// A setting, by git's rules on files and environment.
pub(super) fn setting(site: &Workspace, kind: Kind, name: &str) -> Result<Option<String>, CommitError> {
    let kind = match kind {
        Kind::Text => "--no-type",
        Kind::Boolean => "--type=bool",
        Kind::Path => "--type=path",
    };
    let mut command = at(site, &["config", kind, "--get", name]);
    let result = output(&mut command)?;
    match result.status.code() {
        Some(0) => Ok(Some(text(&result.stdout))),
        Some(1) => Ok(None),
        _ => Err(CommitError::Refused { command: format!("config {name}"), output: said(&result) }),
    }
}

/// All that a program said.
pub(super) fn said(output: &Output) -> String {
    let parts = [text(&output.stdout), text(&output.stderr)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
