//! The names of the definitions of a repository, each with a sentence about it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::{NOW, TARGETING_KEY, Type};
use crate::codes::{Adjustable, Code};
use crate::model::{AttributeDeclaration, Flag, Project};
use crate::schema::project::name_kind::NameKind;
use crate::snapshot::Spanned;

/// The maximum number of variants of all flags that are offered where the flag is not known.
const COMMON_VARIANTS: usize = 50;

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// A sentence about it, which may be empty.
    pub description: String,
}

/// The names of a repository.
#[derive(Debug, Clone, Copy)]
pub struct Names<'p> {
    project: &'p Project,
}

impl<'p> Names<'p> {
    /// Returns the names of the definitions.
    pub fn new(project: &'p Project) -> Self {
        Self { project }
    }

    /// Iterates over the declared attributes.
    pub fn attributes(self) -> impl Iterator<Item = &'p AttributeDeclaration> {
        self.project.settings.attributes.iter()
    }

    /// Returns the variants of a flag, or `None` if it does not exist.
    pub fn variants_of(self, key: &str) -> Option<Vec<&'p str>> {
        self.project.flag(key).map(variants)
    }

    /// Iterates over the flags, each with its variants.
    pub(super) fn flags(self) -> impl Iterator<Item = (&'p Flag, Vec<&'p str>)> {
        self.project.flags.iter().map(|flag| (flag, variants(flag)))
    }

    /// Returns the names of a kind. Variants are those of the most flags.
    pub fn of_kind(self, kind: NameKind) -> Vec<Name> {
        let project = self.project;
        let settings = &project.settings;
        match kind {
            NameKind::Attribute => {
                let declared = |name: &str| settings.attributes.iter().any(|attribute| attribute.name.value == name);
                let built_in = [
                    (TARGETING_KEY, "The key of the user or of another unit, a string."),
                    (NOW, "The time of the decision, a datetime."),
                ];
                let built_in = built_in.into_iter().filter(|(name, _)| !declared(name));
                let built_in = built_in.map(|(name, description)| Name::new(name, description.to_owned()));
                settings.attributes.iter().map(attribute).chain(built_in).collect()
            }
            NameKind::StringAttribute => {
                let strings: BTreeSet<&str> = settings
                    .attributes
                    .iter()
                    .filter(|attribute| attribute.kind == Type::String)
                    .map(|attribute| attribute.name.value.as_str())
                    .chain([TARGETING_KEY])
                    .collect();
                let attributes = self.of_kind(NameKind::Attribute);
                attributes.into_iter().filter(|name| strings.contains(name.text.as_str())).collect()
            }
            NameKind::Code => {
                let codes = Code::ALL.iter().filter(|code| code.adjustable() == Adjustable::Yes);
                codes
                    .map(|code| Name::new(code.name(), code.page().lines().next().unwrap_or_default().to_owned()))
                    .collect()
            }
            NameKind::Context => {
                let contexts = project.suites.iter().flat_map(|suite| &suite.contexts);
                plain(contexts.map(|(name, _)| name.value.as_str()))
            }
            NameKind::Environment => plain(settings.environment_names()),
            NameKind::EnvironmentOrGroup => {
                let group = |group: &crate::model::EnvironmentGroup| {
                    Name::new(&group.name.value, format!("The group of {}.", group.names().join(", ")))
                };
                settings
                    .environment_names()
                    .map(|name| Name::new(name, String::new()))
                    .chain(settings.groups.iter().map(group))
                    .collect()
            }
            NameKind::Flag => {
                let flag = |flag: &Flag| Name::new(&flag.key, text(flag.description.as_ref()));
                project.flags.iter().map(flag).collect()
            }
            NameKind::Kind => plain(settings.kinds().iter().map(|kind| kind.name)),
            NameKind::Owner => {
                let flags = project.flags.iter().filter_map(|flag| flag.owner.as_ref());
                let segments = project.segments.iter().filter_map(|segment| segment.owner.as_ref());
                let layers = project.layers.iter().filter_map(|layer| layer.owner.as_ref());
                plain(flags.chain(segments).chain(layers).map(|owner| owner.value.as_str()))
            }
            NameKind::Segment => {
                let segments = project.segments.iter();
                segments.map(|segment| Name::new(&segment.name, text(segment.description.as_ref()))).collect()
            }
            NameKind::Slot => {
                let slots = project.layers.iter().flat_map(|layer| layer.slots.iter().map(move |slot| (layer, slot)));
                slots
                    .map(|(layer, slot)| Name::new(&format!("{}/{}", layer.name, slot.name.value), String::new()))
                    .collect()
            }
            NameKind::Tag => plain(project.flags.iter().flat_map(|flag| &flag.tags).map(|tag| tag.value.as_str())),
            NameKind::Variant | NameKind::VariantOfFlag => {
                let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
                for name in project.flags.iter().flat_map(variants) {
                    *counts.entry(name).or_default() += 1;
                }
                let mut ordered: Vec<_> = counts.into_iter().collect();
                ordered.sort_by_key(|(name, count)| (Reverse(*count), *name));
                let common = ordered.into_iter().take(COMMON_VARIANTS);
                common.map(|(name, _)| Name::new(name, String::new())).collect()
            }
        }
    }
}

impl Name {
    fn new(text: &str, description: String) -> Self {
        Self { text: text.to_owned(), description }
    }
}

fn variants(flag: &Flag) -> Vec<&str> {
    flag.variants.iter().map(|variant| variant.name.value.as_str()).collect()
}

fn text(description: Option<&Spanned<String>>) -> String {
    description.map_or_else(String::new, |description| description.value.clone())
}

/// Returns different names without descriptions, sorted.
fn plain<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Name> {
    let distinct: BTreeSet<&str> = names.collect();
    distinct.into_iter().map(|name| Name::new(name, String::new())).collect()
}

fn attribute(declared: &AttributeDeclaration) -> Name {
    let described = declared.kind.described();
    let description = match &declared.description {
        Some(description) => format!("{} ({described})", description.value),
        None => format!("An attribute: {described}."),
    };
    Name::new(&declared.name.value, description)
}
