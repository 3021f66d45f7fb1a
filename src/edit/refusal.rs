//! The reasons why a change is refused, each with advice.

/// The reason why a text was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The file has errors, so the result of a change could not be checked.
    #[error("the file has problems that come first: run `flagctl validate`, and try again when it is correct")]
    Unreadable,
    /// The file has no value at this path.
    #[error("`{0}` is not in the file")]
    Missing(String),
    /// The mapping already has the key to add.
    #[error("`{0}` is in the file already")]
    Present(String),
    /// Only a scalar can be set.
    #[error("`{path}` is {found}, not a single value: change it by hand")]
    Collection {
        /// The value's path.
        path: String,
        /// The type of the value, in words.
        found: &'static str,
    },
    /// The value is a block scalar, and edits do not support the layout of its lines.
    #[error("`{0}` is written as a block of lines, after `|` or `>`: change it by hand")]
    Block(String),
    /// An anchor and an alias share the text of two values.
    #[error("`{path}` and `{other}` are one value, by an anchor and an alias: write it out in both places first")]
    Shared {
        /// The value's path.
        path: String,
        /// The path of the other value.
        other: String,
    },
    /// The result would also change values other than the requested value.
    #[error("the layout of the file does not allow to change only `{0}`: change it by hand")]
    Unproven(String),
}
