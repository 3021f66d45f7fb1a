//! The lines of two versions of a file that are shown side by side.
//!
//! A short file is shown completely. Of a long file, the changed lines are shown with some lines around them. All texts
//! together are bounded, and the result has the number of lines that are left out.

use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices, group_diff_ops};

/// The maximum number of lines of a file that is shown completely.
const COMPLETE: usize = 80;
/// The number of lines around changed lines.
const CONTEXT: usize = 5;
/// The maximum number of lines of both versions that are compared. The comparison of more lines takes too long.
const COMPARED: usize = 100_000;

/// A number of lines that are the same, or that differ, in both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// The indices of the lines before and after.
    pub(super) lines: [Range<usize>; 2],
}

/// What a block shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    Same,
    Changed,
    /// Lines without a change, which are not shown.
    Omitted,
}

/// Two versions of a text, in blocks.
#[derive(Debug, Default)]
pub(super) struct LineDiff<'t> {
    /// The lines before and after.
    pub(super) lines: [Vec<&'t str>; 2],
    pub(super) blocks: Vec<Block>,
    /// The numbers of removed and of added lines.
    pub(super) changed: [usize; 2],
    /// The number of rows that are left out because there are too many.
    pub(super) left_out: usize,
}

impl<'t> LineDiff<'t> {
    /// Compares two texts. At most `most` rows are in the result.
    pub(super) fn new(texts: [&'t str; 2], most: usize) -> Self {
        let lines = texts.map(|text| match text {
            "" => Vec::new(),
            text => text.strip_suffix('\n').unwrap_or(text).split('\n').collect(),
        });
        let [before, after] = &lines;
        if before.len() + after.len() > COMPARED {
            let left_out = before.len().max(after.len());
            return Self { left_out, ..Self::default() };
        }
        let operations = capture_diff_slices(Algorithm::Myers, before, after);
        let mut changed = [0, 0];
        for operation in operations.iter().filter(|operation| operation.tag() != DiffTag::Equal) {
            changed[0] += operation.old_range().len();
            changed[1] += operation.new_range().len();
        }
        let groups = match before.len().max(after.len()) {
            0..=COMPLETE => vec![operations],
            _ => group_diff_ops(operations, CONTEXT),
        };
        let mut blocks: Vec<Block> = Vec::new();
        let mut ends = [0, 0];
        for group in groups {
            for operation in group {
                let (tag, old, new) = operation.as_tag_tuple();
                if ends != [old.start, new.start] {
                    let lines = [ends[0]..old.start, ends[1]..new.start];
                    blocks.push(Block { kind: BlockKind::Omitted, lines });
                }
                ends = [old.end, new.end];
                let kind = if tag == DiffTag::Equal { BlockKind::Same } else { BlockKind::Changed };
                blocks.push(Block { kind, lines: [old, new] });
            }
        }
        if ends != [before.len(), after.len()] {
            let lines = [ends[0]..before.len(), ends[1]..after.len()];
            blocks.push(Block { kind: BlockKind::Omitted, lines });
        }
        let left_out = shorten(&mut blocks, most);
        Self { lines, blocks, changed, left_out }
    }

    /// Returns the number of rows in which all blocks are shown.
    pub(super) fn rows(&self) -> usize {
        self.blocks.iter().map(Block::rows).sum()
    }

    /// Returns the block that contains a line, by the index of the line.
    pub(super) fn block_of(&self, side: usize, index: usize) -> Option<&Block> {
        let contains = |block: &&Block| block.lines.get(side).is_some_and(|lines| lines.contains(&index));
        self.blocks.iter().find(contains).filter(|block| block.kind != BlockKind::Omitted)
    }
}

impl Block {
    /// Returns the number of rows in which the block is shown.
    fn rows(&self) -> usize {
        let [before, after] = &self.lines;
        if self.kind == BlockKind::Omitted { 1 } else { before.len().max(after.len()) }
    }
}

/// Keeps the first `most` rows, and returns the number of the others.
fn shorten(blocks: &mut Vec<Block>, most: usize) -> usize {
    let (mut left, mut left_out) = (most, 0);
    for block in blocks.iter_mut() {
        let rows = block.rows();
        let kept = rows.min(left);
        left -= kept;
        if kept < rows {
            left_out += rows - kept;
            for lines in &mut block.lines {
                lines.end = lines.end.min(lines.start + kept);
            }
        }
    }
    blocks.retain(|block| block.lines.iter().any(|lines| !lines.is_empty()));
    left_out
}

/// Returns the parts of two lines, each with whether it differs. A line of which most differs is one part that does not
/// stand out.
pub(super) fn emphasized(lines: [&str; 2]) -> [Vec<(bool, &str)>; 2] {
    let whole = lines.map(|line| vec![(false, line)]);
    if lines.iter().any(|line| line.len() > 1_000) {
        return whole;
    }
    let words = lines.map(words);
    let mut parts: [Vec<(bool, &str)>; 2] = Default::default();
    let mut common = 0;
    let mut ends = [0, 0];
    for operation in capture_diff_slices(Algorithm::Myers, &words[0], &words[1]) {
        let (tag, old, new) = operation.as_tag_tuple();
        for (side, range) in [old, new].into_iter().enumerate() {
            let (Some(words), Some(line), Some(parts), Some(end)) =
                (words.get(side), lines.get(side), parts.get_mut(side), ends.get_mut(side))
            else {
                continue;
            };
            let start = *end;
            *end += words.get(range).unwrap_or_default().iter().map(|word| word.len()).sum::<usize>();
            let text = line.get(start..*end).unwrap_or_default();
            common += if tag == DiffTag::Equal { text.trim().len() } else { 0 };
            if !text.is_empty() {
                parts.push((tag != DiffTag::Equal, text));
            }
        }
    }
    let all: usize = lines.iter().map(|line| line.trim().len()).sum();
    if common * 2 < all { whole } else { parts }
}

/// Returns the words of a line, and each other character.
fn words(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = Vec::new();
    let mut start = 0;
    for (index, character) in line.char_indices() {
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        if !is_word(character) {
            words.extend(line.get(start..index).filter(|word| !word.is_empty()));
            start = index + character.len_utf8();
            words.extend(line.get(index..start));
        }
    }
    words.extend(line.get(start..).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use crate::report::diff::html::line_diff::{Block, BlockKind, LineDiff, emphasized};

    #[test]
    fn a_long_file_is_its_changes_with_lines_around_them() {
        let before: String = (0..200).map(|line| format!("{line}\n")).collect();
        let after = before.replace("\n100\n", "\nhundred\nand one\n");
        let diff = LineDiff::new([&before, &after], 1_000);
        let kinds: Vec<_> = diff.blocks.iter().map(|block| (block.kind, block.lines.clone())).collect();
        assert_eq!(
            kinds,
            [
                (BlockKind::Omitted, [0..95, 0..95]),
                (BlockKind::Same, [95..100, 95..100]),
                (BlockKind::Changed, [100..101, 100..102]),
                (BlockKind::Same, [101..106, 102..107]),
                (BlockKind::Omitted, [106..200, 107..201]),
            ]
        );
        assert_eq!((diff.changed, diff.left_out), ([1, 2], 0));
    }

    #[test]
    fn rows_that_are_too_many_are_counted() {
        let diff = LineDiff::new(["", "a\nb\nc\nd\n"], 3);
        assert_eq!(diff.blocks, [Block { kind: BlockKind::Changed, lines: [0..0, 0..3] }]);
        assert_eq!((diff.changed, diff.left_out), ([0, 4], 1));
    }

    #[test]
    fn the_words_that_differ_stand_out() {
        let [before, after] = emphasized(["  rollout: 10%", "  rollout: 20%"]);
        assert_eq!(before, [(false, "  rollout: "), (true, "10"), (false, "%")]);
        assert_eq!(after, [(false, "  rollout: "), (true, "20"), (false, "%")]);
        assert_eq!(emphasized(["a: b", "something: else"])[0], [(false, "a: b")]);
    }
}
