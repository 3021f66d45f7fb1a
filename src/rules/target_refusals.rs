//! The flags that declared targets of flagd's format cannot express.
//!
//! **Invariant:** kills are ignored, because a revival must not make a target impossible. A flag with `enabled: false`
//! serves only `off`, which every format can express.

use serde_json::Map;

use crate::bundle::{Bundle, State};
use crate::flagd;
use crate::flagd::{Cause, FlagPart, Refusal};
use crate::model::{Condition, EffectiveServing, Flag, Project, Target, TargetFormat};
use crate::snapshot::Span;

/// A part of a flag that a target cannot express.
pub(super) struct TargetRefusal<'p> {
    /// The names of the targets.
    pub(super) targets: Vec<&'p Target>,
    pub(super) flag: &'p Flag,
    pub(super) span: Span,
    pub(super) refusal: Refusal,
}

/// Returns what the declared targets cannot express, once for all environments. Removes the kills from the bundles.
pub(super) fn find<'p>(project: &'p Project, bundles: &mut [Bundle]) -> Vec<TargetRefusal<'p>> {
    let mut found: Vec<TargetRefusal<'p>> = Vec::new();
    for bundle in bundles {
        let targets = project.settings.targets.iter();
        let targets: Vec<_> = targets
            .filter(|target| target.format == TargetFormat::Flagd && target.has_environment(&bundle.environment))
            .collect();
        if targets.is_empty() {
            continue;
        }
        without_kills(project, bundle);
        let flags: Vec<_> = bundle.flags.iter().collect();
        for refusal in flagd::export(bundle, &flags, Map::new()).err().into_iter().flatten() {
            let Some(flag) = project.flag(&refusal.flag) else { continue };
            let names = project.settings.names_of(&bundle.environment);
            let span = position(flag, &flag.serving(&names), &refusal);
            match found.iter_mut().find(|known| known.span == span && known.refusal == refusal) {
                Some(known) => {
                    let is_new = |target: &&&Target| !known.targets.iter().any(|seen| std::ptr::eq(*seen, **target));
                    let new: Vec<_> = targets.iter().filter(is_new).copied().collect();
                    known.targets.extend(new);
                }
                None => found.push(TargetRefusal { targets: targets.clone(), flag, span, refusal }),
            }
        }
    }
    found
}

/// Gives killed flags the state that they have after a revival.
fn without_kills(project: &Project, bundle: &mut Bundle) {
    let environment = bundle.environment.clone();
    for flag in bundle.flags.iter_mut().filter(|flag| matches!(flag.state, State::Killed { .. })) {
        let names = project.settings.names_of(&environment);
        let enabled = project.flag(&flag.key).and_then(|flag| flag.serving(&names).enabled);
        flag.state = if enabled.is_none_or(|enabled| enabled.value) { State::Enabled } else { State::Disabled };
    }
}

/// Returns the position of the test that cannot be expressed or, if another flag or a segment has it, of the part that
/// refers to them.
fn position(flag: &Flag, serving: &EffectiveServing<'_>, refusal: &Refusal) -> Span {
    let part = match refusal.part {
        FlagPart::Flag => None,
        FlagPart::Variant(index) => flag.variants.get(index).map(|variant| variant.value.span),
        FlagPart::Prerequisite(index) => serving.requires.get(index).map(|requirement| requirement.flag.span),
        FlagPart::Rule(index) => serving.rules.get(index).map(|rule| {
            let condition = rule.condition;
            let test = condition.and_then(|condition| attribute_span(&condition.value, &refusal.cause));
            let share = rule.rollout.map(|rollout| rollout.span);
            let share = share.or(rule.written.slot.as_ref().map(|slot| slot.span));
            test.or(condition.map(|condition| condition.span)).or(share).unwrap_or(rule.written.span)
        }),
    };
    part.unwrap_or(flag.start)
}

/// Returns the position of the first test of the attribute in a condition.
fn attribute_span(condition: &Condition, cause: &Cause) -> Option<Span> {
    let Cause::Attribute(wanted) = cause else { return None };
    condition.iter().find_map(|condition| match condition {
        Condition::Attribute { name, .. } if name.value == *wanted => Some(name.span),
        Condition::Attribute { .. }
        | Condition::All(_)
        | Condition::Any(_)
        | Condition::Not(_)
        | Condition::Segment(_)
        | Condition::Flag(_) => None,
    })
}
