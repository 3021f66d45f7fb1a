//! A merge as one page for a browser.

use crate::diff::{ComparedDefinitions, MergeAnalysis};
use crate::report::Printable;
use crate::report::diff::html::document::document;
use crate::report::diff::html::plan::Plan;
use crate::report::diff::html::{endpoint, footer, messages};
use crate::report::diff::markdown::commit_name;
use crate::report::merge::MergeJson;

/// Returns a page with the summary, the conflicts and errors, and the flags that differ from both revisions.
pub fn merge(merge: &MergeJson, analysis: &MergeAnalysis) -> Printable {
    let [base, theirs, ours] = merge.revisions().map(commit_name);
    let [with_theirs, with_ours] = merge.changes();
    // What a merge changes in one branch is what the other branch changed.
    let sides = [
        ("theirs-", &theirs, with_theirs, [base.clone(), ours.clone()]),
        ("ours-", &ours, with_ours, [base.clone(), theirs.clone()]),
    ];
    document(&format!("merge of {theirs} and {ours}"), |html| {
        html.element("header", &[], |html| {
            html.leaf("h1", &[], "What merging means");
            html.leaf("p", &[("class", "lead")], &merge.summary());
            html.element("dl", &[("class", "range")], |html| {
                for (term, revision) in ["base", "theirs", "ours"].into_iter().zip(merge.revisions()) {
                    endpoint(html, term, revision);
                }
            });
        });
        html.element("main", &[], |html| {
            messages(html, "refused", "Conflicts", &merge.conflicts);
            messages(html, "problems", "Errors", &merge.problems);
            for ((ids, name, (revision, flags), revisions), definitions) in
                sides.iter().zip(definitions(analysis).into_iter().flatten())
            {
                if flags.is_empty() {
                    continue;
                }
                let scope = format!(" from {revision} to the merge");
                let names = [name.as_str(), "the merge"];
                let definitions = Some(definitions);
                let plan = Plan { flags, population: None, definitions, names, revisions, scope: &scope, ids };
                plan.overview(html);
                plan.details(html);
            }
        });
        footer(html, &merge.command());
    })
}

/// Returns the definitions of each branch with those of the merge.
fn definitions(analysis: &MergeAnalysis) -> Option<[[&ComparedDefinitions; 2]; 2]> {
    match analysis {
        MergeAnalysis::Conflicts(_) => None,
        MergeAnalysis::Merged(merged) => {
            Some([&merged.theirs, &merged.ours].map(|parent| [&parent.definitions, &merged.definitions]))
        }
    }
}
