//! A bundle as JSON, and the checks that make a foreign one safe to evaluate.

use serde::{Deserialize, Serialize};

use crate::bundle::{
    Attribute, AttributeId, Attributes, BUCKETS, Bucketer, Bucketing, Bundle, Condition, Flag, Flags, Rule, Segment,
    Serve, State, Variant, VariantId, Weight,
};

/// The version of the JSON's shape.
pub const FORMAT: u32 = 1;

/// The bytes are not a bundle that can be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not JSON of a bundle's shape.
    #[error("not a bundle: {0}")]
    Shape(#[from] serde_json::Error),
    /// A bundle of another version of flagctl.
    #[error("the bundle has format {found}, this version reads format {FORMAT}")]
    Format {
        /// The bundle's own.
        found: u32,
    },
    /// An index points nowhere, an order is broken, or something is cyclic.
    #[error("the bundle contradicts itself: {0}")]
    Inconsistent(String),
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
    variants: Vec<Variant>,
    off: VariantId,
    default: VariantId,
    state: State,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    prerequisites: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Rule>,
    unit: AttributeId,
    salt: Box<str>,
}

impl BundleJson {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let other = |format| BundleError::Format { found: format };
        // Another format's shape is another; to look for its number first would be to read everything twice.
        let json: Self = serde_json::from_slice(bytes).map_err(|error| match serde_json::from_slice(bytes) {
            Ok(Head { format }) if format != FORMAT => other(format),
            _ => BundleError::Shape(error),
        })?;
        if json.format == FORMAT { Ok(json) } else { Err(other(json.format)) }
    }

    /// The bundle with these flags.
    pub(super) fn with(self, flags: Flags) -> Result<Bundle, BundleError> {
        let listed = self.attributes.len();
        let attributes = Attributes::new(self.attributes);
        if attributes.len() != listed {
            return Err(BundleError::Inconsistent("its attributes are not a whole schema".to_owned()));
        }
        let Self { environment, bucketing, segments, .. } = self;
        Ok(Bundle { environment, bucketing, attributes, segments, flags })
    }
}

impl Bundle {
    /// The bundle as JSON, each flag on a line of its own; the same for the same bundle on every machine.
    ///
    /// # Errors
    /// None in practice: every part of a bundle has a JSON form.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        let json = BundleJson {
            format: FORMAT,
            environment: self.environment.clone(),
            bucketing: self.bucketing,
            attributes: self.attributes.iter().map(|(_, attribute)| attribute.clone()).collect(),
            segments: self.segments.clone(),
            flags: Vec::new(),
        };
        let mut bytes = serde_json::to_vec(&json)?;
        // Between the brackets that stand last.
        bytes.truncate(bytes.len() - 2);
        for (at, flag) in self.flags.iter().enumerate() {
            bytes.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
            serde_json::to_writer(&mut bytes, &FlagJson::from(flag))?;
        }
        bytes.extend_from_slice(b"\n]}");
        Ok(bytes)
    }

    /// Reads what [`Bundle::to_json`] wrote.
    ///
    /// # Errors
    /// [`BundleError`] for anything that could not be evaluated.
    pub fn from_json(bytes: &[u8]) -> Result<Self, BundleError> {
        let mut json = BundleJson::read(bytes)?;
        let (flags, bucketing) = (std::mem::take(&mut json.flags), json.bucketing);
        let bundle = json.with(flags.into_iter().map(|flag| flag.prepare(bucketing)).collect())?;
        bundle.check().map_err(BundleError::Inconsistent)?;
        Ok(bundle)
    }

    fn check(&self) -> Result<(), String> {
        if !self.flags.iter().is_sorted_by(|a, b| a.key < b.key) {
            return Err("flags are not in ascending order".to_owned());
        }
        for (at, segment) in (0u32..).zip(&self.segments) {
            self.check_condition(&segment.condition, at).map_err(|why| format!("segment `{}` {why}", segment.name))?;
        }
        for flag in &self.flags {
            self.check_flag(flag).map_err(|why| format!("flag `{}` {why}", flag.key))?;
        }
        self.check_weights()
    }

    pub(super) fn check_flag(&self, flag: &Flag) -> Result<(), String> {
        let segments = u32::try_from(self.segments.len()).unwrap_or(u32::MAX);
        let variant = |id: VariantId| has(flag, id).then_some(()).ok_or("serves a variant that it does not have");
        variant(flag.off)?;
        variant(flag.default)?;
        self.attributes.get(flag.unit).ok_or("has a unit that is no attribute")?;
        for condition in &flag.prerequisites {
            self.check_condition(condition, segments)?;
        }
        for rule in &flag.rules {
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

    /// Segments may refer to those before `segments` only.
    pub(super) fn check_condition(&self, condition: &Condition, segments: u32) -> Result<(), String> {
        condition.iter().try_for_each(|part| match part {
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => Ok(()),
            Condition::Segment(id) if id.0 < segments => Ok(()),
            Condition::Segment(_) => Err("refers to a segment that does not stand before it".to_owned()),
            Condition::Flag { key, variants } => {
                let flag = self.flags.get(*key).ok_or("refers to a flag that is not there")?;
                let known = variants.iter().all(|id| has(flag, *id));
                if known { Ok(()) } else { Err(format!("asks for a variant that `{}` does not have", flag.key)) }
            }
            Condition::Test(test) => match self.attributes.get(test.attribute) {
                Some(_) => Ok(()),
                None => Err("tests an attribute that is not there".to_owned()),
            },
        })
    }

    /// Finds the weight of everything, in rounds: what has no weight in the end is cyclic.
    fn check_weights(&self) -> Result<(), String> {
        let mut segments: Vec<Option<Weight>> = vec![None; self.segments.len()];
        let mut flags: Vec<Option<Weight>> = vec![None; self.flags.len()];
        loop {
            let mut progress = false;
            let mut weigh = |known: Option<Weight>, conditions: &mut dyn Iterator<Item = &Condition>, name: &str| {
                if known.is_some() {
                    return Ok(known);
                }
                let of = |condition| {
                    Weight::of(condition, &|id| *segments.get(id.0 as usize)?, &|id| *flags.get(id.0 as usize)?)
                };
                let Some(weights) = conditions.map(of).collect::<Option<Vec<_>>>() else { return Ok(None) };
                let weight = weights.into_iter().fold(Weight::default(), Weight::beside);
                progress = true;
                if weight.excessive() {
                    Err(format!("`{name}` nests too deeply or tests too much"))
                } else {
                    Ok(Some(weight))
                }
            };
            let mut next = (segments.clone(), flags.clone());
            for (known, segment) in next.0.iter_mut().zip(&self.segments) {
                *known = weigh(*known, &mut std::iter::once(&segment.condition), &segment.name)?;
            }
            for (known, flag) in next.1.iter_mut().zip(&self.flags) {
                *known = weigh(*known, &mut flag.conditions(), &flag.key)?;
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

fn has(flag: &Flag, variant: VariantId) -> bool {
    usize::from(variant.0) < flag.variants.len()
}

impl From<&Flag> for FlagJson {
    fn from(flag: &Flag) -> Self {
        Self {
            key: flag.key.clone(),
            variants: flag.variants.clone(),
            off: flag.off,
            default: flag.default,
            state: flag.state.clone(),
            prerequisites: flag.prerequisites.clone(),
            rules: flag.rules.clone(),
            unit: flag.unit,
            salt: flag.bucketer.salt().into(),
        }
    }
}

impl FlagJson {
    pub(super) fn prepare(self, bucketing: Bucketing) -> Flag {
        Flag {
            bucketer: Bucketer::new(bucketing, &self.salt),
            key: self.key,
            variants: self.variants,
            off: self.off,
            default: self.default,
            state: self.state,
            prerequisites: self.prerequisites,
            rules: self.rules,
            unit: self.unit,
        }
    }
}
