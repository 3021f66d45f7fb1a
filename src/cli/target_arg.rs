//! The argument TARGET of `publish`, `verify` and `pull`: a location, or the name of a target in `flagctl.yaml`.
//!
//! A location and the credentials for it are used only if a person or the published branch names them. So a declaration
//! is read from the published branch and from no other revision: a branch under review can declare what it likes, and
//! nothing is sent there.
//!
//! **Invariant:** no file of the repository sets an environment variable, an endpoint or a credential.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::cli::exit::UsageError;
use crate::cli::publish_content::PublishFormat;
use crate::cli::publish_target;
use crate::cli::revision_arg;
use crate::cli::revision_arg::advised;
use crate::diag::did_you_mean_or_list;
use crate::git::{CacheWrites, CommitRelation, PublishedBranch, Revision, RevisionSpec};
use crate::load;
use crate::model::{Signing, Target, TargetFormat};
use crate::snapshot::PROJECT_FILE;
use crate::source::{FlagRepository, Source};
use crate::store::Store;
use crate::yaml::Completeness;

#[derive(Debug, clap::Args)]
pub(crate) struct TargetArg {
    /// A target that `flagctl.yaml` declares, or a location such as `./dist/`; see `flagctl help targets`
    #[arg(value_name = "TARGET")]
    target: String,
    /// The published branch, which declares the targets [default: the default branch of `origin`]
    #[arg(long, value_name = "REV", value_parser = revision_arg::parse)]
    base: Option<RevisionSpec>,
}

/// The argument TARGET of a command that can also read all declared targets.
#[derive(Debug, clap::Args)]
pub(crate) struct OptionalTargetArg {
    /// A target that `flagctl.yaml` declares, or a location such as `./dist/`; see `flagctl help targets` [default: all
    /// declared targets]
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// The published branch, which declares the targets [default: the default branch of `origin`]
    #[arg(long, value_name = "REV", value_parser = revision_arg::parse)]
    base: Option<RevisionSpec>,
}

impl OptionalTargetArg {
    /// Creates the argument for a name or location, or for all declared targets.
    pub(crate) fn new(target: Option<&str>, base: Option<&RevisionSpec>) -> Self {
        Self { target: target.map(str::to_owned), base: base.cloned() }
    }

    /// Returns the flag repository at the tip of the published branch.
    pub(crate) fn base(&self) -> Result<Revision> {
        published_branch(self.base.as_ref())
    }

    /// Finds the target, or all declared targets.
    ///
    /// # Errors
    /// Returns an error if no target is named or declared, or if the published branch is unknown.
    pub(crate) fn resolve(&self) -> Result<Vec<ResolvedTarget>> {
        let one = |name: &str| TargetArg { target: name.to_owned(), base: self.base.clone() }.resolve();
        if let Some(target) = &self.target {
            return Ok(vec![one(target)?]);
        }
        let base = self.base()?;
        let settings = load::settings(&Source::Revision(base.clone()))?.project.settings;
        if settings.targets.is_empty() {
            bail!("`{PROJECT_FILE}` of `{}` declares no target: name a location, such as `./dist`", shown(&base));
        }
        settings.targets.iter().map(|target| one(&target.name.value)).collect()
    }
}

/// A target on the command line.
pub(crate) struct ResolvedTarget {
    location: String,
    /// The name that the command line gives to a location.
    named: Option<String>,
    declared: Option<Declared>,
}

/// A target as the published branch declares it.
struct Declared {
    target: Target,
    base: Revision,
}

impl TargetArg {
    /// Finds the location and, for a name, the declaration.
    ///
    /// # Errors
    /// Returns an error if the name is not declared, or if the published branch is unknown.
    pub(crate) fn resolve(&self) -> Result<ResolvedTarget> {
        if self.target.contains(['/', ':']) {
            return Ok(ResolvedTarget { location: self.target.clone(), named: None, declared: None });
        }
        let name = &self.target;
        let base = published_branch(self.base.as_ref()).with_context(|| {
            format!("`{name}` is the name of a target; a location has a `/` or a `:`, as in `./{name}`")
        })?;
        let settings = load::settings(&Source::Revision(base.clone()))?.project.settings;
        let shown = shown(&base);
        if settings.completeness != Completeness::Complete {
            bail!(
                "`{PROJECT_FILE}` of `{shown}` has errors, so the target is unknown; `flagctl validate --at {shown}` shows \
                 them, and `flagctl publish LOCATION --target {name}` publishes kills until they are mended"
            );
        }
        let mut targets = settings.targets.iter();
        let Some(target) = targets.find(|target| target.name.value == *name).cloned() else {
            let names: Vec<_> = settings.targets.iter().map(|target| target.name.value.as_str()).collect();
            let place = format!("`{name}` is not a target that `{PROJECT_FILE}` of `{shown}` declares");
            let location = format!("a location has a `/` or a `:`, as in `./{name}`");
            if names.is_empty() {
                bail!("{place}: it declares none; {location}");
            }
            bail!("{place}; {}; {location}", did_you_mean_or_list(name, "the targets are", names));
        };
        Ok(ResolvedTarget::declared(target, base))
    }
}

/// Returns the flag repository at the tip of the given branch, or of the published branch.
pub(crate) fn published_branch(given: Option<&RevisionSpec>) -> Result<Revision> {
    // A declaration is read, so nothing has to be written into git's folder.
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Forbidden)?;
    let spec = match (given, repository.git().published_branch()?) {
        (Some(base), _) => base.clone(),
        (None, PublishedBranch::Remote(branch)) => RevisionSpec::new(branch),
        (None, PublishedBranch::Local) => RevisionSpec::new("HEAD"),
        (None, PublishedBranch::Unknown) => bail!(
            "this clone does not know the default branch of its remote, which declares the targets: pass `--base`, as \
             in `--base origin/main`, or run `git remote set-head origin --auto`"
        ),
    };
    repository.revision(&spec).map_err(advised)
}

impl ResolvedTarget {
    /// Creates a target that `flagctl.yaml` of a revision declares. The caller trusts that revision.
    pub(crate) fn declared(target: Target, base: Revision) -> Self {
        let location = match base.worktree_folder() {
            Some(folder) if !target.location.value.contains(':') => {
                folder.join(&target.location.value).to_string_lossy().into_owned()
            }
            _ => target.location.value.clone(),
        };
        Self { location, named: None, declared: Some(Declared { target, base }) }
    }

    /// Opens the location.
    pub(crate) fn open(&self) -> Result<Store> {
        publish_target::open(&self.location)
    }

    /// Opens the location for a command that writes to it.
    pub(crate) fn open_writable(&self) -> Result<Store> {
        publish_target::open_writable(&self.location)
    }

    /// Returns the location.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// Gives a location the name of a declared target.
    ///
    /// # Errors
    /// Returns an error if this is a declared target, which has its name already.
    pub(crate) fn named(self, name: Option<&str>) -> Result<Self> {
        match (name, &self.declared) {
            (None, _) => Ok(self),
            (Some(name), None) => Ok(Self { named: Some(name.to_owned()), ..self }),
            (Some(_), Some(_)) => {
                Err(UsageError("`--target` names a location: leave it out for a declared target".to_owned()).into())
            }
        }
    }

    /// Returns the name of the target: that of its declaration, or the one that the command line gives to a location.
    pub(crate) fn name(&self) -> Option<&str> {
        let declared = self.declared.as_ref().map(|declared| declared.target.name.value.as_str());
        declared.or(self.named.as_deref())
    }

    /// Returns whether manifests must be signed.
    pub(crate) fn signing(&self) -> Signing {
        self.declared.as_ref().map_or(Signing::Optional, |declared| declared.target.signing)
    }

    /// Returns the format of the target, if it does not contradict the given one.
    pub(crate) fn format(&self, given: Option<PublishFormat>) -> Result<PublishFormat> {
        let declared = self.declared.as_ref().map(|declared| match declared.target.format {
            TargetFormat::Flagctl => PublishFormat::Flagctl,
            TargetFormat::Flagd => PublishFormat::Flagd,
        });
        match (given, declared) {
            (Some(given), Some(declared)) if given != declared => Err(UsageError(
                "`flagctl.yaml` declares another format for this target: leave out `--bundle-format`".to_owned(),
            )
            .into()),
            (Some(format), _) | (None, Some(format)) => Ok(format),
            (None, None) => Ok(PublishFormat::Flagctl),
        }
    }

    /// Returns the given environments, or those that the target declares. The list is empty if neither names any.
    ///
    /// # Errors
    /// Returns an error if the target is not for one of the given environments.
    pub(crate) fn environments(&self, given: &[String]) -> Result<Vec<String>> {
        let Some(declared) = &self.declared else { return Ok(given.to_vec()) };
        let target = &declared.target;
        let names = || target.environments.iter().map(|name| name.value.as_str());
        if given.is_empty() {
            return Ok(names().map(str::to_owned).collect());
        }
        match given.iter().find(|name| !target.has_environment(name)) {
            None => Ok(given.to_vec()),
            Some(other) => {
                let help = did_you_mean_or_list(other, "its environments are", names().collect::<Vec<_>>());
                Err(anyhow!("the target `{}` is not for the environment `{other}`; {help}", target.name.value))
            }
        }
    }

    /// Returns why a revision may not be published to this target, or `None` if it may: the published branch must
    /// contain it.
    pub(crate) fn refusal(&self, revision: &Revision) -> Result<Option<String>> {
        let Some(Declared { target, base }) = &self.declared else { return Ok(None) };
        let name = &target.name.value;
        Ok(match revision.relation_to(&base.commit())? {
            CommitRelation::Same | CommitRelation::Ancestor => None,
            CommitRelation::Descendant | CommitRelation::Diverged => Some(format!(
                "`{}` is not part of `{}`, the published branch, which declares the target `{name}`: merge and fetch it \
                 first, or name the branch with `--base`",
                revision.name(),
                shown(base),
            )),
        })
    }
}

/// Returns the name of a revision as people write it.
pub(crate) fn shown(base: &Revision) -> &str {
    base.name().strip_prefix("refs/remotes/").unwrap_or(base.name())
}
