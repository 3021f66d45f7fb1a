//! Versions: flagd's `sem_ver`, behind a guard that lets through what is a version by the grammar.
//!
//! Clients read `v2.1.0`, `2.1` and `2` as versions, too, and trim them.

use semver::Version;
use serde_json::{Value as Json, json};

use crate::bundle::Comparison;
use crate::flagd::guard::is_text;
use crate::flagd::logic::{and, or};

/// Numbers beyond are none in JavaScript's client.
const LARGEST: u64 = 1 << 53;
/// Versions longer than this are none in JavaScript's client.
const LONGEST: usize = 256;
/// The second dot of three numbers of twenty digits.
const LAST_DOT: usize = 41;

/// Whether a version of the bundle is one to all clients.
pub(super) fn is_portable(version: &Version) -> bool {
    let small = |number: u64| number < LARGEST;
    let identifier = |text: &str| !text.bytes().all(|byte| byte.is_ascii_digit()) || text.parse().is_ok_and(small);
    [version.major, version.minor, version.patch].into_iter().all(small)
        && version.pre.split('.').all(|text| text.is_empty() || identifier(text))
        && version.to_string().len() <= LONGEST
}

/// True and false of what is a version, null or false of all else.
pub(super) fn compare(value: &Json, comparison: Comparison, version: &Version) -> Json {
    let operator = match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    };
    and([is_strict(value), sem_ver(value, operator, version)])
}

/// Equal to one of the versions.
pub(super) fn is_one_of(value: &Json, versions: &[Version]) -> Json {
    and([is_strict(value), or(versions.iter().map(|version| sem_ver(value, "=", version)))])
}

/// A version equal to none of the versions, of which there is one at least.
pub(super) fn is_none_of(value: &Json, versions: &[Version]) -> Json {
    let differs = versions.iter().map(|version| sem_ver(value, "!=", version));
    and(std::iter::once(is_strict(value)).chain(differs))
}

fn sem_ver(value: &Json, operator: &str, version: &Version) -> Json {
    json!({ "sem_ver": [value, operator, version.to_string()] })
}

/// Of what `sem_ver` takes, what the grammar takes: begins with a digit, ends in a letter, digit or hyphen, and has
/// two dots before any hyphen or plus.
///
/// The dots are looked for place by place, by a `reduce` over the text itself and then the places: what it carries
/// along is first nothing, then the text, and in the end `true` if there was a second dot.
fn is_strict(value: &Json) -> Json {
    const DIGITS: &str = "0123456789";
    const LAST: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    let (text, place) = (json!({ "var": "accumulator" }), json!({ "var": "current" }));
    let before = json!({ "substr": [text, 0, place] });
    let second_dot = json!({ "and": [
        { "===": [{ "substr": [text, place, 1] }, "."] },
        { "in": [".", before] },
        { "!": [{ "in": ["-", before] }] },
        { "!": [{ "in": ["+", before] }] },
    ] });
    let step = json!({ "if": [
        { "===": [text, null] }, place,
        { "===": [text, true] }, true,
        second_dot, true,
        text,
    ] });
    let places: Vec<usize> = (3..=LAST_DOT).collect();
    and([
        is_text(value),
        json!({ "in": [{ "substr": [value, 0, 1] }, DIGITS] }),
        json!({ "in": [{ "substr": [value, -1] }, LAST] }),
        json!({ "===": [{ "reduce": [{ "merge": [value, places] }, step, null] }, true] }),
    ])
}
