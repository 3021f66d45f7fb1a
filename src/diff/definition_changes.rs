//! What a change of definitions changes in a flag's meaning.
//!
//! Takes one environment's bundle before and after; gives [`Change`]s, in a fixed order.
//!
//! **Invariant:** two flags without a change between them are the same in every field that decides.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::bundle::{Bundle, Condition, Flag, Percent, Rule, State};

/// One thing that a flag does otherwise than before.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// There was no such flag.
    Added,
    /// There is no such flag any more.
    Removed,
    /// An emergency stop, and why.
    Killed(String),
    /// The emergency stop is over.
    Revived,
    /// `enabled: true`
    Enabled,
    /// `enabled: false`
    Disabled,
    /// Another variant, or another value of it.
    Variants,
    /// What is served when the flag is off.
    Off(Shift),
    /// What is served when no rule matches.
    Default(Shift),
    /// What is bucketed; everyone may get another variant.
    Unit(Shift),
    /// What buckets are made from; everyone may get another variant.
    Salt(Shift),
    /// The prerequisites.
    Requires(Shift),
    /// There was no rule of that name.
    RuleAdded(String),
    /// There is no rule of that name any more.
    RuleRemoved(String),
    /// The rules that stay are asked in another order.
    RuleOrder,
    /// The share of units that a rule admits.
    Rollout(String, Percent, Percent),
    /// Whom a rule is for.
    Condition(String, Shift),
    /// What a rule serves.
    Serve(String, Shift),
}

/// Something in words, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
}

impl Shift {
    fn between(from: impl Into<String>, to: impl Into<String>) -> Option<Self> {
        let (from, to) = (from.into(), to.into());
        (from != to).then_some(Self { from, to })
    }
}

/// A bundle and one of its flags; no flag where the bundle has none of the key.
#[derive(Debug, Clone, Copy)]
pub struct BundledFlag<'b> {
    /// The environment at that point.
    pub bundle: &'b Bundle,
    /// The flag in it.
    pub flag: Option<&'b Flag>,
}

/// Everything that a flag does otherwise after than before.
pub fn compare(before: BundledFlag<'_>, after: BundledFlag<'_>) -> Vec<Change> {
    let (old, new) = match (before.flag, after.flag) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => return vec![Change::Added],
        (Some(_), None) => return vec![Change::Removed],
        (Some(old), Some(new)) => (old, new),
    };
    let mut changes = Vec::new();
    match (&old.state, &new.state) {
        (old, State::Killed { reason, .. }) if !matches!(old, State::Killed { .. }) => {
            changes.push(Change::Killed(reason.to_string()));
        }
        (State::Killed { .. }, new) if !matches!(new, State::Killed { .. }) => changes.push(Change::Revived),
        (State::Disabled, State::Enabled) => changes.push(Change::Enabled),
        (State::Enabled, State::Disabled) => changes.push(Change::Disabled),
        _ => {}
    }
    let values = |flag: &Flag| -> BTreeSet<(String, String)> {
        flag.variants.iter().map(|one| (one.name.to_string(), one.value.to_string())).collect()
    };
    if values(old) != values(new) {
        changes.push(Change::Variants);
    }
    let name = |flag: &Flag, id| flag.variant(id).name.to_string();
    let unit = |side: BundledFlag<'_>, flag: &Flag| {
        side.bundle.attributes.get(flag.unit).map_or(String::new(), |attribute| attribute.name.to_string())
    };
    let requires = |side: BundledFlag<'_>, flag: &Flag| {
        flag.prerequisites.iter().map(|one| side.bundle.describe(one)).collect::<Vec<_>>().join(" and ")
    };
    changes.extend(Shift::between(name(old, old.off), name(new, new.off)).map(Change::Off));
    changes.extend(Shift::between(name(old, old.default), name(new, new.default)).map(Change::Default));
    changes.extend(Shift::between(unit(before, old), unit(after, new)).map(Change::Unit));
    changes.extend(Shift::between(old.bucketer.salt(), new.bucketer.salt()).map(Change::Salt));
    changes.extend(Shift::between(requires(before, old), requires(after, new)).map(Change::Requires));
    compare_rules(before, old, after, new, &mut changes);
    changes
}

/// Whom the segments of both bundles are for after and not before, by name.
pub fn compare_segments(before: &Bundle, after: &Bundle) -> Vec<(String, Shift)> {
    let moved = after.segments.iter().filter_map(|new| {
        let old = before.segments.iter().find(|old| old.name == new.name)?;
        let exactly = (spelled_out(before, &old.condition), spelled_out(after, &new.condition));
        let shift = Shift { from: before.describe(&old.condition), to: after.describe(&new.condition) };
        (exactly.0 != exactly.1).then(|| (new.name.to_string(), shift))
    });
    moved.collect()
}

fn compare_rules(before: BundledFlag<'_>, old: &Flag, after: BundledFlag<'_>, new: &Flag, changes: &mut Vec<Change>) {
    let named = |flag: &Flag| -> Vec<String> { (0..flag.rules.len()).map(|at| flag.rule_name(at)).collect() };
    let (old_names, new_names) = (named(old), named(new));
    let removed = old_names.iter().filter(|name| !new_names.contains(name));
    changes.extend(removed.map(|name| Change::RuleRemoved(name.clone())));
    let stayed = |names: &[String], others: &[String]| -> Vec<String> {
        names.iter().filter(|name| others.contains(name)).cloned().collect()
    };
    if stayed(&old_names, &new_names) != stayed(&new_names, &old_names) {
        changes.push(Change::RuleOrder);
    }
    for (name, rule) in new_names.iter().zip(&new.rules) {
        match old_names.iter().zip(&old.rules).find(|(other, _)| *other == name) {
            None => changes.push(Change::RuleAdded(name.clone())),
            Some((_, other)) => compare_rule(name, (before, old, other), (after, new, rule), changes),
        }
    }
}

type Placed<'b> = (BundledFlag<'b>, &'b Flag, &'b Rule);

fn compare_rule(name: &str, before: Placed<'_>, after: Placed<'_>, changes: &mut Vec<Change>) {
    let (old, new) = (before.2, after.2);
    if old.rollout != new.rollout {
        changes.push(Change::Rollout(name.to_owned(), old.rollout, new.rollout));
    }
    let condition = |(side, _, rule): Placed<'_>| match &rule.condition {
        None => ("everyone".to_owned(), Json::Null),
        Some(condition) => (side.bundle.describe(condition), spelled_out(side.bundle, condition)),
    };
    let ((from, exactly_from), (to, exactly_to)) = (condition(before), condition(after));
    // Words leave long lists out.
    if exactly_from != exactly_to {
        changes.push(Change::Condition(name.to_owned(), Shift { from, to }));
    }
    let serve = |(_, flag, rule): Placed<'_>| flag.describe_serve(&rule.serve);
    changes.extend(Shift::between(serve(before), serve(after)).map(|shift| Change::Serve(name.to_owned(), shift)));
}

/// A condition with names for indexes, which differ from bundle to bundle.
fn spelled_out(bundle: &Bundle, condition: &Condition) -> Json {
    let each = |inner: &[Condition]| inner.iter().map(|inner| spelled_out(bundle, inner)).collect::<Vec<_>>();
    match condition {
        Condition::All(inner) => serde_json::json!({"all": each(inner)}),
        Condition::Any(inner) => serde_json::json!({"any": each(inner)}),
        Condition::Not(inner) => serde_json::json!({"not": spelled_out(bundle, inner)}),
        Condition::Segment(_) | Condition::Flag { .. } => Json::String(bundle.describe(condition)),
        Condition::Test(test) => serde_json::json!({
            "attribute": bundle.attributes.get(test.attribute).map(|attribute| &attribute.name),
            "sign": test.sign,
            "predicate": test.predicate,
        }),
    }
}
