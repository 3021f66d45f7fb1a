//! Finds units of a layer that an experiment takes over from another one.
//!
//! What people saw in an experiment changes what they do later, so the data of the next experiment on the same units is
//! biased, and the data of the first one ends early if it is still read. The input is the definitions now, and a base
//! from which the past of each layer is read. The output is a warning for each slot that another flag takes, and for each
//! slot with units that a slot of another name had.
//!
//! **Invariant:** a slot that grows into units that no slot ever had, with this unit and salt, is not reported.

use std::collections::BTreeSet;

use crate::bundle::PercentRange;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::git::Revision;
use crate::history::error::HistoryError;
use crate::load;
use crate::load::Loaded;
use crate::model::{Layer, LayerSlot, SlotTakers};
use crate::source::Source;

/// The maximum number of commits that are searched for past versions of layers.
const MAX_COMMITS: usize = 10_000;
/// The maximum number of versions of a layer that are read.
const MAX_VERSIONS: usize = 200;

/// Returns a warning for each slot that takes over units since a base.
///
/// # Errors
/// Returns [`HistoryError`] if a commit or a file cannot be read.
pub fn reused_units(loaded: &Loaded, base: &Revision) -> Result<Diagnostics, HistoryError> {
    let project = &loaded.project;
    let mut diagnostics = Vec::new();
    if project.layers.is_empty() {
        return Ok(diagnostics);
    }
    let before = load::all(&Source::Revision(base.clone()))?;
    let takers = [before.project.slot_takers(), project.slot_takers()];
    for layer in project.layers.iter().filter(|layer| layer.is_complete()) {
        let old = before.project.layers.iter().find(|old| old.name == layer.name && has_same_units(old, layer));
        let gains: Vec<Gain<'_>> = layer.slots.iter().filter_map(|slot| Gain::of(slot, old)).collect();
        let handed_over = layer.slots.iter().filter_map(|slot| handed_over((layer, slot), old, &takers));
        let handed_over: Vec<Diagnostic> = handed_over.collect();
        if gains.is_empty() && handed_over.is_empty() {
            continue;
        }
        let mut versions = versions(base, &loaded.snapshot.file(layer.file).path)?;
        versions.retain(|(_, version)| has_same_units(version, layer));
        let reused = gains.iter().filter_map(|gain| {
            let conflict = |(revision, version)| Some((gain.conflict(version)?, revision));
            let ((other, common), revision) =
                versions.iter().map(|(revision, version)| (revision, version)).find_map(conflict)?;
            Some(reused(gain.slot, (other, common), revision))
        });
        let help = help(&never_used(layer, versions.iter().map(|(_, version)| version)));
        diagnostics.extend(handed_over.into_iter().chain(reused).map(|diagnostic| diagnostic.help(help.as_str())));
    }
    Ok(diagnostics)
}

/// A slot with the units that it did not have at the base.
struct Gain<'l> {
    slot: &'l LayerSlot,
    ranges: Vec<PercentRange>,
}

impl<'l> Gain<'l> {
    /// Returns the gain of a slot, or `None` if it has no new units.
    fn of(slot: &'l LayerSlot, old: Option<&Layer>) -> Option<Self> {
        let range = slot.range.value.get()?;
        let had = old.and_then(|old| old.slot(&slot.name.value)?.range.value.get());
        let ranges = had.map_or_else(|| vec![range], |had| range.without(had));
        (!ranges.is_empty()).then_some(Self { slot, ranges })
    }

    /// Returns the first slot of another name in a version of the layer that has one of the new units, and these units.
    fn conflict<'v>(&self, version: &'v Layer) -> Option<(&'v LayerSlot, PercentRange)> {
        let mut others = version.slots.iter().filter(|other| other.name.value != self.slot.name.value);
        others.find_map(|other| {
            let range = other.range.value.get()?;
            Some((other, self.ranges.iter().find_map(|gained| gained.intersection(range))?))
        })
    }
}

/// Returns whether two versions of a layer put each unit into the same bucket.
fn has_same_units(old: &Layer, new: &Layer) -> bool {
    old.unit() == new.unit() && old.salt() == new.salt()
}

/// Returns the past versions of a file that are layers, from the newest, each with its newest commit. The first is that
/// of the base. Only the first-parent line is followed.
fn versions(base: &Revision, path: &str) -> Result<Vec<(Revision, Layer)>, HistoryError> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut next = Some(base.clone());
    let mut commits = 0;
    while let Some(revision) = next {
        if let Some(id) = revision.blob_id(path)?
            && seen.insert(id)
        {
            let loaded = load::file(&Source::Revision(revision.clone()), path)?;
            found.extend(loaded.project.layers.into_iter().next().map(|layer| (revision.clone(), layer)));
        }
        commits += 1;
        next = if commits < MAX_COMMITS && found.len() < MAX_VERSIONS { revision.parent()? } else { None };
    }
    Ok(found)
}

/// Returns a warning if another flag takes the slot than at the base. `old` is the layer at the base, if it put each unit
/// into the same bucket, and `takers` has the flags that take slots at the base and now.
fn handed_over(
    (layer, slot): (&Layer, &LayerSlot),
    old: Option<&Layer>,
    takers: &[SlotTakers<'_>; 2],
) -> Option<Diagnostic> {
    let name = (layer.name.as_str(), slot.name.value.as_str());
    let [before, after] = takers.each_ref().map(|takers| takers.get(&name));
    let (&(old_flag, _), &(new_flag, span)) = (before?, after?);
    (old.is_some() && old_flag != new_flag).then(|| {
        let message = format!("slot `{}/{}` goes from the flag `{old_flag}` to `{new_flag}`", name.0, name.1);
        Diagnostic::new(Code::ReusedUnits, span, message).related(slot.range.span, "the units are here")
    })
}

fn reused(slot: &LayerSlot, (other, common): (&LayerSlot, PercentRange), revision: &Revision) -> Diagnostic {
    let (name, other) = (&slot.name.value, &other.name.value);
    let message = format!("slot `{name}` gets `{common}`, which slot `{other}` had at {}", revision.name());
    Diagnostic::new(Code::ReusedUnits, slot.range.span, message)
}

/// Returns the units that no slot had in any of the versions, and that no slot has now.
fn never_used<'v>(layer: &Layer, versions: impl Iterator<Item = &'v Layer>) -> Vec<PercentRange> {
    let past = versions.flat_map(|version| &version.slots).filter_map(|slot| slot.range.value.get());
    PercentRange::unused(past.chain(layer.used()))
}

fn help(free: &[PercentRange]) -> String {
    let other = match free.is_empty() {
        true => "after the data of both is read, give the layer another `salt`".to_owned(),
        false => {
            let free: Vec<String> = free.iter().map(|range| format!("`{range}`")).collect();
            format!("no slot has had {}", free.join(", "))
        }
    };
    format!("the units know the other experiment, which can change what they do; {other}")
}
