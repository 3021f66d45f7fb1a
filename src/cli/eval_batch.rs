//! `flagctl eval --contexts`: decides flags for a stream of contexts, in constant memory and on all cores.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{CompactFormatter, Serializer};

use crate::bundle::{AttributeId, Bundle, Flag};
use crate::cli::console;
use crate::cli::console::stderr_is_terminal;
use crate::cli::context_arg;
use crate::cli::exit::Exit;
use crate::eval::{Context, Decision, ErrorCode, ParsedContext, Value, decide};
use crate::load::{ContextLine, ContextLines, MAX_CONTEXT_BYTES};
use crate::report::Printable;

/// The estimated size of a line of output without its decisions, in bytes. It avoids repeated allocations of the output
/// buffer.
const LINE_BYTES: usize = 100;
/// The estimated size of a decision in a line of output, in bytes.
const DECISION_BYTES: usize = 80;
/// The maximum number of undeclared attributes that are reported by name.
const MAX_UNDECLARED: usize = 20;

/// Decides all flags for each line of a file, and writes one line of JSON for each.
pub(crate) fn run(bundle: &Bundle, flags: &[&Flag], path: &Path, now: Timestamp) -> Result<Exit> {
    let mut reader = ContextLines::new(BufReader::with_capacity(1 << 16, context_arg::open(path)?), flags.len());
    let progress = progress(path);
    let mut summary = Summary::default();
    let failed = || format!("cannot read `{}`", path.display());
    let mut ahead = reader.next_block().with_context(failed)?;
    while let Some(block) = ahead {
        // The next block is read while the current block is decided.
        let decide = || -> Vec<_> { block.map_chunks(|lines| decide_lines(bundle, flags, lines, now)) };
        let (decided, next) = rayon::join(decide, || reader.next_block());
        for (text, part) in decided {
            console::write(text)?;
            summary.add(part);
        }
        progress.set_position(reader.bytes_read());
        ahead = next.with_context(failed)?;
    }
    progress.finish_and_clear();
    summary.report();
    Ok(if summary.refused == 0 { Exit::Yes } else { Exit::No })
}

/// The statistics that are reported after the last line.
#[derive(Default)]
struct Summary {
    refused: u64,
    undeclared: BTreeSet<String>,
}

impl Summary {
    fn add(&mut self, other: Self) {
        self.refused += other.refused;
        for name in other.undeclared {
            self.note(name);
        }
    }

    fn note(&mut self, name: String) {
        if self.undeclared.len() < MAX_UNDECLARED {
            self.undeclared.insert(name);
        }
    }

    fn report(&self) {
        if !self.undeclared.is_empty() {
            let names = self.undeclared.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if self.undeclared.len() == MAX_UNDECLARED { " and perhaps more" } else { "" };
            console::note(format!("attributes that flagctl.yaml does not declare are ignored: {names}{more}"));
        }
        match self.refused {
            0 => {}
            1 => console::error("1 line is not a context"),
            lines => console::error(format!("{lines} lines are not contexts")),
        }
    }
}

/// The output for one line, without its decisions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineJson<'l> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    targeting_key: Option<&'l str>,
    /// The attributes whose values do not have the declared type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unusable: Vec<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BriefJson<'l> {
    value: &'l Json,
    variant: &'l str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
}

impl<'l> BriefJson<'l> {
    fn new(flag: &'l Flag, decision: &Decision<'l>) -> Self {
        Self {
            value: &decision.variant.value,
            variant: &decision.variant.name,
            reason: decision.reason.name(),
            rule: decision.rule.map(|index| flag.rule_name(index)),
            error_code: decision.reason.error_code().map(ErrorCode::name),
        }
    }
}

/// The different decisions of a flag so far, each with its JSON. A flag has few different decisions, so most decisions
/// are written without being serialized again.
struct DecisionCache<'b> {
    flag: &'b Flag,
    decisions: Vec<(Decision<'b>, Vec<u8>)>,
}

impl<'b> DecisionCache<'b> {
    fn write(&mut self, decision: Decision<'b>, text: &mut Vec<u8>) {
        let same = |cached: &Decision<'_>| {
            std::ptr::eq(cached.variant, decision.variant)
                && cached.rule == decision.rule
                && cached.reason == decision.reason
        };
        if let Some((_, known)) = self.decisions.iter().find(|(cached, _)| same(cached)) {
            return text.extend_from_slice(known);
        }
        let mut new = Vec::new();
        json(&self.flag.key, &mut new);
        new.push(b':');
        json(&BriefJson::new(self.flag, &decision), &mut new);
        text.extend_from_slice(&new);
        self.decisions.push((decision, new));
    }
}

fn json(value: &impl Serialize, text: &mut Vec<u8>) {
    // A write to memory cannot fail.
    value.serialize(&mut Serializer::with_formatter(text, CompactFormatter)).unwrap_or_default();
}

fn decide_lines(
    bundle: &Bundle,
    flags: &[&Flag],
    lines: &mut dyn Iterator<Item = ContextLine<'_>>,
    now: Timestamp,
) -> (Printable, Summary) {
    let (_, most) = lines.size_hint();
    let mut text = Vec::with_capacity(most.unwrap_or(0) * (LINE_BYTES + flags.len() * DECISION_BYTES));
    let mut summary = Summary::default();
    let mut caches: Vec<_> = flags.iter().map(|flag| DecisionCache { flag, decisions: Vec::new() }).collect();
    for line in lines {
        decide_line(bundle, &mut caches, &line, now, &mut text, &mut summary);
    }
    // The text is JSON, which is UTF-8.
    let text = String::from_utf8(text).unwrap_or_default();
    (Printable::json_document(text), summary)
}

fn decide_line<'b>(
    bundle: &'b Bundle,
    flags: &mut [DecisionCache<'b>],
    line: &ContextLine<'_>,
    now: Timestamp,
    text: &mut Vec<u8>,
    summary: &mut Summary,
) {
    let read = match line.bytes {
        None => Err(format!("longer than {} bytes", MAX_CONTEXT_BYTES)),
        Some(bytes) => Context::from_slice(&bundle.attributes, bytes).map_err(|error| error.to_string()),
    };
    let mut written = LineJson { line: line.number, targeting_key: None, unusable: vec![], error: None };
    match read {
        Err(error) => {
            summary.refused += 1;
            written.error = Some(error);
            json(&written, text);
        }
        Ok(ParsedContext { context, undeclared }) => {
            undeclared.into_iter().for_each(|name| summary.note(name));
            if let Value::Text(key) = context.value(AttributeId::TARGETING_KEY) {
                written.targeting_key = Some(key);
            }
            let unusable = |id| matches!(context.value(id), Value::Unusable(_));
            let attributes = bundle.attributes.iter().filter(|(id, _)| unusable(*id));
            written.unusable = attributes.map(|(_, attribute)| attribute.name.as_ref()).collect();
            json(&written, text);
            // The decisions are inserted before the closing brace of the object.
            text.pop();
            text.extend_from_slice(b",\"decisions\":{");
            for (index, flag) in flags.iter_mut().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                flag.write(decide(bundle, flag.flag, &context, now), text);
            }
            text.extend_from_slice(b"}}");
        }
    }
    text.push(b'\n');
}

/// Returns a progress bar, which is shown only on a terminal. For a file, it shows the processed part of the file.
fn progress(path: &Path) -> ProgressBar {
    let length = std::fs::metadata(path).ok().map(|metadata| metadata.len()).filter(|length| *length > 0);
    let target = if stderr_is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(length, target);
    let template = match length {
        Some(_) => "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        None => "{bytes}, {bytes_per_sec}",
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
