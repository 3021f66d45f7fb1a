//! The page of a flag in one environment.

use crate::bundle::{ListText, State, VariantId};
use crate::report::Printable;
use crate::report::diff::html::markup::Html;
use crate::report::diff::html::track::{fill, swatch};
use crate::report::flags::Dependants;
use crate::report::flags::shares::shade;
use crate::report::history::log_html;
use crate::report::page::definition::{facts, file};
use crate::report::page::document::document;
use crate::report::page::environment::last_plan;
use crate::report::page::facts::{FlagHistory, Question, ServerFacts, ShownFlag};
use crate::report::page::question::question;
use crate::report::page::serving::serving;
use crate::report::page::state::ShownState;
use crate::report::page::{kills, links};
use crate::report::text::{grouped, shortened};
use crate::report::value::value;

/// The maximum number of variants in the list.
const LISTED: usize = 100;
/// The maximum number of characters of the key or the description.
const LONGEST: usize = 2_000;
/// The maximum number of characters of a whole value.
const LONGEST_VALUE: usize = 20_000;

/// Returns the page of a flag, or `None` if the server has no such flag. `asked` is what the form sent, if it sent something.
pub fn flag(
    server: &ServerFacts<'_>,
    environment: &str,
    key: &str,
    asked: Option<&Question<'_>>,
    history: &FlagHistory,
) -> Option<Printable> {
    let environment = server.environment(environment)?;
    let (bundle, flag) = environment.flag(key)?;
    let shown = ShownFlag { server, environment, bundle, flag };
    let title = format!("{} in {}", shortened(key, 80), environment.name);
    Some(document(&title, server, Some(environment.name), |html| content(html, &shown, asked, history)))
}

fn content(html: &mut Html, shown: &ShownFlag<'_, '_>, asked: Option<&Question<'_>>, history: &FlagHistory) {
    let ShownFlag { environment, flag, .. } = *shown;
    let written = environment.definitions.and_then(|definitions| definitions.find(&flag.key));
    html.element("div", &[("class", "title")], |html| {
        html.element("h1", &[], |html| {
            html.code(&flag.key);
        });
        html.text(" ");
        ShownState::new(environment, shown.bundle, flag).add(html);
    });
    if let Some(description) = written.and_then(|written| written.description.as_deref()) {
        html.leaf("p", &[("class", "lead")], &shortened(description, LONGEST));
    }
    elsewhere(html, shown);
    alerts(html, shown);
    html.element("div", &[("class", "columns")], |html| {
        html.element("div", &[("class", "main")], |html| {
            section(html, "serving", "Who gets what", |html| serving(html, shown));
            section(html, "decision", "Decision for a context", |html| question(html, shown, asked));
            section(html, "plan", "What the last bundle changed", |html| {
                last_plan(html, environment, Some(&flag.key));
            });
            section(html, "history", "History", |html| self::history(html, &flag.key, history));
        });
        html.element("aside", &[("aria-label", "facts")], |html| {
            section(html, "variants", "Variants", |html| variants(html, shown));
            section(html, "about", "About", |html| {
                facts(html, shown, written, &Dependants::in_bundle(shown.bundle).of(&flag.key));
            });
        });
    });
    if let Some(written) = written {
        section(html, "definition", "Definition", |html| file(html, written));
    }
}

/// Adds links to the flag in the other environments, with its state there.
fn elsewhere(html: &mut Html, shown: &ShownFlag<'_, '_>) {
    /// The maximum number of other environments.
    const OTHERS: usize = 20;
    let others = shown.server.environments.iter().filter(|other| other.name != shown.environment.name);
    let others = others.filter_map(|other| Some((other, other.flag(&shown.flag.key)?)));
    let others: Vec<_> = others.collect();
    if others.is_empty() {
        return;
    }
    html.element("nav", &[("class", "elsewhere"), ("aria-label", "the flag in other environments")], |html| {
        html.element("ul", &[], |html| {
            for (other, (bundle, flag)) in others.iter().take(OTHERS) {
                html.element("li", &[], |html| {
                    html.leaf("a", &[("href", &links::flag(other.name, &flag.key))], other.name).text(" ");
                    ShownState::new(other, bundle, flag).add(html);
                });
            }
            if others.len() > OTHERS {
                html.leaf("li", &[], &format!("and {} more", others.len() - OTHERS));
            }
        });
    });
}

/// Adds what keeps the rules from deciding.
fn alerts(html: &mut Html, shown: &ShownFlag<'_, '_>) {
    let ShownFlag { environment, flag, .. } = *shown;
    if let Some(variant) = environment.overriding(flag) {
        let variant = flag.variant(variant);
        html.element("div", &[("class", "alert caution-alert")], |html| {
            html.element("p", &[], |html| {
                html.leaf("strong", &[], "Overridden: ").text("this server serves ").code(&variant.name);
                html.text(" to everyone, whatever the rules say. It was started with ").code("--override");
                html.text(".");
            });
        });
    }
    let everyone = |html: &mut Html, start: &str| {
        html.element("p", &[], |html| {
            html.leaf("strong", &[], start);
            if environment.overriding(flag).is_none() {
                let who = if flag.state.is_half_open() { " Everyone else gets " } else { " Everyone gets " };
                html.text(who).code(&flag.variant(flag.off).name).text(".");
            }
        });
    };
    match &flag.state {
        State::Enabled => {}
        State::Disabled => {
            html.element("div", &[("class", "alert idle-alert")], |html| everyone(html, "Disabled."));
        }
        State::Killed { .. } => {
            html.element("div", &[("class", "alert")], |html| {
                match flag.state.is_half_open() {
                    false => everyone(html, "Killed."),
                    true => everyone(html, &format!("Killed except {}.", flag.state.admits())),
                }
                kills::details(html, flag, shown.server.now);
            });
        }
    }
}

fn variants(html: &mut Html, shown: &ShownFlag<'_, '_>) {
    let flag = shown.flag;
    html.element("ul", &[("class", "variants")], |html| {
        for (variant, id) in flag.variants.iter().zip((0..).map(VariantId)).take(LISTED) {
            html.element("li", &[], |html| {
                swatch(html, fill(shade(flag, id)));
                html.code(&variant.name).text(" = ").code(&value(&variant.value, ListText::Shortened));
                let uses = [(flag.off, "when off"), (flag.default, "by default")];
                let uses = uses.into_iter().filter(|(variant, _)| *variant == id).map(|(_, text)| text);
                let uses = uses.collect::<Vec<_>>().join(", ");
                html.text(" ").leaf("span", &[("class", "minor")], &uses);
                let whole = value(&variant.value, ListText::Whole);
                if whole != value(&variant.value, ListText::Shortened) {
                    html.element("details", &[], |html| {
                        html.leaf("summary", &[], "whole value");
                        html.leaf("p", &[], &shortened(&whole, LONGEST_VALUE));
                    });
                }
            });
        }
    });
    if flag.variants.len() > LISTED {
        let more = grouped((flag.variants.len() - LISTED) as u64);
        html.leaf("p", &[("class", "minor")], &format!("and {more} more variants"));
    }
}

/// Adds the commits that changed a flag.
fn history(html: &mut Html, key: &str, history: &FlagHistory) {
    match history {
        FlagHistory::NoHistory => {
            html.leaf("p", &[], "The source of this server is not a git repository, so it has no history.");
        }
        FlagHistory::Unknown(problem) => {
            html.element("p", &[], |html| {
                html.text("The history is not known: ").text(&shortened(problem, LONGEST)).text(".");
            });
        }
        FlagHistory::Commits { commits, complete } => {
            match commits.as_slice() {
                [] => {
                    html.leaf("p", &[], "No commit that was read changed the flag in this environment.");
                }
                commits => log_html::commits(html, commits),
            }
            if !complete {
                html.element("p", &[("class", "minor")], |html| {
                    html.text("Older commits were not read: ").code(&format!("flagctl log {key}")).text(" has them.");
                });
            }
        }
    }
}

/// Adds a section with a title.
fn section(html: &mut Html, id: &'static str, title: &str, content: impl FnOnce(&mut Html)) {
    let title_id = format!("{id}-title");
    html.element("section", &[("class", id), ("id", id), ("aria-labelledby", &title_id)], |html| {
        html.leaf("h2", &[("id", &title_id)], title);
        content(html);
    });
}
