//! A change of a definition in words, and its name in JSON.

use serde_json::Value as Json;

use crate::bundle::ListText;
use crate::diff::{
    AttributeChange, DefinitionChange, DependencyChange, ListChange, ListKind, MetadataChange, Shift, VariantChange,
};
use crate::history::FlagChange;
use crate::report::Role;
use crate::report::text::{counted, grouped, killed};
use crate::report::value::{shift as value_shift, value};

/// Returns the name of the kind of change in JSON.
pub(crate) fn kind(change: &DefinitionChange) -> &'static str {
    match change {
        DefinitionChange::Added => "added",
        DefinitionChange::Removed => "removed",
        DefinitionChange::Killed { .. } => "killed",
        DefinitionChange::HalfOpened { .. } => "half-open",
        DefinitionChange::Revived => "revived",
        DefinitionChange::Enabled => "enabled",
        DefinitionChange::Disabled => "disabled",
        DefinitionChange::ShownToClients | DefinitionChange::HiddenFromClients => "client",
        DefinitionChange::Variants(_) => "variants",
        DefinitionChange::Off(_) => "off",
        DefinitionChange::Default(_) => "default",
        DefinitionChange::Unit(_) => "unit",
        DefinitionChange::Salt(_) => "salt",
        DefinitionChange::Requires(_) => "requires",
        DefinitionChange::RuleAdded(_) => "rule-added",
        DefinitionChange::RuleRemoved(_) => "rule-removed",
        DefinitionChange::RuleOrder => "rule-order",
        DefinitionChange::Slot(..) => "slot",
        DefinitionChange::Rollout(..) => "rollout",
        DefinitionChange::RuleUnit(..) => "rule-unit",
        DefinitionChange::Condition(..) => "condition",
        DefinitionChange::Serve(..) => "serve",
    }
}

/// Returns a change in words, such as `rule staff 10% → 25%`. `lists` is how much of long lists and values the text
/// contains.
pub(crate) fn words(change: &DefinitionChange, lists: ListText) -> String {
    match change {
        DefinitionChange::Added => "added".to_owned(),
        DefinitionChange::Removed => "removed".to_owned(),
        DefinitionChange::Killed { reason, expires: None } => format!("killed: {reason}"),
        DefinitionChange::Killed { reason, expires: Some(expires) } => format!("killed: {reason} (expires {expires})"),
        DefinitionChange::HalfOpened { reason, admit } => format!("{}: {reason}", killed(*admit)),
        DefinitionChange::Revived => "revived".to_owned(),
        DefinitionChange::Enabled => "enabled".to_owned(),
        DefinitionChange::Disabled => "disabled".to_owned(),
        DefinitionChange::ShownToClients => "visible to clients (client: true)".to_owned(),
        DefinitionChange::HiddenFromClients => "not visible to clients any more".to_owned(),
        DefinitionChange::Variants(changes) => {
            changes.iter().map(|change| variant(change, lists)).collect::<Vec<_>>().join(", ")
        }
        DefinitionChange::Off(variants) => shift("off", " ", variants, lists),
        DefinitionChange::Default(variants) => shift("default", " ", variants, lists),
        DefinitionChange::Unit(units) => shift("unit", " ", units, lists),
        DefinitionChange::Salt(salts) => shift("salt", " ", salts, lists),
        DefinitionChange::Requires(flags) => shift("requires", " ", flags, lists),
        DefinitionChange::RuleAdded(rule) => format!("rule {rule} added"),
        DefinitionChange::RuleRemoved(rule) => format!("rule {rule} removed"),
        DefinitionChange::RuleOrder => "rules in another order".to_owned(),
        DefinitionChange::Slot(rule, slots) => shift(&format!("rule {rule}"), " slot ", slots, lists),
        DefinitionChange::Rollout(rule, from, to) => format!("rule {rule} {from} → {to}"),
        DefinitionChange::RuleUnit(rule, units) => shift(&format!("rule {rule}"), " unit ", units, lists),
        DefinitionChange::Condition(rule, conditions) => shift(&format!("rule {rule}"), " is for ", conditions, lists),
        DefinitionChange::Serve(rule, variants) => shift(&format!("rule {rule}"), " serves ", variants, lists),
    }
}

/// Returns the role of a change in a text for people, or `None` for a change whose direction is not clear from it alone.
fn role(change: &DefinitionChange) -> Option<Role> {
    match change {
        DefinitionChange::Killed { .. } | DefinitionChange::Disabled | DefinitionChange::Removed => Some(Role::Bad),
        DefinitionChange::Revived | DefinitionChange::Enabled | DefinitionChange::Added => Some(Role::Good),
        DefinitionChange::Rollout(_, from, to) => Some(if to < from { Role::Bad } else { Role::Good }),
        DefinitionChange::HalfOpened { .. }
        | DefinitionChange::Unit(_)
        | DefinitionChange::Salt(_)
        | DefinitionChange::RuleUnit(..)
        | DefinitionChange::ShownToClients
        | DefinitionChange::HiddenFromClients => Some(Role::Caution),
        DefinitionChange::Variants(_)
        | DefinitionChange::Off(_)
        | DefinitionChange::Default(_)
        | DefinitionChange::Requires(_)
        | DefinitionChange::RuleAdded(_)
        | DefinitionChange::RuleRemoved(_)
        | DefinitionChange::RuleOrder
        | DefinitionChange::Slot(..)
        | DefinitionChange::Condition(..)
        | DefinitionChange::Serve(..) => None,
    }
}

/// Returns the role of a change of a flag in a commit.
pub(crate) fn flag_change_role(change: &FlagChange) -> Option<Role> {
    match change {
        FlagChange::Own(change) => role(change),
        FlagChange::Through(DependencyChange::Bucketing(_)) => Some(Role::Caution),
        FlagChange::Through(_) => None,
        FlagChange::Metadata(_) | FlagChange::Unchanged => Some(Role::Minor),
        FlagChange::Invalid(_) | FlagChange::StillInvalid(_) => Some(Role::Bad),
        FlagChange::ValidAgain => Some(Role::Good),
    }
}

/// Returns a change of a definition that a flag depends on, such as `segment staff is for plan eq "pro" → everyone`.
pub(crate) fn dependency(change: &DependencyChange, lists: ListText) -> String {
    match change {
        DependencyChange::Flag(key, change) => format!("flag {key}: {}", words(change, lists)),
        DependencyChange::Segment(name, conditions) => shift(&format!("segment {name}"), " is for ", conditions, lists),
        DependencyChange::Attribute(name, AttributeChange::Type(types)) => {
            shift(&format!("attribute {name}"), " has the type ", types, lists)
        }
        DependencyChange::Attribute(name, AttributeChange::Enum(values)) => {
            shift(&format!("attribute {name} enum"), " ", values, lists)
        }
        DependencyChange::Bucketing(algorithms) => shift("bucketing", " ", algorithms, lists),
    }
}

/// Returns the name of the kind of a change of a flag in JSON.
pub(crate) fn flag_change_kind(change: &FlagChange) -> &'static str {
    match change {
        FlagChange::Own(change) => kind(change),
        FlagChange::Through(change) => dependency_kind(change),
        FlagChange::Metadata(MetadataChange::Field(field, ..) | MetadataChange::List(field, _)) => field,
        FlagChange::Metadata(MetadataChange::Steps(..)) => "steps",
        FlagChange::Invalid(_) => "invalid",
        FlagChange::StillInvalid(_) => "still-invalid",
        FlagChange::ValidAgain => "valid",
        FlagChange::Unchanged => "unchanged",
    }
}

/// Returns a change of a flag in words.
pub(crate) fn flag_change(change: &FlagChange, lists: ListText) -> String {
    match change {
        FlagChange::Own(change) => words(change, lists),
        FlagChange::Through(change) => format!("through {}", dependency(change, lists)),
        FlagChange::Metadata(change) => metadata(change, lists),
        FlagChange::Invalid(problem) => format!("no valid definition: {problem}"),
        FlagChange::StillInvalid(problem) => format!("still no valid definition: {problem}"),
        FlagChange::ValidAgain => "a valid definition again".to_owned(),
        FlagChange::Unchanged => "decides as before".to_owned(),
    }
}

/// Returns a change of a field that does not affect decisions, such as `owner "shop" → "till"` or `tags: added web`.
pub(crate) fn metadata(change: &MetadataChange, lists: ListText) -> String {
    match change {
        MetadataChange::Field(field, Some(from), Some(to)) => format!("{field} {}", value_shift(from, to, lists)),
        MetadataChange::Field(field, from, to) => {
            let shown = |side: &Option<Json>| side.as_ref().map_or("nothing".to_owned(), |side| value(side, lists));
            format!("{field} {} → {}", shown(from), shown(to))
        }
        MetadataChange::List(field, entries) => shift(field, " ", entries, lists),
        MetadataChange::Steps(rule, steps) => shift(&format!("rule {rule} steps"), " ", steps, lists),
    }
}

/// Returns the kind and the name of a definition that a flag depends on, for JSON.
pub(crate) fn source(change: &DependencyChange) -> (&'static str, &str) {
    match change {
        DependencyChange::Flag(key, _) => ("flag", key),
        DependencyChange::Segment(name, _) => ("segment", name),
        DependencyChange::Attribute(name, _) => ("attribute", name),
        DependencyChange::Bucketing(_) => ("setting", "bucketing"),
    }
}

/// Returns the name in JSON of the kind of a change of a definition that a flag depends on.
pub(crate) fn dependency_kind(change: &DependencyChange) -> &'static str {
    match change {
        DependencyChange::Flag(_, change) => kind(change),
        DependencyChange::Segment(..) => "condition",
        DependencyChange::Attribute(_, AttributeChange::Type(_)) => "type",
        DependencyChange::Attribute(_, AttributeChange::Enum(_)) => "enum",
        DependencyChange::Bucketing(_) => "bucketing",
    }
}

/// Returns how a subject changes. For lists, the text has the added and removed entries: `rule vip: email in: added
/// "a@x.com"`. Otherwise it has both texts, after the verb: `rule vip is for plan eq "pro" → everyone`. An empty text
/// becomes `nothing`.
pub(crate) fn shift(subject: &str, verb: &str, shift: &Shift, lists: ListText) -> String {
    /// The maximum length in bytes of texts whose difference is seen at a glance.
    const SHORT: usize = 60;
    let is_long = shift.from.len() > SHORT || shift.to.len() > SHORT;
    let keeps_values = shift.lists.iter().any(|list| list.kind == ListKind::Values);
    // The lists have the same entries if only their order differs.
    let names_entries = shift.lists.iter().any(|list| !list.added.is_empty() || !list.removed.is_empty());
    if names_entries && (is_long || keeps_values) {
        let changes = shift.lists.iter().map(|change| list_change(change, lists)).collect::<Vec<_>>();
        return format!("{subject}: {}", changes.join("; "));
    }
    let [from, to] = match lists {
        ListText::Whole => [&shift.from, &shift.to],
        ListText::Shortened => shift.summary.each_ref(),
    };
    let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    format!("{subject}{verb}{} → {}", shown(from), shown(to))
}

/// Returns the difference of a list: `email in: added "a@x.com", "b@x.com"; removed "c@x.com"`.
pub(crate) fn list_change(change: &ListChange, lists: ListText) -> String {
    let parts = [("added", &change.added), ("removed", &change.removed)];
    let parts = parts.iter().filter(|(_, entries)| !entries.is_empty());
    let parts = parts.map(|(verb, entries)| format!("{verb} {}", named(entries, lists))).collect::<Vec<_>>();
    let separator = if change.list.is_empty() { "" } else { ": " };
    format!("{}{separator}{}", change.list, parts.join("; "))
}

/// Returns the entries. A shortened text has the first 2,000 bytes of them and the number of the others.
fn named(entries: &[String], lists: ListText) -> String {
    /// The maximum length of a shortened text, in bytes. It leaves room for many lists in a comment on a pull request.
    const LONGEST: usize = 2_000;
    let mut length = 0;
    let fits = |entry: &&String| {
        length += entry.len() + 2;
        lists == ListText::Whole || length <= LONGEST
    };
    let shown: Vec<&str> = entries.iter().take_while(fits).map(String::as_str).collect();
    match entries.len() - shown.len() {
        0 => shown.join(", "),
        more if shown.is_empty() => counted(more, "long value"),
        more => format!("{} and {} more", shown.join(", "), grouped(more as u64)),
    }
}

fn variant(change: &VariantChange, lists: ListText) -> String {
    match change {
        VariantChange::Added(name, added) => format!("variant {name} added with the value {}", value(added, lists)),
        VariantChange::Removed(name, _) => format!("variant {name} removed"),
        VariantChange::Value(name, from, to) => format!("variant {name} = {}", value_shift(from, to, lists)),
    }
}
