//! Finds the effects of a merge that neither of the merged branches has by itself.
//!
//! A merge without a text conflict can still change the decisions of a flag: for example, one branch changes a segment,
//! and the other branch adds a rule that uses it. Such a flag differs from both branches, so the comparison of the
//! merge with each branch finds it.

use std::collections::BTreeSet;

use crate::analyze::{AnalysisError, Budget, Side};
use crate::compile::compile;
use crate::diff::affected_flags::affected_flags;
use crate::diff::compared_definitions::ComparedDefinitions;
use crate::diff::impact::{Impact, ImpactVerdict, impacts};
use crate::git::{GitError, MergeBase, MergeResult, Revision};
use crate::load;
use crate::source::{Source, SourceError};

/// The reason why a merge could not be analysed.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Git cannot merge, and the reason is not a conflict.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file or folder exists and cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A merged file cannot be read.
    #[error("cannot read the merge")]
    Unreadable(#[source] SourceError),
    /// Analysis and evaluation disagree, which is a fault of flagctl.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
}

/// The result of a merge by git.
#[derive(Debug)]
pub enum MergeAnalysis {
    /// The paths of files that git cannot merge, from the root of the git repository.
    Conflicts(Vec<String>),
    /// Git merged the branches without a conflict.
    Merged(Box<MergedImpacts>),
}

/// The effects of a merge without a conflict.
#[derive(Debug)]
pub struct MergedImpacts {
    /// The errors in the merged definitions, each with its path and position.
    pub problems: Vec<String>,
    /// The merged definitions.
    pub definitions: ComparedDefinitions,
    /// The impacts on the flags that decide differently from both branches, compared with their branch.
    pub theirs: ParentImpacts,
    /// The same flags, compared with our branch.
    pub ours: ParentImpacts,
}

/// A merge compared with one of its branches.
#[derive(Debug)]
pub struct ParentImpacts {
    /// The definitions of the branch.
    pub definitions: ComparedDefinitions,
    /// The effects of the merge on flags of the branch.
    pub impacts: Vec<Impact>,
}

impl MergedImpacts {
    /// Returns whether the budget was sufficient for the complete analysis.
    pub fn is_known(&self) -> bool {
        let mut impacts = self.theirs.impacts.iter().chain(&self.ours.impacts);
        !impacts.any(|impact| matches!(impact.verdict, ImpactVerdict::Unknown(_)))
    }
}

/// Merges two branches in memory, and finds the flags that decide differently from both branches after the merge.
///
/// # Errors
/// Returns [`MergeError`] if a revision cannot be read or the analysis fails.
pub fn merge_impacts(
    base: &Revision,
    theirs: &Revision,
    ours: &Revision,
    environments: &[&str],
    budget: &Budget,
) -> Result<MergeAnalysis, MergeError> {
    let merged = match ours.merge(theirs, MergeBase::Given(base))? {
        MergeResult::Conflicts(paths) => return Ok(MergeAnalysis::Conflicts(paths)),
        MergeResult::Clean(merged) => merged,
    };
    let merged = Source::Revision(merged);
    let problems = problems(&merged).map_err(MergeError::Unreadable)?;
    let keys = affected_flags(base, &merged)?;
    let list: Vec<String> = keys.iter().cloned().collect();
    let read = |source: &Source| ComparedDefinitions::read(source, &list, environments);
    let definitions = read(&merged)?;
    let compare = |branch: &Revision| -> Result<ParentImpacts, MergeError> {
        let before = read(&Source::Revision(branch.clone()))?;
        let impacts = impacts(&before, &definitions, &keys, environments, budget)?;
        Ok(ParentImpacts { definitions: before, impacts })
    };
    let (mut theirs, mut ours) = (compare(theirs)?, compare(ours)?);
    let pair = |impact: &Impact| (impact.flag.clone(), impact.environment.clone());
    let changed = |parent: &ParentImpacts| -> BTreeSet<(String, String)> {
        parent.impacts.iter().filter(|impact| may_differ(impact)).map(pair).collect()
    };
    let (with_theirs, with_ours) = (changed(&theirs), changed(&ours));
    for parent in [&mut theirs, &mut ours] {
        parent.impacts.retain(|impact| {
            let pair = pair(impact);
            with_theirs.contains(&pair) && with_ours.contains(&pair)
        });
    }
    Ok(MergeAnalysis::Merged(Box::new(MergedImpacts { problems, definitions, theirs, ours })))
}

/// Returns whether a flag may decide differently after the merge. Returns false for a flag that is invalid after the
/// merge, because its error is already one of the problems of the merge.
fn may_differ(impact: &Impact) -> bool {
    match &impact.verdict {
        ImpactVerdict::Known(regions) => !regions.is_empty(),
        ImpactVerdict::Unknown(_) | ImpactVerdict::Invalid(Side::Before, _) => true,
        ImpactVerdict::Invalid(Side::After, _) => false,
    }
}

/// Returns the errors of all definitions, in all environments, each with its path and position.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn problems(source: &Source) -> Result<Vec<String>, SourceError> {
    let loaded = load::all(source)?;
    let environments = loaded.project.settings.environment_names();
    let diagnostics = environments.flat_map(|environment| compile(&loaded.project, environment).1).collect();
    Ok(loaded.located_errors(diagnostics))
}
