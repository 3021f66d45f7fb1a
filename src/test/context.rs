//! Reads the contexts that test files define, and resolves the names of contexts.
//!
//! **Invariant:** every value has the type of its attribute, and is an allowed value if the attribute is an enum.

use std::sync::Arc;

use crate::bundle::{Attribute, AttributeId, NOW, Type};
use crate::codes::Code;
use crate::diag::{Advice, Diagnostic, unknown_name};
use crate::eval::{Context, Value};
use crate::model::{Case, Subject, Suite};
use crate::snapshot::{Span, Spanned};
use crate::test::resolver::Resolver;
use crate::yaml;
use crate::yaml::Node;

/// A context and its name.
#[derive(Debug, Clone)]
pub(super) struct NamedContext<'p> {
    pub(super) name: Option<&'p str>,
    /// The context, or `None` if it has an error, which is reported.
    pub(super) context: Option<Arc<Context<'static>>>,
}

impl<'p> Resolver<'p> {
    /// Returns the contexts that the file defines.
    pub(super) fn suite_contexts(&mut self, suite: &'p Suite) -> Vec<NamedContext<'p>> {
        let mut contexts = Vec::with_capacity(suite.contexts.len());
        for (name, node) in &suite.contexts {
            contexts.push(NamedContext { name: Some(&name.value), context: self.context(node).map(Arc::new) });
        }
        contexts
    }

    /// Returns the contexts of a case: an inline context, contexts of the file, or the empty context.
    pub(super) fn case_contexts(&mut self, case: &'p Case, named: &[NamedContext<'p>]) -> Vec<NamedContext<'p>> {
        match &case.context {
            Subject::Empty => {
                vec![NamedContext { name: None, context: Some(Arc::new(Context::empty(self.attributes))) }]
            }
            Subject::Written(node) => vec![NamedContext { name: None, context: self.context(node).map(Arc::new) }],
            Subject::Named(names) => names.iter().map(|name| self.named_context(name, named)).collect(),
        }
    }

    /// Returns the file's context with this name, or reports that it does not exist.
    pub(super) fn named_context(
        &mut self,
        name: &'p Spanned<String>,
        contexts: &[NamedContext<'p>],
    ) -> NamedContext<'p> {
        if let Some(context) = contexts.iter().find(|context| context.name == Some(name.value.as_str())) {
            return context.clone();
        }
        let names = contexts.iter().filter_map(|context| context.name);
        let mut diagnostic = unknown_name(Code::UnknownContext, name.span, &name.value, "a context", names);
        diagnostic.help.get_or_insert_with(|| "define it in `contexts` of this file".to_owned());
        self.report(diagnostic);
        NamedContext { name: Some(&name.value), context: None }
    }

    /// Reads a mapping whose nested or dotted keys are attribute names. Returns `None` if the mapping has an error.
    fn context(&mut self, node: &Node) -> Option<Context<'static>> {
        let mut context = Context::empty(self.attributes);
        self.attributes_below(node, "", &mut context).then_some(context)
    }

    fn attributes_below(&mut self, node: &Node, path: &str, context: &mut Context<'static>) -> bool {
        let mut all_valid = true;
        for entry in node.entries() {
            let name = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            let nested = matches!(&entry.value.value, yaml::Value::Map(inner) if !inner.is_empty());
            all_valid &= match self.attributes.find(&name) {
                None if nested => self.attributes_below(&entry.value, &name, context),
                _ => match self.value(&name, entry.key_span, &entry.value) {
                    Some((id, _)) if *context.value(id) != Value::Absent => {
                        let message = format!("`{name}` is given twice");
                        self.report(Diagnostic::new(Code::DuplicateKey, entry.key_span, message));
                        false
                    }
                    Some((id, value)) => {
                        context.set(id, value);
                        true
                    }
                    None => {
                        // A nested key is only the end of the name, which a fix would write there.
                        let last = self.diagnostics.last_mut().filter(|last| last.code == Code::UnknownAttribute);
                        if let Some(unknown) = last.filter(|_| !path.is_empty()) {
                            unknown.fix = None;
                        }
                        false
                    }
                },
            };
        }
        all_valid
    }

    /// Reads a value of the named attribute. Reports a value that does not have the attribute's type or is not an
    /// allowed value, and returns `None` for it.
    pub(super) fn value(&mut self, name: &str, span: Span, node: &Node) -> Option<(AttributeId, Value<'static>)> {
        let Some((id, attribute)) = self.attributes.find(name).and_then(|id| Some((id, self.attributes.get(id)?)))
        else {
            let names = self.attributes.iter().map(|(_, attribute)| attribute.name.as_ref());
            let names = names.filter(|name| *name != NOW);
            let mut diagnostic = unknown_name(Code::UnknownAttribute, span, name, "an attribute", names);
            diagnostic.help.get_or_insert_with(|| "declare it in `flagctl.yaml`, under `attributes`".to_owned());
            self.report(diagnostic);
            return None;
        };
        if id == AttributeId::NOW {
            let message = format!("`{NOW}` is the time of the decision; a context cannot set it");
            let help = "write `now: TIME` beside the case, or at the top of the file";
            self.report(Diagnostic::new(Code::InvalidValue, span, message).help(help));
            return None;
        }
        match Value::from_json(attribute, &node.to_json()) {
            Value::Unusable(_) => {
                self.report(unusable(attribute, node));
                None
            }
            value => Some((id, value.into_owned())),
        }
    }
}

/// Builds the diagnostic for a value that does not have the attribute's type or is not an allowed value.
fn unusable(attribute: &Attribute, node: &Node) -> Diagnostic {
    let name = &attribute.name;
    let outside = attribute.allowed.as_ref().and_then(|allowed| {
        let items = match &node.value {
            yaml::Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let outside =
            |item: &&Node| item.as_text().is_some_and(|text| !allowed.iter().any(|value| value.as_ref() == text));
        Some((items.iter().find(outside)?, allowed))
    });
    if let Some((item, allowed)) = outside {
        let values = allowed.iter().map(AsRef::as_ref);
        let message = format!("`{}` is not a value of `{name}`", item.written());
        let diagnostic = Diagnostic::new(Code::OutsideEnum, item.span, message);
        return diagnostic.suggest_or_list(item.written(), "its values are", values);
    }
    let (code, example) = match attribute.kind {
        Type::Semver => (Code::InvalidSemver, "a version such as `2.4.0`"),
        Type::Version => (Code::InvalidVersion, "a version such as `17.4`"),
        Type::Datetime => (Code::InvalidDatetime, "a datetime with an offset, such as `2026-11-22T11:02:00Z`"),
        Type::Ip => (Code::InvalidNetwork, "an address such as `192.0.2.1`"),
        kind @ (Type::Boolean | Type::Number | Type::String | Type::List(_)) => (Code::WrongOperand, kind.described()),
    };
    let is_scalar = !matches!(node.value, yaml::Value::Map(_) | yaml::Value::List(_) | yaml::Value::Null);
    let message = format!("expected {example} for `{name}`, found {}", node.described());
    let quote = attribute.kind == Type::String && is_scalar;
    let help = || format!("write `\"{}\"` to make it a string", node.written());
    let advice = quote.then(|| Advice::text_with_help(help(), node.span, node.written()));
    Diagnostic::new(code, node.span, message).advice(advice)
}
