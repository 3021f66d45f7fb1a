//! Checks whether an operator applies to an attribute, and compiles it to a predicate.

use std::sync::Arc;

use crate::bundle::{
    Attribute, AttributeId, Comparison, Condition, Folded, Polarity, Predicate, Quantifier, Test, TextOperator, Type,
};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::compile::condition::{collect_all, join};
use crate::compile::operand::EnumCheck;
use crate::diag::{Advice, Diagnostic, Fix, FixChange, quoted_list};
use crate::model::{OperandForm, Operation, Operator};
use crate::snapshot::Span;
use crate::yaml::{Node, Value};

impl Compiler<'_> {
    /// Compiles an operator and its operand to a test of an attribute, or to a choice of tests if the operand lists
    /// texts of which one must match.
    pub(super) fn test(
        &mut self,
        attribute: AttributeId,
        operation: &Operation,
        ignore_case: Option<Span>,
    ) -> Compiled<Condition> {
        let attributes = Arc::clone(&self.attributes);
        let declared = attributes.get(attribute).ok_or(Broken)?;
        let test = |compiler: &mut Self, operation: &Operation| {
            compiler.check_problems()?;
            let predicate = compiler.predicate(declared, operation, ignore_case)?;
            Ok(Condition::Test(Test { attribute, sign: polarity(operation), predicate }))
        };
        match (&operation.operand.value, operation.operator.operand_form()) {
            (Value::List(texts), OperandForm::Texts) => {
                let alternatives = distinct(texts).map(|text| Operation { operand: text.clone(), ..*operation });
                let tests = alternatives.map(|alternative| test(self, &alternative));
                Ok(join(collect_all(tests)?, Condition::Any))
            }
            _ => test(self, operation),
        }
    }

    fn predicate(
        &mut self,
        attribute: &Attribute,
        operation: &Operation,
        ignore_case: Option<Span>,
    ) -> Compiled<Predicate> {
        let (operator, operand) = (operation.operator, &operation.operand);
        if !operator.applies_to(attribute.kind) {
            return Err(self.report_unfit(attribute, operation));
        }
        if let Some(span) = ignore_case
            && attribute.kind != Type::String
        {
            let kind = attribute.kind.described();
            let message = format!("`ignore_case` does not apply to `{}`, which is {kind}", attribute.name);
            let diagnostic = Diagnostic::new(Code::UnfitOperator, span, message);
            let fix = Fix::new("remove `ignore_case`", span, FixChange::RemoveEntry);
            let help = "remove it: only comparisons of strings can ignore case".to_owned();
            return Err(self.report(diagnostic.advice(Advice { help, fix: Some(fix) })));
        }
        if let (Some(_), Some(operator)) = (ignore_case, text_operator(operator)) {
            return self.case_insensitive(attribute, operator, operand);
        }
        Ok(match operator {
            Operator::Exists => Predicate::Exists,
            Operator::Eq | Operator::Ne | Operator::In | Operator::NotIn => {
                Predicate::OneOf(self.operands(attribute, items(operand))?)
            }
            Operator::Lt => self.comparison(attribute, Comparison::Less, operand)?,
            Operator::Lte => self.comparison(attribute, Comparison::LessOrEqual, operand)?,
            Operator::Gt => self.comparison(attribute, Comparison::Greater, operand)?,
            Operator::Gte => self.comparison(attribute, Comparison::GreaterOrEqual, operand)?,
            Operator::StartsWith => Predicate::StartsWith(operand.written().into()),
            Operator::EndsWith => Predicate::EndsWith(operand.written().into()),
            Operator::Contains => Predicate::Contains(operand.written().into()),
            Operator::Matches => Predicate::Matches(self.pattern(operand)?),
            Operator::Has | Operator::HasAny => {
                Predicate::Has(Quantifier::Any, self.operands(attribute, items(operand))?)
            }
            Operator::HasAll => Predicate::Has(Quantifier::All, self.operands(attribute, items(operand))?),
        })
    }

    fn case_insensitive(
        &mut self,
        attribute: &Attribute,
        operator: TextOperator,
        operand: &Node,
    ) -> Compiled<Predicate> {
        let enum_check = match operator {
            TextOperator::Equals => EnumCheck::IgnoreCase,
            TextOperator::StartsWith | TextOperator::EndsWith | TextOperator::Contains | TextOperator::Matches => {
                EnumCheck::None
            }
        };
        let texts = self.texts(attribute, items(operand), enum_check)?;
        if operator == TextOperator::Matches {
            self.pattern(operand)?;
        }
        let folded = Folded::new(operator, texts.into());
        Ok(Predicate::Folded(folded.map_err(|error| self.report_invalid_pattern(operand, &error.to_string()))?))
    }

    fn comparison(&mut self, attribute: &Attribute, comparison: Comparison, node: &Node) -> Compiled<Predicate> {
        Ok(Predicate::Compare(comparison, self.ordered_operand(attribute, node)?))
    }

    fn report_unfit(&mut self, attribute: &Attribute, operation: &Operation) -> Broken {
        let applicable = Operator::ALL.iter().filter(|operator| operator.applies_to(attribute.kind));
        let applicable = quoted_list(applicable.map(|operator| operator.name()));
        let (operator, kind) = (operation.operator.name(), attribute.kind.described());
        let message = format!("`{operator}` does not apply to `{}`, which is {kind}", attribute.name);
        // The short form omits the operator.
        let is_short_form = operation.span == operation.operand.span && matches!(attribute.kind, Type::List(_));
        let help = match &operation.operand.value {
            Value::List(_) if is_short_form => "write `{has_any: […]}` or `{has_all: […]}`".to_owned(),
            _ if is_short_form => format!("write `{{has: {}}}`", operation.operand.written()),
            _ => format!("use one of {applicable}"),
        };
        self.report(Diagnostic::new(Code::UnfitOperator, operation.span, message).help(help))
    }
}

/// Returns the distinct texts in ascending order, so a different order in the file results in the same bundle.
fn distinct(texts: &[Node]) -> impl Iterator<Item = &Node> {
    let mut texts: Vec<&Node> = texts.iter().collect();
    texts.sort_by_key(|text| text.written());
    texts.dedup_by_key(|text| text.written());
    texts.into_iter()
}

/// Returns whether the test holds if the predicate holds, or if the predicate does not hold.
fn polarity(operation: &Operation) -> Polarity {
    match operation.operator {
        Operator::Ne | Operator::NotIn => Polarity::IsNot,
        Operator::Exists => match &operation.operand.value {
            Value::Boolean(false) => Polarity::IsNot,
            _ => Polarity::Is,
        },
        Operator::Eq
        | Operator::In
        | Operator::Lt
        | Operator::Lte
        | Operator::Gt
        | Operator::Gte
        | Operator::StartsWith
        | Operator::EndsWith
        | Operator::Contains
        | Operator::Matches
        | Operator::Has
        | Operator::HasAny
        | Operator::HasAll => Polarity::Is,
    }
}

fn items(operand: &Node) -> &[Node] {
    match &operand.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(operand),
    }
}

/// Returns the text operator that supports `ignore_case`, or `None` if the operator does not support it.
fn text_operator(operator: Operator) -> Option<TextOperator> {
    match operator {
        Operator::Eq | Operator::Ne | Operator::In | Operator::NotIn => Some(TextOperator::Equals),
        Operator::StartsWith => Some(TextOperator::StartsWith),
        Operator::EndsWith => Some(TextOperator::EndsWith),
        Operator::Contains => Some(TextOperator::Contains),
        Operator::Matches => Some(TextOperator::Matches),
        Operator::Lt
        | Operator::Lte
        | Operator::Gt
        | Operator::Gte
        | Operator::Has
        | Operator::HasAny
        | Operator::HasAll
        | Operator::Exists => None,
    }
}
