//! The guard of a flag, with its defaults.

use crate::bundle::Percent;
use crate::model::duration::WrittenDuration;
use crate::model::guard::guardrail::{Guardrail, MAX_GUARDRAILS};
use crate::model::guard::query::PrometheusQueries;
use crate::model::lower::{Fields, Lowering, read_all};
use crate::model::number::{BACKOFF, COUNT_100, PROBABILITY};
use crate::model::settings::Settings;
use crate::snapshot::{Span, Spanned};
use crate::yaml::Node;

/// The guard of a flag.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The definition.
    pub span: Span,
    /// The environments and groups in which the guard applies, or none for all environments.
    pub environments: Vec<Spanned<String>>,
    /// The variant that is rolled out. Without it, the only variant that is not the control.
    pub treatment: Option<Spanned<String>>,
    /// The variant with which the treatment is compared. Without it, the flag's `off`.
    pub control: Option<Spanned<String>>,
    /// The probability of any false trip in all stages of a rollout.
    pub alpha: f64,
    /// The number of stages of a rollout, over which `alpha` is divided.
    pub stages: u32,
    /// What follows a trip.
    pub action: GuardAction,
    /// How far the guard goes by itself.
    pub mode: GuardMode,
    /// What a data problem means.
    pub on_source_error: OnSourceError,
    /// The time between the end of the window and the present, in which metrics arrive.
    pub eval_delay: WrittenDuration,
    /// The time between the start of a stage and the start of the window, in which applications receive the stage.
    pub lag: WrittenDuration,
    /// The minimum age of a stage that is called healthy.
    pub min_duration: WrittenDuration,
    /// The time between a trip and the probe that follows it.
    pub cooldown: WrittenDuration,
    /// The factor by which the cooldown grows with each trip.
    pub backoff: f64,
    /// The maximum of the cooldown.
    pub max_cooldown: WrittenDuration,
    /// The number of trips after which only a person reopens the flag.
    pub max_trips: u32,
    /// The probe after the cooldown.
    pub half_open: HalfOpen,
    /// The comparison of the numbers of units with the planned split.
    pub srm: SampleRatio,
    /// The metrics, in the order of the file.
    pub guardrails: Vec<Guardrail>,
}

/// What follows a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardAction {
    /// The flag is killed.
    Kill,
    /// The rollout goes one step back.
    Rollback,
    /// The rollout does not go on.
    Hold,
}

/// How far a guard goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardMode {
    /// It commits to the branch.
    Commit,
    /// It pushes a branch, which a person merges.
    Propose,
    /// It reports only.
    Observe,
}

/// What a data problem means if no other guardrail trips. It is never healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnSourceError {
    /// The verdict is a data problem, and nothing goes on.
    Hold,
    /// The verdict is not enough data.
    Ignore,
    /// The verdict is a trip.
    Trip,
}

/// The probe after the cooldown: a small share of the former units has the flag again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfOpen {
    /// The share of the former units.
    pub admit: Percent,
    /// The time after which a probe that is not healthy is a trip.
    pub max_duration: WrittenDuration,
}

/// The comparison of the numbers of units with the planned split ("sample ratio mismatch").
#[derive(Debug, Clone)]
pub struct SampleRatio {
    /// The probability of a false mismatch in a stage.
    pub alpha: f64,
    /// The queries for the numbers of units, or `None` if only a metrics file has them.
    pub source: Option<PrometheusQueries>,
}

/// The default of `half-open.admit`, in buckets: 1%.
const PROBE: u32 = 1_000;
/// The default of `srm.alpha`.
const SRM_ALPHA: f64 = 0.001;

const FIELDS: [&str; 18] = [
    "environments",
    "treatment",
    "control",
    "alpha",
    "stages",
    "action",
    "mode",
    "on-source-error",
    "eval-delay",
    "lag",
    "min-duration",
    "cooldown",
    "backoff",
    "max-cooldown",
    "max-trips",
    "half-open",
    "srm",
    "guardrails",
];

impl Guard {
    /// Returns whether the guard applies in an environment.
    pub fn applies_in(&self, environment: &str, settings: &Settings) -> bool {
        let named = |name: &Spanned<String>| settings.members(&name.value).contains(&environment);
        self.environments.is_empty() || self.environments.iter().any(named)
    }

    pub(in crate::model) fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let fields = lowering.fields(node, &FIELDS);
        let environments = fields.get("environments");
        let environments = environments.map_or_else(Vec::new, |node| lowering.distinct_list(node, Lowering::name));
        let actions = [("kill", GuardAction::Kill), ("rollback", GuardAction::Rollback), ("hold", GuardAction::Hold)];
        let action = |node| lowering.choice(node, &actions, "`kill`, `rollback` or `hold`");
        let action = fields.get("action").and_then(action).map_or(GuardAction::Kill, |action| action.value);
        let modes = [("commit", GuardMode::Commit), ("propose", GuardMode::Propose), ("observe", GuardMode::Observe)];
        let mode = |node| lowering.choice(node, &modes, "`commit`, `propose` or `observe`");
        let mode = fields.get("mode").and_then(mode).map_or(GuardMode::Commit, |mode| mode.value);
        let meanings =
            [("hold", OnSourceError::Hold), ("ignore", OnSourceError::Ignore), ("trip", OnSourceError::Trip)];
        let meaning = |node| lowering.choice(node, &meanings, "`hold`, `ignore` or `trip`");
        let on_source_error = fields.get("on-source-error").and_then(meaning);
        let guardrails = fields.required("guardrails", lowering).map_or_else(Vec::new, |node| {
            let items = lowering.list(node);
            if !(1..=MAX_GUARDRAILS).contains(&items.len()) {
                lowering.misfit::<()>(node.span, "a list of 1 to 20 guardrails");
            }
            read_all(items, |item| Guardrail::lower(lowering, item))
        });
        Self {
            span: node.span,
            environments,
            treatment: fields.get("treatment").and_then(|node| lowering.variant(node)),
            control: fields.get("control").and_then(|node| lowering.variant(node)),
            alpha: fields.number("alpha", lowering, &PROBABILITY).unwrap_or(0.05),
            stages: fields.count("stages", lowering, &COUNT_100).unwrap_or(5),
            action,
            mode,
            on_source_error: on_source_error.map_or(OnSourceError::Hold, |meaning| meaning.value),
            eval_delay: fields.duration("eval-delay", lowering, 60),
            lag: fields.duration("lag", lowering, 30),
            min_duration: fields.duration("min-duration", lowering, 600),
            cooldown: fields.duration("cooldown", lowering, 1_800),
            backoff: fields.number("backoff", lowering, &BACKOFF).unwrap_or(2.0),
            max_cooldown: fields.duration("max-cooldown", lowering, 86_400),
            max_trips: fields.count("max-trips", lowering, &COUNT_100).unwrap_or(3),
            half_open: HalfOpen::lower(lowering, &fields),
            srm: SampleRatio::lower(lowering, &fields),
            guardrails,
        }
    }
}

impl HalfOpen {
    fn lower(lowering: &mut Lowering, fields: &Fields<'_>) -> Self {
        let admit = Percent::from_buckets(PROBE).unwrap_or(Percent::ALL);
        let mut half_open = Self { admit, max_duration: WrittenDuration::seconds(7_200) };
        if let Some(node) = fields.get("half-open") {
            let fields = lowering.fields(node, &["admit", "max-duration"]);
            let written = fields.get("admit").and_then(|node| lowering.percent(node));
            half_open.admit = written.map_or(admit, |written| written.value);
            half_open.max_duration = fields.duration("max-duration", lowering, 7_200);
        }
        half_open
    }
}

impl SampleRatio {
    fn lower(lowering: &mut Lowering, fields: &Fields<'_>) -> Self {
        let Some(node) = fields.get("srm") else { return Self { alpha: SRM_ALPHA, source: None } };
        let fields = lowering.fields(node, &["alpha", "source"]);
        let alpha = fields.number("alpha", lowering, &PROBABILITY).unwrap_or(SRM_ALPHA);
        let source = fields.get("source").and_then(|node| PrometheusQueries::lower(lowering, node));
        Self { alpha, source }
    }
}
