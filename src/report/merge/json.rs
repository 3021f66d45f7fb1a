//! A merge as flagctl's own JSON. The texts for people are made from these structures.

use std::path::Path;

use serde::Serialize;

use crate::diff::{ComparedDefinitions, Endpoint, Impact, MergeAnalysis, ParentImpacts};
use crate::git::Revision;
use crate::report::diff::markdown::commit_name;
use crate::report::diff::{EndpointJson, EvalSources, FlagDiffJson, RevisionNames, flag_diffs};
use crate::report::text::counted;

/// The result of merging two revisions.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MergeJson {
    /// The version of this structure.
    version: u32,
    base: EndpointJson,
    theirs: EndpointJson,
    ours: EndpointJson,
    /// The files that git cannot merge. Paths are relative to git's root. If the list is not empty, nothing else is
    /// checked.
    pub conflicts: Vec<String>,
    /// The errors in the merged definitions.
    pub problems: Vec<String>,
    /// The flags that decide differently in the merge than in both revisions, as changes from `theirs`.
    pub with_theirs: Vec<FlagDiffJson>,
    /// The same flags, as changes from `ours`.
    pub with_ours: Vec<FlagDiffJson>,
}

impl MergeJson {
    /// Describes the merge of two revisions. `folder` is the folder of `-C`, and `names` is how commands name revisions.
    pub fn new(
        folder: Option<&Path>,
        names: RevisionNames,
        base: &Revision,
        [theirs, ours]: [&Revision; 2],
        analysis: &MergeAnalysis,
    ) -> Self {
        let (conflicts, problems, with_theirs, with_ours) = match analysis {
            MergeAnalysis::Conflicts(paths) => (paths.clone(), Vec::new(), Vec::new(), Vec::new()),
            MergeAnalysis::Merged(merged) => (
                Vec::new(),
                merged.problems.clone(),
                changes_by_merge(folder, names, theirs, &merged.theirs, &merged.definitions),
                changes_by_merge(folder, names, ours, &merged.ours, &merged.definitions),
            ),
        };
        let [base, theirs, ours] = [base, theirs, ours].map(EndpointJson::of_revision);
        Self { version: 1, base, theirs, ours, conflicts, problems, with_theirs, with_ours }
    }

    /// Returns whether git merges without a conflict, the definitions are valid, and every flag decides as in one of
    /// the two revisions.
    pub fn is_sound(&self) -> bool {
        self.conflicts.is_empty() && self.problems.is_empty() && self.with_ours.is_empty()
    }

    /// Returns the command that shows the merge, with the ids of the commits.
    pub(crate) fn command(&self) -> String {
        let ids = [&self.base, &self.theirs, &self.ours].map(commit_name);
        format!("flagctl diff --merge {}", ids.join(" "))
    }

    /// Returns the three revisions: the base, theirs and ours.
    pub(crate) fn revisions(&self) -> [&EndpointJson; 3] {
        [&self.base, &self.theirs, &self.ours]
    }

    /// Returns the changes from each revision to the merge, with the name of the revision.
    pub(crate) fn changes(&self) -> [(&str, &[FlagDiffJson]); 2] {
        [(&self.theirs.name, &self.with_theirs), (&self.ours.name, &self.with_ours)]
    }

    /// Returns the result in one sentence.
    pub(crate) fn summary(&self) -> String {
        let names = format!("{} and {}", self.theirs.name, self.ours.name);
        if !self.conflicts.is_empty() {
            return format!("{names} conflict: nothing else was checked");
        }
        let flags = match self.with_ours.len() {
            0 if self.problems.is_empty() => {
                "every flag does what it does on one of both sides: proven for all contexts".to_owned()
            }
            0 => String::new(),
            1 => "1 flag does what it does on neither side".to_owned(),
            number => format!("{} do what they do on neither side", counted(number, "flag")),
        };
        let problems = match self.problems.len() {
            0 => String::new(),
            number => format!("the merge has {}", counted(number, "error")),
        };
        let parts: Vec<String> = [flags, problems].into_iter().filter(|part| !part.is_empty()).collect();
        format!("{names} merge without a conflict; {}", parts.join("; "))
    }
}

/// Describes the effect of a merge on the flags of a branch. The commands of examples use the branch, because the merge
/// has no revision that `flagctl eval` could read.
fn changes_by_merge(
    folder: Option<&Path>,
    names: RevisionNames,
    branch: &Revision,
    parent: &ParentImpacts,
    merged: &ComparedDefinitions,
) -> Vec<FlagDiffJson> {
    let impacts: Vec<&Impact> = parent.impacts.iter().collect();
    let endpoint = names.endpoint(&Endpoint::Revision(branch.name().to_owned()), Some(&branch.commit()));
    let sources = EvalSources { folder, before: Some(&endpoint), after: None };
    flag_diffs(&impacts, None, [&parent.definitions, merged], sources)
}
