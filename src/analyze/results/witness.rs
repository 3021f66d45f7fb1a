//! A concrete context that proves an answer.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// A context in the form that `flagctl eval` reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The values of attributes by name.
    pub context: Map<String, Json>,
    /// The time of the decision.
    pub now: Timestamp,
}
