//! From the parser's events to a tree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Event, Options, Parser, Placement, ScalarStyle, ScanError};

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::snapshot::{FILE_LIMIT, Fault, File, FileId, Span};
use crate::yaml::{ALIAS_LIMIT, Comment, Completeness, DEPTH_LIMIT, Document, Entry, Node, Value, scalar};

/// Reads a file. What is missing or refused stands in `diagnostics`.
pub fn parse(id: FileId, file: &File, diagnostics: &mut Diagnostics) -> Document {
    let end = u32::try_from(file.text.len()).unwrap_or(u32::MAX);
    if let Some(fault) = file.fault {
        let span = Span { file: id, start: end, end };
        diagnostics.push(match fault {
            Fault::Encoding(byte) => {
                Diagnostic::new(Code::InvalidEncoding, span, format!("byte 0x{byte:02x} is not UTF-8"))
                    .help("save the file as UTF-8")
            }
            Fault::TooLarge(bytes) => {
                let message = format!("the file has {bytes} bytes; at most {FILE_LIMIT} are read");
                Diagnostic::new(Code::LimitExceeded, span, message)
            }
        });
    }
    let nothing = Node { value: Value::Null, span: Span { file: id, start: 0, end: 0 } };
    if file.fault.is_some() {
        // Half a file says other things than the whole.
        return Document { root: nothing, comments: Vec::new(), completeness: Completeness::Incomplete };
    }
    let mut builder = Builder::new(id, &file.text, diagnostics);
    builder.run();
    let Builder { root, comments, completeness, .. } = builder;
    Document { root: root.unwrap_or(nothing), comments, completeness }
}

/// What a comment must contain for the parser to be asked for comments at all.
const ADDRESS: &str = "flagctl:";

struct Builder<'t, 'd> {
    file: FileId,
    text: &'t str,
    diagnostics: &'d mut Diagnostics,
    /// The collections that are open, outermost first.
    open: Vec<Frame>,
    anchors: BTreeMap<usize, Anchored>,
    added_by_aliases: usize,
    root: Option<Node>,
    comments: Vec<Comment>,
    completeness: Completeness,
}

struct Frame {
    anchor: usize,
    start: u32,
    content: Content,
    /// Of the deepest collection inside, aliases included.
    height: usize,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Span)> },
}

struct Anchored {
    node: Node,
    values: usize,
    height: usize,
}

impl<'t, 'd> Builder<'t, 'd> {
    fn new(file: FileId, text: &'t str, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            file,
            text,
            diagnostics,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            added_by_aliases: 0,
            root: None,
            comments: Vec::new(),
            completeness: Completeness::Complete,
        }
    }

    fn run(&mut self) {
        let mut options = Options::default();
        options.strict_indentation = true;
        options.flow_nesting_limit = DEPTH_LIMIT;
        options.block_nesting_limit = DEPTH_LIMIT;
        options.max_buffered_comment_events = usize::MAX;
        options.emit_comments = self.text.contains(ADDRESS);
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(self.text, options) {
            let (event, tag, span) = match event {
                Ok((event, span)) => (event, span.tag_span().map(|tag| self.span(&tag)), self.span(&span)),
                Err(error) => return self.refuse(&error),
            };
            self.check_tag(tag);
            if self.open.len() > DEPTH_LIMIT {
                return self.too_deep(span);
            }
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        self.report(
                            Diagnostic::new(Code::MultipleDocuments, span, "a second document begins here")
                                .help("a file is one document: move the rest to a file of its own"),
                        );
                        self.completeness = Completeness::Incomplete;
                        return;
                    }
                }
                Event::Scalar(text, style, anchor, _) => self.scalar(text, style, anchor, span),
                Event::SequenceStart(_, anchor, _) => self.begin(anchor, span, Content::List(Vec::new())),
                Event::MappingStart(_, anchor, _) => {
                    self.begin(anchor, span, Content::Map { entries: Vec::new(), key: None });
                }
                Event::SequenceEnd | Event::MappingEnd => self.end(span),
                Event::Alias(anchor) if self.alias(anchor, span) == Completeness::Incomplete => return,
                Event::Comment(text, placement) => self.comment(&text, placement, span),
                _ => {}
            }
        }
    }

    /// In bytes, and never beyond the text.
    fn span(&self, span: &granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        let clamp = |offset: usize| u32::try_from(offset.min(self.text.len())).unwrap_or(u32::MAX);
        Span { file: self.file, start: clamp(range.start), end: clamp(range.end) }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn check_tag(&mut self, tag: Option<Span>) {
        if let Some(span) = tag {
            self.completeness = Completeness::Incomplete;
            self.report(
                Diagnostic::new(Code::UnsupportedYaml, span, "tags such as `!name` are not supported")
                    .help("remove the tag; quote a scalar to make it a string"),
            );
        }
    }

    fn begin(&mut self, anchor: usize, span: Span, content: Content) {
        self.open.push(Frame { anchor, start: span.start, content, height: 0 });
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, anchor: usize, mut span: Span) {
        let is_key = matches!(self.open.last(), Some(Frame { content: Content::Map { key: None, .. }, .. }));
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            // The span of a block goes to the next token.
            let source = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
            span.end = span.start + u32::try_from(source.trim_end().len()).unwrap_or(0);
        }
        let value = if is_key || style != ScalarStyle::Plain {
            Value::Text(text.into_owned())
        } else {
            scalar::resolve(&text, span, self.diagnostics)
        };
        self.place(Node { value, span }, anchor, 1, 0);
    }

    fn end(&mut self, span: Span) {
        let Some(frame) = self.open.pop() else { return };
        let flow = matches!(self.text.as_bytes().get(frame.start as usize), Some(b'[' | b'{'));
        let (value, values, last) = match frame.content {
            Content::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (Value::List(items), 1, last)
            }
            Content::Map { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
                (Value::Map(self.distinct(entries)), 1, last)
            }
        };
        // The end of a block collection is known only when the next token is seen.
        let end = if flow { span.end } else { last.unwrap_or(frame.start) };
        let span = Span { file: self.file, start: frame.start, end: end.max(frame.start) };
        self.place(Node { value, span }, frame.anchor, values, frame.height + 1);
    }

    /// Reports keys that stand twice, and keeps the first of each.
    fn distinct(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        // Nearly every mapping is small, and no small one is worth sorting.
        let again = |(at, entry): (usize, &Entry)| entries.iter().take(at).any(|other| other.key == entry.key);
        if entries.len() <= 16 && !entries.iter().enumerate().any(again) {
            return entries;
        }
        let mut order: Vec<_> = (0..entries.len()).collect();
        let key = |at: &usize| entries.get(*at).map(|entry| entry.key.as_str());
        order.sort_by_key(|at| (key(at), *at));
        let mut again = vec![false; entries.len()];
        let mut first: Option<&Entry> = None;
        let mut found = Vec::new();
        for at in order {
            let Some(entry) = entries.get(at) else { continue };
            match first.filter(|first| first.key == entry.key) {
                Some(first) => {
                    if let Some(again) = again.get_mut(at) {
                        *again = true;
                    }
                    found.push(
                        Diagnostic::new(Code::DuplicateKey, entry.key_span, format!("`{}` stands twice", entry.key))
                            .related(first.key_span, "first here")
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
        entries.into_iter().zip(again).filter(|(_, again)| !again).map(|(entry, _)| entry).collect()
    }

    /// Whether the alias could be followed.
    fn alias(&mut self, anchor: usize, span: Span) -> Completeness {
        let refused = match self.anchors.get(&anchor) {
            None => Some((Code::UnsupportedYaml, "an alias inside the value that it stands for".to_owned())),
            Some(anchored) => {
                self.added_by_aliases += anchored.values;
                if self.added_by_aliases > ALIAS_LIMIT {
                    Some((Code::LimitExceeded, format!("aliases add more than {ALIAS_LIMIT} values")))
                } else if self.open.len() + anchored.height > DEPTH_LIMIT {
                    Some((Code::LimitExceeded, format!("aliases nest deeper than {DEPTH_LIMIT} levels")))
                } else {
                    None
                }
            }
        };
        if let Some((code, message)) = refused {
            self.completeness = Completeness::Incomplete;
            self.report(Diagnostic::new(code, span, message).help("write the value out instead"));
            return Completeness::Incomplete;
        }
        if let Some(Anchored { node, values, height }) = self.anchors.get(&anchor) {
            let (node, values, height) = (node.clone(), *values, *height);
            self.place(node, 0, values, height);
        }
        Completeness::Complete
    }

    fn comment(&mut self, text: &str, placement: Placement, span: Span) {
        if !text.trim_start().starts_with(ADDRESS) {
            return;
        }
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let mut line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        if placement != Placement::Right {
            let below = self.text.get(span.end as usize..).unwrap_or_default().split('\n').enumerate().skip(1);
            let content = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.trim_start().starts_with('#');
            line += below.into_iter().find(content).map_or(0, |(offset, _)| offset);
        }
        self.comments.push(Comment { text: text.to_owned(), span, line });
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node, anchor: usize, values: usize, height: usize) {
        if anchor != 0 {
            let values = values.max(count(&node));
            self.anchors.insert(anchor, Anchored { node: node.clone(), values, height });
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.height = frame.height.max(height);
        match &mut frame.content {
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
                        Some(("a mapping's key must be a scalar", "write the key as a word"))
                    } else if name == "<<" {
                        Some(("merge keys are not part of YAML 1.2", "write the merged fields out"))
                    } else {
                        None
                    };
                    *key = Some((name, span));
                    if let Some((message, help)) = refused {
                        self.completeness = Completeness::Incomplete;
                        self.report(Diagnostic::new(Code::UnsupportedYaml, span, message).help(help));
                    }
                }
            },
        }
    }

    fn too_deep(&mut self, span: Span) {
        self.completeness = Completeness::Incomplete;
        let message = format!("collections nest deeper than {DEPTH_LIMIT} levels");
        self.report(Diagnostic::new(Code::LimitExceeded, span, message));
    }

    fn refuse(&mut self, error: &ScanError) {
        self.completeness = Completeness::Incomplete;
        let at = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        let width = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let width = if self.text.as_bytes().get(at) == Some(&b'\n') { 0 } else { width };
        let end = start.saturating_add(u32::try_from(width).unwrap_or(0));
        let span = Span { file: self.file, start, end };
        let diagnostic = match error.kind() {
            ErrorKind::RecursionLimitExceeded => return self.too_deep(span),
            kind => {
                let mut words = error.info();
                if let Some(first) = words.get_mut(..1) {
                    first.make_ascii_lowercase();
                }
                let message = words.trim_end_matches('.').replace('\'', "`");
                Diagnostic::new(Code::YamlSyntax, span, message).maybe_help(advice(kind, &words).map(str::to_owned))
            }
        };
        self.report(diagnostic);
    }
}

/// All values in a tree, itself included.
fn count(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|entry| count(&entry.value)).sum::<usize>(),
        _ => 1,
    }
}

fn advice(kind: &ErrorKind, words: &str) -> Option<&'static str> {
    Some(match kind {
        _ if words.starts_with("mapping values are not allowed") => "quote text that contains a colon and a space",
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => "indent with spaces",
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => "close the quote",
        ErrorKind::UnclosedFlowCollection { .. } | ErrorKind::UnexpectedEofFlowSequence => "close the bracket",
        ErrorKind::UnknownAnchor => "define the anchor with `&name` before its first `*name`",
        ErrorKind::UnexpectedCharacter { .. } => "quote the text, so that this character is part of it",
        _ => return None,
    })
}
