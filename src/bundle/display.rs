//! Formats conditions, tests and splits as text, with the names and operators of the definitions.

use std::ops::Range;

use crate::bundle::bucket::Bucket;
use crate::bundle::bundle::Bundle;
use crate::bundle::condition::{Condition, Operands, Ordered, Polarity, Predicate, Quantifier, Test};
use crate::bundle::flag::{Flag, Serve};
use crate::bundle::id::VariantId;
use crate::bundle::percent::Percent;
use crate::bundle::text::TextOperator;

/// The maximum number of operands in a shortened list.
const SHOWN: usize = 6;

/// The operands of a list that a text contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListText {
    /// All operands.
    Whole,
    /// At most [`SHOWN`] operands, and the number of the others.
    Shortened,
}

impl Bundle {
    /// Formats a condition, such as `country in ["CA", "US"] and (plan eq "pro" or segment staff)`.
    ///
    /// All lists are written out. Two conditions with the same text are equivalent.
    pub fn describe(&self, condition: &Condition) -> String {
        self.format(condition, ListText::Whole)
    }

    /// Formats a condition like [`Bundle::describe`], but shortens lists of more than six operands: `email in ["a@x.com",
    /// …, … 2 more]`. Different conditions can have the same summary.
    pub fn summarize(&self, condition: &Condition) -> String {
        self.format(condition, ListText::Shortened)
    }

    fn format(&self, condition: &Condition, lists: ListText) -> String {
        let joined = |inner: &[Condition], by: &str| {
            let parts: Vec<_> = inner.iter().map(|condition| self.format(condition, lists)).collect();
            parts.join(by)
        };
        match condition {
            Condition::All(inner) if inner.is_empty() => "everyone".to_owned(),
            Condition::All(inner) => joined(inner, " and "),
            Condition::Any(inner) => format!("({})", joined(inner, " or ")),
            Condition::Not(inner) => format!("not ({})", self.format(inner, lists)),
            Condition::Segment(id) => format!("segment {}", self.segment_at(*id).name),
            Condition::Flag { key, variants } => {
                let flag = self.flag_at(*key);
                let wanted: Vec<_> = variants.iter().map(|id| flag.variant(*id).name.as_ref()).collect();
                format!("flag {} serves {}", flag.key, wanted.join(" or "))
            }
            Condition::Test(test) => test.format(self.attributes.name(test.attribute), lists),
        }
    }
}

impl Flag {
    /// Formats the variants that a rule of the flag serves: `on`, or `on 50%, off 50%` for a split.
    pub fn describe_serve(&self, serve: &Serve) -> String {
        match serve {
            Serve::Variant(id) => self.variant(*id).name.to_string(),
            Serve::Split(_) => self.describe_shares(serve).join(", "),
        }
    }

    /// Formats the variants that a rule of the flag serves, each with its share: `on 50%`.
    pub(crate) fn describe_shares(&self, serve: &Serve) -> Vec<String> {
        let share = |(range, id): (Range<Bucket>, VariantId)| {
            let buckets = Bucket::try_from(range.len()).ok().and_then(Percent::from_buckets);
            format!("{} {}", self.variant(id).name, buckets.unwrap_or(Percent::ZERO))
        };
        serve.ranges().map(share).collect()
    }
}

impl Test {
    /// Formats the test, such as `country in ["CA", "US"]`, for the name of its attribute. Lists are written out.
    pub fn describe(&self, attribute: &str) -> String {
        self.format(attribute, ListText::Whole)
    }

    /// Formats the test like [`Test::describe`], but shortens lists of more than six operands.
    pub fn summarize(&self, attribute: &str) -> String {
        self.format(attribute, ListText::Shortened)
    }

    /// Returns the text of the attribute and operator, and the operands, if the operator can have several operands:
    /// `country in` and `"CA"`, `"US"`. Two tests with the same first text differ only in their operands.
    #[cfg(feature = "cli")]
    pub(crate) fn operands(&self, attribute: &str) -> Option<(String, Vec<String>)> {
        let equals = match self.sign {
            Polarity::Is => "in",
            Polarity::IsNot => "not_in",
        };
        if self.sign == Polarity::IsNot && !self.predicate.compares_with_list() {
            return None;
        }
        let (operator, operands) = match &self.predicate {
            Predicate::Exists | Predicate::Compare(..) => return None,
            Predicate::OneOf(operands) => (equals.to_owned(), formatted(operands)),
            Predicate::StartsWith(text) => ("starts_with".to_owned(), vec![quoted(text)]),
            Predicate::EndsWith(text) => ("ends_with".to_owned(), vec![quoted(text)]),
            Predicate::Contains(text) => ("contains".to_owned(), vec![quoted(text)]),
            Predicate::Matches(pattern) => ("matches".to_owned(), vec![quoted(pattern.as_str())]),
            Predicate::Folded(folded) => {
                let operator = match folded.operator() {
                    TextOperator::Equals => equals,
                    TextOperator::StartsWith => "starts_with",
                    TextOperator::EndsWith => "ends_with",
                    TextOperator::Contains => "contains",
                    TextOperator::Matches => "matches",
                };
                (format!("{operator} ignore_case"), folded.operands().iter().map(quoted).collect())
            }
            Predicate::Has(Quantifier::Any, operands) => ("has_any".to_owned(), formatted(operands)),
            Predicate::Has(Quantifier::All, operands) => ("has_all".to_owned(), formatted(operands)),
        };
        Some((format!("{attribute} {operator}"), operands))
    }

    fn format(&self, attribute: &str, lists: ListText) -> String {
        let plain = self.sign == Polarity::Is;
        let one_or_many = |operands: &[String], is: (&str, &str), is_not: (&str, &str)| {
            let (singular, plural) = if plain { is } else { is_not };
            match operands {
                [only] => format!("{attribute} {singular} {only}"),
                _ => format!("{attribute} {plural} {}", listed(operands, lists)),
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
                let one_or_list = |operands: &[String]| match operands {
                    [only] => only.clone(),
                    _ => listed(operands, lists),
                };
                let text = match folded.operator() {
                    TextOperator::Equals => one_or_many(&operands, ("eq", "in"), ("ne", "not_in")),
                    TextOperator::StartsWith => format!("{attribute} starts_with {}", one_or_list(&operands)),
                    TextOperator::EndsWith => format!("{attribute} ends_with {}", one_or_list(&operands)),
                    TextOperator::Contains => format!("{attribute} contains {}", one_or_list(&operands)),
                    TextOperator::Matches => format!("{attribute} matches {}", one_or_list(&operands)),
                };
                format!("{text} ignore_case")
            }
            Predicate::Has(Quantifier::Any, operands) => {
                one_or_many(&formatted(operands), ("has", "has_any"), ("", ""))
            }
            Predicate::Has(Quantifier::All, operands) => {
                format!("{attribute} has_all {}", listed(&formatted(operands), lists))
            }
        }
    }
}

/// Formats a list.
pub(crate) fn listed(items: &[String], lists: ListText) -> String {
    let most = match lists {
        ListText::Whole => items.len(),
        ListText::Shortened => SHOWN,
    };
    let more = items.len().saturating_sub(most);
    let shown = items.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
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
