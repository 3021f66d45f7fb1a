//! The experiment of a flag, with its defaults.

use crate::bundle::Percent;
use crate::model::duration::WrittenDuration;
use crate::model::experiment::metric::{ExperimentMetric, MAX_METRICS};
use crate::model::lower::{Lowering, read_all};
use crate::model::number::{COUNT_BILLION, NumberRange, PROBABILITY};
use crate::snapshot::{Span, Spanned};
use crate::yaml::Node;

/// The experiment of a flag.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// The definition.
    pub span: Span,
    /// The variant with which the others are compared. Without it, the flag's `off`.
    pub control: Option<Spanned<String>>,
    /// The variants that are compared with the control. Without names, all variants but the control.
    pub treatments: Vec<Spanned<String>>,
    /// The probability that any primary metric of any treatment seems to differ while none does.
    pub alpha: f64,
    /// The number of units of both arms at which an always-valid interval is narrowest.
    pub tuning: f64,
    /// The number of units of each arm below which there is no verdict.
    pub min_units: u32,
    /// The share of units in several arms above which the data is broken.
    pub max_multiple: Percent,
    /// The probability that the numbers of units seem not to fit the split while they do.
    pub srm_alpha: f64,
    /// The time after the first exposure of a unit in which its events count.
    pub window: WrittenDuration,
    /// The time before the first exposure of a unit in which its events are the covariate.
    pub lookback: WrittenDuration,
    /// The metrics, in the order of the file.
    pub metrics: Vec<ExperimentMetric>,
}

/// The arms of an experiment, as names of variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentArms {
    /// The variant with which the others are compared.
    pub control: String,
    /// The variants that are compared with it, in the order of the experiment or of the flag.
    pub treatments: Vec<String>,
}

const FIELDS: [&str; 10] =
    ["control", "treatments", "alpha", "tuning", "min-units", "max-multiple", "srm", "window", "lookback", "metrics"];

const TUNING: NumberRange = NumberRange { min: 10.0, max: 1e12, title: "a number from 10 to 1000000000000" };

/// The default of `max-multiple`, in buckets: 1%.
const MAX_MULTIPLE: u32 = 1_000;
/// The number of seconds of a day.
const DAY: u64 = 86_400;

impl Experiment {
    /// Returns the experiment of a flag that defines none: all defaults, and no metric.
    pub fn without_metrics(span: Span) -> Self {
        Self {
            span,
            control: None,
            treatments: Vec::new(),
            alpha: 0.05,
            tuning: 5_000.0,
            min_units: 250,
            max_multiple: Percent::from_buckets(MAX_MULTIPLE).unwrap_or(Percent::ZERO),
            srm_alpha: 0.001,
            window: WrittenDuration::seconds(3 * DAY),
            lookback: WrittenDuration::seconds(14 * DAY),
            metrics: Vec::new(),
        }
    }

    pub(in crate::model) fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let fields = lowering.fields(node, &FIELDS);
        let defaults = Self::without_metrics(node.span);
        let treatments = fields.get("treatments");
        let treatments = treatments.map_or_else(Vec::new, |node| lowering.distinct_list(node, Lowering::variant));
        let max_multiple = fields.get("max-multiple").and_then(|node| lowering.percent(node));
        let srm_alpha = fields.get("srm").and_then(|node| {
            let fields = lowering.fields(node, &["alpha"]);
            fields.number("alpha", lowering, &PROBABILITY)
        });
        let metrics = fields.required("metrics", lowering).map_or_else(Vec::new, |node| {
            let items = lowering.list(node);
            if !(1..=MAX_METRICS).contains(&items.len()) {
                lowering.misfit::<()>(node.span, "a list of 1 to 50 metrics");
            }
            read_all(items, |item| ExperimentMetric::lower(lowering, item))
        });
        Self {
            span: node.span,
            control: fields.get("control").and_then(|node| lowering.variant(node)),
            treatments,
            alpha: fields.number("alpha", lowering, &PROBABILITY).unwrap_or(defaults.alpha),
            tuning: fields.number("tuning", lowering, &TUNING).unwrap_or(defaults.tuning),
            min_units: fields.count("min-units", lowering, &COUNT_BILLION).unwrap_or(defaults.min_units),
            max_multiple: max_multiple.map_or(defaults.max_multiple, |percent| percent.value),
            srm_alpha: srm_alpha.unwrap_or(defaults.srm_alpha),
            window: fields.duration("window", lowering, 3 * DAY),
            lookback: fields.duration("lookback", lowering, 14 * DAY),
            metrics,
        }
    }

    /// Returns the arms. `variants` are the names of the flag's variants, and `off` is the variant that it serves when it is
    /// off.
    pub fn arms<'v>(&self, variants: impl Iterator<Item = &'v str>, off: &str) -> ExperimentArms {
        let control = self.control.as_ref().map_or(off, |control| &control.value).to_owned();
        let treatments = if self.treatments.is_empty() {
            variants.filter(|name| *name != control).map(str::to_owned).collect()
        } else {
            self.treatments.iter().map(|name| name.value.clone()).collect()
        };
        ExperimentArms { control, treatments }
    }
}
