//! Reads the inputs of `flagctl diff`: a range of revisions, or a bundle or what is live, and another input.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::bundle::Bundle;
use crate::cli::bundle_arg;
use crate::cli::environment_arg::{check_environment, missing_environment};
use crate::cli::exit::UsageError;
use crate::cli::publish_content;
use crate::cli::publish_content::PublishFormat;
use crate::cli::publish_target;
use crate::cli::publish_target::Signers;
use crate::cli::range::{WORKING_TREE, compared_sources, revision};
use crate::cli::revision_arg;
use crate::cli::target_arg::OptionalTargetArg;
use crate::cli::until_exit::keep_until_exit;
use crate::diff::{DiffInput, DiffInputs, Endpoint};
use crate::git::{CacheWrites, Revision, short_id};
use crate::live::Live;
use crate::load;
use crate::publish;
use crate::publish::{BundleFormat, Channel, Manifest};
use crate::source::{FlagRepository, Source};

/// Reads the two ends of the range in `flagctl diff RANGE`.
pub(crate) fn from_range(range: Option<&str>, environments: &[&str]) -> Result<DiffInputs> {
    // The sources are never dropped, because dropping git's index of objects takes long.
    let sources = keep_until_exit(compared_sources(range)?);
    let inputs = DiffInputs::from_sources(&sources, environments)?;
    if let Some(name) = environments.iter().find(|name| !inputs.declare(name)) {
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

/// Reads what is live at a target, and the revision to compare with, or the published branch. Also returns the
/// environment.
pub(crate) fn from_live(target: &str, rev: Option<&str>, given: &[String]) -> Result<(DiffInputs, String)> {
    if rev.is_some_and(|rev| rev.contains("..")) {
        return Err(UsageError("`--live` is compared with one revision, not with a range".to_owned()).into());
    }
    let targets = OptionalTargetArg::new(Some(target), None);
    let [target] = targets.resolve()?.try_into().map_err(|_| UsageError("expected one target".to_owned()))?;
    let (store, mut environments) = (target.open()?, target.environments(given)?);
    if environments.is_empty() {
        environments = publish_target::published_environments(&store)?;
    }
    let [environment] = environments.as_slice() else {
        return Err(missing_environment(environments.iter().map(String::as_str)));
    };
    let signers = Signers::default().read(target.signing())?;
    publish_target::note_trust(signers.as_ref());
    let channel = Channel::new(&store, environment);
    let manifest = publish::current(&channel, signers.as_ref(), target.name())?.entry.manifest;
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
    let (number, commit) = (manifest.sequence, manifest.commit.clone());
    let name = format!("number {number} of {} {environment}", target.name().unwrap_or(store.name()));
    let bundle = live_bundle(&channel, &manifest, &Live::new(repository.clone()))?;
    let endpoint = if manifest.kills == commit {
        Endpoint::Revision(short_id(&commit).to_owned())
    } else {
        Endpoint::Bundle(format!("{}/{environment}/{}", store.name().trim_end_matches('/'), manifest.bundle.path))
    };
    let after = match rev {
        Some(rev) => revision(&repository, rev)?,
        None => targets.base()?,
    };
    check_environment(environment, &load::settings(&Source::Revision(after.clone()))?.project.settings)?;
    let after_name = after.name().to_owned();
    let after = DiffInput::from_source(&Source::Revision(after), &after_name, environment)?;
    let before = DiffInput::from_live(bundle, name, commit, endpoint);
    Ok((DiffInputs::from_inputs(before, after, environment), environment.clone()))
}

/// Returns the definitions that are live. Those of flagd's format are compiled again from git, and must have the
/// published bytes.
fn live_bundle(channel: &Channel<'_>, manifest: &Manifest, live: &Live) -> Result<Bundle> {
    let bytes = channel.bundle(&manifest.bundle)?;
    match manifest.bundle.format {
        BundleFormat::Flagctl => Ok(Bundle::from_json(&bytes)?),
        BundleFormat::Flagd => {
            let bundle = live.published_bundle(manifest)?;
            let compiled = publish_content::bytes(&bundle, PublishFormat::Flagd, &manifest.commit)?;
            if compiled.is_ok_and(|(compiled, _)| compiled == bytes) {
                return Ok(bundle);
            }
            bail!(
                "number {} of `{}` has other bytes than its commits compile to, so its definitions are not known: another \
                 version of flagctl published it, or the store was changed",
                manifest.sequence,
                manifest.environment
            )
        }
    }
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
