//! `flagctl explain`: prints the page of a diagnostic code.

use anyhow::{Error, Result};

use crate::cli::code_arg::parse_code;
use crate::cli::console;
use crate::cli::exit::Exit;
use crate::codes::{Code, Severity};
use crate::report::{Lines, Printable, Role, StyledText};

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
    let severity = |code: Code| match code.severity() {
        Severity::Error => (Role::Bad, "error"),
        Severity::Warning => (Role::Caution, "warning"),
    };
    match &args.code {
        Some(name) => {
            let code: Code = parse_code(name).map_err(Error::msg)?;
            let (role, severity) = severity(code);
            let heading = StyledText::new(Role::Name, code.name()).plain(" (").with(role, severity).plain(")");
            console::write(Lines::from_iter([heading]))?;
            console::write(Printable::of_program(format!("\n{}\n", code.page().trim_end())))?;
        }
        None => {
            let line = |code: &Code| {
                let (role, severity) = severity(*code);
                let summary = code.page().lines().next().unwrap_or_default();
                let name = StyledText::new(Role::Name, format!("{:<22} ", code.name()));
                name.with(role, format!("{severity:<8} ")).plain(summary)
            };
            console::write(Code::ALL.iter().map(line).collect::<Lines>())?;
        }
    }
    Ok(Exit::Yes)
}
