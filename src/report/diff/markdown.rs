//! A diff as a comment on a pull request.
//!
//! **Invariant:** the text fits in one comment. For the rows and details that do not fit, the text contains only their
//! number.

use crate::report::Printable;
use crate::report::diff::human::{consequence, contexts, counts, headword, location, names, notes, proven};
use crate::report::diff::json::{DiffJson, FlagChangeJson, FlagDiffJson};
use crate::report::escape::{html_code, line, markdown_code, markdown_fence};
use crate::report::flags::LinkJson;
use crate::report::text::{counted, grouped};

/// The first line of every comment. CI uses it to find the comment to replace.
pub(crate) const MARKER: &str = "<!-- flagctl diff -->";
/// The maximum length in bytes. A comment on GitHub has at most 65,536 characters. The difference is reserved for the
/// numbers of omitted rows and details.
const LIMIT: usize = 65_000;
/// The maximum length of the table, in bytes.
const TABLE: usize = 30_000;

/// Returns a table with a row for each change, and below it the details of each flag, which the reader can expand.
pub fn diff(diff: &DiffJson) -> Printable {
    let names = markdown_code(&names(diff));
    let mut text = format!("{MARKER}\n### What this change does to people\n\n{names}: {}\n", counts(diff));
    for refused in &diff.refused {
        text += &format!("\n> **Refused:** {}\n", markdown_code(refused));
    }
    for note in notes(diff) {
        text += &format!("\n> **Note:** {}\n", markdown_code(&note));
    }
    let rows = diff.flags.iter().flat_map(|flag| flag.changes.iter().map(|change| row(&flag.flag, change)));
    let head = "\n| flag | environment | change | who |\n|---|---|---|---|\n";
    if !diff.flags.is_empty() {
        text += head;
        extend(&mut text, rows, TABLE, |left| format!("\n… and {left} more rows.\n"));
    }
    details(&mut text, &diff.flags, diff.population);
    Printable::markdown(&text)
}

/// Adds the details of the flags that fit.
pub(crate) fn details(text: &mut String, flags: &[FlagDiffJson], population: Option<u64>) {
    let details = flags.iter().map(|flag| {
        let parts = flag.changes.iter().map(|change| detail(change, population));
        format!(
            "\n<details><summary><code>{}</code></summary>\n\n{}{}\n</details>\n",
            html_code(&flag.flag),
            links(&flag.links),
            parts.collect::<Vec<_>>().join("\n")
        )
    });
    extend(text, details, LIMIT, |left| format!("\n… and {left} more flags in detail: `flagctl diff` shows them.\n"));
}

/// Returns a paragraph with the links of a flag, or nothing. The addresses are HTML, in which every character of an address
/// can be escaped. They begin with `https://` or `http://`, because the definition has no other addresses.
fn links(links: &[LinkJson]) -> String {
    let link = |LinkJson { title, url }: &LinkJson| {
        format!("<a href=\"{}\"><code>{}</code></a>", html_code(url), html_code(title.as_ref().unwrap_or(url)))
    };
    match links {
        [] => String::new(),
        links => format!("Links: {}\n\n", links.iter().map(link).collect::<Vec<_>>().join(", ")),
    }
}

/// Adds the parts that fit, and then adds the number of the other parts.
fn extend(text: &mut String, parts: impl Iterator<Item = String>, limit: usize, more: impl Fn(usize) -> String) {
    let mut left = 0;
    for part in parts {
        if text.len() + part.len() <= limit {
            *text += &part;
        } else {
            left += 1;
        }
    }
    if left > 0 {
        *text += &more(left);
    }
}

fn row(flag: &str, change: &FlagChangeJson) -> String {
    /// The maximum length in bytes.
    const LONGEST: usize = 600;
    let who = match (change.regions.as_slice(), &change.problem) {
        (_, Some(problem)) => markdown_code(problem),
        ([], None) => proven(change).to_owned(),
        (regions, None) => regions.iter().map(|region| markdown_code(&region.summary)).collect::<Vec<_>>().join("<br>"),
    };
    let who = if who.len() > LONGEST { shown_elsewhere(change) } else { who };
    format!("| {} | {} | {} | {who} |\n", markdown_code(flag), environments(change), headword(change))
}

/// Returns what a row contains if the groups of contexts are too long for it. The details can be too long, too.
fn shown_elsewhere(change: &FlagChangeJson) -> String {
    format!("{} of contexts, which `flagctl diff` shows", counted(change.regions.len(), "group"))
}

/// Returns the names of the environments of a change as code.
fn environments(change: &FlagChangeJson) -> String {
    change.shown_environments.split(", ").map(markdown_code).collect::<Vec<_>>().join(", ")
}

fn detail(change: &FlagChangeJson, population: Option<u64>) -> String {
    let mut text = format!("**{}**: {}\n\n", environments(change), headword(change));
    if let Some(problem) = &change.problem {
        text += &format!("- {}\n", markdown_code(problem));
    }
    for region in &change.regions {
        text += &format!("- {}\n", markdown_code(&region.summary));
        text += &format!(
            "  decided by {} → {}\n",
            markdown_code(&region.before.join(" or ")),
            markdown_code(&region.after.join(" or "))
        );
        if let (Some(known), Some(population)) = (region.known, population) {
            text += &format!("  {} of {}\n", grouped(known), contexts(population));
        }
        if let Some(example) = &region.example {
            let [before, after] = example.decisions().map(|(side, decision)| format!("{side}: {decision}"));
            let lines = [format!("$ {}", example.command()), before, after];
            let lines = lines.map(|text| line(&text).into_owned()).join("\n  ");
            let fence = markdown_fence(&lines, 3);
            text += &format!("\n  {fence}console\n  {lines}\n  {fence}\n");
        }
    }
    if let Some(consequence) = consequence(change) {
        text += &format!("- {consequence}\n");
    }
    for cause in &change.causes {
        let location = location(cause).map_or(String::new(), |location| format!("{}: ", markdown_code(&location)));
        text += &format!("- {location}{}\n", markdown_code(&cause.summary));
    }
    text
}
