//! `flagctl explain`: prints the page of a diagnostic code.

use anyhow::{Error, Result};

use crate::cli::code_arg::parse_code;
use crate::cli::console;
use crate::cli::exit::Exit;
use crate::codes::Code;
use crate::report::Printable;

/// Explain a diagnostic code
///
/// Prints what the code means, why it is reported and how to fix it. Without CODE, lists all codes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl explain unknown-variant")]
pub(crate) struct Args {
    /// A code, as in `error[unknown-variant]`
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let text = match &args.code {
        Some(name) => {
            let code: Code = parse_code(name).map_err(Error::msg)?;
            format!("{code} ({})\n\n{}\n", code.severity().name(), code.page().trim_end())
        }
        None => {
            let line = |code: &Code| {
                let summary = code.page().lines().next().unwrap_or_default();
                format!("{:<22} {:<8} {summary}\n", code.name(), code.severity().name())
            };
            Code::ALL.iter().map(line).collect()
        }
    };
    console::write(Printable::of_program(text))?;
    Ok(Exit::Yes)
}
