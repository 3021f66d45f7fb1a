//! The terms that describe a region. Each term is one fact that is true or not true for all contexts of the region.
//!
//! For a change of a rule `country: [DE]` from 10 % to 20 %, the region has two terms: `country is DE` and
//! `targetingKey is there`. A term has a text for people, and a test that decides whether a context satisfies the term.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::analyze::side::Side;
use crate::bundle::{Bundle, Condition};
use crate::eval::{Context, Truth, Value, holds};

/// The part of a flag or of the context that a [`Term`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermSubject {
    /// The condition of a rule of the flag or of a prerequisite, or the part of it that does not depend on buckets.
    Rule {
        /// The flag's key.
        flag: String,
        /// The index in [`Flag::rules`](crate::bundle::Flag::rules).
        rule: usize,
    },
    /// The decision of a prerequisite, if it does not depend on buckets.
    Prerequisite {
        /// The key of the flag that has the prerequisite.
        flag: String,
        /// The index in [`Flag::prerequisites`](crate::bundle::Flag::prerequisites).
        prerequisite: usize,
    },
    /// The context has a unit: the attribute is a text that is not empty.
    Unit {
        /// The attribute's name.
        attribute: String,
    },
    /// The unit is a value that a condition names.
    Named {
        /// The attribute's name.
        attribute: String,
    },
    /// The condition that the question is about.
    Condition,
}

/// A fact that all contexts of a region have in common.
#[derive(Debug, Clone)]
pub struct Term {
    /// Whether the fact is true or not true for the region. A condition that is unknown is not true.
    pub holds: bool,
    /// The bundle that the condition comes from.
    pub side: Side,
    /// The part of a flag or of the context that the fact is about.
    pub subject: TermSubject,
    /// The text of the fact, with the operators of the definition. All lists are written out.
    pub words: String,
    /// The text of the fact, with shortened lists.
    pub summary: String,
    pub(crate) test: TermTest,
}

impl Term {
    /// Returns the condition that is true or not true, or `None` if the fact is about a unit.
    pub fn condition(&self) -> Option<&Condition> {
        match &self.test {
            TermTest::Holds(condition) => Some(condition),
            TermTest::HasUnit(_) | TermTest::IsOneOf(..) => None,
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

    pub(crate) fn passes(&self, test: &TermTest, now: Timestamp) -> bool {
        match test {
            TermTest::Holds(condition) => holds(self.bundle, condition, self.context, now) == Truth::True,
            TermTest::HasUnit(attribute) => self.text(attribute).is_some(),
            TermTest::IsOneOf(attribute, texts) => self.text(attribute).is_some_and(|text| texts.contains(text)),
        }
    }
}
