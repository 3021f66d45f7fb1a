//! From definitions to what one environment serves.
//!
//! Takes a [`Project`] and the name of an environment; gives its [`Bundle`], and diagnostics for names that
//! refer to nothing and values that mean nothing.
//!
//! **Invariant:** a flag that cannot be compiled is left out, with those that depend on it, and no other.
//! **Invariant:** the bundle depends on what the definitions say, not on files, places or order of reading.

mod condition;
mod operand;
mod order;
mod rule;
mod standalone_condition;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use crate::compile::standalone_condition::conditions;

use crate::bundle::{
    Attribute, AttributeId, Attributes, Bucketer, Bundle, Condition, Flag, FlagId, Segment, SegmentId, State,
    TARGETING_KEY, Type, Variant, VariantId, Weight,
};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::model;
use crate::model::{Effective, Project};
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Completeness, Node, Value};

/// Compiles one environment, which the project need not declare.
pub fn compile(project: &Project, environment: &str) -> (Bundle, Diagnostics) {
    let mut compiler = Compiler::new(project, environment);
    compiler.check_names();
    for item in compiler.order() {
        match item {
            Item::Segment(at) => compiler.segment(at),
            Item::Flag(at) => compiler.flag(at),
        }
    }
    compiler.finish()
}

/// Compiles several environments on all cores, and returns them in the order of their names in `environments`.
pub fn compile_environments(project: &Project, environments: &[&str]) -> Vec<(Bundle, Diagnostics)> {
    environments.par_iter().map(|environment| compile(project, environment)).collect()
}

/// Something that refers to others and is referred to: by its place in [`Compiler`]'s lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Segment(usize),
    Flag(usize),
}

/// A definition on its way into the bundle.
struct Draft<'p, D, C> {
    definition: &'p D,
    /// Once it is compiled without error.
    weight: Option<Weight>,
    /// What goes into the bundle.
    compiled: Option<C>,
}

struct Compiler<'p> {
    project: &'p Project,
    environment: &'p str,
    attributes: Attributes,
    /// Distinct in name, ascending.
    segments: Vec<Draft<'p, model::Segment, Segment>>,
    /// Distinct in key, ascending.
    flags: Vec<Draft<'p, model::Flag, Flag>>,
    servings: Vec<Effective<'p>>,
    kills: BTreeMap<&'p str, &'p model::Kill>,
    diagnostics: Diagnostics,
}

/// A part could not be compiled, and a diagnostic says why, here or at what it depends on.
struct Broken;

type Compiled<T> = Result<T, Broken>;

impl<'p> Compiler<'p> {
    fn new(project: &'p Project, environment: &'p str) -> Self {
        let attribute = |declared: &model::AttributeDeclaration| Attribute {
            name: declared.name.value.as_str().into(),
            kind: declared.kind,
            allowed: declared.allowed.as_ref().map(|all| all.iter().map(|one| one.value.as_str().into()).collect()),
        };
        let mut segments: Vec<_> =
            project.segments.iter().map(|definition| Draft { definition, weight: None, compiled: None }).collect();
        segments.sort_by_key(|draft| &draft.definition.name);
        segments.dedup_by_key(|draft| &draft.definition.name);
        let mut flags: Vec<_> =
            project.flags.iter().map(|definition| Draft { definition, weight: None, compiled: None }).collect();
        flags.sort_by_key(|draft| &draft.definition.key);
        flags.dedup_by_key(|draft| &draft.definition.key);
        let servings = flags.iter().map(|draft| draft.definition.serving(environment)).collect();
        let here = project.kills.iter().filter(|kill| kill.environment == environment);
        Self {
            project,
            environment,
            attributes: Attributes::new(project.settings.attributes.iter().map(attribute)),
            segments,
            flags,
            servings,
            kills: here.map(|kill| (kill.flag.as_str(), kill)).collect(),
            diagnostics: Vec::new(),
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) -> Broken {
        self.diagnostics.push(diagnostic);
        Broken
    }

    /// Names that are the same for every environment.
    fn check_names(&mut self) {
        let project = self.project;
        let environments = || project.settings.environment_names();
        let unknown = |name: &str, span| {
            let message = format!("`{name}` is not an environment of this project");
            let help = did_you_mean(name, environments())
                .unwrap_or_else(|| format!("the environments are {}", environments().collect::<Vec<_>>().join(", ")));
            Diagnostic::new(Code::UnknownEnvironment, span, message).help(help)
        };
        for attribute in &project.settings.attributes {
            let name = attribute.name.value.as_str();
            if model::RESERVED.contains(&name) || name == crate::bundle::NOW {
                let message = format!("`{name}` has a meaning of its own in conditions");
                self.report(
                    Diagnostic::new(Code::ReservedName, attribute.name.span, message).help("choose another name"),
                );
            }
            if name == TARGETING_KEY && attribute.kind != Type::String {
                let message = format!("`{TARGETING_KEY}` is always a string, not {}", attribute.kind.described());
                self.report(Diagnostic::new(Code::UnfitUnit, attribute.name.span, message));
            }
        }
        for flag in &project.flags {
            for (name, _) in &flag.environments {
                if !environments().any(|known| known == name.value) {
                    self.report(unknown(&name.value, name.span));
                }
            }
        }
        for kill in &project.kills {
            if !environments().any(|known| known == kill.environment) {
                self.report(unknown(&kill.environment, kill.start));
            }
            if self.flags.binary_search_by(|draft| draft.definition.key.cmp(&kill.flag)).is_err() {
                let keys = self.flags.iter().map(|draft| draft.definition.key.as_str());
                let help = did_you_mean(&kill.flag, keys).unwrap_or_else(|| "remove the file".to_owned());
                let message = format!("there is no flag `{}` to kill", kill.flag);
                self.report(Diagnostic::new(Code::UnknownFlag, kill.start, message).help(help));
            }
        }
    }

    fn segment(&mut self, at: usize) {
        let Some(definition) = self.segments.get(at).map(|draft| draft.definition) else { return };
        let Some(condition) = &definition.condition else { return };
        let Ok(condition) = self.condition(&condition.value) else { return };
        if definition.whole == Completeness::Incomplete {
            return;
        }
        let name = definition.name.as_str().into();
        if let Ok(weight) = self.weigh([&condition], definition.start, &definition.name)
            && let Some(draft) = self.segments.get_mut(at)
        {
            (draft.weight, draft.compiled) = (Some(weight), Some(Segment { name, condition }));
        }
    }

    fn flag(&mut self, at: usize) {
        let Some(definition) = self.flags.get(at).map(|draft| draft.definition) else { return };
        let Some(serving) = self.servings.get(at).copied() else { return };
        let Ok(flag) = self.build(definition, &serving) else { return };
        // What could not be read would be decided as though nobody had written it.
        if definition.whole == Completeness::Incomplete {
            return;
        }
        if let Ok(weight) = self.weigh(flag.conditions(), definition.start, &definition.key)
            && let Some(draft) = self.flags.get_mut(at)
        {
            (draft.weight, draft.compiled) = (Some(weight), Some(flag));
        }
    }

    fn weigh<'c>(
        &mut self,
        conditions: impl IntoIterator<Item = &'c Condition>,
        span: Span,
        name: &str,
    ) -> Compiled<Weight> {
        let segment = |id: SegmentId| self.segments.get(id.0 as usize)?.weight;
        let flag = |id: FlagId| self.flags.get(id.0 as usize)?.weight;
        let each = conditions.into_iter().map(|condition| Weight::of(condition, &segment, &flag));
        let weight =
            each.collect::<Option<Vec<_>>>().ok_or(Broken)?.into_iter().fold(Weight::default(), Weight::beside);
        if !weight.excessive() {
            return Ok(weight);
        }
        let message = if weight.depth > Weight::DEPTH {
            format!("`{name}` nests {} levels deep, segments and prerequisites included", weight.depth)
        } else {
            format!("`{name}` takes {} tests to decide, segments and prerequisites included", weight.tests)
        };
        let help = format!("at most {} levels and {} tests are evaluated", Weight::DEPTH, Weight::TESTS);
        Err(self.report(Diagnostic::new(Code::TooComplex, span, message).help(help)))
    }

    /// Reports everything that is wrong with a flag, not only the first.
    fn build(&mut self, definition: &'p model::Flag, serving: &Effective<'p>) -> Compiled<Flag> {
        let variants = self.variants(definition);
        let find = |compiler: &mut Self, name: Option<&Spanned<String>>| match name {
            Some(name) => compiler.variant(definition, name),
            None => Err(Broken),
        };
        let off = find(self, serving.off);
        let default = find(self, serving.default);
        let unit = self.unit(serving);
        let prerequisites = self.prerequisites(serving.requires);
        let rules = self.rules(definition, serving.rules);
        let salt = serving.salt.map_or(definition.key.as_str(), |salt| salt.value.as_str());
        Ok(Flag {
            key: definition.key.as_str().into(),
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
        let mut sound = true;
        if let Some(first) = definition.variants.first() {
            for variant in &definition.variants {
                let (kind, other) = (value_type(&first.value), value_type(&variant.value));
                if kind != other {
                    sound = false;
                    let message = format!("`{}` is {other}, and `{}` is {kind}", variant.name.value, first.name.value);
                    self.report(
                        Diagnostic::new(Code::MixedVariants, variant.value.span, message)
                            .related(first.value.span, format!("{kind} here"))
                            .help("an application asks for one type: give all variants values of it"),
                    );
                }
            }
        }
        let variant = |variant: &model::Variant| Variant {
            name: variant.name.value.as_str().into(),
            value: variant.value.to_json(),
        };
        if !sound || definition.variants.is_empty() {
            return Err(Broken);
        }
        Ok(definition.variants.iter().map(variant).collect())
    }

    fn variant(&mut self, definition: &model::Flag, name: &Spanned<String>) -> Compiled<VariantId> {
        let at = definition.variants.iter().position(|variant| variant.name.value == name.value);
        if let Some(at) = at.and_then(|at| u16::try_from(at).ok()) {
            return Ok(VariantId(at));
        }
        if definition.whole == Completeness::Incomplete {
            return Err(Broken);
        }
        let names = || definition.variants.iter().map(|variant| variant.name.value.as_str());
        let message = format!("`{}` has no variant `{}`", definition.key, name.value);
        let help = did_you_mean(&name.value, names())
            .unwrap_or_else(|| format!("its variants are {}", names().collect::<Vec<_>>().join(", ")));
        Err(self.report(Diagnostic::new(Code::UnknownVariant, name.span, message).help(help)))
    }

    fn unit(&mut self, serving: &Effective<'p>) -> Compiled<AttributeId> {
        let Some(unit) = serving.unit else { return Ok(AttributeId::TARGETING_KEY) };
        let id = self.attribute(unit)?;
        match self.attributes.get(id).map(|attribute| attribute.kind) {
            Some(Type::String) => Ok(id),
            kind => {
                let kind = kind.map_or("a value", Type::described);
                let message = format!("`{}` is {kind}; a unit is a string", unit.value);
                let help = "declare the attribute as a string, and send it as one";
                Err(self.report(Diagnostic::new(Code::UnfitUnit, unit.span, message).help(help)))
            }
        }
    }

    fn state(&self, definition: &model::Flag, serving: &Effective<'p>) -> Compiled<State> {
        if let Some(kill) = self.kills.get(definition.key.as_str()) {
            let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.as_str().into());
            return Ok(State::Killed {
                reason: text(&kill.reason).unwrap_or_default(),
                by: text(&kill.by),
                at: text(&kill.at),
            });
        }
        let enabled = serving.enabled.is_none_or(|enabled| enabled.value);
        Ok(if enabled { State::Enabled } else { State::Disabled })
    }

    /// Leaves out what is broken and gives what stays its place in the bundle.
    fn finish(self) -> (Bundle, Diagnostics) {
        let numbered = |sound: Vec<bool>| {
            let mut next = 0u32;
            let number = |sound: bool| {
                let own = next;
                next += u32::from(sound);
                own
            };
            sound.into_iter().map(number).collect::<Vec<u32>>()
        };
        // Segments stand in the order of their names until now, and must follow those that they refer to.
        let mut depths: Vec<(u32, usize)> = Vec::new();
        for (at, draft) in self.segments.iter().enumerate() {
            if let Some(weight) = draft.weight {
                depths.push((weight.depth, at));
            }
        }
        depths.sort_unstable();
        let mut places = vec![0u32; self.segments.len()];
        for (place, (_, at)) in (0u32..).zip(&depths) {
            if let Some(slot) = places.get_mut(*at) {
                *slot = place;
            }
        }
        let flags = numbered(self.flags.iter().map(|draft| draft.compiled.is_some()).collect());
        let renumber = order::Renumber { segments: &places, flags: &flags };
        let mut drafts: Vec<_> = self.segments.into_iter().map(|draft| draft.compiled).collect();
        let mut segments = Vec::with_capacity(depths.len());
        for (_, at) in depths {
            if let Some(mut segment) = drafts.get_mut(at).and_then(Option::take) {
                renumber.condition(&mut segment.condition);
                segments.push(segment);
            }
        }
        let compiled = self.flags.into_iter().filter_map(|draft| draft.compiled);
        let flags = compiled.map(|mut flag| {
            let rules = flag.rules.iter_mut().filter_map(|rule| rule.condition.as_mut());
            flag.prerequisites.iter_mut().chain(rules).for_each(|condition| renumber.condition(condition));
            flag
        });
        let bundle = Bundle {
            environment: self.environment.into(),
            bucketing: self.project.settings.bucketing,
            attributes: self.attributes,
            segments,
            flags: flags.collect(),
        };
        (bundle, self.diagnostics)
    }
}

fn value_type(node: &Node) -> &'static str {
    match node.value {
        Value::Boolean(_) | Value::Number(..) | Value::Text(_) => node.type_name(),
        _ => "JSON",
    }
}
