//! The condition of a region in words.
//!
//! "where" and "unless" have one meaning each: the contexts `where A unless B` are those for which A is true, except for
//! those for which B is true. A condition that is unknown is not true. For example, `where segment eu unless country eq
//! "GB"` contains contexts of the segment that have no `country`, but `where segment eu and country ne "GB"` does not.

use crate::analyze::{Formula, Region, Side, Term};
use crate::bundle::{Condition, ListText};

/// A condition, and the word that it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// `where`, or `unless` for a condition that only says which contexts are left out.
    pub(crate) word: &'static str,
    pub(crate) condition: String,
}

/// How a formula is written.
pub(crate) struct Wording<'w> {
    /// Returns the side that a term means if its text has two meanings.
    pub(crate) side: &'w dyn Fn(&Term) -> Option<Side>,
    pub(crate) lists: ListText,
}

/// Whether a text must stay one unit when other words stand beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Alone,
    Inside,
}

impl Wording<'_> {
    /// Returns the condition of a region, which the reader already knows to have its units, or `None` if there is none.
    pub(crate) fn of_region(&self, region: &Region) -> Option<Clause> {
        let begins_with_exception = match &region.condition {
            Formula::All(parts) => parts.iter().all(is_exception),
            condition @ (Formula::Term(_) | Formula::Any(_)) => is_exception(condition),
        };
        let text = self.formula(&region.condition, Position::Alone);
        match text.strip_prefix("unless ").filter(|_| begins_with_exception) {
            _ if text.is_empty() => None,
            Some(exception) => Some(Clause { word: "unless", condition: exception.to_owned() }),
            None => Some(Clause { word: "where", condition: text }),
        }
    }

    /// Returns the condition of a region, with the units that its contexts have.
    pub(crate) fn of_region_with_units(&self, region: &Region) -> String {
        let units = region.units.iter().cloned().map(Formula::Term);
        self.formula(&Formula::all(units.chain([region.condition.clone()]).collect()), Position::Alone)
    }

    fn formula(&self, formula: &Formula, position: Position) -> String {
        let text = match formula {
            Formula::Term(_) | Formula::All(_) => self.conjunction(formula),
            // "a or not b" reads as "unless b and not a".
            Formula::Any(parts) if parts.iter().any(is_exception) => self.conjunction(formula),
            Formula::Any(parts) => {
                parts.iter().map(|part| self.formula(part, Position::Inside)).collect::<Vec<_>>().join(" or ")
            }
        };
        let is_one = matches!(formula, Formula::Term(term) if !is_negative(term));
        if position == Position::Inside && !is_one { format!("({text})") } else { text }
    }

    /// Writes parts that are all true: the positive ones, and "unless" before the others.
    fn conjunction(&self, formula: &Formula) -> String {
        let parts = match formula {
            Formula::All(parts) => parts.as_slice(),
            Formula::Term(_) | Formula::Any(_) => std::slice::from_ref(formula),
        };
        let (exceptions, mut required): (Vec<_>, Vec<_>) = parts.iter().partition(|part| is_exception(part));
        required.sort_by_key(
            |part| matches!(part, Formula::Term(term) if matches!(term.condition(), Some(Condition::Not(_)))),
        );
        let written = |part: &Formula| self.formula(part, Position::Inside);
        let required = required.into_iter().map(|part| match part {
            Formula::Term(term) => self.term(term),
            Formula::All(_) | Formula::Any(_) => written(part),
        });
        let exceptions = exceptions.into_iter().map(|part| match part.clone().negated() {
            Formula::Term(term) => self.term(&term),
            negated @ (Formula::All(_) | Formula::Any(_)) => written(&negated),
        });
        let (required, exceptions) =
            (required.collect::<Vec<_>>().join(" and "), exceptions.collect::<Vec<_>>().join(" or "));
        match (required.is_empty(), exceptions.is_empty()) {
            (_, true) => required,
            (true, false) => format!("unless {exceptions}"),
            (false, false) => format!("{required} unless {exceptions}"),
        }
    }

    /// Writes a term that is true.
    fn term(&self, term: &Term) -> String {
        let side = match (self.side)(term) {
            None => "",
            Some(Side::Before) => " (before)",
            Some(Side::After) => " (after)",
        };
        let words = match self.lists {
            ListText::Whole => &term.words,
            ListText::Shortened => &term.summary,
        };
        format!("{words}{side}")
    }
}

/// Returns whether the part follows "unless": it says that a condition is not true.
fn is_exception(part: &Formula) -> bool {
    match part {
        Formula::Term(term) => is_negative(term),
        Formula::All(_) => false,
        Formula::Any(parts) => parts.iter().any(is_exception),
    }
}

/// Returns whether the term says that a condition is not true. Facts that are no conditions have words of their own.
fn is_negative(term: &Term) -> bool {
    !term.holds && term.condition().is_some()
}
