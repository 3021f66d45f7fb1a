//! `flagctl eval --contexts`: decisions for a stream of contexts, in constant memory, on all cores.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value as Json;
use serde_json::ser::{CompactFormatter, Serializer};

use super::{Exit, context, watched};
use crate::bundle::{AttributeId, Bundle, Flag};
use crate::eval::{Context, Reason, Value, decide};

/// So many bytes of lines are read before they are shared out.
const BLOCK: usize = 4 << 20;
/// So many lines are decided by one core at a time.
pub(super) const SHARE: usize = 256;
/// So many names of undeclared attributes are remembered.
const NAMES: usize = 20;

pub(super) fn run(bundle: &Bundle, flags: &[&Flag], path: &Path, now: Timestamp) -> Result<Exit> {
    let mut reader = Lines::new(BufReader::with_capacity(1 << 16, context::open(path)?));
    let mut out = BufWriter::new(io::stdout().lock());
    let progress = progress(path);
    let mut summary = Summary::default();
    let failed = || format!("cannot read `{}`", path.display());
    let mut block = reader.block().with_context(failed)?;
    while !block.is_empty() {
        // Reading the next block goes on while this one is decided.
        let decide = || -> Vec<(Vec<u8>, Summary)> {
            block.par_chunks(SHARE).map(|lines| decide_lines(bundle, flags, lines, now)).collect()
        };
        let (decided, next) = rayon::join(decide, || reader.block());
        for (text, part) in decided {
            out.write_all(&text)?;
            summary.add(part);
        }
        progress.set_position(reader.read);
        block = next.with_context(failed)?;
    }
    out.flush()?;
    progress.finish_and_clear();
    summary.report(&mut io::stderr().lock())?;
    Ok(if summary.refused == 0 { Exit::Yes } else { Exit::No })
}

/// One line of the input.
pub(super) struct Line {
    /// From one.
    pub(super) number: u64,
    /// None if it is longer than a context may be.
    pub(super) bytes: Option<Vec<u8>>,
}

pub(super) struct Lines<R> {
    reader: R,
    /// In bytes.
    read: u64,
    /// In lines.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, read: 0, number: 0 }
    }

    /// Whole lines, [`BLOCK`] bytes of them or what is left.
    pub(super) fn block(&mut self) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        let mut size = 0;
        while size < BLOCK {
            let mut bytes = Vec::new();
            let read = (&mut self.reader).take(context::LIMIT).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                break;
            }
            self.read += read as u64;
            self.number += 1;
            size += read;
            let long = read as u64 == context::LIMIT && bytes.last() != Some(&b'\n');
            if long {
                self.read += self.reader.skip_until(b'\n')? as u64;
            }
            lines.push(Line { number: self.number, bytes: (!long).then_some(bytes) });
        }
        Ok(lines)
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

/// What is written for one line.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<Decisions<'l>>,
}

/// Serialised as a mapping from flags to decisions.
struct Decisions<'l> {
    bundle: &'l Bundle,
    flags: &'l [&'l Flag],
    context: &'l Context<'l>,
    now: Timestamp,
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

impl Serialize for Decisions<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.flags.iter().map(|flag| {
            let decision = decide(self.bundle, flag, self.context, self.now);
            let rule = decision.rule.and_then(|at| flag.rules.get(at));
            let brief = BriefJson {
                value: &decision.variant.value,
                variant: &decision.variant.name,
                reason: decision.reason.name(),
                rule: rule.and_then(|rule| rule.name.as_deref()),
                error_code: match decision.reason {
                    Reason::Error(code) => Some(code.name()),
                    _ => None,
                },
            };
            (&flag.key, brief)
        }))
    }
}

fn decide_lines(bundle: &Bundle, flags: &[&Flag], lines: &[Line], now: Timestamp) -> (Vec<u8>, Summary) {
    let mut text = Vec::new();
    let mut summary = Summary::default();
    for line in lines {
        if line.bytes.as_ref().is_some_and(|bytes| bytes.trim_ascii().is_empty()) {
            continue;
        }
        decide_line(bundle, flags, line, now, &mut text, &mut summary);
    }
    (text, summary)
}

fn decide_line(
    bundle: &Bundle,
    flags: &[&Flag],
    line: &Line,
    now: Timestamp,
    text: &mut Vec<u8>,
    summary: &mut Summary,
) {
    let parsed = match &line.bytes {
        None => Err(format!("longer than {} bytes", context::LIMIT)),
        Some(bytes) => serde_json::from_slice::<Json>(bytes).map_err(|error| error.to_string()),
    };
    let read = parsed
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|json| Context::from_json(&bundle.attributes, json).map_err(|error| error.to_string()));
    let mut written =
        LineJson { line: line.number, targeting_key: None, unusable: vec![], error: None, decisions: None };
    // Writing to memory does not fail.
    let mut write = |written: &LineJson<'_>| {
        written.serialize(&mut Serializer::with_formatter(&mut *text, CompactFormatter)).unwrap_or_default();
        text.push(b'\n');
    };
    match read {
        Err(error) => {
            summary.refused += 1;
            written.error = Some(error);
            write(&written);
        }
        Ok((context, undeclared)) => {
            undeclared.into_iter().for_each(|name| summary.note(name));
            if let Value::Text(key) = context.value(AttributeId::TARGETING_KEY) {
                written.targeting_key = Some(key);
            }
            let unusable = |id| matches!(context.value(id), Value::Unusable(_));
            let attributes = bundle.attributes.iter().filter(|(id, _)| unusable(*id));
            written.unusable = attributes.map(|(_, attribute)| attribute.name.as_ref()).collect();
            written.decisions = Some(Decisions { bundle, flags, context: &context, now });
            write(&written);
        }
    }
}

/// Shown only where someone watches; of a file, how far it is.
fn progress(path: &Path) -> ProgressBar {
    let length = std::fs::metadata(path).ok().map(|metadata| metadata.len()).filter(|length| *length > 0);
    let target = if watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
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
