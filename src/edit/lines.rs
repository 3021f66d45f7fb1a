//! The beginnings and ends of lines. A line ends with one of the three line breaks of YAML: LF, CRLF or CR.

use std::ops::Range;

/// Returns the offset at which the line begins.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |end| end + 1)
}

/// Returns the offset at which the line ends, before its line break.
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    text.get(offset..).and_then(|after| after.find(['\n', '\r'])).map_or(text.len(), |end| offset + end)
}

/// Counts the characters before an offset on its line. A byte order mark does not count.
pub(super) fn column(text: &str, offset: usize) -> usize {
    let before = text.get(line_start(text, offset)..offset).unwrap_or_default();
    before.trim_start_matches('\u{feff}').chars().count()
}

/// Returns the line break at the end of the line. If the line has no line break, returns the first line break of the
/// text.
pub(super) fn line_break(text: &str, offset: usize) -> &'static str {
    let rest = text.get(offset..).filter(|rest| !rest.is_empty()).unwrap_or(text);
    let first = rest.get(line_end(rest, 0)..).unwrap_or_default();
    if first.starts_with("\r\n") {
        "\r\n"
    } else if first.starts_with('\r') {
        "\r"
    } else {
        "\n"
    }
}

/// Returns the range from the start of the first line to the end of the last line, with one line break, so the removal
/// of the range leaves no empty line.
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

/// Returns whether the value that begins at an offset is a block scalar: a `|` or `>` ends an earlier line.
pub(super) fn is_block(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default().trim_end_matches([' ', '\n', '\r']);
    let line = before.get(line_start(before, before.len())..).unwrap_or_default();
    let header = line.split(" #").next().and_then(|line| line.split_whitespace().last()).unwrap_or_default();
    let below = text.get(before.len()..start).is_some_and(|gap| gap.contains(['\n', '\r']));
    let mark = header.strip_prefix(['|', '>']);
    below && mark.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-')))
}
