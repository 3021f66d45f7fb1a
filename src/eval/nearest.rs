//! Finds a small change of a context that changes the decision of a flag.
//!
//! The search tries the values that the flag's own tests mention. It tries single changes first, then pairs of changes.
//! The evaluator decides each attempt.
//!
//! **Invariant:** the evaluator has decided every returned change. An empty result does not prove that no such change
//! exists.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::bundle::{
    Attribute, AttributeId, Bundle, Condition, Element, Flag, Follow, Operands, Ordered, Predicate, TextOperator, Type,
    Walk,
};
use crate::eval::context::Context;
use crate::eval::decide::decide;
use crate::eval::decision::{Cause, Decision, Reason};
use crate::eval::value::{EXACT, Value};

/// Changes of a context, and the decision that they lead to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Nearest<'b> {
    /// One or two changes of different attributes.
    pub changes: Vec<Change<'b>>,
    /// The decision after the changes.
    pub decision: Decision<'b>,
}

/// Another value for one attribute.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Change<'b> {
    /// The attribute. A change of `now` is another time of the decision.
    pub attribute: &'b Attribute,
    /// The new value, or `None` to remove the attribute.
    pub value: Option<Json>,
}

/// The maximum number of single changes that are combined to pairs.
const PAIRED: usize = 64;
/// The maximum number of values that are tried from one list of operands, or from an attribute's allowed values.
const VALUES: usize = 16;

impl Bundle {
    /// Finds a small change of the context that makes the flag with this key serve another variant.
    ///
    /// Returns `None` for an unknown key, for a flag that has the same decision for every context, and if no change was
    /// found.
    pub fn nearest(&self, key: &str, context: &Context<'_>, now: Timestamp) -> Option<Nearest<'_>> {
        nearest(self, self.flag(key)?, context, now)
    }
}

/// Finds a small change of the context that makes `flag` serve another variant. The flag must belong to `bundle`.
pub fn nearest<'b>(bundle: &'b Bundle, flag: &'b Flag, context: &Context<'_>, now: Timestamp) -> Option<Nearest<'b>> {
    let present = decide(bundle, flag, context, now);
    if matches!(present.reason, Reason::Disabled(Cause::Kill | Cause::Disabled) | Reason::Static) {
        return None;
    }
    let candidates = candidates(bundle, flag);
    let attempt = |changes: &[&(AttributeId, Change<'b>)]| {
        let mut context = context.clone();
        let mut now = now;
        for (id, change) in changes {
            let value = change.value.as_ref().map_or(Value::Absent, |json| Value::from_json(change.attribute, json));
            match (*id, value) {
                (AttributeId::NOW, Value::Time(time)) => now = time,
                (id, value) => context.set(id, value.into_owned()),
            }
        }
        let decision = decide(bundle, flag, &context, now);
        let is_other = !std::ptr::eq(decision.variant, present.variant) && !matches!(decision.reason, Reason::Error(_));
        let changes = || changes.iter().map(|(_, change)| change.clone()).collect();
        is_other.then(|| Nearest { changes: changes(), decision })
    };
    candidates.iter().find_map(|change| attempt(&[change])).or_else(|| {
        let paired = || candidates.iter().take(PAIRED);
        let with_second = |(index, first): (usize, &(AttributeId, Change<'b>))| {
            paired().skip(index + 1).filter(|second| second.0 != first.0).find_map(|second| attempt(&[first, second]))
        };
        paired().enumerate().find_map(with_second)
    })
}

/// Returns the single changes to try: for each test that the flag may depend on, in the order of the tests, values
/// of its attribute.
fn candidates<'b>(bundle: &'b Bundle, flag: &'b Flag) -> Vec<(AttributeId, Change<'b>)> {
    let mut walk = Walk::new(bundle, Follow::SegmentsAndFlags);
    flag.conditions().rev().for_each(|condition| walk.add(condition));
    let mut changes = Vec::new();
    for condition in walk {
        let Condition::Test(test) = condition else { continue };
        let Some(attribute) = bundle.attributes.get(test.attribute) else { continue };
        let mut values = boundary_values(&test.predicate, attribute.kind);
        let allowed = attribute.allowed.iter().flatten().take(VALUES);
        match attribute.kind {
            Type::List(_) => values.extend(allowed.map(|value| json!([value]))),
            Type::Boolean | Type::Number | Type::String | Type::Semver | Type::Version | Type::Datetime | Type::Ip => {
                values.extend(allowed.map(|value| json!(value)));
            }
        }
        let removal = (test.attribute != AttributeId::NOW).then_some(None);
        values.retain(|value| !matches!(Value::from_json(attribute, value), Value::Unusable(_)));
        for value in values.into_iter().map(Some).chain(removal) {
            let change = (test.attribute, Change { attribute, value });
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes
}

/// Returns values that satisfy the predicate, then values that do not.
fn boundary_values(predicate: &Predicate, kind: Type) -> Vec<Json> {
    match predicate {
        Predicate::Exists => match kind {
            Type::Boolean => vec![json!(true)],
            Type::Number => vec![json!(0)],
            Type::String => vec![json!("anything")],
            Type::Semver => vec![json!("1.0.0")],
            Type::Version => vec![json!("1")],
            Type::Datetime => vec![json!("2000-01-01T00:00:00Z")],
            Type::Ip => vec![json!("192.0.2.1")],
            Type::List(Element::String | Element::Number) => vec![json!([])],
        },
        Predicate::OneOf(operands) => {
            let mut values: Vec<_> = json_values(operands).into_iter().take(VALUES).collect();
            match operands {
                Operands::Booleans(_) => values.extend([json!(true), json!(false)]),
                Operands::Numbers(numbers) => values.extend(numbers.last().map(|last| number(last + 1.0))),
                Operands::Texts(_) => values.push(json!("other")),
                Operands::Versions(_) | Operands::DottedVersions(_) | Operands::Times(_) | Operands::Networks(_) => {}
            }
            values
        }
        Predicate::Compare(_, Ordered::Number(bound)) => [0.0, 1.0, -1.0].map(|step| number(bound + step)).to_vec(),
        Predicate::Compare(_, Ordered::Version(bound)) => {
            let mut above = semver::Version::new(bound.major, bound.minor, bound.patch);
            above.patch = above.patch.saturating_add(1);
            vec![json!(bound.to_string()), json!(above.to_string()), json!("0.0.0")]
        }
        // The longer version is the greater one, and a pre-release is less than its release.
        Predicate::Compare(_, Ordered::DottedVersion(bound)) => {
            vec![
                json!(bound.to_string()),
                json!(format!("{}.1", bound.release().collect::<Vec<_>>().join("."))),
                json!("0"),
            ]
        }
        Predicate::Compare(_, Ordered::Time(bound)) => [0, 1, -1]
            .iter()
            .filter_map(|step| bound.checked_add(SignedDuration::from_secs(*step)).ok())
            .map(|time| json!(time.to_string()))
            .collect(),
        Predicate::StartsWith(part) | Predicate::Contains(part) => vec![json!(part), json!("other")],
        Predicate::EndsWith(part) => vec![with_suffix(part), json!("other")],
        Predicate::Folded(folded) => match folded.operator() {
            TextOperator::Matches => vec![json!("other")],
            TextOperator::EndsWith => folded.operands().iter().map(|part| with_suffix(part)).collect(),
            TextOperator::Equals | TextOperator::StartsWith | TextOperator::Contains => {
                folded.operands().iter().take(VALUES).map(|text| json!(text)).collect()
            }
        },
        Predicate::Matches(_) => vec![json!("other")],
        Predicate::Has(_, operands) => vec![Json::Array(json_values(operands)), json!([])],
    }
}

/// Returns a text that ends with `part`. For the suffix of an email address, the text is a complete address.
fn with_suffix(part: &str) -> Json {
    if part.starts_with('@') { json!(format!("someone{part}")) } else { json!(part) }
}

fn json_values(operands: &Operands) -> Vec<Json> {
    match operands {
        Operands::Booleans(booleans) => booleans.iter().map(|operand| json!(operand)).collect(),
        Operands::Numbers(numbers) => numbers.iter().map(|operand| number(*operand)).collect(),
        Operands::Texts(texts) => texts.iter().map(|operand| json!(operand)).collect(),
        Operands::Versions(versions) => versions.iter().map(|operand| json!(operand.to_string())).collect(),
        Operands::DottedVersions(versions) => versions.iter().map(|operand| json!(operand.to_string())).collect(),
        Operands::Times(times) => times.iter().map(|operand| json!(operand.to_string())).collect(),
        Operands::Networks(networks) => networks.iter().map(|network| json!(network.addr().to_string())).collect(),
    }
}

/// Formats an integer without a fraction, such as `24` instead of `24.0`.
#[allow(clippy::cast_possible_truncation, reason = "checked to be a whole number within ±(2^53 - 1)")]
fn number(number: f64) -> Json {
    let is_integer = number.fract() == 0.0 && number.abs() <= EXACT;
    if is_integer { json!(number as i64) } else { json!(number) }
}
