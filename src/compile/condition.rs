//! Resolves the names in conditions to indices and compiles their tests.

use crate::bundle::{AttributeId, Condition, FlagId, NOW, SegmentId, VariantId};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::diag::{Diagnostic, unknown_flag, unknown_name};
use crate::model;
use crate::snapshot::Spanned;

impl Compiler<'_> {
    /// Compiles a condition. Reports all of its problems, not only the first.
    pub(super) fn condition(&mut self, condition: &model::Condition) -> Compiled<Condition> {
        self.check_problems()?;
        Ok(match condition {
            model::Condition::All(inner) => Condition::All(self.conditions(inner)?),
            model::Condition::Any(inner) => Condition::Any(self.conditions(inner)?),
            model::Condition::Not(inner) => Condition::Not(Box::new(self.condition(inner)?)),
            model::Condition::Segment(names) => {
                let segments = collect_all(names.iter().map(|name| self.segment_condition(name)))?;
                join(segments, Condition::Any)
            }
            model::Condition::Flag(flags) => join(self.prerequisites(flags)?, Condition::All),
            model::Condition::Attribute { name, operations, ignore_case } => {
                let id = self.attribute(name)?;
                let tests = operations.iter().map(|operation| self.test(id, operation, *ignore_case));
                join(collect_all(tests)?, Condition::All)
            }
        })
    }

    fn conditions(&mut self, conditions: &[model::Condition]) -> Compiled<Box<[Condition]>> {
        collect_all(conditions.iter().map(|condition| self.condition(condition))).map(Into::into)
    }

    /// Compiles requirements that other flags serve certain variants.
    pub(super) fn prerequisites(&mut self, flags: &[model::Requirement]) -> Compiled<Vec<Condition>> {
        collect_all(flags.iter().map(|required| self.flag_condition(&required.flag, &required.variants)))
    }

    fn flag_condition(&mut self, key: &Spanned<String>, variants: &[Spanned<String>]) -> Compiled<Condition> {
        self.check_problems()?;
        let Some(index) = self.find_flag(&key.value) else {
            let keys = self.flags.iter().map(|draft| draft.definition.key.as_str()).take(self.compared_names());
            let diagnostic = unknown_flag(key.span, &key.value, keys);
            return Err(self.report(diagnostic));
        };
        let definition = self.flags.get(index).map(|draft| draft.definition).ok_or(Broken)?;
        if let Some(shadowed) = &definition.shadowed {
            let message =
                format!("`{}` is the shadow of `{}`, on which no decision may depend", key.value, shadowed.flag);
            let help = "refer to the flag, or remove the reference";
            return Err(self.report(Diagnostic::new(Code::UnfitShadow, key.span, message).help(help)));
        }
        let mut variants: Vec<VariantId> = collect_all(variants.iter().map(|name| self.variant(definition, name)))?;
        variants.sort_unstable();
        variants.dedup();
        let is_compiled = self.flags.get(index).is_some_and(|draft| draft.complexity.is_some());
        let key = u32::try_from(index).map(FlagId).map_err(|_| Broken)?;
        if is_compiled { Ok(Condition::Flag { key, variants: variants.into() }) } else { Err(Broken) }
    }

    fn segment_condition(&mut self, name: &Spanned<String>) -> Compiled<Condition> {
        self.check_problems()?;
        let Some(index) = self.find_segment(&name.value) else {
            let names = self.segments.iter().map(|draft| draft.definition.name.as_str()).take(self.compared_names());
            let mut diagnostic = unknown_name(Code::UnknownSegment, name.span, &name.value, "a segment", names);
            diagnostic.help.get_or_insert_with(|| format!("define it in `{}/{}.yaml`", model::SEGMENTS, name.value));
            return Err(self.report(diagnostic));
        };
        let is_compiled = self.segments.get(index).is_some_and(|draft| draft.complexity.is_some());
        let id = u32::try_from(index).map(SegmentId).map_err(|_| Broken)?;
        if is_compiled { Ok(Condition::Segment(id)) } else { Err(Broken) }
    }

    pub(super) fn attribute(&mut self, name: &Spanned<String>) -> Compiled<AttributeId> {
        if let Some(id) = self.attributes.find(&name.value) {
            return Ok(id);
        }
        let names = self.attributes.iter().map(|(_, attribute)| attribute.name.as_ref());
        let known = names.chain(model::RESERVED).filter(|name| *name != NOW).take(self.compared_names());
        let mut diagnostic = unknown_name(Code::UnknownAttribute, name.span, &name.value, "an attribute", known);
        let declare = || format!("declare it in `flagctl.yaml`, under `attributes`: `{}: string`", name.value);
        diagnostic.help.get_or_insert_with(declare);
        Err(self.report(diagnostic))
    }
}

/// Collects the results. Evaluates all of them even if one has failed, because every problem must be reported.
pub(super) fn collect_all<T>(parts: impl Iterator<Item = Compiled<T>>) -> Compiled<Vec<T>> {
    let mut has_errors = false;
    let mut found = Vec::new();
    for part in parts {
        match part {
            Ok(part) => found.push(part),
            Err(Broken) => has_errors = true,
        }
    }
    if has_errors { Err(Broken) } else { Ok(found) }
}

/// Returns the only condition, or joins several.
pub(super) fn join(
    mut conditions: Vec<Condition>,
    connective: impl FnOnce(Box<[Condition]>) -> Condition,
) -> Condition {
    match conditions.len() {
        1 => conditions.swap_remove(0),
        _ => connective(conditions.into()),
    }
}
