//! Propositional formulas and their satisfiability.
//!
//! Takes formulas built bottom up, each as one literal; gives models, or the assumptions that contradict.
//!
//! **Invariant:** the same formula built twice is the same literal, so what two flags share costs once.
//! **Invariant:** work is counted in conflicts, never in time, so that answers are the same on every machine.

use std::collections::BTreeMap;

use batsat::clause::Kind;
use batsat::{Callbacks, SolverInterface, SolverOpts, lbool};

use crate::analyze::AnalysisError;

/// A formula, or the negation of one.
pub(super) type Literal = batsat::Lit;

/// Stops the search when it has met too many conflicts.
struct Conflicts {
    met: u64,
    allowed: u64,
}

impl Callbacks for Conflicts {
    fn on_new_clause(&mut self, _: &[Literal], kind: Kind) {
        if kind == Kind::Learnt {
            self.met += 1;
        }
    }

    fn stop(&self) -> bool {
        self.met > self.allowed
    }
}

/// An assignment that satisfies everything that was asserted and assumed.
pub(super) struct Model(Vec<bool>);

impl Model {
    pub(super) fn holds(&self, literal: Literal) -> bool {
        let value = self.0.get(literal.var().idx() as usize).copied().unwrap_or(false);
        value == literal.sign()
    }
}

/// What a search found.
pub(super) enum Found {
    Model(Model),
    /// These of the assumptions cannot hold together.
    Core(Vec<Literal>),
}

pub(super) struct Solver {
    inner: batsat::Solver<Conflicts>,
    truth: Literal,
    conjunctions: BTreeMap<Vec<Literal>, Literal>,
    choices: BTreeMap<[Literal; 3], Literal>,
}

impl Solver {
    pub(super) fn new(conflicts: u64) -> Self {
        let mut inner = batsat::Solver::new(SolverOpts::default(), Conflicts { met: 0, allowed: conflicts });
        let truth = Literal::new(inner.new_var_default(), true);
        inner.add_clause_reuse(&mut vec![truth]);
        Self { inner, truth, conjunctions: BTreeMap::new(), choices: BTreeMap::new() }
    }

    pub(super) fn truth(&self) -> Literal {
        self.truth
    }

    /// A formula that is free to hold or not.
    pub(super) fn fresh(&mut self) -> Literal {
        Literal::new(self.inner.new_var_default(), true)
    }

    /// At least one of them holds, always.
    pub(super) fn assert(&mut self, clause: impl IntoIterator<Item = Literal>) {
        self.inner.add_clause_reuse(&mut clause.into_iter().collect());
    }

    pub(super) fn all(&mut self, literals: impl IntoIterator<Item = Literal>) -> Literal {
        let mut parts: Vec<_> = literals.into_iter().filter(|literal| *literal != self.truth).collect();
        parts.sort_unstable();
        parts.dedup();
        let opposed = parts.iter().any(|literal| parts.binary_search(&!*literal).is_ok());
        if opposed || parts.contains(&!self.truth) {
            return !self.truth;
        }
        match parts.as_slice() {
            [] => return self.truth,
            [only] => return *only,
            parts => {
                if let Some(known) = self.conjunctions.get(parts) {
                    return *known;
                }
            }
        }
        let whole = self.fresh();
        for part in &parts {
            self.assert([!whole, *part]);
        }
        self.assert(parts.iter().map(|part| !*part).chain([whole]));
        self.conjunctions.insert(parts, whole);
        whole
    }

    pub(super) fn any(&mut self, literals: impl IntoIterator<Item = Literal>) -> Literal {
        let negated: Vec<_> = literals.into_iter().map(|literal| !literal).collect();
        !self.all(negated)
    }

    /// `then` where the condition holds, `otherwise` where it does not.
    pub(super) fn choice(&mut self, condition: Literal, then: Literal, otherwise: Literal) -> Literal {
        let (yes, no) = (self.truth, !self.truth);
        if then == otherwise || condition == yes {
            return then;
        }
        if condition == no {
            return otherwise;
        }
        if then == yes || then == condition {
            return self.any([condition, otherwise]);
        }
        if then == no || then == !condition {
            return self.all([!condition, otherwise]);
        }
        if otherwise == yes || otherwise == !condition {
            return self.any([!condition, then]);
        }
        if otherwise == no || otherwise == condition {
            return self.all([condition, then]);
        }
        if let Some(known) = self.choices.get(&[condition, then, otherwise]) {
            return *known;
        }
        let whole = self.fresh();
        for (branch, value) in [(condition, then), (!condition, otherwise)] {
            self.assert([!branch, !value, whole]);
            self.assert([!branch, value, !whole]);
        }
        self.assert([!then, !otherwise, whole]);
        self.assert([then, otherwise, !whole]);
        self.choices.insert([condition, then, otherwise], whole);
        whole
    }

    /// Looks for a model in which all the assumptions hold.
    ///
    /// # Errors
    /// [`AnalysisError::Exhausted`] after too many conflicts, counted over the solver's life.
    pub(super) fn solve(&mut self, assumptions: &[Literal]) -> Result<Found, AnalysisError> {
        let result = self.inner.solve_limited(assumptions);
        if result == lbool::TRUE {
            Ok(Found::Model(Model(self.inner.get_model().iter().map(|value| *value == lbool::TRUE).collect())))
        } else if result == lbool::FALSE {
            let core = assumptions.iter().filter(|literal| self.inner.unsat_core_contains_var(literal.var()));
            Ok(Found::Core(core.copied().collect()))
        } else {
            Err(AnalysisError::Exhausted)
        }
    }
}
