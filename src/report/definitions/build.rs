//! Builds the descriptions of segments, layers, attributes and environments.

use crate::bundle::{Bundle, Percent, State};
use crate::model::{AttributeDeclaration, Layer, LayerSlot, Project, Segment, SlotTakers};
use crate::report::definitions::json::{
    AttributeJson, EnvironmentJson, KilledJson, LayerJson, SegmentJson, SlotJson, UsersJson,
};
use crate::report::definitions::uses::{Used, Uses};
use crate::snapshot::Snapshot;

/// Describes a segment. `bundles` are those of all environments.
pub fn segment<'p>(
    segment: &'p Segment,
    snapshot: &'p Snapshot,
    bundles: &[Bundle],
    uses: &Uses<'p>,
) -> SegmentJson<'p> {
    let file = snapshot.file(segment.file);
    // A segment has the same condition in all environments.
    let compiled = bundles.iter().find_map(|bundle| {
        let compiled = bundle.segments.iter().find(|compiled| *compiled.name == *segment.name)?;
        Some((bundle, &compiled.condition))
    });
    let compiled = compiled.filter(|_| segment.condition.is_some());
    SegmentJson {
        segment: &segment.name,
        path: &file.path,
        description: segment.description.as_ref().map(|text| text.value.as_str()),
        owner: segment.owner.as_ref().map(|owner| owner.value.as_str()),
        condition: compiled.map(|(bundle, condition)| bundle.describe(condition)),
        used_by: users(uses, Used::Segment(&segment.name)),
        text: file.content(),
        summary: compiled.map(|(bundle, condition)| bundle.summarize(condition)),
    }
}

/// Describes a layer, with the flags that take its slots.
pub fn layer<'p>(layer: &'p Layer, takers: &SlotTakers<'p>, snapshot: &'p Snapshot) -> LayerJson<'p> {
    let taker = |slot: &LayerSlot| takers.get(&(layer.name.as_str(), slot.name.value.as_str())).map(|(flag, _)| *flag);
    let mut slots: Vec<&LayerSlot> = layer.slots.iter().collect();
    slots.sort_by_key(|slot| slot.range.value.from);
    let slots = slots.into_iter().map(|slot| SlotJson {
        slot: &slot.name.value,
        range: slot.range.value.to_string(),
        flag: taker(slot),
    });
    LayerJson {
        layer: &layer.name,
        path: &snapshot.file(layer.file).path,
        description: layer.description.as_ref().map(|text| text.value.as_str()),
        owner: layer.owner.as_ref().map(|owner| owner.value.as_str()),
        unit: layer.unit(),
        salt: layer.salt(),
        slots: slots.collect(),
        holdout: layer.holdout.as_ref().map(|range| range.value.to_string()),
        free: layer.free().iter().map(ToString::to_string).collect(),
    }
}

/// Describes an attribute.
pub fn attribute<'p>(attribute: &'p AttributeDeclaration, uses: &Uses<'p>) -> AttributeJson<'p> {
    let values = attribute.allowed.as_ref();
    AttributeJson {
        attribute: &attribute.name.value,
        kind: attribute.kind.name(),
        required: attribute.required,
        values: values.map(|values| values.iter().map(|value| value.value.as_str()).collect()),
        used_by: users(uses, Used::Attribute(&attribute.name.value)),
    }
}

fn users<'p>(uses: &Uses<'p>, used: Used<'_>) -> UsersJson<'p> {
    let users = uses.of(used);
    UsersJson {
        flags: users.flags.into_iter().collect(),
        segments: users.segments.into_iter().collect(),
        affects: uses.affected_flags(used).into_iter().collect(),
    }
}

/// Describes an environment, with the states of all flags in its bundle.
pub fn environment<'p>(name: &'p str, project: &'p Project, bundle: &Bundle) -> EnvironmentJson<'p> {
    let settings = &project.settings;
    let groups = settings.groups.iter().filter(|group| group.contains(name));
    let targets = settings.targets.iter().filter(|target| target.has_environment(name));
    let mut environment = EnvironmentJson {
        environment: name,
        groups: groups.map(|group| group.name.value.as_str()).collect(),
        targets: targets.map(|target| target.name.value.as_str()).collect(),
        enabled: Vec::new(),
        disabled: Vec::new(),
        killed: Vec::new(),
        invalid: Vec::new(),
    };
    let mut keys: Vec<&str> = project.flags.iter().map(|flag| flag.key.as_str()).collect();
    keys.sort_unstable();
    for key in keys {
        match bundle.flag(key).map(|flag| &flag.state) {
            None => environment.invalid.push(key),
            Some(State::Enabled) => environment.enabled.push(key),
            Some(State::Disabled) => environment.disabled.push(key),
            Some(State::Killed { reason, expires, admit, .. }) => {
                let expires = expires.as_ref().map(|expires| expires.to_string());
                let admit = (*admit != Percent::ZERO).then(|| admit.to_string());
                environment.killed.push(KilledJson { flag: key, reason: reason.to_string(), expires, admit });
            }
        }
    }
    environment
}
