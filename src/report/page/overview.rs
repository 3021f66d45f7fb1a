//! The start page: the kills, the environments, and the flags.

use crate::git::short_id;
use crate::report::Printable;
use crate::report::diff::html::markup::Html;
use crate::report::page::document::document;
use crate::report::page::facts::{BundleFacts, EnvironmentFacts, LastPlan, ServerFacts};
use crate::report::page::filter::FlagFilter;
use crate::report::page::flag_table::flags;
use crate::report::page::{kills, links, time};
use crate::report::text::{counted, grouped, shortened};

/// The maximum number of environments that are always open.
const FEW: usize = 6;
/// The maximum number of characters of the problem of a source.
const LONGEST: usize = 2_000;

/// Returns the start page, with the flags that the filter selects.
pub fn overview(server: &ServerFacts<'_>, filter: &FlagFilter) -> Printable {
    document("Flags", server, None, |html| {
        html.leaf("h1", &[], "Feature flags");
        kills::list(html, server);
        environments(html, server);
        flags(html, server, filter);
        notes(html, server);
    })
}

/// Adds the environments. If there are many, only those with a problem are open at first.
fn environments(html: &mut Html, server: &ServerFacts<'_>) {
    html.element("section", &[("class", "environments"), ("aria-labelledby", "environments")], |html| {
        html.leaf("h2", &[("id", "environments")], "Environments");
        if server.environments.len() <= FEW {
            cards(html, server, server.environments.iter());
            return;
        }
        let has_problem =
            |environment: &&EnvironmentFacts<'_>| environment.problem.is_some() || environment.bundle.is_none();
        cards(html, server, server.environments.iter().filter(has_problem));
        html.element("details", &[], |html| {
            html.leaf("summary", &[], &counted(server.environments.len(), "environment"));
            cards(html, server, server.environments.iter());
        });
    });
}

fn cards<'e, 's: 'e>(
    html: &mut Html,
    server: &ServerFacts<'_>,
    environments: impl Iterator<Item = &'e EnvironmentFacts<'s>>,
) {
    let mut environments = environments.peekable();
    if environments.peek().is_none() {
        return;
    }
    html.element("ul", &[], |html| {
        for environment in environments {
            html.element("li", &[], |html| self::environment(html, environment, server));
        }
    });
}

fn environment(html: &mut Html, environment: &EnvironmentFacts<'_>, server: &ServerFacts<'_>) {
    html.element("p", &[("class", "name")], |html| {
        html.leaf("a", &[("href", &links::environment(environment.name))], environment.name);
        let killed = environment.flags().filter(|flag| kills::is_killed(flag)).count();
        if killed > 0 {
            html.text(" ").leaf("span", &[("class", "badge killed")], &format!("{} killed", grouped(killed as u64)));
        }
    });
    html.element("p", &[], |html| match &environment.bundle {
        None => {
            html.leaf("span", &[("class", "caution")], "no bundle was loaded yet");
        }
        Some(facts) => {
            html.text(&counted(facts.bundle.flags.len(), "flag")).text(" from ");
            origin(html, facts);
        }
    });
    if let Some(since) = environment.bundle.as_ref().and_then(|facts| facts.since) {
        html.element("p", &[("class", "minor")], |html| {
            html.text("new ");
            time::age(html, since, server.now);
            if let LastPlan::Known(plan) = environment.plan {
                html.text(", with a change of ");
                html.leaf("a", &[("href", &links::environment(environment.name))], &counted(plan.flags.len(), "flag"));
            }
        });
    }
    problem(html, environment);
}

/// Adds the problem of the source, if it has one.
pub(super) fn problem(html: &mut Html, environment: &EnvironmentFacts<'_>) {
    if let Some(problem) = environment.problem {
        html.element("p", &[("class", "alert")], |html| {
            html.leaf("strong", &[], "The source has a problem: ").text(&shortened(problem, LONGEST));
        });
    }
}

/// Adds where a bundle comes from.
pub(super) fn origin(html: &mut Html, facts: &BundleFacts<'_>) {
    match (facts.commit, facts.sequence) {
        (Some(commit), None) => {
            html.text("commit ").code(short_id(commit));
        }
        (Some(commit), Some(number)) => {
            html.text(&format!("number {number}, commit ")).code(short_id(commit));
        }
        (None, Some(number)) => {
            html.text(&format!("number {number}"));
        }
        (None, None) => {
            html.text("files that are not committed");
        }
    }
}

/// Says how to read the table, and what the sources do not have.
fn notes(html: &mut Html, server: &ServerFacts<'_>) {
    html.element("section", &[("class", "notes-below"), ("aria-label", "notes")], |html| {
        html.leaf(
            "p",
            &[],
            "A flag has a bar for each of its first three conditions, and a last one for everyone whom no condition \
             matches. Grey is the variant off; an empty part goes on to the next rule.",
        );
        let loaded = || server.environments.iter().filter(|environment| environment.bundle.is_some());
        if loaded().count() > 0 && loaded().all(|environment| environment.definitions.is_none()) {
            html.leaf(
                "p",
                &[],
                "The source has compiled bundles, which do not have the owners, descriptions and links of flags.",
            );
        }
    });
}
