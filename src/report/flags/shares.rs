//! The shares of variants: of each rule among the contexts that it matches, and of everyone whom no condition matches.
//!
//! The shares are those of units. The buckets of one unit are the same for all rules of a flag, so a rollout of 30% after
//! one of 10% admits another 20%. The slots of layers first divide the units into parts, for which other rules remain. The buckets of different units are independent of each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::{AnalysisError, Share};
use crate::bundle::{AttributeId, BUCKETS, Bucket, Flag, Rule, Slot, VariantId};
use crate::report::flags::summary::{admitted, reached};

/// The maximum number of parts into which slots of several layers divide the units.
const MAX_CELLS: usize = 10_000;

/// The shares that some contexts get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariantShares {
    /// The variants with a share. The variants other than `off` come first, in the order of the flag.
    pub(crate) variants: Vec<VariantShare>,
    /// The share of the contexts that the rule does not admit.
    pub(crate) not_admitted: Share,
}

/// The share of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariantShare {
    pub(crate) variant: VariantId,
    pub(crate) share: Share,
    /// The index of the shade, or `None` for `off`. It is the same in all shares of a flag.
    pub(crate) shade: Option<usize>,
}

/// The shares that were found so far.
struct Sum<'f> {
    flag: &'f Flag,
    shares: BTreeMap<VariantId, Share>,
    left: Share,
}

/// Returns the index of the shade of a variant, or `None` for `off`.
pub(crate) fn shade(flag: &Flag, variant: VariantId) -> Option<usize> {
    let index = usize::from(variant.0);
    (variant != flag.off).then(|| index - usize::from(flag.off < variant))
}

/// Returns the shares of a flag that serves one variant to everyone.
pub(crate) fn of_variant(flag: &Flag, variant: VariantId) -> VariantShares {
    let variants = vec![VariantShare { variant, share: Share::ALL, shade: shade(flag, variant) }];
    VariantShares { variants, not_admitted: Share::NONE }
}

/// Returns the shares that a rule serves to the contexts that match its condition. Returns `None` if a fraction is too
/// large.
pub(crate) fn of_rule(flag: &Flag, rule: &Rule) -> Option<VariantShares> {
    let mut sum = Sum { flag, shares: BTreeMap::new(), left: Share::ALL };
    sum.admit(rule, admitted(rule)).ok()?;
    Some(sum.finish())
}

/// Returns the shares of the rules with a condition, in their order, except for rules that no context reaches.
pub(crate) fn of_conditions(flag: &Flag) -> impl Iterator<Item = VariantShares> {
    let rules = reached(flag).0.iter().filter(|rule| rule.condition.is_some());
    rules.filter_map(|rule| of_rule(flag, rule))
}

/// Returns the shares of the contexts that no condition of an enabled flag matches. Returns `None` if a fraction is too
/// large.
pub(crate) fn of_everyone_else(flag: &Flag) -> Option<VariantShares> {
    let (reached, last) = reached(flag);
    let mut sum = Sum { flag, shares: BTreeMap::new(), left: Share::ALL };
    let rules = reached.iter().filter(|rule| rule.condition.is_none()).chain(last).collect();
    for (share, rules) in layer_cells(flag, rules)? {
        sum.left = share;
        let mut admitted: BTreeMap<AttributeId, Share> = BTreeMap::new();
        for rule in rules {
            let before = admitted.entry(flag.unit_of(rule)).or_insert(Share::NONE);
            let rollout = Share::of_buckets(rule.rollout.buckets());
            let new = rollout.saturating_sub(*before).ok()?;
            let others = Share::ALL.saturating_sub(*before).ok()?;
            sum.admit(rule, new.checked_div(others).ok()?).ok()?;
            *before = rollout.max(*before);
        }
        let left = std::mem::replace(&mut sum.left, Share::NONE);
        sum.add(flag.default, left).ok()?;
    }
    Some(sum.finish())
}

/// Divides all units by the slots of the rules. Returns the share of each part, and the rules that admit its units or do
/// not take a slot. Returns `None` if there are too many parts, or if a fraction is too large.
fn layer_cells<'f>(flag: &Flag, rules: Vec<&'f Rule>) -> Option<Vec<(Share, Vec<&'f Rule>)>> {
    let slots: Vec<(AttributeId, &Slot)> =
        rules.iter().filter_map(|rule| Some((flag.unit_of(rule), rule.partial_slot()?))).collect();
    let mut cells = vec![(Share::ALL, rules)];
    for (index, (unit, layer)) in slots.iter().enumerate() {
        let is_same = |(other_unit, slot): &(AttributeId, &Slot)| other_unit == unit && slot.has_same_salt(layer);
        if slots.iter().take(index).any(is_same) {
            continue;
        }
        let ranges = slots.iter().filter(|slot| is_same(slot)).map(|(_, slot)| slot.range.buckets());
        let ends: BTreeSet<Bucket> = ranges.flat_map(|range| [range.start, range.end]).chain([0, BUCKETS]).collect();
        let mut narrower = Vec::new();
        for (share, rules) in cells {
            for (from, to) in ends.iter().zip(ends.iter().skip(1)) {
                if narrower.len() == MAX_CELLS {
                    return None;
                }
                let admits = |rule: &&Rule| match rule.partial_slot() {
                    Some(slot) if is_same(&(flag.unit_of(rule), slot)) => slot.contains(*from),
                    Some(_) | None => true,
                };
                let kept = rules.iter().copied().filter(admits).collect();
                narrower.push((share.checked_mul(Share::of_buckets(to - from)).ok()?, kept));
            }
        }
        cells = narrower;
    }
    Some(cells)
}

impl Sum<'_> {
    /// Adds what a rule serves to a share of the contexts that are left.
    fn admit(&mut self, rule: &Rule, share: Share) -> Result<(), AnalysisError> {
        let admitted = self.left.checked_mul(share)?;
        for (range, variant) in rule.serve.ranges() {
            let buckets = Bucket::try_from(range.len()).unwrap_or_default();
            self.add(variant, admitted.checked_mul(Share::of_buckets(buckets))?)?;
        }
        self.left = self.left.saturating_sub(admitted)?;
        Ok(())
    }

    fn add(&mut self, variant: VariantId, share: Share) -> Result<(), AnalysisError> {
        let sum = self.shares.entry(variant).or_insert(Share::NONE);
        *sum = sum.checked_add(share)?;
        Ok(())
    }

    fn finish(self) -> VariantShares {
        let flag = self.flag;
        let shares = self.shares.into_iter().filter(|(_, share)| *share != Share::NONE);
        let share = |(variant, share)| VariantShare { variant, share, shade: shade(flag, variant) };
        let mut variants: Vec<VariantShare> = shares.map(share).collect();
        variants.sort_by_key(|share| share.shade.is_none());
        VariantShares { variants, not_admitted: self.left }
    }
}

#[cfg(test)]
mod tests {
    use super::{VariantShares, of_everyone_else, of_rule};
    use crate::bundle::Bundle;

    fn bundle(rules: &str) -> Bundle {
        let text = format!(
            r#"{{"format": 1, "environment": "production", "bucketing": "siphash",
            "attributes": [{{"name": "targetingKey", "type": "string"}}, {{"name": "now", "type": "datetime"}},
                {{"name": "account", "type": "string"}}],
            "segments": [], "flags": [{{"key": "a", "off": 1, "default": 1, "state": "enabled", "unit": 0, "salt": "a",
                "variants": [{{"name": "x", "value": 1}}, {{"name": "off", "value": 0}}, {{"name": "y", "value": 2}}],
                "rules": [{rules}]}}]}}"#
        );
        Bundle::from_json(text.as_bytes()).unwrap()
    }

    fn words(bundle: &Bundle, shares: &VariantShares) -> String {
        let flag = bundle.flag("a").unwrap();
        let shares = shares.variants.iter().map(|share| {
            let shade = share.shade.map_or("-".to_owned(), |shade| shade.to_string());
            format!("{} {} ({shade})", flag.variant(share.variant).name, share.share)
        });
        shares.collect::<Vec<_>>().join(", ")
    }

    fn else_shares(rules: &str) -> String {
        let bundle = bundle(rules);
        words(&bundle, &of_everyone_else(bundle.flag("a").unwrap()).unwrap())
    }

    const TEST: &str = r#""if": {"test": {"attribute": 2, "sign": "is", "predicate": {"one-of": {"texts": ["b"]}}}}"#;

    #[test]
    fn a_rollout_includes_the_smaller_ones_before_it() {
        let ten = r#"{"rollout": 10000, "serve": {"variant": 0}}"#;
        let thirty = r#"{"rollout": 30000, "serve": {"variant": 2}}"#;
        assert_eq!(else_shares(""), "off 100% (-)");
        assert_eq!(else_shares(ten), "x 10% (0), off 90% (-)");
        assert_eq!(else_shares(&format!("{ten},{thirty}")), "x 10% (0), y 20% (1), off 70% (-)");
        assert_eq!(else_shares(&format!("{thirty},{ten}")), "y 30% (1), off 70% (-)");
    }

    #[test]
    fn other_units_are_independent_and_rules_with_a_condition_are_left_out() {
        let half = r#"{"rollout": 50000, "serve": {"variant": 0}}"#;
        let account = r#"{"rollout": 50000, "unit": 2, "serve": {"split": [[20000, 0], [100000, 2]]}}"#;
        assert_eq!(else_shares(&format!("{half},{account}")), "x 55% (0), y 20% (1), off 25% (-)");
        let condition = format!(r#"{{{TEST}, "rollout": 25000, "serve": {{"split": [[50000, 0], [100000, 1]]}}}}"#);
        assert_eq!(else_shares(&condition), "off 100% (-)");
        let bundle = bundle(&condition);
        let flag = bundle.flag("a").unwrap();
        let shares = of_rule(flag, &flag.rules[0]).unwrap();
        assert_eq!(words(&bundle, &shares), "x 12.5% (0), off 12.5% (-)");
        assert_eq!(shares.not_admitted.to_string(), "75%");
        let all = r#"{"rollout": 100000, "serve": {"variant": 2}}"#;
        assert_eq!(else_shares(&format!("{half},{all},{account}")), "x 50% (0), y 50% (1)");
    }
}
