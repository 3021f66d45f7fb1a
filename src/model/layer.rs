//! Layers in written form: ranges of units that experiments share without overlap.

use crate::bundle::{PercentRange, TARGETING_KEY};
use crate::model::lower::{Lowering, first_key, read_all};
use crate::model::slot::WrittenRange;
use crate::snapshot::{FileId, Span, Spanned};
use crate::yaml::{Completeness, Node};

/// One unit and one salt, divided into ranges. A unit is in at most one of them.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The stem of the file.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// The first key of the file, to which diagnostics about a missing key point.
    pub start: Span,
    /// Whether everything in the file could be read.
    pub completeness: Completeness,
    /// The purpose of the layer, as a sentence.
    pub description: Option<Spanned<String>>,
    /// The person or team that is responsible for the layer.
    pub owner: Option<Spanned<String>>,
    /// The attribute whose value determines the bucket. The default is [`TARGETING_KEY`].
    pub unit: Option<Spanned<String>>,
    /// The salt of the hash. The default is the name of the layer.
    pub salt: Option<Spanned<String>>,
    /// The slots, in the order of the file.
    pub slots: Vec<LayerSlot>,
    /// The units that no slot may contain.
    pub holdout: Option<Spanned<WrittenRange>>,
}

/// A named range of a layer, which one flag may take.
#[derive(Debug, Clone)]
pub struct LayerSlot {
    /// The name.
    pub name: Spanned<String>,
    /// The range.
    pub range: Spanned<WrittenRange>,
}

impl Layer {
    pub(super) fn lower(lowering: &mut Lowering, root: &Node, name: &str, file: FileId) -> Self {
        let fields = lowering.fields(root, &["description", "owner", "unit", "salt", "slots", "holdout"]);
        let mut text = |key| fields.get(key).and_then(|node| lowering.nonempty_text(node));
        let (description, owner, unit, salt) = (text("description"), text("owner"), text("unit"), text("salt"));
        let slots = fields.required("slots", lowering).map_or(&[][..], |slots| lowering.nonempty_mapping(slots));
        let slots = read_all(slots, |entry| {
            Some(LayerSlot { name: lowering.key(entry)?, range: lowering.range(&entry.value)? })
        });
        let holdout = fields.get("holdout").and_then(|node| lowering.range(node));
        let (name, start, completeness) = (name.to_owned(), first_key(root), Completeness::Complete);
        Self { name, file, start, completeness, description, owner, unit, salt, slots, holdout }
    }

    /// Returns the name of the attribute whose value determines the bucket.
    pub fn unit(&self) -> &str {
        self.unit.as_ref().map_or(TARGETING_KEY, |unit| &unit.value)
    }

    /// Returns the salt of the hash.
    pub fn salt(&self) -> &str {
        self.salt.as_ref().map_or(&self.name, |salt| &salt.value)
    }

    /// Returns whether everything in the file could be read.
    pub fn is_complete(&self) -> bool {
        self.completeness == Completeness::Complete
    }

    /// Returns the slot with this name.
    pub fn slot(&self, name: &str) -> Option<&LayerSlot> {
        self.slots.iter().find(|slot| slot.name.value == name)
    }

    /// Returns the ranges of the slots and of the holdout that are not empty, in the order of the file.
    pub fn used(&self) -> impl Iterator<Item = PercentRange> {
        let ranges = self.slots.iter().map(|slot| &slot.range).chain(&self.holdout);
        ranges.filter_map(|range| range.value.get())
    }

    /// Returns the ranges between the slots and the holdout, which a slot can grow into, in ascending order.
    pub fn free(&self) -> Vec<PercentRange> {
        PercentRange::unused(self.used())
    }
}
