//! `flagctl verify-kill`: the proof that a change does nothing but turn flags off.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::analyze::{Budget, Effect, Region};
use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::revision_arg::advised;
use crate::diff;
use crate::diff::{ComparedDefinitions, FlagEvent, Impact, ImpactVerdict};
use crate::git::{CacheWrites, Revision, RevisionRange, RevisionSpec};
use crate::load;
use crate::model::{FLAGS, KILLS, SEGMENTS};
use crate::report;
use crate::report::{TurnedOffJson, VerdictJson};
use crate::snapshot::stem;
use crate::source::{FlagRepository, Source};

/// Prove that a range of commits does nothing but turn flags off
///
/// Exits with 0 only if that is proven for all contexts: nobody is turned on, nobody gets another variant, nothing but
/// definitions of these flags is touched, and what else changes falls with them because it requires them. What is
/// compared is the last common commit of both ends with the end of the range, as a merge would bring it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example, to let kills through a fast lane: flagctl verify-kill origin/main..HEAD")]
pub(crate) struct Args {
    /// The commits, as `git log` takes them; HEAD where an end is left out
    #[arg(value_name = "BASE..HEAD")]
    range: String,
    /// The flags that may be turned off; those whose kills are in the range, where none is named
    #[arg(value_name = "FLAG")]
    flags: Vec<String>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let (base, head) = ends(&args.range)?;
    let changed = base.all_changed_files(&head)?;
    let prefix = head.prefix();
    let touched = Touched::of(&changed, &prefix);
    let named: BTreeSet<String> =
        if args.flags.is_empty() { touched.kills.clone() } else { args.flags.iter().cloned().collect() };
    let mut verdict = VerdictJson {
        version: 1,
        base: base.commit(),
        head: head.commit(),
        flags: named.iter().cloned().collect(),
        turned_off: Vec::new(),
        objections: Vec::new(),
    };
    let others = touched.others.iter().map(|path| format!("`{path}` changes, which is no definition of a flag"));
    verdict.objections.extend(others);
    for flag in touched.flags.union(&touched.kills).filter(|flag| !named.contains(*flag)) {
        verdict.objections.push(format!("`{flag}` changes, which is not one of the flags to be turned off"));
    }
    compare(&base, &head, &named, &touched, &mut verdict)?;
    args.format.write(&verdict, report::verdict)?;
    Ok(if verdict.objections.is_empty() { Exit::Yes } else { Exit::No })
}

/// Where the range begins and ends.
fn ends(range: &str) -> Result<(Revision, Revision)> {
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed).map_err(advised)?;
    let (base, head) = match RevisionRange::parse(range) {
        RevisionRange::Single(base) => (base, "HEAD"),
        RevisionRange::TwoDots { base, tip } | RevisionRange::ThreeDots { base, tip } => (base, tip),
    };
    let revision = |text: &str| repository.revision(&RevisionSpec::new(text)).map_err(advised);
    let (base, head) = (revision(base)?, revision(head)?);
    let fork = base.merge_base(&head).map_err(|error| advised(error.into()))?;
    Ok((fork, head))
}

/// What the changed files define.
struct Touched {
    flags: BTreeSet<String>,
    kills: BTreeSet<String>,
    segments: BTreeSet<String>,
    /// Paths of what is neither.
    others: Vec<String>,
}

impl Touched {
    fn of(paths: &[String], prefix: &str) -> Self {
        let mut touched =
            Self { flags: BTreeSet::new(), kills: BTreeSet::new(), segments: BTreeSet::new(), others: Vec::new() };
        for path in paths {
            let parts: Vec<&str> = path.strip_prefix(prefix).map_or(Vec::new(), |path| path.split('/').collect());
            match (parts.as_slice(), stem(path).map(str::to_owned)) {
                ([KILLS, _, _], Some(key)) => touched.kills.insert(key),
                ([FLAGS, _, ..], Some(key)) => touched.flags.insert(key),
                ([SEGMENTS, _, ..], Some(name)) => touched.segments.insert(name),
                _ => {
                    touched.others.push(path.clone());
                    false
                }
            };
        }
        touched
    }
}

/// What becomes of the flags and of all that depend on them.
fn compare(
    base: &Revision,
    head: &Revision,
    named: &BTreeSet<String>,
    touched: &Touched,
    verdict: &mut VerdictJson,
) -> Result<()> {
    let (old, new) = (Source::Revision(base.clone()), Source::Revision(head.clone()));
    let keys: Vec<String> = named.union(&touched.flags).chain(&touched.kills).cloned().collect();
    let segments: Vec<String> = touched.segments.iter().cloned().collect();
    let mut all: BTreeSet<String> = keys.iter().cloned().collect();
    for source in [&old, &new] {
        all.extend(load::dependants(source, &keys, &segments)?);
    }
    let read: Vec<String> = all.iter().cloned().collect();
    let (before, after) =
        (ComparedDefinitions::read(&old, &read, None)?, ComparedDefinitions::read(&new, &read, None)?);
    let there: BTreeSet<&str> = after.loaded.project.flags.iter().map(|flag| flag.key.as_str()).collect();
    let gone = named.iter().filter(|key| !there.contains(key.as_str()));
    verdict.objections.extend(gone.map(|key| format!("there is no flag `{key}`")));
    verdict.objections.extend(after.errors());
    for impact in diff::impacts(&before, &after, &all, None, &Budget::default())? {
        judge(&impact, verdict);
    }
    Ok(())
}

fn judge(impact: &Impact, verdict: &mut VerdictJson) {
    let Impact { flag, environment, .. } = impact;
    let mut object = |what: String| verdict.objections.push(format!("`{flag}` in {environment}: {what}"));
    match (&impact.verdict, impact.event) {
        (ImpactVerdict::Unknown, _) => {
            return object("to say whom it moves takes more work than is allowed".to_owned());
        }
        (ImpactVerdict::Invalid(_, problem), _) => return object(problem.clone()),
        (ImpactVerdict::Known(_), FlagEvent::Added | FlagEvent::Removed) => object("comes or goes".to_owned()),
        (ImpactVerdict::Known(_), _) => {}
    }
    let shrinks = |region: &&Region| region.effects.iter().all(|effect| *effect == Effect::Shrink);
    let (off, other): (Vec<&Region>, Vec<&Region>) = impact.regions().iter().partition(shrinks);
    other.into_iter().map(report::diff::region).for_each(&mut object);
    let moves: Vec<String> = off.into_iter().map(report::diff::region).collect();
    if !moves.is_empty() {
        let (flag, environment) = (flag.clone(), environment.clone());
        verdict.turned_off.push(TurnedOffJson { flag, environment, moves });
    }
}
