//! `flagctl completions`: prints a script that completes flagctl's arguments in a shell.

use anyhow::Result;
use clap_complete::Shell;

use crate::cli::console;
use crate::cli::exit::Exit;
use crate::report::Printable;

/// Print a script that completes flagctl's arguments in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: eval \"$(flagctl completions bash)\"")]
pub(crate) struct Args {
    /// The shell that reads the script
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Writes the script for the complete command line, which `definition` returns.
pub(crate) fn run(args: &Args, definition: fn() -> clap::Command) -> Result<Exit> {
    // The library panics if it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition(), "flagctl", &mut script);
    console::write(Printable::of_program(String::from_utf8(script)?))?;
    Ok(Exit::Yes)
}
