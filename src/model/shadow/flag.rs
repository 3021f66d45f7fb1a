//! The flag that a shadow becomes.

use serde_json::Number;

use crate::bundle::{Percent, SHADOW_OF};
use crate::model::condition::{Condition, Requirement};
use crate::model::flag::{Flag, KillReview, Serving, Variant};
use crate::model::name_rule::NameRule;
use crate::model::rule::{Rule, RuleFields, Serve, Share};
use crate::model::shadow::definition::{Shadow, Shadowed};
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Node, Value};

/// The end of the key of each flag that a shadow becomes.
const SUFFIX: &str = ".shadow";

/// The variants of a shadow, which are also their values. A context with `none` is not shadowed. A context with `control`
/// runs the control twice.
const NONE: &str = "none";
const CANDIDATE: &str = "candidate";
const CONTROL: &str = "control";

/// Returns the key of a flag's shadow. It may be too long for a key.
pub fn shadow_key(key: &str) -> String {
    format!("{key}{SUFFIX}")
}

/// Returns the salt of a shadow that has no salt of its own.
pub fn shadow_salt(key: &str) -> String {
    format!("{key}:shadow")
}

/// Returns the key of the flag whose shadow would have this key.
pub fn shadowed_key(key: &str) -> Option<&str> {
    key.strip_suffix(SUFFIX).filter(|key| NameRule::Flag.admits(key))
}

/// Returns the flag that the shadow of a flag becomes, or `None` if the flag has no shadow, or if the candidate or the
/// rollout could not be read.
///
/// The flag has one rule. It inherits what turns the flag on and off: `enabled`, its prerequisites and its unit. A request
/// that already gets the candidate is not shadowed, because both runs would be the same.
pub fn shadow_flag(flag: &Flag) -> Option<Flag> {
    let shadow = flag.shadow.as_deref()?;
    let (candidate, rollout) = (shadow.candidate.as_ref()?, shadow.rollout.as_ref()?);
    let at = |text: &str| Spanned { value: text.to_owned(), span: shadow.span };
    let inherited = |serving: &Serving| Serving {
        enabled: serving.enabled.clone(),
        unit: serving.unit.clone(),
        requires: serving.requires.clone(),
        ..Serving::default()
    };
    let base = Serving {
        off: Some(at(NONE)),
        default: Some(at(NONE)),
        salt: shadow.salt.clone().or_else(|| Some(at(&shadow_salt(&flag.key)))),
        rules: Some(vec![rule(flag, shadow, candidate, rollout)]),
        ..inherited(&flag.base)
    };
    let variant = |name: &str| Variant { name: at(name), value: text(name, shadow.span) };
    let environments = flag.environments.iter().map(|(name, serving)| (name.clone(), inherited(serving)));
    let description =
        format!("Selects the requests of `{}` that also run `{}` in the dark.", flag.key, candidate.value);
    Some(Flag {
        key: shadow_key(&flag.key),
        file: flag.file,
        start: shadow.span,
        completeness: flag.completeness,
        description: Some(at(&description)),
        kind: flag.kind.clone(),
        owner: flag.owner.clone(),
        expires: None,
        tags: Vec::new(),
        links: Vec::new(),
        metadata: metadata(flag, shadow, candidate),
        client: flag.client.clone(),
        kills: KillReview::None,
        variants: [NONE, CANDIDATE, CONTROL].map(variant).into(),
        variants_key: None,
        schema: None,
        guard: None,
        experiment: None,
        shadow: None,
        shadowed: Some(Shadowed { flag: flag.key.clone(), criteria: shadow.criteria }),
        base,
        environments: environments.collect(),
    })
}

/// Returns the only rule: it admits the share of units, and splits them into those that run the candidate and those that
/// run the control twice.
fn rule(flag: &Flag, shadow: &Shadow, candidate: &Spanned<String>, rollout: &Spanned<Percent>) -> Rule {
    let noise = &shadow.noise_control;
    let rest = Percent::from_buckets(Percent::ALL.buckets() - noise.value.buckets()).unwrap_or(Percent::ZERO);
    let share = |variant: &str, share: Percent| Share {
        variant: Spanned { value: variant.to_owned(), span: noise.span },
        share: Spanned { value: share, span: noise.span },
    };
    let split = vec![share(CANDIDATE, rest), share(CONTROL, noise.value)];
    let is_limited = !shadow.environments.is_empty();
    let enabled = |value: bool, span: Span| Some(Spanned { value, span });
    let base = RuleFields {
        enabled: if is_limited { enabled(false, shadow.span) } else { None },
        condition: condition(flag, shadow, candidate),
        rollout: Some(rollout.clone()),
        steps: None,
        serve: Some(Serve::Split(Spanned { value: split, span: noise.span })),
    };
    let in_environment = |name: &Spanned<String>| {
        (name.clone(), RuleFields { enabled: enabled(true, name.span), ..RuleFields::default() })
    };
    Rule {
        span: shadow.span,
        name: Some(Spanned { value: "shadow".to_owned(), span: shadow.span }),
        unit: shadow.unit.clone(),
        slot: None,
        base,
        environments: shadow.environments.iter().map(in_environment).collect(),
    }
}

/// Returns the written condition, and that the flag does not serve the candidate if it can.
fn condition(flag: &Flag, shadow: &Shadow, candidate: &Spanned<String>) -> Option<Spanned<Condition>> {
    let serves_other = may_serve(flag, &candidate.value).then(|| {
        let flag = Spanned { value: flag.key.clone(), span: candidate.span };
        Condition::Not(Box::new(Condition::Flag(vec![Requirement { flag, variants: vec![candidate.clone()] }])))
    });
    match (&shadow.condition, serves_other) {
        (written, None) => written.clone(),
        (None, Some(value)) => Some(Spanned { value, span: candidate.span }),
        (Some(written), Some(other)) => {
            Some(Spanned { value: Condition::All(vec![written.value.clone(), other]), span: written.span })
        }
    }
}

/// Returns whether a rule or a default of the flag names a variant, in any environment.
fn may_serve(flag: &Flag, variant: &str) -> bool {
    let in_servings = flag.servings().flat_map(|serving| [&serving.off, &serving.default]).flatten();
    let in_rules = flag.rule_fields().filter_map(|fields| fields.serve.as_ref()).flat_map(|serve| match serve {
        Serve::Variant(name) => vec![name],
        Serve::Split(shares) => shares.value.iter().map(|share| &share.variant).collect(),
    });
    in_servings.chain(in_rules).any(|name| name.value == variant)
}

/// Returns what an application needs to run the candidate in the dark.
fn metadata(flag: &Flag, shadow: &Shadow, candidate: &Spanned<String>) -> Vec<(Spanned<String>, Node)> {
    let latency = Number::from(shadow.max_added_latency.get());
    let written = latency.to_string().into();
    let joined = |texts: Vec<&str>| texts.join(" ");
    let compare = joined(shadow.compare.iter().map(|name| name.value.as_str()).collect());
    let ignored = joined(shadow.ignore_paths.iter().map(|path| path.value.as_str()).collect());
    let facts = [
        (SHADOW_OF, text(&flag.key, shadow.span)),
        ("candidate", text(&candidate.value, candidate.span)),
        ("sideEffects", text(shadow.side_effects.name(), shadow.span)),
        ("maxAddedLatencyMs", Node { value: Value::Number(latency, written), span: shadow.span }),
    ];
    let lists = [("compare", compare), ("ignorePaths", ignored)].into_iter().filter(|(_, list)| !list.is_empty());
    let lists = lists.map(|(name, list)| (name, text(&list, shadow.span)));
    let fact = |(name, value): (&str, Node)| (Spanned { value: name.to_owned(), span: shadow.span }, value);
    facts.into_iter().chain(lists).map(fact).collect()
}

fn text(text: &str, span: Span) -> Node {
    Node { value: Value::Text(text.to_owned()), span }
}
