//! The form of a kill: every commit only adds regular files of kills.
//!
//! The form is checked before the effect, because the analysis of effects reads only definitions. A commit that passes
//! this check cannot change a definition, a test, a workflow or a script, whatever the analysis says about it.

use crate::actions::error::ActionError;
use crate::actions::kill_objection::{FormProblem, Objection};
use crate::bundle::Percent;
use crate::git::{CommitChanges, EntryChange, EntryMode, RangeCommit, Revision};
use crate::load;
use crate::model::{FLAGS, KILLS, Kill, KillReview, flag_file_name, flag_key, is_name};
use crate::source::Source;

/// A file of a kill that a range adds.
#[derive(Debug, Clone)]
pub(super) struct AddedKill {
    /// The full id of the commit.
    pub(super) commit: String,
    /// The path from the root of the flag repository.
    pub(super) path: String,
    /// The key of the flag.
    pub(super) flag: String,
    /// The name of the environment.
    pub(super) environment: String,
}

/// Returns the kills that the commits add, and an objection for everything else that they do.
pub(super) fn added_kills(commits: &[RangeCommit], prefix: &str) -> (Vec<AddedKill>, Vec<Objection>) {
    let (mut kills, mut objections) = (Vec::new(), Vec::new());
    for RangeCommit { commit, changes } in commits {
        let object = |path: Option<&str>, problem| Objection::Form {
            commit: commit.clone(),
            path: path.map(str::to_owned),
            problem,
        };
        match changes {
            CommitChanges::FromParent(changes) => {
                for change in changes {
                    match added_kill(commit, change, prefix) {
                        Ok(kill) => kills.push(kill),
                        Err(problem) => objections.push(object(Some(&change.path), problem)),
                    }
                }
            }
            CommitChanges::FromGitMerge(changes) => {
                objections.extend(changes.iter().map(|change| object(Some(&change.path), FormProblem::EditedMerge)));
            }
            CommitChanges::Conflicts(paths) => {
                objections.extend(paths.iter().map(|path| object(Some(path), FormProblem::Conflict)));
            }
            CommitChanges::ManyParents => objections.push(object(None, FormProblem::ManyParents)),
        }
    }
    (kills, objections)
}

fn added_kill(commit: &str, change: &EntryChange, prefix: &str) -> Result<AddedKill, FormProblem> {
    let path = change.path.strip_prefix(prefix).ok_or(FormProblem::OtherFile)?;
    let (flag, environment) = match path.split('/').collect::<Vec<_>>().as_slice() {
        [KILLS, environment, file] if is_name(environment) => {
            (flag_key(file).ok_or(FormProblem::OtherFile)?, (*environment).to_owned())
        }
        _ => return Err(FormProblem::OtherFile),
    };
    match (change.before, change.after) {
        // A link or a submodule in the place of the file does not stop a kill.
        (None | Some(EntryMode::Link | EntryMode::Submodule), Some(EntryMode::File)) => {
            Ok(AddedKill { commit: commit.to_owned(), path: path.to_owned(), flag, environment })
        }
        (None, Some(mode)) => Err(FormProblem::NotRegular(mode)),
        _ => Err(FormProblem::NotAdded),
    }
}

/// Returns an objection for each kill whose file has an error or admits a share of units, or whose flag or environment the target does not have.
///
/// # Errors
/// Returns [`ActionError`] if the target or the head cannot be read.
pub(super) fn invalid_kills(
    kills: &[AddedKill],
    target: &Revision,
    head: &Revision,
) -> Result<Vec<Objection>, ActionError> {
    let settings = load::settings(&Source::Revision(target.clone()))?.project.settings;
    let source = Source::Revision(head.clone());
    let mut objections = Vec::new();
    for kill in kills {
        let loaded = load::file(&source, &kill.path)?;
        let admits = loaded.project.kills.iter().map(Kill::admits).find(|admit| *admit != Percent::ZERO);
        objections.extend(admits.map(|admit| kill.objection(target, FormProblem::Admits(admit))));
        let errors = loaded.located_errors(Vec::new());
        objections.extend(errors.into_iter().map(|error| kill.objection(target, FormProblem::Invalid(error))));
        if !settings.environment_names().any(|name| name == kill.environment) {
            objections.push(kill.objection(target, FormProblem::UnknownEnvironment(kill.environment.clone())));
        }
        let file_name = flag_file_name(&kill.flag);
        match file_name.map(|name| target.search(FLAGS, &name)).transpose()?.flatten() {
            None => objections.push(kill.objection(target, FormProblem::UnknownFlag(kill.flag.clone()))),
            Some(path) => {
                let defined = load::file(&Source::Revision(target.clone()), &path)?.project;
                if defined.flag(&kill.flag).is_some_and(|flag| flag.kills == KillReview::Required) {
                    objections.push(kill.objection(target, FormProblem::NeedsReview(kill.flag.clone())));
                }
            }
        }
    }
    Ok(objections)
}

impl AddedKill {
    /// Returns the path from git's root.
    pub(super) fn git_path(&self, target: &Revision) -> String {
        format!("{}{}", target.prefix(), self.path)
    }

    pub(super) fn objection(&self, target: &Revision, problem: FormProblem) -> Objection {
        Objection::Form { commit: self.commit.clone(), path: Some(self.git_path(target)), problem }
    }
}
