//! Conditions in written form.

use crate::model::lower::{Lowering, read_all};
use crate::model::operator::{OperandForm, Operator};
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Node, Value};

/// Keys of a condition that are not attributes.
pub const RESERVED: [&str; 5] = ["all", "any", "not", "segment", "flag"];

/// A condition as it is written, with positions.
#[derive(Debug, Clone)]
pub enum Condition {
    /// `all`, or a mapping with several keys: every part must hold.
    All(Vec<Condition>),
    /// `any`: at least one part must hold.
    Any(Vec<Condition>),
    /// `not`: the part must not hold.
    Not(Box<Condition>),
    /// `segment`: the context must be in at least one of these segments.
    Segment(Vec<Spanned<String>>),
    /// `flag`: each of these flags must serve one of its variants.
    Flag(Vec<Requirement>),
    /// An attribute and the operations that its value must satisfy.
    Attribute {
        /// The name of the attribute.
        name: Spanned<String>,
        /// The operations. All of them must hold.
        operations: Vec<Operation>,
        /// The position of `ignore_case: true`, if the mapping contains it.
        ignore_case: Option<Span>,
    },
}

impl Condition {
    /// Returns the direct parts of the condition. A test and a reference have no parts.
    fn children(&self) -> &[Self] {
        match self {
            Self::All(inner) | Self::Any(inner) => inner,
            Self::Not(inner) => std::slice::from_ref(inner),
            Self::Segment(_) | Self::Flag(_) | Self::Attribute { .. } => &[],
        }
    }

    /// Iterates over the condition and all its parts in the order of the file. Does not follow references.
    pub fn iter(&self) -> impl Iterator<Item = &Self> {
        let mut pending = vec![self];
        std::iter::from_fn(move || {
            let condition = pending.pop()?;
            pending.extend(condition.children().iter().rev());
            Some(condition)
        })
    }

    /// Iterates over the segments that the condition mentions, in the order of the file.
    pub fn segments(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.iter().flat_map(|condition| match condition {
            Self::Segment(names) => names.as_slice(),
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Flag(_) | Self::Attribute { .. } => &[],
        })
    }

    /// Iterates over the operands that are regular expressions, in the order of the file.
    pub fn patterns(&self) -> impl Iterator<Item = &Node> {
        let operations = self.iter().flat_map(|condition| match condition {
            Self::Attribute { operations, .. } => operations.as_slice(),
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Segment(_) | Self::Flag(_) => &[],
        });
        let operands = operations.filter(|operation| operation.operator == Operator::Matches);
        operands.flat_map(|operation| match &operation.operand.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&operation.operand),
        })
    }
}

/// A flag and its accepted variants. The flag must serve one of them.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The key of the flag.
    pub flag: Spanned<String>,
    /// The variants. The list is never empty if the file could be read.
    pub variants: Vec<Spanned<String>>,
}

/// An operator and its operand.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The operator.
    pub operator: Operator,
    /// The position of the operator, or of the operand if the short form omits the operator.
    pub span: Span,
    /// The operand. Compiling checks that it has the type of the attribute.
    pub operand: Node,
}

impl Lowering {
    pub(super) fn condition(&mut self, node: &Node) -> Option<Condition> {
        let entries = self.mapping(node);
        let mut conditions = Vec::with_capacity(entries.len());
        for entry in entries {
            let value = &entry.value;
            conditions.extend(match entry.key.as_str() {
                "all" => Some(Condition::All(self.conditions(value))),
                "any" => Some(Condition::Any(self.conditions(value))),
                "not" => self.condition(value).map(|condition| Condition::Not(Box::new(condition))),
                "segment" => Some(Condition::Segment(self.names(value))),
                "flag" => {
                    if matches!(&value.value, Value::Map(entries) if entries.is_empty()) {
                        self.misfit::<()>(value.span, "a mapping from flags to variants");
                    }
                    Some(Condition::Flag(self.requirements(value)))
                }
                _ => {
                    let name = Spanned { value: entry.key.clone(), span: entry.key_span };
                    self.attribute(name, value)
                }
            });
        }
        match conditions.len() {
            0 => self.misfit(node.span, "a condition"),
            1 => conditions.pop(),
            _ => Some(Condition::All(conditions)),
        }
    }

    fn conditions(&mut self, node: &Node) -> Vec<Condition> {
        let items = self.list(node);
        if items.is_empty() {
            self.misfit::<()>(node.span, "a list of conditions");
        }
        read_all(items, |item| self.condition(item))
    }

    /// Reads a mapping from flags to their accepted variants.
    pub(super) fn requirements(&mut self, node: &Node) -> Vec<Requirement> {
        let entries = self.mapping(node);
        read_all(entries, |entry| {
            Some(Requirement { flag: self.flag_key(entry)?, variants: self.variants(&entry.value) })
        })
    }

    fn attribute(&mut self, name: Spanned<String>, node: &Node) -> Option<Condition> {
        let short = |operator| Operation { operator, span: node.span, operand: node.clone() };
        let mut operations = Vec::with_capacity(node.entries().len().max(1));
        let mut ignore_case = None;
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if entry.key == "ignore_case" {
                        let on = self.boolean(&entry.value).is_some_and(|on| on.value);
                        ignore_case = on.then_some(entry.key_span);
                        continue;
                    }
                    let operator = Operator::ALL.iter().copied().find(|operator| operator.name() == entry.key);
                    match operator {
                        Some(operator) if self.operand(operator, &entry.value) => {
                            operations.push(Operation { operator, span: entry.key_span, operand: entry.value.clone() });
                        }
                        Some(_) => {}
                        None => self.misfit(entry.key_span, "operators and their operands").unwrap_or_default(),
                    }
                }
                if operations.is_empty() {
                    return self.misfit(node.span, "operators and their operands");
                }
            }
            Value::List(_) if self.operand(Operator::In, node) => operations.push(short(Operator::In)),
            Value::List(_) => return None,
            _ if self.operand(Operator::Eq, node) => operations.push(short(Operator::Eq)),
            _ => return None,
        }
        Some(Condition::Attribute { name, operations, ignore_case })
    }

    /// Returns whether the operand has a form that the operator accepts. Its type depends on the attribute, so
    /// compiling checks it.
    fn operand(&mut self, operator: Operator, node: &Node) -> bool {
        let scalar = |node: &Node| matches!(node.value, Value::Boolean(_) | Value::Number(..) | Value::Text(_));
        let is_text = |node: &Node| matches!(node.value, Value::Text(_));
        let fits = match operator.operand_form() {
            OperandForm::Scalar => scalar(node),
            OperandForm::Ordered => matches!(node.value, Value::Number(..) | Value::Text(_)),
            OperandForm::Texts => match &node.value {
                Value::List(items) => !items.is_empty() && items.iter().all(is_text),
                _ => is_text(node),
            },
            OperandForm::List => {
                matches!(&node.value, Value::List(items) if !items.is_empty() && items.iter().all(scalar))
            }
            OperandForm::Boolean => matches!(node.value, Value::Boolean(_)),
        };
        if !fits {
            self.misfit::<()>(node.span, "an operand that the operator takes");
        }
        fits
    }
}
