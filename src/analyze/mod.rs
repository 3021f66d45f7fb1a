//! Exact answers about all contexts at once, without sampling.
//!
//! Takes one or two bundles and flags or conditions in them; gives what [`changes`] between two definitions, which
//! rules and variants are [`reachability`], and whether a promise such as [`never`](fn@never) is kept.
//!
//! A flag is a list of conditions over tests on single attributes. Each distinct test is a proposition, each
//! attribute adds what holds among its own tests, and a solver looks for contexts in which two decisions differ.
//! What units get is arithmetic on ranges of buckets: each hash of a unit counts as uniform and independent of the
//! others, save that units which a condition names are hashed.
//!
//! **Invariant:** a context that is shown has been decided by the evaluator.
//! **Invariant:** the same question has the same answer everywhere: work is counted, time is not measured.
//! **Invariant:** where the work allowed does not suffice, that is the answer; it is never a guess.

mod atoms;
mod automaton;
mod bucket_partition;
mod changes;
mod domain;
mod encode;
mod extent;
mod glance;
mod guess;
mod interval;
mod ordered_value;
mod properties;
mod reachability;
mod region;
mod search;
mod share;
mod solver;
mod witness;

pub use crate::analyze::changes::changes;
pub use crate::analyze::extent::{Satisfiability, reachability_without_witnesses, satisfiability};
pub use crate::analyze::properties::{
    ProofResult, ServedVariant, UndecidedReason, always, at_most, exclusive, follows, implies, monotone, never,
    unsatisfiable, valid,
};
pub use crate::analyze::reachability::{FlagReachability, RuleReachability, reachability};
pub use crate::analyze::region::{
    Bounds, DecidedBy, Effect, EvaluatedContext, Population, Region, Side, Term, TermSubject, Transition, Witness,
    effects,
};
pub use crate::analyze::search::Certainty;
pub use crate::analyze::share::Share;

use crate::bundle::{Bundle, Flag, FlagId};

/// A flag, and the bundle that it is one of.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'b> {
    bundle: &'b Bundle,
    id: FlagId,
}

impl<'b> Definition<'b> {
    /// None where the bundle has no flag of that key.
    pub fn find(bundle: &'b Bundle, key: &str) -> Option<Self> {
        bundle.flags.find(key).map(|id| Self { bundle, id })
    }

    /// Where the flag stands.
    pub fn bundle(self) -> &'b Bundle {
        self.bundle
    }

    /// The flag itself.
    pub fn flag(self) -> &'b Flag {
        self.bundle.flag_at(self.id)
    }
}

/// How much work one question may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Conflicts that the solver may meet.
    pub conflicts: u64,
    /// States of automata that may be visited, each as often as in a product with others.
    pub automaton_states: u64,
    /// Ranges of buckets that may be told apart.
    pub bucket_cells: u64,
    /// Regions that may be found, before those that are alike are joined.
    pub regions: usize,
    /// Units that may be hashed in search of witnesses.
    pub units: u64,
    /// Units that may be hashed for one of them.
    pub units_per_witness: u64,
}

impl Default for Budget {
    /// Seconds, at the worst.
    fn default() -> Self {
        Self {
            conflicts: 30_000,
            automaton_states: 5_000_000,
            bucket_cells: 200_000,
            regions: 500,
            units: 50_000_000,
            units_per_witness: 1_000_000,
        }
    }
}

/// There is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// The work allowed does not suffice.
    #[error("the question takes more work than is allowed")]
    Exhausted,
    /// The analysis and the evaluator differ, which is a fault of this program.
    #[error("analysis and evaluation disagree, which is a fault of flagctl: {0}")]
    Disagreement(String),
}
