//! Compares the definitions of a flag or segment field by field.
//!
//! The input is the bundles of one environment before and after a change. The output is a list of [`DefinitionChange`]s
//! in a fixed order. They describe how a definition changed, and not the effect on contexts, so this module needs no
//! analysis.
//!
//! **Invariant:** two flags without a change between them are equal in every field that affects decisions.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::bundle::{Bundle, Condition, Flag, Percent, Rule, State};

/// One difference in the definition of a flag.
#[derive(Debug, Clone, PartialEq)]
pub enum DefinitionChange {
    /// The flag was not defined before.
    Added,
    /// The flag is not defined any more.
    Removed,
    /// A kill was added, for this reason.
    Killed(String),
    /// The kill was removed.
    Revived,
    /// The flag was enabled with `enabled: true`.
    Enabled,
    /// The flag was disabled with `enabled: false`.
    Disabled,
    /// A variant was added or removed, or the value of a variant changed.
    Variants,
    /// Another variant is served when the flag is off.
    Off(Shift),
    /// Another variant is served when no rule matches.
    Default(Shift),
    /// Another attribute is hashed. Every context may get another variant.
    Unit(Shift),
    /// The salt of the hash changed. Every context may get another variant.
    Salt(Shift),
    /// The prerequisites changed.
    Requires(Shift),
    /// A rule of this name was added.
    RuleAdded(String),
    /// The rule of this name was removed.
    RuleRemoved(String),
    /// The remaining rules are evaluated in another order.
    RuleOrder,
    /// The rollout of a rule changed. The fields are the name of the rule, and the percentages of admitted units before
    /// and after.
    Rollout(String, Percent, Percent),
    /// The condition of a rule changed.
    Condition(String, Shift),
    /// The variants that a rule serves changed.
    Serve(String, Shift),
}

/// The text of a field or condition before and after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The text before the change.
    pub from: String,
    /// The text after the change.
    pub to: String,
}

impl Shift {
    /// Returns the shift between two texts, or `None` if they are equal.
    fn between(from: impl Into<String>, to: impl Into<String>) -> Option<Self> {
        let (from, to) = (from.into(), to.into());
        (from != to).then_some(Self { from, to })
    }
}

/// A flag with the bundle that its indices refer to.
#[derive(Clone, Copy)]
struct BundledFlag<'b> {
    bundle: &'b Bundle,
    flag: &'b Flag,
}

/// Returns all differences between the definitions of a flag in two bundles. Changes of other definitions that the flag
/// depends on are not included.
pub fn compare_flag(bundles: [&Bundle; 2], key: &str) -> Vec<DefinitionChange> {
    let find = |bundle| Some(BundledFlag { bundle, flag: Bundle::flag(bundle, key)? });
    match bundles.map(find) {
        [None, None] => Vec::new(),
        [None, Some(_)] => vec![DefinitionChange::Added],
        [Some(_), None] => vec![DefinitionChange::Removed],
        [Some(before), Some(after)] => compare(before, after),
    }
}

fn compare(before: BundledFlag<'_>, after: BundledFlag<'_>) -> Vec<DefinitionChange> {
    let (old, new) = (before.flag, after.flag);
    let mut changes: Vec<DefinitionChange> = compare_states(&old.state, &new.state).into_iter().collect();
    let values = |flag: &Flag| -> BTreeSet<(String, String)> {
        flag.variants.iter().map(|variant| (variant.name.to_string(), variant.value.to_string())).collect()
    };
    if values(old) != values(new) {
        changes.push(DefinitionChange::Variants);
    }
    let name = |flag: &Flag, id| flag.variant(id).name.to_string();
    let unit = |BundledFlag { bundle, flag }: BundledFlag<'_>| {
        bundle.attributes.get(flag.unit).map_or(String::new(), |attribute| attribute.name.to_string())
    };
    let requires = |BundledFlag { bundle, flag }: BundledFlag<'_>| {
        flag.prerequisites.iter().map(|condition| bundle.describe(condition)).collect::<Vec<_>>().join(" and ")
    };
    let shifts = [
        Shift::between(name(old, old.off), name(new, new.off)).map(DefinitionChange::Off),
        Shift::between(name(old, old.default), name(new, new.default)).map(DefinitionChange::Default),
        Shift::between(unit(before), unit(after)).map(DefinitionChange::Unit),
        Shift::between(old.bucketer.salt(), new.bucketer.salt()).map(DefinitionChange::Salt),
        Shift::between(requires(before), requires(after)).map(DefinitionChange::Requires),
    ];
    changes.extend(shifts.into_iter().flatten());
    compare_rules(before, after, &mut changes);
    changes
}

fn compare_states(old: &State, new: &State) -> Option<DefinitionChange> {
    match (old, new) {
        (State::Enabled | State::Disabled, State::Killed { reason, .. }) => {
            Some(DefinitionChange::Killed(reason.to_string()))
        }
        (State::Killed { .. }, State::Enabled | State::Disabled) => Some(DefinitionChange::Revived),
        (State::Disabled, State::Enabled) => Some(DefinitionChange::Enabled),
        (State::Enabled, State::Disabled) => Some(DefinitionChange::Disabled),
        (State::Enabled, State::Enabled)
        | (State::Disabled, State::Disabled)
        | (State::Killed { .. }, State::Killed { .. }) => None,
    }
}

/// Returns the names of the segments in both bundles whose conditions differ, with the text of both conditions.
pub fn compare_segments(before: &Bundle, after: &Bundle) -> Vec<(String, Shift)> {
    let changed = after.segments.iter().filter_map(|new| {
        let old = before.segments.iter().find(|old| old.name == new.name)?;
        let is_equal = spelled_out(before, &old.condition) == spelled_out(after, &new.condition);
        let shift = Shift { from: before.describe(&old.condition), to: after.describe(&new.condition) };
        (!is_equal).then(|| (new.name.to_string(), shift))
    });
    changed.collect()
}

/// Compares rules of the same name.
fn compare_rules(before: BundledFlag<'_>, after: BundledFlag<'_>, changes: &mut Vec<DefinitionChange>) {
    let names = |flag: &Flag| -> Vec<String> { (0..flag.rules.len()).map(|index| flag.rule_name(index)).collect() };
    let (old_names, new_names) = (names(before.flag), names(after.flag));
    let removed = old_names.iter().filter(|name| !new_names.contains(name));
    changes.extend(removed.map(|name| DefinitionChange::RuleRemoved(name.clone())));
    let common = |names: &[String], others: &[String]| -> Vec<String> {
        names.iter().filter(|name| others.contains(name)).cloned().collect()
    };
    if common(&old_names, &new_names) != common(&new_names, &old_names) {
        changes.push(DefinitionChange::RuleOrder);
    }
    for (name, new) in new_names.iter().zip(&after.flag.rules) {
        match old_names.iter().zip(&before.flag.rules).find(|(old_name, _)| *old_name == name) {
            None => changes.push(DefinitionChange::RuleAdded(name.clone())),
            Some((_, old)) => compare_rule(name, (before, old), (after, new), changes),
        }
    }
}

fn compare_rule(
    name: &str,
    before: (BundledFlag<'_>, &Rule),
    after: (BundledFlag<'_>, &Rule),
    changes: &mut Vec<DefinitionChange>,
) {
    let ((_, old), (_, new)) = (before, after);
    if old.rollout != new.rollout {
        changes.push(DefinitionChange::Rollout(name.to_owned(), old.rollout, new.rollout));
    }
    let condition = |(BundledFlag { bundle, .. }, rule): (BundledFlag<'_>, &Rule)| match &rule.condition {
        None => ("everyone".to_owned(), Json::Null),
        Some(condition) => (bundle.describe(condition), spelled_out(bundle, condition)),
    };
    let ((from, old_condition), (to, new_condition)) = (condition(before), condition(after));
    // The text omits the end of long lists, so a comparison of the texts would miss differences.
    if old_condition != new_condition {
        changes.push(DefinitionChange::Condition(name.to_owned(), Shift { from, to }));
    }
    let serve = |(BundledFlag { flag, .. }, rule): (BundledFlag<'_>, &Rule)| flag.describe_serve(&rule.serve);
    let shift = Shift::between(serve(before), serve(after));
    changes.extend(shift.map(|shift| DefinitionChange::Serve(name.to_owned(), shift)));
}

/// Returns a condition with names instead of indices, because the indices differ between bundles.
fn spelled_out(bundle: &Bundle, condition: &Condition) -> Json {
    let all = |inner: &[Condition]| inner.iter().map(|inner| spelled_out(bundle, inner)).collect::<Vec<_>>();
    match condition {
        Condition::All(inner) => json!({"all": all(inner)}),
        Condition::Any(inner) => json!({"any": all(inner)}),
        Condition::Not(inner) => json!({"not": spelled_out(bundle, inner)}),
        Condition::Segment(_) | Condition::Flag { .. } => Json::String(bundle.describe(condition)),
        Condition::Test(test) => json!({
            "attribute": bundle.attributes.get(test.attribute).map(|attribute| &attribute.name),
            "sign": test.sign,
            "predicate": test.predicate,
        }),
    }
}
