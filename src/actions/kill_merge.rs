//! The merge of a range of kills into its target, and the errors that the merge adds.
//!
//! The merge is the target with the files of the kills. Where two kills of one flag meet, the target's file stands. The
//! merge that git itself makes must have the same files; for example, git moves a file along with a renamed folder.

use std::collections::BTreeSet;

use crate::actions::error::ActionError;
use crate::actions::kill_form::AddedKill;
use crate::actions::kill_objection::{MergeProblem, Objection};
use crate::diff;
use crate::git::{MergeBase, MergeResult, Revision};
use crate::source::Source;

/// The merge of a range of kills into its target.
pub(super) struct KillMerge {
    /// The files of the merge.
    pub(super) merged: Revision,
    /// The kills that the target does not have yet.
    pub(super) new: Vec<AddedKill>,
    /// The kills of flags that are already killed at the target.
    pub(super) earlier: Vec<AddedKill>,
    /// The differences from the merge that git makes.
    pub(super) objections: Vec<Objection>,
}

impl KillMerge {
    /// Merges the kills into the target.
    ///
    /// # Errors
    /// Returns [`ActionError`] if git cannot merge for another reason than a conflict, or if an object cannot be read.
    pub(super) fn new(
        target: &Revision,
        head: &Revision,
        base: &Revision,
        kills: Vec<AddedKill>,
    ) -> Result<Self, ActionError> {
        let (mut new, mut earlier) = (Vec::new(), Vec::new());
        for kill in kills {
            if target.has_file(&kill.path)? { earlier.push(kill) } else { new.push(kill) }
        }
        let paths =
            |kills: &[AddedKill]| -> BTreeSet<String> { kills.iter().map(|kill| kill.git_path(target)).collect() };
        let (added, standing) = (paths(&new), paths(&earlier));
        let merged = target.with_files_of(head, &added.iter().cloned().collect::<Vec<_>>())?;
        let by_git = match base.commit() == target.commit() {
            true => MergeResult::Clean(head.clone()),
            false => target.merge(head, MergeBase::Common)?,
        };
        let (paths, problem) = match by_git {
            MergeResult::Conflicts(paths) => {
                (paths.into_iter().filter(|path| !standing.contains(path)).collect(), MergeProblem::Conflict)
            }
            MergeResult::Clean(by_git) if by_git.has_same_files(&merged) => (BTreeSet::new(), MergeProblem::Differs),
            MergeResult::Clean(by_git) => {
                let changed = by_git.changes_from(Some(target))?.into_iter().map(|change| change.path).collect();
                let differing: BTreeSet<String> = added.symmetric_difference(&changed).cloned().collect();
                // The same paths have other bytes or modes.
                (if differing.is_empty() { changed } else { differing }, MergeProblem::Differs)
            }
        };
        let objections = paths.into_iter().map(|path| Objection::Merge { path, problem }).collect();
        Ok(Self { merged, new, earlier, objections })
    }
}

/// Returns the errors of all definitions that the merge has and the target lacks. An error that the target has, too,
/// does not stop a kill, even if not all definitions can be read.
pub(super) fn new_errors(target: &Revision, merged: &Revision) -> Vec<String> {
    let problems = |revision: &Revision| diff::problems(&Source::Revision(revision.clone()));
    match (problems(target), problems(merged)) {
        (Ok(before), Ok(after)) => {
            let before: BTreeSet<String> = before.into_iter().collect();
            after.into_iter().filter(|problem| !before.contains(problem)).collect()
        }
        (Ok(_), Err(error)) => vec![error.to_string()],
        (Err(_), _) => Vec::new(),
    }
}
