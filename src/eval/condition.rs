//! Whether a condition holds for a context.

use jiff::Timestamp;

use crate::bundle::{AttributeId, Bundle, Condition, Operands, Ordered, Polarity, Predicate, Quantifier, Test};
use crate::eval::context::{Context, Value};
use crate::eval::truth::Truth;

/// Everything that a decision depends on besides the flag.
pub(super) struct Scope<'b, 'c> {
    pub(super) bundle: &'b Bundle,
    pub(super) context: &'c Context<'c>,
    /// The moment of the decision, which is the value of [`NOW`](crate::bundle::NOW).
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
            AttributeId::NOW => judge(&test.predicate, &Value::Time(self.now)),
            id => judge(&test.predicate, self.context.value(id)),
        };
        match test.sign {
            Polarity::Is => truth,
            Polarity::IsNot => truth.not(),
        }
    }
}

/// A value that is absent, null or unusable makes every predicate but `Exists` unknown.
#[inline(always)]
pub(crate) fn judge(predicate: &Predicate, value: &Value<'_>) -> Truth {
    let held = match (predicate, value) {
        (Predicate::Exists, value) => Some(!matches!(value, Value::Absent | Value::Null)),
        (Predicate::OneOf(operands), value) => one_of(operands, value),
        (Predicate::Compare(comparison, operand), value) => {
            compare(value, operand).map(|ordering| comparison.admits(ordering))
        }
        (Predicate::StartsWith(prefix), Value::Text(text)) => Some(text.starts_with(prefix.as_ref())),
        (Predicate::EndsWith(suffix), Value::Text(text)) => Some(text.ends_with(suffix.as_ref())),
        (Predicate::Contains(part), Value::Text(text)) => Some(text.contains(part.as_ref())),
        (Predicate::Matches(pattern), Value::Text(text)) => Some(pattern.is_match(text)),
        (Predicate::Folded(folded), Value::Text(text)) => Some(folded.is_match(text)),
        (Predicate::Has(quantifier, operands), value) => has(*quantifier, operands, value),
        _ => None,
    };
    held.map_or(Truth::Unknown, Truth::from)
}

fn one_of(operands: &Operands, value: &Value<'_>) -> Option<bool> {
    Some(match (operands, value) {
        (Operands::Booleans(booleans), Value::Boolean(boolean)) => booleans.contains(boolean),
        (Operands::Numbers(numbers), Value::Number(number)) => contains_number(numbers, *number),
        (Operands::Texts(texts), Value::Text(text)) => texts.contains(text),
        (Operands::Versions(versions), Value::Version(version)) => {
            versions.iter().any(|one| one.cmp_precedence(version).is_eq())
        }
        (Operands::Times(times), Value::Time(time)) => times.binary_search(time).is_ok(),
        (networks @ Operands::Networks(_), Value::Address(address)) => networks.contain_address(address),
        _ => return None,
    })
}

fn contains_number(sorted: &[f64], number: f64) -> bool {
    // By `==`, so that 0 and -0 are one number; the order alone would tell them apart.
    sorted.contains(&number)
}

fn compare(value: &Value<'_>, operand: &Ordered) -> Option<std::cmp::Ordering> {
    match (value, operand) {
        (Value::Number(number), Ordered::Number(operand)) => number.partial_cmp(operand),
        (Value::Version(version), Ordered::Version(operand)) => Some(version.cmp_precedence(operand)),
        (Value::Time(time), Ordered::Time(operand)) => Some(time.cmp(operand)),
        _ => None,
    }
}

fn has(quantifier: Quantifier, operands: &Operands, value: &Value<'_>) -> Option<bool> {
    Some(match (operands, value, quantifier) {
        (Operands::Texts(wanted), Value::Texts(texts), Quantifier::Any) => {
            texts.iter().any(|text| wanted.contains(text))
        }
        (Operands::Texts(wanted), Value::Texts(texts), Quantifier::All) => {
            wanted.iter().all(|one| texts.iter().any(|text| text == one))
        }
        (Operands::Numbers(wanted), Value::Numbers(numbers), Quantifier::Any) => {
            numbers.iter().any(|number| contains_number(wanted, *number))
        }
        (Operands::Numbers(wanted), Value::Numbers(numbers), Quantifier::All) => {
            wanted.iter().all(|one| contains_number(numbers, *one))
        }
        _ => return None,
    })
}
