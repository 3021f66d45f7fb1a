//! The terms of the condition that describes a region. A term is one fact that is true or not true for a context.
//!
//! For a change of a rule `country: [DE]` from 10 % to 20 %, the condition has one term: `country eq "DE"`. A term has a
//! text for people, and a test that decides whether a context satisfies the term.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::analyze::side::Side;
use crate::bundle::{Bundle, Condition};
use crate::eval::{Context, Truth, Value, holds};

/// A fact that is true or not true for a context.
#[derive(Debug, Clone)]
pub struct Term {
    /// Whether the fact must be true or must not be true. A condition that is unknown is not true.
    pub holds: bool,
    /// The bundle that the condition comes from.
    pub side: Side,
    /// The text of the fact, with the operators of the definition. All lists are written out.
    pub words: String,
    /// The text of the fact, with shortened lists.
    pub summary: String,
    pub(crate) test: TermTest,
}

impl Term {
    /// Returns the term for a fact of the context that is no condition.
    pub(crate) fn of_context(side: Side, test: TermTest, holds: bool) -> Self {
        let words = match (&test, holds) {
            (TermTest::Holds(_), _) => String::new(),
            (TermTest::HasUnit(attribute), true) => format!("{attribute} is there"),
            (TermTest::HasUnit(attribute), false) => format!("no {attribute}"),
            (TermTest::HasValue(attribute), true) => format!("{attribute} is not missing"),
            (TermTest::HasValue(attribute), false) => format!("{attribute} is missing"),
            (TermTest::IsOneOf(attribute, _), true) => format!("{attribute} is named by a condition"),
            (TermTest::IsOneOf(attribute, _), false) => format!("{attribute} is not named by a condition"),
        };
        Self { holds, side, words: words.clone(), summary: words, test }
    }

    /// Returns the term for a condition.
    pub(crate) fn of_condition((side, bundle): (Side, &Bundle), condition: Condition, holds: bool) -> Self {
        let (words, summary) = (bundle.describe(&condition), bundle.summarize(&condition));
        Self { holds, side, words, summary, test: TermTest::Holds(condition) }
    }

    /// Returns the condition that is true or not true, or `None` if the fact is about a unit or a missing value.
    pub fn condition(&self) -> Option<&Condition> {
        match &self.test {
            TermTest::Holds(condition) => Some(condition),
            TermTest::HasUnit(_) | TermTest::HasValue(_) | TermTest::IsOneOf(..) => None,
        }
    }

    /// Returns whether the term is true for the contexts that lack a unit.
    pub fn is_missing_unit(&self) -> bool {
        matches!(self.test, TermTest::HasUnit(_)) && !self.holds
    }

    /// Returns the term that is true for all other contexts.
    pub(crate) fn negated(self) -> Self {
        match self.test {
            TermTest::Holds(_) => Self { holds: !self.holds, ..self },
            TermTest::HasUnit(_) | TermTest::HasValue(_) | TermTest::IsOneOf(..) => {
                Self::of_context(self.side, self.test, !self.holds)
            }
        }
    }
}

/// A test that decides whether a context satisfies a term.
#[derive(Debug, Clone)]
pub(crate) enum TermTest {
    /// The condition is true.
    Holds(Condition),
    /// The attribute with this name is a text that is not empty.
    HasUnit(String),
    /// The attribute with this name has a value of its type.
    HasValue(String),
    /// The attribute with this name has one of these values.
    IsOneOf(String, BTreeSet<String>),
}

/// A context that was read with the schema of one bundle.
#[derive(Debug, Clone, Copy)]
pub struct EvaluatedContext<'c> {
    /// The bundle.
    pub bundle: &'c Bundle,
    /// The context, read with the attributes of this bundle.
    pub context: &'c Context<'c>,
}

impl EvaluatedContext<'_> {
    /// Returns the attribute's value if it is a text that is not empty.
    pub(crate) fn text(&self, attribute: &str) -> Option<&str> {
        match self.context.value(self.bundle.attributes.find(attribute)?) {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Returns whether the attribute has a value of its type.
    fn has_value(&self, attribute: &str) -> bool {
        let value = self.bundle.attributes.find(attribute).map(|attribute| self.context.value(attribute));
        !matches!(value, None | Some(Value::Absent | Value::Null | Value::Unusable(_)))
    }

    /// Returns whether the context satisfies a term.
    pub fn satisfies(&self, term: &Term, now: Timestamp) -> bool {
        self.passes(&term.test, now) == term.holds
    }

    pub(crate) fn passes(&self, test: &TermTest, now: Timestamp) -> bool {
        match test {
            TermTest::Holds(condition) => holds(self.bundle, condition, self.context, now) == Truth::True,
            TermTest::HasUnit(attribute) => self.text(attribute).is_some(),
            TermTest::HasValue(attribute) => self.has_value(attribute),
            TermTest::IsOneOf(attribute, texts) => self.text(attribute).is_some_and(|text| texts.contains(text)),
        }
    }
}
