//! One change of a flag: its sentence, and for each group of contexts the shares, what decides, and an example.

use serde_json::Value as Json;

use crate::bundle::ListText;
use crate::report::diff::headline::{headline, region_line};
use crate::report::diff::html::changed_files::ChangedFiles;
use crate::report::diff::html::markup::Html;
use crate::report::diff::html::shares::shares;
use crate::report::diff::human::{contexts, label, location_from_git_root};
use crate::report::diff::json::{
    CauseJson, ExampleJson, FlagChangeJson, FlagDiffJson, RegionJson, ShareJson, TransitionJson,
};
use crate::report::flags::LinkJson;
use crate::report::text::{counted, grouped, shortened};
use crate::report::value::value;

/// The maximum number of characters of a text that is written out.
const LONGEST: usize = 20_000;
/// The maximum number of characters of a command. A longer command is left out, because a part of it does something else.
const LONGEST_COMMAND: usize = 20_000;
/// The maximum number of causes and of transitions in a list.
const LISTED: usize = 200;

/// Adds the classes of a change as badges.
pub(super) fn badges(html: &mut Html, change: &FlagChangeJson) {
    for class in label(change).split(", ") {
        badge(html, class, class);
        html.text(" ");
    }
}

/// Adds a badge in the colour of a class.
pub(super) fn badge(html: &mut Html, class: &str, text: &str) {
    html.leaf("span", &[("class", &format!("badge {class}"))], text);
}

/// Adds a change.
pub(super) fn change(
    html: &mut Html,
    id: &str,
    flag: &FlagDiffJson,
    change: &FlagChangeJson,
    population: Option<u64>,
    files: &ChangedFiles<'_>,
) {
    html.element("article", &[("class", "change"), ("id", id)], |html| {
        html.element("h3", &[], |html| {
            badges(html, change);
            html.sentence(&headline(&flag.flag, change));
        });
        for region in &change.regions {
            self::region(html, region, change, population);
        }
        if !change.causes.is_empty() || !flag.links.is_empty() {
            html.element("dl", &[("class", "facts")], |html| {
                if !change.causes.is_empty() {
                    fact(html, "because", |html| causes(html, &change.causes, files));
                }
                if !flag.links.is_empty() {
                    fact(html, "links", |html| links(html, &flag.links));
                }
            });
        }
    });
}

/// Adds a term and its description.
fn fact(html: &mut Html, term: &str, description: impl FnOnce(&mut Html)) {
    html.leaf("dt", &[], term).element("dd", &[], description);
}

fn region(html: &mut Html, region: &RegionJson, change: &FlagChangeJson, population: Option<u64>) {
    html.element("div", &[("class", "region")], |html| {
        if change.regions.len() > 1 {
            html.element("p", &[("class", "who")], |html| {
                html.sentence(&region_line(region, &change.regions));
            });
        }
        shares(html, region, change);
        html.element("dl", &[("class", "facts")], |html| {
            fact(html, "decided by", |html| {
                html.codes(region.before.iter().map(String::as_str), " or ").text(" → ");
                html.codes(region.after.iter().map(String::as_str), " or ");
            });
            if let (Some(known), Some(population)) = (region.known, population) {
                fact(html, "known", |html| {
                    html.text(&format!("{} of {}", grouped(known), contexts(population)));
                });
            }
            if let Some(example) = &region.example {
                fact(html, "try", |html| self::example(html, example));
            }
        });
        exact(html, region);
    });
}

fn example(html: &mut Html, example: &ExampleJson) {
    match example.command() {
        "" => {
            let context = Json::Object(example.context.clone()).to_string();
            html.element("p", &[], |html| {
                html.code(&context);
                if let Some(now) = &example.now {
                    html.text(" at ").code(now);
                }
            });
        }
        command => {
            html.element("div", &[("class", "command")], |html| {
                if command.chars().count() > LONGEST_COMMAND {
                    html.text("the context of the example is too long for a page");
                } else {
                    html.leaf("code", &[], command);
                }
            });
        }
    }
    html.element("ul", &[("class", "decisions")], |html| {
        for (side, decision) in example.decisions() {
            html.element("li", &[], |html| {
                html.leaf("span", &[("class", "side")], side).text(" ").code(decision);
            });
        }
    });
}

/// Adds the group in one line with all its lists, and its exact shares.
fn exact(html: &mut Html, region: &RegionJson) {
    html.element("details", &[], |html| {
        html.leaf("summary", &[], "exact group and shares");
        html.element("p", &[], |html| {
            html.leaf("code", &[], &shortened(&region.text, LONGEST));
        });
        html.element("div", &[("class", "scroll"), ("role", "group"), ("aria-label", "transitions")], |html| {
            html.element("table", &[], |html| {
                html.element("tr", &[], |html| {
                    for title in ["before", "after", "share", "exactly"] {
                        html.leaf("th", &[("scope", "col")], title);
                    }
                });
                region.transitions.iter().take(LISTED).for_each(|transition| self::transition(html, transition));
            });
        });
        more(html, region.transitions.len(), "transition");
        if let (Some(least), Some(most)) = (&region.least, &region.most) {
            let bound = |share: &ShareJson| format!("{} ({})", share.percent, share.fraction);
            let text = format!("hashed anew: at least {} and at most {} move", bound(least), bound(most));
            html.leaf("p", &[], &text);
        }
    });
}

fn transition(html: &mut Html, transition: &TransitionJson) {
    let TransitionJson { from, from_value, to, to_value, share } = transition;
    html.element("tr", &[], |html| {
        for (name, json) in [(from, from_value), (to, to_value)] {
            html.element("td", &[], |html| {
                html.code(&format!("{name} = {}", value(json, ListText::Shortened)));
            });
        }
        html.leaf("td", &[("class", "number")], &share.percent).leaf("td", &[("class", "number")], &share.fraction);
    });
}

/// Adds the causes, each with a link to its line in the page.
fn causes(html: &mut Html, causes: &[CauseJson], files: &ChangedFiles<'_>) {
    html.element("ul", &[("class", "causes")], |html| {
        for cause in causes.iter().take(LISTED) {
            html.element("li", &[], |html| {
                if let Some(location) = location_from_git_root(cause) {
                    match files.address(cause) {
                        Some(address) => html.element("a", &[("href", &address)], |html| {
                            html.code(&location);
                        }),
                        None => html.code(&location),
                    };
                    html.text(" ");
                }
                html.text(&shortened(&cause.summary, LONGEST));
            });
        }
    });
    more(html, causes.len(), "cause");
}

/// Says how many things of a list are left out.
fn more(html: &mut Html, number: usize, noun: &str) {
    if let Some(left) = number.checked_sub(LISTED).filter(|left| *left > 0) {
        html.leaf(
            "p",
            &[("class", "more")],
            &format!("… and {}: `--format json` has them", counted(left, &format!("more {noun}"))),
        );
    }
}

/// Adds the links of a flag. They begin with `https://` or `http://`, because the definition has no other addresses.
fn links(html: &mut Html, links: &[LinkJson]) {
    for (index, LinkJson { title, url }) in links.iter().enumerate() {
        html.text(if index > 0 { ", " } else { "" });
        html.leaf("a", &[("href", url), ("rel", "noreferrer noopener")], title.as_ref().unwrap_or(url));
    }
}
