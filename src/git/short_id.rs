//! Abbreviated commit ids, for people.

/// Returns the first ten hexadecimal digits of a commit id, or the complete text if it is shorter.
///
/// Ten digits identify a commit in all but the largest repositories, and `git` accepts them.
pub fn short_id(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
