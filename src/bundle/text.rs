//! Prepared operands of tests on text.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::bundle::TextOperator;
use crate::bundle::string_set::Texts;

/// A set of texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<Box<str>>", into = "Vec<Box<str>>")]
pub struct TextSet(Texts);

impl TextSet {
    /// Whether the text is one of them.
    pub fn contains(&self, text: &str) -> bool {
        self.0.find(text).is_some()
    }

    /// The members, ascending, each once.
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

/// A compiled automaton may take this many bytes.
const SIZE_LIMIT: usize = 2 << 20;

/// A regular expression in the linear-time dialect of the `regex` crate, found anywhere in the text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether it matches somewhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(expression: String) -> Result<Self, regex::Error> {
        RegexBuilder::new(&expression).size_limit(SIZE_LIMIT).build().map(Self)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.as_str().to_owned()
    }
}

/// A text operator that ignores case.
///
/// By definition what the `regex` crate's `(?i)` does (Unicode's simple case folding), so that every
/// operator folds alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Unfolded", into = "Unfolded")]
pub struct Folded {
    operator: TextOperator,
    operands: Box<[Box<str>]>,
    automaton: Regex,
}

/// [`Folded`] as a bundle's JSON has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unfolded {
    operator: TextOperator,
    operands: Box<[Box<str>]>,
}

impl Folded {
    /// Compiles the operands; the text must satisfy the operator with one of them. Of patterns there is one.
    ///
    /// # Errors
    /// A pattern that does not compile, or operands that make too large an automaton.
    pub fn new(operator: TextOperator, operands: Box<[Box<str>]>) -> Result<Self, regex::Error> {
        let texts = || operands.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|");
        let expression = match operator {
            TextOperator::Equals => format!(r"\A(?:{})\z", texts()),
            TextOperator::StartsWith => format!(r"\A(?:{})", texts()),
            TextOperator::EndsWith => format!(r"(?:{})\z", texts()),
            TextOperator::Contains => texts(),
            // A pattern may end in a comment: nothing can be put around it.
            TextOperator::Matches => operands.join("|"),
        };
        let automaton = RegexBuilder::new(&expression).case_insensitive(true).size_limit(SIZE_LIMIT).build()?;
        Ok(Self { operator, operands, automaton })
    }

    /// Whether the text satisfies the operator with one of the operands.
    pub fn is_match(&self, text: &str) -> bool {
        self.automaton.is_match(text)
    }

    /// What is asked of the text.
    pub fn operator(&self) -> TextOperator {
        self.operator
    }

    /// What is matched in the text, case ignored, as one regular expression.
    pub fn expression(&self) -> &str {
        self.automaton.as_str()
    }

    /// The texts to satisfy it with, as written.
    pub fn operands(&self) -> &[Box<str>] {
        &self.operands
    }
}

impl TryFrom<Unfolded> for Folded {
    type Error = regex::Error;

    fn try_from(unfolded: Unfolded) -> Result<Self, regex::Error> {
        Self::new(unfolded.operator, unfolded.operands)
    }
}

impl From<Folded> for Unfolded {
    fn from(folded: Folded) -> Self {
        Self { operator: folded.operator, operands: folded.operands }
    }
}
