//! The golden matrix of a test file in written form.

use crate::model::lower::{Lowering, read_all};
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Entry, Node};

/// Recorded decisions. flagctl writes them, and every later test run compares them with the current decisions.
#[derive(Debug, Clone)]
pub struct Golden {
    /// The flags. An empty list means all flags of the project.
    pub flags: Vec<Spanned<String>>,
    /// The contexts of the suite. An empty list means all contexts of the suite.
    pub contexts: Vec<Spanned<String>>,
    /// The key `cells`.
    pub cells_key_span: Span,
    /// The key `cells` with its value.
    pub cells_span: Span,
    /// The complete value.
    pub span: Span,
    /// The keys other than `cells`, each with its value.
    pub other_spans: Vec<Span>,
    /// The recorded decisions, in the order of the file.
    pub cells: Vec<Cell>,
}

/// The variant that one flag served to one context in one environment.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The key of the flag.
    pub flag: Spanned<String>,
    /// The name of the context.
    pub context: Spanned<String>,
    /// The name of the environment.
    pub environment: Spanned<String>,
    /// The name of the variant.
    pub variant: Spanned<String>,
}

impl Golden {
    pub(super) fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let fields = lowering.fields(node, &["flags", "contexts", "cells"]);
        let (flags, contexts) = (fields.flags("flags", lowering), fields.names("contexts", lowering));
        let mut cells = Vec::new();
        for by_flag in fields.required("cells", lowering).map_or(&[][..], |node| lowering.mapping(node)) {
            let flag = lowering.flag_key(by_flag);
            for by_context in lowering.mapping(&by_flag.value) {
                let context = lowering.key(by_context);
                cells.extend(read_all(lowering.mapping(&by_context.value), |cell| {
                    let (environment, variant) = (lowering.key(cell), lowering.variant(&cell.value));
                    let (flag, context) = (flag.clone()?, context.clone()?);
                    Some(Cell { flag, context, environment: environment?, variant: variant? })
                }));
            }
        }
        let complete = |entry: &Entry| Span { end: entry.key_span.end.max(entry.value.span.end), ..entry.key_span };
        let (key, cells_span) =
            node.entry("cells").map_or((node.span, node.span), |entry| (entry.key_span, complete(entry)));
        let others = node.entries().iter().filter(|entry| entry.key != "cells");
        let other_spans = others.map(complete).collect();
        Self { flags, contexts, cells_key_span: key, cells_span, span: node.span, other_spans, cells }
    }
}
