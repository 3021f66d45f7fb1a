//! Checks the experiment of a flag: its arms, the names of its metrics and the fields of their kinds.
//!
//! An experiment decides nothing, so a mistake in it is an error of the file, but the flag is compiled all the same.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::compile::compiler::Compiler;
use crate::diag::Diagnostic;
use crate::model;
use crate::model::{EffectiveServing, Experiment, ExperimentMetric, MetricKind, MetricRole};
use crate::snapshot::Span;
use crate::yaml::Completeness;

/// The name of the numbers of units in rows of statistics, which no metric may have.
const RESERVED_NAME: &str = "exposures";

impl<'p> Compiler<'p> {
    /// Checks the experiment of a flag, if it has one.
    pub(super) fn experiment(&mut self, definition: &'p model::Flag, serving: &EffectiveServing<'p>) {
        let Some(experiment) = &definition.experiment else { return };
        // A part that could not be read has its own diagnostic, and would cause others here.
        if definition.completeness == Completeness::Incomplete {
            return;
        }
        let names = experiment.control.iter().chain(&experiment.treatments);
        let unknown = names.filter(|name| self.variant(definition, name).is_err()).count();
        if unknown == 0
            && let Some(off) = serving.off
        {
            self.check_experiment_arms(definition, experiment, &off.value);
        }
        if !experiment.metrics.iter().any(|metric| metric.role == MetricRole::Primary) {
            let message = "no metric is `primary`, so no result can decide the experiment".to_owned();
            self.unfit_experiment(experiment.span, message, "write `role: primary` for the metric that decides");
        }
        let mut known = BTreeSet::new();
        for metric in &experiment.metrics {
            let name = &metric.name;
            if name.value == RESERVED_NAME {
                let message = format!("`{RESERVED_NAME}` is the name of the numbers of units in rows of statistics");
                self.unfit_experiment(name.span, message, "use another name for the metric");
            }
            if !known.insert(name.value.as_str()) {
                let message = format!("two metrics have the name `{}`", name.value);
                self.unfit_experiment(name.span, message, "rename one of them, because rows and reports use the name");
            }
            self.check_metric(metric);
        }
    }

    fn unfit_experiment(&mut self, span: Span, message: String, help: impl Into<String>) {
        self.report(Diagnostic::new(Code::UnfitExperiment, span, message).help(help.into()));
    }

    fn check_experiment_arms(&mut self, definition: &model::Flag, experiment: &Experiment, off: &str) {
        let variants = definition.variants.iter().map(|variant| variant.name.value.as_str());
        let arms = experiment.arms(variants, off);
        if arms.treatments.is_empty() {
            let message = "the flag has no variant but the control, so there is nothing to compare".to_owned();
            self.unfit_experiment(experiment.span, message, "add the variant that is tried, or remove `experiment`");
        }
        if let Some(same) = experiment.treatments.iter().find(|name| name.value == arms.control) {
            let message = format!("`{}` is the control and a treatment", arms.control);
            let help = "name different variants; `control` is `off` of the flag by default";
            self.unfit_experiment(same.span, message, help);
        }
    }

    fn check_metric(&mut self, metric: &ExperimentMetric) {
        let (kind, name) = (metric.kind, &metric.name.value);
        let is_quantile = matches!(kind, MetricKind::Quantile | MetricKind::EventQuantile);
        let has_aggregate = matches!(kind, MetricKind::Mean | MetricKind::Ratio | MetricKind::Quantile);
        let has_cap = matches!(kind, MetricKind::Mean | MetricKind::Ratio);
        let fields = [
            ("aggregate", metric.aggregate.as_ref().map(|field| field.span), has_aggregate),
            ("denominator", metric.denominator.as_ref().map(|field| field.span), kind == MetricKind::Ratio),
            ("level", metric.level.as_ref().map(|field| field.span), is_quantile),
            ("cap", metric.cap.as_ref().map(|field| field.span), has_cap),
        ];
        for (field, span, belongs) in fields {
            if let Some(span) = span
                && !belongs
            {
                let message = format!("`{field}` is not a field of the kind `{}`", kind.name());
                self.unfit_experiment(span, message, "remove it, or write another `kind`");
            }
        }
        let missing = match kind {
            MetricKind::Ratio if metric.denominator.is_none() => Some(("denominator", "{event: session}")),
            MetricKind::Quantile | MetricKind::EventQuantile if metric.level.is_none() => Some(("level", "0.9")),
            _ => None,
        };
        if let Some((field, value)) = missing {
            let message = format!("the kind `{}` of `{name}` needs `{field}`", kind.name());
            self.unfit_experiment(metric.name.span, message, format!("write it, such as `{field}: {value}`"));
        }
        if let Some(span) = metric.second_cap {
            let message = format!("`{name}` has `cap` and `cap-quantile`");
            self.unfit_experiment(span, message, "keep the one at which values are cut");
        }
    }
}
