//! What a change does to all contexts, as a comment of a pull request.
//!
//! **Invariant:** it fits in a comment: what does not is counted.

use crate::report::diff::human::{contexts, headword, line, proven, summary};
use crate::report::{DiffJson, FlagChangeJson, FlagDiffJson};

/// By which a comment is found again.
pub(crate) const MARKER: &str = "<!-- flagctl diff -->";
/// A comment of GitHub's has at most 65,536 characters; the rest is for what was left out.
const LIMIT: usize = 65_000;
/// Of it, for the table.
const TABLE: usize = 30_000;

/// A table, and what is behind each row to unfold.
pub fn diff_markdown(diff: &DiffJson) -> String {
    let mut text = format!("{MARKER}\n### What this change does to people\n\n{}\n", escaped(&summary(diff)));
    for refused in &diff.refused {
        text += &format!("\n> **Refused:** {}\n", escaped(refused));
    }
    let rows = diff.flags.iter().flat_map(|flag| flag.changes.iter().map(|change| row(&flag.flag, change)));
    let head = "\n| flag | environment | change | who |\n|---|---|---|---|\n";
    if !diff.flags.is_empty() {
        text += head;
        extend(&mut text, rows, TABLE, |left| format!("\n… and {left} more rows.\n"));
    }
    details(&mut text, &diff.flags, diff.population);
    text
}

/// What is behind each flag, as far as it fits.
pub(crate) fn details(text: &mut String, flags: &[FlagDiffJson], population: Option<u64>) {
    let details = flags.iter().map(|flag| {
        let parts = flag.changes.iter().map(|change| part(change, population));
        format!(
            "\n<details><summary><code>{}</code></summary>\n\n{}\n</details>\n",
            html(&flag.flag),
            parts.collect::<Vec<_>>().join("\n")
        )
    });
    extend(text, details, LIMIT, |left| format!("\n… and {left} more flags in detail: `flagctl diff` shows them.\n"));
}

/// Adds what fits, and says how many do not.
fn extend(text: &mut String, parts: impl Iterator<Item = String>, limit: usize, more: impl Fn(usize) -> String) {
    let mut left = 0;
    for part in parts {
        if left == 0 && text.len() + part.len() <= limit {
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
    const LONGEST: usize = 600;
    let who = match (change.regions.as_slice(), &change.problem) {
        (_, Some(problem)) => code(problem),
        ([], None) => escaped(proven(change)),
        (regions, None) => regions.iter().map(|region| code(&region.text)).collect::<Vec<_>>().join("<br>"),
    };
    let who = if who.len() > LONGEST { format!("{} regions, below", change.regions.len()) } else { who };
    let who = who.replace('|', "\\|");
    format!("| `{flag}` | {} | {} | {who} |\n", change.environments.join(", "), headword(change))
}

fn part(change: &FlagChangeJson, population: Option<u64>) -> String {
    let mut text = format!("**{}**: {}\n\n", change.environments.join(", "), headword(change));
    if let Some(problem) = &change.problem {
        text += &format!("- {}\n", code(problem));
    }
    for region in &change.regions {
        text += &format!("- {}\n", code(&region.text));
        text += &format!("  decided by {} → {}\n", code(&region.before.join(" or ")), code(&region.after.join(" or ")));
        if let (Some(known), Some(population)) = (region.known, population) {
            text += &format!("  {} of {}\n", crate::report::text::grouped(known), contexts(population));
        }
        if let Some(example) = &region.example {
            let of = |side: &Option<String>| side.clone().unwrap_or_else(|| "no flag".to_owned());
            let (before, after) = (of(&example.before), of(&example.after));
            let lines = format!("$ {}\nbefore: {before}\nafter: {after}", example.command).replace('\n', "\n  ");
            let fence = fence(&lines, 3);
            text += &format!("\n  {fence}console\n  {lines}\n  {fence}\n");
        }
    }
    for cause in &change.causes {
        let place = line(cause).map_or(String::new(), |line| format!("`{line}`: "));
        text += &format!("- {place}{}\n", code(&cause.text));
    }
    text
}

/// So many backticks as no run of the text's has, and at least some.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

/// A span of code, whatever the text has in it.
pub(crate) fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let fence = fence(&text, 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Plain text in which nothing has a meaning of its own, but code spans.
fn escaped(text: &str) -> String {
    html(text).replace('*', "\\*").replace('_', "\\_")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
