//! The parts of a diff in words.

use std::collections::BTreeSet;

use crate::analyze::{Certainty, DecidedBy, Effect, HashedUnits, Population, Region, Share, Side, Term, Transition};
use crate::bundle::{Bundle, Condition, Flag, ListText};
use crate::diff::CauseKind;
use crate::report::diff::condition::{Clause, Wording};
use crate::report::history::change;
use crate::report::value;

/// The maximum number of named units in a shortened line, which contains only the number of the other units.
const NAMED: usize = 4;

/// Returns a region of an action in one line: `25% of units where country eq "US": off → on`. An action changes flags
/// only, so a term about a flag contains the side that it means.
pub(crate) fn region(region: &Region, lists: ListText) -> String {
    let side = |term: &Term| {
        let names_flag = |condition: &Condition| condition.iter().any(|part| matches!(part, Condition::Flag { .. }));
        term.condition().is_some_and(names_flag).then_some(term.side)
    };
    region_with_sides(region, side, lists)
}

/// Returns a region in one line. `side` returns the side that a term means if its text has two meanings.
pub(crate) fn region_with_sides(region: &Region, side: impl Fn(&Term) -> Option<Side>, lists: ListText) -> String {
    let moved = region.moved();
    let all = moved == Share::ALL;
    let condition = Wording { side: &side, lists }.of_region(region);
    let units = units(&region.hashed);
    let audience = match (&region.population, all) {
        (Population::Named(named), _) => {
            let attributes = named.iter().map(|(attribute, units)| {
                let most = match lists {
                    ListText::Whole => units.len(),
                    ListText::Shortened => NAMED,
                };
                let more = units.len().saturating_sub(most);
                let shown = units.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                format!("{attribute} {shown}{more}")
            });
            let named = attributes.collect::<Vec<_>>().join(" with ");
            if all { named } else { format!("{moved} of {units} with {named}") }
        }
        (Population::Units, true) => "everyone".to_owned(),
        (Population::Units, false) => format!("{moved} of {units}"),
    };
    let condition = condition.map_or(String::new(), |Clause { word, condition }| format!(" {word} {condition}"));
    let moving: Vec<&Transition> = region.transitions.iter().filter(|transition| transition.moves()).collect();
    let shifts = match moving.as_slice() {
        [only] => shift(only, lists),
        several => {
            let shifts = several.iter().map(|transition| format!("{} {}", transition.share, shift(transition, lists)));
            shifts.collect::<Vec<_>>().join(", ")
        }
    };
    let bounds = region.bounds.as_ref().map_or(String::new(), |bounds| {
        format!(" (hashed anew: {moved} expected, at least {}, at most {})", bounds.least, bounds.most)
    });
    let perhaps = if region.certainty == Certainty::Exact { "" } else { "perhaps " };
    format!("{perhaps}{audience}{condition}: {shifts}{bounds}")
}

/// Returns the units of a share: `units`, or an attribute in backticks.
pub(crate) fn units(hashed: &HashedUnits) -> String {
    let quoted = |attributes: &BTreeSet<String>| attributes.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    match hashed {
        HashedUnits::TargetingKey => "units".to_owned(),
        HashedUnits::Attributes(attributes) => match quoted(attributes).as_slice() {
            [] => "units".to_owned(),
            [only] => only.clone(),
            several => format!("combinations of {}", several.join(" and ")),
        },
    }
}

/// Returns a transition in words: `off → on`, with the values if the names are equal.
fn shift(transition: &Transition, lists: ListText) -> String {
    let Transition { from, to, .. } = transition;
    if from.name == to.name {
        format!("{} = {}", from.name, value::shift(&from.value, &to.value, lists))
    } else {
        format!("{} → {}", from.name, to.name)
    }
}

/// Returns the name of the part of a flag that decides, or `no flag` if the flag does not exist.
pub(crate) fn decided_by(decider: DecidedBy, flag: Option<(&Bundle, &Flag)>) -> String {
    let Some((bundle, flag)) = flag else { return "no flag".to_owned() };
    match decider {
        DecidedBy::Killed => "kill".to_owned(),
        DecidedBy::Disabled => "`enabled: false`".to_owned(),
        DecidedBy::Prerequisite(index) => match flag.prerequisites.get(index) {
            Some(Condition::Flag { key, .. }) => format!("prerequisite {}", bundle.flag_at(*key).key),
            _ => "a prerequisite".to_owned(),
        },
        DecidedBy::Rule(index) => format!("rule {}", flag.rule_name(index)),
        DecidedBy::Default => "default".to_owned(),
    }
}

/// Returns the name of an effect in the output of `diff`.
pub(crate) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Expand => "expand",
        Effect::Shrink => "shrink",
        Effect::Reassign => "reassign",
        Effect::Relabel => "relabel",
        Effect::Reshuffle => "reshuffle",
    }
}

/// Describes a difference in definitions in a few words.
pub(crate) fn cause(kind: &CauseKind, lists: ListText) -> String {
    match kind {
        CauseKind::Own(own) => change::words(own, lists),
        CauseKind::Dependency(dependency) => change::dependency(dependency, lists),
        CauseKind::Metadata(changes) => {
            changes.iter().map(|change| change::metadata(change, lists)).collect::<Vec<_>>().join(", ")
        }
    }
}
