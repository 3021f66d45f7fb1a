//! Decides one expectation for one context and every combination of the case's matrix.

use std::sync::Arc;

use jiff::Timestamp;

use crate::bundle::{AttributeId, Bundle, Flag};
use crate::codes::Code;
use crate::diag::Diagnostic;
use crate::eval::{Context, Value, decide};
use crate::model::{Case, Expectation};
use crate::snapshot::Spanned;
use crate::test::context::NamedContext;
use crate::test::mismatch::{expectation_span, mismatch, variant_id};
use crate::test::result::{Check, CheckResult, CoverageHit, FailedCheck, TestedDecision};
use crate::test::unit_search::set_units;

/// An attribute of a matrix with its values, each with its text for messages.
#[derive(Debug)]
pub(super) struct MatrixAxis {
    pub(super) name: String,
    pub(super) attribute: AttributeId,
    pub(super) values: Vec<(Value<'static>, String)>,
}

/// An expectation for one environment and one context, with resolved names.
#[derive(Debug)]
pub(super) struct PlannedExpectation<'p> {
    /// The name of the case, or its number in the file.
    pub(super) name: String,
    pub(super) case: &'p Case,
    /// The flags that the test file kills.
    pub(super) kills: &'p [Spanned<String>],
    pub(super) expectation: &'p Expectation,
    pub(super) bundle: &'p Bundle,
    /// The flag, or `None` if the flag or another definition that the expectation needs has an error.
    pub(super) flag: Option<&'p Flag>,
    pub(super) context: NamedContext<'p>,
    pub(super) axes: Arc<[MatrixAxis]>,
    pub(super) now: Timestamp,
}

impl<'p> PlannedExpectation<'p> {
    pub(super) fn check(&self) -> Check<'p> {
        let mut hits = Vec::new();
        let result = match (self.flag, &self.context.context) {
            (Some(flag), Some(context)) => self.decide(flag, context, &mut hits),
            _ => CheckResult::NotRun,
        };
        Check {
            span: expectation_span(self.expectation),
            name: self.name.clone(),
            flag: &self.expectation.flag.value,
            context: self.context.name,
            environment: &self.bundle.environment,
            result,
            hits,
        }
    }

    fn decide(&self, flag: &'p Flag, context: &Context<'static>, hits: &mut Vec<CoverageHit>) -> CheckResult<'p> {
        let mut context = context.clone();
        if let Err(why) = set_units(&self.case.buckets, self.bundle, &mut context) {
            let Some(placement) = self.case.buckets.first() else { return CheckResult::NotRun };
            let message = format!("no unit was found in {}: {why}", self.bundle.environment);
            let diagnostic = Diagnostic::new(Code::FailedExpectation, placement.flag.span, message)
                .help("ask for fewer positions, or move them away from the ends of rollouts and splits");
            return CheckResult::Failed(Box::new(FailedCheck {
                diagnostic,
                decided: Vec::new(),
                share: None,
                count: 1,
            }));
        }
        let combinations: usize = self.axes.iter().map(|axis| axis.values.len()).product();
        let mut failed = 0;
        let mut first = None;
        for combination in 0..combinations {
            let chosen = self.chosen_values(combination);
            for (axis, (value, _)) in &chosen {
                context.set(axis.attribute, value.clone());
            }
            let decision = decide(self.bundle, flag, &context, self.now);
            let hit = CoverageHit { rule: decision.rule, variant: variant_id(flag, &decision) };
            if !hits.contains(&hit) {
                hits.push(hit);
            }
            if let Some(mismatch) = mismatch(self.expectation, flag, &decision) {
                failed += 1;
                first = first.or_else(|| Some((mismatch, described(&chosen), context.clone())));
            }
        }
        let Some(((span, difference), with, context)) = first else { return CheckResult::Passed };
        let subject = self.context.name.map_or(String::new(), |name| format!(" for `{name}`"));
        let message = format!("`{}` in {}{subject}{with}: {difference}", flag.key, self.bundle.environment);
        let label = (failed > 1).then(|| format!("{failed} of {combinations} combinations fail; this is the first"));
        let mut diagnostic = Diagnostic::new(Code::FailedExpectation, span, message);
        diagnostic.label = label;
        let decided = vec![TestedDecision { bundle: self.bundle, kills: self.kills, flag, context, now: self.now }];
        CheckResult::Failed(Box::new(FailedCheck { diagnostic, decided, share: None, count: failed }))
    }

    /// Returns the values of one combination, in the order of the axes. The last axis changes fastest.
    fn chosen_values(&self, combination: usize) -> Vec<(&MatrixAxis, &(Value<'static>, String))> {
        let mut rest = combination;
        let mut chosen = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            chosen.extend(axis.values.get(rest % axis.values.len()).map(|value| (axis, value)));
            rest /= axis.values.len();
        }
        chosen.reverse();
        chosen
    }
}

/// Returns the text of the combination for messages: ` with country = "DE" and age = 18`.
fn described(chosen: &[(&MatrixAxis, &(Value<'static>, String))]) -> String {
    let parts: Vec<_> = chosen.iter().map(|(axis, (_, text))| format!("{} = {text}", axis.name)).collect();
    if parts.is_empty() { String::new() } else { format!(" with {}", parts.join(" and ")) }
}
