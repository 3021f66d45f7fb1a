//! A bundle of which each flag is read when it is first asked for: who decides some flags of thousands waits for
//! those alone.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::OnceLock;

use crate::bundle::json::{BundleJson, FlagJson};
use crate::bundle::{Bundle, BundleError, Condition, Flag, FlagId, Flags, SegmentId, Weight};

/// A bundle's JSON, and what was read of it so far.
///
/// Of what was not asked for, nothing is known to be right but the keys.
#[derive(Debug)]
pub struct LazyBundle {
    bundle: Bundle,
    text: String,
    /// Where each flag stands in the text; none where all flags have been read.
    unread: Vec<Unread>,
    /// Of each segment, known once all that it asks for is in the bundle.
    segments: Vec<OnceLock<Weight>>,
}

#[derive(Debug)]
struct Unread {
    place: Range<usize>,
    /// Known once the flag is in the bundle, with all that it asks for.
    weight: OnceLock<Weight>,
}

impl LazyBundle {
    /// What [`Bundle::to_json`] wrote, of which no flag is read yet. Of a bundle that was laid out otherwise, all are.
    ///
    /// # Errors
    /// [`BundleError`] for what no flag could be decided with.
    pub fn new(json: Vec<u8>) -> Result<Self, BundleError> {
        let text = match String::from_utf8(json) {
            Ok(text) => text,
            Err(error) => return Bundle::from_json(error.as_bytes()).map(Self::whole),
        };
        let Some((head, keys, unread)) = lines(&text) else {
            return Bundle::from_json(text.as_bytes()).map(Self::whole);
        };
        let bundle = BundleJson::read(format!("{head}]}}").as_bytes())?.with(Flags::unread(keys.into_iter()))?;
        let segments = bundle.segments.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { bundle, text, unread, segments })
    }

    fn whole(bundle: Bundle) -> Self {
        Self { bundle, text: String::new(), unread: Vec::new(), segments: Vec::new() }
    }

    /// The flag of that key, if the bundle has it. It may be decided from [`LazyBundle::bundle`].
    ///
    /// # Errors
    /// [`BundleError`] if it, or a flag that it asks for, could not be evaluated.
    pub fn flag(&self, key: &str) -> Result<Option<&Flag>, BundleError> {
        let Some(id) = self.bundle.flags.find(key) else { return Ok(None) };
        if !self.unread.is_empty() {
            self.read(id, 0)?;
        }
        Ok(self.bundle.flags.get(id))
    }

    /// What was read so far.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// What was read, without the rest.
    pub fn into_bundle(self) -> Bundle {
        self.bundle
    }

    /// Reads a flag after all that it asks for, so many steps from the flag that was wanted.
    fn read(&self, id: FlagId, steps: u32) -> Result<Weight, BundleError> {
        let unread = self.unread.get(id.0 as usize).ok_or_else(nowhere)?;
        if let Some(weight) = unread.weight.get() {
            return Ok(*weight);
        }
        let json: FlagJson = serde_json::from_str(self.text.get(unread.place.clone()).unwrap_or_default())?;
        let flag = json.prepare(self.bundle.bucketing);
        let wrong = |why: &str| BundleError::Inconsistent(format!("flag `{}` {why}", flag.key));
        let weight = self.weigh(flag.conditions(), steps)?;
        self.bundle.check_flag(&flag).map_err(|why| wrong(&why))?;
        if weight.excessive() {
            return Err(wrong("nests too deeply or tests too much"));
        }
        self.bundle.flags.put(id, flag);
        Ok(*unread.weight.get_or_init(|| weight))
    }

    /// As [`LazyBundle::read`], for a segment, which is there already.
    fn segment(&self, id: SegmentId, steps: u32) -> Result<Weight, BundleError> {
        let place = id.0 as usize;
        let (known, segment) = self.segments.get(place).zip(self.bundle.segments.get(place)).ok_or_else(nowhere)?;
        if let Some(weight) = known.get() {
            return Ok(*weight);
        }
        let weight = self.weigh(std::iter::once(&segment.condition), steps)?;
        let checked = self.bundle.check_condition(&segment.condition, id.0);
        checked.map_err(|why| BundleError::Inconsistent(format!("segment `{}` {why}", segment.name)))?;
        Ok(*known.get_or_init(|| weight))
    }

    /// What some conditions weigh, after all that they ask for was read.
    fn weigh<'c>(&self, conditions: impl Iterator<Item = &'c Condition>, steps: u32) -> Result<Weight, BundleError> {
        if steps > Weight::DEPTH {
            return Err(BundleError::Inconsistent("it nests too deeply, or in a circle".to_owned()));
        }
        let failed = RefCell::new(None);
        let kept = |read: Result<Weight, BundleError>| read.map_err(|error| failed.replace(Some(error))).ok();
        let segment = |id| kept(self.segment(id, steps + 1));
        let flag = |id| kept(self.read(id, steps + 1));
        let mut sum = Weight::default();
        for condition in conditions {
            let Some(weight) = Weight::of(condition, &segment, &flag) else {
                return Err(failed.take().unwrap_or_else(nowhere));
            };
            sum = sum.beside(weight);
        }
        Ok(sum)
    }
}

fn nowhere() -> BundleError {
    BundleError::Inconsistent("it refers to something that is not there".to_owned())
}

/// The line before the flags, their keys, and where each stands; none where they do not ascend, or where the text is
/// not laid out as [`Bundle::to_json`] does it.
fn lines(text: &str) -> Option<(&str, Vec<&str>, Vec<Unread>)> {
    const START: &str = r#"{"key":""#;
    let (head, rest) = text.trim_end().strip_suffix("]}")?.split_once('\n')?;
    if !head.ends_with(r#""flags":["#) {
        return None;
    }
    let (mut keys, mut unread) = (Vec::new(), Vec::new());
    let mut start = head.len() + 1;
    for line in rest.split_terminator('\n') {
        let flag = line.strip_suffix(',').unwrap_or(line);
        let after = flag.strip_prefix(START)?;
        let (key, _) = after.split_once('"')?;
        let another = !flag.ends_with('}') || after.contains(START);
        if another || key.contains('\\') || keys.last().is_some_and(|last| *last >= key) {
            return None;
        }
        keys.push(key);
        unread.push(Unread { place: start..start + flag.len(), weight: OnceLock::new() });
        start += line.len() + 1;
    }
    Some((head, keys, unread))
}
