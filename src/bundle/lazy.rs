//! A bundle whose flags are decoded when they are first used.
//!
//! A program that decides a few of thousands of flags does not wait for the other flags. The input is the bytes that
//! [`Bundle::to_json`] wrote. In them, each flag is on its own line and starts with its key, so the reader finds the
//! keys without parsing the flags. Any other layout of the same JSON is read completely.
//!
//! The cost is this file, an `OnceLock` for each flag, and a layout of the JSON that must not change. The benefit is
//! that 10,000 flags are ready in 3 ms instead of 29 ms (the benches `load_lazily` and `load`).
//!
//! **Invariant:** a flag is loaded after the segments and flags that it depends on, and only if all of them are valid.
//! **Invariant:** the partial bundle is visible only in the crate, so no caller treats flags that are not loaded as
//! missing flags.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::bundle::attribute::Attributes;
use crate::bundle::bundle::Bundle;
use crate::bundle::complexity::Complexity;
use crate::bundle::condition::Condition;
use crate::bundle::flag::Flag;
use crate::bundle::flags::Flags;
use crate::bundle::id::{FlagId, SegmentId};
use crate::bundle::json::{BundleError, BundleJson, FlagJson};
use crate::bundle::pattern_size::{PatternBudget, with_budget};

/// A bundle that decodes and checks each flag when it is first used.
///
/// Reading it takes about a tenth of the time of [`Bundle::from_json`]. However, an error in a flag is found only when
/// that flag, or a flag that depends on it, is used.
///
/// ```
/// # use flagctl::bundle::LazyBundle;
/// # use flagctl::eval::Context;
/// # let json = std::fs::read("tests/cli/live/production.json")?;
/// # let now = "2026-11-22T11:02:00Z".parse()?;
/// let bundle = LazyBundle::from_json(json)?;
/// let context = Context::empty(bundle.attributes());
/// let decision = bundle.decide("sale", &context, now)?.ok_or("no flag `sale`")?;
/// assert_eq!(decision.variant.name.as_ref(), "none");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LazyBundle {
    partial: Bundle,
    json: String,
    /// The unparsed flags, in the order of the bundle. The list is empty if all flags are loaded.
    entries: Vec<LazyFlag>,
    /// The complexity of each segment. It is set when everything that the segment depends on is loaded.
    segments: Vec<OnceLock<Complexity>>,
    /// The sizes of the regular expressions that are loaded so far.
    patterns: Mutex<PatternBudget>,
}

#[derive(Debug)]
struct LazyFlag {
    /// The position of the flag in the JSON, in bytes.
    range: Range<usize>,
    /// The complexity of the flag. It is set when the flag and everything that it depends on are loaded.
    complexity: OnceLock<Complexity>,
}

impl LazyBundle {
    /// Reads the keys of a bundle, and everything except the flags.
    ///
    /// If the JSON has another layout than that of [`Bundle::to_json`], all flags are read and checked now.
    ///
    /// # Errors
    /// Returns [`BundleError`] if the bytes are not a bundle. Flags and segments are not checked yet.
    pub fn from_json(json: Vec<u8>) -> Result<Self, BundleError> {
        let json = match String::from_utf8(json) {
            Ok(json) => json,
            Err(error) => return Bundle::from_json(error.as_bytes()).map(Self::loaded),
        };
        let Some((head, keys, entries)) = lines(&json) else {
            return Bundle::from_json(json.as_bytes()).map(Self::loaded);
        };
        let flags = Flags::unloaded(keys.into_iter());
        let mut patterns = PatternBudget::default();
        let partial = BundleJson::read(format!("{head}]}}").as_bytes(), &mut patterns)?.with_flags(flags)?;
        let segments = partial.segments.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { partial, json, entries, segments, patterns: Mutex::new(patterns) })
    }

    fn loaded(bundle: Bundle) -> Self {
        Self {
            partial: bundle,
            json: String::new(),
            entries: Vec::new(),
            segments: Vec::new(),
            patterns: Mutex::default(),
        }
    }

    /// Returns the name of the environment.
    pub fn environment(&self) -> &str {
        self.partial.environment()
    }

    /// Returns the context schema: the attributes that a context may have.
    pub fn attributes(&self) -> &Attributes {
        self.partial.attributes()
    }

    /// Iterates over the keys of all flags, loaded or not, in ascending order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.partial.flags.keys()
    }

    /// Finds a flag by its key, and loads it with everything that it depends on. Returns `None` for an unknown key.
    ///
    /// # Errors
    /// Returns [`BundleError`] if the flag, or something that it depends on, cannot be evaluated.
    pub fn flag(&self, key: &str) -> Result<Option<&Flag>, BundleError> {
        let id = self.load(key)?;
        Ok(id.and_then(|id| self.partial.flags.get(id)))
    }

    /// Returns a bundle of the flags with these keys, and of the flags that they depend on. Ignores unknown keys.
    ///
    /// # Errors
    /// Returns [`BundleError`] if one of the flags, or something that it depends on, cannot be evaluated.
    pub fn select<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Result<Bundle, BundleError> {
        let ids = keys.into_iter().map(|key| self.load(key)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.partial.subset(ids.into_iter().flatten()))
    }

    /// Returns the bundle with the flags that are loaded so far. Only a flag that [`LazyBundle::flag`] returned may be
    /// decided from it.
    pub(crate) fn partial(&self) -> &Bundle {
        &self.partial
    }

    /// Loads the flag with a key, and returns its index, or `None` for an unknown key.
    fn load(&self, key: &str) -> Result<Option<FlagId>, BundleError> {
        let Some(id) = self.partial.flags.find(key) else { return Ok(None) };
        if !self.entries.is_empty() {
            self.load_flag(id, 0)?;
        }
        Ok(Some(id))
    }

    /// Loads a flag after everything that it depends on. `steps` is the number of references from the requested flag.
    fn load_flag(&self, id: FlagId, steps: u32) -> Result<Complexity, BundleError> {
        let entry = self.entries.get(id.0 as usize).ok_or_else(unknown_reference)?;
        if let Some(complexity) = entry.complexity.get() {
            return Ok(*complexity);
        }
        let line = self.json.get(entry.range.clone()).unwrap_or_default();
        let read = || serde_json::from_str::<FlagJson>(line);
        let json = with_budget(&mut self.patterns.lock().unwrap_or_else(PoisonError::into_inner), read);
        let json = json.map_err(|error| BundleError::shape(&error))?;
        let flag = json.prepare(self.partial.bucketing);
        let inconsistent = |problem: &str| BundleError::Inconsistent(format!("flag `{}` {problem}", flag.key));
        let complexity = self.load_references(flag.conditions(), steps)?;
        self.partial.check_flag(&flag).map_err(|problem| inconsistent(&problem))?;
        if complexity.is_excessive() {
            return Err(inconsistent("nests too deeply or tests too much"));
        }
        self.partial.flags.load(id, flag);
        Ok(*entry.complexity.get_or_init(|| complexity))
    }

    /// Checks a segment after it has loaded everything that the segment depends on.
    fn load_segment(&self, id: SegmentId, steps: u32) -> Result<Complexity, BundleError> {
        let index = id.0 as usize;
        let known = self.segments.get(index).zip(self.partial.segments.get(index));
        let (known, segment) = known.ok_or_else(unknown_reference)?;
        if let Some(complexity) = known.get() {
            return Ok(*complexity);
        }
        let complexity = self.load_references(std::iter::once(&segment.condition), steps)?;
        let checked = self.partial.check_condition(&segment.condition, id.0);
        checked.map_err(|problem| BundleError::Inconsistent(format!("segment `{}` {problem}", segment.name)))?;
        Ok(*known.get_or_init(|| complexity))
    }

    /// Loads everything that the conditions refer to, and returns their complexity.
    fn load_references<'c>(
        &self,
        conditions: impl Iterator<Item = &'c Condition>,
        steps: u32,
    ) -> Result<Complexity, BundleError> {
        if steps > Complexity::DEPTH {
            return Err(BundleError::Inconsistent("its references are cyclic or nest too deeply".to_owned()));
        }
        // `Complexity::compute` takes functions that return an option, so this cell carries the error of a reference.
        let failed = RefCell::new(None);
        let keep_error =
            |result: Result<Complexity, BundleError>| result.map_err(|error| failed.replace(Some(error))).ok();
        let segment = |id| keep_error(self.load_segment(id, steps + 1));
        let flag = |id| keep_error(self.load_flag(id, steps + 1));
        let mut sum = Complexity::default();
        for condition in conditions {
            let Some(complexity) = Complexity::compute(condition, &segment, &flag) else {
                return Err(failed.take().unwrap_or_else(unknown_reference));
            };
            sum = sum.combine(complexity);
        }
        Ok(sum)
    }
}

fn unknown_reference() -> BundleError {
    BundleError::Inconsistent("it refers to an unknown flag or segment".to_owned())
}

/// Splits the JSON into the line before the flags, the keys of the flags, and their positions.
///
/// Returns `None` if the keys are not in ascending order, or if the layout differs from that of [`Bundle::to_json`].
fn lines(json: &str) -> Option<(&str, Vec<&str>, Vec<LazyFlag>)> {
    const START: &str = r#"{"key":""#;
    let (head, rest) = json.trim_end().strip_suffix("]}")?.split_once('\n')?;
    if !head.ends_with(r#""flags":["#) {
        return None;
    }
    let (mut keys, mut entries) = (Vec::new(), Vec::new());
    let mut offset = head.len() + 1;
    for line in rest.split_terminator('\n') {
        let flag = line.strip_suffix(',').unwrap_or(line);
        let after = flag.strip_prefix(START)?;
        let (key, _) = after.split_once('"')?;
        let has_several_flags = !flag.ends_with('}') || after.contains(START);
        if has_several_flags || key.contains('\\') || keys.last().is_some_and(|last| *last >= key) {
            return None;
        }
        keys.push(key);
        entries.push(LazyFlag { range: offset..offset + flag.len(), complexity: OnceLock::new() });
        offset += line.len() + 1;
    }
    Some((head, keys, entries))
}
