//! The lines of definitions that a change of meaning comes from.

use crate::analyze::Side;
use crate::bundle::Bundle;
use crate::diff::compared_definitions::ComparedDefinitions;
use crate::diff::definition_changes::{DefinitionChange, compare_flag};
use crate::diff::dependency_changes::{DependencyChange, compare_dependencies};
use crate::diff::flag_event::FlagEvent;
use crate::diff::metadata_changes::{MetadataChange, compare_metadata};
use crate::model::{EffectiveRule, Flag, Project, Serve};
use crate::snapshot::Span;

/// One difference between the definitions before and after the change.
#[derive(Debug, Clone, PartialEq)]
pub struct ImpactCause {
    /// The definitions that contain the line. A removed line is in the definitions before the change.
    pub side: Side,
    /// The path of the file, from the root of the flag repository, or `None` if it is not known, as in a bundle.
    pub path: Option<String>,
    /// The number of the line, counted from one, or `None` if the cause is the complete file.
    pub line: Option<usize>,
    /// The kind of difference.
    pub what: CauseKind,
    /// The path of the field in the file, if an entry of a rule's `environments` has the field.
    pub field: Option<String>,
}

/// The kind of difference.
#[derive(Debug, Clone, PartialEq)]
pub enum CauseKind {
    /// The definition of the flag itself.
    Own(DefinitionChange),
    /// A definition that the flag depends on.
    Dependency(DependencyChange),
    /// Fields that do not affect decisions.
    Metadata(Vec<MetadataChange>),
}

impl CauseKind {
    /// Returns whether the difference can affect decisions.
    pub(super) fn affects_decisions(&self) -> bool {
        match self {
            Self::Own(change) => change.affects_decisions(),
            Self::Dependency(_) => true,
            Self::Metadata(_) => false,
        }
    }
}

pub(super) struct CauseSearch<'c> {
    pub(super) key: &'c str,
    pub(super) environment: &'c str,
    pub(super) event: FlagEvent,
    /// The definitions before and after the change.
    pub(super) definitions: [&'c ComparedDefinitions; 2],
    /// The bundles of the environment before and after the change.
    pub(super) bundles: [&'c Bundle; 2],
}

impl CauseSearch<'_> {
    /// Returns the causes: first the flag's own changes, then those of other flags, segments and settings. Metadata is
    /// a cause only if no other cause affects decisions.
    pub(super) fn causes(&self) -> Vec<ImpactCause> {
        let [old, new] = self.bundles;
        let is_added_or_removed = matches!(self.event, FlagEvent::Added | FlagEvent::Removed);
        if !is_added_or_removed && (old.flag(self.key).is_none() || new.flag(self.key).is_none()) {
            return Vec::new();
        }
        let own = compare_flag(self.bundles, self.key);
        let mut causes: Vec<ImpactCause> = own
            .into_iter()
            .map(|change| self.cause_in_flag(self.key, &change, CauseKind::Own(change.clone())))
            .collect();
        if is_added_or_removed {
            return causes;
        }
        let dependencies = compare_dependencies(self.bundles, self.key).into_iter();
        causes.extend(dependencies.map(|change| self.cause_in_dependency(change)));
        if !causes.iter().any(|cause| cause.what.affects_decisions()) {
            causes.extend(self.metadata());
        }
        causes
    }

    /// Returns the cause for a change of a definition that the flag depends on, with its line.
    fn cause_in_dependency(&self, change: DependencyChange) -> ImpactCause {
        let [before, after] = self.definitions;
        if let DependencyChange::Flag(key, definition) = &change {
            return self.cause_in_flag(key, definition, CauseKind::Dependency(change.clone()));
        }
        let (side, definitions, span) = match dependency_span(after, &change) {
            Some(span) => (Side::After, after, Some(span)),
            // The later version does not contain the setting any more.
            None => (Side::Before, before, dependency_span(before, &change)),
        };
        cause_at(definitions, side, span, CauseKind::Dependency(change))
    }

    /// Finds the changed fields of the flag that do not affect decisions.
    fn metadata(&self) -> Option<ImpactCause> {
        let [before, after] = self.definitions;
        let new = after.flag(self.key)?;
        let changes = compare_metadata([before, after], self.key, self.environment);
        (!changes.is_empty()).then(|| cause_at(after, Side::After, Some(new.start), CauseKind::Metadata(changes)))
    }

    /// Returns the cause for a change of a flag, with the line of the change.
    fn cause_in_flag(&self, key: &str, change: &DefinitionChange, what: CauseKind) -> ImpactCause {
        let [before, after] = self.definitions;
        let find = |definitions: &ComparedDefinitions| -> Option<Span> {
            let flag = definitions.flag(key)?;
            let kills = &definitions.loaded.project.kills;
            // A shadow is killed with its flag.
            let killed = flag.shadowed.as_ref().map_or(key, |shadowed| &shadowed.flag);
            let kill = || kills.iter().find(|kill| kill.flag == killed && kill.environment == self.environment);
            match change {
                DefinitionChange::Killed { .. } | DefinitionChange::HalfOpened { .. } | DefinitionChange::Revived => {
                    kill().map(|kill| kill.start)
                }
                _ => self.span(&definitions.loaded.project, flag, change),
            }
        };
        let is_removal =
            matches!(change, DefinitionChange::Removed | DefinitionChange::RuleRemoved(_) | DefinitionChange::Revived);
        let new = find(after).filter(|_| !is_removal);
        match (new, find(before)) {
            (Some(span), _) => {
                let field = after.flag(key).and_then(|flag| field_in_entry(flag, span));
                ImpactCause { field, ..cause_at(after, Side::After, Some(span), what) }
            }
            (None, Some(span)) => {
                let field = before.flag(key).and_then(|flag| field_in_entry(flag, span));
                ImpactCause { field, ..cause_at(before, Side::Before, Some(span), what) }
            }
            (None, None) => {
                let start = after.flag(key).map(|flag| flag.start);
                let side = if is_removal && start.is_none() { Side::Before } else { Side::After };
                cause_at(after, side, start, what)
            }
        }
    }

    /// Returns the span of the field of a flag that a change is about, or `None` if the flag does not have it.
    fn span(&self, project: &Project, flag: &Flag, change: &DefinitionChange) -> Option<Span> {
        let serving = flag.serving(&project.settings.names_of(self.environment));
        let rule = |name: &str| serving.rules.iter().find(|rule| rule.name() == name);
        match change {
            DefinitionChange::Added | DefinitionChange::Removed => Some(flag.start),
            DefinitionChange::Killed { .. } | DefinitionChange::HalfOpened { .. } | DefinitionChange::Revived => None,
            DefinitionChange::Enabled | DefinitionChange::Disabled => serving.enabled.map(|enabled| enabled.span),
            DefinitionChange::ShownToClients | DefinitionChange::HiddenFromClients => {
                flag.client.as_ref().map(|client| client.span)
            }
            DefinitionChange::Variants(_) => flag.variants.first().map(|variant| variant.name.span),
            DefinitionChange::Off(_) => serving.off.map(|off| off.span),
            DefinitionChange::Default(_) => serving.default.map(|default| default.span),
            DefinitionChange::Unit(_) => serving.unit.map(|unit| unit.span),
            DefinitionChange::Salt(_) => serving.salt.map(|salt| salt.span),
            DefinitionChange::Requires(_) => serving.requires.first().map(|required| required.flag.span),
            DefinitionChange::RuleOrder => serving.rules.first().map(|rule| rule.written.span),
            DefinitionChange::RuleAdded(name) | DefinitionChange::RuleRemoved(name) => {
                rule(name).map(|rule| rule.enabled.map_or(rule.written.span, |enabled| enabled.span))
            }
            DefinitionChange::Slot(name, _) => rule(name).map(|rule| slot_span(project, rule)),
            DefinitionChange::Rollout(name, ..) => {
                rule(name).map(|rule| rule.rollout.map_or(rule.written.span, |rollout| rollout.span))
            }
            DefinitionChange::RuleUnit(name, _) => {
                rule(name).map(|rule| rule.written.unit.as_ref().map_or(rule.written.span, |unit| unit.span))
            }
            DefinitionChange::Condition(name, _) => {
                rule(name).map(|rule| rule.condition.map_or(rule.written.span, |condition| condition.span))
            }
            DefinitionChange::Serve(name, _) => {
                rule(name).map(|rule| rule.serve.map_or(rule.written.span, Serve::span))
            }
        }
    }
}

/// Returns the position of the slot that a rule takes: its line in the layer, whose range or salt changes more often than
/// the rule takes another slot, or the rule if no layer has the slot.
fn slot_span(project: &Project, rule: &EffectiveRule<'_>) -> Span {
    let Some(written) = &rule.written.slot else { return rule.written.span };
    project.slot(&written.value).map_or(written.span, |(_, slot)| slot.name.span)
}

/// Returns a cause with the path and line of a span.
fn cause_at(definitions: &ComparedDefinitions, side: Side, span: Option<Span>, what: CauseKind) -> ImpactCause {
    let snapshot = &definitions.loaded.snapshot;
    let path = span.map(|span| snapshot.file(span.file).path.clone());
    let line = span.map(|span| snapshot.position(span.file, span.start).0);
    ImpactCause { side, path, line, what, field: None }
}

/// Returns the path of a field that an entry of a rule's `environments` has at a position.
fn field_in_entry(flag: &Flag, span: Span) -> Option<String> {
    let own_lists = flag.environments.iter().map(|(name, own)| (format!("environments.{}.", name.value), own));
    for (owner, serving) in std::iter::once((String::new(), &flag.base)).chain(own_lists) {
        for (index, rule) in serving.rules.iter().flatten().enumerate() {
            for (name, fields) in &rule.environments {
                let fields = [
                    ("enabled", fields.enabled.as_ref().map(|field| field.span)),
                    ("if", fields.condition.as_ref().map(|field| field.span)),
                    ("rollout", fields.rollout.as_ref().map(|field| field.span)),
                    ("serve", fields.serve.as_ref().map(Serve::span)),
                ];
                if let Some((field, _)) = fields.into_iter().find(|(_, own)| *own == Some(span)) {
                    let rule = rule.name_at(index);
                    return Some(format!("{owner}rules.{rule}.environments.{}.{field}", name.value));
                }
            }
        }
    }
    None
}

/// Returns the position of a definition other than a flag, or `None` if the definitions do not have it.
fn dependency_span(definitions: &ComparedDefinitions, change: &DependencyChange) -> Option<Span> {
    let project = &definitions.loaded.project;
    match change {
        DependencyChange::Flag(..) => None,
        DependencyChange::Segment(name, _) => {
            let segment = project.segments.iter().find(|segment| segment.name == *name)?;
            Some(segment.condition.as_ref().map_or(segment.start, |condition| condition.span))
        }
        DependencyChange::Attribute(name, _) => {
            let declared = project.settings.attributes.iter().find(|attribute| attribute.name.value == *name)?;
            Some(declared.name.span)
        }
        DependencyChange::Bucketing(_) => project.settings.bucketing_span,
    }
}
