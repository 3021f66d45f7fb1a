//! A concrete context that shows that an answer is true.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// A context, written as `eval` takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// Attributes by name.
    pub context: Map<String, Json>,
    /// The moment of the decision.
    pub now: Timestamp,
}
