//! Problems in definitions: how stages report them, and how their severity is decided.
//!
//! Every stage that reads definitions adds [`Diagnostics`]: a code, a position, a message and advice, but no severity.
//! Only `settle` decides the severity of each diagnostic. It uses the default of the code, the `lint` levels of the
//! project and the allow comments in the files, and returns the sorted [`Finding`]s. A stage therefore does not know
//! the settings, and the severity of a code does not depend on the stage that reports it.
//!
//! **Invariant:** only `settle` decides severities.

mod allow;
mod base;
mod diagnostic;
mod fix;
mod names;
mod settle;

pub use crate::diag::allow::Allow;
pub use crate::diag::base::{Age, CheckedFiles, Problem, ages};
pub use crate::diag::diagnostic::{Diagnostic, Diagnostics};
pub use crate::diag::fix::{Advice, Fix, FixChange, FixEdit};
pub use crate::diag::names::{
    closest, did_you_mean, did_you_mean_or_list, environment_help, flag_help, quoted_list, suggestion,
    unknown_environment, unknown_flag, unknown_name,
};
pub use crate::diag::settle::{Finding, Level, Levels, settle};
