//! Counts the contexts of a file that get another result after a change.
//!
//! Each context is decided before and after the change. **Invariant:** a context that gets another result is in a
//! region that the analysis found; otherwise flagctl has a fault, and counting fails.

use std::io;
use std::io::BufRead;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::analyze::EvaluatedContext;
use crate::bundle::{Bundle, Flag, State};
use crate::diff::compared_definitions::ComparedDefinitions;
use crate::diff::flag_event::FlagEvent;
use crate::diff::impact::{Impact, ImpactVerdict};
use crate::diff::unusable_values::UnusableValues;
use crate::eval::{Context, ContextError, decide};
use crate::load::{ContextLine, ContextLines, MAX_CONTEXT_BYTES};

/// The counted contexts.
#[derive(Debug)]
pub struct PopulationCount {
    /// The number of contexts in the file.
    pub contexts: u64,
    /// The number of contexts that get another result, for each region of each impact.
    pub regions: Vec<Vec<u64>>,
    /// The values that do not have the type of their attribute.
    pub unusable: UnusableValues,
}

/// The reason why contexts could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    /// The input cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// A line is too long.
    #[error("line {0} is longer than {MAX_CONTEXT_BYTES} bytes")]
    TooLong(u64),
    /// A line is not JSON.
    #[error("line {line} is not JSON")]
    Json {
        /// The number of the line, counted from one.
        line: u64,
        /// The error of the parser.
        source: serde_json::Error,
    },
    /// A line is not a context.
    #[error("line {line} is not a context")]
    Context {
        /// The number of the line, counted from one.
        line: u64,
        /// The reason why it is not a context.
        source: ContextError,
    },
    /// A context gets another result, and the analysis did not find its region.
    #[error(
        "line {line}: `{flag}` changes for this context, and the analysis did not find it, which is a fault of flagctl"
    )]
    Missed {
        /// The number of the line, counted from one.
        line: u64,
        /// The flag's key.
        flag: String,
    },
}

/// Counts the contexts that get another result. The reader contains one JSON object on each line. All decisions are
/// made at the time `now`.
///
/// # Errors
/// Returns [`PopulationError`] if the input cannot be read, a line is not a context, or the analysis missed a context
/// that gets another result.
pub fn count_population(
    reader: impl BufRead,
    impacts: &[&Impact],
    definitions: [&ComparedDefinitions; 2],
    now: Timestamp,
) -> Result<PopulationCount, PopulationError> {
    let cases: Vec<FlagPair<'_>> = impacts.iter().map(|impact| FlagPair::new(impact, definitions)).collect();
    let mut lines = ContextLines::new(reader, 1);
    let mut total = PopulationCount::zero(&cases);
    while let Some(block) = lines.next_block()? {
        let counts: Result<Vec<PopulationCount>, PopulationError> =
            block.map_chunks(|lines| count_lines(&cases, lines, now));
        counts?.into_iter().for_each(|count| total.add(count));
    }
    Ok(total)
}

fn count_lines(
    cases: &[FlagPair<'_>],
    lines: &mut dyn Iterator<Item = ContextLine<'_>>,
    now: Timestamp,
) -> Result<PopulationCount, PopulationError> {
    let mut count = PopulationCount::zero(cases);
    for ContextLine { number: line, bytes } in lines {
        let bytes = bytes.ok_or(PopulationError::TooLong(line))?;
        let json: Json = serde_json::from_slice(bytes).map_err(|source| PopulationError::Json { line, source })?;
        count.contexts += 1;
        // All flags have the same two schemas.
        if let Some(case) = cases.first() {
            let noted = count.unusable.note(case.bundles, &json, line);
            noted.map_err(|source| PopulationError::Context { line, source })?;
        }
        for (case, counts) in cases.iter().zip(&mut count.regions) {
            if let Some(region) = case.changed_region(&json, line, now)?
                && let Some(count) = counts.get_mut(region)
            {
                *count += 1;
            }
        }
    }
    Ok(count)
}

impl PopulationCount {
    fn zero(cases: &[FlagPair<'_>]) -> Self {
        let regions = cases.iter().map(|case| vec![0; case.impact.regions().len()]).collect();
        Self { contexts: 0, regions, unusable: UnusableValues::default() }
    }

    fn add(&mut self, more: Self) {
        self.contexts += more.contexts;
        self.unusable.add(more.unusable);
        for (sum, count) in self.regions.iter_mut().flatten().zip(more.regions.into_iter().flatten()) {
            *sum += count;
        }
    }
}

/// A flag in an environment, before and after the change.
struct FlagPair<'c> {
    impact: &'c Impact,
    bundles: [&'c Bundle; 2],
    flags: [Option<Flag>; 2],
}

impl<'c> FlagPair<'c> {
    fn new(impact: &'c Impact, definitions: [&'c ComparedDefinitions; 2]) -> Self {
        let bundles = definitions.map(|definitions| definitions.bundle(&impact.environment));
        let disabled = |flag: Option<Flag>| flag.map(|flag| Flag { state: State::Disabled, ..flag });
        let [old, new] = bundles.map(|bundle: &Bundle| bundle.flag(&impact.flag).cloned());
        // A flag that is not defined is treated as a flag that serves `off`.
        let (bundles, flags) = match impact.event {
            FlagEvent::Added => ([bundles[1]; 2], [disabled(new.clone()), new]),
            FlagEvent::Removed => ([bundles[0]; 2], [old.clone(), disabled(old)]),
            FlagEvent::Killed
            | FlagEvent::HalfOpened
            | FlagEvent::Revived
            | FlagEvent::Changed
            | FlagEvent::Affected => (bundles, [old, new]),
        };
        Self { impact, bundles, flags }
    }

    /// Returns the index of the region in which the context gets another result. Returns `None` if it gets the same
    /// result, or if the verdict is not known.
    fn changed_region(&self, json: &Json, line: u64, now: Timestamp) -> Result<Option<usize>, PopulationError> {
        let ImpactVerdict::Known(regions) = &self.impact.verdict else { return Ok(None) };
        let [before, after] = self.bundles;
        let context = |bundle: &Bundle| {
            let read = Context::from_json(&bundle.attributes, json);
            read.map(|parsed| parsed.context).map_err(|source| PopulationError::Context { line, source })
        };
        let (old, new) = (context(before)?, context(after)?);
        let [Some(old_flag), Some(new_flag)] = &self.flags else { return Ok(None) };
        if decide(before, old_flag, &old, now).variant == decide(after, new_flag, &new, now).variant {
            return Ok(None);
        }
        let old = EvaluatedContext { bundle: before, context: &old };
        let new = EvaluatedContext { bundle: after, context: &new };
        match regions.iter().position(|region| region.contains(old, new, now)) {
            Some(index) => Ok(Some(index)),
            None => Err(PopulationError::Missed { line, flag: self.impact.flag.clone() }),
        }
    }
}
