//! All definitions of a flag repository.

use std::collections::BTreeMap;

use crate::model::condition::Condition;
use crate::model::flag::Flag;
use crate::model::kill::Kill;
use crate::model::layer::{Layer, LayerSlot};
use crate::model::segment::Segment;
use crate::model::settings::Settings;
use crate::model::slot::SlotName;
use crate::model::suite::Suite;
use crate::snapshot::Span;
use crate::yaml::Completeness;

/// The definitions of a flag repository, or those that were loaded. All lists are in the order of the files' paths.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The file `flagctl.yaml`.
    pub settings: Settings,
    /// The flags. The shadow of a flag follows the flag.
    pub flags: Vec<Flag>,
    /// The segments.
    pub segments: Vec<Segment>,
    /// The layers.
    pub layers: Vec<Layer>,
    /// The kills.
    pub kills: Vec<Kill>,
    /// The test files.
    pub suites: Vec<Suite>,
}

/// The flag that takes each slot, by the names of the layer and the slot, and the position where it does.
pub type SlotTakers<'p> = BTreeMap<(&'p str, &'p str), (&'p str, Span)>;

impl Project {
    /// Returns the first flag with this key.
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.key == key)
    }

    /// Returns the first flag that takes each slot.
    pub fn slot_takers(&self) -> SlotTakers<'_> {
        let mut takers = BTreeMap::new();
        for flag in self.written_flags() {
            for slot in flag.all_rules().filter_map(|rule| rule.slot.as_ref()) {
                let name = (slot.value.layer.as_str(), slot.value.slot.as_str());
                takers.entry(name).or_insert((flag.key.as_str(), slot.span));
            }
        }
        takers
    }

    /// Returns the slot with this name, and its layer.
    pub fn slot(&self, name: &SlotName) -> Option<(&Layer, &LayerSlot)> {
        let layer = self.layers.iter().find(|layer| layer.name == name.layer)?;
        Some((layer, layer.slot(&name.slot)?))
    }

    /// Iterates over the conditions of rules, segments and assertions.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let rules = self.flags.iter().flat_map(|flag| flag.rule_fields());
        let segments = self.segments.iter().filter_map(|segment| segment.condition.as_ref());
        let assertions = self.suites.iter().flat_map(|suite| &suite.assertions);
        let written = rules.filter_map(|rule| rule.condition.as_ref()).chain(segments);
        written.map(|condition| &condition.value).chain(assertions.filter_map(|assertion| assertion.when.as_ref()))
    }

    /// Iterates over the flags that have a file of their own, without the shadows of other flags.
    pub fn written_flags(&self) -> impl Iterator<Item = &Flag> {
        self.flags.iter().filter(|flag| flag.shadowed.is_none())
    }

    /// Iterates over the flags whose files could be read completely, without the shadows of other flags.
    pub fn complete_flags(&self) -> impl Iterator<Item = &Flag> {
        self.written_flags().filter(|flag| flag.completeness == Completeness::Complete)
    }
}
