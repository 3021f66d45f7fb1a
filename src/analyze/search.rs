//! The search for contexts.
//!
//! Takes lowered flags and assumptions; gives a model that stands for a real context, or shows that there is none.
//!
//! **Invariant:** where no model is given, no context satisfies the assumptions.

use crate::analyze::atoms::Vocabulary;
use crate::analyze::automaton;
use crate::analyze::bucket_partition::Query;
use crate::analyze::domain::Form;
use crate::analyze::encode::Lowering;
use crate::analyze::solver::{Found, Literal, Model};
use crate::analyze::{AnalysisError, Budget, Definition, Side};
use crate::bundle::{Bundle, Condition, VariantId};

/// How sure it is that something is as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Proven.
    Exact,
    /// It may be so: it takes a pattern that is too large to decide, or an attribute whose type changed.
    Possible,
}

/// A model, and the texts that it leaves open.
pub(super) struct Assignment {
    pub(super) model: Model,
    /// For each domain the text that has the model's signs, where it is none of the constants.
    pub(super) texts: Vec<Option<String>>,
    pub(super) certainty: Certainty,
}

pub(super) enum SearchResult {
    Assignment(Assignment),
    /// These of the assumptions exclude each other.
    Core(Vec<Literal>),
}

/// What remains of a [`Budget`], and everything that is searched.
pub(super) struct Engine<'b> {
    pub(super) lowering: Lowering<'b>,
    pub(super) budget: Budget,
    /// Attributes that the two bundles declare with different types.
    pub(super) retyped: Vec<String>,
}

impl<'b> Engine<'b> {
    /// For questions about these flags and conditions, and no others.
    pub(super) fn new(
        bundles: Vec<(Side, &'b Bundle)>,
        flags: &[(Side, Definition<'b>)],
        conditions: &[(Side, &'b Condition)],
        budget: &Budget,
    ) -> Self {
        let mut vocabulary = Vocabulary::default();
        for (side, definition) in flags {
            vocabulary.flag(*side, definition.bundle, definition.id);
        }
        for (side, bundle) in &bundles {
            for (_, condition) in conditions.iter().filter(|(other, _)| other == side) {
                vocabulary.condition(*side, bundle, condition);
            }
        }
        let mut names: Vec<&String> = vocabulary.attributes.keys().map(|(name, _)| name).collect();
        names.sort();
        let twice = names.windows(2).filter_map(|pair| match pair {
            [one, two] if one == two => Some((*one).clone()),
            _ => None,
        });
        let retyped = twice.collect();
        Self { lowering: Lowering::new(bundles, vocabulary, budget), budget: *budget, retyped }
    }

    pub(super) fn lower(&mut self, side: Side, definition: Definition<'b>) -> usize {
        self.lowering.flag(side, definition.bundle, definition.id)
    }

    pub(super) fn outcome(&self, flag: usize, variant: VariantId) -> Literal {
        let outcomes = self.lowering.flags.get(flag).map(|flag| &flag.outcomes);
        outcomes.and_then(|all| all.get(usize::from(variant.0))).copied().unwrap_or(self.lowering.false_literal())
    }

    /// Takes everything that answers these questions as the model does out of the search for as long as `guard` is
    /// assumed.
    pub(super) fn block(&mut self, guard: Literal, asks: &[Query<'b>], model: &Model) {
        let same = asks.iter().map(|ask| ask.literal.apply_sign(!model.holds(ask.literal)));
        self.lowering.solver.assert(same.chain([!guard]).collect::<Vec<_>>());
    }

    pub(super) fn solve(&mut self, assumptions: &[Literal]) -> Result<SearchResult, AnalysisError> {
        loop {
            let model = match self.lowering.solver.solve(assumptions)? {
                Found::Core(core) => return Ok(SearchResult::Core(core)),
                Found::Model(model) => model,
            };
            let mut texts = Vec::with_capacity(self.lowering.domains.len());
            let mut certainty = Certainty::Exact;
            let mut conflicts: Vec<Vec<Literal>> = Vec::new();
            for domain in &mut self.lowering.domains {
                let Form::Text(text) = &mut domain.form else {
                    texts.push(None);
                    continue;
                };
                if !model.holds(domain.typed) || !model.holds(text.other) {
                    texts.push(None);
                    continue;
                }
                let signs: Vec<bool> = text.signs.iter().map(|sign| model.holds(*sign)).collect();
                match text.texts.find(&signs, &mut self.budget.automaton_states)? {
                    automaton::Found::Text(found) => texts.push(Some(found)),
                    automaton::Found::Perhaps(found) => {
                        certainty = Certainty::Possible;
                        texts.push(Some(found));
                    }
                    automaton::Found::Core(core) => {
                        let literals = core.into_iter().filter_map(|at| text.signs.get(at));
                        let refuted = literals.map(|sign| sign.apply_sign(!model.holds(*sign)));
                        conflicts.push(refuted.chain([!domain.typed, !text.other]).collect());
                    }
                }
            }
            if conflicts.is_empty() {
                return Ok(SearchResult::Assignment(Assignment { model, texts, certainty }));
            }
            self.budget.automaton_states =
                self.budget.automaton_states.checked_sub(1).ok_or(AnalysisError::Exhausted)?;
            for conflict in conflicts {
                self.lowering.solver.assert(conflict);
            }
        }
    }

    pub(super) fn impossible(&mut self, assumptions: &[Literal]) -> Result<bool, AnalysisError> {
        Ok(matches!(self.solve(assumptions)?, SearchResult::Core(_)))
    }
}
