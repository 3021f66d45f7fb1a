//! One metric of an experiment in written form: which events, how they become one value of each unit, and what is better.

use crate::bundle::Percent;
use crate::model::duration::WrittenDuration;
use crate::model::lower::Lowering;
use crate::model::number::{CAP, NumberRange, RATE};
use crate::snapshot::{Span, Spanned};
use crate::yaml::Node;

/// The maximum number of metrics of an experiment.
pub(super) const MAX_METRICS: usize = 50;

/// A metric of an experiment.
#[derive(Debug, Clone)]
pub struct ExperimentMetric {
    /// The metric with all its fields.
    pub span: Span,
    /// The name, which reports and rows of statistics use.
    pub name: Spanned<String>,
    /// What the metric decides.
    pub role: MetricRole,
    /// What is compared.
    pub kind: MetricKind,
    /// The name of the events. Without it, the name of the metric.
    pub event: Option<String>,
    /// How the values of a unit's events become one value.
    pub aggregate: Option<Spanned<Aggregate>>,
    /// The denominator of a ratio.
    pub denominator: Option<Spanned<Denominator>>,
    /// The level of a quantile. 0.5 is the median.
    pub level: Option<Spanned<f64>>,
    /// Where the value of a unit is cut.
    pub cap: Option<Spanned<WrittenCap>>,
    /// Two caps, of which only one is possible.
    pub second_cap: Option<Span>,
    /// The time after the first exposure in which events count. Without it, that of the experiment.
    pub window: Option<WrittenDuration>,
    /// The direction in which the metric improves.
    pub better: Better,
    /// The smallest relative effect that matters. For a guardrail, the largest relative loss that is accepted.
    pub min_effect: Option<Percent>,
    /// Whether the values before the first exposure reduce the variance (CUPED).
    pub covariate: Covariate,
}

/// What a metric decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricRole {
    /// Decides whether a treatment ships. Corrected by the method of Holm.
    Primary,
    /// Explains. Corrected by the method of Benjamini and Hochberg.
    Secondary,
    /// Can stop a treatment. Not corrected.
    Guardrail,
}

impl MetricRole {
    /// All roles, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Primary, Self::Secondary, Self::Guardrail];

    /// Returns the name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Guardrail => "guardrail",
        }
    }
}

/// The kind of a metric, which decides the formula of its variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricKind {
    /// The mean of a value `y` of each unit, for example revenue.
    Mean,
    /// The share of units with at least one event: their `y` is 1, and that of others 0.
    Proportion,
    /// The sum of `y` of all units divided by the sum of `d` of all units, for example revenue per session.
    Ratio,
    /// A quantile of a value of each unit. `y` is 1 for units at or below the quantile of the arm, else 0.
    Quantile,
    /// A quantile of values of events, of which a unit may have several, for example the latency of requests. `y` is the
    /// number of the unit's events at or below the quantile of the arm, and `d` the number of its events.
    EventQuantile,
}

impl MetricKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Mean, Self::Proportion, Self::Ratio, Self::Quantile, Self::EventQuantile];

    /// Returns the name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Proportion => "proportion",
            Self::Ratio => "ratio",
            Self::Quantile => "quantile",
            Self::EventQuantile => "event-quantile",
        }
    }
}

/// How the values of a unit's events become one value. A unit without events has 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregate {
    /// The sum of the values.
    #[default]
    Sum,
    /// The number of events.
    Count,
    /// The mean of the values.
    Mean,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
}

impl Aggregate {
    /// All aggregates, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Sum, Self::Count, Self::Mean, Self::Max, Self::Min];

    /// Returns the name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Min => "min",
        }
    }
}

/// The denominator of a ratio metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denominator {
    /// The name of the events.
    pub event: String,
    /// How the values of a unit's events become one value.
    pub aggregate: Aggregate,
}

/// Where the value of a unit is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WrittenCap {
    /// At a value.
    Value(f64),
    /// At a quantile of the values of the units of all arms together that have events, above 0 and below 1.
    Quantile(f64),
}

/// The direction in which a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Higher values are better.
    Increase,
    /// Lower values are better.
    Decrease,
}

/// Whether the values before the first exposure reduce the variance of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covariate {
    /// They do, if they are known.
    Before,
    /// They do not.
    None,
}

const FIELDS: [&str; 13] = [
    "name",
    "role",
    "kind",
    "event",
    "aggregate",
    "denominator",
    "level",
    "cap",
    "cap-quantile",
    "window",
    "better",
    "min-effect",
    "covariate",
];

const AGGREGATES: &str = "`sum`, `count`, `mean`, `max` or `min`";
const CAP_QUANTILE: NumberRange = NumberRange { min: 0.5, max: 0.999_999, title: "a number from 0.5 to 0.999999" };

impl ExperimentMetric {
    pub(super) fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let fields = lowering.fields(node, &FIELDS);
        let name = fields.required("name", lowering).and_then(|node| lowering.name(node));
        let roles = MetricRole::ALL.map(|role| (role.name(), role));
        let role = |node| lowering.choice(node, &roles, "`primary`, `secondary` or `guardrail`");
        let role = fields.get("role").and_then(role).map_or(MetricRole::Secondary, |role| role.value);
        let kinds = MetricKind::ALL.map(|kind| (kind.name(), kind));
        let title = "`mean`, `proportion`, `ratio`, `quantile` or `event-quantile`";
        let kind = fields.get("kind").and_then(|node| lowering.choice(node, &kinds, title));
        let directions = [("increase", Better::Increase), ("decrease", Better::Decrease)];
        let better =
            fields.get("better").and_then(|node| lowering.choice(node, &directions, "`increase` or `decrease`"));
        let covariates = [("before", Covariate::Before), ("none", Covariate::None)];
        let covariate = |node| lowering.choice(node, &covariates, "`before` or `none`");
        let covariate = fields.get("covariate").and_then(covariate);
        let aggregate = fields.get("aggregate").and_then(|node| aggregate(lowering, node));
        let denominator = fields.get("denominator").and_then(|node| denominator(lowering, node));
        let spanned = |key: &str, value: f64| Some(Spanned { value, span: node.entry(key)?.key_span });
        let level = fields.number("level", lowering, &RATE).and_then(|level| spanned("level", level));
        let cap = fields.number("cap", lowering, &CAP).and_then(|cap| spanned("cap", cap));
        let quantile = fields.number("cap-quantile", lowering, &CAP_QUANTILE);
        let quantile = quantile.and_then(|quantile| spanned("cap-quantile", quantile));
        let second_cap = if cap.is_some() { quantile.as_ref().map(|quantile| quantile.span) } else { None };
        let cap = cap.map(|cap| Spanned { value: WrittenCap::Value(cap.value), span: cap.span });
        let quantile = quantile.map(|cap| Spanned { value: WrittenCap::Quantile(cap.value), span: cap.span });
        let min_effect = fields.get("min-effect").and_then(|node| lowering.percent(node));
        let event = fields.get("event").and_then(|node| lowering.nonempty_text(node));
        Some(Self {
            span: node.span,
            role,
            kind: kind.map_or(MetricKind::Mean, |kind| kind.value),
            event: event.map(|event| event.value),
            aggregate,
            denominator,
            level,
            cap: cap.or(quantile),
            second_cap,
            window: fields.get("window").and_then(|node| lowering.duration(node)).map(|window| window.value),
            better: better.map_or(Better::Increase, |better| better.value),
            min_effect: min_effect.map(|percent| percent.value),
            covariate: covariate.map_or(Covariate::Before, |covariate| covariate.value),
            name: name?,
        })
    }

    /// Returns the name of the events.
    pub fn event(&self) -> &str {
        self.event.as_deref().unwrap_or(&self.name.value)
    }
}

fn aggregate(lowering: &mut Lowering, node: &Node) -> Option<Spanned<Aggregate>> {
    let names = Aggregate::ALL.map(|aggregate| (aggregate.name(), aggregate));
    lowering.choice(node, &names, AGGREGATES)
}

fn denominator(lowering: &mut Lowering, node: &Node) -> Option<Spanned<Denominator>> {
    let fields = lowering.fields(node, &["event", "aggregate"]);
    let event = fields.required("event", lowering).and_then(|node| lowering.nonempty_text(node));
    let written = fields.get("aggregate").and_then(|node| aggregate(lowering, node));
    let aggregate = written.map_or(Aggregate::Count, |aggregate| aggregate.value);
    Some(Spanned { value: Denominator { event: event?.value, aggregate }, span: node.span })
}
