//! The search for a context that satisfies some assumptions.
//!
//! The input is encoded flags and assumptions. The output is an assignment that represents a real context, or a proof
//! that there is no such context. The solver knows nothing about texts. The search therefore checks each model: for
//! each text attribute, a text with the model's signs must exist. If no such text exists, the search adds the conflict
//! as a clause and solves again. The literature calls this loop lazy SMT. If only a few texts of a unit have the signs,
//! the search adds them as named units, and solves again as well.
//!
//! **Invariant:** if the search finds no assignment, no context satisfies the assumptions.

use std::collections::BTreeMap;

use crate::analyze::budget::Budget;
use crate::analyze::definition::Definition;
use crate::analyze::encoding::atoms::AtomSet;
use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoder::Encoder;
use crate::analyze::encoding::text_domain::TextChoice;
use crate::analyze::error::AnalysisError;
use crate::analyze::results::certainty::Certainty;
use crate::analyze::search::solver::{Literal, Model, SolverResult};
use crate::analyze::side::Side;
use crate::bundle::{Bucket, Bundle, Condition, VariantId};

/// A model of the solver that represents a context.
pub(crate) struct Assignment {
    pub(crate) model: Model,
    /// For each domain, a text with the model's signs, or `None` if the value is not a text or is one of the constants.
    pub(crate) texts: Vec<Option<String>>,
    pub(crate) certainty: Certainty,
}

pub(crate) enum SearchResult {
    /// A context may satisfy the assumptions. [`Assignment::certainty`] specifies whether this is proven.
    Satisfiable(Assignment),
    /// No context satisfies the assumptions. The literals are the assumptions that contradict each other.
    Unsatisfiable(Vec<Literal>),
}

/// Everything that is encoded for a question, and the rest of its [`Budget`].
pub(crate) struct Search<'b> {
    pub(crate) encoder: Encoder<'b>,
    pub(crate) budget: Budget,
    /// Attributes that the two bundles declare with different types.
    pub(crate) retyped: Vec<String>,
    /// True if the search accepts texts of two types that may not exist.
    doubtful: Literal,
    /// Whether there are such texts.
    has_doubts: bool,
    /// The units that were searched so far. A unit is `None` if none was found.
    pub(crate) units: BTreeMap<UnitKey, Option<String>>,
}

/// What a unit must have.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnitKey {
    /// The index of the unit's domain.
    pub(crate) domain: usize,
    /// For each pattern, whether it matches.
    pub(crate) signs: Vec<bool>,
    /// The piece of the attribute's type in the other bundle, if the unit has that type.
    pub(crate) piece: Option<usize>,
    /// For each hash of the unit, the buckets.
    pub(crate) ranges: Vec<(Bucket, Bucket)>,
}

impl<'b> Search<'b> {
    /// Prepares a search. Later calls may encode only these flags and conditions.
    pub(crate) fn new(
        bundles: Vec<(Side, &'b Bundle)>,
        flags: &[(Side, Definition<'b>)],
        conditions: &[(Side, &'b Condition)],
        budget: &Budget,
    ) -> Self {
        let mut atoms = AtomSet::default();
        for (side, definition) in flags {
            atoms.flag(*side, definition.bundle, definition.id);
        }
        for (side, bundle) in &bundles {
            for (_, condition) in conditions.iter().filter(|(condition_side, _)| condition_side == side) {
                atoms.condition(*side, bundle, condition);
            }
        }
        for (_, definition) in flags {
            atoms.units(definition.bundle, definition.id);
        }
        let mut names: Vec<&String> = atoms.attributes.keys().map(|(name, _)| name).collect();
        names.sort();
        let repeated = names.windows(2).filter_map(|pair| match pair {
            [left, right] if left == right => Some((*left).clone()),
            _ => None,
        });
        let retyped: Vec<String> = repeated.collect();
        let mut encoder = Encoder::new(bundles, atoms, budget);
        let doubtful = encoder.solver.fresh();
        Self { encoder, budget: *budget, retyped, doubtful, has_doubts: false, units: BTreeMap::new() }
    }

    /// Encodes a flag and returns its index.
    pub(crate) fn encode_flag(&mut self, side: Side, definition: Definition<'b>) -> usize {
        self.encoder.flag(side, definition.bundle, definition.id)
    }

    /// Returns the literal that is true if the flag serves the variant.
    pub(crate) fn outcome(&self, flag: usize, variant: VariantId) -> Literal {
        let outcomes = self.encoder.flags.get(flag).map(|flag| &flag.outcomes);
        outcomes.and_then(|all| all.get(usize::from(variant.0))).copied().unwrap_or(self.encoder.false_literal())
    }

    /// Excludes all contexts that agree with the model on these literals. The exclusion applies while `guard` is
    /// assumed.
    pub(crate) fn block(&mut self, guard: Literal, literals: impl IntoIterator<Item = Literal>, model: &Model) {
        let differs = literals.into_iter().map(|literal| literal.apply_sign(!model.holds(literal)));
        self.encoder.solver.assert(differs.chain([!guard]).collect::<Vec<_>>());
    }

    /// Searches for a context in which all assumptions hold.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the budget is exceeded.
    pub(crate) fn solve(&mut self, assumptions: &[Literal]) -> Result<SearchResult, AnalysisError> {
        match self.solve_with(assumptions, !self.doubtful)? {
            SearchResult::Unsatisfiable(_) if self.has_doubts => self.solve_with(assumptions, self.doubtful),
            answer => Ok(answer),
        }
    }

    /// Does the same. `doubt` decides whether the search accepts texts that may not exist.
    fn solve_with(&mut self, assumptions: &[Literal], doubt: Literal) -> Result<SearchResult, AnalysisError> {
        loop {
            let unfound = self.encoder.domains.iter().filter_map(|domain| match &domain.encoding {
                DomainEncoding::Text(text) => Some(!text.unfound),
                DomainEncoding::Boolean(_)
                | DomainEncoding::Ordered(_)
                | DomainEncoding::TextList(_)
                | DomainEncoding::NumberList(_) => None,
            });
            let assumed: Vec<Literal> = assumptions.iter().copied().chain(unfound).chain([doubt]).collect();
            let model = match self.encoder.solver.solve(&assumed).map_err(|_| self.encoder.too_many_conditions())? {
                SolverResult::Unsatisfiable(mut core) => {
                    core.retain(|literal| assumptions.contains(literal));
                    return Ok(SearchResult::Unsatisfiable(core));
                }
                SolverResult::Satisfiable(model) => model,
            };
            let mut texts = Vec::with_capacity(self.encoder.domains.len());
            let mut certainty = Certainty::Exact;
            let mut conflicts: Vec<Vec<Literal>> = Vec::new();
            let mut named: Vec<(usize, Vec<bool>, Vec<String>)> = Vec::new();
            for (index, domain) in self.encoder.domains.iter_mut().enumerate() {
                let chosen = match &mut domain.encoding {
                    DomainEncoding::Text(text) => text.choose(&model, &mut self.budget.automaton_states)?,
                    DomainEncoding::Boolean(_)
                    | DomainEncoding::Ordered(_)
                    | DomainEncoding::TextList(_)
                    | DomainEncoding::NumberList(_) => None,
                };
                texts.push(match chosen {
                    None => None,
                    Some(TextChoice::Text(text)) => Some(text),
                    Some(TextChoice::Possible(text)) => {
                        certainty = Certainty::Possible;
                        Some(text)
                    }
                    Some(TextChoice::Doubtful(_, mut clause)) if doubt != self.doubtful => {
                        self.has_doubts = true;
                        clause.push(self.doubtful);
                        conflicts.push(clause);
                        None
                    }
                    Some(TextChoice::Doubtful(text, _)) => {
                        certainty = Certainty::Possible;
                        Some(text)
                    }
                    Some(TextChoice::Conflict(clause)) => {
                        conflicts.push(clause);
                        None
                    }
                    Some(TextChoice::Named(signs, few)) => {
                        named.push((index, signs, few));
                        None
                    }
                });
            }
            if conflicts.is_empty() && named.is_empty() {
                return Ok(SearchResult::Satisfiable(Assignment { model, texts, certainty }));
            }
            self.budget.automaton_states =
                self.budget.automaton_states.checked_sub(1).ok_or_else(|| self.encoder.too_many_conditions())?;
            for conflict in conflicts {
                self.encoder.solver.assert(conflict);
            }
            for (index, signs, few) in named {
                self.encoder.add_named_units(index, &signs, few);
            }
        }
    }

    /// Returns whether no context satisfies the assumptions.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the budget is exceeded.
    pub(crate) fn is_unsatisfiable(&mut self, assumptions: &[Literal]) -> Result<bool, AnalysisError> {
        Ok(matches!(self.solve(assumptions)?, SearchResult::Unsatisfiable(_)))
    }
}
