//! Parses the text of a file: passes the parser's events to the tree builder, and reports YAML that flagctl does not
//! accept.

use granit_parser::{ErrorKind, Event, Options, Parser, Placement, ScanError};

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::snapshot::{Fault, File, FileId, Span};
use crate::yaml::syntax_error::SyntaxError;
use crate::yaml::tree::{Content, TreeBuilder};
use crate::yaml::value::{Comment, Completeness, DEPTH_LIMIT, Document, Node, Value};

/// The prefix of a comment for flagctl. The parser emits comments only for files that contain it.
const COMMENT_PREFIX: &str = "flagctl:";

/// Parses a file. Every part that is missing from the document has a diagnostic.
pub fn parse(id: FileId, file: &File, diagnostics: &mut Diagnostics) -> Document {
    let null = Node { value: Value::Null, span: Span { file: id, start: 0, end: 0 } };
    if let Some(fault) = file.fault {
        diagnostics.push(unreadable(id, file, fault));
        // The beginning of a file can have another meaning than the complete file, so no part of it is used.
        return Document {
            root: null,
            comments: Vec::new(),
            completeness: Completeness::Incomplete,
            values: 0,
            added_text: 0,
        };
    }
    let mut reader = Reader { tree: TreeBuilder::new(id, &file.text, diagnostics), comments: Vec::new() };
    reader.run();
    let Reader { tree, comments } = reader;
    Document {
        added_text: tree.text_added_by_aliases(),
        root: tree.root.unwrap_or(null),
        comments,
        completeness: tree.completeness,
        values: tree.values,
    }
}

/// Returns all comments of a text, in their order: the offset of `#`, and the comment without the space around it. The list
/// ends before the first error of the text.
pub fn comments(text: &str) -> Vec<(usize, &str)> {
    let mut options = Options::default();
    options.max_buffered_comment_events = usize::MAX;
    options.emit_comments = true;
    let events = Parser::new_from_str_with_options(text, options).map_while(Result::ok);
    let comments = events.filter_map(|(event, span)| match event {
        Event::Comment(..) => {
            let range = span.byte_range()?;
            Some((range.start, text.get(range)?.trim()))
        }
        _ => None,
    });
    comments.collect()
}

fn unreadable(id: FileId, file: &File, fault: Fault) -> Diagnostic {
    let end = u32::try_from(file.text.len()).unwrap_or(u32::MAX);
    let span = Span { file: id, start: end, end };
    let (code, message) = match fault {
        Fault::Encoding(byte) => (Code::InvalidEncoding, format!("byte 0x{byte:02x} is not UTF-8")),
        Fault::Utf16 => (Code::InvalidEncoding, format!("the file {fault}")),
        Fault::TooLarge(_) => (Code::LimitExceeded, format!("the file {fault}")),
        Fault::Outside
        | Fault::Dangling
        | Fault::TooManyLinks
        | Fault::Submodule
        | Fault::Device
        | Fault::Sparse
        | Fault::Foreign => (Code::UnreadableFile, format!("`{}` {fault}", file.path)),
    };
    Diagnostic::new(code, span, message).help(fault.help())
}

/// Reads the events of the parser.
struct Reader<'t, 'd> {
    tree: TreeBuilder<'t, 'd>,
    comments: Vec<Comment>,
}

impl Reader<'_, '_> {
    fn run(&mut self) {
        let mut options = Options::default();
        options.strict_indentation = true;
        options.flow_nesting_limit = DEPTH_LIMIT;
        options.block_nesting_limit = DEPTH_LIMIT;
        options.max_buffered_comment_events = usize::MAX;
        options.emit_comments = self.tree.text.contains(COMMENT_PREFIX);
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(self.tree.text, options) {
            let (event, tag, span) = match event {
                Ok((event, span)) => (event, span.tag_span().map(|tag| self.span(&tag)), self.span(&span)),
                Err(error) => return self.report_syntax_error(&error),
            };
            self.check_tag(tag);
            if self.tree.report_limits(span) == Completeness::Incomplete {
                return;
            }
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        self.tree.report_incomplete(
                            Diagnostic::new(Code::MultipleDocuments, span, "a second document begins here")
                                .help("a file has one document: move the second one to another file"),
                        );
                        return;
                    }
                }
                Event::Scalar(text, style, anchor, _) => self.tree.scalar(text, style, anchor, span),
                Event::SequenceStart(_, anchor, _) => self.tree.begin(anchor, span, Content::empty_list()),
                Event::MappingStart(_, anchor, _) => self.tree.begin(anchor, span, Content::empty_map()),
                Event::SequenceEnd | Event::MappingEnd => self.tree.end(span),
                Event::Alias(anchor) if self.tree.alias(anchor, span) == Completeness::Incomplete => return,
                Event::Comment(text, placement) => self.comment(&text, placement, span),
                _ => {}
            }
        }
    }

    /// Returns a span of the parser in bytes, limited to the text.
    fn span(&self, span: &granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        let clamp = |offset: usize| u32::try_from(offset.min(self.tree.text.len())).unwrap_or(u32::MAX);
        Span { file: self.tree.file, start: clamp(range.start), end: clamp(range.end) }
    }

    fn check_tag(&mut self, tag: Option<Span>) {
        if let Some(span) = tag {
            self.tree.report_incomplete(
                Diagnostic::new(Code::UnsupportedYaml, span, "tags such as `!name` are not supported")
                    .help("remove the tag; quote a scalar to make it a string"),
            );
        }
    }

    /// Stores a comment for flagctl. A comment on a separate line refers to the next line with content.
    fn comment(&mut self, text: &str, placement: Placement, span: Span) {
        if !text.trim_start().starts_with(COMMENT_PREFIX) {
            return;
        }
        let before = self.tree.text.get(..span.start as usize).unwrap_or_default();
        let mut line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        if placement != Placement::Right {
            let below = self.tree.text.get(span.end as usize..).unwrap_or_default().split('\n').enumerate().skip(1);
            let content = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.trim_start().starts_with('#');
            line += below.into_iter().find(content).map_or(0, |(offset, _)| offset);
        }
        self.comments.push(Comment { text: text.to_owned(), span, line });
    }

    /// Reports an error of the parser. flagctl does not read the rest of the file.
    fn report_syntax_error(&mut self, error: &ScanError) {
        let SyntaxError { offset, message, help } = SyntaxError::new(self.tree.text, error);
        let start = u32::try_from(offset).unwrap_or(u32::MAX);
        let width = self.tree.text.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let width = if self.tree.text.as_bytes().get(offset) == Some(&b'\n') { 0 } else { width };
        let end = start.saturating_add(u32::try_from(width).unwrap_or(0));
        let span = Span { file: self.tree.file, start, end };
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return self.tree.report_too_deep(span);
        }
        self.tree.report_incomplete(Diagnostic::new(Code::YamlSyntax, span, message).maybe_help(help));
    }
}
