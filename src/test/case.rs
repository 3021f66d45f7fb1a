//! One expectation decided, for every combination of its matrix.

use std::sync::Arc;

use jiff::Timestamp;

use crate::bundle::{AttributeId, Bundle, Flag};
use crate::codes::Code;
use crate::diag::Diagnostic;
use crate::eval::{Context, Value, decide};
use crate::model::{Case, Expectation};
use crate::test::plan::NamedContext;
use crate::test::{Check, CheckResult, CoverageHit, FailedCheck, TestedDecision, mismatch, unit_search};

/// An attribute and the values that it takes in turn, each with its text.
#[derive(Debug)]
pub(super) struct MatrixAxis {
    pub(super) name: String,
    pub(super) attribute: AttributeId,
    pub(super) values: Vec<(Value<'static>, String)>,
}

/// An expectation with its names resolved.
#[derive(Debug)]
pub(super) struct PlannedExpectation<'p> {
    pub(super) name: String,
    pub(super) case: &'p Case,
    pub(super) expectation: &'p Expectation,
    pub(super) bundle: &'p Bundle,
    /// None if the flag, or anything else that is needed, is broken.
    pub(super) flag: Option<&'p Flag>,
    pub(super) person: NamedContext<'p>,
    pub(super) axes: Arc<[MatrixAxis]>,
    pub(super) now: Timestamp,
}

impl<'p> PlannedExpectation<'p> {
    pub(super) fn check(&self) -> Check<'p> {
        let mut hits = Vec::new();
        let result = match (self.flag, &self.person.context) {
            (Some(flag), Some(context)) => self.decide(flag, context, &mut hits),
            _ => CheckResult::NotRun,
        };
        Check {
            span: mismatch::place(self.expectation),
            name: self.name.clone(),
            flag: &self.expectation.flag.value,
            context: self.person.name,
            environment: &self.bundle.environment,
            result,
            hits,
        }
    }

    fn decide(&self, flag: &'p Flag, context: &Context<'static>, hits: &mut Vec<CoverageHit>) -> CheckResult<'p> {
        let mut context = context.clone();
        if let Err(why) = unit_search::place(&self.case.buckets, self.bundle, &mut context) {
            let Some(place) = self.case.buckets.first() else { return CheckResult::NotRun };
            let message = format!("no unit was found in {}: {why}", self.bundle.environment);
            let diagnostic = Diagnostic::new(Code::FailedExpectation, place.flag.span, message)
                .help("name fewer places, or move them away from the ends of rollouts and splits");
            return CheckResult::Failed(Box::new(FailedCheck { diagnostic, decided: Vec::new() }));
        }
        let combinations: usize = self.axes.iter().map(|axis| axis.values.len()).product();
        let mut failed = 0;
        let mut first = None;
        for number in 0..combinations {
            let with = self.combine(number, &mut context);
            let decision = decide(self.bundle, flag, &context, self.now);
            let hit = CoverageHit { rule: decision.rule, variant: mismatch::variant_id(flag, &decision) };
            if !hits.contains(&hit) {
                hits.push(hit);
            }
            if let Some(mismatch) = mismatch::mismatch(self.expectation, flag, &decision) {
                failed += 1;
                first = first.or_else(|| Some((mismatch, with(), context.clone())));
            }
        }
        let Some(((span, difference), with, context)) = first else { return CheckResult::Passed };
        let person = self.person.name.map_or(String::new(), |name| format!(" for `{name}`"));
        let message = format!("`{}` in {}{person}{with}: {difference}", flag.key, self.bundle.environment);
        let label = (failed > 1).then(|| format!("{failed} of {combinations} combinations fail; this is the first"));
        let mut diagnostic = Diagnostic::new(Code::FailedExpectation, span, message);
        diagnostic.label = label;
        let decided = vec![TestedDecision { bundle: self.bundle, flag, context, now: self.now }];
        CheckResult::Failed(Box::new(FailedCheck { diagnostic, decided }))
    }

    /// Sets the attributes of one combination; the last axis turns fastest. Gives what says which it is.
    fn combine(&self, number: usize, context: &mut Context<'static>) -> impl Fn() -> String + '_ {
        let chosen = move || {
            let mut rest = number;
            let mut chosen: Vec<_> = Vec::with_capacity(self.axes.len());
            for axis in self.axes.iter().rev() {
                chosen.extend(axis.values.get(rest % axis.values.len()).map(|value| (axis, value)));
                rest /= axis.values.len();
            }
            chosen
        };
        for (axis, (value, _)) in chosen() {
            context.set(axis.attribute, value.clone());
        }
        move || {
            let parts: Vec<_> =
                chosen().iter().rev().map(|(axis, (_, text))| format!("{} = {text}", axis.name)).collect();
            if parts.is_empty() { String::new() } else { format!(" with {}", parts.join(" and ")) }
        }
    }
}
