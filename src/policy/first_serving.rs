//! The first serving of a candidate that runs in the dark: whether a change begins it, and whether a report allows it.
//!
//! The candidate and its definition are those of the base. A change that removes the shadow, or names another candidate,
//! and keeps the variant needs a report, too: otherwise it could serve the variant later without one.

use crate::analyze::Region;
use crate::bundle::{Flag, Percent};
use crate::model;
use crate::shadow::{ShadowEvidence, definition_digest};

/// The reason why a candidate may not be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShadowProblem {
    /// No report is about the flag in the environment.
    NoReport,
    /// The report is about another definition than that of the base.
    OtherDefinition,
    /// The report has another verdict than `equivalent`.
    Verdict(String),
    /// The change gives the candidate another value than the one that ran in the dark.
    OtherValue,
}

/// A flag in an environment before and after a change.
pub(super) struct CandidateChange<'c> {
    /// The definition at the base.
    pub(super) before: &'c model::Flag,
    /// The definition after the change.
    pub(super) after: Option<&'c model::Flag>,
    pub(super) environment: &'c str,
    pub(super) flags: [Option<&'c Flag>; 2],
    pub(super) regions: &'c [Region],
}

impl CandidateChange<'_> {
    /// Returns the candidate and why it may not be served, if the change needs a report that is not there.
    pub(super) fn problem(&self, reports: &[ShadowEvidence]) -> Option<(String, ShadowProblem)> {
        let candidate = &self.before.shadow.as_ref()?.candidate.as_ref()?.value;
        if !self.begins(candidate) && !self.escapes(candidate) {
            return None;
        }
        let problem = if self.value(0, candidate) == self.value(1, candidate) {
            let definition = definition_digest(self.before, self.environment)?;
            reason(reports, &self.before.key, self.environment, &definition)?
        } else {
            ShadowProblem::OtherValue
        };
        Some((candidate.clone(), problem))
    }

    /// Returns whether the change serves the candidate, and the base does not.
    fn begins(&self, candidate: &str) -> bool {
        let [before, _] = self.flags;
        let served_before = before.is_some_and(|flag| may_serve(flag, candidate));
        let to_candidate = |region: &Region| {
            let mut transitions = region.transitions.iter();
            transitions.any(|transition| transition.moves() && *transition.to.name == *candidate)
        };
        !served_before && self.regions.iter().any(to_candidate)
    }

    /// Returns whether the change removes the shadow of a candidate that no rule serves, and keeps the candidate.
    fn escapes(&self, candidate: &str) -> bool {
        let [before, after] = self.flags;
        let keeps = self.after.is_some_and(|flag| {
            let same = flag.shadow.as_ref().and_then(|shadow| shadow.candidate.as_ref());
            same.is_none_or(|named| named.value != candidate)
                && flag.variants.iter().any(|variant| variant.name.value == candidate)
        });
        let is_served = |flag: Option<&Flag>| flag.is_some_and(|flag| may_serve(flag, candidate));
        keeps && !is_served(before) && !is_served(after)
    }

    fn value(&self, side: usize, candidate: &str) -> Option<&serde_json::Value> {
        let flag = self.flags.get(side).copied().flatten()?;
        flag.variants.iter().find(|variant| *variant.name == *candidate).map(|variant| &variant.value)
    }
}

/// Returns why the reports do not allow the candidate, or `None` if one does.
fn reason(reports: &[ShadowEvidence], flag: &str, environment: &str, definition: &str) -> Option<ShadowProblem> {
    let own: Vec<_> =
        reports.iter().filter(|report| report.flag == flag && report.environment == environment).collect();
    let fitting: Vec<_> = own.iter().filter(|report| report.definition == definition).collect();
    match (own.is_empty(), fitting.first()) {
        (true, _) => Some(ShadowProblem::NoReport),
        (false, None) => Some(ShadowProblem::OtherDefinition),
        (false, Some(_)) if fitting.iter().all(|report| report.is_equivalent()) => None,
        (false, Some(first)) => Some(ShadowProblem::Verdict(first.verdict.clone())),
    }
}

/// Returns whether a rule with a share, the default or `off` serves a variant.
fn may_serve(flag: &Flag, variant: &str) -> bool {
    let is = |id| *flag.variant(id).name == *variant;
    let in_rules =
        flag.rules.iter().filter(|rule| rule.rollout != Percent::ZERO).flat_map(|rule| rule.serve.variants());
    is(flag.off) || is(flag.default) || in_rules.into_iter().any(is)
}
