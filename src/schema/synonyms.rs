//! Keys of other tools and languages, and the keys of flagctl that mean the same.
//!
//! A similar spelling does not lead from `when` to `if`, and it leads from `not` to `not_in`, which takes a list. The
//! advice for these words therefore names the key directly.

/// A foreign key, and the keys of flagctl with its meaning, of which the position of the key allows at most one.
const SYNONYMS: [(&str, &[&str]); 41] = [
    ("and", &["all"]),
    ("assertions", &["assert"]),
    ("condition", &["if"]),
    ("conditions", &["if"]),
    ("defaultValue", &["default"]),
    ("defaultVariant", &["default"]),
    ("disabled", &["enabled"]),
    ("dependsOn", &["requires"]),
    ("equals", &["eq"]),
    ("fallback", &["default"]),
    ("ge", &["gte"]),
    ("greater_than", &["gt"]),
    ("in_list", &["in"]),
    ("is", &["eq"]),
    ("le", &["lte"]),
    ("less_than", &["lt"]),
    ("match", &["if", "matches"]),
    ("not", &["ne"]),
    ("offVariant", &["off"]),
    ("or", &["any"]),
    ("overrides", &["environments"]),
    ("percent", &["rollout"]),
    ("percentage", &["rollout"]),
    ("pattern", &["matches"]),
    ("prerequisites", &["requires"]),
    ("prefix", &["starts_with"]),
    ("regex", &["matches"]),
    ("result", &["serve"]),
    ("rules", &["if"]),
    ("suffix", &["ends_with"]),
    ("targeting", &["rules"]),
    ("tests", &["cases"]),
    ("then", &["serve"]),
    ("value", &["serve", "eq"]),
    ("values", &["variants", "enum", "in"]),
    ("variant", &["variants", "serve"]),
    ("variation", &["serve"]),
    ("variations", &["variants"]),
    ("weight", &["rollout"]),
    ("when", &["if"]),
    ("where", &["if"]),
];

/// Operators as other languages write them.
const SIGNS: [(&str, &str); 7] =
    [("=", "eq"), ("==", "eq"), ("!=", "ne"), ("<", "lt"), ("<=", "lte"), (">", "gt"), (">=", "gte")];

/// Returns the known key that means the same as an unknown one.
pub(super) fn synonym<'k>(unknown: &str, known: &[&'k str]) -> Option<&'k str> {
    let words = SYNONYMS.iter().filter(|(word, _)| *word == unknown).flat_map(|(_, keys)| *keys);
    let signs = SIGNS.iter().filter(|(sign, _)| *sign == unknown).map(|(_, key)| key);
    words.chain(signs).find_map(|key| known.iter().copied().find(|known| known == key))
}
