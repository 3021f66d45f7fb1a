//! What analysis has to say of a flag, in every environment where it says the same things.
//!
//! Takes a project and its bundles; gives each flag's [`Review`].
//!
//! **Invariant:** a kill or `enabled: false`, here or in a prerequisite, is left out of account: it will end.
//! **Invariant:** an environment that has nothing of its own is not analysed again.

use std::collections::BTreeMap;

use crate::analyze::{
    AnalysisError, Budget, Definition, FlagReachability, ProofResult, RuleReachability, Satisfiability, implies,
    reachability_without_witnesses, satisfiability,
};
use crate::bundle::{Bundle, Condition, Follow, Percent, Rule};
use crate::model;
use crate::model::EffectiveServing;
use crate::snapshot::{Span, Spanned};

/// Work that a flag is worth while somebody waits for all of them.
pub(super) const BUDGET: Budget = Budget {
    conflicts: 20_000,
    automaton_states: 40_000,
    bucket_cells: 20_000,
    regions: 0,
    units: 0,
    units_per_witness: 0,
};

/// A flag and what is reached in it.
pub(super) struct Review<'p> {
    pub(super) flag: &'p model::Flag,
    pub(super) scopes: Vec<Scope<'p>>,
}

/// Environments in which the flag says the same.
pub(super) struct Scope<'p> {
    pub(super) serving: EffectiveServing<'p>,
    pub(super) definition: Definition<'p>,
    pub(super) reachability: FlagReachability,
}

/// A rule as written, where it stands in the rules of a scope.
pub(super) struct Placed<'r, 'p> {
    pub(super) scope: &'r Scope<'p>,
    pub(super) at: usize,
    pub(super) written: &'p model::Rule,
}

impl<'p> Review<'p> {
    /// None where no environment has the flag.
    pub(super) fn new(flag: &'p model::Flag, bundles: &'p [Bundle]) -> Option<Result<Self, AnalysisError>> {
        let mut scopes: Vec<Scope<'p>> = Vec::new();
        for bundle in bundles {
            let Some(definition) = Definition::find(bundle, &flag.key) else { continue };
            let serving = flag.serving(&bundle.environment);
            let alone = !definition.flag().conditions().any(|condition| asks_flags(bundle, condition));
            if alone && scopes.iter().any(|scope| same(&scope.serving, &serving)) {
                continue;
            }
            match reachability_without_witnesses(definition, &BUDGET) {
                Ok(reachability) => scopes.push(Scope { serving, definition, reachability }),
                Err(failure) => return Some(Err(failure)),
            }
        }
        (!scopes.is_empty()).then_some(Ok(Self { flag, scopes }))
    }

    /// Each rule as it is written, with the scopes that it has effect in.
    pub(super) fn rules(&self) -> impl Iterator<Item = Vec<Placed<'_, 'p>>> {
        let mut places: BTreeMap<Span, Vec<Placed<'_, 'p>>> = BTreeMap::new();
        for scope in &self.scopes {
            for (at, written) in scope.serving.rules.iter().enumerate() {
                places.entry(written.span).or_default().push(Placed { scope, at, written });
            }
        }
        places.into_values()
    }

    /// The same where prerequisites can be met: elsewhere no rule is asked, which says nothing about them.
    pub(super) fn asked_rules(&self) -> impl Iterator<Item = Vec<Placed<'_, 'p>>> {
        let asked = |placed: &Placed<'_, 'p>| placed.scope.reachability.unmet.is_empty();
        self.rules().map(move |places| places.into_iter().filter(asked).collect())
    }
}

impl<'p> Placed<'_, 'p> {
    pub(super) fn reach(&self) -> Option<&RuleReachability> {
        self.scope.reachability.rules.get(self.at)
    }

    pub(super) fn rule(&self) -> Option<&'p Rule> {
        self.scope.definition.flag().rules.get(self.at)
    }

    pub(super) fn name(&self) -> String {
        self.scope.definition.flag().rule_name(self.at)
    }

    /// The rules that take everyone from this one; none where it is reached, or where `rule-after-catch-all` has
    /// said why it is not.
    pub(super) fn covered_by(&self) -> Option<(Vec<Placed<'_, 'p>>, &[usize])> {
        let Some(RuleReachability::Unreachable { covered_by, prerequisites }) = self.reach() else { return None };
        let catch_all = |rule: &Rule| rule.condition.is_none() && rule.rollout == Percent::ALL;
        let rules = &self.scope.definition.flag().rules;
        if rules.iter().take(self.at).any(catch_all) {
            return None;
        }
        let placed =
            |at: &usize| Some(Placed { scope: self.scope, at: *at, written: self.scope.serving.rules.get(*at)? });
        Some((covered_by.iter().filter_map(placed).collect(), prerequisites))
    }

    /// The one rule before it that takes everyone from it, and others too, and serves them something else.
    pub(super) fn special_case_of(&self) -> Option<Placed<'_, 'p>> {
        let (mut covering, prerequisites) = self.covered_by()?;
        let (Some(general), true) = (covering.pop(), covering.is_empty() && prerequisites.is_empty()) else {
            return None;
        };
        let (own, other) = (self.rule()?, general.rule()?);
        let (own_condition, condition) = (own.condition.as_ref()?, other.condition.as_ref()?);
        let bundle = self.scope.definition.bundle();
        let equal = implies(bundle, condition, own_condition, &BUDGET).ok()? == ProofResult::Proven;
        (own.serve != other.serve && !equal).then_some(general)
    }
}

/// Parts of a condition of which all must hold, and no two of which can be left out for nobody to be left.
pub(super) fn contradiction(bundle: &Bundle, condition: &Condition) -> Vec<String> {
    let mut parts = condition.conjuncts();
    let mut at = parts.len();
    while at > 0 {
        at -= 1;
        let mut fewer = parts.clone();
        fewer.remove(at);
        let rest = Condition::All(fewer.iter().map(|part| (*part).clone()).collect());
        if !fewer.is_empty() && satisfiability(bundle, &rest, &BUDGET) == Ok(Satisfiability::Never) {
            parts = fewer;
        }
    }
    parts.iter().map(|part| bundle.describe(part)).collect()
}

fn asks_flags(bundle: &Bundle, condition: &Condition) -> bool {
    let mut reachable = bundle.reachable_conditions(condition, Follow::Segments);
    reachable.any(|condition| matches!(condition, Condition::Flag { .. }))
}

/// Whether all that decides is the very same text.
fn same(one: &EffectiveServing<'_>, other: &EffectiveServing<'_>) -> bool {
    fn name(value: Option<&Spanned<String>>) -> Option<&str> {
        value.map(|value| value.value.as_str())
    }
    std::ptr::eq(one.rules, other.rules)
        && std::ptr::eq(one.requires, other.requires)
        && name(one.off) == name(other.off)
        && name(one.default) == name(other.default)
        && name(one.unit) == name(other.unit)
        && name(one.salt) == name(other.salt)
}
