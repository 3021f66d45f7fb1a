//! Typed readings of single values.

use std::str::FromStr;

use crate::bundle::Percent;
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Entry, Node, Value};

/// A part of a file that does not fit its type, and was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where it is.
    pub span: Span,
    /// What should stand there.
    pub expected: &'static str,
}

/// Reads one file's tree.
pub(super) struct Lowering {
    misfits: Vec<Misfit>,
}

impl Lowering {
    pub(super) fn run<T>(root: &Node, lower: impl FnOnce(&mut Self, &Node) -> T) -> (T, Vec<Misfit>) {
        let mut lowering = Self { misfits: Vec::new() };
        let value = lower(&mut lowering, root);
        (value, lowering.misfits)
    }

    pub(super) fn misfit<T>(&mut self, span: Span, expected: &'static str) -> Option<T> {
        self.misfits.push(Misfit { span, expected });
        None
    }

    /// The entries of a mapping that may have these keys only.
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

    /// A text that is not empty.
    pub(super) fn words(&mut self, node: &Node) -> Option<Spanned<String>> {
        match self.text(node) {
            Some(text) if text.value.is_empty() => self.misfit(node.span, "some text"),
            text => text,
        }
    }

    /// A text that can name something.
    pub(super) fn name(&mut self, node: &Node) -> Option<Spanned<String>> {
        let name = self.text(node)?;
        if is_name(&name.value) { Some(name) } else { self.misfit(node.span, NAME) }
    }

    /// A mapping's key that can name something.
    pub(super) fn key(&mut self, entry: &Entry) -> Option<Spanned<String>> {
        if is_name(&entry.key) {
            Some(Spanned { value: entry.key.clone(), span: entry.key_span })
        } else {
            self.misfit(entry.key_span, NAME)
        }
    }

    /// One text or a list of at least one, without repetition.
    pub(super) fn names(&mut self, node: &Node) -> Vec<Spanned<String>> {
        match &node.value {
            Value::List(items) => {
                self.distinct(node, items);
                each(items, |item| self.name(item))
            }
            _ => self.name(node).into_iter().collect(),
        }
    }

    /// Notes a list that is empty or has an item twice.
    pub(super) fn distinct(&mut self, list: &Node, items: &[Node]) {
        let again = |(at, item): (usize, &Node)| items.iter().take(at).any(|other| other.value == item.value);
        if items.is_empty() || items.iter().enumerate().any(again) {
            self.misfits.push(Misfit { span: list.span, expected: "distinct items" });
        }
    }

    pub(super) fn boolean(&mut self, node: &Node) -> Option<Spanned<bool>> {
        match node.value {
            Value::Boolean(value) => Some(Spanned { value, span: node.span }),
            _ => self.misfit(node.span, "a boolean"),
        }
    }

    pub(super) fn percent(&mut self, node: &Node) -> Option<Spanned<Percent>> {
        self.parsed(node, "a percentage")
    }

    /// A text that has a form of its own.
    pub(super) fn parsed<T: FromStr>(&mut self, node: &Node, expected: &'static str) -> Option<Spanned<T>> {
        match node.as_text().map(str::parse) {
            Some(Ok(value)) => Some(Spanned { value, span: node.span }),
            _ => self.misfit(node.span, expected),
        }
    }
}

/// The entries of a mapping, asked for by key.
pub(super) struct Fields<'n> {
    node: &'n Node,
}

impl<'n> Fields<'n> {
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.entry(key).map(|entry| &entry.value)
    }

    /// Notes the field as a misfit of its mapping if it is missing.
    pub(super) fn required(&self, key: &str, lowering: &mut Lowering) -> Option<&'n Node> {
        match self.get(key) {
            None => lowering.misfit(self.node.span, "a key that is missing"),
            node => node,
        }
    }
}

/// What becomes of each, but for what is left out, in no more memory than that takes: there are a great many lists.
pub(super) fn each<'n, T, U>(items: &'n [T], read: impl FnMut(&'n T) -> Option<U>) -> Vec<U> {
    let mut all = Vec::with_capacity(items.len());
    all.extend(items.iter().filter_map(read));
    all
}

const NAME: &str = "a name";

/// Whether a text can be the key of a flag or the name of anything else: it fits in a URL and a file name.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.len() <= 128
        && text.bytes().all(plain)
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}
