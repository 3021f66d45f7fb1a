//! The kills: which flags serve `off` to everyone, or to all but a share of the units, because of an emergency, why, since when and until when.

use jiff::Timestamp;

use crate::bundle::{Flag, Percent, State};
use crate::report::diff::html::markup::Html;
use crate::report::page::facts::ServerFacts;
use crate::report::page::filter::FlagFilter;
use crate::report::page::{links, time};
use crate::report::text::{counted, grouped, shortened};

/// The maximum number of kills in the list.
const LISTED: usize = 50;
/// The maximum number of characters of a reason.
const LONGEST: usize = 1_000;

/// Adds the list of all kills, if there are any.
pub(super) fn list(html: &mut Html, server: &ServerFacts<'_>) {
    let killed = server.environments.iter().flat_map(|environment| {
        environment.flags().filter(|flag| is_killed(flag)).map(move |flag| (environment.name, flag))
    });
    let killed: Vec<(&str, &Flag)> = killed.collect();
    if killed.is_empty() {
        return;
    }
    html.element("section", &[("class", "kills"), ("aria-labelledby", "kills")], |html| {
        html.leaf("h2", &[("id", "kills")], &counted(killed.len(), "kill"));
        html.element("ul", &[], |html| {
            for (environment, flag) in killed.iter().take(LISTED) {
                html.element("li", &[], |html| {
                    html.element("p", &[], |html| {
                        html.element("a", &[("href", &links::flag(environment, &flag.key))], |html| {
                            html.leaf("code", &[("class", "flag")], &shortened(&flag.key, LONGEST));
                        });
                        html.text(" in ").code(environment);
                    });
                    details(html, flag, server.now);
                });
            }
        });
        if let Some(more) = killed.len().checked_sub(LISTED).filter(|more| *more > 0) {
            html.element("p", &[], |html| {
                html.text(&format!("… and {} more: ", grouped(more as u64)));
                html.leaf("a", &[("href", &FlagFilter::killed())], "all killed flags");
            });
        }
    });
}

/// Returns whether a flag is killed.
pub(super) fn is_killed(flag: &Flag) -> bool {
    matches!(flag.state, State::Killed { .. })
}

/// Adds the reason of a kill, its author, and its times.
pub(super) fn details(html: &mut Html, flag: &Flag, now: Timestamp) {
    let State::Killed { reason, by, at, expires, admit } = &flag.state else { return };
    html.leaf("p", &[("class", "reason")], &shortened(reason, LONGEST));
    if *admit != Percent::ZERO {
        html.leaf("p", &[("class", "minor")], &format!("admits {admit} of the units"));
    }
    if by.is_none() && at.is_none() && expires.is_none() {
        return;
    }
    html.element("p", &[("class", "minor")], |html| {
        let mut separator = "";
        if let Some(by) = by {
            html.text("by ").text(&shortened(by, LONGEST));
            separator = ", ";
        }
        if let Some(at) = at {
            html.text(separator).text("since ");
            time::written(html, at, now);
            separator = ", ";
        }
        if let Some(expires) = expires {
            html.text(separator);
            let is_over = expires.parse().is_ok_and(|expires: Timestamp| expires <= now);
            if is_over {
                html.leaf("strong", &[("class", "caution")], "should have ended").text(" ");
            } else {
                html.text("expires ");
            }
            time::written(html, expires, now);
        }
    });
}
