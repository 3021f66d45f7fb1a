//! The client of a flagctl without network: it answers no question.

use crate::guard::source::problem::DataProblem;
use crate::guard::source::series::{Metrics, Question};
use crate::guard::source::settings::SourceSettings;

/// A client for the numbers of one verdict.
pub struct Prometheus;

impl Prometheus {
    /// Creates a client.
    ///
    /// # Errors
    /// Never returns an error, because a guard without queries needs no network.
    pub fn new(_: SourceSettings) -> Result<Self, DataProblem> {
        Ok(Self)
    }

    /// Returns the reason why there are no numbers, for each guardrail.
    pub fn metrics(&self, question: &Question<'_>) -> Metrics {
        let names = question.guard.guardrails.iter().map(|guardrail| guardrail.name.value.clone());
        let guardrails = names.map(|name| (name, Err(DataProblem::NotBuilt))).collect();
        Metrics { guardrails, units: question.guard.srm.source.as_ref().map(|_| Err(DataProblem::NotBuilt)) }
    }
}
