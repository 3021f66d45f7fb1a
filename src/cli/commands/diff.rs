//! `flagctl diff`: shows the effect of a change on all contexts.

use std::collections::BTreeSet;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;

use crate::analyze::Budget;
use crate::bundle::Percent;
use crate::cli::console;
use crate::cli::context_arg;
use crate::cli::diff_args::DiffFormat;
use crate::cli::diff_inputs;
use crate::cli::environment_arg::EnvironmentFilter;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::global::Global;
use crate::cli::output_format::write_json;
use crate::cli::percent_arg::percent;
use crate::cli::policy_check;
use crate::cli::progress;
use crate::cli::range::{earlier_revision, revision};
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::diff::{
    ComparedDefinitions, Impact, ImpactClass, ImpactLimits, ImpactVerdict, MergeAnalysis, PopulationCount,
    count_population, impacts, merge_impacts,
};
use crate::git::CacheWrites;
use crate::report;
use crate::report::diff::{DiffJson, EndpointJson, EvalSources, UnusableJson};
use crate::report::merge::MergeJson;
use crate::source::FlagRepository;

/// Show which contexts get something else after a change, exactly and for all contexts
///
/// Each change has a class: `expand` (from the value of `off` to another), `shrink` (from another value to that of
/// `off`), `reassign` (between other values, or the variant has a new value), `relabel` (another variant with the same
/// value), `reshuffle` (units are hashed in another way), `metadata` (only fields differ that decide nothing),
/// `removed` (the flag is not defined any more: applications get the default in their code, which flagctl does not know)
/// or `none` (proven: every context gets what it got before). `off` means the value that the definition before the change
/// serves when the flag is off. A flag that is not defined counts as one that serves `off`. Exits with 1 if a limit is
/// exceeded, and with 3 if a definition has errors or an analysis takes too much work.
///
/// `where C` means that C is true. `unless C` means that C is false or unknown: a test of an attribute is unknown if the
/// context has no value of the attribute's type. `not` and `ne` are the operators of definitions, which are unknown then,
/// too. `country is missing` means that there is no such value, and `no targetingKey` that the context has no unit.
/// `(before)` and `(after)` follow something whose definition changes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl diff main...HEAD -e production --fail-on shrink,reassign --max-share 25%")]
pub(crate) struct Args {
    /// `BASE` (compared with the working tree), `BASE..HEAD` or `BASE...HEAD`; see `flagctl help revisions` [default: where
    /// HEAD left the default branch]
    #[arg(value_name = "RANGE", num_args = 0..=3)]
    range: Vec<String>,
    /// Show what a merge would do; RANGE is three revisions: BASE THEIRS OURS
    ///
    /// Merges in memory. Exits with 1 if git finds a conflict, if the merged definitions have errors, or if a flag would
    /// do something else than on both branches.
    #[arg(long, conflicts_with_all = ["fail_on", "max_share", "population"])]
    merge: bool,
    /// Compare a bundle that `flagctl export bundle` or `flagctl publish` wrote with the working tree, with a revision
    /// (RANGE), or with a second `--bundle`
    ///
    /// Compares the environment of the bundle only.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["merge", "environment"])]
    bundle: Vec<PathBuf>,
    /// Compare what is live at a target with a revision (RANGE), or with the published branch
    ///
    /// `flagctl help targets` says what a target is. For flagd's format, the definitions are compiled from the published
    /// commit, and must have the published bytes.
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["merge", "bundle"])]
    live: Option<String>,
    #[command(flatten)]
    environments: EnvironmentFilter,
    /// Exit with 1 if a change is of one of these classes
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    fail_on: Vec<ImpactClass>,
    /// Exit with 1 if a larger share of the units that match a condition get something else, such as `25%`
    ///
    /// Units that conditions name one by one do not count, whatever else is in the flag. A context without a unit counts
    /// as 100%, and a reshuffle as the largest share that is possible.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    max_share: Option<Percent>,
    /// Count how many contexts of a file get something else
    ///
    /// The file has one JSON object a line; a file `*.gz` is decompressed, and `-` is stdin.
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    /// The time at which the contexts of `--population` are decided, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "population")]
    now: Option<Timestamp>,
    /// The work that is allowed for each flag, in percent of the default
    #[arg(long, value_name = "PERCENT", default_value_t = 100, hide = true)]
    effort: u64,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: DiffFormat,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    if args.merge {
        let [base, theirs, ours] = args.range.as_slice() else {
            return Err(UsageError("`--merge` takes three revisions: BASE THEIRS OURS".to_owned()).into());
        };
        return merge(args, global, [base, theirs, ours]);
    }
    let range = match args.range.as_slice() {
        [] => None,
        [only] => Some(only.as_str()),
        _ => return Err(UsageError("a range is one word: `BASE..HEAD` or `BASE...HEAD`".to_owned()).into()),
    };
    let given = args.environments.names();
    let (inputs, environments) =
        progress::shown("reading what changed", || match (&args.live, args.bundle.as_slice()) {
            (Some(target), _) => diff_inputs::from_live(target, range, &args.environments.given)
                .map(|(inputs, environment)| (inputs, vec![environment])),
            (None, []) => {
                diff_inputs::from_range(range, &given).map(|inputs| (inputs, args.environments.given.clone()))
            }
            (None, bundles) => {
                diff_inputs::from_bundles(bundles, range).map(|(inputs, environment)| (inputs, vec![environment]))
            }
        })?;
    let [old, new] = [&inputs.before.definitions, &inputs.after.definitions];
    let environments: Vec<&str> = environments.iter().map(String::as_str).collect();
    let impacts =
        progress::shown("analysing all contexts", || impacts(old, new, &inputs.keys, &environments, &args.budget()))?;
    let (shown, unchanged): (Vec<&Impact>, Vec<&Impact>) = impacts.iter().partition(|impact| impact.matters());
    let population = args.population.as_deref();
    let population = population.map(|path| count(path, &shown, [old, new], given_or_now(args.now))).transpose()?;
    let regions = population.as_ref().map(|population| population.regions.as_slice());
    let shown_flags: BTreeSet<&str> = shown.iter().map(|impact| impact.flag.as_str()).collect();
    let unchanged: BTreeSet<&str> = unchanged.iter().map(|impact| impact.flag.as_str()).collect();
    let limits = ImpactLimits { refused_classes: args.fail_on.iter().copied().collect(), max_share: args.max_share };
    let names = args.format.revision_names();
    let [before, after] =
        [&inputs.before, &inputs.after].map(|input| names.endpoint(&input.endpoint, input.commit.as_deref()));
    let sources = EvalSources { folder: global.folder.as_deref(), before: Some(&before), after: Some(&after) };
    let (policy, policy_problem) = match range.filter(|_| args.live.is_none() && args.bundle.is_empty()) {
        Some(range) => policy_check::of_range(range, given_or_now(args.now)),
        None => (None, None),
    };
    let diff = DiffJson {
        version: 1,
        before: EndpointJson::new(&inputs.before),
        after: EndpointJson::new(&inputs.after),
        flags: report::diff::flag_diffs(&shown, regions, [old, new], sources),
        unaffected: unchanged.difference(&shown_flags).map(|key| (*key).to_owned()).collect(),
        refused: limits.violations(&shown).iter().map(report::diff::violation).collect(),
        policy,
        policy_problem,
        population: population.as_ref().map(|population| population.contexts),
        unusable: population.as_ref().map_or_else(Vec::new, |population| UnusableJson::list(&population.unusable)),
        undeclared: population.as_ref().map(|population| population.unusable.undeclared.clone()).unwrap_or_default(),
    };
    match args.format {
        DiffFormat::Human => console::write(report::diff::human::diff(&diff))?,
        DiffFormat::Markdown => console::write(report::diff::markdown::diff(&diff))?,
        DiffFormat::Html => console::write(report::diff::html::diff(&diff, [old, new]))?,
        DiffFormat::Json => write_json(&diff)?,
    }
    let is_known = shown.iter().all(|impact| matches!(impact.verdict, ImpactVerdict::Known(_)));
    Ok(if !is_known {
        Exit::Failed
    } else if diff.refused.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

/// Shows the effect of a merge of two revisions.
fn merge(args: &Args, global: &Global, [base, theirs, ours]: [&String; 3]) -> Result<Exit> {
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
    let base = earlier_revision(&repository, base)?;
    let (theirs, ours) = (revision(&repository, theirs)?, revision(&repository, ours)?);
    let (environments, budget) = (args.environments.names(), args.budget());
    let result = progress::shown("merging", || merge_impacts(&base, &theirs, &ours, &environments, &budget))?;
    let json = MergeJson::new(global.folder.as_deref(), args.format.revision_names(), &base, [&theirs, &ours], &result);
    match args.format {
        DiffFormat::Human => console::write(report::merge::human::merge(&json))?,
        DiffFormat::Markdown => console::write(report::merge::markdown::merge(&json))?,
        DiffFormat::Html => console::write(report::merge::html::merge(&json, &result))?,
        DiffFormat::Json => write_json(&json)?,
    }
    let is_known = match &result {
        MergeAnalysis::Conflicts(_) => true,
        MergeAnalysis::Merged(merged) => merged.is_known(),
    };
    Ok(if !is_known {
        Exit::Failed
    } else if json.is_sound() {
        Exit::Yes
    } else {
        Exit::No
    })
}

/// Counts the contexts of a file that get another variant.
fn count(
    path: &Path,
    impacts: &[&Impact],
    definitions: [&ComparedDefinitions; 2],
    now: Timestamp,
) -> Result<PopulationCount> {
    let file = context_arg::open(path)?;
    let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
    let file: Box<dyn Read + Send> = if is_compressed { Box::new(MultiGzDecoder::new(file)) } else { file };
    let reader = BufReader::with_capacity(1 << 16, file);
    count_population(reader, impacts, definitions, now).with_context(|| format!("cannot read `{}`", path.display()))
}

impl Args {
    fn budget(&self) -> Budget {
        let default = Budget::default();
        let scaled = |work: u64| work.saturating_mul(self.effort) / 100;
        Budget {
            conflicts: scaled(default.conflicts),
            description_questions: scaled(default.description_questions),
            automaton_states: scaled(default.automaton_states),
            bucket_cells: scaled(default.bucket_cells),
            regions: usize::try_from(scaled(default.regions as u64)).unwrap_or(usize::MAX),
            units: scaled(default.units),
            units_per_witness: scaled(default.units_per_witness),
        }
    }
}
