//! The sources of `flagctl serve`: the arguments that name them, and their followers.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use crate::cli::environment_arg::EnvironmentFilter;
use crate::cli::exit::UsageError;
use crate::cli::publish_target;
use crate::cli::publish_target::{ExpectedTarget, Signers};
use crate::cli::revision_arg;
use crate::cli::target_arg::OptionalTargetArg;
use crate::git::{CacheWrites, RevisionSpec};
use crate::load;
use crate::model::is_name;
use crate::report::server::ServerEvent;
use crate::serve::follow::{Branch, BundleFile, Fetch, Named, PublishedTarget, TargetChecks, WorkingTree};
use crate::serve::{Clock, Follower, Log};
use crate::source::{FlagRepository, Folder, Source};
use crate::store::Store;

/// The arguments that name the sources of a server.
#[derive(Debug, clap::Args)]
pub(crate) struct SourceArgs {
    /// A target that `flagctl.yaml` declares, or a location such as `./dist/`; see `flagctl help targets` [default: the
    /// working tree]
    ///
    /// With several targets, each has a name, as in `shop=s3://acme-shop`, and the name of an environment begins with it, as in
    /// `shop/production`.
    #[arg(id = "target-location", value_name = "TARGET")]
    targets: Vec<String>,
    /// Serve the newest commit of a branch, instead of the working tree
    #[arg(long, value_name = "BRANCH", conflicts_with_all = ["target-location", "bundle"])]
    follow: Option<String>,
    /// Fetch the branch from this remote before each reading
    #[arg(long, value_name = "REMOTE", requires = "follow")]
    fetch: Option<String>,
    /// Serve a bundle that `flagctl export bundle` or `flagctl pull` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target-location", "environment"])]
    bundle: Option<PathBuf>,
    /// The folder for the last bundles of a target, which are served after a restart if the target cannot be read
    #[arg(long, value_name = "DIR", requires = "target-location")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    environments: EnvironmentFilter,
    /// The published branch, which declares the targets [default: the default branch of `origin`]
    #[arg(long, value_name = "REV", value_parser = revision_arg::parse, requires = "target-location")]
    base: Option<RevisionSpec>,
    #[command(flatten)]
    expected: ExpectedTarget,
    #[command(flatten)]
    signers: Signers,
}

impl SourceArgs {
    /// Creates the followers of the sources that the arguments name.
    pub(crate) fn followers(&self, log: &Log, clock: Clock) -> Result<Vec<Box<dyn Follower>>> {
        match self.targets.as_slice() {
            [] => Ok(vec![self.follower(clock)?]),
            [only] if name_of(only).is_none() => self.target(only, self.cache.clone(), log),
            targets => {
                let followers = targets.iter().map(|target| self.named(target, log)).collect::<Result<Vec<_>>>()?;
                Ok(followers.into_iter().flatten().collect())
            }
        }
    }

    /// Creates the followers of one of several targets.
    fn named(&self, target: &str, log: &Log) -> Result<Vec<Box<dyn Follower>>> {
        let (name, location) = name_of(target).ok_or_else(|| {
            UsageError(format!("`{target}` has no name, which each of several targets needs, as in `shop={target}`"))
        })?;
        let cache = self.cache.as_ref().map(|cache| cache.join(name));
        let followers = self.target(location, cache, log)?.into_iter();
        Ok(followers.map(|follower| Box::new(Named::new(name.to_owned(), follower)) as Box<dyn Follower>).collect())
    }

    /// Creates the follower of a source that is no target.
    fn follower(&self, clock: Clock) -> Result<Box<dyn Follower>> {
        let here = Path::new(".");
        if let Some(file) = &self.bundle {
            let follower = BundleFile::new(file.clone());
            return Ok(Box::new(follower.map_err(|error| anyhow!("cannot serve `{}`: {error}", file.display()))?));
        }
        if let Some(branch) = &self.follow {
            let (spec, fetch) = match &self.fetch {
                Some(remote) => (
                    format!("refs/remotes/{remote}/{branch}"),
                    Some(Fetch { remote: remote.clone(), branch: branch.clone() }),
                ),
                None => (branch.clone(), None),
            };
            let spec = RevisionSpec::new(spec);
            let revision = FlagRepository::find(here, CacheWrites::Forbidden)?.revision(&spec)?;
            let environments = self.declared_environments(&Source::Revision(revision))?;
            return Ok(Box::new(Branch::new(here.to_owned(), spec, fetch, environments)));
        }
        let folder = Folder::find(here)?;
        let environments = self.declared_environments(&Source::Folder(folder.clone()))?;
        Ok(Box::new(WorkingTree::new(folder, environments, clock)))
    }

    /// Creates a follower for each environment of a target, so that none waits for another.
    fn target(&self, target: &str, cache: Option<PathBuf>, log: &Log) -> Result<Vec<Box<dyn Follower>>> {
        let targets = OptionalTargetArg::new(Some(target), self.base.as_ref());
        let [target] = targets.resolve()?.try_into().map_err(|_| UsageError("expected one target".to_owned()))?;
        let mut environments = target.environments(&self.environments.given)?;
        if environments.is_empty() {
            environments = published_environments(&target.open()?, cache.as_deref())?;
        }
        let signers = self.signers.read(target.signing())?;
        if signers.is_none() {
            log.write(&ServerEvent::SignaturesUnchecked { target: target.location().to_owned() });
        }
        let expected = self.expected.named.clone().or_else(|| target.name().map(str::to_owned));
        let follower = |environment| -> Result<Box<dyn Follower>> {
            let checks = TargetChecks { signers: signers.clone(), target: expected.clone() };
            Ok(Box::new(PublishedTarget::new(target.open()?, environment, checks, cache.clone())))
        };
        environments.into_iter().map(follower).collect()
    }

    fn declared_environments(&self, source: &Source) -> Result<Vec<String>> {
        let settings = load::settings(source)?.project.settings;
        Ok(self.environments.select(&settings)?.into_iter().map(str::to_owned).collect())
    }
}

/// Returns the name of a target on this server, and the target, if it has such a name.
fn name_of(target: &str) -> Option<(&str, &str)> {
    target.split_once('=').filter(|(name, _)| is_name(name))
}

/// Returns the environments that are published or, if the store cannot say that, those of the cache.
fn published_environments(store: &Store, cache: Option<&Path>) -> Result<Vec<String>> {
    let published = publish_target::published_environments(store);
    if let Ok(published) = &published
        && !published.is_empty()
    {
        return Ok(published.clone());
    }
    let cached = cache.map(|cache| publish_target::published_environments(&Store::folder(cache))).transpose();
    let cached = cached.ok().flatten().unwrap_or_default();
    if cached.is_empty() {
        published?;
        bail!("nothing is published at `{}`: pass `-e` to wait for an environment", store.name());
    }
    Ok(cached)
}
