//! The queries of a guardrail, for a server that speaks the HTTP interface of Prometheus.

use crate::model::lower::Lowering;
use crate::snapshot::{Span, Spanned};
use crate::yaml::Node;

/// The maximum length of a query in characters.
const MAX_QUERY: usize = 4_096;
/// The title of a query in the schema.
const QUERY: &str = "a query of 1 to 4096 characters";
/// The title of an address in the schema.
const ADDRESS: &str = "an address such as `https://prometheus.example`";

/// The number that a query gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueryKind {
    /// The number of bad events.
    Bad,
    /// The number of all events.
    Total,
    /// The number of units.
    N,
    /// The sum of the units' values.
    Sum,
    /// The sum of the squares of the units' values.
    SumSq,
    /// A single value.
    Value,
}

impl QueryKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 6] = [Self::Bad, Self::Total, Self::N, Self::Sum, Self::SumSq, Self::Value];

    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Total => "total",
            Self::N => "n",
            Self::Sum => "sum",
            Self::SumSq => "sum-sq",
            Self::Value => "query",
        }
    }
}

/// The queries of a guardrail.
#[derive(Debug, Clone)]
pub struct PrometheusQueries {
    /// The mapping below `prometheus`.
    pub span: Span,
    /// The address of the server. Without it, the command line gives it.
    pub url: Option<Spanned<String>>,
    /// The queries, in the order of [`QueryKind::ALL`].
    pub queries: Vec<(QueryKind, Spanned<String>)>,
}

impl PrometheusQueries {
    /// Reads `{prometheus: {...}}`.
    pub(super) fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let fields = lowering.fields(node, &["prometheus"]);
        let node = fields.required("prometheus", lowering)?;
        let known: Vec<&str> = std::iter::once("url").chain(QueryKind::ALL.map(QueryKind::name)).collect();
        let fields = lowering.fields(node, &known);
        let url = fields.get("url").and_then(|node| match node.as_text() {
            Some(text) if is_address(text) => lowering.text(node),
            _ => lowering.misfit(node.span, ADDRESS),
        });
        let query = |kind: QueryKind| {
            let node = fields.get(kind.name())?;
            match node.as_text() {
                Some(text) if (1..=MAX_QUERY).contains(&text.chars().count()) => Some((kind, lowering.text(node)?)),
                _ => lowering.misfit(node.span, QUERY),
            }
        };
        let queries = QueryKind::ALL.into_iter().filter_map(query).collect();
        Some(Self { span: node.span, url, queries })
    }

    /// Returns the query that gives a number.
    pub fn query(&self, kind: QueryKind) -> Option<&Spanned<String>> {
        self.queries.iter().find(|(own, _)| *own == kind).map(|(_, query)| query)
    }
}

/// Returns whether a text is an address that a file may contain. It has no user and password, because a file must not
/// contain credentials, and no query and fragment, because the request has its own.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~%:/[]-".contains(&byte);
    rest.is_some_and(|rest| (1..=1_024).contains(&rest.len()) && !rest.starts_with('/') && rest.bytes().all(is_plain))
}
