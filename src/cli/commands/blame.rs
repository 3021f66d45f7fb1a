//! `flagctl blame`: which commit gave a context its variant.

use std::io;
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;

use crate::bundle::Bundle;
use crate::cli::decisions::{DecisionAt, Observed, Question};
use crate::cli::environment_arg::environment_or_only;
use crate::cli::error_report::{Validity, report_errors};
use crate::cli::exit::Exit;
use crate::cli::global::Global;
use crate::cli::output_format::OutputFormat;
use crate::cli::revision_arg::{At, note_end};
use crate::cli::time_arg::given_or_now;
use crate::cli::time_arg::parse_time;
use crate::cli::unknown_flag::unknown_flag_in_source;
use crate::cli::{context_arg, progress};
use crate::compile::compile;
use crate::diff;
use crate::diff::DefinitionChange;
use crate::git::{CacheWrites, CloneDepth};
use crate::load;
use crate::report;
use crate::report::{BlameJson, CommitJson, EraJson, GotJson, SinceJson};
use crate::source::Source;

/// Show which commit gave a context its variant, and what it got before
///
/// Decides the flag at one commit after the other, from HEAD along first parents: a merged branch is one commit, the
/// one that brought it. What is not committed does not count. Every decision is for the same moment and the same
/// context, so that only commits make them differ; what they declare no attribute for decides nothing. A variant
/// whose value changed is another one.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl blame new-checkout -e production -c targetingKey=user-42 -c country=US")]
pub(crate) struct Args {
    /// A flag's key
    #[arg(value_name = "FLAG")]
    flag: String,
    /// The environment to decide for; needed where there are several
    #[arg(short, long, value_name = "ENV")]
    environment: Option<String>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    given: context_arg::ContextArgs,
    /// The moment of all decisions, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let source = Source::Revision(tip.clone());
    let settings = load::settings(&source)?;
    if report_errors(&settings, settings.settle(Vec::new()), &source, global)? == Validity::Invalid {
        return Ok(Exit::Failed);
    }
    let environment = environment_or_only(args.environment.as_deref(), &settings.project.settings)?;
    let loaded = load::flags(&source, settings, std::slice::from_ref(&args.flag), &[&environment])?;
    if loaded.project.flag(&args.flag).is_none() {
        return Err(unknown_flag_in_source(&args.flag, &source));
    }
    let (bundle, diagnostics) = compile(&loaded.project, &environment);
    let validity = report_errors(&loaded, loaded.settle(diagnostics), &source, global)?;
    if bundle.flag(&args.flag).is_none() {
        return Ok(Exit::Failed);
    }
    args.at.note(&source, &mut io::stderr().lock())?;
    let file = context_arg::file(args.given.context.as_deref())?;
    let context = context_arg::read(&bundle.attributes, file.as_ref(), &args.given.attributes)?;
    context_arg::note_unusable(&bundle.attributes, &context, &mut io::stderr().lock())?;
    let question = Question {
        flag: &args.flag,
        environment: &environment,
        context: context_arg::json(&bundle.attributes, file.clone(), &args.given.attributes),
        now: given_or_now(args.now),
    };
    let blame = BlameJson {
        version: 1,
        flag: &args.flag,
        environment: &environment,
        now: question.now.to_string(),
        commit: tip.commit(),
        eras: eras(&question, question.ask(tip)?)?,
    };
    args.format.write(&blame, report::blame)?;
    Ok(if validity == Validity::Valid { Exit::Yes } else { Exit::Failed })
}

/// What the context gets, since when, and so on back to the variant before.
fn eras(question: &Question<'_>, present: DecisionAt) -> Result<Vec<EraJson>> {
    let mut eras = Vec::new();
    let mut newest = present;
    loop {
        let got = newest.json(question)?;
        if matches!(newest.got, Observed::NoFlag | Observed::NoEnvironment) {
            eras.push(EraJson { got, since: None });
            return Ok(eras);
        }
        // A time without a valid definition is no answer to what the context got before.
        let last = !eras.is_empty() && matches!(newest.got, Observed::Variant(..));
        let (oldest, before) = progress::shown("reading history", || question.trace(newest))?;
        let cut = before.is_none() && oldest.revision.depth()? == CloneDepth::Shallow;
        let since = if cut { cut_off(question, &oldest)? } else { since(question, &oldest, before.as_ref())? };
        eras.push(EraJson { got, since: Some(since) });
        match before {
            Some(before) if !last => newest = before,
            None if !last && !cut => {
                eras.push(EraJson { got: GotJson::NoFlag, since: None });
                return Ok(eras);
            }
            _ => return Ok(eras),
        }
    }
}

/// A commit that gave the context what it got, and how.
fn since(question: &Question<'_>, here: &DecisionAt, before: Option<&DecisionAt>) -> Result<SinceJson> {
    let mut changes = Vec::new();
    let decidable = |standing: &&DecisionAt| !matches!(standing.got, Observed::Invalid(_));
    let sides = before.filter(decidable).zip(Some(here).filter(decidable));
    if let Some((before, _)) = sides {
        changes = compare(&before.bundle, &here.bundle, question.flag);
    } else if before.is_none() {
        changes.push(DefinitionChange::Added);
    }
    let changes: Vec<_> = changes.into_iter().map(|change| (question.environment.to_owned(), change)).collect();
    let commit = CommitJson::new(here.revision.details()?, question.flag, &changes);
    let mut since = SinceJson::new(commit, here.differences(before)?, here.json(question)?);
    if let Some((before, here)) = sides {
        for flag in here.bundle.flags.iter().filter(|flag| flag.key.as_ref() != question.flag) {
            // One that was not needed before was nevertheless there.
            if before.bundle.flag(&flag.key).is_some() {
                let changes = compare(&before.bundle, &here.bundle, &flag.key);
                changes.iter().for_each(|change| since.changes_flag(&flag.key, change));
            }
        }
        for (name, shift) in diff::compare_segments(&before.bundle, &here.bundle) {
            since.changes_segment(name, &shift);
        }
    }
    Ok(since)
}

fn compare(before: &Bundle, after: &Bundle, key: &str) -> Vec<DefinitionChange> {
    diff::compare_flag([before, after], key)
}

/// The oldest commit of a shallow clone, which may have changed nothing.
fn cut_off(question: &Question<'_>, here: &DecisionAt) -> Result<SinceJson> {
    note_end(&here.revision, &mut io::stderr().lock())?;
    let commit = CommitJson::new(here.revision.details()?, question.flag, &[]);
    Ok(SinceJson::oldest(commit, here.json(question)?))
}
