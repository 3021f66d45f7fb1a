//! The search for a context that satisfies some assumptions.
//!
//! The input is encoded flags and assumptions. The output is an assignment that represents a real context, or a proof
//! that there is no such context. The solver knows nothing about texts. The search therefore checks each model: for
//! each text attribute, a text with the model's signs must exist. If no such text exists, the search adds the conflict
//! as a clause and solves again. The literature calls this loop lazy SMT. If only a few texts of a unit have the signs,
//! the search adds them as named units, and solves again as well.
//!
//! **Invariant:** if the search finds no assignment, no context satisfies the assumptions.

use crate::analyze::budget::Budget;
use crate::analyze::definition::Definition;
use crate::analyze::encoding::atoms::AtomSet;
use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoder::Encoder;
use crate::analyze::encoding::text_search::TextSearchResult;
use crate::analyze::error::AnalysisError;
use crate::analyze::results::certainty::Certainty;
use crate::analyze::search::solver::{Literal, Model, SolverResult};
use crate::analyze::side::Side;
use crate::bundle::{Bundle, Condition, VariantId};

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
            atoms.unit(definition.bundle, definition.id);
        }
        let mut names: Vec<&String> = atoms.attributes.keys().map(|(name, _)| name).collect();
        names.sort();
        let repeated = names.windows(2).filter_map(|pair| match pair {
            [left, right] if left == right => Some((*left).clone()),
            _ => None,
        });
        let retyped = repeated.collect();
        Self { encoder: Encoder::new(bundles, atoms, budget), budget: *budget, retyped }
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
        loop {
            let unfound = self.encoder.domains.iter().filter_map(|domain| match &domain.encoding {
                DomainEncoding::Text(text) => Some(!text.unfound),
                DomainEncoding::Boolean(_)
                | DomainEncoding::Ordered(_)
                | DomainEncoding::TextList(_)
                | DomainEncoding::NumberList(_) => None,
            });
            let assumed: Vec<Literal> = assumptions.iter().copied().chain(unfound).collect();
            let model = match self.encoder.solver.solve(&assumed)? {
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
                let DomainEncoding::Text(text) = &mut domain.encoding else {
                    texts.push(None);
                    continue;
                };
                let is_open = model.holds(text.outside_constants) && !model.holds(text.named_by_patterns);
                if !model.holds(domain.typed) || !is_open {
                    texts.push(None);
                    continue;
                }
                let signs: Vec<bool> = text.signs.iter().map(|sign| model.holds(*sign)).collect();
                let found = text.texts.find(&signs, &mut self.budget.automaton_states)?;
                if !matches!(found, TextSearchResult::Conflict(_))
                    && let Some(few) = text.few(&signs, &mut self.budget.automaton_states)?
                {
                    named.push((index, signs, few));
                    continue;
                }
                match found {
                    TextSearchResult::Text(found) => texts.push(Some(found)),
                    TextSearchResult::Possible(found) => {
                        certainty = Certainty::Possible;
                        texts.push(Some(found));
                    }
                    TextSearchResult::Conflict(core) => {
                        let literals = core.into_iter().filter_map(|index| text.signs.get(index));
                        let refuted = literals.map(|sign| sign.apply_sign(!model.holds(*sign)));
                        conflicts.push(refuted.chain([!domain.typed, !text.outside_constants]).collect());
                    }
                }
            }
            if conflicts.is_empty() && named.is_empty() {
                return Ok(SearchResult::Satisfiable(Assignment { model, texts, certainty }));
            }
            self.budget.automaton_states =
                self.budget.automaton_states.checked_sub(1).ok_or(AnalysisError::Exhausted)?;
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
