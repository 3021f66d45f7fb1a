//! Operators on text, and their compiled operands: sets, patterns, and automata that ignore case.

use std::sync::Arc;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::bundle::pattern_size::{PatternLimit, count};
use crate::bundle::shared_regex::{Case, shared};
use crate::bundle::string_set::StringSet;

/// An operator on a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextOperator {
    /// The operator `eq` or `in`.
    Equals,
    /// The operator `starts_with`.
    StartsWith,
    /// The operator `ends_with`.
    EndsWith,
    /// The operator `contains`.
    Contains,
    /// The operator `matches`.
    Matches,
}

/// The operands of a text operator do not compile to an automaton.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub enum OperandError {
    /// The expression is not valid, or exceeds its size limit.
    Regex(#[from] regex::Error),
    /// The expression is too long, or the expressions of the bundle together are too large.
    Limit(#[from] PatternLimit),
}

/// A set of texts, in ascending order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<Box<str>>", into = "Vec<Box<str>>")]
pub struct TextSet(StringSet);

impl TextSet {
    /// Returns whether the text is a member.
    pub fn contains(&self, text: &str) -> bool {
        self.0.find(text).is_some()
    }

    /// Iterates over the members in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter()
    }
}

impl From<Vec<Box<str>>> for TextSet {
    fn from(mut members: Vec<Box<str>>) -> Self {
        members.sort_unstable();
        members.dedup();
        Self(members.iter().map(AsRef::as_ref).collect())
    }
}

impl From<TextSet> for Vec<Box<str>> {
    fn from(set: TextSet) -> Self {
        set.iter().map(Box::from).collect()
    }
}

/// A regular expression in the linear-time dialect of the `regex` crate. It may match anywhere in the text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Arc<Regex>);

impl Pattern {
    /// Compiles an expression. The caller counts it in a [`PatternBudget`](crate::bundle::PatternBudget) first.
    ///
    /// # Errors
    /// Returns [`OperandError`] if the expression does not compile, or if its automaton exceeds its size limit.
    pub fn new(expression: &str) -> Result<Self, OperandError> {
        Ok(Self(shared(expression, Case::Sensitive)?))
    }

    /// Returns whether the pattern matches somewhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Returns the source text of the expression.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Pattern {
    type Error = OperandError;

    fn try_from(expression: String) -> Result<Self, OperandError> {
        count(&expression)?;
        Self::new(&expression)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.as_str().to_owned()
    }
}

/// A text operator that ignores case.
///
/// It uses the same case folding as `(?i)` of the `regex` crate (Unicode's simple case folding), so all operators fold
/// case in the same way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Unfolded", into = "Unfolded")]
pub struct Folded {
    operator: TextOperator,
    operands: Box<[Box<str>]>,
    automaton: Arc<Regex>,
}

/// The JSON of a [`Folded`] in a bundle.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unfolded {
    operator: TextOperator,
    operands: Box<[Box<str>]>,
}

impl Folded {
    /// Compiles the operands. A text matches if it satisfies the operator with at least one operand.
    /// [`TextOperator::Matches`] has exactly one operand.
    ///
    /// # Errors
    /// Returns [`OperandError`] if a pattern does not compile, or if the automaton exceeds its size limit.
    pub fn new(operator: TextOperator, operands: Box<[Box<str>]>) -> Result<Self, OperandError> {
        let texts = || operands.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|");
        let expression = match operator {
            TextOperator::Equals => format!(r"\A(?:{})\z", texts()),
            TextOperator::StartsWith => format!(r"\A(?:{})", texts()),
            TextOperator::EndsWith => format!(r"(?:{})\z", texts()),
            TextOperator::Contains => texts(),
            // A pattern may end in a comment, which would hide a closing parenthesis.
            TextOperator::Matches => operands.join("|"),
        };
        Ok(Self { operator, operands, automaton: shared(&expression, Case::Insensitive)? })
    }

    /// Returns whether the text satisfies the operator with one of the operands.
    pub fn is_match(&self, text: &str) -> bool {
        self.automaton.is_match(text)
    }

    /// Returns the operator.
    pub fn operator(&self) -> TextOperator {
        self.operator
    }

    /// Returns the regular expression that is matched with case ignored. It covers all operands.
    pub fn expression(&self) -> &str {
        self.automaton.as_str()
    }

    /// Returns the source texts of the operands.
    pub fn operands(&self) -> &[Box<str>] {
        &self.operands
    }
}

impl TryFrom<Unfolded> for Folded {
    type Error = OperandError;

    fn try_from(unfolded: Unfolded) -> Result<Self, OperandError> {
        if unfolded.operator == TextOperator::Matches {
            unfolded.operands.iter().try_for_each(|operand| count(operand))?;
        }
        Self::new(unfolded.operator, unfolded.operands)
    }
}

impl From<Folded> for Unfolded {
    fn from(folded: Folded) -> Self {
        Self { operator: folded.operator, operands: folded.operands }
    }
}
