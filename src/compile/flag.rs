//! Compiles segments and flags: variants, unit, state, and the check that limits the work of a decision.

use crate::bundle::{
    AttributeId, Bucketer, Complexity, Condition, Flag, FlagId, Percent, Segment, SegmentId, State, Type, Variant,
    VariantId,
};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::diag::{Diagnostic, unknown_name};
use crate::model;
use crate::model::EffectiveServing;
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Completeness, Node, Value};

impl<'p> Compiler<'p> {
    /// Compiles the segment with this index and keeps it if it has no errors.
    pub(super) fn segment(&mut self, index: usize) {
        let Some(definition) = self.segments.get(index).map(|draft| draft.definition) else { return };
        self.begin_definition();
        let everyone = Ok(Condition::All([].into()));
        let condition = definition.condition.as_ref().map_or(everyone, |condition| self.condition(&condition.value));
        let Ok(condition) = condition else { return };
        if definition.completeness == Completeness::Incomplete {
            return;
        }
        let name = definition.name.as_str().into();
        if let Ok(complexity) = self.bounded_complexity([&condition], definition.start, &definition.name)
            && let Some(draft) = self.segments.get_mut(index)
        {
            (draft.complexity, draft.compiled) = (Some(complexity), Some(Segment { name, condition }));
        }
    }

    /// Compiles the flag with this index and keeps it if it has no errors.
    pub(super) fn flag(&mut self, index: usize) {
        let Some(definition) = self.flags.get(index).map(|draft| draft.definition) else { return };
        self.begin_definition();
        let Some(serving) = self.servings.get(index).cloned() else { return };
        let Ok(flag) = self.build(definition, &serving) else { return };
        // An incomplete flag is not compiled, because its decisions would ignore the parts that could not be read.
        if definition.completeness == Completeness::Incomplete {
            return;
        }
        if let Ok(complexity) = self.bounded_complexity(flag.conditions(), definition.start, &definition.key)
            && let Some(draft) = self.flags.get_mut(index)
        {
            (draft.complexity, draft.compiled) = (Some(complexity), Some(flag));
        }
    }

    fn bounded_complexity<'c>(
        &mut self,
        conditions: impl IntoIterator<Item = &'c Condition>,
        span: Span,
        name: &str,
    ) -> Compiled<Complexity> {
        let segment = |id: SegmentId| self.segments.get(id.0 as usize)?.complexity;
        let flag = |id: FlagId| self.flags.get(id.0 as usize)?.complexity;
        let complexities = conditions.into_iter().map(|condition| Complexity::compute(condition, &segment, &flag));
        let complexity = complexities
            .collect::<Option<Vec<_>>>()
            .ok_or(Broken)?
            .into_iter()
            .fold(Complexity::default(), Complexity::combine);
        if !complexity.is_excessive() {
            return Ok(complexity);
        }
        let message = if complexity.depth > Complexity::DEPTH {
            format!("`{name}` is nested {} levels deep, including its segments and prerequisites", complexity.depth)
        } else {
            format!(
                "`{name}` needs {} tests for a decision, including its segments and prerequisites",
                complexity.tests
            )
        };
        let help = format!("the limits are {} levels and {} tests", Complexity::DEPTH, Complexity::TESTS);
        Err(self.report(Diagnostic::new(Code::TooComplex, span, message).help(help)))
    }

    /// Compiles a flag. Reports all its errors, not only the first.
    fn build(&mut self, definition: &'p model::Flag, serving: &EffectiveServing<'p>) -> Compiled<Flag> {
        let variants = self.variants(definition);
        let find = |compiler: &mut Self, name: Option<&Spanned<String>>| match name {
            Some(name) => compiler.variant(definition, name),
            None => Err(Broken),
        };
        let off = find(self, serving.off);
        let default = find(self, serving.default);
        let unit = serving.unit.map_or(Ok(AttributeId::TARGETING_KEY), |unit| self.unit(unit));
        let prerequisites = self.prerequisites(serving.requires);
        let rules = self.rules(definition, serving);
        // The entries of a shadow are those of its flag.
        let entries = if definition.shadowed.is_none() { self.environment_entries(definition) } else { Ok(()) };
        self.guard(definition, serving);
        self.shadow(definition);
        self.experiment(definition, serving);
        let salt = serving.salt.map_or(definition.key.as_str(), |salt| salt.value.as_str());
        entries?;
        Ok(Flag {
            key: definition.key.as_str().into(),
            metadata: definition.metadata.iter().map(|(key, value)| (key.value.clone(), value.to_json())).collect(),
            client: definition.client.as_ref().is_some_and(|client| client.value),
            variants: variants?,
            off: off?,
            default: default?,
            state: self.state(definition, serving)?,
            prerequisites: prerequisites?,
            rules: rules?,
            unit: unit?,
            bucketer: Bucketer::new(self.project.settings.bucketing, salt),
        })
    }

    fn variants(&mut self, definition: &model::Flag) -> Compiled<Vec<Variant>> {
        let mut has_errors = false;
        if let Some(first) = definition.variants.first() {
            for variant in &definition.variants {
                let (first_type, own_type) = (value_type(&first.value), value_type(&variant.value));
                if first_type != own_type {
                    has_errors = true;
                    let message =
                        format!("`{}` is {own_type}, but `{}` is {first_type}", variant.name.value, first.name.value);
                    self.report(
                        Diagnostic::new(Code::MixedVariants, variant.value.span, message)
                            .related(first.value.span, format!("{first_type} here"))
                            .help("give all variants values of the same type, because an application expects one type"),
                    );
                }
            }
        }
        let variant = |variant: &model::Variant| Variant {
            name: variant.name.value.as_str().into(),
            value: variant.value.to_json(),
        };
        if has_errors || definition.variants.is_empty() {
            return Err(Broken);
        }
        Ok(definition.variants.iter().map(variant).collect())
    }

    pub(super) fn variant(&mut self, definition: &model::Flag, name: &Spanned<String>) -> Compiled<VariantId> {
        let index = definition.variants.iter().position(|variant| variant.name.value == name.value);
        if let Some(index) = index.and_then(|index| u16::try_from(index).ok()) {
            return Ok(VariantId(index));
        }
        if definition.completeness == Completeness::Incomplete {
            return Err(Broken);
        }
        let names = definition.variants.iter().map(|variant| variant.name.value.as_str());
        let kind = format!("a variant of `{}`", definition.key);
        let diagnostic = unknown_name(Code::UnknownVariant, name.span, &name.value, &kind, []);
        Err(self.report(diagnostic.suggest_or_list(&name.value, "its variants are", names)))
    }

    /// Returns the attribute that a flag or a rule names as its unit.
    pub(super) fn unit(&mut self, unit: &Spanned<String>) -> Compiled<AttributeId> {
        let id = self.attribute(unit)?;
        match self.attributes.get(id).map(|attribute| attribute.kind) {
            Some(Type::String) => Ok(id),
            kind => {
                let kind = kind.map_or("a value", Type::described);
                let message = format!("expected a string as the unit, found `{}`, which is {kind}", unit.value);
                let help = "declare the attribute as a string, and send its values as strings";
                Err(self.report(Diagnostic::new(Code::UnfitUnit, unit.span, message).help(help)))
            }
        }
    }

    fn state(&self, definition: &model::Flag, serving: &EffectiveServing<'p>) -> Compiled<State> {
        let enabled = serving.enabled.is_none_or(|enabled| enabled.value);
        // A shadow is killed with its flag, and only with it.
        let shadowed = definition.shadowed.as_ref();
        let killed = shadowed.map_or(&definition.key, |shadowed| &shadowed.flag);
        if let Some(kill) = self.kills.get(killed.as_str()) {
            let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.as_str().into());
            return Ok(State::Killed {
                reason: text(&kill.reason).unwrap_or_default(),
                by: text(&kill.by),
                at: text(&kill.at),
                expires: kill.expires.as_ref().map(|expires| expires.value.to_string().into()),
                // A disabled flag serves `off` to everyone without the kill, so there is nothing to keep. A shadow has
                // other buckets than its flag, and a flag that does harm needs no shadow.
                admit: if enabled && shadowed.is_none() { kill.admits() } else { Percent::ZERO },
            });
        }
        Ok(if enabled { State::Enabled } else { State::Disabled })
    }
}

fn value_type(node: &Node) -> &'static str {
    match node.value {
        Value::Boolean(_) | Value::Number(..) | Value::Text(_) => node.type_name(),
        _ => "JSON",
    }
}
