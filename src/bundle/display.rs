//! Formats conditions, tests and splits as text, with the names and operators of the definitions.

use std::ops::Range;

use crate::bundle::bucket::Bucket;
use crate::bundle::bundle::Bundle;
use crate::bundle::condition::{Condition, Operands, Ordered, Polarity, Predicate, Quantifier, Test};
use crate::bundle::flag::{Flag, Serve};
use crate::bundle::id::VariantId;
use crate::bundle::percent::Percent;
use crate::bundle::text::TextOperator;

/// The maximum number of operands that are written out.
const SHOWN: usize = 6;

impl Bundle {
    /// Formats a condition, such as `country in ["CA", "US"] and (plan eq "pro" or segment staff)`.
    ///
    /// Lists of more than six operands are shortened. Two conditions with the same text are equivalent if neither text
    /// contains a shortened list.
    pub fn describe(&self, condition: &Condition) -> String {
        let joined = |inner: &[Condition], by: &str| {
            let parts: Vec<_> = inner.iter().map(|condition| self.describe(condition)).collect();
            parts.join(by)
        };
        match condition {
            Condition::All(inner) => joined(inner, " and "),
            Condition::Any(inner) => format!("({})", joined(inner, " or ")),
            Condition::Not(inner) => format!("not ({})", self.describe(inner)),
            Condition::Segment(id) => format!("segment {}", self.segment_at(*id).name),
            Condition::Flag { key, variants } => {
                let flag = self.flag_at(*key);
                let wanted: Vec<_> = variants.iter().map(|id| flag.variant(*id).name.as_ref()).collect();
                format!("flag {} serves {}", flag.key, wanted.join(" or "))
            }
            Condition::Test(test) => test.describe(self.attributes.name(test.attribute)),
        }
    }
}

impl Flag {
    /// Formats the variants that a rule of the flag serves: `on`, or `on 50%, off 50%` for a split.
    pub fn describe_serve(&self, serve: &Serve) -> String {
        match serve {
            Serve::Variant(id) => self.variant(*id).name.to_string(),
            Serve::Split(_) => {
                let share = |(range, id): (Range<Bucket>, VariantId)| {
                    let buckets = Bucket::try_from(range.len()).ok().and_then(Percent::from_buckets);
                    format!("{} {}", self.variant(id).name, buckets.unwrap_or(Percent::ZERO))
                };
                serve.ranges().map(share).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

impl Test {
    /// Formats the test, such as `country in ["CA", "US"]`, for the name of its attribute.
    pub fn describe(&self, attribute: &str) -> String {
        let plain = self.sign == Polarity::Is;
        let one_or_many = |operands: &[String], is: (&str, &str), is_not: (&str, &str)| {
            let (singular, plural) = if plain { is } else { is_not };
            match operands {
                [only] => format!("{attribute} {singular} {only}"),
                _ => format!("{attribute} {plural} {}", listed(operands)),
            }
        };
        match &self.predicate {
            Predicate::Exists => format!("{attribute} exists {plain}"),
            Predicate::OneOf(operands) => one_or_many(&formatted(operands), ("eq", "in"), ("ne", "not_in")),
            Predicate::Compare(comparison, operand) => {
                format!("{attribute} {} {}", comparison.name(), ordered(operand))
            }
            Predicate::StartsWith(text) => format!("{attribute} starts_with {}", quoted(text)),
            Predicate::EndsWith(text) => format!("{attribute} ends_with {}", quoted(text)),
            Predicate::Contains(text) => format!("{attribute} contains {}", quoted(text)),
            Predicate::Matches(pattern) => format!("{attribute} matches {}", quoted(pattern.as_str())),
            Predicate::Folded(folded) => {
                let operands: Vec<_> = folded.operands().iter().map(quoted).collect();
                let text = match folded.operator() {
                    TextOperator::Equals => one_or_many(&operands, ("eq", "in"), ("ne", "not_in")),
                    TextOperator::StartsWith => format!("{attribute} starts_with {}", operands.join(", ")),
                    TextOperator::EndsWith => format!("{attribute} ends_with {}", operands.join(", ")),
                    TextOperator::Contains => format!("{attribute} contains {}", operands.join(", ")),
                    TextOperator::Matches => format!("{attribute} matches {}", operands.join(", ")),
                };
                format!("{text} ignore_case")
            }
            Predicate::Has(Quantifier::Any, operands) => {
                one_or_many(&formatted(operands), ("has", "has_any"), ("", ""))
            }
            Predicate::Has(Quantifier::All, operands) => {
                format!("{attribute} has_all {}", listed(&formatted(operands)))
            }
        }
    }
}

/// Formats a list, with at most [`SHOWN`] items.
pub(crate) fn listed(items: &[String]) -> String {
    let more = items.len().saturating_sub(SHOWN);
    let shown = items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { format!("[{shown}]") } else { format!("[{shown}, … {more} more]") }
}

fn formatted(operands: &Operands) -> Vec<String> {
    match operands {
        Operands::Booleans(booleans) => booleans.iter().map(bool::to_string).collect(),
        Operands::Numbers(numbers) => numbers.iter().map(f64::to_string).collect(),
        Operands::Texts(texts) => texts.iter().map(quoted).collect(),
        Operands::Versions(versions) => versions.iter().map(ToString::to_string).collect(),
        Operands::DottedVersions(versions) => versions.iter().map(ToString::to_string).collect(),
        Operands::Times(times) => times.iter().map(ToString::to_string).collect(),
        Operands::Networks(networks) => networks
            .iter()
            .map(|network| match network.prefix_len() == network.max_prefix_len() {
                true => network.addr().to_string(),
                false => network.to_string(),
            })
            .collect(),
    }
}

fn ordered(operand: &Ordered) -> String {
    match operand {
        Ordered::Number(number) => number.to_string(),
        Ordered::Version(version) => version.to_string(),
        Ordered::DottedVersion(version) => version.to_string(),
        Ordered::Time(time) => time.to_string(),
    }
}

/// Formats a text as a JSON string, which makes spaces and control characters visible.
pub(crate) fn quoted(text: impl AsRef<str>) -> String {
    serde_json::Value::String(text.as_ref().to_owned()).to_string()
}
