//! Propositional formulas and a SAT solver for them.
//!
//! A SAT solver searches for values of Boolean variables that satisfy a set of clauses. A clause is a list of literals,
//! and at least one of them must be true. Formulas are built bottom up, and each formula is represented by one literal.
//! `solve` returns a model, or a set of assumptions that contradict each other (an unsatisfiable core).
//!
//! **Invariant:** the same formula always has the same literal, so a formula that two flags share is encoded once.
//! **Invariant:** work is counted in conflicts, never in time, so answers are the same on every machine.

use std::collections::BTreeMap;

use batsat::clause::Kind;
use batsat::{Callbacks, SolverInterface, SolverOpts, lbool};

/// A variable or its negation. In this module, each literal also represents the formula that it is equivalent to.
pub(crate) type Literal = batsat::Lit;

/// The variable of a literal.
pub(crate) type Variable = batsat::Var;

/// Counts conflicts, and stops the solver after too many.
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

/// Values of all variables that satisfy all clauses and assumptions.
pub(crate) struct Model(Vec<bool>);

impl Model {
    pub(crate) fn holds(&self, literal: Literal) -> bool {
        let value = self.0.get(literal.var().idx() as usize).copied().unwrap_or(false);
        value == literal.sign()
    }
}

pub(crate) enum SolverResult {
    Satisfiable(Model),
    /// These assumptions and the clauses contradict each other.
    Unsatisfiable(Vec<Literal>),
}

/// The solver met more conflicts than are allowed.
#[derive(Debug)]
pub(crate) struct TooManyConflicts;

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

    /// Returns the literal that is always true.
    pub(crate) fn truth(&self) -> Literal {
        self.truth
    }

    /// Returns a new variable, which no clause restricts yet.
    pub(crate) fn fresh(&mut self) -> Literal {
        Literal::new(self.inner.new_var_default(), true)
    }

    /// Adds a clause: at least one of the literals is true.
    pub(crate) fn assert(&mut self, clause: impl IntoIterator<Item = Literal>) {
        self.inner.add_clause_reuse(&mut clause.into_iter().collect());
    }

    /// Returns a literal that is equivalent to the conjunction.
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
        let formula = self.fresh();
        for part in &parts {
            self.assert([!formula, *part]);
        }
        self.assert(parts.iter().map(|part| !*part).chain([formula]));
        self.conjunctions.insert(parts, formula);
        formula
    }

    /// Returns a literal that is equivalent to the disjunction.
    pub(crate) fn any(&mut self, literals: impl IntoIterator<Item = Literal>) -> Literal {
        let negated: Vec<_> = literals.into_iter().map(|literal| !literal).collect();
        !self.all(negated)
    }

    /// Returns a literal that is equivalent to `if condition then … else otherwise`.
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
        let formula = self.fresh();
        for (branch, value) in [(condition, then), (!condition, otherwise)] {
            self.assert([!branch, !value, formula]);
            self.assert([!branch, value, !formula]);
        }
        self.assert([!then, !otherwise, formula]);
        self.assert([then, otherwise, !formula]);
        self.choices.insert([condition, then, otherwise], formula);
        formula
    }

    /// Returns the number of conflicts that are still allowed.
    pub(crate) fn conflicts_left(&self) -> u64 {
        let conflicts = self.inner.cb();
        conflicts.allowed.saturating_sub(conflicts.met)
    }

    /// Allows this number of further conflicts.
    pub(crate) fn allow_conflicts(&mut self, number: u64) {
        let conflicts = self.inner.cb_mut();
        conflicts.allowed = conflicts.met.saturating_add(number);
    }

    /// Searches for a model in which all assumptions are true.
    ///
    /// # Errors
    /// Returns [`TooManyConflicts`] after too many conflicts, counted over all calls.
    pub(crate) fn solve(&mut self, assumptions: &[Literal]) -> Result<SolverResult, TooManyConflicts> {
        let result = self.inner.solve_limited(assumptions);
        if result == lbool::TRUE {
            Ok(SolverResult::Satisfiable(Model(
                self.inner.get_model().iter().map(|value| *value == lbool::TRUE).collect(),
            )))
        } else if result == lbool::FALSE {
            let core = assumptions.iter().filter(|literal| self.inner.unsat_core_contains_var(literal.var()));
            Ok(SolverResult::Unsatisfiable(core.copied().collect()))
        } else {
            Err(TooManyConflicts)
        }
    }
}
