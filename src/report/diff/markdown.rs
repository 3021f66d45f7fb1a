//! A diff as a comment on a pull request.
//!
//! Each change is a line with its headline, which the reader can open to see the details. If all of it does not fit into
//! one comment, the longest details are shortened first and all headlines are kept, so a large change of one flag does not
//! hide the change of another.
//!
//! **Invariant:** the text fits into one comment, and says what it leaves out.

use crate::git::short_id;
use crate::report::Printable;
use crate::report::allotment::allot;
use crate::report::diff::bars::bars;
use crate::report::diff::counts::counts;
use crate::report::diff::headline::{headline, region_line};
use crate::report::diff::human::{contexts, label, location_from_git_root, notes};
use crate::report::diff::json::{DiffJson, EndpointJson, FlagChangeJson, FlagDiffJson, RegionJson};
use crate::report::diff::sentence::{Sentence, Span};
use crate::report::escape::{html_code, line, markdown_code, markdown_fence};
use crate::report::flags::LinkJson;
use crate::report::policy::markdown_section;
use crate::report::text::{counted, grouped, shortened};

/// The first line of every comment. CI uses it to find the comment to replace.
pub(crate) const MARKER: &str = "<!-- flagctl diff -->";
/// The maximum length in characters. A comment on GitHub has at most 65,536 characters. The difference is reserved for
/// what says what is left out.
const LIMIT: usize = 64_000;
/// The maximum length of all headlines, in characters.
const HEADLINES: usize = 40_000;
/// The maximum lengths of the conditions in headlines, in characters. The first with which all headlines fit is used.
const CONDITIONS: [usize; 3] = [300, 60, 0];
/// The maximum length of one text in the details, in characters.
const LONGEST: usize = 4_000;

/// Returns a headline for each change, and behind it the details.
pub fn diff(diff: &DiffJson) -> Printable {
    let [before, after] = [&diff.before, &diff.after].map(|endpoint| markdown_code(&commit_name(endpoint)));
    let mut text =
        format!("{MARKER}\n### What this change does to people\n\nFrom {before} to {after}: {}\n", counts(diff));
    for refused in &diff.refused {
        text += &format!("\n> **Refused:** {}\n", code(refused));
    }
    if let Some(policy) = &diff.policy {
        text += &markdown_section(policy);
    }
    for note in notes(diff) {
        text += &format!("\n> **Note:** {}\n", code(&note));
    }
    changes(&mut text, &diff.flags, diff.population, &command(diff));
    Printable::markdown(&text)
}

/// Returns the command that shows the diff in a terminal, with the ids of commits.
pub(crate) fn command(diff: &DiffJson) -> String {
    match (&diff.before.commit, &diff.after.commit) {
        (Some(before), Some(after)) => format!("flagctl diff {}..{}", short_id(before), short_id(after)),
        (Some(before), None) => format!("flagctl diff {}", short_id(before)),
        (None, _) => "flagctl diff".to_owned(),
    }
}

/// Returns the short id of the commit, which names the same in a year, or the name of an input that is no commit.
pub(crate) fn commit_name(endpoint: &EndpointJson) -> String {
    endpoint.commit.as_deref().map_or_else(|| endpoint.name.clone(), |commit| short_id(commit).to_owned())
}

/// One change of a flag.
struct Section {
    headline: String,
    /// The parts of the details, each with the noun of what it is.
    parts: Vec<(&'static str, String)>,
}

/// Adds the changes of flags. `command` shows what is left out.
pub(crate) fn changes(text: &mut String, flags: &[FlagDiffJson], population: Option<u64>, command: &str) {
    let all = || flags.iter().flat_map(|flag| flag.shown_changes().map(move |change| (flag, change)));
    let headlines = |longest: usize| -> Vec<String> {
        all().map(|(flag, change)| summary(change, &headline(&flag.flag, change).shortened(longest))).collect()
    };
    let fits = |headlines: &Vec<String>| headlines.iter().map(|headline| length(headline)).sum::<usize>() <= HEADLINES;
    let [.., shortest] = CONDITIONS;
    let fitting = CONDITIONS.iter().map(|longest| headlines(*longest)).find(fits);
    let headlines = fitting.unwrap_or_else(|| headlines(shortest));
    let mut sections: Vec<Section> = Vec::new();
    let mut used = length(text);
    for (headline, (flag, change)) in headlines.into_iter().zip(all()) {
        used += length(&headline) + WRAPPER;
        if used > LIMIT {
            break;
        }
        sections.push(Section { headline, parts: parts(flag, change, population) });
    }
    let lengths = sections.iter().map(|section| section.parts.iter().map(|(_, part)| length(part)).sum());
    let allotted = allot(&lengths.collect::<Vec<usize>>(), LIMIT.saturating_sub(used));
    let left = all().count() - sections.len();
    for (section, allotted) in sections.iter().zip(allotted) {
        let details = fitting_parts(&section.parts, allotted, command);
        *text += &format!("\n<details><summary>{}</summary>\n\n{details}\n</details>\n", section.headline);
    }
    if left > 0 {
        let changes = counted(left, "more change");
        *text += &format!("\n… and {changes}, for which this comment has no space: {} shows them.\n", code(command));
    }
}

/// The length of what surrounds the headline and the details of a change, with the note about what is left out.
const WRAPPER: usize = 200;

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Returns the parts that fit, and says what is left out.
fn fitting_parts(parts: &[(&'static str, String)], most: usize, command: &str) -> String {
    let mut text = String::new();
    let mut left: Vec<(&str, usize)> = Vec::new();
    let mut used = 0;
    for (noun, part) in parts {
        if used + length(part) <= most {
            used += length(part);
            text += part;
        } else if let Some((_, number)) = left.iter_mut().find(|(known, _)| known == noun) {
            *number += 1;
        } else {
            left.push((noun, 1));
        }
    }
    if !left.is_empty() {
        let left = left.iter().map(|(noun, number)| counted(*number, noun)).collect::<Vec<_>>().join(" and ");
        text += &format!("- … and {left}, for which this comment has no space: {} shows them\n", code(command));
    }
    text
}

/// Returns the classes and the headline as HTML.
fn summary(change: &FlagChangeJson, headline: &Sentence) -> String {
    let spans = headline.spans().iter().map(|span| match span {
        Span::Words(words) => words.clone(),
        Span::Environments(names) => names.split(", ").map(html).collect::<Vec<_>>().join(", "),
        Span::Flag(name) | Span::Variant(name) | Span::Code(name) => html(name),
    });
    format!("{}: {}", label(change), spans.collect::<String>())
}

fn html(text: &str) -> String {
    format!("<code>{}</code>", html_code(text))
}

/// Returns a text as code, or its beginning if it is very long.
fn code(text: &str) -> String {
    markdown_code(&cut(text))
}

/// Returns the text, or its beginning and its length.
fn cut(text: &str) -> String {
    shortened(text, LONGEST)
}

/// Returns the spans of a sentence as Markdown.
fn markdown(sentence: &Sentence) -> String {
    let spans = sentence.spans().iter().map(|span| match span {
        Span::Words(words) => words.clone(),
        Span::Flag(name) | Span::Environments(name) | Span::Variant(name) | Span::Code(name) => code(name),
    });
    spans.collect()
}

/// Returns the details of a change in parts that a comment can leave out.
fn parts(flag: &FlagDiffJson, change: &FlagChangeJson, population: Option<u64>) -> Vec<(&'static str, String)> {
    let mut parts = Vec::new();
    if !flag.links.is_empty() {
        parts.push(("link", links(&flag.links)));
    }
    if let Some(problem) = &change.problem {
        parts.push(("error", format!("- {}\n", code(problem))));
    }
    for cause in &change.causes {
        let location = location_from_git_root(cause).map_or(String::new(), |location| format!("{}: ", code(&location)));
        parts.push(("more cause", format!("- {location}{}\n", code(&cause.summary))));
    }
    for region in &change.regions {
        parts.push(("more group of contexts", self::region(region, change, population)));
    }
    parts
}

/// Returns a paragraph with the links of a flag. The addresses are HTML, in which every character of an address can be
/// escaped. They begin with `https://` or `http://`, because the definition has no other addresses.
fn links(links: &[LinkJson]) -> String {
    let link = |LinkJson { title, url }: &LinkJson| {
        format!("<a href=\"{}\">{}</a>", html_code(url), html(title.as_ref().unwrap_or(url)))
    };
    format!("Links: {}\n\n", links.iter().map(link).collect::<Vec<_>>().join(", "))
}

fn region(region: &RegionJson, change: &FlagChangeJson, population: Option<u64>) -> String {
    let mut text = match change.regions.as_slice() {
        [only] => format!("- {}:\n", markdown(&only.recipients)),
        regions => format!("- {}:\n", markdown(&region_line(region, regions))),
    };
    let bars = bars(region, change.change);
    if !bars.is_empty() {
        let lines =
            bars.iter().map(|bar| line(&cut(bar.line().as_str())).into_owned()).collect::<Vec<_>>().join("\n  ");
        let fence = markdown_fence(&lines, 3);
        text += &format!("\n  {fence}text\n  {lines}\n  {fence}\n");
    }
    let [before, after] = [&region.before, &region.after].map(|deciders| code(&deciders.join(" or ")));
    text += &format!("\n  decided by {before} → {after}\n");
    if let (Some(known), Some(population)) = (region.known, population) {
        text += &format!("  {} of {}\n", grouped(known), contexts(population));
    }
    if let Some(example) = &region.example {
        // A command that is cut would do something else.
        let command = match example.command() {
            long if length(long) > LONGEST => "the context of the example is too long for a comment".to_owned(),
            command => format!("$ {command}"),
        };
        let [before, after] = example.decisions().map(|(side, decision)| cut(&format!("{side}: {decision}")));
        let lines = [command, before, after].map(|text| line(&text).into_owned()).join("\n  ");
        let fence = markdown_fence(&lines, 3);
        text += &format!("\n  {fence}console\n  {lines}\n  {fence}\n");
    }
    text
}
