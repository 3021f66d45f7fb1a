//! `flagctl diff --population`: how many known contexts get something else.
//!
//! Each context is decided on both sides; who moves must lie in a region that the analysis found, or the program has
//! a fault.

use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::analyze::EvaluatedContext;
use crate::bundle::{Bundle, Flag, State as Switch};
use crate::cli::context_arg;
use crate::cli::eval_batch::{Line, Lines};
use crate::diff::{Event, Impact, State, Verdict};
use crate::eval::{Context, decide};

/// What was counted.
pub(crate) struct Census {
    /// How many contexts there are.
    pub(crate) contexts: u64,
    /// Of each impact and each of its regions, how many contexts move.
    pub(crate) regions: Vec<Vec<u64>>,
}

/// One flag in one environment, on both sides.
struct Case<'c> {
    impact: &'c Impact,
    bundles: [&'c Bundle; 2],
    flags: [Option<Flag>; 2],
}

/// # Errors
/// If the file cannot be read, if a line is no context, or if the analysis missed one.
pub(crate) fn count(path: &Path, impacts: &[&Impact], states: [&State; 2], now: Timestamp) -> Result<Census> {
    let cases: Vec<Case<'_>> = impacts.iter().map(|impact| Case::new(impact, states)).collect();
    let opened = context_arg::open(path)?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let opened: Box<dyn Read + Send> = if zipped { Box::new(MultiGzDecoder::new(opened)) } else { opened };
    let mut lines = Lines::new(BufReader::with_capacity(1 << 16, opened), 1);
    let mut census = Census { contexts: 0, regions: cases.iter().map(|case| vec![0; case.regions()]).collect() };
    while let Some(block) = lines.block().with_context(|| format!("cannot read `{}`", path.display()))? {
        let parts: Result<Vec<Census>> = block.shares(|lines| part(&cases, lines, path, now));
        for part in parts? {
            census.contexts += part.contexts;
            for (sum, more) in census.regions.iter_mut().flatten().zip(part.regions.into_iter().flatten()) {
                *sum += more;
            }
        }
    }
    Ok(census)
}

fn part(cases: &[Case<'_>], lines: &mut dyn Iterator<Item = Line<'_>>, path: &Path, now: Timestamp) -> Result<Census> {
    let mut census = Census { contexts: 0, regions: cases.iter().map(|case| vec![0; case.regions()]).collect() };
    for Line { number, bytes } in lines {
        let place = || format!("`{}`, line {number}", path.display());
        let Some(bytes) = bytes else { bail!("{}: longer than {} bytes", place(), context_arg::LIMIT) };
        let json: Json = serde_json::from_slice(bytes).with_context(place)?;
        census.contexts += 1;
        for (case, counts) in cases.iter().zip(&mut census.regions) {
            if let Some(at) = case.moves(&json, now).with_context(place)?
                && let Some(count) = counts.get_mut(at)
            {
                *count += 1;
            }
        }
    }
    Ok(census)
}

impl<'c> Case<'c> {
    fn new(impact: &'c Impact, states: [&'c State; 2]) -> Self {
        let bundles = states.map(|state| state.bundle(&impact.environment));
        let of = |bundle: &Bundle| bundle.flag(&impact.flag).cloned();
        let off = |flag: Option<Flag>| flag.map(|flag| Flag { state: Switch::Disabled, ..flag });
        let [old, new] = bundles.map(of);
        // One that is not there counts as one that serves `off`.
        let (bundles, flags) = match impact.event {
            Event::Added => ([bundles[1]; 2], [off(new.clone()), new]),
            Event::Removed => ([bundles[0]; 2], [old.clone(), off(old)]),
            _ => (bundles, [old, new]),
        };
        Self { impact, bundles, flags }
    }

    fn regions(&self) -> usize {
        self.impact.regions().len()
    }

    /// The region in which the context moves; none if it does not, or if nothing is known.
    fn moves(&self, json: &Json, now: Timestamp) -> Result<Option<usize>> {
        let Verdict::Known(regions) = &self.impact.verdict else { return Ok(None) };
        let [before, after] = self.bundles;
        let old = Context::from_json(&before.attributes, json)?.context;
        let new = Context::from_json(&after.attributes, json)?.context;
        let [Some(old_flag), Some(new_flag)] = &self.flags else { return Ok(None) };
        if decide(before, old_flag, &old, now).variant == decide(after, new_flag, &new, now).variant {
            return Ok(None);
        }
        let sights =
            (EvaluatedContext { bundle: before, context: &old }, EvaluatedContext { bundle: after, context: &new });
        match regions.iter().position(|region| region.contains(sights.0, sights.1, now)) {
            Some(at) => Ok(Some(at)),
            None => bail!("{} changes for it and lies in no region, which is a fault of flagctl", self.impact.flag),
        }
    }
}
