//! `flagctl verify-kill`: proves that commits only turn flags off.

use std::path::Path;

use anyhow::{Result, bail};

use crate::actions::{KillRange, verify_kill};
use crate::cli::environment_arg::{EnvironmentFilter, check_environment};
use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::revision_arg::advised;
use crate::git::{CacheWrites, Revision, RevisionRange, RevisionSpec};
use crate::load;
use crate::report::actions::{KillProofJson, human};
use crate::source::{FlagRepository, Source};

/// Prove that a range of commits does nothing but turn flags off
///
/// Exits with 0 only if two things are proven. By form: each commit that HEAD has and TARGET lacks only adds files of
/// kills, without errors, for flags and environments of TARGET; a merge has exactly the files that git makes of its
/// parents. By effect: after a merge into TARGET, the killed flags serve their unchanged `off` to everyone, other flags
/// change only because they depend on these flags and only to their own `off`, and no error is new. Exits with 1 and the
/// reasons if this is not so, or if no flag is turned off. Exits with 3 if a name is ambiguous, if the range is empty or
/// reversed, or if the clone is too shallow.
///
/// The proof is about the tip of TARGET as it is now. Use a merge queue, or check again when the branch is pushed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flagctl verify-kill origin/main..HEAD\n  flagctl verify-kill origin/main..HEAD new-cart -e production"
)]
pub(crate) struct Args {
    /// The branch into which the commits are merged, and the last commit; an end that is left out is HEAD
    #[arg(value_name = "TARGET..HEAD")]
    range: String,
    /// The flags that may be killed, and that must be off after the merge [default: any flag]
    #[arg(value_name = "FLAG")]
    flags: Vec<String>,
    #[command(flatten)]
    environments: EnvironmentFilter,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let (target, head) = ends(&args.range)?;
    let settings = load::settings(&Source::Revision(target.clone()))?.project.settings;
    args.environments.given.iter().try_for_each(|name| check_environment(name, &settings))?;
    let range = KillRange { target: &target, head: &head, flags: &args.flags, environments: &args.environments.given };
    let proof = progress::shown("comparing the target with the merge", || verify_kill(&range))?;
    args.format.write(&KillProofJson::new(&proof), human::kill_proof)?;
    Ok(if proof.is_proven() { Exit::Yes } else { Exit::No })
}

/// Returns the tip of the target branch, and the end of the range.
///
/// # Errors
/// Returns an error if the target is not named: without a name, a mistake in a script would compare HEAD with itself.
fn ends(range: &str) -> Result<(Revision, Revision)> {
    if range.is_empty() || range.starts_with("..") {
        bail!("`{range}` does not name the target branch; write it before the dots, as in `origin/main..HEAD`");
    }
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed).map_err(advised)?;
    let (target, head) = match RevisionRange::parse(range) {
        RevisionRange::Single(target) => (target, "HEAD"),
        RevisionRange::TwoDots { base, tip } | RevisionRange::ThreeDots { base, tip } => (base, tip),
    };
    let revision = |text: &str| repository.revision(&RevisionSpec::new(text)).map_err(advised);
    Ok((revision(target)?, revision(head)?))
}
