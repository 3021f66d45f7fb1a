//! A diff as one page for a browser.
//!
//! The page is an artefact of CI, which people open from a pull request. It has the whole plan: a summary, each change with
//! its groups of contexts, and the definitions that cause them, before and after side by side. It is one file that loads
//! nothing and runs no script, and the same plan gives the same bytes.
//!
//! The file `markup` writes elements and escapes all text, and `document` writes the frame of a page. `plan`, `change`,
//! `shares` and `track` write the changes. `changed_files` finds the texts of definitions, `line_diff` compares them, and
//! `side_by_side` writes them.

mod change;
mod changed_files;
pub(crate) mod document;
mod line_diff;
pub(crate) mod markup;
pub(crate) mod plan;
mod shares;
mod side_by_side;
pub(crate) mod track;

use std::collections::BTreeMap;

use crate::diff::ComparedDefinitions;
use crate::git::short_id;
use crate::report::Printable;
use crate::report::diff::counts::counts;
use crate::report::diff::html::change::badge;
use crate::report::diff::html::document::document;
use crate::report::diff::html::markup::Html;
use crate::report::diff::html::plan::Plan;
use crate::report::diff::human::{label, notes};
use crate::report::diff::json::{DiffJson, EndpointJson};
use crate::report::diff::markdown::{command, commit_name};
use crate::report::policy::RefusalJson;
use crate::report::text::grouped;

/// Returns a page with the summary, all changes, and the definitions that cause them.
pub fn diff(diff: &DiffJson, definitions: [&ComparedDefinitions; 2]) -> Printable {
    let names = [&diff.before, &diff.after].map(commit_name);
    let commits = [&diff.before, &diff.after].map(|endpoint| endpoint.commit.as_deref().map(short_id));
    let revisions: Vec<String> = commits.into_iter().flatten().map(str::to_owned).collect();
    let plan = Plan {
        flags: &diff.flags,
        population: diff.population,
        definitions: Some(definitions),
        names: names.each_ref().map(String::as_str),
        revisions: &revisions,
        scope: "",
        ids: "",
    };
    document(&format!("{} → {}: {}", names[0], names[1], counts(diff)), |html| {
        html.element("header", &[], |html| {
            html.leaf("h1", &[], "What this change does to people");
            html.element("p", &[("class", "lead")], |html| {
                html.text(&counts(diff));
            });
            html.element("dl", &[("class", "range")], |html| {
                endpoint(html, "from", &diff.before);
                endpoint(html, "to", &diff.after);
            });
        });
        html.element("main", &[], |html| {
            messages(html, "refused", "Refused", &diff.refused);
            messages(html, "refused", "Refused by the policy", &refusals(diff));
            messages(html, "notes", "Notes", &notes(diff));
            classes(html, diff);
            plan.overview(html);
            plan.details(html);
            unaffected(html, &diff.unaffected);
        });
        if diff.before.commit.is_some() {
            footer(html, &command(diff));
        }
    })
}

/// Returns what the policy of the base refuses, in words.
fn refusals(diff: &DiffJson) -> Vec<String> {
    let refusal = |refusal: &RefusalJson| {
        let RefusalJson { flag, environment, problem, allowed, from, .. } = refusal;
        format!("{flag} in {environment}: {problem}; allowed from {from}: {allowed}")
    };
    diff.policy.iter().flat_map(|policy| &policy.refusals).map(refusal).collect()
}

/// Adds a version with its commit and the name that the user gave.
pub(crate) fn endpoint(html: &mut Html, term: &str, endpoint: &EndpointJson) {
    let name = commit_name(endpoint);
    html.leaf("dt", &[], term).element("dd", &[], |html| {
        html.code(&name);
        if name != endpoint.name {
            html.text(" ").leaf("span", &[("class", "name")], &endpoint.name);
        }
    });
}

/// Adds a section with a list of messages, if there are any.
pub(crate) fn messages(html: &mut Html, class: &'static str, title: &str, messages: &[String]) {
    if messages.is_empty() {
        return;
    }
    html.element("section", &[("class", class), ("aria-labelledby", class)], |html| {
        html.leaf("h2", &[("id", class)], title).element("ul", &[], |html| {
            for message in messages {
                html.leaf("li", &[], message);
            }
        });
    });
}

/// Adds the number of changes of each class.
fn classes(html: &mut Html, diff: &DiffJson) {
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    let changes: Vec<_> = diff.flags.iter().flat_map(|flag| flag.shown_changes()).collect();
    for change in &changes {
        label(change).split(", ").for_each(|class| *classes.entry(class.to_owned()).or_default() += 1);
    }
    if changes.len() > 1 {
        html.element("ul", &[("class", "classes"), ("aria-label", "classes of changes")], |html| {
            for (class, number) in classes {
                html.element("li", &[], |html| badge(html, &class, &format!("{class} {}", grouped(number))));
            }
        });
    }
}

/// Adds the flags that depend on a changed definition and decide as before.
fn unaffected(html: &mut Html, flags: &[String]) {
    if flags.is_empty() {
        return;
    }
    html.element("section", &[("class", "unaffected"), ("aria-labelledby", "unaffected")], |html| {
        html.leaf("h2", &[("id", "unaffected")], "Proven to decide as before");
        html.element("p", &[], |html| {
            html.codes(flags.iter().map(String::as_str), ", ");
        });
    });
}

/// Adds the command that shows the same in a terminal.
pub(crate) fn footer(html: &mut Html, command: &str) {
    html.element("footer", &[], |html| {
        html.element("p", &[], |html| {
            html.text("In a terminal: ").leaf("code", &[], command);
        });
    });
}
