//! The state of the compilation of one environment, and the lookup of names in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::{Attribute, Attributes, Complexity, Flag, Segment};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model;
use crate::model::{EffectiveServing, Project};

/// A definition, identified by its index in the lists of [`Compiler`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Segment(usize),
    Flag(usize),
}

/// A definition that is being compiled.
pub(super) struct Draft<'p, D, C> {
    pub(super) definition: &'p D,
    /// The complexity, which is set when the definition was compiled without an error.
    pub(super) complexity: Option<Complexity>,
    pub(super) compiled: Option<C>,
}

/// The state of the compilation of one environment. Each file of this module contains its methods for one topic.
pub(super) struct Compiler<'p> {
    pub(super) project: &'p Project,
    pub(super) environment: &'p str,
    /// Shared, because an attribute may have thousands of allowed values.
    pub(super) attributes: Arc<Attributes>,
    /// The definitions are sorted by name and have no duplicates.
    pub(super) segments: Vec<Draft<'p, model::Segment, Segment>>,
    /// The definitions are sorted by key and have no duplicates.
    pub(super) flags: Vec<Draft<'p, model::Flag, Flag>>,
    /// The layers, sorted by name, without duplicates.
    pub(super) layers: Vec<&'p model::Layer>,
    pub(super) servings: Vec<EffectiveServing<'p>>,
    pub(super) kills: BTreeMap<&'p str, &'p model::Kill>,
    pub(super) diagnostics: Diagnostics,
    /// The number of diagnostics when the compilation of the current definition began.
    reported_before: usize,
}

/// The maximum number of problems that are reported in one definition.
const PROBLEMS: usize = 100;
/// The number of problems after which no similar names are searched. The search compares a name with all names.
const PROBLEMS_WITH_SUGGESTIONS: usize = 1_000;

/// The error value for a part that could not be compiled. A diagnostic contains the reason, at this part or at a part
/// that it depends on.
pub(super) struct Broken;

pub(super) type Compiled<T> = Result<T, Broken>;

impl<'p> Compiler<'p> {
    pub(super) fn new(project: &'p Project, environment: &'p str) -> Self {
        let attribute = |declared: &model::AttributeDeclaration| Attribute {
            name: declared.name.value.as_str().into(),
            kind: declared.kind,
            allowed: declared.allowed.as_ref().map(|all| all.iter().map(|value| value.value.as_str().into()).collect()),
        };
        let mut segments: Vec<_> =
            project.segments.iter().map(|definition| Draft { definition, complexity: None, compiled: None }).collect();
        segments.sort_by_key(|draft| &draft.definition.name);
        segments.dedup_by_key(|draft| &draft.definition.name);
        let mut flags: Vec<_> =
            project.flags.iter().map(|definition| Draft { definition, complexity: None, compiled: None }).collect();
        flags.sort_by_key(|draft| &draft.definition.key);
        flags.dedup_by_key(|draft| &draft.definition.key);
        let mut layers: Vec<_> = project.layers.iter().collect();
        layers.sort_by_key(|layer| &layer.name);
        layers.dedup_by_key(|layer| &layer.name);
        let names = project.settings.names_of(environment);
        let servings = flags.iter().map(|draft| draft.definition.serving(&names)).collect();
        let own = project.kills.iter().filter(|kill| kill.environment == environment);
        Self {
            project,
            environment,
            attributes: Arc::new(Attributes::new(project.settings.attributes.iter().map(attribute))),
            segments,
            flags,
            layers,
            servings,
            kills: own.map(|kill| (kill.flag.as_str(), kill)).collect(),
            diagnostics: Vec::new(),
            reported_before: 0,
        }
    }

    /// Begins the compilation of one definition.
    pub(super) fn begin_definition(&mut self) {
        self.reported_before = self.diagnostics.len();
    }

    /// Returns an error if the definition already has the maximum number of problems. The rest is not compiled.
    pub(super) fn check_problems(&self) -> Compiled<()> {
        if self.diagnostics.len() - self.reported_before > PROBLEMS { Err(Broken) } else { Ok(()) }
    }

    /// Returns the number of names that the search for a similar name may compare.
    pub(super) fn compared_names(&self) -> usize {
        if self.diagnostics.len() < PROBLEMS_WITH_SUGGESTIONS { usize::MAX } else { 0 }
    }

    /// Adds a problem, or replaces all problems after the maximum number with one diagnostic.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) -> Broken {
        match self.diagnostics.len() - self.reported_before {
            ..PROBLEMS => self.diagnostics.push(diagnostic),
            PROBLEMS => self.diagnostics.push(Diagnostic::too_many(diagnostic.span, PROBLEMS)),
            _ => {}
        }
        Broken
    }

    pub(super) fn find_segment(&self, name: &str) -> Option<usize> {
        self.segments.binary_search_by(|draft| draft.definition.name.as_str().cmp(name)).ok()
    }

    pub(super) fn find_flag(&self, key: &str) -> Option<usize> {
        self.flags.binary_search_by(|draft| draft.definition.key.as_str().cmp(key)).ok()
    }
}
