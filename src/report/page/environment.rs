//! The page of an environment: its bundle, its source, and what the last bundle changed.

use crate::report::Printable;
use crate::report::diff::FlagDiffJson;
use crate::report::diff::html::markup::Html;
use crate::report::diff::html::plan::Plan;
use crate::report::page::document::document;
use crate::report::page::facts::{EnvironmentFacts, LastPlan, ServerFacts};
use crate::report::page::overview::{origin, problem};
use crate::report::page::{kills, links, time};
use crate::report::text::{counted, grouped};

/// Returns the page of an environment, or `None` if the server has no such environment.
pub fn environment(server: &ServerFacts<'_>, name: &str) -> Option<Printable> {
    let environment = server.environment(name)?;
    Some(document(name, server, Some(name), |html| {
        html.leaf("h1", &[], name);
        problem(html, environment);
        html.element("dl", &[("class", "facts")], |html| facts(html, environment, server));
        html.element("section", &[("class", "plan"), ("aria-labelledby", "plan")], |html| {
            html.leaf("h2", &[("id", "plan")], "What the last bundle changed");
            last_plan(html, environment, None);
        });
    }))
}

fn facts(html: &mut Html, environment: &EnvironmentFacts<'_>, server: &ServerFacts<'_>) {
    let mut fact = |term: &str, description: &dyn Fn(&mut Html)| {
        html.leaf("dt", &[], term).element("dd", &[], |html| description(html));
    };
    match &environment.bundle {
        None => fact("serves", &|html| {
            html.text("no bundle was loaded yet");
        }),
        Some(bundle) => {
            fact("serves", &|html| origin(html, bundle));
            fact("created", &|html| time::time(html, bundle.created, server.now));
            if let Some(since) = bundle.since {
                fact("current since", &|html| time::time(html, since, server.now));
            }
            let killed = environment.flags().filter(|flag| kills::is_killed(flag)).count();
            let killed = if killed > 0 { format!(", {} killed", grouped(killed as u64)) } else { String::new() };
            fact("flags", &|html| {
                html.text(&format!("{}{killed}", grouped(bundle.bundle.flags.len() as u64)));
            });
        }
    }
    if let Some(checked) = environment.checked {
        fact("source read", &|html| time::time(html, checked, server.now));
    }
    if !environment.overrides.is_empty() {
        fact("overridden", &|html| {
            let overrides = environment.overrides.iter().map(|(flag, variant)| format!("{flag}={variant}"));
            html.codes(overrides.collect::<Vec<_>>().iter().map(String::as_str), ", ");
        });
    }
}

/// Adds what the last bundle changed: all flags, or one flag.
pub(super) fn last_plan(html: &mut Html, environment: &EnvironmentFacts<'_>, key: Option<&str>) {
    let plan = match environment.plan {
        LastPlan::First => {
            html.leaf("p", &[], "The server has served only one bundle since its start.");
            return;
        }
        LastPlan::Pending => {
            html.leaf("p", &[], "The change is being analysed. Load the page again in a few seconds.");
            return;
        }
        LastPlan::Unknown(problem) => {
            html.element("p", &[], |html| {
                html.text("The changes are not known: ").text(problem).text(".");
            });
            return;
        }
        LastPlan::Known(plan) => plan,
    };
    let flags = match key {
        None => plan.flags.as_slice(),
        Some(key) => {
            let index = plan.flags.iter().position(|changed| changed.flag == key);
            index.and_then(|index| plan.flags.get(index..=index)).unwrap_or_default()
        }
    };
    html.element("p", &[], |html| {
        html.text("From ").code(&plan.names[0]).text(" to ").code(&plan.names[1]).text(", ");
        html.text(&match (key, flags.len()) {
            (None, 0) => "no flag decides differently.".to_owned(),
            (None, 1) => "1 flag decides differently.".to_owned(),
            (None, number) => format!("{} decide differently.", counted(number, "flag")),
            (Some(_), 0) => "this flag decides as before.".to_owned(),
            (Some(_), _) => "this flag decides differently:".to_owned(),
        });
    });
    if key.is_none() && !flags.is_empty() {
        flag_links(html, environment, flags);
    }
    if plan.left_out > 0 {
        let text = format!("{} were not compared.", counted(plan.left_out, "other flag"));
        html.leaf("p", &[("class", "minor")], &text);
    }
    let names = [plan.names[0].as_str(), plan.names[1].as_str()];
    let plan = Plan { flags, population: None, definitions: None, names, revisions: &[], scope: "", ids: "plan-" };
    plan.overview(html);
    plan.changes_alone(html);
}

/// Adds links to the pages of the changed flags that the environment still has.
fn flag_links(html: &mut Html, environment: &EnvironmentFacts<'_>, flags: &[FlagDiffJson]) {
    let present = flags.iter().filter(|changed| environment.flag(&changed.flag).is_some());
    html.element("p", &[("class", "changed")], |html| {
        html.leaf("span", &[("class", "minor")], "pages of the flags: ");
        for (index, changed) in present.enumerate() {
            html.text(if index > 0 { ", " } else { "" });
            html.element("a", &[("href", &links::flag(environment.name, &changed.flag))], |html| {
                html.code(&changed.flag);
            });
        }
    });
}
