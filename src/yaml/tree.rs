//! Builds the tree of a file from the events of the YAML parser.
//!
//! Collections that are not closed yet are on a stack. Each alias is replaced by a copy of the value with the anchor,
//! so the tree has no references. The limits on values, aliases and anchors bound the size of the tree.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use granit_parser::ScalarStyle;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::snapshot::{FileId, Span};
use crate::yaml::scalar;
use crate::yaml::value::{
    ALIAS_BYTES, ALIAS_LIMIT, ANCHOR_BYTES, Completeness, DEPTH_LIMIT, Entry, Node, VALUE_LIMIT, Value,
};

/// The library that reads JSON gives keys with this start a meaning of its own, so a bundle would have another value than its
/// definition.
const RESERVED_START: &str = "$serde_json::private::";
/// The key that merges another mapping in YAML 1.1.
const MERGE_KEY: &str = "<<";
/// The number of open collections around the value of a variant: the file and the mapping `variants`.
const VARIANT_DEPTH: usize = 2;

/// A tree that is being built.
pub(super) struct TreeBuilder<'t, 'd> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    pub(super) diagnostics: &'d mut Diagnostics,
    /// The open collections, from the outermost to the innermost.
    open: Vec<OpenCollection>,
    anchors: BTreeMap<usize, AnchoredNode>,
    /// The number of values in the file, including those that aliases have added.
    pub(super) values: usize,
    /// What aliases have added.
    added_by_aliases: Size,
    /// What anchors have copied.
    copied_by_anchors: Size,
    pub(super) root: Option<Node>,
    pub(super) completeness: Completeness,
}

struct OpenCollection {
    anchor: usize,
    start: u32,
    content: Content,
    /// The nesting depth of the deepest collection inside, including aliases.
    height: usize,
}

/// The content of a collection so far.
pub(super) enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Span)> },
}

impl Content {
    pub(super) fn empty_list() -> Self {
        Self::List(Vec::new())
    }

    pub(super) fn empty_map() -> Self {
        Self::Map { entries: Vec::new(), key: None }
    }
}

struct AnchoredNode {
    /// This value is `None` if the node is too large for an alias of it.
    node: Option<Node>,
    /// What an alias of the node adds.
    size: Size,
    height: usize,
}

/// The size of a tree.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// The number of values, including the root.
    values: usize,
    /// The number of bytes of all texts and keys.
    bytes: usize,
}

impl Size {
    fn of(node: &Node) -> Self {
        let own = Self { values: 1, bytes: 0 };
        match &node.value {
            Value::Null | Value::Boolean(_) => own,
            Value::Number(_, text) => Self { bytes: text.len(), ..own },
            Value::Text(text) => Self { bytes: text.len(), ..own },
            Value::List(items) => items.iter().map(Self::of).fold(own, Self::plus),
            Value::Map(entries) => {
                let size = |entry: &Entry| {
                    let value = Self::of(&entry.value);
                    Self { bytes: value.bytes + entry.key.len(), ..value }
                };
                entries.iter().map(size).fold(own, Self::plus)
            }
        }
    }

    fn plus(self, other: Self) -> Self {
        Self { values: self.values + other.values, bytes: self.bytes + other.bytes }
    }

    /// Returns whether aliases may add this much.
    fn fits_in_aliases(self) -> bool {
        self.values <= ALIAS_LIMIT && self.bytes <= ALIAS_BYTES
    }
}

impl<'t, 'd> TreeBuilder<'t, 'd> {
    pub(super) fn new(file: FileId, text: &'t str, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            file,
            text,
            diagnostics,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            values: 0,
            added_by_aliases: Size::default(),
            copied_by_anchors: Size::default(),
            root: None,
            completeness: Completeness::Complete,
        }
    }

    /// Returns the number of bytes of text that aliases have added.
    pub(super) fn text_added_by_aliases(&self) -> usize {
        self.added_by_aliases.bytes
    }

    /// Reports a problem, and marks the tree as incomplete.
    pub(super) fn report_incomplete(&mut self, diagnostic: Diagnostic) {
        self.completeness = Completeness::Incomplete;
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn report_too_deep(&mut self, span: Span) {
        let message = format!("collections nest deeper than {DEPTH_LIMIT} levels");
        let help = "write the value with fewer lists and mappings inside each other";
        self.report_incomplete(Diagnostic::new(Code::LimitExceeded, span, message).help(help));
    }

    /// Reports the first limit that the tree exceeds, at the last event, and returns whether it exceeds one.
    pub(super) fn report_limits(&mut self, span: Span) -> Completeness {
        let (message, help) = if self.open.len() > DEPTH_LIMIT {
            self.report_too_deep(span);
            return Completeness::Incomplete;
        } else if self.values > VALUE_LIMIT {
            let message = format!("the file has more than {VALUE_LIMIT} values");
            (message, "remove the values that are not needed, or distribute them over several files")
        } else if self.copied_by_anchors.bytes > ANCHOR_BYTES {
            let message = format!("anchors inside each other copy more than {ANCHOR_BYTES} bytes of text");
            (message, "remove the anchors that no alias uses")
        } else {
            return Completeness::Complete;
        };
        self.report_incomplete(Diagnostic::new(Code::LimitExceeded, span, message).help(help));
        Completeness::Incomplete
    }

    pub(super) fn begin(&mut self, anchor: usize, span: Span, content: Content) {
        self.open.push(OpenCollection { anchor, start: span.start, content, height: 0 });
    }

    pub(super) fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, anchor: usize, mut span: Span) {
        let is_key = matches!(self.open.last(), Some(OpenCollection { content: Content::Map { key: None, .. }, .. }));
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            // The parser ends the span of a block scalar at the next token.
            let source = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
            span.end = span.start + u32::try_from(source.trim_end().len()).unwrap_or(0);
        }
        let value = if is_key || style != ScalarStyle::Plain {
            Value::Text(text.into_owned())
        } else {
            scalar::resolve(&text, span, self.diagnostics)
        };
        self.add(Node { value, span }, anchor, 1, 0);
    }

    pub(super) fn end(&mut self, span: Span) {
        let Some(collection) = self.open.pop() else { return };
        let is_flow = matches!(self.text.as_bytes().get(collection.start as usize), Some(b'[' | b'{'));
        let (value, last) = match collection.content {
            Content::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (Value::List(items), last)
            }
            Content::Map { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
                let entries = self.distinct(entries);
                (Value::Map(if self.is_in_variant() { self.merged(entries) } else { entries }), last)
            }
        };
        // The parser detects the end of a block collection only at the next token, so the end of its last item is used.
        let end = if is_flow { span.end } else { last.unwrap_or(collection.start) };
        let span = Span { file: self.file, start: collection.start, end: end.max(collection.start) };
        self.add(Node { value, span }, collection.anchor, 1, collection.height + 1);
    }

    /// Returns whether the open collections are in the mapping `variants` of a flag's file, and one of its values began.
    fn is_in_variant(&self) -> bool {
        let is_variants = |collection: &OpenCollection| matches!(&collection.content, Content::Map { key: Some((key, _)), .. } if key == "variants");
        self.open.len() >= VARIANT_DEPTH && self.open.first().is_some_and(is_variants)
    }

    /// Returns the entries with those of merge keys, which have the meaning of YAML 1.1: a key of the mapping itself counts
    /// more than a merged one, and an earlier merged mapping more than a later one. A quoted `<<` is an ordinary key.
    fn merged(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let text = self.text;
        let is_merge = |entry: &Entry| {
            entry.key == MERGE_KEY
                && text.get(entry.key_span.start as usize..entry.key_span.end as usize) == Some(MERGE_KEY)
        };
        if !entries.iter().any(is_merge) {
            return entries;
        }
        let mut known: BTreeSet<String> =
            entries.iter().filter(|entry| !is_merge(entry)).map(|entry| entry.key.clone()).collect();
        let mut all = Vec::with_capacity(entries.len());
        for entry in entries {
            if !is_merge(&entry) {
                all.push(entry);
                continue;
            }
            let span = entry.value.span;
            let sources = match entry.value.value {
                Value::List(items) => items,
                _ => vec![entry.value],
            };
            for source in sources {
                let Value::Map(inner) = source.value else {
                    let message =
                        format!("a merge key takes a mapping, or a list of mappings, not {}", source.type_name());
                    let help = "write an alias of a mapping, such as `<<: *small`";
                    self.report_incomplete(Diagnostic::new(Code::UnsupportedYaml, span, message).help(help));
                    continue;
                };
                all.extend(inner.into_iter().filter(|entry| known.insert(entry.key.clone())));
            }
        }
        all
    }

    /// Reports repeated keys, and returns the first entry of each key.
    fn distinct(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        // Most mappings are small, and for a small mapping the comparison of all pairs is faster than sorting.
        let repeats = |(index, entry): (usize, &Entry)| entries.iter().take(index).any(|first| first.key == entry.key);
        if entries.len() <= 16 && !entries.iter().enumerate().any(repeats) {
            return entries;
        }
        let mut order: Vec<_> = (0..entries.len()).collect();
        let key = |index: &usize| entries.get(*index).map(|entry| entry.key.as_str());
        order.sort_by_key(|index| (key(index), *index));
        let mut is_repeated = vec![false; entries.len()];
        let mut first: Option<&Entry> = None;
        let mut found = Vec::new();
        for index in order {
            let Some(entry) = entries.get(index) else { continue };
            match first.filter(|first| first.key == entry.key) {
                Some(first) => {
                    if let Some(is_repeated) = is_repeated.get_mut(index) {
                        *is_repeated = true;
                    }
                    let message = format!("the key `{}` is repeated", entry.key);
                    found.push(
                        Diagnostic::new(Code::DuplicateKey, entry.key_span, message)
                            .related(first.key_span, "first used here")
                            .help("remove one of the two"),
                    );
                }
                None => first = Some(entry),
            }
        }
        if found.is_empty() {
            return entries;
        }
        self.completeness = Completeness::Incomplete;
        self.diagnostics.extend(found);
        entries.into_iter().zip(is_repeated).filter(|(_, is_repeated)| !is_repeated).map(|(entry, _)| entry).collect()
    }

    /// Adds a copy of the value that an alias refers to. Returns whether that was possible.
    pub(super) fn alias(&mut self, anchor: usize, span: Span) -> Completeness {
        let refused = match self.anchors.get(&anchor) {
            None => Some((Code::UnsupportedYaml, "the alias is inside the value that it refers to".to_owned())),
            Some(anchored) => {
                self.added_by_aliases = self.added_by_aliases.plus(anchored.size);
                if self.added_by_aliases.values > ALIAS_LIMIT {
                    Some((Code::LimitExceeded, format!("aliases add more than {ALIAS_LIMIT} values")))
                } else if self.added_by_aliases.bytes > ALIAS_BYTES {
                    Some((Code::LimitExceeded, format!("aliases add more than {ALIAS_BYTES} bytes of text")))
                } else if self.open.len() + anchored.height > DEPTH_LIMIT {
                    Some((Code::LimitExceeded, format!("aliases nest deeper than {DEPTH_LIMIT} levels")))
                } else {
                    None
                }
            }
        };
        if let Some((code, message)) = refused {
            self.report_incomplete(Diagnostic::new(code, span, message).help("write the value out instead"));
            return Completeness::Incomplete;
        }
        if let Some(AnchoredNode { node: Some(node), size, height }) = self.anchors.get(&anchor) {
            let (node, values, height) = (node.clone(), size.values, *height);
            self.add(node, 0, values, height);
        }
        Completeness::Complete
    }

    /// Adds a finished value to the innermost open collection, or makes it the root. `values` is the number of values
    /// that it adds to those inside it.
    fn add(&mut self, node: Node, anchor: usize, values: usize, height: usize) {
        self.values += values;
        if anchor != 0 {
            let size = Size::of(&node);
            let copied = size.fits_in_aliases().then(|| node.clone());
            if copied.is_some() {
                self.copied_by_anchors = self.copied_by_anchors.plus(size);
            }
            self.anchors.insert(anchor, AnchoredNode { node: copied, size, height });
        }
        // The innermost collection is still open, so it is not the value of a variant itself if it is the second.
        let is_in_variant = self.open.len() > VARIANT_DEPTH && self.is_in_variant();
        let Some(collection) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        collection.height = collection.height.max(height);
        match &mut collection.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, key } => match key.take() {
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: node }),
                None => {
                    let span = node.span;
                    let name = match node.value {
                        Value::Text(text) => text,
                        _ => self.text.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned(),
                    };
                    let refused = if height > 0 {
                        Some(("a mapping's key must be a scalar", "write the key as plain text"))
                    } else if name.starts_with(RESERVED_START) {
                        Some(("keys that begin with `$serde_json::private::` are reserved", "choose another key"))
                    } else if name == MERGE_KEY && !is_in_variant {
                        Some(("merge keys are not part of YAML 1.2", "write the merged keys out"))
                    } else {
                        None
                    };
                    *key = Some((name, span));
                    if let Some((message, help)) = refused {
                        self.report_incomplete(Diagnostic::new(Code::UnsupportedYaml, span, message).help(help));
                    }
                }
            },
        }
    }
}
