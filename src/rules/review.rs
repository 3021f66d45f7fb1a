//! The reachability of a flag's rules and variants in all environments, for the lint rules about reachability.
//!
//! The input is a flag and the bundles of all environments. The output is the [`Review`] of the flag.
//!
//! **Invariant:** kills and `enabled: false` are ignored, in the flag and in its prerequisites, because they are
//! temporary.
//! **Invariant:** environments in which the flag has the same definition are analysed once.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::analyze::{
    AnalysisError, Budget, Definition, FlagReachability, ProofResult, RuleReachability, Satisfiability, implies,
    reachability_without_witnesses, satisfiability,
};
use crate::bundle::{Bucket, Bundle, Condition, Flag, Follow, Percent, Rule, Serve, VariantId};
use crate::model;
use crate::model::{EffectiveRule, EffectiveServing, Settings};
use crate::snapshot::{Span, Spanned};

/// The bound on the analysis of one flag. It is small, because `validate` analyses every flag and a person waits for
/// the result.
pub(super) const BUDGET: Budget = Budget {
    conflicts: 20_000,
    description_questions: 0,
    automaton_states: 40_000,
    bucket_cells: 20_000,
    regions: 0,
    units: 0,
    units_per_witness: 0,
};

/// A flag and its reachability.
pub(super) struct Review<'p> {
    pub(super) flag: &'p model::Flag,
    pub(super) scopes: Vec<Scope<'p>>,
}

/// A group of environments in which the flag has the same definition, represented by the first environment.
pub(super) struct Scope<'p> {
    pub(super) serving: EffectiveServing<'p>,
    pub(super) definition: Definition<'p>,
    pub(super) reachability: FlagReachability,
}

/// A rule in one scope. A rule that is written for all environments has an instance in each scope.
pub(super) struct RuleInstance<'r, 'p> {
    pub(super) scope: &'r Scope<'p>,
    pub(super) index: usize,
    pub(super) written: EffectiveRule<'p>,
}

impl<'p> Review<'p> {
    /// Analyses the flag. Returns `None` if no bundle contains it.
    pub(super) fn new(
        flag: &'p model::Flag,
        settings: &Settings,
        bundles: &'p [Bundle],
    ) -> Option<Result<Self, AnalysisError>> {
        let mut scopes: Vec<Scope<'p>> = Vec::new();
        for bundle in bundles {
            let Some(definition) = Definition::find(bundle, &flag.key) else { continue };
            let serving = flag.serving(&settings.names_of(&bundle.environment));
            let is_independent = !definition.flag().conditions().any(|condition| depends_on_flags(bundle, condition));
            if is_independent && scopes.iter().any(|scope| is_same_definition(&scope.serving, &serving)) {
                continue;
            }
            match reachability_without_witnesses(definition, &BUDGET) {
                Ok(reachability) => scopes.push(Scope { serving, definition, reachability }),
                Err(failure) => return Some(Err(failure)),
            }
        }
        (!scopes.is_empty()).then_some(Ok(Self { flag, scopes }))
    }

    /// Iterates over the rules in the flag's file, each with its instances.
    pub(super) fn rules(&self) -> impl Iterator<Item = Vec<RuleInstance<'_, 'p>>> {
        let mut instances: BTreeMap<Span, Vec<RuleInstance<'_, 'p>>> = BTreeMap::new();
        for scope in &self.scopes {
            for (index, written) in scope.serving.rules.iter().copied().enumerate() {
                instances.entry(written.written.span).or_default().push(RuleInstance { scope, index, written });
            }
        }
        instances.into_values()
    }

    /// Iterates over the rules like [`Self::rules`], with only the instances in scopes where the prerequisites can be
    /// met. In the other scopes no rule runs, and the cause is not in the rules.
    pub(super) fn rules_that_run(&self) -> impl Iterator<Item = Vec<RuleInstance<'_, 'p>>> {
        let runs = |instance: &RuleInstance<'_, 'p>| instance.scope.reachability.unmet.is_empty();
        self.rules().map(move |instances| instances.into_iter().filter(runs).collect())
    }
}

impl<'p> RuleInstance<'_, 'p> {
    pub(super) fn reach(&self) -> Option<&RuleReachability> {
        self.scope.reachability.rules.get(self.index)
    }

    pub(super) fn rule(&self) -> Option<&'p Rule> {
        self.scope.definition.flag().rules.get(self.index)
    }

    pub(super) fn name(&self) -> String {
        self.scope.definition.flag().rule_name(self.index)
    }

    /// Returns the rules before this one that together match all of its contexts, and the indices of the prerequisites
    /// that contribute. Returns `None` if the rule is reachable, or if `rule-after-catch-all` reports it.
    pub(super) fn covered_by(&self) -> Option<(Vec<RuleInstance<'_, 'p>>, &[usize])> {
        let Some(RuleReachability::Unreachable { covered_by, prerequisites }) = self.reach() else { return None };
        let is_catch_all =
            |rule: &Rule| rule.condition.is_none() && rule.slot.is_none() && rule.rollout == Percent::ALL;
        let rules = &self.scope.definition.flag().rules;
        if rules.iter().take(self.index).any(is_catch_all) {
            return None;
        }
        let instance = |index: &usize| {
            Some(RuleInstance { scope: self.scope, index: *index, written: *self.scope.serving.rules.get(*index)? })
        };
        Some((covered_by.iter().filter_map(instance).collect(), prerequisites))
    }

    /// Returns the single rule before this one that matches all of its contexts and more, and that serves other variants,
    /// or the same variants to other units.
    pub(super) fn special_case_of(&self) -> Option<RuleInstance<'_, 'p>> {
        let (mut covering, prerequisites) = self.covered_by()?;
        let (Some(general), true) = (covering.pop(), covering.is_empty() && prerequisites.is_empty()) else {
            return None;
        };
        let (own, before) = (self.rule()?, general.rule()?);
        let (own_condition, condition) = (own.condition.as_ref()?, before.condition.as_ref()?);
        let bundle = self.scope.definition.bundle();
        let equal = implies(bundle, condition, own_condition, &BUDGET).ok()? == ProofResult::Proven;
        (!serves_the_same(self.scope.definition.flag(), [own, before]) && !equal).then_some(general)
    }
}

/// Returns the texts of parts of a conjunction that contradict each other. Each returned part is necessary for the
/// contradiction.
pub(super) fn contradiction(bundle: &Bundle, condition: &Condition) -> Vec<String> {
    let mut parts = condition.conjuncts();
    let mut index = parts.len();
    while index > 0 {
        index -= 1;
        let mut fewer = parts.clone();
        fewer.remove(index);
        let rest = Condition::All(fewer.iter().map(|part| (*part).clone()).collect());
        if !fewer.is_empty() && satisfiability(bundle, &rest, &BUDGET) == Ok(Satisfiability::Never) {
            parts = fewer;
        }
    }
    parts.iter().map(|part| bundle.summarize(part)).collect()
}

/// Returns whether two rules of a flag serve the same variants to the same units. A share of 0 % has no effect.
fn serves_the_same(flag: &Flag, rules: [&Rule; 2]) -> bool {
    let served = rules.map(|rule| {
        let ranges = rule.serve.ranges().filter(|(range, _)| !range.is_empty());
        let ranges: Vec<(Range<Bucket>, VariantId)> = ranges.collect();
        let unit = match rule.serve {
            Serve::Variant(_) => None,
            Serve::Split(_) => Some(flag.unit_of(rule)),
        };
        (ranges, unit)
    });
    let [own, before] = &served;
    own == before
}

fn depends_on_flags(bundle: &Bundle, condition: &Condition) -> bool {
    let mut reachable = bundle.reachable_conditions(condition, Follow::Segments);
    reachable.any(|condition| matches!(condition, Condition::Flag { .. }))
}

/// Returns whether the fields that affect decisions are the same in two environments. Rules and prerequisites are
/// compared by address. They are the same if both environments use the fields for all environments.
fn is_same_definition(left: &EffectiveServing<'_>, right: &EffectiveServing<'_>) -> bool {
    fn name(value: Option<&Spanned<String>>) -> Option<&str> {
        value.map(|value| value.value.as_str())
    }
    left.rules.len() == right.rules.len()
        && left.rules.iter().zip(&right.rules).all(|(left, right)| left.is_same(right))
        && std::ptr::eq(left.requires, right.requires)
        && name(left.off) == name(right.off)
        && name(left.default) == name(right.default)
        && name(left.unit) == name(right.unit)
        && name(left.salt) == name(right.salt)
}
