//! The shadow of a flag, with its defaults.

use crate::bundle::Percent;
use crate::model::condition::Condition;
use crate::model::lower::{Fields, Lowering};
use crate::model::number::{COUNT_BILLION, RATIO};
use crate::model::shadow::ignored_path::{IgnoredPath, TITLE as PATH_TITLE};
use crate::model::shadow::milliseconds::{Milliseconds, TITLE as LATENCY_TITLE};
use crate::snapshot::{Span, Spanned};
use crate::yaml::Node;

/// The shadow of a flag.
#[derive(Debug, Clone)]
pub struct Shadow {
    /// The definition.
    pub span: Span,
    /// The variant that runs in the dark, or `None` if it is missing or could not be read.
    pub candidate: Option<Spanned<String>>,
    /// The environments and groups that shadow requests, or none for all environments.
    pub environments: Vec<Spanned<String>>,
    /// The condition that contexts must satisfy.
    pub condition: Option<Spanned<Condition>>,
    /// The attribute whose value determines the bucket. Without it, the flag's unit does.
    pub unit: Option<Spanned<String>>,
    /// The salt of the hash. Without it, the key of the flag gives the salt.
    pub salt: Option<Spanned<String>>,
    /// The share of units whose requests are shadowed.
    pub rollout: Option<Spanned<Percent>>,
    /// The share of the shadowed units that run the control twice, so that the noise of a comparison is known.
    pub noise_control: Spanned<Percent>,
    /// What a second run of a request does to other systems.
    pub side_effects: SideEffects,
    /// How much later the answer may be because of the shadow. The candidate runs after the answer if it is zero.
    pub max_added_latency: Milliseconds,
    /// The parts of an answer that applications compare.
    pub compare: Vec<Spanned<String>>,
    /// The paths whose differences do not count.
    pub ignore_paths: Vec<Spanned<IgnoredPath>>,
    /// What a report must show before the candidate is served.
    pub criteria: PromotionCriteria,
}

/// What a second run of a request does to other systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideEffects {
    /// It changes nothing.
    None,
    /// It changes what the first run has changed, in the same way.
    Idempotent,
    /// The application suppresses its changes.
    Suppressed,
}

/// What a report must show before the candidate is served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PromotionCriteria {
    /// The minimum number of pairs of control and candidate.
    pub min_pairs: u32,
    /// The highest tolerated rate of mismatches beyond the noise.
    pub max_excess_mismatch: Percent,
    /// The highest tolerated ratio of the candidate's latency to the control's, if it counts.
    pub max_latency_ratio: Option<f64>,
}

/// The flag to which a shadow belongs.
#[derive(Debug, Clone)]
pub struct Shadowed {
    /// The key of the flag.
    pub flag: String,
    /// What a report must show before the candidate is served.
    pub criteria: PromotionCriteria,
}

/// The default of `noise-control`, in buckets: 10%.
const NOISE_CONTROL: u32 = 10_000;
/// The default of `max-excess-mismatch`, in buckets: 0.1%.
const MAX_EXCESS: u32 = 100;
/// The default of `min-pairs`.
const MIN_PAIRS: u32 = 1_000;
/// The maximum number of entries in the lists of `report`.
const MAX_ENTRIES: usize = 50;

const SIDE_EFFECTS: [(&str, SideEffects); 3] =
    [("none", SideEffects::None), ("idempotent", SideEffects::Idempotent), ("suppressed", SideEffects::Suppressed)];

const FIELDS: [&str; 11] = [
    "candidate",
    "environments",
    "if",
    "unit",
    "salt",
    "rollout",
    "noise-control",
    "side-effects",
    "max-added-latency",
    "report",
    "criteria",
];

impl SideEffects {
    /// Returns the word in definitions and in the metadata of flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Idempotent => "idempotent",
            Self::Suppressed => "suppressed",
        }
    }
}

impl Shadow {
    pub(in crate::model) fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let fields = lowering.fields(node, &FIELDS);
        let environments = fields.get("environments");
        let condition = fields.get("if").and_then(|node| {
            let value = lowering.condition(node)?;
            Some(Spanned { value, span: node.span })
        });
        let effects = fields.required("side-effects", lowering);
        let effects =
            effects.and_then(|node| lowering.choice(node, &SIDE_EFFECTS, "`none`, `idempotent` or `suppressed`"));
        let noise_control = fields.get("noise-control").and_then(|node| lowering.percent(node));
        let latency = fields.get("max-added-latency").and_then(|node| lowering.parse(node, LATENCY_TITLE));
        let (compare, ignore_paths) = report(lowering, &fields);
        Self {
            span: node.span,
            candidate: fields.required("candidate", lowering).and_then(|node| lowering.variant(node)),
            environments: environments.map_or_else(Vec::new, |node| lowering.distinct_list(node, Lowering::name)),
            condition,
            unit: fields.get("unit").and_then(|node| lowering.nonempty_text(node)),
            salt: fields.get("salt").and_then(|node| lowering.nonempty_text(node)),
            rollout: fields.required("rollout", lowering).and_then(|node| lowering.percent(node)),
            noise_control: noise_control.unwrap_or(Spanned { value: share(NOISE_CONTROL), span: node.span }),
            side_effects: effects.map_or(SideEffects::None, |effects| effects.value),
            max_added_latency: latency.map_or(Milliseconds::default(), |latency| latency.value),
            compare,
            ignore_paths,
            criteria: PromotionCriteria::lower(lowering, &fields),
        }
    }
}

impl PromotionCriteria {
    /// Returns the fields as they are written.
    pub fn described(&self) -> Vec<String> {
        let mut fields = vec![
            format!("min-pairs: {}", self.min_pairs),
            format!("max-excess-mismatch: {}", self.max_excess_mismatch),
        ];
        fields.extend(self.max_latency_ratio.map(|ratio| format!("max-latency-ratio: {ratio}")));
        fields
    }

    fn lower(lowering: &mut Lowering, fields: &Fields<'_>) -> Self {
        let mut criteria =
            Self { min_pairs: MIN_PAIRS, max_excess_mismatch: share(MAX_EXCESS), max_latency_ratio: None };
        let Some(node) = fields.get("criteria") else { return criteria };
        let fields = lowering.fields(node, &["min-pairs", "max-excess-mismatch", "max-latency-ratio"]);
        criteria.min_pairs = fields.count("min-pairs", lowering, &COUNT_BILLION).unwrap_or(criteria.min_pairs);
        let excess = fields.get("max-excess-mismatch").and_then(|node| lowering.percent(node));
        criteria.max_excess_mismatch = excess.map_or(criteria.max_excess_mismatch, |excess| excess.value);
        criteria.max_latency_ratio = fields.number("max-latency-ratio", lowering, &RATIO);
        criteria
    }
}

/// Reads `report`: the compared parts, and the ignored paths.
fn report(lowering: &mut Lowering, fields: &Fields<'_>) -> (Vec<Spanned<String>>, Vec<Spanned<IgnoredPath>>) {
    let Some(node) = fields.get("report") else { return Default::default() };
    let fields = lowering.fields(node, &["compare", "ignore-paths"]);
    let compare = fields.get("compare").map_or_else(Vec::new, |node| {
        let names = lowering.distinct_list(node, Lowering::name);
        if names.len() > MAX_ENTRIES {
            lowering.misfit::<()>(node.span, "a list of different names");
        }
        names
    });
    let paths = fields.get("ignore-paths").map_or_else(Vec::new, |node| {
        let paths = lowering.distinct_list(node, |lowering, node| lowering.parse(node, PATH_TITLE));
        if paths.len() > MAX_ENTRIES {
            lowering.misfit::<()>(node.span, "a list of different paths");
        }
        paths
    });
    (compare, paths)
}

fn share(buckets: u32) -> Percent {
    Percent::from_buckets(buckets).unwrap_or(Percent::ALL)
}
