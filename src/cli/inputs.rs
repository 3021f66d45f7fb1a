//! Both sides of `diff`, read: revisions and the working tree, or bundles.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::cli::environment_arg::check_environment;
use crate::cli::exit::UsageError;
use crate::cli::range::{Ends, WORKING_TREE, revision};
use crate::cli::{bundle_arg, progress, revision_arg};
use crate::diff::{State, differing};
use crate::git::{CacheWrites, Revision};
use crate::load;
use crate::model::{FLAGS, KILLS, SEGMENTS};
use crate::report::diff::{Endpoint, EndpointJson};
use crate::snapshot::{PROJECT_FILE, stem};
use crate::source::{FlagRepository, Source};

/// What is compared.
pub(crate) struct Sides {
    pub(crate) before: Side,
    pub(crate) after: Side,
    /// Of all flags for which something may change.
    pub(crate) keys: BTreeSet<String>,
    /// The only one that is compared.
    pub(crate) environment: Option<String>,
}

/// One of both.
pub(crate) struct Side {
    pub(crate) state: State,
    /// For reports.
    pub(crate) json: EndpointJson,
    /// For `eval`.
    pub(crate) end: Endpoint,
}

impl Side {
    fn source(source: &Source, keys: &[String], environment: Option<&str>, json: EndpointJson) -> Result<Self> {
        let state = State::read(source, keys, environment)?;
        let end =
            source.revision().map_or(Endpoint::WorkingTree, |revision| Endpoint::Revision(revision.name().to_owned()));
        Ok(Self { state, json, end })
    }

    /// The bundle's environment with it.
    fn bundle(path: &Path) -> Result<(Self, String)> {
        let bundle = bundle_arg::read(path)?;
        let (name, environment) = (path.display().to_string(), bundle.environment.to_string());
        let json = EndpointJson { name: name.clone(), commit: None };
        Ok((Self { state: State::of(bundle), json, end: Endpoint::Bundle(name) }, environment))
    }
}

impl Sides {
    /// Two ends of a history.
    pub(crate) fn of_range(range: Option<&str>, environment: Option<&str>) -> Result<Self> {
        // The process ends soon, and taking git's index apart would take its time.
        let ends = ManuallyDrop::new(Ends::find(range)?);
        let keys = progress::shown("looking for what changed", || affected(&ends.before, &ends.after))?;
        let list: Vec<String> = keys.iter().cloned().collect();
        let (before, after) = ends.json();
        let (before, after) = rayon::join(
            || Side::source(&Source::Revision(ends.before.clone()), &list, environment, before),
            || Side::source(&ends.after, &list, environment, after),
        );
        let (before, after) = (before?, after?);
        if let Some(name) = environment
            && !before.state.environments().chain(after.state.environments()).any(|known| known == name)
        {
            check_environment(name, &load::settings(&ends.after)?.project.settings)?;
        }
        Ok(Self { before, after, keys, environment: environment.map(str::to_owned) })
    }

    /// A bundle, and another one, a revision or the working tree.
    pub(crate) fn of_bundles(paths: &[PathBuf], rev: Option<&str>) -> Result<Self> {
        let (first, second) = match (paths, rev) {
            ([first], rev) if rev.is_none_or(|rev| !rev.contains("..")) => (first, None),
            ([first, second], None) => (first, Some(second)),
            _ => {
                let ends = "`--bundle` is compared with one other end: a second `--bundle`, a revision, or without either \
                            the working tree";
                return Err(UsageError(ends.to_owned()).into());
            }
        };
        let (before, environment) = Side::bundle(first)?;
        let after = match second {
            Some(path) => {
                let (after, other) = Side::bundle(path)?;
                if other != environment {
                    let (first, second) = (first.display(), path.display());
                    bail!(
                        "`{first}` is of the environment `{environment}`, `{second}` of `{other}`: they must be of one"
                    );
                }
                after
            }
            None => merged(rev, &environment, first)?,
        };
        let keys = progress::shown("looking for what changed", || differing(&before.state, &after.state, &environment));
        Ok(Self { before, after, keys, environment: Some(environment) })
    }
}

/// Everything that a revision or the working tree has of the environment of a bundle.
fn merged(rev: Option<&str>, environment: &str, bundle: &Path) -> Result<Side> {
    let here = Path::new(".");
    let source = match rev {
        Some(rev) => Source::Revision(revision(&FlagRepository::find(here, CacheWrites::Allowed)?, rev)?),
        None => revision_arg::folder(here)?,
    };
    let revision = source.revision();
    let settings = load::settings(&source)?.project.settings;
    check_environment(environment, &settings).with_context(|| {
        let there = revision.map_or("the working tree", Revision::name);
        format!("cannot compare `{}` with {there}", bundle.display())
    })?;
    let name = revision.map_or(WORKING_TREE, Revision::name).to_owned();
    let json = EndpointJson { name, commit: revision.map(Revision::commit) };
    let keys: Vec<String> = source.list(FLAGS)?.iter().filter_map(|path| stem(path)).map(str::to_owned).collect();
    Side::source(&source, &keys, Some(environment), json)
}

/// The keys of all flags for which something may change.
pub(crate) fn affected(before: &Revision, after: &Source) -> Result<BTreeSet<String>> {
    let (changed, ()) = rayon::join(
        || after.changed_since(before, &[PROJECT_FILE, FLAGS, SEGMENTS, KILLS]),
        || before.load_word_index(),
    );
    let changed = changed?;
    let mut keys = BTreeSet::new();
    if changed.contains(PROJECT_FILE) {
        keys.extend(
            after.list(FLAGS)?.iter().chain(&before.list(FLAGS)?).filter_map(|path| stem(path)).map(str::to_owned),
        );
        return Ok(keys);
    }
    let mut segments = Vec::new();
    for path in &changed {
        let Some(name) = stem(path) else { continue };
        if path.starts_with(SEGMENTS) {
            segments.push(name.to_owned());
        } else {
            keys.insert(name.to_owned());
        }
    }
    let list: Vec<String> = keys.iter().cloned().collect();
    // All files that differ are among these, and the others mention the same on both sides: on one of them git remembers
    // words, and on the other a link that leads nowhere may be mended.
    let before = Source::Revision(before.clone());
    let dependants = load::dependants(&before, &list, &segments);
    keys.extend(dependants.or_else(|_| load::dependants(after, &list, &segments))?);
    Ok(keys)
}
