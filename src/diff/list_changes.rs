//! Compares two conditions as lists of entries.
//!
//! Lists in conditions can have thousands of entries, and two long lists that differ in one entry look alike. Therefore
//! a change of a list is described by the entries that were added and removed. The input is two conditions with their
//! bundles. The output is a [`ListChange`] for each list that differs, or `None` if something other than lists differs.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::bundle::{Bundle, Condition};

/// The entries that were added to a list and removed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListChange {
    /// The list: `country in`, `flag base serves`, or `all of` for the parts of a condition. It is empty if the flag's
    /// field is the list.
    pub list: String,
    /// The added entries, in the order of the new list.
    pub added: Vec<String>,
    /// The removed entries, in the order of the old list.
    pub removed: Vec<String>,
    /// The kind of the list.
    pub kind: ListKind,
}

/// The kind of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// Values that keep at least one entry.
    Values,
    /// Values that keep no entry.
    ReplacedValues,
    /// Parts of a condition.
    Parts,
}

impl ListChange {
    /// Returns the difference between two lists of values.
    pub(super) fn of_values(list: impl Into<String>, before: &[String], after: &[String]) -> Self {
        let change = Self { list: list.into(), kind: ListKind::Values, ..Self::between(before, after) };
        match change.added.len() < after.len() {
            true => change,
            false => Self { kind: ListKind::ReplacedValues, ..change },
        }
    }

    /// Returns the difference between two lists of which all entries are kept or independent of each other.
    pub(super) fn of_parts(list: impl Into<String>, before: &[String], after: &[String]) -> Self {
        Self { list: list.into(), ..Self::between(before, after) }
    }

    fn between(before: &[String], after: &[String]) -> Self {
        let missing = |from: &[String], other: &[String]| -> Vec<String> {
            let other: BTreeSet<&String> = other.iter().collect();
            from.iter().filter(|entry| !other.contains(entry)).cloned().collect()
        };
        Self {
            list: String::new(),
            added: missing(after, before),
            removed: missing(before, after),
            kind: ListKind::Parts,
        }
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// A condition with the bundle that its indices refer to.
#[derive(Clone, Copy)]
struct Bundled<'b> {
    bundle: &'b Bundle,
    condition: &'b Condition,
}

/// Returns the lists that differ between two conditions, or `None` if something other than lists differs.
pub(super) fn compare_conditions(
    bundles: [&Bundle; 2],
    before: &Condition,
    after: &Condition,
) -> Option<Vec<ListChange>> {
    let [old, new] = bundles;
    compare(Bundled { bundle: old, condition: before }, Bundled { bundle: new, condition: after })
}

fn compare(before: Bundled<'_>, after: Bundled<'_>) -> Option<Vec<ListChange>> {
    if let (Some((old_list, old)), Some((new_list, new))) = (before.values(), after.values())
        && old_list == new_list
    {
        return Some(vec![ListChange::of_values(old_list, &old, &new)]);
    }
    let alone = std::slice::from_ref;
    let parts =
        |list, old: &[Condition], new: &[Condition]| Some(compare_parts(list, [before.bundle, after.bundle], old, new));
    match (before.condition, after.condition) {
        (Condition::All(old), Condition::All(new)) => parts("all of", old, new),
        (Condition::Any(old), Condition::Any(new)) => parts("any of", old, new),
        (Condition::All(old), new) => parts("all of", old, alone(new)),
        (old, Condition::All(new)) => parts("all of", alone(old), new),
        (Condition::Any(old), new) => parts("any of", old, alone(new)),
        (old, Condition::Any(new)) => parts("any of", alone(old), new),
        (Condition::Not(old), Condition::Not(new)) => {
            let lists = compare_conditions([before.bundle, after.bundle], old, new)?;
            let negated = |list: ListChange| ListChange { list: format!("not {}", list.list), ..list };
            Some(lists.into_iter().map(negated).collect())
        }
        (Condition::Not(_) | Condition::Segment(_) | Condition::Flag { .. } | Condition::Test(_), _) => None,
    }
}

/// A part of a condition that is on one side only.
struct Part<'b> {
    bundled: Bundled<'b>,
    text: String,
    /// The name of the list, if the part is one list.
    list: Option<String>,
}

/// Compares the parts of two conditions. A part is compared with a part of the same form, such as the same list.
fn compare_parts(list: &str, bundles: [&Bundle; 2], old: &[Condition], new: &[Condition]) -> Vec<ListChange> {
    let [mut removed, mut added] = [(bundles[0], old), (bundles[1], new)].map(|(bundle, parts)| {
        let part = |condition| {
            let bundled = Bundled { bundle, condition };
            let list = bundled.values().map(|(list, _)| list);
            Part { bundled, text: spelled_out(bundle, condition).to_string(), list }
        };
        parts.iter().map(part).collect::<Vec<_>>()
    });
    let texts = |parts: &[Part<'_>]| parts.iter().map(|part| part.text.clone()).collect::<BTreeSet<_>>();
    let (old_texts, new_texts) = (texts(&removed), texts(&added));
    removed.retain(|part| !new_texts.contains(&part.text));
    added.retain(|part| !old_texts.contains(&part.text));
    let mut changes = Vec::new();
    removed.retain(|old| {
        let pair = added.iter().position(|new| old.is_counterpart(new)).and_then(|index| {
            let lists = compare(old.bundled, added.get(index)?.bundled)?;
            added.remove(index);
            Some(lists)
        });
        let is_alone = pair.is_none();
        changes.extend(pair.into_iter().flatten());
        is_alone
    });
    let described = |parts: &[Part<'_>]| {
        parts.iter().map(|part| part.bundled.bundle.describe(part.bundled.condition)).collect::<Vec<_>>()
    };
    changes.push(ListChange::of_parts(list, &described(&removed), &described(&added)));
    changes.retain(|change| !change.is_empty());
    changes
}

impl Part<'_> {
    /// Returns whether two parts have the same form, so that one is probably the new version of the other.
    fn is_counterpart(&self, new: &Self) -> bool {
        match (&self.list, &new.list) {
            (Some(old), Some(new)) => old == new,
            (None, None) => matches!(
                (self.bundled.condition, new.bundled.condition),
                (Condition::All(_), Condition::All(_))
                    | (Condition::Any(_), Condition::Any(_))
                    | (Condition::Not(_), Condition::Not(_))
            ),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl Bundled<'_> {
    /// Returns the name of a list and its entries, if the condition only compares with the entries of one list.
    fn values(self) -> Option<(String, Vec<String>)> {
        match self.condition {
            Condition::Test(test) => test.operands(&self.bundle.attributes.get(test.attribute)?.name),
            Condition::Flag { key, variants } => {
                let flag = self.bundle.flag_at(*key);
                let names = variants.iter().map(|id| flag.variant(*id).name.to_string()).collect();
                Some((format!("flag {} serves", flag.key), names))
            }
            // `starts_with: [a, b]` is compiled to one test for each entry.
            Condition::Any(parts) => {
                let mut lists = parts.iter().map(|part| match part {
                    Condition::Test(_) => Self { condition: part, ..self }.values(),
                    _ => None,
                });
                let (list, mut entries) = lists.next()??;
                for other in lists {
                    let (other_list, more) = other?;
                    if other_list != list {
                        return None;
                    }
                    entries.extend(more);
                }
                // Only a list of which any entry suffices can be combined with another list.
                let is_any_of = !list.ends_with("has_all") && !list.contains(" not_in");
                is_any_of.then_some((list, entries))
            }
            Condition::All(_) | Condition::Not(_) | Condition::Segment(_) => None,
        }
    }
}

/// Returns a condition with names instead of indices, because the indices differ between bundles.
pub(super) fn spelled_out(bundle: &Bundle, condition: &Condition) -> Json {
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
