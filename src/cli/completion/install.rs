//! `flagctl completions --install`: writes the script of a shell where the shell finds it.
//!
//! **Invariant:** a file that flagctl did not write is never changed, and below the folder of the user's settings or data no
//! link is followed out of this folder.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context as _, Result, bail};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use clap::ValueEnum as _;
use clap_complete::Shell;

use crate::cli::completion::script::CompletedShell;
use crate::cli::exit::UsageError;
use crate::cli::new_files::Writing;
use crate::report::Lines;
use crate::report::escape::shell_word;

/// A text in the first lines of a file that flagctl wrote.
const MARK: &str = "whose option `--install` may replace this file";
/// The length of the beginning of a file that has the mark, in bytes.
const MARKED: u64 = 4096;

/// Where a shell finds scripts.
struct ScriptFile {
    /// The variable with a folder of the user, and the folder in the home folder that counts without it.
    base: (&'static str, &'static str),
    folder: &'static str,
    name: &'static str,
}

const DATA: (&str, &str) = ("XDG_DATA_HOME", ".local/share");
const CONFIG: (&str, &str) = ("XDG_CONFIG_HOME", ".config");
const BASH: ScriptFile = ScriptFile { base: DATA, folder: "bash-completion/completions", name: "flagctl" };
const FISH: ScriptFile = ScriptFile { base: CONFIG, folder: "fish/completions", name: "flagctl.fish" };
const ZSH: ScriptFile = ScriptFile { base: DATA, folder: "zsh/site-functions", name: "_flagctl" };

/// Writes the script of a shell, or only says what would be written. Without a shell, it is the user's shell. Returns what
/// was done, and the next step.
///
/// # Errors
/// Returns an error if the shell is unknown or has no folder for scripts, if another file has the place of the script, or
/// if the file cannot be written.
pub(crate) fn install(shell: Option<Shell>, writing: Writing) -> Result<Lines> {
    let shell = shell.map_or_else(shell_of_user, Ok)?;
    let script_file = match shell {
        Shell::Bash => BASH,
        Shell::Fish => FISH,
        Shell::Zsh => ZSH,
        Shell::Elvish => {
            return Err(no_file("Elvish", "eval (flagctl completions elvish | slurp)", "~/.config/elvish/rc.elv"));
        }
        Shell::PowerShell => {
            let line = "flagctl completions powershell | Out-String | Invoke-Expression";
            return Err(no_file("PowerShell", line, "$PROFILE"));
        }
        _ => bail!("flagctl has no completions for `{shell}`"),
    };
    let text = CompletedShell::of_path(OsStr::new(&shell.to_string())).map(CompletedShell::text).unwrap_or_default();
    let base = folder_of_user(script_file.base)?;
    let path = base.join(script_file.folder).join(script_file.name);
    let done =
        write(&base, &script_file, text, writing).with_context(|| format!("cannot write `{}`", path.display()))?;
    let mut lines = Lines::default();
    lines.add(format!("{done} `{}`", path.display()));
    next_step(shell, &path).into_iter().for_each(|line| lines.add(line));
    Ok(lines)
}

/// Returns the shell that the variable `SHELL` names.
fn shell_of_user() -> Result<Shell> {
    let names = || Shell::value_variants().iter().map(|shell| format!("`{shell}`")).collect::<Vec<_>>().join(", ");
    let Some(path) = env::var_os("SHELL").filter(|path| !path.is_empty()) else {
        return Err(UsageError(format!("the variable `SHELL` is not set: name one of {}", names())).into());
    };
    Shell::from_shell_path(&path).ok_or_else(|| {
        let path = path.to_string_lossy();
        UsageError(format!(
            "the variable `SHELL` is `{path}`, for which there are no completions: name one of {}",
            names()
        ))
        .into()
    })
}

fn no_file(shell: &str, line: &str, file: &str) -> anyhow::Error {
    UsageError(format!("`--install` writes no file for {shell}: add the line `{line}` to `{file}`")).into()
}

/// Returns an absolute folder of the user.
fn folder_of_user((variable, in_home): (&str, &str)) -> Result<PathBuf> {
    let given = env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(in_home));
    given.or_else(home).with_context(|| format!("the home folder is unknown: set `HOME` or `{variable}`"))
}

/// Writes the file as a whole. Returns what was done.
fn write(path: &Path, file: &ScriptFile, text: &str, writing: Writing) -> Result<&'static str> {
    if writing == Writing::Write {
        fs::create_dir_all(path)?;
    }
    let base = match Dir::open_ambient_dir(path, ambient_authority()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok("would write"),
        base => base?,
    };
    if writing == Writing::Write {
        base.create_dir_all(file.folder).with_context(|| {
            format!("expected a folder, found a file or a link that leads out of `{}`", path.display())
        })?;
    }
    let folder = match base.open_dir(file.folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && writing == Writing::DryRun => {
            return Ok("would write");
        }
        folder => folder?,
    };
    let existing = match folder.symlink_metadata(file.name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Ok(found) if found.is_file() => {
            let mut existing = Vec::new();
            folder.open(file.name)?.take(MARKED).read_to_end(&mut existing)?;
            Some(String::from_utf8_lossy(&existing).into_owned())
        }
        found => found.map(|_| Some(String::new()))?,
    };
    let done = match &existing {
        None => ("wrote", "would write"),
        Some(existing) if existing == text => return Ok("up to date:"),
        Some(existing) if existing.contains(MARK) => ("replaced", "would replace"),
        Some(_) => bail!("flagctl did not write what is there: move it away first"),
    };
    if writing == Writing::DryRun {
        return Ok(done.1);
    }
    let temporary = format!(".{}.{}", file.name, process::id());
    let mut options = OpenOptions::new();
    let written = folder
        .open_with(&temporary, options.write(true).create_new(true))
        .and_then(|mut new| new.write_all(text.as_bytes()))
        .and_then(|()| folder.rename(&temporary, &folder, file.name));
    if written.is_err() {
        // The error that is reported is the first one.
        let _ = folder.remove_file(&temporary);
    }
    written?;
    Ok(done.0)
}

/// Returns what the user does next.
fn next_step(shell: Shell, path: &Path) -> Vec<String> {
    let folder = path.parent().unwrap_or(path);
    match shell {
        Shell::Bash => vec![
            "next: start a new shell; it reads the file if the package `bash-completion` is installed".to_owned(),
            format!(
                "without this package, add this line to `~/.bashrc`: source {}",
                shell_word(&path.to_string_lossy())
            ),
        ],
        Shell::Zsh => vec![
            "next: add these lines to `~/.zshrc`, before other lines with `compinit`, and start a new shell:"
                .to_owned(),
            format!("  fpath=({} $fpath)", shell_word(&folder.to_string_lossy())),
            "  autoload -Uz compinit && compinit".to_owned(),
        ],
        _ => vec!["next: start a new shell".to_owned()],
    }
}
