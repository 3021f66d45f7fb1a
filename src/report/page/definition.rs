//! The facts about a flag that are not rules, and the text of its file.

use crate::report::diff::html::markup::Html;
use crate::report::page::facts::ShownFlag;
use crate::report::page::links;
use crate::report::page::overview::origin;
use crate::report::page::written_flags::WrittenFlag;
use crate::report::text::{grouped, shortened};

/// The maximum number of characters of a text.
const LONGEST: usize = 500;
/// The maximum number of entries of a list.
const LISTED: usize = 50;
/// The maximum number of lines of a file that is open at first.
const SHORT: usize = 100;
/// The maximum number of lines of a file.
const LINES: usize = 2_000;
/// The maximum number of characters of a line.
const LONGEST_LINE: usize = 1_000;

/// Adds the facts. `dependants` is the keys of the flags that require this one.
pub(super) fn facts(html: &mut Html, shown: &ShownFlag<'_, '_>, written: Option<&WrittenFlag>, dependants: &[&str]) {
    html.element("dl", &[("class", "facts")], |html| {
        if let Some(written) = written {
            about(html, written);
        }
        compiled(html, shown);
        if !dependants.is_empty() {
            fact(html, "required by", |html| {
                for (index, key) in dependants.iter().take(LISTED).enumerate() {
                    html.text(if index > 0 { ", " } else { "" });
                    html.element("a", &[("href", &links::flag(shown.environment.name, key))], |html| {
                        html.code(key);
                    });
                }
                if dependants.len() > LISTED {
                    html.text(&format!(" and {} more", grouped((dependants.len() - LISTED) as u64)));
                }
            });
        }
        if let Some(bundle) = &shown.environment.bundle {
            fact(html, "served from", |html| origin(html, bundle));
        }
    });
    if written.is_none() {
        html.leaf(
            "p",
            &[("class", "minor")],
            "The source has compiled bundles, without the owner, the description and the links.",
        );
    }
}

/// Adds what only the definition has.
fn about(html: &mut Html, written: &WrittenFlag) {
    text(html, "owner", written.owner.as_deref());
    text(html, "kind", Some(&written.kind));
    text(html, "expires", written.expires.as_deref());
    if !written.tags.is_empty() {
        fact(html, "tags", |html| {
            html.codes(written.tags.iter().take(LISTED).map(String::as_str), ", ");
        });
    }
    if !written.links.is_empty() {
        fact(html, "links", |html| {
            html.element("ul", &[], |html| {
                for link in written.links.iter().take(LISTED) {
                    let title = shortened(link.title.as_ref().unwrap_or(&link.url), LONGEST);
                    html.element("li", &[], |html| {
                        html.leaf("a", &[("href", &link.url), ("rel", "noreferrer noopener")], &title);
                    });
                }
            });
        });
    }
    fact(html, "file", |html| {
        html.code(&written.path);
    });
}

/// Adds what the bundle has.
fn compiled(html: &mut Html, shown: &ShownFlag<'_, '_>) {
    let flag = shown.flag;
    if !flag.metadata.is_empty() {
        fact(html, "metadata", |html| {
            html.element("ul", &[], |html| {
                for (key, value) in flag.metadata.iter().take(LISTED) {
                    html.element("li", &[], |html| {
                        html.code(&shortened(&format!("{key} = {value}"), LONGEST));
                    });
                }
            });
        });
    }
    text(html, "for clients", Some(if flag.client { "yes, browsers and apps may receive it" } else { "no" }));
    fact(html, "unit", |html| {
        html.code(shown.bundle.attributes.name(flag.unit));
    });
    if flag.bucketer.salt() != flag.key.as_ref() {
        fact(html, "salt", |html| {
            html.code(flag.bucketer.salt());
        });
    }
}

/// Adds the text of the file, with the numbers of its lines.
pub(super) fn file(html: &mut Html, written: &WrittenFlag) {
    let attributes = [("class", "file"), ("open", "open")];
    let is_short = written.text.lines().nth(SHORT).is_none();
    html.element("details", if is_short { &attributes } else { &attributes[..1] }, |html| {
        html.element("summary", &[], |html| {
            html.code(&written.path);
        });
        html.element("div", &[("class", "lines")], |html| {
            for (index, line) in written.text.lines().take(LINES).enumerate() {
                html.element("div", &[("class", "line")], |html| {
                    html.leaf("b", &[], &(index + 1).to_string()).text(" ");
                    html.leaf("code", &[], &shortened(line, LONGEST_LINE));
                });
            }
        });
        let more = written.text.lines().count().saturating_sub(LINES);
        if more > 0 {
            html.leaf("p", &[("class", "minor")], &format!("… and {} more lines", grouped(more as u64)));
        }
    });
}

fn text(html: &mut Html, term: &str, text: Option<&str>) {
    if let Some(text) = text {
        fact(html, term, |html| {
            html.text(&shortened(text, LONGEST));
        });
    }
}

/// Adds a term and its description.
fn fact(html: &mut Html, term: &str, description: impl FnOnce(&mut Html)) {
    html.leaf("dt", &[], term).element("dd", &[], description);
}
