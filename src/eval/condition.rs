//! Evaluates conditions for a context.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::bundle::{AttributeId, Bundle, Condition, Operands, Ordered, Polarity, Predicate, Quantifier, Test};
use crate::eval::context::Context;
use crate::eval::truth::Truth;
use crate::eval::value::Value;

/// The inputs of a decision besides the flag.
pub(super) struct Scope<'b, 'c> {
    pub(super) bundle: &'b Bundle,
    pub(super) context: &'c Context<'c>,
    /// The time of the decision, which is the value of [`NOW`](crate::bundle::NOW).
    pub(super) now: Timestamp,
}

impl<'b> Scope<'b, '_> {
    pub(super) fn holds(&self, condition: &'b Condition) -> Truth {
        match condition {
            Condition::All(inner) => Truth::all(inner.iter().map(|condition| self.holds(condition))),
            Condition::Any(inner) => Truth::any(inner.iter().map(|condition| self.holds(condition))),
            Condition::Not(inner) => self.holds(inner).not(),
            Condition::Segment(id) => self.holds(&self.bundle.segment_at(*id).condition),
            Condition::Flag { key, variants } => {
                let flag = self.bundle.flag_at(*key);
                let served = self.decide(flag).variant;
                variants.iter().any(|id| std::ptr::eq(flag.variant(*id), served)).into()
            }
            Condition::Test(test) => self.passes(test),
        }
    }

    fn passes(&self, test: &Test) -> Truth {
        let truth = match test.attribute {
            AttributeId::NOW => evaluate(&test.predicate, &Value::Time(self.now)),
            id => evaluate(&test.predicate, self.context.value(id)),
        };
        match test.sign {
            Polarity::Is => truth,
            Polarity::IsNot => truth.not(),
        }
    }
}

/// Evaluates a predicate. Every predicate except `Exists` is unknown if the value is absent, null or unusable, or if
/// the predicate is not defined for the type of the value.
#[inline(always)]
pub(crate) fn evaluate(predicate: &Predicate, value: &Value<'_>) -> Truth {
    let holds = match predicate {
        Predicate::Exists => Some(!matches!(value, Value::Absent | Value::Null)),
        Predicate::OneOf(operands) => is_one_of(operands, value),
        Predicate::Compare(comparison, operand) => compare(value, operand).map(|ordering| comparison.admits(ordering)),
        Predicate::StartsWith(prefix) => text(value).map(|text| text.starts_with(prefix.as_ref())),
        Predicate::EndsWith(suffix) => text(value).map(|text| text.ends_with(suffix.as_ref())),
        Predicate::Contains(part) => text(value).map(|text| text.contains(part.as_ref())),
        Predicate::Matches(pattern) => text(value).map(|text| pattern.is_match(text)),
        Predicate::Folded(folded) => text(value).map(|text| folded.is_match(text)),
        Predicate::Has(quantifier, operands) => has(*quantifier, operands, value),
    };
    holds.map_or(Truth::Unknown, Truth::from)
}

fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn is_one_of(operands: &Operands, value: &Value<'_>) -> Option<bool> {
    match (operands, value) {
        (Operands::Booleans(booleans), Value::Boolean(boolean)) => Some(booleans.contains(boolean)),
        (Operands::Numbers(numbers), Value::Number(number)) => Some(contains_number(numbers, *number)),
        (Operands::Texts(texts), Value::Text(text)) => Some(texts.contains(text)),
        (Operands::Versions(versions), Value::Version(version)) => {
            Some(versions.iter().any(|operand| operand.cmp_precedence(version).is_eq()))
        }
        (Operands::DottedVersions(versions), Value::DottedVersion(version)) => {
            Some(versions.binary_search(version).is_ok())
        }
        (Operands::Times(times), Value::Time(time)) => Some(times.binary_search(time).is_ok()),
        (Operands::Networks(_), Value::Address(address)) => Some(operands.contain_address(address)),
        (
            Operands::Booleans(_)
            | Operands::Numbers(_)
            | Operands::Texts(_)
            | Operands::Versions(_)
            | Operands::DottedVersions(_)
            | Operands::Times(_)
            | Operands::Networks(_),
            _,
        ) => None,
    }
}

fn contains_number(sorted: &[f64], number: f64) -> bool {
    // `==` treats 0 and -0 as the same number. A binary search by the total order would not find one for the other.
    sorted.contains(&number)
}

fn compare(value: &Value<'_>, operand: &Ordered) -> Option<Ordering> {
    match (operand, value) {
        (Ordered::Number(operand), Value::Number(number)) => number.partial_cmp(operand),
        (Ordered::Version(operand), Value::Version(version)) => Some(version.cmp_precedence(operand)),
        (Ordered::DottedVersion(operand), Value::DottedVersion(version)) => Some(version.cmp(operand)),
        (Ordered::Time(operand), Value::Time(time)) => Some(time.cmp(operand)),
        (Ordered::Number(_) | Ordered::Version(_) | Ordered::DottedVersion(_) | Ordered::Time(_), _) => None,
    }
}

fn has(quantifier: Quantifier, operands: &Operands, value: &Value<'_>) -> Option<bool> {
    match (operands, value) {
        (Operands::Texts(wanted), Value::Texts(texts)) => Some(match quantifier {
            Quantifier::Any => texts.iter().any(|text| wanted.contains(text)),
            Quantifier::All => wanted.iter().all(|operand| texts.iter().any(|text| text == operand)),
        }),
        (Operands::Numbers(wanted), Value::Numbers(numbers)) => Some(match quantifier {
            Quantifier::Any => numbers.iter().any(|number| contains_number(wanted, *number)),
            Quantifier::All => wanted.iter().all(|operand| contains_number(numbers, *operand)),
        }),
        (
            Operands::Booleans(_)
            | Operands::Numbers(_)
            | Operands::Texts(_)
            | Operands::Versions(_)
            | Operands::DottedVersions(_)
            | Operands::Times(_)
            | Operands::Networks(_),
            _,
        ) => None,
    }
}
