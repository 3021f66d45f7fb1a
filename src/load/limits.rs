//! Limits the number of parts of one definition: environments, attributes, allowed values, variants, rules, cases.
//!
//! A file may have a million values, but some steps compare the parts of one definition with each other, and each
//! environment compiles all flags once more. A definition that exceeds a limit is reported at its first part beyond the
//! limit, and treated as incomplete, so no later step works on it.

use crate::bundle::PatternBudget;
use crate::codes::Code;
use crate::diag::Diagnostic;
use crate::model::{Condition, Flag, Layer, Segment, Settings, Suite};
use crate::snapshot::{Span, Spanned};

/// The maximum number of environments.
const ENVIRONMENTS: usize = 100;
/// The maximum number of attributes.
const ATTRIBUTES: usize = 1_000;
/// The maximum number of values in the `enum` of an attribute.
const ALLOWED_VALUES: usize = 5_000;
/// The maximum number of targets of publishing.
const TARGETS: usize = 100;
/// The maximum number of freezes of a policy.
const FREEZES: usize = 1_000;
/// The maximum number of variants of a flag.
const VARIANTS: usize = 1_000;
/// The maximum number of rules of a flag in one environment.
const RULES: usize = 1_000;
/// The maximum number of slots of a layer.
const SLOTS: usize = 1_000;
/// The maximum number of cases, and of assertions, in a test file.
const CASES: usize = 10_000;

/// Returns the first limit that the settings exceed.
pub(super) fn of_settings(settings: &Settings) -> Option<Diagnostic> {
    let environments = settings.environments.iter().map(|name| name.span);
    let attributes = settings.attributes.iter().map(|attribute| attribute.name.span);
    let values = |values: &Vec<Spanned<String>>| {
        let spans = values.iter().map(|value| value.span);
        excess(spans, ALLOWED_VALUES, "allowed values", "leave out `enum`, or write a segment that lists the values")
    };
    let targets = settings.targets.iter().map(|target| target.name.span);
    excess(environments, ENVIRONMENTS, "environments", "distribute them over several flag repositories")
        .or_else(|| excess(attributes, ATTRIBUTES, "attributes", "declare only the attributes that conditions use"))
        .or_else(|| excess(targets, TARGETS, "targets", "distribute them over several flag repositories"))
        .or_else(|| {
            let freezes = settings.policy.iter().flat_map(|entry| &entry.freezes).map(|freeze| freeze.reason.span);
            excess(freezes, FREEZES, "freezes", "remove those that are over")
        })
        .or_else(|| settings.attributes.iter().filter_map(|attribute| attribute.allowed.as_ref()).find_map(values))
}

/// Returns the first limit that a flag exceeds.
pub(super) fn of_flag(flag: &Flag) -> Option<Diagnostic> {
    let variants = flag.variants.iter().map(|variant| variant.name.span);
    let mut rules = flag.servings().map(|serving| serving.rules.iter().flatten().map(|rule| rule.span));
    excess(variants, VARIANTS, "variants", "let the variants select a version of a configuration")
        .or_else(|| rules.find_map(|spans| excess(spans, RULES, "rules", "join rules that serve the same variant")))
}

/// Returns the limit that a layer exceeds.
pub(super) fn of_layer(layer: &Layer) -> Option<Diagnostic> {
    let slots = layer.slots.iter().map(|slot| slot.name.span);
    excess(slots, SLOTS, "slots", "distribute them over several layers")
}

/// Returns the first limit that a test file exceeds.
pub(super) fn of_suite(suite: &Suite) -> Option<Diagnostic> {
    let cases = suite.cases.iter().map(|case| case.expect.first().map_or(suite.start, |first| first.flag.span));
    let assertions = suite.assertions.iter().map(|assertion| assertion.claim_span);
    let help = "distribute them over several files";
    excess(cases, CASES, "cases", help).or_else(|| excess(assertions, CASES, "assertions", help))
}

/// Counts the regular expressions of a flag. Returns the first one that does not fit into the budget.
pub(super) fn of_flag_patterns(flag: &Flag, budget: &mut PatternBudget) -> Option<Diagnostic> {
    let in_rules = flag.rule_fields().filter_map(|fields| fields.condition.as_ref());
    let in_shadow = flag.shadow.iter().filter_map(|shadow| shadow.condition.as_ref());
    of_patterns(in_rules.chain(in_shadow).map(|condition| &condition.value), budget)
}

/// Counts the regular expressions of a segment. Returns the first one that does not fit into the budget.
pub(super) fn of_segment_patterns(segment: &Segment, budget: &mut PatternBudget) -> Option<Diagnostic> {
    of_patterns(segment.condition.iter().map(|condition| &condition.value), budget)
}

/// Counts the regular expressions of a test file. Returns the first one that does not fit into the budget.
pub(super) fn of_suite_patterns(suite: &Suite, budget: &mut PatternBudget) -> Option<Diagnostic> {
    of_patterns(suite.assertions.iter().filter_map(|assertion| assertion.when.as_ref()), budget)
}

fn of_patterns<'c>(conditions: impl Iterator<Item = &'c Condition>, budget: &mut PatternBudget) -> Option<Diagnostic> {
    let (pattern, error) = conditions.flat_map(Condition::patterns).find_map(|pattern| {
        let error = budget.add(pattern.written()).err()?;
        Some((pattern, error))
    })?;
    let help = "write shorter repetitions, `[0-9A-Za-z_]` instead of `\\w`, or `starts_with` and `ends_with`";
    Some(Diagnostic::new(Code::LimitExceeded, pattern.span, error.to_string()).help(help))
}

/// Returns a diagnostic for the first part beyond the limit.
fn excess(mut spans: impl Iterator<Item = Span>, limit: usize, parts: &str, help: &str) -> Option<Diagnostic> {
    let span = spans.nth(limit)?;
    let message = format!("more than {limit} {parts}");
    Some(Diagnostic::new(Code::LimitExceeded, span, message).help(help))
}
