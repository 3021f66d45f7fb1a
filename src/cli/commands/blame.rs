//! `flagctl blame`: finds the commits that changed the variant of a context.

use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;

use crate::cli::context_arg;
use crate::cli::context_arg::ContextArgs;
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::error_report::{Validity, report_errors};
use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::revision_arg::{At, note_end};
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::cli::unknown_flag::unknown_flag_in_source;
use crate::compile::compile;
use crate::git::CacheWrites;
use crate::history;
use crate::history::{DecisionQuery, EraCause};
use crate::load;
use crate::report::history::{BlameJson, blame};
use crate::source::Source;

/// Show which commit gave a context its variant, and what it got before
///
/// Decides the flag at HEAD and at the commits before it, along first parents: a merged branch is one commit, the merge.
/// Changes that are not committed do not count. Every decision is for the same time and the same context, so only commits
/// make a difference; attributes that a commit does not declare are ignored there. A variant whose value changed counts as
/// another variant.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl blame new-checkout -e production -c targetingKey=user-42 -c country=US")]
pub(crate) struct Args {
    /// The key of a flag
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    environment: OneEnvironment,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    context: ContextArgs,
    /// The time of all decisions, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let source = Source::Revision(tip.clone());
    let settings = load::settings(&source)?;
    if report_errors(&settings, settings.settle(Vec::new()), &source)? == Validity::Invalid {
        return Ok(Exit::Failed);
    }
    let environment = args.environment.or_only(&settings.project.settings)?;
    let loaded = load::flags(&source, settings, std::slice::from_ref(&args.flag), &[&environment])?;
    if loaded.project.flag(&args.flag).is_none() {
        return Err(unknown_flag_in_source(&args.flag, &source));
    }
    let (bundle, diagnostics) = compile(&loaded.project, &environment);
    let validity = report_errors(&loaded, loaded.settle(diagnostics), &source)?;
    if bundle.flag(&args.flag).is_none() {
        return Ok(Exit::Failed);
    }
    args.at.note(&source)?;
    let file = context_arg::given(args.context.context.as_ref())?;
    let context = context_arg::read(&bundle.attributes, file.as_ref(), &args.context.attributes)?;
    context_arg::note_unusable(&bundle.attributes, &context);
    let query = DecisionQuery {
        flag: &args.flag,
        environment: &environment,
        context: context_arg::json(&bundle.attributes, file.clone(), &args.context.attributes),
        now: given_or_now(args.now),
    };
    let commit = tip.commit();
    let eras = progress::shown("reading history", || history::blame(&query, tip))?;
    for start in eras.iter().filter_map(|era| era.start.as_ref()) {
        if matches!(start.cause, EraCause::EndOfClone) {
            note_end(&start.oldest.revision);
        }
    }
    args.format.write(&BlameJson::new(&query, commit, &eras)?, blame)?;
    Ok(if validity == Validity::Valid { Exit::Yes } else { Exit::Failed })
}
