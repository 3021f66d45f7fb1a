//! Propositional formulas and a SAT solver for them.
//!
//! A SAT solver looks for values of Boolean variables that satisfy a set of clauses; a clause is a list of literals of which
//! at least one must be true. Formulas are built bottom up here, and each is represented by one literal. `solve` gives a
//! model, or a set of assumptions that contradict each other (an unsatisfiable core).
//!
//! **Invariant:** the same formula built twice is the same literal, so what two flags share is encoded once.
//! **Invariant:** work is counted in conflicts, never in time, so that answers are the same on every machine.

use std::collections::BTreeMap;

use batsat::clause::Kind;
use batsat::{Callbacks, SolverInterface, SolverOpts, lbool};

use crate::analyze::error::AnalysisError;

/// A formula, or the negation of one.
pub(crate) type Literal = batsat::Lit;

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
pub(crate) struct Model(Vec<bool>);

impl Model {
    pub(crate) fn holds(&self, literal: Literal) -> bool {
        let value = self.0.get(literal.var().idx() as usize).copied().unwrap_or(false);
        value == literal.sign()
    }
}

/// What a search found.
pub(crate) enum SolverResult {
    Satisfiable(Model),
    /// These of the assumptions cannot hold together.
    Unsatisfiable(Vec<Literal>),
}

pub(crate) struct Solver {
    inner: batsat::Solver<Conflicts>,
    truth: Literal,
    conjunctions: BTreeMap<Vec<Literal>, Literal>,
    choices: BTreeMap<[Literal; 3], Literal>,
}

impl Solver {
    pub(crate) fn new(conflicts: u64) -> Self {
        let mut inner = batsat::Solver::new(SolverOpts::default(), Conflicts { met: 0, allowed: conflicts });
        let truth = Literal::new(inner.new_var_default(), true);
        inner.add_clause_reuse(&mut vec![truth]);
        Self { inner, truth, conjunctions: BTreeMap::new(), choices: BTreeMap::new() }
    }

    pub(crate) fn truth(&self) -> Literal {
        self.truth
    }

    /// A formula that is free to hold or not.
    pub(crate) fn fresh(&mut self) -> Literal {
        Literal::new(self.inner.new_var_default(), true)
    }

    /// At least one of them holds, always.
    pub(crate) fn assert(&mut self, clause: impl IntoIterator<Item = Literal>) {
        self.inner.add_clause_reuse(&mut clause.into_iter().collect());
    }

    pub(crate) fn all(&mut self, literals: impl IntoIterator<Item = Literal>) -> Literal {
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

    pub(crate) fn any(&mut self, literals: impl IntoIterator<Item = Literal>) -> Literal {
        let negated: Vec<_> = literals.into_iter().map(|literal| !literal).collect();
        !self.all(negated)
    }

    /// `then` where the condition holds, `otherwise` where it does not.
    pub(crate) fn choice(&mut self, condition: Literal, then: Literal, otherwise: Literal) -> Literal {
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
    pub(crate) fn solve(&mut self, assumptions: &[Literal]) -> Result<SolverResult, AnalysisError> {
        let result = self.inner.solve_limited(assumptions);
        if result == lbool::TRUE {
            Ok(SolverResult::Satisfiable(Model(
                self.inner.get_model().iter().map(|value| *value == lbool::TRUE).collect(),
            )))
        } else if result == lbool::FALSE {
            let core = assumptions.iter().filter(|literal| self.inner.unsat_core_contains_var(literal.var()));
            Ok(SolverResult::Unsatisfiable(core.copied().collect()))
        } else {
            Err(AnalysisError::Exhausted)
        }
    }
}
