//! Expectations about flags as written.

use jiff::Timestamp;

use crate::bundle::Percent;
use crate::model::condition::Condition;
use crate::model::flag::start;
use crate::model::lower::{Fields, Lowering, each};
use crate::snapshot::{FileId, Span, Spanned};
use crate::yaml::{Completeness, Entry, Node, Value};

/// A file of tests.
#[derive(Debug, Clone)]
pub struct Suite {
    /// Where it is.
    pub file: FileId,
    /// What to point at when something is missing: the file's first key.
    pub start: Span,
    /// Whether all of the file could be read.
    pub whole: Completeness,
    /// Where its cases are decided; in all environments of the project if empty.
    pub environments: Vec<Spanned<String>>,
    /// The moment at which its cases are decided.
    pub now: Option<Spanned<Timestamp>>,
    /// Named mappings of attributes.
    pub contexts: Vec<(Spanned<String>, Node)>,
    /// In the order of the file.
    pub cases: Vec<Case>,
    /// What must hold for all contexts.
    pub assertions: Vec<Assertion>,
    /// What single contexts got when the file was last updated.
    pub golden: Option<Golden>,
}

impl Suite {
    /// The environments that it is about, some perhaps twice; none if a part of it is about all of them.
    pub fn places(&self) -> Option<Vec<&str>> {
        let cases = self.cases.iter().map(|case| &case.environments);
        let assertions = self.assertions.iter().map(|assertion| &assertion.environments);
        let golden = self.golden.iter().map(|_| &self.environments);
        let mut places = Vec::new();
        for own in cases.chain(assertions).chain(golden) {
            let own = if own.is_empty() { &self.environments } else { own };
            if own.is_empty() {
                return None;
            }
            places.extend(own.iter().map(|name| name.value.as_str()));
        }
        Some(places)
    }
}

/// Contexts and what they must get.
#[derive(Debug, Clone)]
pub struct Case {
    /// What people call it.
    pub name: Option<Spanned<String>>,
    /// Instead of the suite's, unless empty.
    pub environments: Vec<Spanned<String>>,
    /// Instead of the suite's.
    pub now: Option<Spanned<Timestamp>>,
    /// Who is decided for.
    pub context: Subject,
    /// Attributes and the values that each takes in turn.
    pub matrix: Vec<(Spanned<String>, Vec<Node>)>,
    /// Flags in whose buckets the unit is to fall.
    pub buckets: Vec<Placement>,
    /// Never empty if the file could be read.
    pub expect: Vec<Expectation>,
}

/// Who a case is about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Each of these, by name.
    Named(Vec<Spanned<String>>),
    /// A mapping of attributes.
    Written(Node),
    /// Someone of whom nothing is known.
    Nobody,
}

/// Where a unit is to fall among a flag's buckets.
#[derive(Debug, Clone)]
pub struct Placement {
    /// Whose buckets.
    pub flag: Spanned<String>,
    /// Among those of its rollouts.
    pub rollout: Option<Spanned<Percent>>,
    /// Among those of its splits.
    pub split: Option<Spanned<Percent>>,
}

/// What one flag must give; at least one of the four.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Which flag.
    pub flag: Spanned<String>,
    /// The variant's name.
    pub variant: Option<Spanned<String>>,
    /// The variant's value.
    pub value: Option<Node>,
    /// In OpenFeature's words.
    pub reason: Option<Spanned<String>>,
    /// The name of the rule that decides.
    pub rule: Option<Spanned<String>>,
}

/// What must hold for all contexts.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// What people call it.
    pub name: Option<Spanned<String>>,
    /// Instead of the suite's, unless empty.
    pub environments: Vec<Spanned<String>>,
    /// What is claimed.
    pub claim: Claim,
    /// The key of the claim.
    pub place: Span,
    /// Of whom it is claimed; of everyone if left out.
    pub when: Option<Condition>,
}

/// What an assertion claims of flags' serving their variants.
#[derive(Debug, Clone)]
pub enum Claim {
    /// Nobody gets any of these.
    Never(Vec<FlagVariant>),
    /// Everyone gets each of these.
    Always(Vec<FlagVariant>),
    /// Nobody gets two of these.
    Exclusive(Vec<FlagVariant>),
    /// No larger share of units gets any of these.
    AtMost(Spanned<Percent>, Vec<FlagVariant>),
    /// Whoever gets one of the first gets each of the second.
    Implies(Vec<FlagVariant>, Vec<FlagVariant>),
    /// Whoever got one of these at the revision gets it.
    MonotoneSince(Spanned<String>, Vec<FlagVariant>),
}

/// A flag's serving one of its variants.
#[derive(Debug, Clone)]
pub struct FlagVariant {
    /// The flag's key.
    pub flag: Spanned<String>,
    /// The variant's name.
    pub variant: Spanned<String>,
}

impl Claim {
    /// All that it is about.
    pub fn servings(&self) -> impl Iterator<Item = &FlagVariant> {
        let (first, second) = match self {
            Self::Never(all) | Self::Always(all) | Self::Exclusive(all) => (all, None),
            Self::AtMost(_, all) | Self::MonotoneSince(_, all) => (all, None),
            Self::Implies(serve, implied) => (serve, Some(implied)),
        };
        first.iter().chain(second.into_iter().flatten())
    }
}

/// Contexts and the variants that they got, written by flagctl and compared ever since.
#[derive(Debug, Clone)]
pub struct Golden {
    /// Which flags; all of the project if empty.
    pub flags: Vec<Spanned<String>>,
    /// Which contexts of the suite; all if empty.
    pub contexts: Vec<Spanned<String>>,
    /// The key of the cells.
    pub key: Span,
    /// The key and all of the cells.
    pub place: Span,
    /// In the order of the file.
    pub cells: Vec<Cell>,
}

/// What one flag served one context in one environment.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The flag's key.
    pub flag: Spanned<String>,
    /// The context's name.
    pub context: Spanned<String>,
    /// The environment's name.
    pub environment: Spanned<String>,
    /// The variant's name.
    pub variant: Spanned<String>,
}

const REASONS: [&str; 6] = ["STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "ERROR"];

impl Suite {
    pub(super) fn lower(lowering: &mut Lowering, root: &Node, file: FileId) -> Self {
        let fields =
            lowering.fields(root, &["description", "environments", "now", "contexts", "cases", "assert", "golden"]);
        fields.get("description").and_then(|node| lowering.words(node));
        let contexts = fields.get("contexts").map_or(&[][..], |node| lowering.mapping(node));
        let context = |entry: &Entry| {
            lowering.mapping(&entry.value);
            Some((lowering.key(entry)?, entry.value.clone()))
        };
        let contexts = each(contexts, context);
        let cases = fields.get("cases").map_or(&[][..], |node| lowering.list(node));
        let assertions = fields.get("assert").map_or(&[][..], |node| lowering.list(node));
        Self {
            file,
            start: start(root),
            whole: Completeness::Complete,
            environments: environments(lowering, &fields),
            now: fields.get("now").and_then(|node| lowering.instant(node)),
            contexts,
            cases: cases.iter().map(|case| Case::lower(lowering, case)).collect(),
            assertions: each(assertions, |one| Assertion::lower(lowering, one)),
            golden: fields.get("golden").map(|node| Golden::lower(lowering, node)),
        }
    }
}

fn environments(lowering: &mut Lowering, fields: &Fields<'_>) -> Vec<Spanned<String>> {
    fields.get("environments").map_or_else(Vec::new, |node| lowering.names(node))
}

impl Case {
    fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let known = ["name", "environments", "now", "context", "matrix", "bucket", "expect"];
        let fields = lowering.fields(node, &known);
        let context = match fields.get("context") {
            None => Subject::Nobody,
            Some(node) if matches!(node.value, Value::Map(_)) => Subject::Written(node.clone()),
            Some(node) => Subject::Named(lowering.names(node)),
        };
        let matrix = fields.get("matrix").map_or(&[][..], |node| filled(lowering, node));
        let axis = |entry: &Entry| {
            let values = lowering.list(&entry.value);
            if values.is_empty() {
                lowering.misfit::<()>(entry.value.span, "at least one value");
            }
            (Spanned { value: entry.key.clone(), span: entry.key_span }, values.to_vec())
        };
        let matrix = matrix.iter().map(axis).collect();
        let buckets = fields.get("bucket").map_or(&[][..], |node| filled(lowering, node));
        let buckets = each(buckets, |entry| Placement::lower(lowering, entry));
        let expect = fields.required("expect", lowering).map_or(&[][..], |node| filled(lowering, node));
        Self {
            name: fields.get("name").and_then(|node| lowering.words(node)),
            environments: environments(lowering, &fields),
            now: fields.get("now").and_then(|node| lowering.instant(node)),
            context,
            matrix,
            buckets,
            expect: each(expect, |entry| Expectation::lower(lowering, entry)),
        }
    }
}

/// The entries of a mapping that must have some.
fn filled<'n>(lowering: &mut Lowering, node: &'n Node) -> &'n [Entry] {
    let entries = lowering.mapping(node);
    if entries.is_empty() {
        lowering.misfit::<()>(node.span, "at least one entry");
    }
    entries
}

impl Placement {
    fn lower(lowering: &mut Lowering, entry: &Entry) -> Option<Self> {
        let node = &entry.value;
        let (rollout, split) = if matches!(node.value, Value::Map(_)) {
            let fields = lowering.fields(node, &["rollout", "split"]);
            filled(lowering, node);
            let mut place = |key| fields.get(key).and_then(|node| lowering.place(node));
            (place("rollout"), place("split"))
        } else {
            (lowering.place(node), None)
        };
        Some(Self { flag: lowering.key(entry)?, rollout, split })
    }
}

impl Expectation {
    fn lower(lowering: &mut Lowering, entry: &Entry) -> Option<Self> {
        let node = &entry.value;
        let short = !matches!(node.value, Value::Map(_));
        let fields = if short { None } else { Some(lowering.fields(node, &["variant", "value", "reason", "rule"])) };
        if !short {
            filled(lowering, node);
        }
        let get = |key| fields.as_ref().and_then(|fields| fields.get(key));
        let variant = if short { Some(node) } else { get("variant") };
        let variant = variant.and_then(|node| lowering.name(node));
        let value = get("value").and_then(|node| match node.value {
            Value::Null => lowering.misfit(node.span, "a value"),
            _ => Some(node.clone()),
        });
        let reason = get("reason").and_then(|node| match node.as_text() {
            Some(text) if REASONS.contains(&text) => lowering.text(node),
            _ => lowering.misfit(node.span, "a reason"),
        });
        let rule = get("rule").and_then(|node| lowering.name(node));
        Some(Self { flag: lowering.key(entry)?, variant, value, reason, rule })
    }
}

const CLAIMS: [&str; 6] = ["never", "always", "exclusive", "at_most", "implies", "monotone_since"];

impl Assertion {
    fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let known = [&["name", "environments", "when", "serve"][..], &CLAIMS].concat();
        let fields = lowering.fields(node, &known);
        let mut claims = CLAIMS.iter().filter_map(|claim| node.entry(claim));
        let (Some(entry), None) = (claims.next(), claims.next()) else {
            return lowering.misfit(node.span, "exactly one claim");
        };
        let value = &entry.value;
        let serve = fields.get("serve");
        let takes_serve = matches!(entry.key.as_str(), "at_most" | "implies" | "monotone_since");
        if serve.is_some() != takes_serve {
            return lowering
                .misfit(serve.unwrap_or(node).span, "`serve` beside `at_most`, `implies`, `monotone_since`");
        }
        let serve = serve.map_or_else(Vec::new, |node| servings(lowering, node));
        let claim = match entry.key.as_str() {
            "never" => Claim::Never(servings(lowering, value)),
            "always" => Claim::Always(servings(lowering, value)),
            "exclusive" => {
                let all = servings(lowering, value);
                if all.len() < 2 {
                    return lowering.misfit(value.span, "at least two flags");
                }
                Claim::Exclusive(all)
            }
            "at_most" => Claim::AtMost(lowering.percent(value)?, serve),
            "implies" => Claim::Implies(serve, servings(lowering, value)),
            _ => Claim::MonotoneSince(lowering.words(value)?, serve),
        };
        Some(Self {
            name: fields.get("name").and_then(|node| lowering.words(node)),
            environments: environments(lowering, &fields),
            claim,
            place: entry.key_span,
            when: fields.get("when").and_then(|node| lowering.condition(node)),
        })
    }
}

fn servings(lowering: &mut Lowering, node: &Node) -> Vec<FlagVariant> {
    let entries = filled(lowering, node);
    let serving =
        |entry: &Entry| Some(FlagVariant { flag: lowering.key(entry)?, variant: lowering.name(&entry.value)? });
    each(entries, serving)
}

impl Golden {
    fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let fields = lowering.fields(node, &["flags", "contexts", "cells"]);
        let mut names = |key| fields.get(key).map_or_else(Vec::new, |node| lowering.names(node));
        let (flags, contexts) = (names("flags"), names("contexts"));
        let mut cells = Vec::new();
        for by_flag in fields.required("cells", lowering).map_or(&[][..], |node| lowering.mapping(node)) {
            let flag = lowering.key(by_flag);
            for by_context in lowering.mapping(&by_flag.value) {
                let context = lowering.key(by_context);
                for cell in lowering.mapping(&by_context.value) {
                    let (environment, variant) = (lowering.key(cell), lowering.name(&cell.value));
                    if let (Some(flag), Some(context), Some(environment), Some(variant)) =
                        (&flag, &context, environment, variant)
                    {
                        cells.push(Cell { flag: flag.clone(), context: context.clone(), environment, variant });
                    }
                }
            }
        }
        let (key, value) =
            node.entry("cells").map_or((node.span, node.span), |entry| (entry.key_span, entry.value.span));
        Self { flags, contexts, key, place: Span { end: key.end.max(value.end), ..key }, cells }
    }
}

impl Lowering {
    fn instant(&mut self, node: &Node) -> Option<Spanned<Timestamp>> {
        match node.as_text().and_then(crate::eval::parse_datetime) {
            Some(value) => Some(Spanned { value, span: node.span }),
            None => self.misfit(node.span, "a moment"),
        }
    }

    /// A share at which a bucket begins: there is none at 100 %.
    fn place(&mut self, node: &Node) -> Option<Spanned<Percent>> {
        match self.percent(node) {
            Some(place) if place.value == Percent::ALL => self.misfit(node.span, "a percentage below 100%"),
            place => place,
        }
    }
}
