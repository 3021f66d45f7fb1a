//! The smallest change of a context that would change what it gets.
//!
//! A search over the values that the flag's own tests mention, each tried with the evaluator itself.
//!
//! **Invariant:** what is returned was decided, never guessed. That nothing is returned proves nothing.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::bundle::{
    Attribute, AttributeId, Bundle, Condition, Element, Flag, Follow, Operands, Ordered, Predicate, TextOperator, Type,
    Walk,
};
use crate::eval::{Cause, Context, Decision, Reason, Value, decide};

/// Changes of a context, and what it gets with them.
#[derive(Debug, Clone)]
pub struct Nearest<'b> {
    /// One or two.
    pub changes: Vec<Change<'b>>,
    /// With the changes made.
    pub decision: Decision<'b>,
}

/// Another value for one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'b> {
    /// Whose value.
    pub attribute: &'b Attribute,
    /// The value; none to leave the attribute away.
    pub value: Option<Json>,
}

/// Pairs are tried of so many single changes at most.
const PAIRED: usize = 64;
/// So many values of one operand list or enum are tried.
const VALUES: usize = 16;

/// The smallest change found that makes `flag` serve another variant.
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
            let value = change.value.as_ref().map_or(Value::Absent, |json| Value::read(change.attribute, json));
            match (*id, value) {
                (AttributeId::NOW, Value::Time(time)) => now = time,
                (id, value) => context.set(id, value.into_owned()),
            }
        }
        let decision = decide(bundle, flag, &context, now);
        let other = !std::ptr::eq(decision.variant, present.variant) && !matches!(decision.reason, Reason::Error(_));
        let changes = || changes.iter().map(|(_, change)| change.clone()).collect();
        other.then(|| Nearest { changes: changes(), decision })
    };
    candidates.iter().find_map(|one| attempt(&[one])).or_else(|| {
        let paired = || candidates.iter().take(PAIRED);
        let second = |(at, one): (usize, &(AttributeId, Change<'b>))| {
            paired().skip(at + 1).filter(|two| two.0 != one.0).find_map(|two| attempt(&[one, two]))
        };
        paired().enumerate().find_map(second)
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
        let mut values = tried(&test.predicate, attribute.kind);
        let allowed = attribute.allowed.iter().flatten().take(VALUES);
        match attribute.kind {
            Type::List(_) => values.extend(allowed.map(|value| json!([value]))),
            _ => values.extend(allowed.map(|value| json!(value))),
        }
        let removal = (test.attribute != AttributeId::NOW).then_some(None);
        values.retain(|value| !matches!(Value::read(attribute, value), Value::Unusable(_)));
        for value in values.into_iter().map(Some).chain(removal) {
            let change = (test.attribute, Change { attribute, value });
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes
}

/// Values on both sides of what the predicate asks for, those that satisfy it first.
fn tried(predicate: &Predicate, kind: Type) -> Vec<Json> {
    match predicate {
        Predicate::Exists => match kind {
            Type::Boolean => vec![json!(true)],
            Type::Number => vec![json!(0)],
            Type::String => vec![json!("anything")],
            Type::Semver => vec![json!("1.0.0")],
            Type::Datetime => vec![json!("2000-01-01T00:00:00Z")],
            Type::Ip => vec![json!("192.0.2.1")],
            Type::List(Element::String | Element::Number) => vec![json!([])],
        },
        Predicate::OneOf(operands) => {
            let mut values: Vec<_> = each(operands).into_iter().take(VALUES).collect();
            match operands {
                Operands::Booleans(_) => values.extend([json!(true), json!(false)]),
                Operands::Numbers(numbers) => values.extend(numbers.last().map(|last| number(last + 1.0))),
                Operands::Texts(_) => values.push(json!("other")),
                _ => {}
            }
            values
        }
        Predicate::Compare(_, Ordered::Number(bound)) => [0.0, 1.0, -1.0].map(|step| number(bound + step)).to_vec(),
        Predicate::Compare(_, Ordered::Version(bound)) => {
            let mut above = semver::Version::new(bound.major, bound.minor, bound.patch);
            above.patch = above.patch.saturating_add(1);
            vec![json!(bound.to_string()), json!(above.to_string()), json!("0.0.0")]
        }
        Predicate::Compare(_, Ordered::Time(bound)) => [0, 1, -1]
            .iter()
            .filter_map(|step| bound.checked_add(SignedDuration::from_secs(*step)).ok())
            .map(|time| json!(time.to_string()))
            .collect(),
        Predicate::StartsWith(part) | Predicate::Contains(part) => vec![json!(part), json!("other")],
        Predicate::EndsWith(part) => vec![ending(part), json!("other")],
        Predicate::Folded(folded) => match folded.operator() {
            TextOperator::Matches => vec![json!("other")],
            TextOperator::EndsWith => folded.operands().iter().map(|part| ending(part)).collect(),
            _ => folded.operands().iter().take(VALUES).map(|text| json!(text)).collect(),
        },
        Predicate::Matches(_) => vec![json!("other")],
        Predicate::Has(_, operands) => vec![Json::Array(each(operands)), json!([])],
    }
}

/// A text that ends so; of an address, one that somebody could have.
fn ending(part: &str) -> Json {
    if part.starts_with('@') { json!(format!("someone{part}")) } else { json!(part) }
}

fn each(operands: &Operands) -> Vec<Json> {
    match operands {
        Operands::Booleans(booleans) => booleans.iter().map(|one| json!(one)).collect(),
        Operands::Numbers(numbers) => numbers.iter().map(|one| number(*one)).collect(),
        Operands::Texts(texts) => texts.iter().map(|one| json!(one)).collect(),
        Operands::Versions(versions) => versions.iter().map(|one| json!(one.to_string())).collect(),
        Operands::Times(times) => times.iter().map(|one| json!(one.to_string())).collect(),
        Operands::Networks(networks) => networks.iter().map(|one| json!(one.addr().to_string())).collect(),
    }
}

/// Without a fraction where there is none, as a person would write it.
#[allow(clippy::cast_possible_truncation, reason = "checked to be a whole number within ±2^53")]
fn number(number: f64) -> Json {
    let whole = number.fract() == 0.0 && number.abs() <= crate::eval::context::EXACT;
    if whole { json!(number as i64) } else { json!(number) }
}
