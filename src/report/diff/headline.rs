//! The sentence about a change of a flag, and the lines of its regions.
//!
//! The input is the change as JSON, whose regions contain the parts of sentences. A change with one region is one
//! sentence. A change with several regions is a sentence with their number, and each region has a line.

use crate::bundle::TARGETING_KEY;
#[cfg(feature = "serve")]
use crate::report::diff::json::FlagDiffJson;
use crate::report::diff::json::{AnswerJson, EventJson, FlagChangeJson, RegionJson};
use crate::report::diff::sentence::Sentence;
use crate::report::text::counted;

/// Returns the sentences about the changes of a flag, without colours.
#[cfg(feature = "serve")]
pub fn headlines(flag: &FlagDiffJson) -> Vec<String> {
    flag.shown_changes().map(|change| headline(&flag.flag, change).styled(&[]).as_str().to_owned()).collect()
}

/// Returns the sentence about a change in all its environments.
pub(crate) fn headline(flag: &str, change: &FlagChangeJson) -> Sentence {
    let place = |verb: &str| Sentence::about(flag, verb, &change.shown_environments);
    if let Some(problem) = &change.problem {
        let reason = match change.answer {
            AnswerJson::Known | AnswerJson::Unknown => "has an unknown effect: ",
            AnswerJson::Invalid => "has an unknown effect because of an error: ",
        };
        return place("in").words(format!(" {reason}")).code(problem);
    }
    let effects = effects(change);
    match (change.change, effects) {
        (EventJson::Added, Some(effects)) => place("is new in").words(" and ").then(&effects),
        (EventJson::Added, None) => place("is new in").words(" and serves everyone its `off` variant"),
        (EventJson::Removed, effects) => {
            let removed = place("is removed from").words(": applications fall back on the default in their code; it ");
            match effects {
                Some(effects) => removed.then(&effects),
                None => removed.words("served everyone its `off` variant"),
            }
        }
        (EventJson::Killed, Some(effects)) => place("is killed in").words(" and ").then(&effects),
        (EventJson::Killed, None) => place("is killed in").words(" and serves everyone what it served before"),
        (EventJson::HalfOpen, Some(effects)) => place("is half-open in").words(" and ").then(&effects),
        (EventJson::HalfOpen, None) => place("is half-open in").words(" and serves everyone what it served before"),
        (EventJson::Revived, Some(effects)) => place("is revived in").words(" and ").then(&effects),
        (EventJson::Revived, None) => place("is revived in").words(" and serves everyone what it served before"),
        (EventJson::Changed | EventJson::Affected, Some(effects)) => place("in").words(" ").then(&effects),
        (EventJson::Changed | EventJson::Affected, None) => {
            place("in").words(" serves everyone what it served before: proven for all contexts")
        }
    }
}

/// Returns what is served to whom, or `None` without a region. Several regions have lines of their own, so the sentence
/// has only their number and the greatest share.
fn effects(change: &FlagChangeJson) -> Option<Sentence> {
    let regions = change.regions.as_slice();
    let (first, others) = regions.split_first()?;
    if others.is_empty() {
        return Some(first.effect.clone().words(" to ").then(&first.recipients));
    }
    let effect = match (has_one_effect(regions), change.change) {
        (true, _) => first.effect.clone(),
        (false, EventJson::Removed) => Sentence::default().words("served several variants"),
        (false, _) => Sentence::default().words("serves other variants"),
    };
    let groups = counted(regions.len(), "group");
    // The region with the largest share is the first. Shares of different units cannot be compared.
    let recipients = if regions.iter().all(|region| region.hashed.is_empty()) {
        format!(" to everyone in {groups}")
    } else if regions.iter().all(|region| region.hashed == [TARGETING_KEY]) {
        format!(" to up to {} of the people in {groups}", first.moved.percent)
    } else {
        format!(" to {groups} of people")
    };
    Some(effect.words(recipients))
}

/// Returns whether all regions are served the same instead of the same, so that only the headline has to say it.
pub(crate) fn has_one_effect(regions: &[RegionJson]) -> bool {
    regions.windows(2).all(|pair| matches!(pair, [left, right] if left.effect == right.effect))
}

/// Returns the line of one of several regions of a change.
pub(crate) fn region_line(region: &RegionJson, regions: &[RegionJson]) -> Sentence {
    if has_one_effect(regions) {
        return Sentence::default().words("to ").then(&region.recipients);
    }
    region.effect.clone().words(" to ").then(&region.recipients)
}
