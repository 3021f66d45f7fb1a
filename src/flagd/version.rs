//! Compares versions with flagd's `sem_ver`, after a guard that admits only versions in the grammar of Semantic
//! Versioning.
//!
//! Without the guard, clients also read `v2.1.0`, `2.1` and `2` as versions, and ignore spaces around them.

use semver::Version;
use serde_json::{Value as Json, json};

use crate::bundle::Comparison;
use crate::flagd::json_logic::{and, or};
use crate::flagd::type_guard::is_text;

/// The JavaScript client does not read versions that contain this number or a larger one.
const NUMBER_LIMIT: u64 = 1 << 53;
/// The maximum length of a version that the JavaScript client reads, in characters.
const MAX_LENGTH: usize = 256;
/// The largest possible index of the second dot. It occurs if the first two numbers have twenty digits each.
const LAST_DOT: usize = 41;

/// Returns whether all clients read the version.
pub(super) fn is_portable(version: &Version) -> bool {
    let small = |number: u64| number < NUMBER_LIMIT;
    let identifier = |text: &str| !text.bytes().all(|byte| byte.is_ascii_digit()) || text.parse().is_ok_and(small);
    [version.major, version.minor, version.patch].into_iter().all(small)
        && version.pre.split('.').all(|text| text.is_empty() || identifier(text))
        && version.to_string().len() <= MAX_LENGTH
}

/// Returns JsonLogic that compares the value with a version. It evaluates to null or false if the value is not a
/// version.
pub(super) fn compare(value: &Json, comparison: Comparison, version: &Version) -> Json {
    let operator = match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    };
    and([is_strict(value), sem_ver(value, operator, version)])
}

/// Returns JsonLogic that checks whether the value equals one of the versions.
pub(super) fn is_one_of(value: &Json, versions: &[Version]) -> Json {
    and([is_strict(value), or(versions.iter().map(|version| sem_ver(value, "=", version)))])
}

/// Returns JsonLogic that checks whether the value is a version and differs from all of the versions.
pub(super) fn is_none_of(value: &Json, versions: &[Version]) -> Json {
    let differs = versions.iter().map(|version| sem_ver(value, "!=", version));
    and(std::iter::once(is_strict(value)).chain(differs))
}

fn sem_ver(value: &Json, operator: &str, version: &Version) -> Json {
    json!({ "sem_ver": [value, operator, version.to_string()] })
}

/// Returns JsonLogic that checks whether a value that `sem_ver` reads is a version in the grammar: it begins with a
/// digit, ends in a letter, digit or hyphen, and has two dots before any hyphen or plus.
///
/// A `reduce` over the text and then over the possible indices of the second dot searches for the dots. Its accumulator
/// is null at first, then the text, and finally `true` if there is a second dot.
fn is_strict(value: &Json) -> Json {
    const DIGITS: &str = "0123456789";
    const LAST: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    let (text, index) = (json!({ "var": "accumulator" }), json!({ "var": "current" }));
    let before = json!({ "substr": [text, 0, index] });
    let second_dot = json!({ "and": [
        { "===": [{ "substr": [text, index, 1] }, "."] },
        { "in": [".", before] },
        { "!": [{ "in": ["-", before] }] },
        { "!": [{ "in": ["+", before] }] },
    ] });
    let step = json!({ "if": [
        { "===": [text, null] }, index,
        { "===": [text, true] }, true,
        second_dot, true,
        text,
    ] });
    let indices: Vec<usize> = (3..=LAST_DOT).collect();
    and([
        is_text(value),
        json!({ "in": [{ "substr": [value, 0, 1] }, DIGITS] }),
        json!({ "in": [{ "substr": [value, -1] }, LAST] }),
        json!({ "===": [{ "reduce": [{ "merge": [value, indices] }, step, null] }, true] }),
    ])
}
