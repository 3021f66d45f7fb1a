//! Counts by a text, such as the path at which answers differ, with one example for each text.

use std::collections::BTreeMap;

/// The maximum number of different texts that are counted. The others are counted together.
const MAX_TEXTS: usize = 10_000;
/// The maximum number of characters of a text or of an example.
const MAX_CHARACTERS: usize = 200;

/// Counts by a text.
#[derive(Debug, Clone, Default)]
pub struct Breakdown {
    counts: BTreeMap<String, Counts>,
    /// The number of pairs whose texts were not counted, because there are too many texts.
    pub uncounted: u64,
}

#[derive(Debug, Clone, Default)]
struct Counts {
    pairs: u64,
    mismatches: u64,
    example: Option<String>,
}

/// The counts of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakdownEntry {
    /// The text.
    pub text: String,
    /// The number of pairs with the text.
    pub pairs: u64,
    /// The number of mismatches among them.
    pub mismatches: u64,
    /// The request of the first mismatch.
    pub example: Option<String>,
}

/// Whether a pair is a mismatch, and of which request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counted<'r> {
    /// Both runs agree.
    Match,
    /// The runs of this request disagree.
    Mismatch(&'r str),
}

impl Breakdown {
    pub(super) fn add(&mut self, text: &str, counted: Counted<'_>) {
        let text = shortened(text);
        if !self.counts.contains_key(&text) && self.counts.len() >= MAX_TEXTS {
            self.uncounted += 1;
            return;
        }
        let counts = self.counts.entry(text).or_default();
        counts.pairs += 1;
        if let Counted::Mismatch(request) = counted {
            counts.mismatches += 1;
            counts.example.get_or_insert_with(|| shortened(request));
        }
    }

    /// Returns the texts with the most mismatches, those with the most first.
    pub fn top(&self, number: usize) -> Vec<BreakdownEntry> {
        let with_mismatch = self.counts.iter().filter(|(_, counts)| counts.mismatches > 0);
        let mut entries: Vec<_> = with_mismatch
            .map(|(text, counts)| BreakdownEntry {
                text: text.clone(),
                pairs: counts.pairs,
                mismatches: counts.mismatches,
                example: counts.example.clone(),
            })
            .collect();
        entries.sort_by(|a, b| b.mismatches.cmp(&a.mismatches).then_with(|| a.text.cmp(&b.text)));
        entries.truncate(number);
        entries
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_CHARACTERS).collect()
}

/// Returns a path with `[*]` for each index, so that the same difference in different items is counted together.
pub(super) fn general_path(path: &str) -> String {
    let mut general = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        general += before;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        match after.get(digits..) {
            Some(end) if digits > 0 && end.starts_with(']') => {
                general += "[*";
                rest = end;
            }
            _ => {
                general += "[";
                rest = after;
            }
        }
    }
    general + rest
}

#[cfg(test)]
mod tests {
    use super::{Breakdown, Counted, general_path};

    #[test]
    fn indices_are_counted_together() {
        assert_eq!(general_path("$.items[12].id"), "$.items[*].id");
        assert_eq!(general_path("$[0][1]"), "$[*][*]");
        for path in ["$.a", "$.a[b]", "$.a[", "$.a[1", "[]", ""] {
            assert_eq!(general_path(path), path);
        }
    }

    #[test]
    fn the_number_of_texts_is_bounded() {
        let mut breakdown = Breakdown::default();
        for index in 0..10_010 {
            breakdown.add(&format!("$.p{index}"), Counted::Mismatch("r"));
        }
        breakdown.add("$.p0", Counted::Mismatch("s"));
        breakdown.add("$.p1", Counted::Match);
        assert_eq!(breakdown.uncounted, 10);
        let top = breakdown.top(2);
        assert_eq!((top[0].text.as_str(), top[0].mismatches, top[0].example.as_deref()), ("$.p0", 2, Some("r")));
        assert_eq!(top.len(), 2);
    }
}
