//! Conditions in the words of whoever wrote them.

use std::ops::Range;

use crate::bundle::{
    Bucket, Bundle, Condition, Flag, Operands, Ordered, Percent, Polarity, Predicate, Quantifier, Serve, Test,
    TextOperator, VariantId,
};

/// So many operands are written out.
const SHOWN: usize = 6;

impl Bundle {
    /// `country in ["CA", "US"] and (plan eq "pro" or segment staff)`. Two conditions with the same words and no
    /// more than six operands mean the same.
    pub fn words(&self, condition: &Condition) -> String {
        let joined = |inner: &[Condition], by: &str| {
            let parts: Vec<_> = inner.iter().map(|condition| self.words(condition)).collect();
            parts.join(by)
        };
        match condition {
            Condition::All(inner) => joined(inner, " and "),
            Condition::Any(inner) => format!("({})", joined(inner, " or ")),
            Condition::Not(inner) => format!("not ({})", self.words(inner)),
            Condition::Segment(id) => format!("segment {}", self.segment_at(*id).name),
            Condition::Flag { key, variants } => {
                let flag = self.flag_at(*key);
                let wanted: Vec<_> = variants.iter().map(|id| flag.variant(*id).name.as_ref()).collect();
                format!("flag {} serves {}", flag.key, wanted.join(" or "))
            }
            Condition::Test(test) => {
                test.words(self.attributes.get(test.attribute).map_or("", |attribute| attribute.name.as_ref()))
            }
        }
    }
}

impl Flag {
    /// Formats what a rule of the flag serves: `on`, or `on 50%, off 50%` for a split.
    pub fn serve_words(&self, serve: &Serve) -> String {
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
    /// `country in ["CA", "US"]`, for the attribute of that name.
    pub fn words(&self, attribute: &str) -> String {
        let plain = self.sign == Polarity::Is;
        let one_or_many = |operands: &[String], is: (&str, &str), is_not: (&str, &str)| {
            let (one, many) = if plain { is } else { is_not };
            match operands {
                [only] => format!("{attribute} {one} {only}"),
                _ => format!("{attribute} {many} {}", listed(operands)),
            }
        };
        match &self.predicate {
            Predicate::Exists => format!("{attribute} exists {plain}"),
            Predicate::OneOf(operands) => one_or_many(&each(operands), ("eq", "in"), ("ne", "not_in")),
            Predicate::Compare(comparison, operand) => {
                format!("{attribute} {} {}", comparison.name(), ordered(operand))
            }
            Predicate::StartsWith(text) => format!("{attribute} starts_with {}", quoted(text)),
            Predicate::EndsWith(text) => format!("{attribute} ends_with {}", quoted(text)),
            Predicate::Contains(text) => format!("{attribute} contains {}", quoted(text)),
            Predicate::Matches(pattern) => format!("{attribute} matches {}", quoted(pattern.as_str())),
            Predicate::Folded(folded) => {
                let operands: Vec<_> = folded.operands().iter().map(quoted).collect();
                let words = match folded.operator() {
                    TextOperator::Equals => one_or_many(&operands, ("eq", "in"), ("ne", "not_in")),
                    TextOperator::StartsWith => format!("{attribute} starts_with {}", operands.join(", ")),
                    TextOperator::EndsWith => format!("{attribute} ends_with {}", operands.join(", ")),
                    TextOperator::Contains => format!("{attribute} contains {}", operands.join(", ")),
                    TextOperator::Matches => format!("{attribute} matches {}", operands.join(", ")),
                };
                format!("{words} ignore_case")
            }
            Predicate::Has(Quantifier::Any, operands) => one_or_many(&each(operands), ("has", "has_any"), ("", "")),
            Predicate::Has(Quantifier::All, operands) => format!("{attribute} has_all {}", listed(&each(operands))),
        }
    }
}

pub(crate) fn listed(items: &[String]) -> String {
    let more = items.len().saturating_sub(SHOWN);
    let shown = items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { format!("[{shown}]") } else { format!("[{shown}, … {more} more]") }
}

fn each(operands: &Operands) -> Vec<String> {
    match operands {
        Operands::Booleans(booleans) => booleans.iter().map(bool::to_string).collect(),
        Operands::Numbers(numbers) => numbers.iter().map(f64::to_string).collect(),
        Operands::Texts(texts) => texts.iter().map(quoted).collect(),
        Operands::Versions(versions) => versions.iter().map(ToString::to_string).collect(),
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
        Ordered::Time(time) => time.to_string(),
    }
}

/// As JSON writes it, so that spaces and control characters show.
pub(crate) fn quoted(text: impl AsRef<str>) -> String {
    serde_json::Value::String(text.as_ref().to_owned()).to_string()
}
