//! `flagctl eval --contexts`: decisions for a stream of contexts, in constant memory, on all cores.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{CompactFormatter, Serializer};

use crate::bundle::{AttributeId, Bundle, Flag};
use crate::cli::context_arg;
use crate::cli::exit::Exit;
use crate::cli::terminal::stderr_is_terminal;
use crate::eval::{Context, Decision, ParsedContext, Reason, Value, decide};

/// So many bytes of lines are read for each core before they are shared out: what is written of them stays in its cache.
const BLOCK: usize = 256 << 10;
/// So many decisions wait for each core at a time to be written.
const DECISIONS: usize = 1 << 15;
/// So many lines are decided by one core at a time.
const SHARE: usize = 256;
/// So many bytes a line has about, and so many each decision in it; more is a matter of speed alone.
const LINE: usize = 100;
const DECISION: usize = 80;
/// So many names of undeclared attributes are remembered.
const NAMES: usize = 20;

pub(crate) fn run(bundle: &Bundle, flags: &[&Flag], path: &Path, now: Timestamp) -> Result<Exit> {
    let mut reader = Lines::new(BufReader::with_capacity(1 << 16, context_arg::open(path)?), flags.len());
    let mut out = BufWriter::new(io::stdout().lock());
    let progress = progress(path);
    let mut summary = Summary::default();
    let failed = || format!("cannot read `{}`", path.display());
    let mut ahead = reader.block().with_context(failed)?;
    while let Some(block) = ahead {
        // Reading the next block goes on while this one is decided.
        let decide = || -> Vec<_> { block.shares(|lines| decide_lines(bundle, flags, lines, now)) };
        let (decided, next) = rayon::join(decide, || reader.block());
        for (text, part) in decided {
            out.write_all(&text)?;
            summary.add(part);
        }
        progress.set_position(reader.read);
        ahead = next.with_context(failed)?;
    }
    out.flush()?;
    progress.finish_and_clear();
    summary.report(&mut io::stderr().lock())?;
    Ok(if summary.refused == 0 { Exit::Yes } else { Exit::No })
}

/// Lines of the input.
#[derive(Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    /// The number of each, from one, and where it is; none if it is longer than a context may be.
    lines: Vec<(u64, Option<Range<usize>>)>,
}

/// One line of a [`Block`].
pub(crate) struct Line<'b> {
    /// From one.
    pub(crate) number: u64,
    /// None if it is longer than a context may be.
    pub(crate) bytes: Option<&'b [u8]>,
}

impl Block {
    fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What becomes of some lines at a time, on all cores, in their order; but of those with nothing in them.
    pub(crate) fn shares<T: Send, C: FromParallelIterator<T>>(
        &self,
        work: impl Fn(&mut dyn Iterator<Item = Line<'_>>) -> T + Sync,
    ) -> C {
        let line = |(number, place): &(u64, Option<Range<usize>>)| {
            let bytes = place.clone().map(|place| self.bytes.get(place).unwrap_or_default());
            Line { number: *number, bytes }
        };
        let share = |lines: &[_]| {
            work(
                &mut lines
                    .iter()
                    .map(line)
                    .filter(|line| line.bytes.is_none_or(|bytes| !bytes.trim_ascii().is_empty())),
            )
        };
        let even = self.lines.len().div_ceil(rayon::current_num_threads());
        self.lines.par_chunks(even.clamp(1, SHARE)).map(share).collect()
    }
}

pub(crate) struct Lines<R> {
    reader: R,
    /// So many are in a block at most.
    most: usize,
    /// In bytes.
    read: u64,
    /// In lines.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Of each, so many decisions are to be kept until it is written.
    pub(crate) fn new(reader: R, decisions: usize) -> Self {
        let most = (DECISIONS * rayon::current_num_threads() / decisions.max(1)).max(1);
        Self { reader, most, read: 0, number: 0 }
    }

    /// Completeness lines, [`BLOCK`] bytes or [`DECISIONS`] of them for each core, or what is left; none at the end.
    pub(crate) fn block(&mut self) -> io::Result<Option<Block>> {
        let mut block = Block::default();
        let size = BLOCK * rayon::current_num_threads();
        block.bytes.reserve(size);
        while block.bytes.len() < size && block.lines.len() < self.most {
            let start = block.bytes.len();
            let read = (&mut self.reader).take(context_arg::LIMIT).read_until(b'\n', &mut block.bytes)?;
            if read == 0 {
                break;
            }
            self.read += read as u64;
            self.number += 1;
            let long = read as u64 == context_arg::LIMIT && block.bytes.last() != Some(&b'\n');
            if long {
                self.read += self.reader.skip_until(b'\n')? as u64;
                block.bytes.truncate(start);
            }
            block.lines.push((self.number, (!long).then_some(start..block.bytes.len())));
        }
        Ok((!block.is_empty()).then_some(block))
    }
}

/// What is to be said about the lines when all are decided.
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
        if self.undeclared.len() < NAMES {
            self.undeclared.insert(name);
        }
    }

    fn report(&self, err: &mut dyn Write) -> io::Result<()> {
        if !self.undeclared.is_empty() {
            let names = self.undeclared.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if self.undeclared.len() == NAMES { " and perhaps more" } else { "" };
            writeln!(err, "note: attributes that flagctl.yaml does not declare were left aside: {names}{more}")?;
        }
        match self.refused {
            0 => Ok(()),
            1 => writeln!(err, "error: 1 line is no context"),
            lines => writeln!(err, "error: {lines} lines are no contexts"),
        }
    }
}

/// What is written for one line, before its decisions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineJson<'l> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    targeting_key: Option<&'l str>,
    /// Attributes whose value is not of the declared type.
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
    rule: Option<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
}

impl<'l> BriefJson<'l> {
    fn new(flag: &'l Flag, decision: &Decision<'l>) -> Self {
        let rule = decision.rule.and_then(|at| flag.rules.get(at));
        Self {
            value: &decision.variant.value,
            variant: &decision.variant.name,
            reason: decision.reason.name(),
            rule: rule.and_then(|rule| rule.name.as_deref()),
            error_code: match decision.reason {
                Reason::Error(code) => Some(code.name()),
                _ => None,
            },
        }
    }
}

/// The decisions of a flag that were met so far, and what is written of each: there are few, and they come again.
struct Met<'b> {
    flag: &'b Flag,
    decisions: Vec<(Decision<'b>, Vec<u8>)>,
}

impl<'b> Met<'b> {
    fn write(&mut self, decision: Decision<'b>, text: &mut Vec<u8>) {
        let same = |met: &Decision<'_>| {
            std::ptr::eq(met.variant, decision.variant) && met.rule == decision.rule && met.reason == decision.reason
        };
        if let Some((_, known)) = self.decisions.iter().find(|(met, _)| same(met)) {
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
    // Writing to memory does not fail.
    value.serialize(&mut Serializer::with_formatter(text, CompactFormatter)).unwrap_or_default();
}

fn decide_lines(
    bundle: &Bundle,
    flags: &[&Flag],
    lines: &mut dyn Iterator<Item = Line<'_>>,
    now: Timestamp,
) -> (Vec<u8>, Summary) {
    let (_, most) = lines.size_hint();
    let mut text = Vec::with_capacity(most.unwrap_or(0) * (LINE + flags.len() * DECISION));
    let mut summary = Summary::default();
    let mut met: Vec<_> = flags.iter().map(|flag| Met { flag, decisions: Vec::new() }).collect();
    for line in lines {
        decide_line(bundle, &mut met, &line, now, &mut text, &mut summary);
    }
    (text, summary)
}

fn decide_line<'b>(
    bundle: &'b Bundle,
    flags: &mut [Met<'b>],
    line: &Line<'_>,
    now: Timestamp,
    text: &mut Vec<u8>,
    summary: &mut Summary,
) {
    let read = match line.bytes {
        None => Err(format!("longer than {} bytes", context_arg::LIMIT)),
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
            // Inside of it.
            text.pop();
            text.extend_from_slice(b",\"decisions\":{");
            for (at, flag) in flags.iter_mut().enumerate() {
                if at > 0 {
                    text.push(b',');
                }
                flag.write(decide(bundle, flag.flag, &context, now), text);
            }
            text.extend_from_slice(b"}}");
        }
    }
    text.push(b'\n');
}

/// Shown only where someone watches; of a file, how far it is.
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
