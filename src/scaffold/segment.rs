//! The file of a new segment.

use crate::edit::plain_or_quoted;

/// Returns the text of a segment with one user, to whom a person adds others. `units` are values of `targetingKey`.
pub fn segment(description: &str, owner: Option<&str>, units: &[&str]) -> String {
    let owner = owner.map_or_else(String::new, |owner| format!("owner: {}\n", plain_or_quoted(owner)));
    let units: Vec<String> = units.iter().map(|unit| plain_or_quoted(unit)).collect();
    format!(
        "description: {}\n{owner}if:\n  targetingKey: [{}]    # or another condition, such as `country: [DE, FR]`\n",
        plain_or_quoted(description),
        units.join(", ")
    )
}
