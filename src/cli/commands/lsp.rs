//! `flagctl lsp`: the language server, for editors.

use std::io::{self, BufReader};
use std::path::Path;

use anyhow::Result;

use crate::cli::console;
use crate::cli::exit::Exit;
use crate::cli::time_arg::given_or_now;
use crate::lsp;
use crate::lsp::End;

/// Serve an editor: problems while typing, completion, descriptions, navigation, renaming and quick fixes
///
/// Speaks the language server protocol on its standard streams until the editor ends it. Editors start it; `docs/editors.md` says
/// how to set them up.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl lsp")]
pub(crate) struct Args {
    /// Accepted because editors pass it; the standard streams are always used
    #[arg(long)]
    stdio: bool,
}

pub(crate) fn run(_: &Args) -> Result<Exit> {
    let end = lsp::run(BufReader::new(io::stdin()), console::protocol_writer(), Path::new("."), || given_or_now(None))?;
    Ok(match end {
        End::Orderly => Exit::Yes,
        End::WithoutShutdown => Exit::No,
    })
}
