//! `flagctl log`: shows the changes of a flag, or of all flags, by each commit.

use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::environment_arg::{EnvironmentFilter, check_environment};
use crate::cli::exit::Exit;
use crate::cli::output_format::write_json;
use crate::cli::progress;
use crate::cli::revision_arg::{At, note_end};
use crate::cli::time_arg::parse_time;
use crate::cli::unknown_flag::unknown_flag_in_history;
use crate::git::CacheWrites;
use crate::history::{ChangeKind, ChangeLog, LogFilter};
use crate::load;
use crate::report::history::{CommitJson, LogJson, log, log_csv, log_markdown};
use crate::report::{EnvironmentSets, Lines};
use crate::source::Source;
use crate::yaml::Completeness;

/// The number of commits without `-n` and `--since`.
const DEFAULT_NUMBER: usize = 50;

/// Show what each commit did to a flag, or to all flags, newest first
///
/// Without FLAG, shows each commit that changed a flag, with every flag that it changed: also through a segment, a
/// prerequisite or a setting. Follows first parents, so a merged branch is one commit: the merge.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flagctl log new-checkout -n 5\n  flagctl log --since '2 weeks ago' -e production --kind kill"
)]
pub(crate) struct Args {
    /// The key of a flag [default: all flags]
    #[arg(value_name = "FLAG")]
    flag: Option<String>,
    /// Show at most NUMBER commits [default: 50, and with `--since` all]
    #[arg(short, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    number: Option<u32>,
    /// Only commits of this time or later, such as `2026-11-01`, `yesterday` or `2 weeks ago`
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Timestamp>,
    /// Only commits of this time or earlier; a date begins at midnight UTC
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
    #[command(flatten)]
    environments: EnvironmentFilter,
    /// Only flags of this owner; may be repeated
    #[arg(long, value_name = "OWNER")]
    owner: Vec<String>,
    /// Only changes of this kind; may be repeated
    #[arg(long, value_name = "KIND")]
    kind: Vec<ChangeKind>,
    #[command(flatten)]
    at: At,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: LogFormat,
}

/// The format of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Human,
    Json,
    Csv,
    Markdown,
}

impl ValueEnum for ChangeKind {
    fn value_variants<'v>() -> &'v [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Added => "a flag was added, or added to an environment",
            Self::Removed => "a flag was removed, or removed from an environment",
            Self::Kill => "a kill began or ended",
            Self::Enabled => "a flag was enabled or disabled in its definition",
            Self::Rollout => "a rule admits another share",
            Self::Targeting => "rules, conditions, defaults, prerequisites, segments or attributes changed",
            Self::Variants => "variants or their values changed",
            Self::Bucketing => "the unit, the salt or the algorithm of bucketing changed",
            Self::Invalid => "a flag cannot be decided, or can be decided again",
            Self::Metadata => "fields, comments or the layout changed, and no decision",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let source = Source::Revision(tip.clone());
    let settings = load::settings(&source)?.project.settings;
    if settings.completeness == Completeness::Complete {
        args.environments.given.iter().try_for_each(|name| check_environment(name, &settings))?;
    }
    let mut found = ChangeLog::new(tip.clone(), args.flag.as_deref(), filter(args))?;
    args.at.note(&source)?;
    let mut output = Output::new(args, EnvironmentSets::new(&settings));
    let limit = args.number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let limit = limit.or(args.since.is_none().then_some(DEFAULT_NUMBER));
    let mut number = 0;
    while limit.is_none_or(|limit| number < limit)
        && let Some(commit) = progress::shown("reading history", || found.next_commit())?
    {
        output.add(log::commit(&commit, args.flag.as_deref()))?;
        number += 1;
    }
    if let (Some(flag), false, None) = (&args.flag, found.has_flag(), found.end_of_clone()) {
        return Err(unknown_flag_in_history(flag, &source));
    }
    output.json.complete = !found.has_unread_commits();
    output.finish()?;
    if let Some(end) = found.end_of_clone() {
        note_end(end);
    } else if number == 0 {
        console::note("no commit has such a change");
    } else if args.number.is_none() && found.has_unread_commits() {
        console::note("older commits were not read: `-n NUMBER` shows more, and `--since TIME` all since a time");
    }
    Ok(Exit::Yes)
}

fn filter(args: &Args) -> LogFilter {
    LogFilter {
        since: args.since,
        until: args.until,
        environments: args.environments.given.clone(),
        owners: args.owner.clone(),
        kinds: args.kind.clone(),
    }
}

/// Writes the commits. All formats except JSON are written while the history is read.
struct Output<'a> {
    args: &'a Args,
    sets: EnvironmentSets,
    number: usize,
    json: LogJson,
}

impl<'a> Output<'a> {
    fn new(args: &'a Args, sets: EnvironmentSets) -> Self {
        let json = LogJson { version: 1, flag: args.flag.clone(), commits: Vec::new(), complete: true };
        Self { args, sets, number: 0, json }
    }

    fn add(&mut self, commit: CommitJson) -> Result<()> {
        let is_first = self.number == 0;
        self.number += 1;
        match self.args.format {
            LogFormat::Human => {
                if !is_first {
                    console::write(Lines::from_iter([""]))?;
                }
                let paragraph = match self.args.flag {
                    Some(_) => log::flag_commit(&commit, &self.sets),
                    None => log::repository_commit(&commit, &self.sets),
                };
                console::write(paragraph)?;
            }
            LogFormat::Json => self.json.commits.push(commit),
            LogFormat::Csv => {
                if is_first {
                    console::write(log_csv::header())?;
                }
                console::write(log_csv::commit(&commit))?;
            }
            LogFormat::Markdown => {
                if is_first {
                    console::write(log_markdown::header())?;
                }
                console::write(log_markdown::commit(&commit, &self.sets))?;
            }
        }
        Ok(())
    }

    /// Ends the output.
    fn finish(self) -> Result<()> {
        match self.args.format {
            LogFormat::Json => write_json(&self.json),
            LogFormat::Csv if self.number == 0 => Ok(console::write(log_csv::header())?),
            LogFormat::Human | LogFormat::Csv | LogFormat::Markdown => Ok(()),
        }
    }
}
