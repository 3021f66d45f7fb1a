//! The JSON of a bundle, and the checks that make a bundle safe to evaluate.
//!
//! A bundle has one flag on each line, so a [`LazyBundle`](super::LazyBundle) finds the flags without parsing them.
//!
//! **Invariant:** a decision of a bundle that passed the checks never panics, and stays within the bounds of
//! [`Complexity`].

use serde::{Deserialize, Serialize};

use crate::bundle::attribute::{Attribute, AttributeId, Attributes};
use crate::bundle::bucket::{BUCKETS, Bucketer, Bucketing};
use crate::bundle::bundle::{Bundle, Segment};
use crate::bundle::complexity::Complexity;
use crate::bundle::condition::Condition;
use crate::bundle::flag::{Flag, Serve, State, Variant};
use crate::bundle::flags::Flags;
use crate::bundle::id::VariantId;
use crate::bundle::pattern_size::{PatternBudget, with_budget};
use crate::bundle::percent::Percent;
use crate::bundle::rule_json::RuleJson;

/// The version of the JSON format that this version of flagctl reads and writes.
pub const FORMAT: u32 = 1;

/// The reason why bytes are not a bundle that can be evaluated.
///
/// Every version that reads the format of a bundle reads the bundles that flagctl wrote without an error. An error
/// means that the bytes were cut off or changed, or that a newer format needs a newer version of this library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The bytes are not JSON, or the JSON does not have the fields of a bundle. The text contains the expected form
    /// and the position.
    #[error("not a bundle: {0}")]
    Shape(String),
    /// The bundle has a format that this version does not read.
    #[error("the bundle has format {found}, this version reads format {FORMAT}")]
    Format {
        /// The format of the bundle.
        found: u32,
    },
    /// An index is out of range, a list has the wrong order, a reference is cyclic, or a decision would exceed the
    /// bounds on depth and tests. The text names the flag or segment.
    #[error("the bundle contradicts itself: {0}")]
    Inconsistent(String),
}

impl BundleError {
    pub(super) fn shape(error: &serde_json::Error) -> Self {
        Self::Shape(error.to_string())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BundleJson {
    format: u32,
    environment: Box<str>,
    bucketing: Bucketing,
    attributes: Vec<Attribute>,
    segments: Vec<Segment>,
    flags: Vec<FlagJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlagJson {
    key: Box<str>,
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    metadata: serde_json::Map<String, serde_json::Value>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    client: bool,
    variants: Vec<Variant>,
    off: VariantId,
    default: VariantId,
    state: State,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    prerequisites: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleJson>,
    unit: AttributeId,
    salt: Box<str>,
}

impl BundleJson {
    /// Reads the JSON. Counts its regular expressions in `patterns`.
    pub(super) fn read(bytes: &[u8], patterns: &mut PatternBudget) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let unsupported = |format| BundleError::Format { found: format };
        // Another format has other fields. The format is read separately only after an error, because reading it first
        // would parse the complete JSON twice.
        let json: Self = with_budget(patterns, || serde_json::from_slice(bytes)).map_err(|error| {
            match serde_json::from_slice(bytes) {
                Ok(Head { format }) if format != FORMAT => unsupported(format),
                _ => BundleError::shape(&error),
            }
        })?;
        if json.format == FORMAT { Ok(json) } else { Err(unsupported(json.format)) }
    }

    /// Creates the bundle with these flags instead of the flags in the JSON.
    pub(super) fn with_flags(self, flags: Flags) -> Result<Bundle, BundleError> {
        let listed: Vec<Box<str>> = self.attributes.iter().map(|attribute| attribute.name.clone()).collect();
        let attributes = Attributes::new(self.attributes);
        // Tests name an attribute by its index in this order.
        if !attributes.iter().map(|(_, attribute)| &attribute.name).eq(&listed) {
            let order = "its attributes are not `targetingKey`, `now`, and all others in ascending order";
            return Err(BundleError::Inconsistent(order.to_owned()));
        }
        let Self { environment, bucketing, segments, .. } = self;
        Ok(Bundle { environment, bucketing, attributes, segments, flags })
    }
}

impl Bundle {
    /// Writes the bundle as JSON, each flag on its own line. The same bundle has the same bytes on every machine.
    ///
    /// # Errors
    /// Returns [`BundleError::Shape`] if a part has no JSON form. This never happens for a checked bundle.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        let json = BundleJson {
            format: FORMAT,
            environment: self.environment.clone(),
            bucketing: self.bucketing,
            attributes: self.attributes.iter().map(|(_, attribute)| attribute.clone()).collect(),
            segments: self.segments.clone(),
            flags: Vec::new(),
        };
        let mut bytes = serde_json::to_vec(&json).map_err(|error| BundleError::shape(&error))?;
        // The flags are inserted between the last brackets: `[]}`.
        bytes.truncate(bytes.len() - 2);
        for (index, flag) in self.flags.iter().enumerate() {
            bytes.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
            serde_json::to_writer(&mut bytes, &FlagJson::from(flag)).map_err(|error| BundleError::shape(&error))?;
        }
        bytes.extend_from_slice(b"\n]}");
        Ok(bytes)
    }

    /// Reads a bundle from the JSON that `flagctl export bundle`, `flagctl publish` or [`Bundle::to_json`] wrote, and
    /// checks all of it.
    ///
    /// # Errors
    /// Returns [`BundleError`] if the bytes are not a bundle that can be evaluated.
    pub fn from_json(bytes: &[u8]) -> Result<Self, BundleError> {
        let mut json = BundleJson::read(bytes, &mut PatternBudget::default())?;
        let (flags, bucketing) = (std::mem::take(&mut json.flags), json.bucketing);
        let bundle = json.with_flags(flags.into_iter().map(|flag| flag.prepare(bucketing)).collect())?;
        bundle.check().map_err(BundleError::Inconsistent)?;
        Ok(bundle)
    }

    fn check(&self) -> Result<(), String> {
        if !self.flags.iter().is_sorted_by(|a, b| a.key < b.key) {
            return Err("flags are not in ascending order".to_owned());
        }
        for (index, segment) in (0u32..).zip(&self.segments) {
            self.check_condition(&segment.condition, index)
                .map_err(|why| format!("segment `{}` {why}", segment.name))?;
        }
        for flag in &self.flags {
            self.check_flag(flag).map_err(|why| format!("flag `{}` {why}", flag.key))?;
        }
        self.check_complexity()
    }

    /// Checks the indices and splits of a flag.
    pub(super) fn check_flag(&self, flag: &Flag) -> Result<(), String> {
        let segments = u32::try_from(self.segments.len()).unwrap_or(u32::MAX);
        let variant =
            |id: VariantId| has_variant(flag, id).then_some(()).ok_or("serves a variant that it does not have");
        if flag.metadata.values().any(|value| value.is_null() || value.is_array() || value.is_object()) {
            return Err("has metadata that is not a string, a number or a boolean".to_owned());
        }
        variant(flag.off)?;
        variant(flag.default)?;
        if matches!(flag.state, State::Killed { admit: Percent::ALL, .. }) {
            return Err("has a kill that admits every unit".to_owned());
        }
        self.attributes.get(flag.unit).ok_or("has a unit that is not an attribute")?;
        for condition in &flag.prerequisites {
            self.check_condition(condition, segments)?;
        }
        for rule in &flag.rules {
            self.attributes.get(flag.unit_of(rule)).ok_or("has a rule whose unit is not an attribute")?;
            if let Some(condition) = &rule.condition {
                self.check_condition(condition, segments)?;
            }
            match &rule.serve {
                Serve::Variant(id) => variant(*id)?,
                Serve::Split(ranges) => {
                    ranges.iter().try_for_each(|(_, id)| variant(*id))?;
                    let rising = ranges.is_sorted_by(|a, b| a.0 <= b.0);
                    if !rising || ranges.last().is_none_or(|(end, _)| *end != BUCKETS) {
                        return Err("has a split that does not cover every bucket once".to_owned());
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks the indices of a condition. It may refer only to segments with an index below `segments`.
    pub(super) fn check_condition(&self, condition: &Condition, segments: u32) -> Result<(), String> {
        condition.iter().try_for_each(|part| match part {
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => Ok(()),
            Condition::Segment(id) if id.0 < segments => Ok(()),
            Condition::Segment(_) => Err("refers to a segment that is not before it".to_owned()),
            Condition::Flag { key, variants } => {
                let flag = self.flags.get(*key).ok_or("refers to an unknown flag")?;
                let known = variants.iter().all(|id| has_variant(flag, *id));
                if known { Ok(()) } else { Err(format!("requires a variant that `{}` does not have", flag.key)) }
            }
            Condition::Test(test) => match self.attributes.get(test.attribute) {
                Some(_) => Ok(()),
                None => Err("tests an unknown attribute".to_owned()),
            },
        })
    }

    /// Computes the complexity of every segment and flag, in rounds. A segment or flag without a complexity after the
    /// last round is cyclic.
    ///
    /// A recursion would overflow the stack before it found the excessive depth.
    fn check_complexity(&self) -> Result<(), String> {
        let mut segments: Vec<Option<Complexity>> = vec![None; self.segments.len()];
        let mut flags: Vec<Option<Complexity>> = vec![None; self.flags.len()];
        loop {
            let mut progress = false;
            let mut compute =
                |known: Option<Complexity>, conditions: &mut dyn Iterator<Item = &Condition>, name: &str| {
                    if known.is_some() {
                        return Ok(known);
                    }
                    let part = |condition| {
                        Complexity::compute(condition, &|id| *segments.get(id.0 as usize)?, &|id| {
                            *flags.get(id.0 as usize)?
                        })
                    };
                    let Some(parts) = conditions.map(part).collect::<Option<Vec<_>>>() else { return Ok(None) };
                    let complexity = parts.into_iter().fold(Complexity::default(), Complexity::combine);
                    progress = true;
                    if complexity.is_excessive() {
                        Err(format!("`{name}` nests too deeply or tests too much"))
                    } else {
                        Ok(Some(complexity))
                    }
                };
            let mut next = (segments.clone(), flags.clone());
            for (known, segment) in next.0.iter_mut().zip(&self.segments) {
                *known = compute(*known, &mut std::iter::once(&segment.condition), &segment.name)?;
            }
            for (known, flag) in next.1.iter_mut().zip(&self.flags) {
                *known = compute(*known, &mut flag.conditions(), &flag.key)?;
            }
            (segments, flags) = next;
            if segments.iter().chain(&flags).all(Option::is_some) {
                return Ok(());
            }
            if !progress {
                return Err("its segments or prerequisites are cyclic".to_owned());
            }
        }
    }
}

fn has_variant(flag: &Flag, variant: VariantId) -> bool {
    usize::from(variant.0) < flag.variants.len()
}

impl From<&Flag> for FlagJson {
    fn from(flag: &Flag) -> Self {
        Self {
            key: flag.key.clone(),
            metadata: flag.metadata.clone(),
            client: flag.client,
            variants: flag.variants.clone(),
            off: flag.off,
            default: flag.default,
            state: flag.state.clone(),
            prerequisites: flag.prerequisites.clone(),
            rules: flag.rules.iter().map(RuleJson::from).collect(),
            unit: flag.unit,
            salt: flag.bucketer.salt().into(),
        }
    }
}

impl FlagJson {
    /// Creates the flag, and prepares its hash function.
    pub(super) fn prepare(self, bucketing: Bucketing) -> Flag {
        Flag {
            bucketer: Bucketer::new(bucketing, &self.salt),
            key: self.key,
            metadata: self.metadata,
            client: self.client,
            variants: self.variants,
            off: self.off,
            default: self.default,
            state: self.state,
            prerequisites: self.prerequisites,
            rules: self.rules.into_iter().map(|rule| rule.prepare(bucketing)).collect(),
            unit: self.unit,
        }
    }
}
