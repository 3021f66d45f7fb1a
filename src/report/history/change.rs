//! A change of a definition in words, and its name in JSON.

use crate::diff::{DefinitionChange, Shift};

/// Returns the name of the kind of change in JSON.
pub(crate) fn kind(change: &DefinitionChange) -> &'static str {
    match change {
        DefinitionChange::Added => "added",
        DefinitionChange::Removed => "removed",
        DefinitionChange::Killed(_) => "killed",
        DefinitionChange::Revived => "revived",
        DefinitionChange::Enabled => "enabled",
        DefinitionChange::Disabled => "disabled",
        DefinitionChange::Variants => "variants",
        DefinitionChange::Off(_) => "off",
        DefinitionChange::Default(_) => "default",
        DefinitionChange::Unit(_) => "unit",
        DefinitionChange::Salt(_) => "salt",
        DefinitionChange::Requires(_) => "requires",
        DefinitionChange::RuleAdded(_) => "rule-added",
        DefinitionChange::RuleRemoved(_) => "rule-removed",
        DefinitionChange::RuleOrder => "rule-order",
        DefinitionChange::Rollout(..) => "rollout",
        DefinitionChange::Condition(..) => "condition",
        DefinitionChange::Serve(..) => "serve",
    }
}

/// Returns a change in words, such as `rule staff 10% → 25%`.
pub(crate) fn words(change: &DefinitionChange) -> String {
    match change {
        DefinitionChange::Added => "added".to_owned(),
        DefinitionChange::Removed => "removed".to_owned(),
        DefinitionChange::Killed(reason) => format!("killed: {reason}"),
        DefinitionChange::Revived => "revived".to_owned(),
        DefinitionChange::Enabled => "enabled".to_owned(),
        DefinitionChange::Disabled => "disabled".to_owned(),
        DefinitionChange::Variants => "other variants or values".to_owned(),
        DefinitionChange::Off(variants) => format!("off {}", shift(variants)),
        DefinitionChange::Default(variants) => format!("default {}", shift(variants)),
        DefinitionChange::Unit(units) => format!("unit {}", shift(units)),
        DefinitionChange::Salt(salts) => format!("salt {}", shift(salts)),
        DefinitionChange::Requires(flags) => format!("requires {}", shift(flags)),
        DefinitionChange::RuleAdded(rule) => format!("rule {rule} added"),
        DefinitionChange::RuleRemoved(rule) => format!("rule {rule} removed"),
        DefinitionChange::RuleOrder => "rules in another order".to_owned(),
        DefinitionChange::Rollout(rule, from, to) => format!("rule {rule} {from} → {to}"),
        DefinitionChange::Condition(rule, conditions) => format!("rule {rule} is for {}", shift(conditions)),
        DefinitionChange::Serve(rule, variants) => format!("rule {rule} serves {}", shift(variants)),
    }
}

/// Returns both texts with an arrow between them. An empty text becomes `nothing`.
fn shift(Shift { from, to }: &Shift) -> String {
    let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    format!("{} → {}", shown(from), shown(to))
}
