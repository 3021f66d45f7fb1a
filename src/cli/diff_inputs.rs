//! Reads the inputs of `flagctl diff`: a range of revisions, or a bundle and another input.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::bundle::Bundle;
use crate::cli::bundle_arg;
use crate::cli::environment_arg::check_environment;
use crate::cli::exit::UsageError;
use crate::cli::range::{WORKING_TREE, compared_sources, revision};
use crate::cli::revision_arg;
use crate::cli::until_exit::keep_until_exit;
use crate::diff::{DiffInput, DiffInputs};
use crate::git::{CacheWrites, Revision};
use crate::load;
use crate::source::{FlagRepository, Source};

/// Reads the two ends of the range in `flagctl diff RANGE`.
pub(crate) fn from_range(range: Option<&str>, environment: Option<&str>) -> Result<DiffInputs> {
    // The sources are never dropped, because dropping git's index of objects takes long.
    let sources = keep_until_exit(compared_sources(range)?);
    let inputs = DiffInputs::from_sources(&sources, environment)?;
    if let Some(name) = environment.filter(|name| !inputs.declare(name)) {
        check_environment(name, &load::settings(&sources.after)?.project.settings)?;
    }
    Ok(inputs)
}

/// Reads a bundle, and a second bundle, a revision or the working tree. Also returns the environment of the bundle.
pub(crate) fn from_bundles(paths: &[PathBuf], rev: Option<&str>) -> Result<(DiffInputs, String)> {
    let (first, second) = match (paths, rev) {
        ([first], rev) if rev.is_none_or(|rev| !rev.contains("..")) => (first, None),
        ([first, second], None) => (first, Some(second)),
        _ => {
            let usage = "`--bundle` is compared with one other input: a second `--bundle`, a revision, or without either \
                         the working tree";
            return Err(UsageError(usage.to_owned()).into());
        }
    };
    let before = bundle_arg::read(first)?;
    let environment = before.environment.to_string();
    let after = match second {
        Some(path) => DiffInput::from_bundle(bundle_of(path, &environment, first)?, path),
        None => from_source(rev, &environment, first)?,
    };
    let inputs = DiffInputs::from_inputs(DiffInput::from_bundle(before, first), after, &environment);
    Ok((inputs, environment))
}

/// Reads the second bundle, which must have the same environment as the first.
fn bundle_of(path: &Path, environment: &str, first: &Path) -> Result<Bundle> {
    let bundle = bundle_arg::read(path)?;
    if *bundle.environment != *environment {
        bail!(
            "`{}` is of the environment `{environment}`, and `{}` of `{}`; compare bundles of one environment",
            first.display(),
            path.display(),
            bundle.environment
        );
    }
    Ok(bundle)
}

/// Reads the definitions of an environment from a revision or from the working tree.
fn from_source(rev: Option<&str>, environment: &str, bundle: &Path) -> Result<DiffInput> {
    let start = Path::new(".");
    let source = match rev {
        Some(rev) => Source::Revision(revision(&FlagRepository::find(start, CacheWrites::Allowed)?, rev)?),
        None => revision_arg::folder(start)?,
    };
    let name = source.revision().map_or(WORKING_TREE, Revision::name);
    let settings = load::settings(&source)?.project.settings;
    let other = source.revision().map_or("the working tree", Revision::name);
    check_environment(environment, &settings)
        .with_context(|| format!("cannot compare `{}` with {other}", bundle.display()))?;
    Ok(DiffInput::from_source(&source, name, environment)?)
}
