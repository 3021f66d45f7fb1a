//! The reasons why a schema that a user wrote cannot validate a value.

/// The reason why a schema cannot be used. The text completes a sentence about the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueSchemaError {
    /// The schema is not a JSON Schema, or it has a part that flagctl does not support.
    #[error("{0}")]
    Invalid(String),
    /// The schema, or the work that it needs, exceeds a limit.
    #[error("{0}")]
    Limit(String),
}
