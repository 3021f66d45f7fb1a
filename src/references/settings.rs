//! The names in `flagctl.yaml`.

use crate::model::Settings;
use crate::references::name::{NameKind, Role};
use crate::references::recorder::Recorder;

pub(super) fn record(recorder: &mut Recorder<'_>, settings: &Settings) {
    for environment in &settings.environments {
        recorder.whole(NameKind::Environment, "", environment, Role::Definition);
    }
    for group in &settings.groups {
        recorder.whole(NameKind::Group, "", &group.name, Role::Definition);
        recorder.references(NameKind::Environment, "", &group.members);
    }
    for attribute in &settings.attributes {
        recorder.whole(NameKind::Attribute, "", &attribute.name, Role::Definition);
    }
    for kind in &settings.kinds {
        recorder.whole(NameKind::FlagKind, "", &kind.name, Role::Definition);
    }
    for target in &settings.targets {
        recorder.environments(&target.environments);
    }
    for entry in &settings.policy {
        recorder.environments([&entry.name]);
        recorder.references(NameKind::FlagKind, "", entry.kinds.iter().map(|(name, _)| name));
        let rules = std::iter::once(&entry.rules).chain(entry.kinds.iter().map(|(_, rules)| rules));
        recorder.environments(rules.flat_map(|rules| rules.after.iter().flatten()));
    }
}
