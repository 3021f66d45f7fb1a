//! `flagctl eval`: decides flags for a context, and explains the decisions.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::bundle::{Bundle, Flag};
use crate::cli::bundle_arg;
use crate::cli::context_arg;
use crate::cli::context_arg::ContextArgs;
use crate::cli::decision_output::{Decider, DecisionDetail};
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::error_report::{Validity, report_errors};
use crate::cli::eval_batch;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::{OutputFormat, write_json};
use crate::cli::progress;
use crate::cli::revision_arg::At;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::cli::unknown_flag::{unknown_flag_in_bundle, unknown_flag_in_source};
use crate::compile::compile;
use crate::eval::{Context, decide};
use crate::git::Revision;
use crate::load;

/// Decide which variant a context gets
///
/// Without FLAG, decides all flags of the environment. With `--test`, exits with 0 if the flag is true and 1 if it is
/// false. Exits with 3 if a definition has errors; flags that do not depend on it are still decided.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: flagctl eval new-checkout -e production -c targetingKey=user-42 -c country=US --explain"
)]
pub(crate) struct Args {
    /// Keys of flags
    #[arg(value_name = "FLAG")]
    flags: Vec<String>,
    #[command(flatten)]
    environment: OneEnvironment,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    context: ContextArgs,
    /// Read a bundle that `flagctl export bundle` wrote, instead of a flag repository
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "environment"])]
    bundle: Option<PathBuf>,
    /// Decide for each line of a file, or of stdin if FILE is `-`
    ///
    /// A line is a context as a JSON object. One line of JSON is written for each, in the same order.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["context", "attributes", "explain", "test", "format"])]
    contexts: Option<PathBuf>,
    /// Decide as if no flag were killed
    #[arg(long, conflicts_with = "bundle")]
    without_kills: bool,
    /// Decide as if this flag were killed; may be repeated
    #[arg(long = "kill", value_name = "FLAG")]
    killed: Vec<String>,
    /// The time of the decision, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// Show every rule and condition, the expected value and the found value
    #[arg(long, conflicts_with = "test")]
    explain: bool,
    /// Write nothing, and exit with 0 if the flag is true or 1 if it is false
    #[arg(long)]
    test: bool,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let now = given_or_now(args.now);
    let Some(Definitions { bundle, commit, validity }) = read(args)? else { return Ok(Exit::Failed) };
    let flags: Vec<&Flag> = match args.flags.as_slice() {
        [] => bundle.flags.iter().collect(),
        keys => keys.iter().filter_map(|key| bundle.flag(key)).collect(),
    };
    let is_valid = validity == Validity::Valid;
    if flags.len() < args.flags.len() || args.test && !is_valid {
        return Ok(Exit::Failed);
    }
    if let Some(file) = &args.contexts {
        let exit = eval_batch::run(&bundle, &flags, file, now)?;
        return Ok(if is_valid { exit } else { Exit::Failed });
    }
    let file = context_arg::given(args.context.context.as_ref())?;
    let context = context_arg::read(&bundle.attributes, file.as_ref(), &args.context.attributes)?;
    context_arg::note_unusable(&bundle.attributes, &context);
    if args.test {
        return test(&bundle, &flags, &context, now);
    }
    let detail = if args.explain { DecisionDetail::Explained } else { DecisionDetail::Brief };
    let decider = Decider { bundle: &bundle, context: &context, now, detail };
    match args.format {
        OutputFormat::Human => decider.write_text(&flags)?,
        OutputFormat::Json => write_json(&decider.json(&flags, commit))?,
    }
    Ok(if is_valid { Exit::Yes } else { Exit::Failed })
}

/// The definitions for the decisions.
struct Definitions {
    bundle: Bundle,
    /// The full id of the commit, if the definitions are from a revision.
    commit: Option<String>,
    /// Whether all flags can be decided.
    validity: Validity,
}

/// Reads the definitions. If no flag can be decided, reports the reason and returns `None`.
fn read(args: &Args) -> Result<Option<Definitions>> {
    if let Some(path) = &args.bundle {
        let keys = if args.flags.is_empty() { Vec::new() } else { with_killed(args) };
        let mut bundle = bundle_arg::read_flags(path, &keys)?;
        for key in &args.killed {
            if bundle.flag(key).is_none() {
                return Err(unknown_flag_in_bundle(key, bundle.flags.keys()));
            }
            bundle.assume_killed(key);
        }
        return Ok(Some(Definitions { bundle, commit: None, validity: Validity::Valid }));
    }
    let source = args.at.source(Path::new("."))?;
    let settings = load::settings(&source)?;
    if report_errors(&settings, settings.settle(Vec::new()), &source)? == Validity::Invalid {
        return Ok(None);
    }
    let environment = args.environment.or_only(&settings.project.settings)?;
    let mut loaded = match args.flags.as_slice() {
        [] => progress::all(&source)?,
        _ => load::flags(&source, settings, &with_killed(args), &[&environment])?,
    };
    if args.without_kills {
        loaded.project.kills.clear();
    }
    if let Some(unknown) = args.flags.iter().chain(&args.killed).find(|key| loaded.project.flag(key).is_none()) {
        return Err(unknown_flag_in_source(unknown, &source));
    }
    let (mut bundle, diagnostics) = compile(&loaded.project, &environment);
    args.killed.iter().for_each(|key| bundle.assume_killed(key));
    // A flag with errors does not prevent the decisions of the other flags.
    let validity = report_errors(&loaded, loaded.settle(diagnostics), &source)?;
    let all_compiled = args.flags.iter().all(|key| bundle.flag(key).is_some());
    if all_compiled && !args.test {
        args.at.note(&source)?;
    }
    Ok(Some(Definitions { bundle, commit: source.revision().map(Revision::commit), validity }))
}

/// Returns the keys of the flags to decide, and of those that count as killed.
fn with_killed(args: &Args) -> Vec<String> {
    args.flags.iter().chain(&args.killed).cloned().collect()
}

/// Runs `--test`: returns whether the only flag is true.
fn test(bundle: &Bundle, flags: &[&Flag], context: &Context<'_>, now: Timestamp) -> Result<Exit> {
    let [flag] = flags else { return Err(UsageError("`--test` takes exactly one flag".to_owned()).into()) };
    match decide(bundle, flag, context, now).variant.value.as_bool() {
        Some(true) => Ok(Exit::Yes),
        Some(false) => Ok(Exit::No),
        None => bail!("`--test` takes a boolean flag, and `{}` is not boolean", flag.key),
    }
}
