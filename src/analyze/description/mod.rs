//! Describes a region of a change with few terms.
//!
//! The input is the region as the search finds it: facts about conditions of the two definitions. The output is a
//! [`Formula`](crate::analyze::results::formula::Formula). For example, the facts "`segment eu` is not true before the
//! change" and "`segment eu` is true after it" become `country eq "GB"`, if the change adds this country to the segment.
//!
//! | file | purpose |
//! |---|---|
//! | `facts.rs` | the input: the facts of a region |
//! | `candidates.rs` | collects the statements that a description can consist of |
//! | `list_candidates.rs` | adds statements about differences of lists, and about the values that occur in the region |
//! | `operand_sets.rs` | computes the difference, the intersection and the union of two lists |
//! | `cheapest.rs` | finds the cheapest statements from which a goal follows |
//! | `questions.rs` | asks the search, and counts the questions |
//! | `describe.rs` | connects statements to a formula, and proves that it means the region |
//!
//! **Invariant:** the solver has proven that a description and its region contain the same contexts.

mod candidates;
mod cheapest;
pub(crate) mod describe;
pub(crate) mod facts;
mod list_candidates;
mod operand_sets;
mod questions;
