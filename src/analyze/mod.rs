//! Answers questions about all contexts exactly.
//!
//! The input is one or two bundles, and flags or conditions in them. There are three kinds of questions: which
//! decisions differ between two definitions of a flag ([`changes`]), which rules and variants are reached
//! ([`reachability`]), and whether a property such as [`never`](fn@never) holds.
//!
//! A flag is a list of rules over tests of single attributes. Each distinct test becomes a Boolean variable, each
//! attribute adds the constraints between its own tests, and a SAT solver searches for contexts that answer the
//! question. Shares of units are computed from ranges of buckets: the buckets of one unit under two different hashes
//! are treated as uniform and independent. Units that a condition names are hashed instead.
//!
//! | folder | purpose |
//! |---|---|
//! | `encoding` | turns flags and conditions into clauses |
//! | `search` | finds contexts: solver, check of models, partition of buckets, witnesses |
//! | `questions` | the questions: changes, reachability, properties |
//! | `description` | describes a region of a change in few words |
//! | `fast_path` | answers from samples, before the solver runs |
//! | `results` | the types of the answers |
//!
//! **Invariant:** the evaluator has decided every context that is shown.
//! **Invariant:** the same question has the same answer on every machine, because the budget counts work and not time.
//! **Invariant:** if the budget is exceeded, the result is an error and never a guess.

mod budget;
mod definition;
mod description;
mod encoding;
mod error;
mod fast_path;
mod questions;
mod results;
mod search;
mod side;

pub use crate::analyze::budget::Budget;
pub use crate::analyze::definition::Definition;
pub use crate::analyze::error::{AnalysisError, Excess};
pub use crate::analyze::fast_path::satisfiability::{Satisfiability, reachability_without_witnesses, satisfiability};
pub use crate::analyze::questions::changes::changes;
pub use crate::analyze::questions::properties::{
    ProofResult, ServedVariant, UndecidedReason, always, at_most, exclusive, follows, implies, monotone, never,
    unsatisfiable, valid,
};
pub use crate::analyze::questions::reachability::{FlagReachability, RuleReachability, reachability};
pub use crate::analyze::results::certainty::Certainty;
pub use crate::analyze::results::decided_by::DecidedBy;
pub use crate::analyze::results::formula::Formula;
pub use crate::analyze::results::region::{
    Bounds, Effect, HashedUnits, Population, Region, Transition, UnitScope, effects,
};
pub use crate::analyze::results::share::Share;
pub use crate::analyze::results::term::{EvaluatedContext, Term};
pub use crate::analyze::results::witness::Witness;
pub use crate::analyze::side::Side;
