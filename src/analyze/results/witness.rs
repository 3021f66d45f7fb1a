//! A concrete context that shows that an answer is true.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// A context in the form that `flagctl eval` takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The values of attributes by name.
    pub context: Map<String, Json>,
    /// The time of the decision.
    pub now: Timestamp,
}
