//! The lines that a change of meaning comes from.

use std::collections::BTreeSet;

use crate::analyze::Side;
use crate::bundle::Bundle;
use crate::diff::definition_changes;
use crate::diff::definition_changes::{Change, Shift};
use crate::diff::equality::Closure;
use crate::diff::{Event, State, own_changes, written};
use crate::model::{Flag, Serve, Serving};
use crate::snapshot::{FileId, PROJECT_FILE, Span};

/// One thing that was written otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// On which side it stands: where something was taken away, before.
    pub side: Side,
    /// The file, from the flag repository's root; none where that is not known, as in a bundle.
    pub path: Option<String>,
    /// From one; none where the file as a whole is meant.
    pub line: Option<usize>,
    /// What it is.
    pub what: CauseKind,
}

/// What was written otherwise.
#[derive(Debug, Clone, PartialEq)]
pub enum CauseKind {
    /// Something about the flag itself.
    Own(Change),
    /// Something about a flag that it depends on.
    Other(String, Change),
    /// A segment's condition.
    Segment(String, Shift),
    /// Attributes or bucketing, in the settings.
    Settings,
    /// Something about the flag that decides nothing: the names of the fields.
    Metadata(Vec<&'static str>),
}

/// Whose causes are wanted.
pub(super) struct Question<'q> {
    pub(super) key: &'q str,
    pub(super) environment: &'q str,
    pub(super) event: Event,
    pub(super) states: [&'q State; 2],
    pub(super) bundles: [&'q Bundle; 2],
}

pub(super) fn causes(question: &Question<'_>) -> Vec<Cause> {
    let Question { key, event, states: [before, after], bundles: [old, new], .. } = *question;
    let mut causes = Vec::new();
    if !matches!(event, Event::Added | Event::Removed) && (old.flag(key).is_none() || new.flag(key).is_none()) {
        return causes;
    }
    for change in own_changes(question.bundles, key) {
        causes.push(question.placed(key, CauseKind::Own(change.clone()), &change));
    }
    if matches!(event, Event::Added | Event::Removed) {
        return causes;
    }
    let (closure_before, closure_after) = (Closure::of(old, key), Closure::of(new, key));
    let flags = |bundle: &Bundle, closure: &Closure| -> BTreeSet<String> {
        closure.flags.iter().map(|id| bundle.flag_at(*id).key.to_string()).collect()
    };
    let others = flags(old, &closure_before).intersection(&flags(new, &closure_after)).cloned().collect::<Vec<_>>();
    for other in others.iter().filter(|other| *other != key) {
        for change in own_changes(question.bundles, other) {
            causes.push(question.placed(other, CauseKind::Other(other.clone(), change.clone()), &change));
        }
    }
    let segments: BTreeSet<&str> = closure_after.segments.iter().map(|id| new.segment_at(*id).name.as_ref()).collect();
    for (name, shift) in definition_changes::compare_segments(old, new) {
        if segments.contains(name.as_str()) {
            let written = after.loaded.project.segments.iter().find(|segment| segment.name == name);
            let span = written.map(|segment| segment.condition.as_ref().map_or(segment.start, |one| one.span));
            causes.push(place(after, Side::After, span, CauseKind::Segment(name, shift)));
        }
    }
    let attribute = |bundle: &Bundle, name: &str| {
        let id = bundle.attributes.find(name)?;
        bundle.attributes.get(id).map(|attribute| (attribute.kind, attribute.allowed.clone()))
    };
    let mut names = closure_after.attributes.iter().filter_map(|id| new.attributes.get(*id));
    let retyped = names.any(|one| attribute(old, &one.name) != attribute(new, &one.name));
    if retyped || old.bucketing != new.bucketing {
        let settings = after.loaded.snapshot.files().find(|(_, file)| file.path == PROJECT_FILE);
        let path = settings.map(|(_, file)| file.path.clone());
        causes.push(Cause { side: Side::After, path, line: None, what: CauseKind::Settings });
    }
    if causes.is_empty()
        && let (Some(old), Some(new)) = (written(before, key), written(after, key))
    {
        let fields = metadata(old, new);
        if !fields.is_empty() {
            causes.push(place(after, Side::After, Some(new.start), CauseKind::Metadata(fields)));
        }
    }
    causes
}

impl Question<'_> {
    /// A change of a flag, with the line that it was made in.
    fn placed(&self, key: &str, what: CauseKind, change: &Change) -> Cause {
        let [before, after] = self.states;
        let find = |state: &State| -> Option<Span> {
            let flag = written(state, key)?;
            let kill = || {
                state.loaded.project.kills.iter().find(|kill| kill.flag == key && kill.environment == self.environment)
            };
            match change {
                Change::Killed(_) | Change::Revived => kill().map(|kill| kill.start),
                _ => self.span(flag, change),
            }
        };
        let gone = matches!(change, Change::Removed | Change::RuleRemoved(_) | Change::Revived);
        let new = find(after).filter(|_| !gone);
        match (new, find(before)) {
            (Some(span), _) => place(after, Side::After, Some(span), what),
            (None, Some(span)) => place(before, Side::Before, Some(span), what),
            (None, None) => {
                let start = written(after, key).map(|flag| flag.start);
                let side = if gone && start.is_none() { Side::Before } else { Side::After };
                place(after, side, start, what)
            }
        }
    }

    /// Where a flag says what the change is about; none if it does not.
    fn span(&self, flag: &Flag, change: &Change) -> Option<Span> {
        let serving = flag.serving(self.environment);
        let rule =
            |name: &str| serving.rules.iter().enumerate().find(|(rule_index, rule)| rule.name_at(*rule_index) == name);
        match change {
            Change::Added | Change::Removed => Some(flag.start),
            Change::Killed(_) | Change::Revived => None,
            Change::Enabled | Change::Disabled => serving.enabled.map(|enabled| enabled.span),
            Change::Variants => flag.variants.first().map(|variant| variant.name.span),
            Change::Off(_) => serving.off.map(|off| off.span),
            Change::Default(_) => serving.default.map(|default| default.span),
            Change::Unit(_) => serving.unit.map(|unit| unit.span),
            Change::Salt(_) => serving.salt.map(|salt| salt.span),
            Change::Requires(_) => serving.requires.first().map(|required| required.flag.span),
            Change::RuleOrder => serving.rules.first().map(|rule| rule.span),
            Change::RuleAdded(name) | Change::RuleRemoved(name) => rule(name).map(|(_, rule)| rule.span),
            Change::Rollout(name, ..) => {
                rule(name).map(|(_, rule)| rule.rollout.as_ref().map_or(rule.span, |rollout| rollout.span))
            }
            Change::Condition(name, _) => {
                rule(name).map(|(_, rule)| rule.condition.as_ref().map_or(rule.span, |condition| condition.span))
            }
            Change::Serve(name, _) => rule(name).map(|(_, rule)| match &rule.serve {
                Some(Serve::Variant(variant)) => variant.span,
                Some(Serve::Split(shares)) => shares.span,
                None => rule.span,
            }),
        }
    }
}

fn place(state: &State, side: Side, span: Option<Span>, what: CauseKind) -> Cause {
    let snapshot = &state.loaded.snapshot;
    let line = |file: FileId, start| snapshot.position(file, start).0;
    let path = span.map(|span| snapshot.file(span.file).path.clone());
    Cause { side, path, line: span.map(|span| line(span.file, span.start)), what }
}

/// The fields that differ and decide nothing.
fn metadata(old: &Flag, new: &Flag) -> Vec<&'static str> {
    let text = |field: &Option<crate::snapshot::Spanned<String>>| field.as_ref().map(|field| field.value.clone());
    let tags = |flag: &Flag| flag.tags.iter().map(|tag| tag.value.clone()).collect::<Vec<_>>();
    let expires = |flag: &Flag| flag.expires.as_ref().map(|day| day.value);
    let steps = |flag: &Flag| -> Vec<Vec<u32>> {
        let rules = flag.servings().flat_map(|serving: &Serving| serving.rules.iter().flatten());
        rules.map(|rule| rule.steps.iter().map(|step| step.value.buckets()).collect()).collect()
    };
    let fields = [
        ("description", text(&old.description) != text(&new.description)),
        ("kind", old.kind() != new.kind()),
        ("owner", text(&old.owner) != text(&new.owner)),
        ("expires", expires(old) != expires(new)),
        ("tags", tags(old) != tags(new)),
        ("schema", text(&old.schema) != text(&new.schema)),
        ("steps", steps(old) != steps(new)),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
