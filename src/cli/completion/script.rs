//! The scripts that complete flagctl's command line in a shell.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Result;
use clap_complete::Shell;

use crate::report::Printable;
use crate::report::completions::Separator;

/// A shell whose script asks flagctl for candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompletedShell {
    Bash,
    Elvish,
    Fish,
    Zsh,
}

impl CompletedShell {
    /// Returns the shell of a name or of the path of a program, such as `/bin/zsh`.
    pub(super) fn of_path(path: &OsStr) -> Option<Self> {
        Some(match Path::new(path).file_stem()?.to_str()? {
            "bash" => Self::Bash,
            "elvish" => Self::Elvish,
            "fish" => Self::Fish,
            "zsh" => Self::Zsh,
            _ => return None,
        })
    }

    /// Returns the script.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Bash => include_str!("scripts/bash.sh"),
            Self::Elvish => include_str!("scripts/elvish.elv"),
            Self::Fish => include_str!("scripts/fish.fish"),
            Self::Zsh => include_str!("scripts/zsh.zsh"),
        }
    }

    /// Returns the script as output.
    pub(super) fn script(self) -> Printable {
        Printable::of_program(self.text().to_owned())
    }

    /// Returns how the script separates a candidate and its description.
    pub(super) fn separator(self) -> Separator {
        match self {
            Self::Bash | Self::Elvish | Self::Fish => Separator::Tab,
            Self::Zsh => Separator::Colon,
        }
    }
}

/// Returns the script of a shell for the command line that `definition` returns. That of PowerShell knows the commands,
/// options and their fixed values, and does not ask flagctl for names.
///
/// # Errors
/// Returns an error if the script is not text.
pub(crate) fn script(shell: Shell, definition: fn() -> clap::Command) -> Result<Printable> {
    if let Some(shell) = CompletedShell::of_path(OsStr::new(&shell.to_string())) {
        return Ok(shell.script());
    }
    // The library panics if it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut definition(), "flagctl", &mut script);
    Ok(Printable::of_program(String::from_utf8(script)?))
}
