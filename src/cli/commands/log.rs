//! `flagctl log`: shows the changes of a flag by each commit.

use std::path::Path;

use anyhow::{Result, bail};

use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::revision_arg::{At, note_end};
use crate::git::CacheWrites;
use crate::history::flag_log;
use crate::report::history::{FlagLogJson, log};

/// Show what each commit did to a flag, newest first
///
/// Follows first parents, so a merged branch is one commit: the merge.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl log new-checkout -n 5")]
pub(crate) struct Args {
    /// The key of a flag
    #[arg(value_name = "FLAG")]
    flag: String,
    /// Show at most NUMBER commits
    #[arg(short, value_name = "NUMBER")]
    number: Option<usize>,
    #[command(flatten)]
    at: At,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let found = progress::shown("reading history", || flag_log(&tip, &args.flag, args.number))?;
    if let Some(end) = &found.end_of_clone {
        note_end(end);
    } else if found.commits.is_empty() {
        bail!("no commit up to {} has a flag `{}`", tip.name(), args.flag);
    }
    args.format.write(&FlagLogJson::new(&args.flag, &found), log)?;
    Ok(Exit::Yes)
}
