//! The cases of a test file in written form.

use jiff::Timestamp;

use crate::bundle::Percent;
use crate::model::lower::{Lowering, read_all};
use crate::snapshot::Spanned;
use crate::yaml::{Entry, Node, Value};

/// Contexts, and the decisions that are expected for them.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name of the case.
    pub name: Option<Spanned<String>>,
    /// The environments in which the case is decided. If the list is empty, the environments of the suite apply.
    pub environments: Vec<Spanned<String>>,
    /// The time at which the case is decided. It replaces the time of the suite.
    pub now: Option<Spanned<Timestamp>>,
    /// The contexts that are decided.
    pub context: Subject,
    /// The attributes of the matrix, each with the values that it takes in turn.
    pub matrix: Vec<(Spanned<String>, Vec<Node>)>,
    /// Positions among the buckets of flags. The test chooses a unit at these positions.
    pub buckets: Vec<Placement>,
    /// The expected decisions. The list is never empty if the file could be read.
    pub expect: Vec<Expectation>,
}

/// The contexts that a case is about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Contexts of the suite, by name.
    Named(Vec<Spanned<String>>),
    /// A context that the case contains as a mapping of attributes.
    Written(Node),
    /// A context without attributes.
    Empty,
}

/// Positions among the buckets of one flag.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The key of the flag.
    pub flag: Spanned<String>,
    /// The position among the buckets of the layers whose slots the flag's rules take.
    pub slot: Option<Spanned<Percent>>,
    /// The position among the buckets of the flag's rollouts.
    pub rollout: Option<Spanned<Percent>>,
    /// The position among the buckets of the flag's splits.
    pub split: Option<Spanned<Percent>>,
}

/// The expected decision of one flag. At least one of the four parts is present.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The key of the flag.
    pub flag: Spanned<String>,
    /// The name of the variant.
    pub variant: Option<Spanned<String>>,
    /// The value of the variant.
    pub value: Option<Node>,
    /// The reason, as its OpenFeature name.
    pub reason: Option<Spanned<String>>,
    /// The name of the rule that decides.
    pub rule: Option<Spanned<String>>,
}

const REASONS: [&str; 6] = ["STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "ERROR"];

impl Case {
    pub(super) fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let known = ["name", "environments", "now", "context", "matrix", "bucket", "expect"];
        let fields = lowering.fields(node, &known);
        let context = match fields.get("context") {
            None => Subject::Empty,
            Some(node) if matches!(node.value, Value::Map(_)) => Subject::Written(node.clone()),
            Some(node) => Subject::Named(lowering.names(node)),
        };
        let matrix = fields.get("matrix").map_or(&[][..], |node| lowering.nonempty_mapping(node));
        let attribute_values = |entry: &Entry| {
            let values = lowering.list(&entry.value);
            if values.is_empty() {
                lowering.misfit::<()>(entry.value.span, "a list of values");
            }
            (Spanned { value: entry.key.clone(), span: entry.key_span }, values.to_vec())
        };
        let matrix = matrix.iter().map(attribute_values).collect();
        let buckets = fields.get("bucket").map_or(&[][..], |node| lowering.nonempty_mapping(node));
        let buckets = read_all(buckets, |entry| Placement::lower(lowering, entry));
        let expect = fields.required("expect", lowering);
        let expect = expect.map_or(&[][..], |node| lowering.nonempty_mapping(node));
        Self {
            name: fields.get("name").and_then(|node| lowering.nonempty_text(node)),
            environments: fields.names("environments", lowering),
            now: fields.get("now").and_then(|node| lowering.timestamp(node)),
            context,
            matrix,
            buckets,
            expect: read_all(expect, |entry| Expectation::lower(lowering, entry)),
        }
    }
}

impl Placement {
    fn lower(lowering: &mut Lowering, entry: &Entry) -> Option<Self> {
        let node = &entry.value;
        let (slot, rollout, split) = if matches!(node.value, Value::Map(_)) {
            let fields = lowering.fields(node, &["slot", "rollout", "split"]);
            lowering.nonempty_mapping(node);
            let mut position = |key| fields.get(key).and_then(|node| bucket_position(lowering, node));
            (position("slot"), position("rollout"), position("split"))
        } else {
            (None, bucket_position(lowering, node), None)
        };
        Some(Self { flag: lowering.flag_key(entry)?, slot, rollout, split })
    }
}

/// Reads the position of a bucket, as the percentage of all buckets that are before it. 100 % is not allowed, because
/// no bucket begins there.
fn bucket_position(lowering: &mut Lowering, node: &Node) -> Option<Spanned<Percent>> {
    match lowering.percent(node) {
        Some(position) if position.value == Percent::ALL => {
            lowering.misfit(node.span, "a percentage below `100%` with at most three decimals, such as `12.5%`")
        }
        position => position,
    }
}

impl Expectation {
    fn lower(lowering: &mut Lowering, entry: &Entry) -> Option<Self> {
        let node = &entry.value;
        if !matches!(node.value, Value::Map(_)) {
            let variant = lowering.variant(node);
            return Some(Self { flag: lowering.flag_key(entry)?, variant, value: None, reason: None, rule: None });
        }
        let fields = lowering.fields(node, &["variant", "value", "reason", "rule"]);
        lowering.nonempty_mapping(node);
        let value = fields.get("value").and_then(|node| match node.value {
            Value::Null => lowering.misfit(node.span, "a value"),
            _ => Some(node.clone()),
        });
        let reason = fields.get("reason").and_then(|node| match node.as_text() {
            Some(text) if REASONS.contains(&text) => lowering.text(node),
            _ => lowering.misfit(node.span, "a reason"),
        });
        let variant = fields.get("variant").and_then(|node| lowering.variant(node));
        let rule = fields.get("rule").and_then(|node| lowering.name(node));
        Some(Self { flag: lowering.flag_key(entry)?, variant, value, reason, rule })
    }
}
