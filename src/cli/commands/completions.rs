//! `flagctl completions`: prints or installs a script that completes flagctl's arguments in a shell.

use anyhow::Result;
use clap_complete::Shell;

use crate::cli::completion::{install, script};
use crate::cli::console;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::new_files::Writing;

/// Print or install a script that completes flagctl's arguments in a shell
///
/// Besides commands and options, bash, zsh, fish and Elvish complete flags, rules, environments, segments, attributes and
/// their values, tags, owners, targets, revisions and codes, with descriptions. For this, the script runs `flagctl`, which
/// reads the flag repository and executes nothing in it. Names that a shell would read as more than a word are left out.
///
/// `--install` writes the script for bash, zsh or fish where the shell looks for it, and says what to do next. It replaces
/// only a file that flagctl wrote.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl completions --install zsh\n  eval \"$(flagctl completions bash)\"")]
pub(crate) struct Args {
    /// The shell that reads the script; with `--install` [default: that of the variable SHELL]
    #[arg(value_name = "SHELL", required_unless_present = "install")]
    shell: Option<Shell>,
    /// Write the script into the folder where the shell looks for it
    #[arg(long)]
    install: bool,
    /// Show what `--install` would write, and write nothing
    #[arg(long, requires = "install")]
    dry_run: bool,
}

/// Writes the script for the complete command line, which `definition` returns.
pub(crate) fn run(args: &Args, definition: fn() -> clap::Command) -> Result<Exit> {
    if args.install {
        console::write(install(args.shell, Writing::new(args.dry_run))?)?;
        return Ok(Exit::Yes);
    }
    let shell = args.shell.ok_or_else(|| UsageError("expected the name of a shell".to_owned()))?;
    console::write(script(shell, definition)?)?;
    Ok(Exit::Yes)
}
