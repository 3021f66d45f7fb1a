//! Compares the definitions that a flag depends on: other flags, segments, attributes and the bucketing.
//!
//! The input is the bundles of one environment before and after a change. The output is a list of
//! [`DependencyChange`]s in a fixed order. Together with the changes of the flag itself, they explain every difference
//! of its decisions.

use std::collections::BTreeSet;

use crate::bundle::{Attribute, Bundle};
use crate::diff::definition_changes::{DefinitionChange, Shift, compare_flag, compare_segments};
use crate::diff::equality::Closure;

/// A change of a definition that a flag depends on.
#[derive(Debug, Clone, PartialEq)]
pub enum DependencyChange {
    /// Another flag of this key.
    Flag(String, DefinitionChange),
    /// The condition of the segment of this name.
    Segment(String, Shift),
    /// The declaration of the attribute of this name.
    Attribute(String, AttributeChange),
    /// The algorithm that maps units to buckets.
    Bucketing(Shift),
}

/// A change of the declaration of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeChange {
    /// The type of the values changed.
    Type(Shift),
    /// The allowed values changed.
    Enum(Shift),
}

/// Returns the changes of everything that a flag depends on. Both bundles contain the flag.
pub fn compare_dependencies(bundles: [&Bundle; 2], key: &str) -> Vec<DependencyChange> {
    let [old, new] = bundles;
    let [before, after] = bundles.map(|bundle| Closure::of(bundle, key));
    let keys = |bundle: &Bundle, closure: &Closure| -> BTreeSet<String> {
        closure.flags.iter().map(|id| bundle.flag_at(*id).key.to_string()).collect()
    };
    let mut changes = Vec::new();
    for other in keys(old, &before).intersection(&keys(new, &after)).filter(|other| *other != key) {
        let found = compare_flag(bundles, other).into_iter().filter(DefinitionChange::affects_decisions);
        changes.extend(found.map(|change| DependencyChange::Flag(other.clone(), change)));
    }
    let names: BTreeSet<&str> = after.segments.iter().map(|id| new.segment_at(*id).name.as_ref()).collect();
    let segments = compare_segments(old, new).into_iter().filter(|(name, _)| names.contains(name.as_str()));
    changes.extend(segments.map(|(name, shift)| DependencyChange::Segment(name, shift)));
    for attribute in after.attributes.iter().filter_map(|id| new.attributes.get(*id)) {
        // A definition that uses a new attribute changed itself.
        let old = old.attributes.find(&attribute.name).and_then(|id| old.attributes.get(id));
        let found = old.map(|old| compare_attributes(old, attribute)).into_iter().flatten();
        changes.extend(found.map(|change| DependencyChange::Attribute(attribute.name.to_string(), change)));
    }
    changes.extend(Shift::between(old.bucketing.name(), new.bucketing.name()).map(DependencyChange::Bucketing));
    changes
}

fn compare_attributes(old: &Attribute, new: &Attribute) -> Vec<AttributeChange> {
    let kind = Shift::between(old.kind.name(), new.kind.name()).map(AttributeChange::Type);
    let values = |attribute: &Attribute| -> Vec<String> {
        attribute.allowed.iter().flatten().map(|value| value.to_string()).collect()
    };
    let allowed = Shift::of_values([&values(old), &values(new)]).map(AttributeChange::Enum);
    kind.into_iter().chain(allowed).collect()
}
