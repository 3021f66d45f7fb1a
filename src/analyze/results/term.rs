//! The terms that describe a region: each is one fact that all contexts of the region have in common.
//!
//! For a change of a rule `country: [DE]` from 10 % to 20 %, the region has the terms `country is DE` and
//! `targetingKey is present`. A term is text for people, and a test that decides whether a context satisfies it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::analyze::side::Side;
use crate::bundle::{Bundle, Condition};
use crate::eval::{Context, Truth, Value, holds};

/// What a [`Term`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermSubject {
    /// A rule's condition, or a part of it that does not depend on buckets; of the flag itself or of a prerequisite.
    Rule {
        /// The flag's key.
        flag: String,
        /// Its place in [`Flag::rules`].
        rule: usize,
    },
    /// Another flag's outcome, where it does not depend on buckets.
    Prerequisite {
        /// The key of the flag that has the prerequisite.
        flag: String,
        /// Its place in [`Flag::prerequisites`].
        prerequisite: usize,
    },
    /// The context has a unit: the attribute is a text that is not empty.
    Unit {
        /// Its name.
        attribute: String,
    },
    /// The unit is one that some condition names.
    Named {
        /// The attribute's name.
        attribute: String,
    },
    /// The condition that was asked about.
    Condition,
}

/// One of the things that all contexts of a region have in common.
#[derive(Debug, Clone)]
pub struct Term {
    /// Whether it holds or does not. What is unknown does not hold.
    pub holds: bool,
    /// Whose words they are.
    pub side: Side,
    /// Where it stands.
    pub subject: TermSubject,
    /// In the words of the conditions themselves.
    pub words: String,
    pub(crate) test: TermTest,
}

/// What a term asks of a context.
#[derive(Debug, Clone)]
pub(crate) enum TermTest {
    Holds(Condition),
    HasUnit(String),
    IsOneOf(String, BTreeSet<String>),
}

/// What is asked of both sides when a context is sorted into regions.
#[derive(Debug, Clone, Copy)]
pub struct EvaluatedContext<'c> {
    /// The side's bundle.
    pub bundle: &'c Bundle,
    /// The context as that bundle's schema reads it.
    pub context: &'c Context<'c>,
}

impl EvaluatedContext<'_> {
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
