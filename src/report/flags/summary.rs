//! What an enabled flag does in an environment, in a few words: `25%`, `3 conditions, 25% to 100%`, `on for everyone`.

use crate::analyze::Share;
use crate::bundle::{Flag, Percent, Rule, Serve};
use crate::report::text::counted;

/// Returns who gets something else than `off`. Rules after a rule for everyone are left out, because no context reaches
/// them.
pub(super) fn summary(flag: &Flag) -> String {
    let (reached, last) = reached(flag);
    let conditions = reached.iter().filter(|rule| rule.condition.is_some()).map(admitted);
    let mut parts: Vec<String> = conditional(&conditions.collect::<Vec<_>>()).into_iter().collect();
    for rule in reached.iter().filter(|rule| rule.condition.is_none()) {
        let then = if parts.is_empty() { "" } else { "then " };
        parts.push(format!("{then}{}", share(flag, rule)));
    }
    let rest = last.map(|rule| &rule.serve);
    let is_off = serves_off(flag, rest);
    let rest_text =
        rest.map_or_else(|| flag.variant(flag.default).name.to_string(), |serve| flag.describe_serve(serve));
    match (parts.is_empty(), is_off, rest) {
        (true, true, _) => rest_text,
        (true, false, Some(Serve::Split(_))) => rest_text,
        (true, false, Some(Serve::Variant(_)) | None) => format!("{rest_text} for everyone"),
        (false, true, _) => parts.join(", "),
        (false, false, _) => format!("{}, else {rest_text}", parts.join(", ")),
    }
}

/// Returns whether an enabled flag has no rule that some context can reach, and serves `off` to everyone.
pub(super) fn serves_off_to_everyone(flag: &Flag) -> bool {
    let (reached, last) = reached(flag);
    reached.is_empty() && serves_off(flag, last.map(|rule| &rule.serve))
}

/// Returns the rules before the first rule for everyone, and this rule.
pub(super) fn reached(flag: &Flag) -> (&[Rule], Option<&Rule>) {
    let is_for_everyone = |rule: &Rule| rule.condition.is_none() && rule.admits_all();
    let last = flag.rules.iter().position(is_for_everyone);
    let reached = flag.rules.get(..last.unwrap_or(flag.rules.len())).unwrap_or_default();
    (reached, last.and_then(|index| flag.rules.get(index)))
}

/// Returns whether the contexts that no other rule matches get `off`. `rest` is what the rule for everyone serves.
fn serves_off(flag: &Flag, rest: Option<&Serve>) -> bool {
    match rest {
        Some(Serve::Variant(id)) => *id == flag.off,
        Some(Serve::Split(_)) => false,
        None => flag.default == flag.off,
    }
}

/// Returns the number of conditions with the shares that their rules admit, or `None` without conditions.
fn conditional(shares: &[Share]) -> Option<String> {
    let (least, most) = (*shares.iter().min()?, *shares.iter().max()?);
    let number = counted(shares.len(), "condition");
    Some(match (shares.len(), least, most) {
        (_, Share::ALL, _) => number,
        (1, share, _) => format!("{share} of {number}"),
        (_, least, most) if least == most => format!("{number}, {least} each"),
        (_, least, most) => format!("{number}, {least} to {most}"),
    })
}

/// Returns the share of a rule without a condition, and what it serves unless that is clear: the variant of a flag with
/// two variants that is not `off`.
fn share(flag: &Flag, rule: &Rule) -> String {
    let admitted = admitted(rule);
    match &rule.serve {
        Serve::Variant(id) if *id != flag.off && flag.variants.len() == 2 => admitted.to_string(),
        Serve::Variant(_) => format!("{admitted} {}", flag.describe_serve(&rule.serve)),
        Serve::Split(_) => format!("{admitted} split ({})", flag.describe_serve(&rule.serve)),
    }
}

/// Returns the share of units that a rule admits, as a fraction of all units: the rollout is a share of the slot.
pub(crate) fn admitted(rule: &Rule) -> Share {
    let slot = rule.slot.as_ref().map_or(Percent::ALL, |slot| slot.range.share());
    let shares = [slot, rule.rollout].map(|share| Share::of_buckets(share.buckets()));
    // A product of two shares of 100,000 buckets always fits into a fraction.
    shares[0].checked_mul(shares[1]).unwrap_or(Share::ALL)
}
