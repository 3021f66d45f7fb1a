//! `flagctl verify-kill`: proves that commits only turn flags off.

use std::path::Path;

use anyhow::Result;

use crate::actions::verify_kill;
use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::revision_arg::advised;
use crate::git::{CacheWrites, Revision, RevisionRange, RevisionSpec};
use crate::report::actions::{KillProofJson, human};
use crate::source::FlagRepository;

/// Prove that a range of commits does nothing but turn flags off
///
/// Exits with 0 only if this is proven for all contexts: every context that gets another variant gets `off`, only
/// definitions of these flags change, and other flags turn off only because they require these flags. The comparison
/// starts at the last common commit of both ends of the range, so it shows what a merge would change.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example, to merge kills without a review: flagctl verify-kill origin/main..HEAD")]
pub(crate) struct Args {
    /// The range of commits, as `git log` takes it; an end that is left out is HEAD
    #[arg(value_name = "BASE..HEAD")]
    range: String,
    /// The flags that may be turned off [default: the flags whose kills are in the range]
    #[arg(value_name = "FLAG")]
    flags: Vec<String>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let (base, head) = ends(&args.range)?;
    let proof = progress::shown("comparing both ends", || verify_kill(&base, &head, &args.flags))?;
    args.format.write(&KillProofJson::new(&proof), human::kill_proof)?;
    Ok(if proof.is_proven() { Exit::Yes } else { Exit::No })
}

/// Returns the last common commit of both ends of a range, and the end of the range.
fn ends(range: &str) -> Result<(Revision, Revision)> {
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed).map_err(advised)?;
    let (base, head) = match RevisionRange::parse(range) {
        RevisionRange::Single(base) => (base, "HEAD"),
        RevisionRange::TwoDots { base, tip } | RevisionRange::ThreeDots { base, tip } => (base, tip),
    };
    let revision = |text: &str| repository.revision(&RevisionSpec::new(text)).map_err(advised);
    let (base, head) = (revision(base)?, revision(head)?);
    let merge_base = base.merge_base(&head).map_err(|error| advised(error.into()))?;
    Ok((merge_base, head))
}
