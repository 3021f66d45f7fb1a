//! `flagctl policy`: judges a change by the policy of its base.

use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::policy_check::{PolicyCheck, state_after};
use crate::cli::progress;
use crate::cli::publish_target::Signers;
use crate::cli::range::revision;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::git::{CacheWrites, RevisionRange};
use crate::report;
use crate::report::policy::PolicyFormat;
use crate::source::FlagRepository;

/// Check that a change goes no further and no faster than the policy of its base allows
///
/// The policy is `policy` in `flagctl.yaml` of BASE, so a change cannot lift its own limits. With three dots, the change is
/// the merge of HEAD into BASE, as git would make it. A change that only shrinks or kills is always allowed. Every refusal
/// says what is allowed instead, and from when. Exits with 0 if the change is allowed, with 1 if not, and with 3 if the
/// policy or what it needs cannot be read, such as the published log.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl policy origin/main...HEAD")]
pub(crate) struct Args {
    /// The target branch, and the last commit of the change; HEAD if the end is left out
    #[arg(value_name = "BASE...HEAD")]
    range: String,
    /// Count the contexts of a file, for the size of new and changed conditions
    ///
    /// The file has one JSON object a line; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    /// A report of `flagctl shadow report --format json` that allows to serve a candidate; may be repeated
    ///
    /// The report is trusted, so it must come from a job that the author of the change cannot alter.
    #[arg(long, value_name = "FILE")]
    shadow_report: Vec<PathBuf>,
    /// The time of the judgement, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    #[command(flatten)]
    signers: Signers,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: PolicyFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    if args.range.is_empty() || args.range.starts_with("..") {
        let problem = format!("`{}` does not name the target branch, as in `origin/main...HEAD`", args.range);
        return Err(UsageError(problem).into());
    }
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
    let range = RevisionRange::parse(&args.range);
    let (base, tip) = match range {
        RevisionRange::Single(base) => (base, "HEAD"),
        RevisionRange::TwoDots { base, tip } | RevisionRange::ThreeDots { base, tip } => (base, tip),
    };
    let (base, head) = (revision(&repository, base)?, revision(&repository, tip)?);
    let after = state_after(&range, &base, &head)?;
    let population = args.population.as_deref();
    let now = given_or_now(args.now);
    let shadow_reports = &args.shadow_report;
    let check = PolicyCheck { base, head, after, population, shadow_reports, signers: &args.signers, now };
    let policy = progress::shown("judging the change", || check.run())?;
    console::write(report::policy::printable(&policy, args.format)?)?;
    Ok(if policy.allowed { Exit::Yes } else { Exit::No })
}
