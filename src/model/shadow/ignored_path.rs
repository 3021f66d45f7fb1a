//! Paths of differences that do not count, such as `$.ts`.

use std::str::FromStr;

/// The title of a path in the schemas.
pub(super) const TITLE: &str = "a path such as `$.ts` or `$.items[*].id`";

/// The maximum number of bytes of a path.
const MAX_BYTES: usize = 256;

/// The path of a part of an answer, with everything below it: names after `.`, indices in brackets, and `[*]` for every
/// index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IgnoredPath(String);

/// The text is not a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {TITLE}")]
pub struct IgnoredPathError;

impl IgnoredPath {
    /// Returns the path as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a path in a comparison record is this path, or below it.
    pub fn covers(&self, path: &str) -> bool {
        let mut own = steps(&self.0);
        let mut other = steps(path);
        own.all(|step| other.next().is_some_and(|other| step == other || step == "[*]" && other.starts_with('[')))
    }
}

/// Iterates over the steps of a path: `$`, then `.name` and `[0]`.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        let after_first = rest.char_indices().skip(1).find(|(_, char)| matches!(char, '.' | '['));
        let end = after_first.map_or(rest.len(), |(index, _)| index);
        let (step, others) = rest.split_at(end);
        rest = others;
        (!step.is_empty()).then_some(step)
    })
}

impl FromStr for IgnoredPath {
    type Err = IgnoredPathError;

    fn from_str(text: &str) -> Result<Self, IgnoredPathError> {
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        let is_step = |step: &str| match (step.strip_prefix('.'), step.strip_prefix('[')) {
            (Some(name), _) => is_name(name),
            (_, Some(index)) => index.strip_suffix(']').is_some_and(|index| {
                index == "*" || (1..=6).contains(&index.len()) && index.bytes().all(|byte| byte.is_ascii_digit())
            }),
            (None, None) => false,
        };
        let mut parts = steps(text);
        let fits = text.len() <= MAX_BYTES && parts.next() == Some("$") && parts.all(is_step) && text != "$";
        fits.then(|| Self(text.to_owned())).ok_or(IgnoredPathError)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::shadow::ignored_path::IgnoredPath;

    #[test]
    fn a_path_has_names_and_indices() {
        for text in ["$.ts", "$.items[*].id", "$.items[0]", "$[3].a-b_c"] {
            assert!(text.parse::<IgnoredPath>().is_ok(), "{text}");
        }
        let long = format!("$.{}", "a".repeat(255));
        for text in
            ["", "$", "ts", ".ts", "$ts", "$.", "$..ts", "$.a b", "$[", "$[]", "$[x]", "$.a[1", "$[1234567]", &long]
        {
            assert!(text.parse::<IgnoredPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_covers_itself_and_everything_below_it() {
        let covers = |own: &str, path: &str| own.parse::<IgnoredPath>().unwrap().covers(path);
        assert!(covers("$.ts", "$.ts"));
        assert!(covers("$.meta", "$.meta.ts[0]"));
        assert!(covers("$.items[*].id", "$.items[12].id"));
        assert!(!covers("$.ts", "$.tsx"));
        assert!(!covers("$.items[*].id", "$.items.id"));
        assert!(!covers("$.meta.ts", "$.meta"));
    }
}
