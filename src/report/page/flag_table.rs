//! The table of flags, one part of it at a time.

use std::collections::BTreeSet;

use crate::bundle::{Bundle, Flag};
use crate::report::diff::html::markup::Html;
use crate::report::flags::shares::VariantShares;
use crate::report::page::facts::{EnvironmentFacts, ServerFacts};
use crate::report::page::filter::FlagFilter;
use crate::report::page::state::ShownState;
use crate::report::page::written_flags::WrittenFlag;
use crate::report::page::{bars, links};
use crate::report::text::{counted_of, grouped, shortened};

/// The maximum number of flags in one part of the table.
const ROWS: usize = 200;
/// The maximum number of environments that have a column each.
const COLUMNS: usize = 4;
/// The maximum number of different states of a flag in a table without a column for each environment.
const STATES: usize = 6;
/// The maximum number of characters of a text in a cell.
const LONGEST: usize = 200;

/// A table of flags.
struct FlagTable<'t, 's> {
    environments: Vec<&'t EnvironmentFacts<'s>>,
    /// Whether the source has owners and descriptions.
    has_definitions: bool,
}

/// Adds the form of the filter and the flags that it selects.
pub(super) fn flags(html: &mut Html, server: &ServerFacts<'_>, filter: &FlagFilter) {
    let shown = |environment: &&EnvironmentFacts<'_>| filter.shows(environment);
    let environments: Vec<_> = server.environments.iter().filter(shown).collect();
    let has_definitions = environments.iter().any(|environment| environment.definitions.is_some());
    let table = FlagTable { environments, has_definitions };
    let all = table.keys();
    let selected: Vec<&str> = all.iter().copied().filter(|key| table.is_selected(key, filter)).collect();
    let pages = selected.len().div_ceil(ROWS).max(1);
    let page = filter.page().min(pages - 1);
    let rows = selected.iter().skip(page * ROWS).take(ROWS);
    html.element("section", &[("class", "flags"), ("aria-labelledby", "flags")], |html| {
        html.leaf("h2", &[("id", "flags")], "Flags");
        filter.form(html, server);
        html.element("p", &[("class", "count"), ("role", "status")], |html| {
            html.text(&counted_of(selected.len(), all.len(), "flag"));
            if pages > 1 {
                html.text(&format!(", page {} of {}", grouped(page as u64 + 1), grouped(pages as u64)));
            }
        });
        if !selected.is_empty() {
            table.add(html, rows.copied());
        }
        if pages > 1 {
            self::pages(html, filter, page, pages);
        }
    });
}

/// Adds links to the other parts of the table.
fn pages(html: &mut Html, filter: &FlagFilter, page: usize, pages: usize) {
    let targets = [
        ("First", (page > 0).then_some(0)),
        ("Previous", page.checked_sub(1)),
        ("Next", Some(page + 1).filter(|next| *next < pages)),
        ("Last", (page + 1 < pages).then_some(pages - 1)),
    ];
    html.element("nav", &[("class", "pages"), ("aria-label", "pages")], |html| {
        html.element("ul", &[], |html| {
            for (title, target) in targets.into_iter().filter_map(|(title, target)| Some((title, target?))) {
                html.element("li", &[], |html| {
                    html.leaf("a", &[("href", &filter.address(target))], title);
                });
            }
        });
    });
}

impl<'s> FlagTable<'_, 's> {
    /// Returns the keys of all flags of the environments.
    fn keys(&self) -> Vec<&'s str> {
        let mut bundles = self.environments.iter().filter_map(|environment| Some(environment.bundle.as_ref()?.bundle));
        let Some(first) = bundles.next() else { return Vec::new() };
        let mut keys: Vec<&str> = first.flags.keys().collect();
        // Environments usually have the same flags.
        let others: BTreeSet<&str> =
            bundles.flat_map(|bundle| bundle.flags.keys()).filter(|key| first.flags.find(key).is_none()).collect();
        if !others.is_empty() {
            keys.extend(others);
            keys.sort_unstable();
        }
        keys
    }

    /// Returns the states of a flag in the environments that have it.
    fn states<'k>(&'k self, key: &'k str) -> impl Iterator<Item = (&'k EnvironmentFacts<'s>, &'s Bundle, &'s Flag)> {
        self.environments.iter().filter_map(move |environment| {
            let (bundle, flag) = environment.flag(key)?;
            Some((*environment, bundle, flag))
        })
    }

    fn written(&self, key: &str) -> Option<&'s WrittenFlag> {
        self.environments.iter().find_map(|environment| environment.definitions?.find(key))
    }

    fn is_selected(&self, key: &str, filter: &FlagFilter) -> bool {
        filter.has_text(key, self.written(key)) && self.states(key).any(|(_, _, flag)| filter.has_state(flag))
    }

    fn add<'k>(&self, html: &mut Html, keys: impl Iterator<Item = &'k str>) {
        let has_columns = self.environments.len() <= COLUMNS;
        let owned = if self.has_definitions { "owned" } else { "unowned" };
        html.element("table", &[("class", &format!("flag-table {owned}")), ("role", "table")], |html| {
            html.element("thead", &[("role", "rowgroup")], |html| {
                html.element("tr", &[("role", "row")], |html| {
                    let mut titles = vec!["flag"];
                    titles.extend(self.has_definitions.then_some("owner"));
                    match has_columns {
                        true => titles.extend(self.environments.iter().map(|environment| environment.name)),
                        false => titles.push("state"),
                    }
                    for title in titles {
                        html.leaf("th", &[("scope", "col"), ("role", "columnheader")], title);
                    }
                });
            });
            html.element("tbody", &[("role", "rowgroup")], |html| {
                for key in keys {
                    html.element("tr", &[("role", "row")], |html| {
                        self.name(html, key);
                        match has_columns {
                            true => self.columns(html, key),
                            false => html_cell(html, |html| self.merged(html, key)),
                        }
                    });
                }
            });
        });
    }

    /// Adds the cells with the key, the description and the owner.
    fn name(&self, html: &mut Html, key: &str) {
        let written = self.written(key);
        html.element("th", &[("scope", "row"), ("role", "rowheader")], |html| {
            // The last environment of the promotion is the one that most people ask for.
            let address = self.states(key).last().map(|(environment, ..)| links::flag(environment.name, key));
            html.element("a", &[("href", &address.unwrap_or_default())], |html| {
                html.leaf("code", &[("class", "flag")], &shortened(key, LONGEST));
            });
            if let Some(description) = written.and_then(|written| written.description.as_deref()) {
                html.text(" ").leaf("span", &[("class", "description")], &shortened(description, LONGEST));
            }
        });
        if self.has_definitions {
            html_cell(html, |html| {
                html.leaf("span", &[("class", "label")], "owner ");
                match written.and_then(|written| written.owner.as_deref()) {
                    Some(owner) => html.leaf("span", &[("class", "owner")], &shortened(owner, LONGEST)),
                    None => html.leaf("span", &[("class", "minor")], "–"),
                };
            });
        }
    }

    /// Adds a cell for each environment.
    fn columns(&self, html: &mut Html, key: &str) {
        for environment in &self.environments {
            html_cell(html, |html| {
                html.leaf("span", &[("class", "label")], environment.name).text(" ");
                match environment.flag(key) {
                    None => {
                        html.leaf("span", &[("class", "minor")], "–");
                    }
                    Some((bundle, flag)) => {
                        html.element("div", &[("class", "state")], |html| {
                            bars::stack(html, &bars::stacked(environment, flag));
                            html.text(" ").element("a", &[("href", &links::flag(environment.name, key))], |html| {
                                ShownState::new(environment, bundle, flag).add(html);
                            });
                        });
                    }
                }
            });
        }
    }

    /// Adds the states, each with the environments that have it.
    fn merged(&self, html: &mut Html, key: &str) {
        let mut merged: Vec<(ShownState, Vec<VariantShares>, Vec<&str>)> = Vec::new();
        for (environment, bundle, flag) in self.states(key) {
            let (state, shares) = (ShownState::new(environment, bundle, flag), bars::stacked(environment, flag));
            match merged.iter_mut().find(|(known, known_shares, _)| *known == state && *known_shares == shares) {
                Some((.., names)) => names.push(environment.name),
                None => merged.push((state, shares, vec![environment.name])),
            }
        }
        for (state, shares, names) in merged.iter().take(STATES) {
            html.element("div", &[("class", "merged")], |html| {
                bars::stack(html, shares);
                html.text(" ");
                state.add(html);
                let shown = names.iter().take(STATES).copied().collect::<Vec<_>>().join(", ");
                let more = names.len().saturating_sub(STATES);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                html.text(" ").leaf("span", &[("class", "minor")], &format!("in {shown}{more}"));
            });
        }
        if merged.len() > STATES {
            html.leaf("p", &[("class", "minor")], &format!("and {} other states", merged.len() - STATES));
        }
    }
}

fn html_cell(html: &mut Html, content: impl FnOnce(&mut Html)) {
    html.element("td", &[("role", "cell")], content);
}
