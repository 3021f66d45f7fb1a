//! `gh`, the command line of GitHub, where it is installed.

use std::env::split_paths;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::forge::remote::RemoteRepository;

/// The file name of the program.
const NAME: &str = if cfg!(windows) { "gh.exe" } else { "gh" };

/// The program `gh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gh {
    program: PathBuf,
}

/// A pull request to open.
#[derive(Debug, Clone, Copy)]
pub struct PullRequest<'r> {
    /// The branch into which it is merged, or `None` for the default branch.
    pub base: Option<&'r str>,
    /// The branch with the changes.
    pub head: &'r str,
    /// The title.
    pub title: &'r str,
    /// The text.
    pub body: &'r str,
}

impl Gh {
    /// Finds `gh` in the folders of `PATH`. Relative folders, and folders of the repository with this root, are skipped,
    /// because a repository must not choose the program.
    pub fn find(path: &OsStr, root: &Path) -> Option<Self> {
        let root = fs::canonicalize(root).ok()?;
        let is_outside = |folder: &PathBuf| {
            folder.is_absolute() && fs::canonicalize(folder).is_ok_and(|folder| !folder.starts_with(&root))
        };
        let programs = split_paths(path).filter(is_outside).map(|folder| folder.join(NAME));
        programs.into_iter().find(|program| is_executable(program)).map(|program| Self { program })
    }

    /// Opens a pull request, and returns its address.
    ///
    /// # Errors
    /// Returns the reason, in the words of `gh`, if it does not open the pull request.
    pub fn open(
        &self,
        repository: &RemoteRepository,
        request: &PullRequest<'_>,
        root: &Path,
    ) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.args(["pr", "create"]);
        command.arg(format!("--repo={}", repository.full_name()));
        command.args(request.base.map(|base| format!("--base={base}")));
        command.arg(format!("--head={}", request.head));
        command.arg(format!("--title={}", request.title)).arg(format!("--body={}", request.body));
        command.current_dir(root).stdin(Stdio::null());
        command.env("GH_PROMPT_DISABLED", "1").env("GH_NO_UPDATE_NOTIFIER", "1").env("NO_COLOR", "1");
        let output = command.output().map_err(|error| format!("cannot run `{}`: {error}", self.program.display()))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let stdout = text(&output.stdout);
        let address = stdout.lines().rev().map(str::trim).find(|line| line.starts_with("https://"));
        match address {
            Some(address) if output.status.success() => Ok(address.to_owned()),
            _ => Err([text(&output.stderr), stdout]
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_else(|| format!("`gh` ended with {} and printed no address", output.status))),
        }
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
