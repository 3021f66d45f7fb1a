//! Finds the mapping or list around a position of a text that may be no valid YAML, because it is being typed.
//!
//! The input is the text before the position. Only its indentation, keys, dashes and brackets are read, so a mistake in a line
//! does not hide where the other lines are.

/// A step from a value to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item,
}

/// What can be written at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The value of a key.
    Value,
    /// The first word of a line or of an entry: a key, or a value of its own.
    KeyOrValue,
}

/// A position in the structure of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The path of the value that contains the position.
    pub(super) path: Vec<Step>,
    pub(super) slot: Slot,
    /// The byte offset of the word that ends at the position.
    pub(super) start: usize,
    /// Whether the position is inside brackets.
    pub(super) is_flow: bool,
}

/// An open collection in brackets.
enum Bracket {
    Map(Option<String>),
    List,
}

impl Cursor {
    /// Reads the text before a position.
    pub(super) fn new(before: &str) -> Self {
        let mut block: Vec<(usize, Step)> = Vec::new();
        let mut brackets: Vec<Bracket> = Vec::new();
        let mut literal: Option<usize> = None;
        let mut line_start = 0;
        let mut result = Self { path: Vec::new(), slot: Slot::KeyOrValue, start: before.len(), is_flow: false };
        for line in before.split('\n') {
            let is_last = line_start + line.len() == before.len();
            let mut column = line.len() - line.trim_start_matches(' ').len();
            let blank = line.trim().is_empty() || line.trim_start().starts_with('#');
            let is_literal = literal.is_some_and(|indent| column > indent || line.trim().is_empty());
            if !brackets.is_empty() {
                result = flow(line, 0, line_start, &block, &mut brackets);
            } else if (blank || is_literal) && !is_last {
            } else {
                literal = None;
                let pop = |block: &mut Vec<(usize, Step)>, column: usize| {
                    block.retain(|(indent, _)| *indent < column);
                };
                let mut rest = line.get(column..).unwrap_or_default();
                while let Some(after) =
                    rest.strip_prefix("- ").or_else(|| rest.strip_prefix('-').filter(|rest| rest.is_empty()))
                {
                    block.retain(|(indent, step)| *indent < column || (*indent == column && *step != Step::Item));
                    block.push((column, Step::Item));
                    let spaces = after.len() - after.trim_start_matches(' ').len();
                    column += rest.len() - after.len() + spaces;
                    rest = after.get(spaces..).unwrap_or_default();
                }
                match key(rest) {
                    Some((name, length)) => {
                        pop(&mut block, column);
                        block.push((column, Step::Key(name)));
                        let value = rest.get(length..).unwrap_or_default();
                        let skipped = value.len() - value.trim_start_matches(' ').len();
                        let value_column = column + length + skipped;
                        result = flow(line, value_column, line_start, &block, &mut brackets);
                        if value.trim_start().starts_with(['|', '>']) {
                            literal = Some(column);
                        }
                    }
                    None => {
                        pop(&mut block, column);
                        result = flow(line, column, line_start, &block, &mut brackets);
                        if !result.is_flow {
                            result.slot = Slot::KeyOrValue;
                        }
                    }
                }
            }
            line_start += line.len() + 1;
        }
        result
    }
}

/// Returns the key at the start of a text, and its length with the colon.
fn key(text: &str) -> Option<(String, usize)> {
    if let Some(quote) = text.chars().next().filter(|char| matches!(char, '"' | '\'')) {
        let inner = text.get(1..)?;
        let end = inner.find(quote)?;
        let after = inner.get(end + 1..)?;
        return after.starts_with(':').then(|| (inner.get(..end).unwrap_or_default().to_owned(), end + 3));
    }
    if text.starts_with(['{', '[', '#']) {
        return None;
    }
    let end = text.find(": ").or_else(|| text.ends_with(':').then(|| text.len() - 1))?;
    Some((text.get(..end)?.trim_end().to_owned(), end + 1))
}

/// Reads the rest of a line, from a column, and returns the position at its end.
fn flow(line: &str, from: usize, line_start: usize, block: &[(usize, Step)], brackets: &mut Vec<Bracket>) -> Cursor {
    let text = line.get(from..).unwrap_or_default();
    let mut word = from;
    let mut quote: Option<char> = None;
    for (offset, char) in text.char_indices() {
        let end = from + offset;
        let next = end + char.len_utf8();
        match (quote, char) {
            (Some(open), _) => {
                if open == char {
                    quote = None;
                }
            }
            (None, '"' | '\'') if end == word => quote = Some(char),
            (None, '#') if offset == 0 || text.get(..offset).is_some_and(|before| before.ends_with(' ')) => break,
            (None, '{') if end == word => {
                brackets.push(Bracket::Map(None));
                word = next;
            }
            (None, '[') if end == word => {
                brackets.push(Bracket::List);
                word = next;
            }
            (None, '}' | ']') if !brackets.is_empty() => {
                brackets.pop();
                word = next;
            }
            (None, ',') if !brackets.is_empty() => {
                if let Some(Bracket::Map(key)) = brackets.last_mut() {
                    *key = None;
                }
                word = next;
            }
            (None, ':') => {
                let name = line.get(word..end).unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned();
                if let Some(Bracket::Map(key @ None)) = brackets.last_mut() {
                    *key = Some(name);
                    word = next;
                }
            }
            (None, ' ') if end == word => word = next,
            (None, _) => {}
        }
    }
    let mut path: Vec<Step> = block.iter().map(|(_, step)| step.clone()).collect();
    let mut slot = Slot::Value;
    for bracket in brackets.iter() {
        match bracket {
            Bracket::Map(Some(key)) => {
                path.push(Step::Key(key.clone()));
                slot = Slot::Value;
            }
            Bracket::Map(None) => slot = Slot::KeyOrValue,
            Bracket::List => {
                path.push(Step::Item);
                slot = Slot::KeyOrValue;
            }
        }
    }
    Cursor { path, slot, start: line_start + word, is_flow: !brackets.is_empty() }
}
