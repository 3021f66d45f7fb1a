//! Lowering: converts the tree of one file to typed values.
//!
//! Each method of [`Lowering`] reads one value. A value that does not have the expected form becomes a [`Misfit`] and
//! is omitted.

use std::str::FromStr;

use jiff::Timestamp;

use crate::bundle::Percent;
use crate::eval::parse_datetime;
use crate::model::name_rule::NameRule;
use crate::model::slot::WrittenRange;
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Entry, Node, Value};

/// A part of a file that was omitted because it does not have the expected form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The part.
    pub span: Span,
    /// The expected form. The text equals the `title` in the schema, if the schema has a title for it.
    pub expected: &'static str,
}

/// The state while one file is lowered.
pub(super) struct Lowering {
    misfits: Vec<Misfit>,
}

impl Lowering {
    pub(super) fn run<T>(root: &Node, lower: impl FnOnce(&mut Self, &Node) -> T) -> (T, Vec<Misfit>) {
        let mut lowering = Self { misfits: Vec::new() };
        let value = lower(&mut lowering, root);
        (value, lowering.misfits)
    }

    /// Adds a misfit. Returns `None`, which the caller can return directly.
    pub(super) fn misfit<T>(&mut self, span: Span, expected: &'static str) -> Option<T> {
        self.misfits.push(Misfit { span, expected });
        None
    }

    /// Reads a mapping that may have only the known keys.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, known: &[&str]) -> Fields<'n> {
        let entries = self.mapping(node);
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                self.misfits.push(Misfit { span: entry.key_span, expected: "a known key" });
            }
        }
        Fields { node }
    }

    pub(super) fn mapping<'n>(&mut self, node: &'n Node) -> &'n [Entry] {
        if !matches!(node.value, Value::Map(_)) {
            self.misfits.push(Misfit { span: node.span, expected: "a mapping" });
        }
        node.entries()
    }

    pub(super) fn nonempty_mapping<'n>(&mut self, node: &'n Node) -> &'n [Entry] {
        let entries = self.mapping(node);
        if entries.is_empty() {
            self.misfits.push(Misfit { span: node.span, expected: "a mapping with at least one key" });
        }
        entries
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.misfits.push(Misfit { span: node.span, expected: "a list" });
                &[]
            }
        }
    }

    pub(super) fn text(&mut self, node: &Node) -> Option<Spanned<String>> {
        match node.as_text() {
            Some(text) => Some(Spanned { value: text.to_owned(), span: node.span }),
            None => self.misfit(node.span, "a string"),
        }
    }

    pub(super) fn nonempty_text(&mut self, node: &Node) -> Option<Spanned<String>> {
        match self.text(node) {
            Some(text) if text.value.is_empty() => self.misfit(node.span, "a non-empty string"),
            text => text,
        }
    }

    /// Reads a text that is a name.
    pub(super) fn name(&mut self, node: &Node) -> Option<Spanned<String>> {
        self.checked_text(node, NameRule::Name)
    }

    /// Reads a key of a mapping that is a name.
    pub(super) fn key(&mut self, entry: &Entry) -> Option<Spanned<String>> {
        self.checked_key(entry, NameRule::Name)
    }

    /// Reads one name, or a list of different names that is not empty.
    pub(super) fn names(&mut self, node: &Node) -> Vec<Spanned<String>> {
        self.single_or_list(node, NameRule::Name)
    }

    /// Reads a key of a mapping that can be the key of a flag.
    pub(super) fn flag_key(&mut self, entry: &Entry) -> Option<Spanned<String>> {
        self.checked_key(entry, NameRule::Flag)
    }

    /// Reads a text that can name a variant.
    pub(super) fn variant(&mut self, node: &Node) -> Option<Spanned<String>> {
        self.checked_text(node, NameRule::Variant)
    }

    /// Reads a key of a mapping that can name a variant.
    pub(super) fn variant_key(&mut self, entry: &Entry) -> Option<Spanned<String>> {
        self.checked_key(entry, NameRule::Variant)
    }

    /// Reads one variant's name, or a list of different ones that is not empty.
    pub(super) fn variants(&mut self, node: &Node) -> Vec<Spanned<String>> {
        self.single_or_list(node, NameRule::Variant)
    }

    fn checked_text(&mut self, node: &Node, rule: NameRule) -> Option<Spanned<String>> {
        let name = self.text(node)?;
        self.checked(name, rule)
    }

    fn checked_key(&mut self, entry: &Entry, rule: NameRule) -> Option<Spanned<String>> {
        self.checked(Spanned { value: entry.key.clone(), span: entry.key_span }, rule)
    }

    fn checked(&mut self, name: Spanned<String>, rule: NameRule) -> Option<Spanned<String>> {
        if rule.admits(&name.value) { Some(name) } else { self.misfit(name.span, rule.expected()) }
    }

    fn single_or_list(&mut self, node: &Node, rule: NameRule) -> Vec<Spanned<String>> {
        match &node.value {
            Value::List(items) => {
                self.check_distinct(node, items);
                read_all(items, |item| self.checked_text(item, rule))
            }
            _ => self.checked_text(node, rule).into_iter().collect(),
        }
    }

    /// Reads a list of different values, each with `read`.
    pub(super) fn distinct_list<'n, T>(
        &mut self,
        node: &'n Node,
        mut read: impl FnMut(&mut Self, &'n Node) -> Option<T>,
    ) -> Vec<T> {
        let items = self.list(node);
        self.check_distinct(node, items);
        read_all(items, |item| read(self, item))
    }

    /// Adds a misfit if the list is empty or contains an item twice.
    fn check_distinct(&mut self, list: &Node, items: &[Node]) {
        // An item that is not a text is a misfit anyway.
        let mut texts: Vec<&str> = items.iter().filter_map(Node::as_text).collect();
        texts.sort_unstable();
        let has_repetition = texts.windows(2).any(|pair| matches!(pair, [first, second] if first == second));
        if items.is_empty() || has_repetition {
            self.misfits.push(Misfit { span: list.span, expected: "a list of different values" });
        }
    }

    pub(super) fn boolean(&mut self, node: &Node) -> Option<Spanned<bool>> {
        match node.value {
            Value::Boolean(value) => Some(Spanned { value, span: node.span }),
            _ => self.misfit(node.span, "`true` or `false`"),
        }
    }

    pub(super) fn percent(&mut self, node: &Node) -> Option<Spanned<Percent>> {
        self.parse(node, "a percentage from `0%` to `100%` with at most three decimals, such as `12.5%`")
    }

    pub(super) fn range(&mut self, node: &Node) -> Option<Spanned<WrittenRange>> {
        self.parse(node, "a range of percentages such as `20%..35%`, from `0%` up to `100%`")
    }

    pub(super) fn timestamp(&mut self, node: &Node) -> Option<Spanned<Timestamp>> {
        match node.as_text().and_then(parse_datetime) {
            Some(value) => Some(Spanned { value, span: node.span }),
            None => self.misfit(node.span, "a datetime with an offset, such as `2026-11-22T11:02:00Z`"),
        }
    }

    /// Reads one of a few words, each of which stands for a value.
    pub(super) fn choice<T: Copy>(
        &mut self,
        node: &Node,
        choices: &[(&str, T)],
        expected: &'static str,
    ) -> Option<Spanned<T>> {
        let chosen = choices.iter().find(|(word, _)| node.as_text() == Some(*word));
        match chosen {
            Some((_, value)) => Some(Spanned { value: *value, span: node.span }),
            None => self.misfit(node.span, expected),
        }
    }

    /// Reads a text and converts it with [`FromStr`].
    pub(super) fn parse<T: FromStr>(&mut self, node: &Node, expected: &'static str) -> Option<Spanned<T>> {
        match node.as_text().map(str::parse) {
            Some(Ok(value)) => Some(Spanned { value, span: node.span }),
            _ => self.misfit(node.span, expected),
        }
    }
}

/// A mapping whose keys are known.
pub(super) struct Fields<'n> {
    node: &'n Node,
}

impl<'n> Fields<'n> {
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.entry(key).map(|entry| &entry.value)
    }

    /// Returns the value of the key. Adds a misfit for the mapping if the key is missing.
    pub(super) fn required(&self, key: &str, lowering: &mut Lowering) -> Option<&'n Node> {
        match self.get(key) {
            None => lowering.misfit(self.node.span, "a mapping with all required keys"),
            node => node,
        }
    }

    /// Reads the names at the key. The list is empty if the key is missing.
    pub(super) fn names(&self, key: &str, lowering: &mut Lowering) -> Vec<Spanned<String>> {
        self.get(key).map_or_else(Vec::new, |node| lowering.names(node))
    }

    /// Reads the keys of flags at the key. The list is empty if the key is missing.
    pub(super) fn flags(&self, key: &str, lowering: &mut Lowering) -> Vec<Spanned<String>> {
        self.get(key).map_or_else(Vec::new, |node| lowering.single_or_list(node, NameRule::Flag))
    }
}

/// Applies `read` to every item and returns the results without `None`.
///
/// Allocates exactly one slot for each item. A repository has very many short lists, and a vector that grows while it
/// is filled would allocate at least four slots.
pub(super) fn read_all<'n, T, U>(items: &'n [T], read: impl FnMut(&'n T) -> Option<U>) -> Vec<U> {
    let mut all = Vec::with_capacity(items.len());
    all.extend(items.iter().filter_map(read));
    all
}

/// Returns the position of the first key of a file. Diagnostics about the complete file use this position.
pub(super) fn first_key(root: &Node) -> Span {
    root.entries().first().map_or(Span { end: root.span.start, ..root.span }, |entry| entry.key_span)
}
