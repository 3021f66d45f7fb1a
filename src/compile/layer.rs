//! Compiles layers and the slots that rules take, and checks that no unit is in two experiments.

use crate::bundle::{AttributeId, PercentRange, Slot, TARGETING_KEY};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::diag::{Diagnostic, Fix, closest, quoted_list, unknown_name};
use crate::model;
use crate::model::{EffectiveRule, Layer, SlotName, WrittenRange};
use crate::snapshot::{Span, Spanned};

impl<'p> Compiler<'p> {
    /// Reports ranges that are empty or overlap, units that are no text, and slots that two flags take.
    pub(super) fn check_layers(&mut self) {
        for layer in self.layers.clone() {
            self.begin_definition();
            // The unit is also compiled with each rule that takes a slot of the layer, which reports nothing again.
            let _: Compiled<AttributeId> = layer.unit.as_ref().map_or(Err(Broken), |unit| self.unit(unit));
            self.check_ranges(layer);
        }
        self.check_takers();
    }

    fn check_ranges(&mut self, layer: &Layer) {
        let holdout = layer.holdout.as_ref().map(|range| ("the holdout", range));
        let slots = layer.slots.iter().map(|slot| (slot.name.value.as_str(), &slot.range));
        let mut ranges: Vec<(&str, &Spanned<WrittenRange>, PercentRange)> = Vec::new();
        for (name, range) in slots.chain(holdout) {
            match range.value.get() {
                Some(valid) => ranges.push((name, range, valid)),
                None => {
                    let message = format!("expected a range whose end is above its start, found `{}`", range.value);
                    let help = "write the lower percentage first; the range ends before the higher one";
                    self.report(Diagnostic::new(Code::InvalidValue, range.span, message).help(help));
                }
            }
        }
        let free: Vec<String> = layer.free().iter().map(ToString::to_string).collect();
        ranges.sort_by_key(|(_, written, range)| (range.buckets().start, written.span));
        let mut widest: Option<(&str, Span, PercentRange)> = None;
        for (name, written, range) in ranges {
            if let Some((other, other_span, other_range)) = widest
                && let Some(common) = range.intersection(other_range)
            {
                let quoted = |name: &str| if name.contains(' ') { name.to_owned() } else { format!("`{name}`") };
                let message = format!("{} and {} both contain `{common}`", quoted(name), quoted(other));
                let help = match free.is_empty() {
                    true => "shorten one of the two; the layer has no free units".to_owned(),
                    false => format!("the free units are {}", quoted_list(free.iter().map(String::as_str))),
                };
                self.report(
                    Diagnostic::new(Code::OverlappingSlots, written.span, message)
                        .related(other_span, format!("{} is here", quoted(other)))
                        .help(help),
                );
            }
            if widest.is_none_or(|(.., widest)| widest.buckets().end < range.buckets().end) {
                widest = Some((name, written.span, range));
            }
        }
    }

    /// Reports each flag that takes a slot of another flag, in any environment.
    fn check_takers(&mut self) {
        let takers = self.project.slot_takers();
        for flag in self.project.written_flags() {
            self.begin_definition();
            for slot in flag.all_rules().filter_map(|rule| rule.slot.as_ref()) {
                let name = (slot.value.layer.as_str(), slot.value.slot.as_str());
                let taker = takers.get(&name).copied();
                if let Some((first, span)) = taker.filter(|(first, _)| *first != flag.key) {
                    let message = format!("slot `{}/{}` belongs to the flag `{first}`", name.0, name.1);
                    self.report(
                        Diagnostic::new(Code::SharedSlot, slot.span, message)
                            .related(span, format!("`{first}` takes the slot here"))
                            .help("give each flag a slot of its own, because a unit may be in one experiment of a layer only"),
                    );
                }
            }
        }
    }

    /// Compiles the slot that a rule takes, or returns `None` if it takes no slot.
    pub(super) fn slot(
        &mut self,
        rule: &EffectiveRule<'_>,
        flag_unit: Option<&Spanned<String>>,
    ) -> Compiled<Option<Box<Slot>>> {
        let Some(written) = &rule.written.slot else { return Ok(None) };
        let SlotName { layer: layer_name, slot: slot_name } = &written.value;
        let names = || self.layers.iter().map(|layer| layer.name.as_str()).take(self.compared_names());
        let index = self.layers.binary_search_by(|layer| layer.name.as_str().cmp(layer_name)).ok();
        let Some(layer) = index.and_then(|index| self.layers.get(index)).copied() else {
            let mut diagnostic = unknown_name(Code::UnknownLayer, written.span, layer_name, "a layer", names());
            let meant = closest(layer_name, names());
            diagnostic.fix =
                meant.filter(|_| diagnostic.fix.is_some()).map(|meant| slot_fix(written.span, meant, slot_name));
            diagnostic.help.get_or_insert_with(|| format!("define it in `{}/{layer_name}.yaml`", model::LAYERS));
            return Err(self.report(diagnostic));
        };
        let unit = rule.written.unit.as_ref().or(flag_unit);
        let unit_name = unit.map_or(TARGETING_KEY, |unit| unit.value.as_str());
        if unit_name != layer.unit() {
            let (own, span) = (layer.unit(), unit.map_or(written.span, |unit| unit.span));
            let message = format!("expected `{own}`, the unit of layer `{layer_name}`, found `{unit_name}`");
            let layer_span = layer.unit.as_ref().map_or(layer.start, |unit| unit.span);
            return Err(self.report(
                Diagnostic::new(Code::UnfitUnit, span, message)
                    .related(layer_span, "the layer is here")
                    .help(format!("write `unit: {own}` in the rule")),
            ));
        }
        match layer.slot(slot_name) {
            // An incomplete layer may have the slot in a part that could not be read.
            None if !layer.is_complete() => Err(Broken),
            None => {
                let slots = layer.slots.iter().map(|slot| slot.name.value.as_str());
                let kind = format!("a slot of layer `{layer_name}`");
                let diagnostic = unknown_name(Code::UnknownSlot, written.span, slot_name, &kind, []);
                let meant = closest(slot_name, slots.clone());
                let mut diagnostic = diagnostic.suggest_or_list(slot_name, "its slots are", slots);
                diagnostic.fix =
                    meant.filter(|_| diagnostic.fix.is_some()).map(|meant| slot_fix(written.span, layer_name, meant));
                Err(self.report(diagnostic.related(layer.start, "the layer is here")))
            }
            Some(slot) => {
                let range = slot.range.value.get().ok_or(Broken)?;
                let bucketing = self.project.settings.bucketing;
                Ok(Some(Box::new(Slot::new(layer_name, slot_name, range, bucketing, layer.salt()))))
            }
        }
    }
}

/// Returns the fix that names another layer or slot. Both are in one scalar.
fn slot_fix(span: Span, layer: &str, slot: &str) -> Fix {
    Fix::text(span, &format!("{layer}/{slot}"))
}
