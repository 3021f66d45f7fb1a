//! A change of meaning in words.

use serde_json::Value as Json;

use crate::analyze::{Certainty, DecidedBy, Effect, Population, Region, Share, Side, Term, TermSubject, Transition};
use crate::bundle::{Bundle, Condition, Flag};
use crate::diff::{Cause, CauseKind};
use crate::report::history::log::words;
use crate::report::{End, ExampleJson};

/// So many units are named in a line.
const NAMED: usize = 4;

/// Whom a condition is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Units, which have what is bucketed.
    Units,
    /// Contexts of any kind.
    Contexts,
}

/// `25% of units where country eq "US": off → on`
pub(crate) fn region(region: &Region, shifted: &[String]) -> String {
    let moved = region.moved();
    let whole = moved == Share::ALL;
    let condition = condition(region, if whole { Whom::Contexts } else { Whom::Units }, shifted);
    let whom = match (&region.population, whole) {
        (Population::Named(named), _) => {
            let each = named.iter().map(|(attribute, units)| {
                let more = units.len().saturating_sub(NAMED);
                let shown = units.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                format!("{attribute} {shown}{more}")
            });
            each.collect::<Vec<_>>().join(" with ")
        }
        (Population::Units, true) => "everyone".to_owned(),
        (Population::Units, false) => format!("{moved} of units"),
    };
    let wheres = if condition.is_empty() { String::new() } else { format!(" where {condition}") };
    let moving: Vec<&Transition> = region.transitions.iter().filter(|transition| transition.moves()).collect();
    let shifts = match moving.as_slice() {
        [only] => shift(only),
        several => {
            let each = several.iter().map(|one| format!("{} {}", one.share, shift(one)));
            each.collect::<Vec<_>>().join(", ")
        }
    };
    let anew = region.bounds.as_ref().map_or(String::new(), |bounds| {
        format!(" (hashed anew: {moved} expected, at least {}, at most {})", bounds.least, bounds.most)
    });
    let perhaps = if region.certainty == Certainty::Exact { "" } else { "perhaps " };
    format!("{perhaps}{whom}{wheres}: {shifts}{anew}")
}

/// `off → on`; with values where the names are the same.
fn shift(transition: &Transition) -> String {
    let Transition { from, to, .. } = transition;
    if from.name == to.name {
        format!("{} = {} → {}", from.name, from.value, to.value)
    } else {
        format!("{} → {}", from.name, to.name)
    }
}

/// What the words of conditions call by name and mean otherwise after than before.
pub(crate) fn shifted(causes: &[Cause]) -> Vec<String> {
    let named = causes.iter().filter_map(|cause| match &cause.what {
        CauseKind::Segment(name, _) => Some(format!("segment {name}")),
        CauseKind::Other(flag, _) => Some(format!("flag {flag}")),
        CauseKind::Own(_) | CauseKind::Settings | CauseKind::Metadata(_) => None,
    });
    named.collect()
}

/// What all contexts of a region have in common; empty where that is nothing. What names something that means
/// something else on the other side says which side it is of.
pub(crate) fn condition(region: &Region, whom: Whom, shifted: &[String]) -> String {
    let said = |term: &&Term| {
        let is_unit = term.holds && matches!(term.subject, TermSubject::Unit { .. });
        let named = !matches!(region.population, Population::Units);
        !(is_unit && (whom == Whom::Units || named)) && !(named && matches!(term.subject, TermSubject::Named { .. }))
    };
    let word = |term: &Term| {
        let words = match (term.holds, &term.subject) {
            (true, _) => term.words.clone(),
            (false, TermSubject::Unit { attribute }) => return format!("no {attribute}"),
            (false, _) => format!("not ({})", term.words),
        };
        match (shifted.iter().any(|name| names(&term.words, name)), term.side) {
            (false, _) => words,
            (true, Side::Before) => format!("{words} (before)"),
            (true, Side::After) => format!("{words} (after)"),
        }
    };
    region.terms.iter().filter(said).map(word).collect::<Vec<_>>().join(" and ")
}

/// Whether a text has a name in it that does not go on.
fn names(text: &str, name: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "._-".contains(c));
    text.match_indices(name).any(|(at, found)| !text.get(at + found.len()..).is_some_and(goes_on))
}

/// What decides, by its name; of a flag that is not there, that.
pub(crate) fn place(place: DecidedBy, flag: Option<(&Bundle, &Flag)>) -> String {
    let Some((bundle, flag)) = flag else { return "no flag".to_owned() };
    match place {
        DecidedBy::Killed => "kill".to_owned(),
        DecidedBy::Disabled => "`enabled: false`".to_owned(),
        DecidedBy::Prerequisite(at) => match flag.prerequisites.get(at) {
            Some(Condition::Flag { key, .. }) => format!("prerequisite {}", bundle.flag_at(*key).key),
            _ => "a prerequisite".to_owned(),
        },
        DecidedBy::Rule(at) => format!("rule {}", flag.rule_name(at)),
        DecidedBy::Default => "default".to_owned(),
    }
}

pub(crate) fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Expand => "expand",
        Effect::Shrink => "shrink",
        Effect::Reassign => "reassign",
        Effect::Reshuffle => "reshuffle",
    }
}

pub(crate) fn what(what: &CauseKind) -> String {
    match what {
        CauseKind::Own(change) => words(change),
        CauseKind::Other(flag, change) => format!("flag {flag}: {}", words(change)),
        CauseKind::Segment(name, shift) => format!("segment {name} is for {} → {}", shift.from, shift.to),
        CauseKind::Settings => "attributes or bucketing".to_owned(),
        CauseKind::Metadata(fields) => format!("other {}", fields.join(", ")),
    }
}

/// `flagctl eval …`, for a shell.
pub(crate) fn command(flag: &str, environment: &str, example: &ExampleJson, end: &End) -> String {
    let mut words = vec!["flagctl".to_owned(), "eval".to_owned(), flag.to_owned()];
    match end {
        End::WorkingTree => words.extend(["-e".to_owned(), environment.to_owned()]),
        End::Revision(name) => {
            words.extend(["-e".to_owned(), environment.to_owned(), "--at".to_owned(), name.clone()]);
        }
        End::Bundle(path) => words.extend(["--bundle".to_owned(), path.clone()]),
    }
    for (name, value) in &example.context {
        let value = match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        words.extend(["-c".to_owned(), format!("{name}={value}")]);
    }
    words.extend(example.now.iter().flat_map(|now| ["--now".to_owned(), now.clone()]));
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// For a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/=@%+~^".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
