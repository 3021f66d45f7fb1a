//! The evaluator, which decides what a flag serves to a context and for which reason.
//!
//! [`Bundle::decide`](crate::bundle::Bundle::decide) takes the key of a flag, a [`Context`] and a time, and returns a
//! [`Decision`]. [`Bundle::trace`](crate::bundle::Bundle::trace) explains the decision with the same functions, and
//! [`Bundle::nearest`](crate::bundle::Bundle::nearest) finds a small change of the context that changes the decision.
//!
//! **Invariant:** a decision is total and pure. It reads no clock and no environment variable, and it has no error that
//! the compiler could have found.
//! **Invariant:** a decision allocates no memory.

mod condition;
mod context;
mod context_from_json;
mod decide;
mod decision;
mod nearest;
mod trace;
mod truth;
mod value;
mod value_from_json;

pub use crate::eval::context::Context;
pub use crate::eval::context_from_json::{ContextError, ParsedContext};
pub use crate::eval::decision::{Cause, Decision, ErrorCode, Outcome, Reason};
pub use crate::eval::nearest::{Change, Nearest};
pub use crate::eval::trace::{AdmissionTrace, ConditionTrace, RuleTrace, Trace, TraceKind};
pub use crate::eval::truth::Truth;
pub use crate::eval::value::Value;

// These functions are for flagctl itself and take the flag instead of its key. They are not part of the library's
// interface, because the flag must belong to the bundle. The methods of `Bundle` ensure this.
#[cfg(feature = "cli")]
pub(crate) use crate::eval::condition::evaluate;
#[doc(hidden)]
pub use crate::eval::decide::{decide, holds};
#[doc(hidden)]
pub use crate::eval::nearest::nearest;
#[doc(hidden)]
pub use crate::eval::trace::trace;
#[cfg(feature = "cli")]
pub(crate) use crate::eval::value::{EXACT, FIRST_SECOND, json_type, parse_datetime};
