//! How many flags and shadows a diff changes, in words: `1 flag changes what people get, 2 have an unknown effect`.
//!
//! A shadow is a flag in every bundle, but it decides only for whom the candidate runs in the dark. People get what they got,
//! so the shadows have a sentence of their own after that of the flags.

use crate::report::diff::json::{AnswerJson, DiffJson, EventJson, FlagChangeJson, FlagDiffJson};
use crate::report::text::{counted, grouped};

/// What a change does to a flag or a shadow, in any environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Moves,
    Unknown,
    Removed,
    Nothing,
}

impl Effect {
    fn of(flag: &FlagDiffJson) -> Self {
        let any = |holds: fn(&FlagChangeJson) -> bool| flag.changes.iter().any(holds);
        match (any(|change| change.answer != AnswerJson::Known), any(|change| !change.regions.is_empty())) {
            (true, _) => Self::Unknown,
            (false, true) => Self::Moves,
            (false, false) if any(|change| change.change == EventJson::Removed) => Self::Removed,
            (false, false) => Self::Nothing,
        }
    }
}

/// An effect with its verb for one flag and for several.
type Verb = (Effect, &'static str, &'static str);

const UNKNOWN: Verb = (Effect::Unknown, "has an unknown effect", "have an unknown effect");
const REMOVED: Verb = (Effect::Removed, "is removed", "are removed");
const FLAGS: [Verb; 4] = [
    (Effect::Moves, "changes what people get", "change what people get"),
    UNKNOWN,
    REMOVED,
    (Effect::Nothing, "changes no decision", "change no decision"),
];
const SHADOWS: [Verb; 4] = [
    (Effect::Moves, "changes for whom it runs", "change for whom they run"),
    UNKNOWN,
    REMOVED,
    (Effect::Nothing, "runs for the same people", "run for the same people"),
];

/// Returns how many flags and shadows change, in words.
pub(crate) fn counts(diff: &DiffJson) -> String {
    let (shadows, flags): (Vec<&FlagDiffJson>, _) = diff.flags.iter().partition(|flag| flag.shadow_of.is_some());
    let dependent = diff.unaffected.len();
    match (diff.flags.is_empty(), dependent) {
        (true, 0) => "no flag changes".to_owned(),
        (true, _) => format!("no flag changes; {} checked: proven for all contexts", counted(dependent, "flag")),
        (false, _) => {
            let mut parts = parts(&flags, "flag", &FLAGS);
            parts.extend(self::parts(&shadows, "shadow", &SHADOWS));
            match dependent {
                0 => {}
                1 => parts.push("1 more depends on them and decides as before".to_owned()),
                _ => parts.push(format!("{} more depend on them and decide as before", grouped(dependent as u64))),
            }
            parts.join(", ")
        }
    }
}

/// Returns the number of flags with each effect. Only the first part contains the noun.
fn parts(flags: &[&FlagDiffJson], noun: &str, verbs: &[Verb]) -> Vec<String> {
    let numbers = verbs.iter().map(|(effect, singular, plural)| {
        let number = flags.iter().filter(|flag| Effect::of(flag) == *effect).count();
        (number, if number == 1 { singular } else { plural })
    });
    let numbers = numbers.filter(|(number, _)| *number > 0);
    let part = |(index, (number, verb))| match index {
        0 => format!("{} {verb}", counted(number, noun)),
        _ => format!("{} {verb}", grouped(number as u64)),
    };
    numbers.enumerate().map(part).collect()
}
