//! Checks exposures against the definitions that they name.
//!
//! The module takes files of exposures and the commits of a flag repository. An exposure names the definitions that
//! decided it: the sequence number of a published manifest, or a commit. The evaluator decides it again, and the analysis
//! says whether a variant was possible at all if the exposure has only a part of the context. The result counts what
//! contradicts the definitions, each with the first line as an example.
//!
//! `versions` finds and compiles the definitions, `inputs` says whether a variant was possible, `units` remembers
//! which variants a unit got, and `check` goes through the files.
//!
//! **Invariant:** an exposure is called impossible only if no context with its attributes could get the variant.
//! **Invariant:** the memory is bounded by the maximum number of units, whatever the files have.

mod check;
mod error;
mod finding;
mod inputs;
mod possibility;
mod questions;
mod units;
mod versions;

pub use crate::exposures::check::{CheckSettings, Checked, ExposureCheck, FlagSummary};
pub use crate::exposures::error::ExposureError;
pub use crate::exposures::finding::{Finding, FindingKind};
pub use crate::exposures::versions::{VersionLogs, Versions};
