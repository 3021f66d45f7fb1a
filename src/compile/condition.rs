//! Conditions with their names resolved.

use crate::bundle::{AttributeId, Condition, FlagId, NOW, SegmentId, VariantId};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::diag::{Diagnostic, did_you_mean};
use crate::model;
use crate::snapshot::Spanned;

impl Compiler<'_> {
    /// Reports everything that is wrong with a condition, not only the first.
    pub(super) fn condition(&mut self, condition: &model::Condition) -> Compiled<Condition> {
        Ok(match condition {
            model::Condition::All(inner) => Condition::All(self.conditions(inner)?),
            model::Condition::Any(inner) => Condition::Any(self.conditions(inner)?),
            model::Condition::Not(inner) => Condition::Not(Box::new(self.condition(inner)?)),
            model::Condition::Segment(names) => {
                let segments = every(names.iter().map(|name| self.segment_condition(name)))?;
                one_or(segments, Condition::Any)
            }
            model::Condition::Flag(flags) => one_or(self.prerequisites(flags)?, Condition::All),
            model::Condition::Attribute { name, operations, ignore_case } => {
                let id = self.attribute(name)?;
                let tests = operations.iter().map(|operation| self.test(id, operation, *ignore_case));
                one_or(every(tests)?, Condition::All)
            }
        })
    }

    fn conditions(&mut self, conditions: &[model::Condition]) -> Compiled<Box<[Condition]>> {
        every(conditions.iter().map(|condition| self.condition(condition))).map(Into::into)
    }

    /// Conditions that other flags serve certain variants.
    pub(super) fn prerequisites(&mut self, flags: &[model::Requirement]) -> Compiled<Vec<Condition>> {
        every(flags.iter().map(|required| self.flag_condition(&required.flag, &required.variants)))
    }

    fn flag_condition(&mut self, key: &Spanned<String>, variants: &[Spanned<String>]) -> Compiled<Condition> {
        let Some(at) = self.find_flag(&key.value) else {
            let keys = self.flags.iter().map(|draft| draft.definition.key.as_str());
            let help = did_you_mean(&key.value, keys);
            let message = format!("there is no flag `{}`", key.value);
            return Err(self.report(Diagnostic::new(Code::UnknownFlag, key.span, message).maybe_help(help)));
        };
        let definition = self.flags.get(at).map(|draft| draft.definition).ok_or(Broken)?;
        let mut variants: Vec<VariantId> = every(variants.iter().map(|name| self.variant(definition, name)))?;
        variants.sort_unstable();
        variants.dedup();
        let known = self.flags.get(at).is_some_and(|draft| draft.complexity.is_some());
        let key = u32::try_from(at).map(FlagId).map_err(|_| Broken)?;
        if known { Ok(Condition::Flag { key, variants: variants.into() }) } else { Err(Broken) }
    }

    fn segment_condition(&mut self, name: &Spanned<String>) -> Compiled<Condition> {
        let Some(at) = self.find_segment(&name.value) else {
            let names = self.segments.iter().map(|draft| draft.definition.name.as_str());
            let help = did_you_mean(&name.value, names)
                .unwrap_or_else(|| format!("define it in `{}/{}.yaml`", model::SEGMENTS, name.value));
            let message = format!("there is no segment `{}`", name.value);
            return Err(self.report(Diagnostic::new(Code::UnknownSegment, name.span, message).help(help)));
        };
        let known = self.segments.get(at).is_some_and(|draft| draft.complexity.is_some());
        let id = u32::try_from(at).map(SegmentId).map_err(|_| Broken)?;
        if known { Ok(Condition::Segment(id)) } else { Err(Broken) }
    }

    pub(super) fn attribute(&mut self, name: &Spanned<String>) -> Compiled<AttributeId> {
        if let Some(id) = self.attributes.find(&name.value) {
            return Ok(id);
        }
        let names = self.attributes.iter().map(|(_, attribute)| attribute.name.as_ref());
        let known = names.chain(model::RESERVED).filter(|name| *name != NOW);
        let help = did_you_mean(&name.value, known)
            .unwrap_or_else(|| format!("declare it in `flagctl.yaml`, under `attributes`: `{}: string`", name.value));
        let message = format!("there is no attribute `{}`", name.value);
        Err(self.report(Diagnostic::new(Code::UnknownAttribute, name.span, message).help(help)))
    }
}

/// All of them, each tried even after one has failed.
fn every<T>(parts: impl Iterator<Item = Compiled<T>>) -> Compiled<Vec<T>> {
    let mut sound = true;
    let mut found = Vec::new();
    for part in parts {
        match part {
            Ok(part) => found.push(part),
            Err(Broken) => sound = false,
        }
    }
    if sound { Ok(found) } else { Err(Broken) }
}

fn one_or(mut conditions: Vec<Condition>, join: impl FnOnce(Box<[Condition]>) -> Condition) -> Condition {
    match conditions.len() {
        1 => conditions.swap_remove(0),
        _ => join(conditions.into()),
    }
}
