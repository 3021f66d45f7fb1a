//! The `git` program, run in a repository.
//!
//! Settings, identity, hooks, remotes and worktrees need the `git` program, because libgit2 handles them differently.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::commit::error::CommitError;

/// The environment variables that git sets for the programs that it starts, such as hooks. They name git's own
/// repository and index.
const INHERITED_VARIABLES: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// Prepares git in a folder. Its messages are in English, because some are parsed here.
pub(super) fn in_folder<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Command {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env("LC_ALL", "C");
    for name in INHERITED_VARIABLES {
        command.env_remove(name);
    }
    command
}

/// Runs a program and returns its output, whether it succeeds or not.
///
/// # Errors
/// Returns [`CommitError::Program`] if it cannot be started.
pub(super) fn output(command: &mut Command) -> Result<Output, CommitError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| CommitError::Program { program, error })
}

/// Runs git and returns its output on stdout.
///
/// # Errors
/// Returns [`CommitError::Refused`] if it fails.
pub(super) fn run(command: &mut Command) -> Result<String, CommitError> {
    let result = output(command)?;
    if result.status.success() {
        return Ok(trimmed_text(&result.stdout));
    }
    let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    Err(CommitError::Refused { command: arguments.join(" "), output: combined_output(&result) })
}

/// The type of a setting.
#[derive(Clone, Copy)]
pub(super) enum SettingType {
    /// Git reads the setting as text.
    Text,
    /// Git reads the setting as `true` or `false`.
    Boolean,
    /// Git reads the setting as a path, and expands `~` in it.
    Path,
}

/// Reads a setting by git's rules about files and variables, in a folder that may be outside of a repository. Returns
/// `None` if it is not set.
///
/// # Errors
/// Returns [`CommitError::Refused`] if the value does not have the type, and [`CommitError::Program`] without git.
pub(super) fn setting(folder: &Path, setting_type: SettingType, name: &str) -> Result<Option<String>, CommitError> {
    let option = match setting_type {
        SettingType::Text => "--no-type",
        SettingType::Boolean => "--type=bool",
        SettingType::Path => "--type=path",
    };
    let result = output(&mut in_folder(folder, &["config", option, "--get", name]))?;
    match result.status.code() {
        Some(0) => Ok(Some(trimmed_text(&result.stdout))),
        Some(1) => Ok(None),
        _ => Err(CommitError::Refused { command: format!("config {name}"), output: combined_output(&result) }),
    }
}

/// Returns the output of a program on stdout and stderr.
pub(super) fn combined_output(output: &Output) -> String {
    let parts = [trimmed_text(&output.stdout), trimmed_text(&output.stderr)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Returns a text without white space at its end.
pub(super) fn trimmed_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
