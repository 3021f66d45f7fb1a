//! Compares the definitions of a flag or segment field by field.
//!
//! The input is the bundles of one environment before and after a change. The output is a list of [`DefinitionChange`]s
//! in a fixed order. They describe how a definition changed, and not the effect on contexts, so this module needs no
//! analysis.
//!
//! `client` decides nothing. It is among these changes, and not with the other fields that decide nothing, because a
//! reviewer must always see that a flag becomes visible to browsers: also if other fields change, and in a bundle.
//!
//! **Invariant:** two flags without a change between them are equal in every field that affects decisions.

use serde_json::Value as Json;

use crate::bundle::{Bundle, Condition, Flag, ListText, Percent, Rule, Slot, State, listed};
use crate::diff::list_changes::{ListChange, compare_conditions, spelled_out};

/// One difference in the definition of a flag.
#[derive(Debug, Clone, PartialEq)]
pub enum DefinitionChange {
    /// The flag was not defined before.
    Added,
    /// The flag is not defined any more.
    Removed,
    /// A kill was added, for this reason.
    Killed {
        /// The reason.
        reason: String,
        /// The time at which the kill should have ended, if there is one.
        expires: Option<String>,
    },
    /// The flag is killed now except for a share of its units, and this was not so before or for another share.
    HalfOpened {
        /// The reason.
        reason: String,
        /// The share of units that the kill admits.
        admit: Percent,
    },
    /// The kill was removed.
    Revived,
    /// The flag was enabled with `enabled: true`.
    Enabled,
    /// The flag was disabled with `enabled: false`.
    Disabled,
    /// Programs on the devices of users may receive the flag's decisions: `client: true`.
    ShownToClients,
    /// Programs on the devices of users do not receive the flag's decisions any more.
    HiddenFromClients,
    /// Variants were added or removed, or the values of variants changed.
    Variants(Vec<VariantChange>),
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
    /// The slot of a rule, its range or the salt of its layer changed.
    Slot(String, Shift),
    /// The rollout of a rule changed. The fields are the name of the rule, and the percentages of admitted units before
    /// and after.
    Rollout(String, Percent, Percent),
    /// Another attribute is hashed by a rule. Every context that it matches may get another variant.
    RuleUnit(String, Shift),
    /// The condition of a rule changed.
    Condition(String, Shift),
    /// The variants that a rule serves changed.
    Serve(String, Shift),
}

impl DefinitionChange {
    /// Returns whether the change can affect decisions.
    pub(super) fn affects_decisions(&self) -> bool {
        !matches!(self, Self::ShownToClients | Self::HiddenFromClients)
    }
}

/// A difference in the variants of a flag.
#[derive(Debug, Clone, PartialEq)]
pub enum VariantChange {
    /// A variant of this name and value was added.
    Added(String, Json),
    /// A variant of this name and value was removed.
    Removed(String, Json),
    /// The value of the variant of this name changed, from the first value to the second.
    Value(String, Json, Json),
}

/// The text of a field or condition before and after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The text before the change. All lists are written out.
    pub from: String,
    /// The text after the change. All lists are written out.
    pub to: String,
    /// Both texts with shortened lists.
    pub summary: [String; 2],
    /// The lists whose entries differ, or an empty list if something else differs.
    pub lists: Vec<ListChange>,
}

impl Shift {
    /// Returns the shift between two texts, or `None` if they are equal.
    pub(super) fn between(from: impl Into<String>, to: impl Into<String>) -> Option<Self> {
        let (from, to) = (from.into(), to.into());
        let summary = [from.clone(), to.clone()];
        (from != to).then_some(Self { from, to, summary, lists: Vec::new() })
    }

    /// Returns the shift between two lists of values, or `None` if they are equal.
    pub(super) fn of_values([old, new]: [&[String]; 2]) -> Option<Self> {
        let text = |values: &[String], lists| if values.is_empty() { String::new() } else { listed(values, lists) };
        let shift = Self::between(text(old, ListText::Whole), text(new, ListText::Whole))?;
        let summary = [text(old, ListText::Shortened), text(new, ListText::Shortened)];
        Some(Self { summary, lists: vec![ListChange::of_values("", old, new)], ..shift })
    }

    /// Returns the shift between two conditions, or `None` if they are equal. Without a condition, a rule matches
    /// everyone.
    fn of_conditions(bundles: [&Bundle; 2], conditions: [Option<&Condition>; 2]) -> Option<Self> {
        let [before, after] = bundles;
        let [old, new] = conditions;
        let spelled = |bundle, condition: Option<&Condition>| condition.map(|condition| spelled_out(bundle, condition));
        if spelled(before, old) == spelled(after, new) {
            return None;
        }
        let text = |describe: fn(&Bundle, &Condition) -> String, bundle: &Bundle, condition: Option<&Condition>| {
            condition.map_or_else(|| "everyone".to_owned(), |condition| describe(bundle, condition))
        };
        let lists = old.zip(new).and_then(|(old, new)| compare_conditions(bundles, old, new));
        Some(Self {
            from: text(Bundle::describe, before, old),
            to: text(Bundle::describe, after, new),
            summary: [text(Bundle::summarize, before, old), text(Bundle::summarize, after, new)],
            lists: lists.unwrap_or_default(),
        })
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
        [None, Some(added)] => {
            let shown = added.flag.client.then_some(DefinitionChange::ShownToClients);
            std::iter::once(DefinitionChange::Added).chain(shown).collect()
        }
        [Some(_), None] => vec![DefinitionChange::Removed],
        [Some(before), Some(after)] => compare(before, after),
    }
}

fn compare(before: BundledFlag<'_>, after: BundledFlag<'_>) -> Vec<DefinitionChange> {
    let (old, new) = (before.flag, after.flag);
    let mut changes: Vec<DefinitionChange> = compare_states(&old.state, &new.state).into_iter().collect();
    changes.extend(match (old.client, new.client) {
        (false, true) => Some(DefinitionChange::ShownToClients),
        (true, false) => Some(DefinitionChange::HiddenFromClients),
        (false, false) | (true, true) => None,
    });
    let variants = compare_variants(old, new);
    if !variants.is_empty() {
        changes.push(DefinitionChange::Variants(variants));
    }
    let name = |flag: &Flag, id| flag.variant(id).name.to_string();
    let unit = |BundledFlag { bundle, flag }: BundledFlag<'_>| bundle.attributes.name(flag.unit).to_owned();
    let shifts = [
        Shift::between(name(old, old.off), name(new, new.off)).map(DefinitionChange::Off),
        Shift::between(name(old, old.default), name(new, new.default)).map(DefinitionChange::Default),
        Shift::between(unit(before), unit(after)).map(DefinitionChange::Unit),
        Shift::between(old.bucketer.salt(), new.bucketer.salt()).map(DefinitionChange::Salt),
        compare_prerequisites(before, after).map(DefinitionChange::Requires),
    ];
    changes.extend(shifts.into_iter().flatten());
    compare_rules(before, after, &mut changes);
    changes
}

fn compare_states(old: &State, new: &State) -> Option<DefinitionChange> {
    match (old, new) {
        (State::Killed { admit: old, .. }, State::Killed { admit: new, .. }) if old == new => None,
        (_, State::Killed { admit: Percent::ZERO, reason, expires, .. }) => {
            let expires = expires.as_ref().map(|expires| expires.to_string());
            Some(DefinitionChange::Killed { reason: reason.to_string(), expires })
        }
        (_, State::Killed { admit, reason, .. }) => {
            Some(DefinitionChange::HalfOpened { reason: reason.to_string(), admit: *admit })
        }
        (State::Killed { .. }, State::Enabled | State::Disabled) => Some(DefinitionChange::Revived),
        (State::Disabled, State::Enabled) => Some(DefinitionChange::Enabled),
        (State::Enabled, State::Disabled) => Some(DefinitionChange::Disabled),
        (State::Enabled, State::Enabled) | (State::Disabled, State::Disabled) => None,
    }
}

fn compare_variants(old: &Flag, new: &Flag) -> Vec<VariantChange> {
    let find = |flag: &Flag, name: &str| {
        flag.variants.iter().find(|variant| variant.name.as_ref() == name).map(|variant| variant.value.clone())
    };
    let removed = old.variants.iter().filter(|variant| find(new, &variant.name).is_none());
    let removed = removed.map(|variant| VariantChange::Removed(variant.name.to_string(), variant.value.clone()));
    let changed = new.variants.iter().filter_map(|variant| {
        let (name, value) = (variant.name.to_string(), variant.value.clone());
        match find(old, &name) {
            None => Some(VariantChange::Added(name, value)),
            Some(old) if is_same_json(&old, &value) => None,
            Some(old) => Some(VariantChange::Value(name, old, value)),
        }
    });
    removed.chain(changed).collect()
}

/// Returns whether two values have the same text as JSON. `1` and `1.0` are equal as values, and have different texts.
fn is_same_json(left: &Json, right: &Json) -> bool {
    let (left, right) = (left.to_string(), right.to_string());
    left == right
}

fn compare_prerequisites(before: BundledFlag<'_>, after: BundledFlag<'_>) -> Option<Shift> {
    let required = |BundledFlag { bundle, flag }: BundledFlag<'_>| -> Vec<String> {
        flag.prerequisites.iter().map(|condition| bundle.describe(condition)).collect()
    };
    let (old, new) = (required(before), required(after));
    let mut shift = Shift::between(old.join(" and "), new.join(" and "))?;
    shift.lists = vec![ListChange::of_parts("", &old, &new)];
    Some(shift)
}

/// Returns the names of the segments in both bundles whose conditions differ, with both conditions.
pub(super) fn compare_segments(before: &Bundle, after: &Bundle) -> Vec<(String, Shift)> {
    let changed = after.segments.iter().filter_map(|new| {
        let old = before.segments.iter().find(|old| old.name == new.name)?;
        let shift = Shift::of_conditions([before, after], [Some(&old.condition), Some(&new.condition)])?;
        Some((new.name.to_string(), shift))
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
    let shift = Shift::between(slot_text(old.slot.as_deref()), slot_text(new.slot.as_deref()));
    changes.extend(shift.map(|shift| DefinitionChange::Slot(name.to_owned(), shift)));
    if old.rollout != new.rollout {
        changes.push(DefinitionChange::Rollout(name.to_owned(), old.rollout, new.rollout));
    }
    // A rule without a unit of its own follows the flag's unit, whose change is reported once.
    let own_unit = |(BundledFlag { bundle, .. }, rule): (BundledFlag<'_>, &Rule)| {
        rule.unit.map(|unit| bundle.attributes.name(unit).to_owned())
    };
    let unit = |(BundledFlag { bundle, flag }, rule): (BundledFlag<'_>, &Rule)| {
        bundle.attributes.name(flag.unit_of(rule)).to_owned()
    };
    if own_unit(before) != own_unit(after) {
        let shift = Shift::between(unit(before), unit(after));
        changes.extend(shift.map(|shift| DefinitionChange::RuleUnit(name.to_owned(), shift)));
    }
    let shift =
        Shift::of_conditions([before.0.bundle, after.0.bundle], [old.condition.as_ref(), new.condition.as_ref()]);
    changes.extend(shift.map(|shift| DefinitionChange::Condition(name.to_owned(), shift)));
    let shift = Shift::between(before.0.flag.describe_serve(&old.serve), after.0.flag.describe_serve(&new.serve));
    let shares = [before.0.flag.describe_shares(&old.serve), after.0.flag.describe_shares(&new.serve)];
    let shift =
        shift.map(|shift| Shift { lists: vec![ListChange::of_parts("split", &shares[0], &shares[1])], ..shift });
    changes.extend(shift.map(|shift| DefinitionChange::Serve(name.to_owned(), shift)));
}

/// Returns a slot in words, with the salt of its layer if it is not the name of the layer.
fn slot_text(slot: Option<&Slot>) -> String {
    match slot {
        None => "every unit".to_owned(),
        Some(slot) if slot.bucketer.salt() == &*slot.layer => slot.to_string(),
        Some(slot) => format!("{slot} of salt {}", slot.bucketer.salt()),
    }
}
