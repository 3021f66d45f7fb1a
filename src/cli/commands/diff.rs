//! `flagctl diff`: what a change does to all contexts.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use jiff::Timestamp;

use crate::analyze::{Bounds, Budget, Population, Region, Share};
use crate::bundle::Percent;
use crate::cli::diff_format::DiffFormat;
use crate::cli::exit::Exit;
use crate::cli::exit::UsageError;
use crate::cli::inputs::Sides;
use crate::cli::time_arg::given_or_now;
use crate::cli::time_arg::parse_time;
use crate::cli::{merge, population, progress};
use crate::diff::{Class, Impact, Verdict, impacts};
use crate::report;
use crate::report::diff::DiffJson;

/// Show what a change does to people: who gets something else, exactly, for all contexts
///
/// Every change is classed: `expand` (from `off` to something), `shrink` (from something to `off`), `reassign` (from
/// one variant to another), `reshuffle` (units are hashed anew), `metadata` (nothing that decides) or `none` (proven:
/// every context gets what it had). A flag that is not there counts as one that serves `off`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl diff main...HEAD -e production --fail-on shrink,reassign --max-share 25%")]
pub(crate) struct Args {
    /// From BASE to the working tree, `BASE..HEAD` from one revision to another, `BASE...HEAD` from where both part
    ///
    /// Without it, from where HEAD left the default branch (that of `origin`, or else main or master) to the working
    /// tree.
    #[arg(value_name = "RANGE", num_args = 0..=3)]
    range: Vec<String>,
    /// Look at what merging would make of RANGE, three revisions: BASE THEIRS OURS
    ///
    /// Exits with 1 where git finds a conflict, where the merged definitions have errors, or where a flag would do
    /// what it does on neither side.
    #[arg(long, conflicts_with_all = ["fail_on", "max_share", "population"])]
    merge: bool,
    /// Compare a bundle that `flagctl export bundle` or `flagctl publish` wrote, in its environment: with RANGE, here a
    /// revision, with the working tree, or with a second `--bundle`
    ///
    /// What is live against what is merged: `flagctl diff --bundle live.json main`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["merge", "environment"])]
    bundle: Vec<PathBuf>,
    /// This environment only
    #[arg(short, long, value_name = "ENV")]
    environment: Option<String>,
    /// Exit with 1 if a change is of one of these classes
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    fail_on: Vec<Classed>,
    /// Exit with 1 if more of the units that a condition lets in get something else, such as `25%`
    ///
    /// Units that a condition names one by one do not count.
    #[arg(long, value_name = "SHARE")]
    max_share: Option<Percent>,
    /// Count the contexts of a file that get something else: one JSON object a line, also as `.gz`; `-` for stdin
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    /// The moment at which those are decided, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "population")]
    now: Option<Timestamp>,
    /// Work allowed for each flag, in percent of what is usual
    #[arg(long, value_name = "PERCENT", default_value_t = 100, hide = true)]
    effort: u64,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: DiffFormat,
}

/// A class that can be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Classed {
    Expand,
    Shrink,
    Reassign,
    Reshuffle,
    Metadata,
}

impl Classed {
    fn class(self) -> Class {
        match self {
            Self::Expand => Class::Expand,
            Self::Shrink => Class::Shrink,
            Self::Reassign => Class::Reassign,
            Self::Reshuffle => Class::Reshuffle,
            Self::Metadata => Class::Metadata,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    if args.merge {
        let [base, theirs, ours] = args.range.as_slice() else {
            return Err(UsageError("`--merge` takes three revisions: BASE THEIRS OURS".to_owned()).into());
        };
        return merge::run(
            [base, theirs, ours].map(String::as_str),
            args.environment.as_deref(),
            &args.budget(),
            args.format,
        );
    }
    let range = match args.range.as_slice() {
        [] => None,
        [only] => Some(only.as_str()),
        _ => return Err(UsageError("a range is one word: `BASE..HEAD` or `BASE...HEAD`".to_owned()).into()),
    };
    let environment = args.environment.as_deref();
    let sides = match args.bundle.as_slice() {
        [] => Sides::of_range(range, environment)?,
        bundles => Sides::of_bundles(bundles, range)?,
    };
    let Sides { before, after, keys, environment } = sides;
    let states @ [old, new] = [&before.state, &after.state];
    let impacts = progress::shown("working out what changes", || {
        impacts(old, new, &keys, environment.as_deref(), &args.budget())
    })?;
    let (matter, rest): (Vec<&Impact>, Vec<&Impact>) = impacts.iter().partition(|impact| impact.matters());
    let counted = args.population.as_deref();
    let counted = counted.map(|path| population::count(path, &matter, states, given_or_now(args.now))).transpose()?;
    let known = counted.as_ref().map(|census| census.regions.as_slice());
    let flags = report::diff::flag_diffs(&matter, known, states, [&before.end, &after.end]);
    let listed: BTreeSet<&str> = matter.iter().map(|impact| impact.flag.as_str()).collect();
    let unaffected: BTreeSet<&str> = rest.iter().map(|impact| impact.flag.as_str()).collect();
    let unaffected = unaffected.difference(&listed).map(|key| (*key).to_owned()).collect();
    let diff = DiffJson {
        version: 1,
        before: before.json,
        after: after.json,
        flags,
        unaffected,
        refused: args.refused(&matter),
        population: counted.map(|census| census.contexts),
    };
    write(&diff, args.format)?;
    Ok(verdict(&matter, &diff.refused))
}

fn write(diff: &DiffJson, format: DiffFormat) -> Result<()> {
    let mut out = io::stdout().lock();
    match format {
        DiffFormat::Human => out.write_all(report::diff::human::diff(diff).as_bytes())?,
        DiffFormat::Markdown => out.write_all(report::diff::markdown::diff(diff).as_bytes())?,
        DiffFormat::Json => {
            serde_json::to_writer_pretty(&mut out, diff)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// What is not known weighs more than what is refused.
fn verdict(impacts: &[&Impact], refused: &[String]) -> Exit {
    if impacts.iter().any(|impact| !matches!(impact.verdict, Verdict::Known(_))) {
        return Exit::Failed;
    }
    if refused.is_empty() { Exit::Yes } else { Exit::No }
}

impl Args {
    fn budget(&self) -> Budget {
        let usual = Budget::default();
        let part = |work: u64| work.saturating_mul(self.effort) / 100;
        Budget {
            conflicts: part(usual.conflicts),
            automaton_states: part(usual.automaton_states),
            bucket_cells: part(usual.bucket_cells),
            regions: usize::try_from(part(usual.regions as u64)).unwrap_or(usize::MAX),
            units: part(usual.units),
            units_per_witness: part(usual.units_per_witness),
        }
    }

    fn refused(&self, impacts: &[&Impact]) -> Vec<String> {
        let mut refused = Vec::new();
        let wanted: BTreeSet<Class> = self.fail_on.iter().map(|class| class.class()).collect();
        for impact in impacts {
            let Impact { flag, environment, .. } = impact;
            for class in impact.classes().intersection(&wanted) {
                refused.push(format!("{flag} in {environment}: {}", class.name()));
            }
            let Some(most) = self.max_share else { continue };
            let limit = Share::of_buckets(most.buckets());
            if let Some(moved) = impact.regions().iter().filter_map(moved).max().filter(|moved| *moved > limit) {
                refused.push(format!("{flag} in {environment}: {moved} of units get something else, over {most}"));
            }
        }
        refused
    }
}

/// At most; none of units that are named one by one.
fn moved(region: &Region) -> Option<Share> {
    match region.population {
        Population::Named { .. } => None,
        Population::Units => Some(region.bounds.map_or(region.moved(), |Bounds { most, .. }| most)),
    }
}
