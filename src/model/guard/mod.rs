//! `guard:` of a flag in written form: which metrics say that the flag does harm, and what follows.
//!
//! The definition is about release and not about decisions: the compiler checks it, and no bundle contains it. Every field
//! but `guardrails` has a default, which the reading of the file applies, so the other modules never choose one.

mod arms;
mod definition;
mod guardrail;
mod query;
mod template;

pub use crate::model::guard::arms::{Arms, ArmsProblem};
pub use crate::model::guard::definition::{Guard, GuardAction, GuardMode, HalfOpen, OnSourceError, SampleRatio};
pub use crate::model::guard::guardrail::{Direction, FailLimit, Guardrail, GuardrailTest, TestKind, WrittenTest};
pub use crate::model::guard::query::{PrometheusQueries, QueryKind};
pub use crate::model::guard::template::{Substitution, TemplatePart, template};
