//! The clock of stages: the published logs that `flagctl.yaml` of a trusted revision declares for an environment.

use std::path::Path;

use anyhow::{Result, bail};

use crate::cli::publish_target::Signers;
use crate::cli::target_arg::{ResolvedTarget, shown};
use crate::git::{CacheWrites, Revision};
use crate::live::Live;
use crate::load;
use crate::publish::{AllowedSigners, Channel};
use crate::snapshot::PROJECT_FILE;
use crate::source::{FlagRepository, Source};
use crate::stage;
use crate::stage::{Clock, PublishedLog, Reach, StageQuery, Stages};
use crate::store::Store;
use crate::yaml::Completeness;

/// The targets of a revision, opened.
pub(crate) struct StageClock {
    live: Live,
    targets: Vec<OpenTarget>,
}

struct OpenTarget {
    target: ResolvedTarget,
    environments: Vec<String>,
    store: Store,
    signers: Option<AllowedSigners>,
}

impl StageClock {
    /// Opens the targets that a revision declares. The revision is the base of a change, or the published branch, because
    /// a branch under review could declare another clock.
    ///
    /// # Errors
    /// Returns an error if the settings have errors, or if a target cannot be opened.
    pub(crate) fn open(base: &Revision, signers: &Signers) -> Result<Self> {
        let settings = load::settings(&Source::Revision(base.clone()))?.project.settings;
        if settings.completeness != Completeness::Complete {
            bail!("`{PROJECT_FILE}` of `{}` has errors, so it is not known what it publishes", shown(base));
        }
        let mut targets = Vec::new();
        for declared in &settings.targets {
            let environments = settings.environment_names().filter(|name| declared.has_environment(name));
            let environments = environments.map(str::to_owned).collect();
            let target = ResolvedTarget::declared(declared.clone(), base.clone());
            let (store, signers) = (target.open()?, signers.read(target.signing())?);
            targets.push(OpenTarget { target, environments, store, signers });
        }
        Ok(Self { live: Live::new(FlagRepository::find(Path::new("."), CacheWrites::Allowed)?), targets })
    }

    /// Returns the logs of the targets that publish an environment.
    pub(crate) fn logs<'c>(&'c self, environment: &str) -> Vec<PublishedLog<'c>> {
        let publishes = |target: &&OpenTarget| target.environments.iter().any(|name| name == environment);
        let log = |OpenTarget { target, store, signers, .. }: &'c OpenTarget| {
            let channel = Channel::new(store, environment);
            PublishedLog { channel, signers: signers.as_ref(), target: target.name() }
        };
        self.targets.iter().filter(publishes).map(log).collect()
    }

    /// Returns the stages of a flag: by the logs of the targets that publish its environment, or by commits if there are
    /// none.
    ///
    /// # Errors
    /// Returns an error if a log or a commit cannot be read.
    pub(crate) fn stages(&self, query: &StageQuery<'_>, reach: Reach) -> Result<Stages> {
        let logs = self.logs(query.environment);
        let clock = if logs.is_empty() { Clock::Commits } else { Clock::Published { live: &self.live, logs } };
        Ok(stage::stages(query, &clock, reach)?)
    }
}
