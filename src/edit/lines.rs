//! Where lines begin and end, by any of the three line breaks that YAML knows.

use std::ops::Range;

pub(super) fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |end| end + 1)
}

/// Before the line break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|after| after.find(['\n', '\r'])).map_or(text.len(), |end| at + end)
}

/// The characters before a place on its line; a byte order mark is none.
pub(super) fn column(text: &str, at: usize) -> usize {
    let before = text.get(line_start(text, at)..at).unwrap_or_default();
    before.trim_start_matches('\u{feff}').chars().count()
}

/// The line break at a place, or the one that the text uses.
pub(super) fn line_break(text: &str, at: usize) -> &'static str {
    let here = text.get(at..).filter(|rest| !rest.is_empty()).unwrap_or(text);
    let first = here.get(line_end(here, 0)..).unwrap_or_default();
    if first.starts_with("\r\n") {
        "\r\n"
    } else if first.starts_with('\r') {
        "\r"
    } else {
        "\n"
    }
}

/// From the start of the first to the end of the last line; with a line break, so that none is left over.
pub(super) fn whole_lines(text: &str, start: usize, end: usize) -> Range<usize> {
    let (start, end) = (line_start(text, start), line_end(text, end));
    let rest = text.get(end..).unwrap_or_default();
    if rest.is_empty() {
        let before = text.get(..start).unwrap_or_default();
        let kept = before.strip_suffix("\r\n").or_else(|| before.strip_suffix(['\n', '\r'])).unwrap_or(before);
        return kept.len()..end;
    }
    start..end + if rest.starts_with("\r\n") { 2 } else { 1 }
}

/// Whether the value that begins there does so below a `|` or `>`, which stands at the end of an earlier line.
pub(super) fn is_block(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default().trim_end_matches([' ', '\n', '\r']);
    let line = before.get(line_start(before, before.len())..).unwrap_or_default();
    let header = line.split(" #").next().and_then(|line| line.split_whitespace().last()).unwrap_or_default();
    let below = text.get(before.len()..start).is_some_and(|gap| gap.contains(['\n', '\r']));
    let mark = header.strip_prefix(['|', '>']);
    below && mark.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-')))
}
