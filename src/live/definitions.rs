//! Compiles the definitions of a published commit with the kills of several commits.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::bundle::Bundle;
use crate::compile::compile;
use crate::git::{Revision, RevisionSpec};
use crate::live::error::LiveError;
use crate::live::kills::{CommitKills, KillFile, KillFiles, add_kill};
use crate::load;
use crate::model::{FLAGS, Settings, flag_key, kill_path};
use crate::publish::Manifest;
use crate::source::{FlagRepository, Source};

/// The published commits of a flag repository.
pub struct Live {
    repository: FlagRepository,
    kills: RefCell<BTreeMap<String, Rc<CommitKills>>>,
}

impl Live {
    /// Creates a value that reads commits from this repository.
    pub fn new(repository: FlagRepository) -> Self {
        Self { repository, kills: RefCell::default() }
    }

    /// Returns the commit with a full id.
    ///
    /// # Errors
    /// Returns [`LiveError::MissingCommit`] if the clone does not have it.
    pub fn revision(&self, commit: &str) -> Result<Revision, LiveError> {
        self.repository.revision(&RevisionSpec::new(commit)).map_err(LiveError::finding(commit))
    }

    /// Returns the kills of these commits together. If several have a kill of the same flag, the one that admits the fewest
    /// units counts, and the first one of those that admit the same share.
    ///
    /// # Errors
    /// Returns [`LiveError`] if a commit cannot be read.
    pub fn kills_of<'c>(
        &self,
        commits: impl IntoIterator<Item = &'c str>,
        environment: &str,
    ) -> Result<KillFiles, LiveError> {
        let mut union = KillFiles::new();
        for commit in commits {
            let kills = self.commit_kills(commit)?;
            for (flag, file) in kills.environments.get(environment).into_iter().flatten() {
                add_kill(&mut union, flag, file);
            }
        }
        Ok(union)
    }

    /// Returns the errors of the kill files of a commit, each with its position. These kills do not count.
    ///
    /// # Errors
    /// Returns [`LiveError`] if the commit cannot be read.
    pub fn kill_errors(&self, commit: &str) -> Result<Vec<String>, LiveError> {
        Ok(self.commit_kills(commit)?.errors.clone())
    }

    /// Returns the kills of a published bundle.
    ///
    /// # Errors
    /// Returns [`LiveError`] if a commit cannot be read.
    pub fn published_kills(&self, manifest: &Manifest) -> Result<KillFiles, LiveError> {
        self.kills_of(kill_commits(manifest), &manifest.environment)
    }

    /// Returns those of the candidates whose kills neither `commit` nor `kills` nor another candidate has.
    ///
    /// # Errors
    /// Returns [`LiveError`] if a commit cannot be read.
    pub fn needed(
        &self,
        commit: &str,
        candidates: &[&str],
        kills: &str,
        environment: &str,
    ) -> Result<Vec<String>, LiveError> {
        let union = |kept: &[&str]| {
            self.kills_of(std::iter::once(commit).chain(kept.iter().copied()).chain([kills]), environment)
        };
        let wanted = union(candidates)?;
        let mut kept = candidates.to_vec();
        for candidate in candidates {
            let fewer: Vec<_> = kept.iter().copied().filter(|commit| commit != candidate).collect();
            if union(&fewer)? == wanted {
                kept = fewer;
            }
        }
        Ok(kept.into_iter().map(str::to_owned).collect())
    }

    /// Returns the keys of the flags that a commit defines.
    ///
    /// # Errors
    /// Returns [`LiveError`] if the commit cannot be read.
    pub fn flags(&self, commit: &str) -> Result<BTreeSet<String>, LiveError> {
        let source = Source::Revision(self.revision(commit)?);
        Ok(source.list(FLAGS)?.iter().filter_map(|path| flag_key(path)).collect())
    }

    /// Compiles the definitions of a commit with these kills in an environment. A kill of a flag that the commit does
    /// not define is ignored.
    ///
    /// # Errors
    /// Returns [`LiveError`] if the commit cannot be read, or if its definitions have errors.
    pub fn compile(&self, commit: &str, kills: &KillFiles, environment: &str) -> Result<Bundle, LiveError> {
        let source = self.with_kills(commit, kills, environment)?;
        let loaded = load::all(&source)?;
        check_environment(&loaded.project.settings, commit, environment)?;
        let (bundle, diagnostics) = compile(&loaded.project, environment);
        let errors = loaded.located_errors(diagnostics);
        if errors.is_empty() {
            return Ok(bundle);
        }
        Err(LiveError::Invalid { commit: commit.to_owned(), errors: errors.join("; ") })
    }

    /// Returns the definitions of a commit with these kills in an environment, and no other kills.
    fn with_kills(&self, commit: &str, kills: &KillFiles, environment: &str) -> Result<Source, LiveError> {
        let flags = self.flags(commit)?;
        let file = |(flag, file): (&String, &KillFile)| (kill_path(flag, environment), file.text.clone());
        let files: Vec<_> = kills.iter().filter(|(flag, _)| flags.contains(*flag)).map(file).collect();
        let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        Ok(Source::Revision(self.revision(commit)?.with_files(files)?))
    }

    /// Compiles one flag of a manifest again, with all that its decisions need. The bundle lacks the flag if the commit
    /// does not define it. This reads a few files, so a walk through the log can afford it.
    ///
    /// # Errors
    /// Returns [`LiveError`] if a commit cannot be read, or if it does not declare the environment.
    pub fn published_flag(&self, manifest: &Manifest, key: &str) -> Result<Bundle, LiveError> {
        let (commit, environment) = (manifest.commit.as_str(), manifest.environment.as_str());
        let source = self.with_kills(commit, &self.published_kills(manifest)?, environment)?;
        let loaded = load::flags(&source, load::settings(&source)?, &[key.to_owned()], &[environment])?;
        check_environment(&loaded.project.settings, commit, environment)?;
        Ok(compile(&loaded.project, environment).0)
    }

    /// Compiles the bundle of a manifest again.
    ///
    /// # Errors
    /// Returns [`LiveError`] if a commit cannot be read, or if its definitions have errors.
    pub fn published_bundle(&self, manifest: &Manifest) -> Result<Bundle, LiveError> {
        self.compile(&manifest.commit, &self.published_kills(manifest)?, &manifest.environment)
    }

    fn commit_kills(&self, commit: &str) -> Result<Rc<CommitKills>, LiveError> {
        if let Some(known) = self.kills.borrow().get(commit) {
            return Ok(Rc::clone(known));
        }
        let read = Rc::new(CommitKills::read(&Source::Revision(self.revision(commit)?))?);
        self.kills.borrow_mut().insert(commit.to_owned(), Rc::clone(&read));
        Ok(read)
    }
}

fn check_environment(settings: &Settings, commit: &str, environment: &str) -> Result<(), LiveError> {
    if settings.environment_names().any(|name| name == environment) {
        return Ok(());
    }
    let (commit, environment) = (commit.to_owned(), environment.to_owned());
    Err(LiveError::UnknownEnvironment { commit, environment })
}

/// Returns the commits whose kills a published bundle has, the oldest first.
fn kill_commits(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let kept = manifest.kept.iter().map(String::as_str);
    std::iter::once(manifest.commit.as_str()).chain(kept).chain([manifest.kills.as_str()])
}
