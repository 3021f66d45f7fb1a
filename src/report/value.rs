//! Values of variants in texts about changes. A value can have many kilobytes, and a text for people contains only what
//! differs.

use serde_json::Value as Json;

use crate::bundle::ListText;
use crate::report::text::grouped;

/// The maximum length in characters of a value that is written out.
const LONGEST: usize = 200;
/// The maximum length in characters of a value within a large value.
const LONGEST_PART: usize = 40;
/// The maximum number of differences that are written out.
const SHOWN: usize = 3;

/// Returns a value. A shortened text has the beginning of a long value, and its length.
pub(crate) fn value(value: &Json, extent: ListText) -> String {
    shortened(value, LONGEST, extent)
}

/// Returns how a value changes: `1 → 2`, or, for objects, lists and long values, the parts that differ: `items[7].id 7 →
/// 77`. A shortened text has three of these parts, and the number of the others.
pub(crate) fn shift(from: &Json, to: &Json, extent: ListText) -> String {
    let is_short = |value: &Json| value.to_string().chars().count() <= LONGEST;
    let have_parts = matches!((from, to), (Json::Object(_), Json::Object(_)) | (Json::Array(_), Json::Array(_)));
    if is_short(from) && is_short(to) && !have_parts {
        return format!("{from} → {to}");
    }
    let mut differences = Vec::new();
    collect(String::new(), Some(from), Some(to), extent, &mut differences);
    let most = match extent {
        ListText::Whole => differences.len(),
        ListText::Shortened => SHOWN,
    };
    let shown = differences.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
    match differences.len().saturating_sub(most) {
        0 => shown,
        1 => format!("{shown} and 1 more difference"),
        more => format!("{shown} and {} more differences", grouped(more as u64)),
    }
}

/// Adds the differences between two values at a path, such as `items[7].id 7 → 77`.
fn collect(path: String, from: Option<&Json>, to: Option<&Json>, extent: ListText, differences: &mut Vec<String>) {
    match (from, to) {
        (from, to) if from == to => {}
        (Some(Json::Object(old)), Some(Json::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(name, old.get(key), new.get(key), extent, differences);
            }
        }
        (Some(Json::Array(old)), Some(Json::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                collect(format!("{path}[{index}]"), old.get(index), new.get(index), extent, differences);
            }
        }
        (from, to) => {
            let part =
                |value: Option<&Json>| value.map_or("nothing".to_owned(), |part| shortened(part, LONGEST_PART, extent));
            let space = if path.is_empty() { "" } else { " " };
            differences.push(format!("{path}{space}{} → {}", part(from), part(to)));
        }
    }
}

fn shortened(value: &Json, longest: usize, extent: ListText) -> String {
    let text = value.to_string();
    match text.char_indices().nth(longest).filter(|_| extent == ListText::Shortened) {
        Some((end, _)) => {
            format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), grouped(text.len() as u64))
        }
        None => text,
    }
}
