//! `flagctl explain`: the documentation of the diagnostic codes.

use std::io::{self, Write};

use anyhow::{Result, anyhow};

use crate::cli::Exit;
use crate::codes::Code;
use crate::diag::did_you_mean;

/// Explain a diagnostic code, or list them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A code as in `error[unknown-variant]`; without it, all are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let mut out = io::stdout().lock();
    match &args.code {
        Some(name) => {
            let code: Code = name.parse().map_err(|_| {
                let help = did_you_mean(name, Code::ALL.iter().map(|code| code.name()));
                anyhow!(
                    "there is no code `{name}`; {}",
                    help.unwrap_or_else(|| "`flagctl explain` lists them".to_owned())
                )
            })?;
            writeln!(out, "{code} ({})\n\n{}", code.severity().name(), code.page().trim_end())?;
        }
        None => {
            for code in Code::ALL {
                let summary = code.page().lines().next().unwrap_or_default();
                writeln!(out, "{:<22} {:<8} {summary}", code.name(), code.severity().name())?;
            }
        }
    }
    Ok(Exit::Yes)
}
