//! The names in the files of flags, segments, layers and kills.

use crate::model::{Flag, Kill, Layer, Rule, RuleFields, Segment, Serve, Serving, Shadow};
use crate::references::condition;
use crate::references::name::{Name, NameKind, Role, Site};
use crate::references::recorder::{Around, Recorder};

pub(super) fn record_flag(recorder: &mut Recorder<'_>, flag: &Flag) {
    let key = flag.key.as_str();
    recorder.file(NameKind::Flag, key, flag.file);
    recorder.references(NameKind::FlagKind, "", &flag.kind);
    for variant in &flag.variants {
        recorder.whole(NameKind::Variant, key, &variant.name, Role::Definition);
    }
    if let Some(guard) = flag.guard.as_deref() {
        recorder.environments(&guard.environments);
        recorder.references(NameKind::Variant, key, guard.treatment.iter().chain(&guard.control));
    }
    if let Some(experiment) = flag.experiment.as_deref() {
        recorder.references(NameKind::Variant, key, experiment.control.iter().chain(&experiment.treatments));
    }
    if let Some(shadow) = flag.shadow.as_deref() {
        record_shadow(recorder, key, shadow);
    }
    record_serving(recorder, key, &flag.base);
    for (environment, serving) in &flag.environments {
        recorder.environments([environment]);
        record_serving(recorder, key, serving);
    }
}

fn record_shadow(recorder: &mut Recorder<'_>, key: &str, shadow: &Shadow) {
    recorder.references(NameKind::Variant, key, &shadow.candidate);
    recorder.environments(&shadow.environments);
    recorder.references(NameKind::Attribute, "", &shadow.unit);
    if let Some(written) = &shadow.condition {
        condition::record(recorder, &written.value);
    }
}

fn record_serving(recorder: &mut Recorder<'_>, key: &str, serving: &Serving) {
    recorder.references(NameKind::Variant, key, serving.off.iter().chain(&serving.default));
    recorder.references(NameKind::Attribute, "", &serving.unit);
    condition::record_requirements(recorder, serving.requires.as_deref().unwrap_or_default());
    for rule in serving.rules.iter().flatten() {
        record_rule(recorder, key, rule);
    }
}

fn record_rule(recorder: &mut Recorder<'_>, key: &str, rule: &Rule) {
    if let Some(name) = &rule.name {
        recorder.whole(NameKind::Rule, key, name, Role::Definition);
    }
    recorder.references(NameKind::Attribute, "", &rule.unit);
    if let Some(written) = &rule.slot {
        let (layer, slot) = (&written.value.layer, &written.value.slot);
        let (before, after) = (format!("{layer}/"), format!("/{slot}"));
        let in_layer = Around { after: &after, ..Around::default() };
        recorder.part(Name::new(NameKind::Layer, layer), written.span, in_layer, Role::Reference);
        let in_slot = Around { before: &before, ..Around::default() };
        recorder.part(Name::within(NameKind::Slot, layer, slot), written.span, in_slot, Role::Reference);
    }
    record_fields(recorder, key, &rule.base);
    for (environment, fields) in &rule.environments {
        recorder.environments([environment]);
        record_fields(recorder, key, fields);
    }
}

fn record_fields(recorder: &mut Recorder<'_>, key: &str, fields: &RuleFields) {
    if let Some(written) = &fields.condition {
        condition::record(recorder, &written.value);
    }
    match &fields.serve {
        Some(Serve::Variant(variant)) => recorder.references(NameKind::Variant, key, [variant]),
        Some(Serve::Split(shares)) => {
            recorder.references(NameKind::Variant, key, shares.value.iter().map(|share| &share.variant));
        }
        None => {}
    }
}

pub(super) fn record_segment(recorder: &mut Recorder<'_>, segment: &Segment) {
    recorder.file(NameKind::Segment, &segment.name, segment.file);
    if let Some(written) = &segment.condition {
        condition::record(recorder, &written.value);
    }
}

pub(super) fn record_layer(recorder: &mut Recorder<'_>, layer: &Layer) {
    recorder.file(NameKind::Layer, &layer.name, layer.file);
    recorder.references(NameKind::Attribute, "", &layer.unit);
    for slot in &layer.slots {
        recorder.whole(NameKind::Slot, &layer.name, &slot.name, Role::Definition);
    }
}

pub(super) fn record_kill(recorder: &mut Recorder<'_>, kill: &Kill) {
    recorder.killed_flag(kill);
    recorder.path(NameKind::Environment, &kill.environment, Site::Folder(kill.file), Role::Reference);
}
