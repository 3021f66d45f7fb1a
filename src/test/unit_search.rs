//! Finds units with the bucket positions that a test case specifies.
//!
//! A case can contain `bucket: {pay: {rollout: 12.5%}}` instead of a unit, and `slot` and `split` in the same way. The search hashes `unit-0`, `unit-1` and so
//! on until the bucket of a unit is at or slightly above the position. No boundary of the flag's slots, rollouts or splits may
//! lie between the position and the bucket.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use crate::bundle::{AttributeId, BUCKETS, Bucket, Bucketer, Bundle, Flag, HashDomain, Slot};
use crate::eval::{Context, Value};
use crate::model::Placement;

/// The maximum number of units that are tried. It is sufficient for every position of one flag, unless both its rollout
/// and its split are narrow.
const MAX_TRIES: u32 = 1 << 24;
/// The maximum distance of a unit above its position, in buckets, if no boundary of the flag is closer.
const TOLERANCE: Bucket = 100;
/// The tolerance for each position if a unit has several positions. Two positions then take ten thousand tries instead
/// of a million.
const TOLERANCE_OF_SEVERAL: Bucket = 1_000;

/// A position that a unit must have among the buckets of one flag.
struct WantedPosition<'b> {
    bucketer: &'b Bucketer,
    domain: HashDomain,
    position: Bucket,
    /// The next boundary above the position. The flag may decide differently from this bucket on.
    next_boundary: Bucket,
}

impl WantedPosition<'_> {
    /// Returns the buckets from the position up to the tolerance or the next boundary.
    fn range(&self, tolerance: Bucket) -> Range<Bucket> {
        self.position..self.next_boundary.min(self.position + tolerance)
    }
}

/// Sets units with the wanted positions in the context, and replaces its existing units.
///
/// # Errors
/// Returns the reason as text if a flag has an error, or if no unit was found.
pub(super) fn set_units(placements: &[Placement], bundle: &Bundle, context: &mut Context<'_>) -> Result<(), String> {
    let mut wanted: BTreeMap<AttributeId, Vec<WantedPosition<'_>>> = BTreeMap::new();
    for placement in placements {
        let key = &placement.flag.value;
        let flag = bundle.flag(key).ok_or_else(|| format!("`{key}` cannot be decided"))?;
        if let Some(position) = &placement.slot {
            let slots = flag.rules.iter().filter_map(|rule| Some((flag.unit_of(rule), rule.partial_slot()?)));
            for (unit, slot) in slots {
                let position = position.value.buckets();
                if let Some(next_boundary) = next_boundary(position, &slot_boundaries(flag, unit, slot)) {
                    let bucketer = &slot.bucketer;
                    let wanted = wanted.entry(unit).or_default();
                    let domain = HashDomain::Layer;
                    wanted.push(WantedPosition { bucketer, domain, position, next_boundary });
                }
            }
        }
        for (domain, position) in [(HashDomain::Rollout, &placement.rollout), (HashDomain::Split, &placement.split)] {
            if let Some(position) = position {
                let position = position.value.buckets();
                for unit in flag.units() {
                    let positions = wanted.entry(unit).or_default();
                    // Without a boundary, no decision depends on the bucket, so any unit is suitable.
                    if let Some(next_boundary) = next_boundary(position, &boundaries(flag, unit, domain)) {
                        positions.push(WantedPosition { bucketer: &flag.bucketer, domain, position, next_boundary });
                    }
                }
            }
        }
    }
    for (attribute, positions) in wanted {
        let unit = find_unit(&positions)
            .ok_or_else(|| format!("none of {MAX_TRIES} units falls at all of these positions"))?;
        context.set(attribute, Value::Text(Cow::Owned(unit)));
    }
    Ok(())
}

/// Returns the first of `unit-0`, `unit-1` and so on that has all positions.
fn find_unit(wanted: &[WantedPosition<'_>]) -> Option<String> {
    let tolerance = if wanted.len() > 1 { TOLERANCE_OF_SEVERAL } else { TOLERANCE };
    let ranges: Vec<_> = wanted.iter().map(|wanted| (wanted, wanted.range(tolerance))).collect();
    let fits = |unit: &str| {
        let is_in_range = |(wanted, range): &(&WantedPosition<'_>, Range<Bucket>)| {
            range.contains(&wanted.bucketer.bucket(wanted.domain, unit))
        };
        ranges.iter().all(is_in_range)
    };
    let mut unit = String::from("unit-");
    let prefix_length = unit.len();
    for number in 0..MAX_TRIES {
        unit.truncate(prefix_length);
        write!(unit, "{number}").ok()?;
        if fits(&unit) {
            return Some(unit);
        }
    }
    None
}

/// Returns the buckets from which the rules that hash the unit may decide differently.
fn boundaries(flag: &Flag, unit: AttributeId, domain: HashDomain) -> Vec<Bucket> {
    let rules = flag.rules.iter().filter(|rule| flag.unit_of(rule) == unit);
    match domain {
        HashDomain::Rollout => {
            rules.map(|rule| rule.rollout.buckets()).chain([flag.state.admits().buckets()]).collect()
        }
        HashDomain::Split => rules.flat_map(|rule| rule.serve.ranges()).map(|(range, _)| range.end).collect(),
        HashDomain::Layer => Vec::new(),
    }
}

/// Returns the buckets of a layer from which the rules that hash the unit may decide differently.
fn slot_boundaries(flag: &Flag, unit: AttributeId, slot: &Slot) -> Vec<Bucket> {
    let rules = flag.rules.iter().filter(|rule| flag.unit_of(rule) == unit);
    let slots = rules.filter_map(|rule| rule.slot.as_deref()).filter(|other| other.has_same_salt(slot));
    slots.flat_map(|slot| [slot.range.buckets().start, slot.range.buckets().end]).collect()
}

/// Returns the first boundary above the position, or `None` if the flag has no boundary except the two ends.
fn next_boundary(position: Bucket, boundaries: &[Bucket]) -> Option<Bucket> {
    let inner = || boundaries.iter().copied().filter(|boundary| (1..BUCKETS).contains(boundary));
    inner().next()?;
    Some(inner().filter(|boundary| *boundary > position).min().unwrap_or(BUCKETS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bucketing;

    fn wanted<'b>(
        bucketer: &'b Bucketer,
        domain: HashDomain,
        position: Bucket,
        boundaries: &[Bucket],
    ) -> WantedPosition<'b> {
        let next_boundary = next_boundary(position, boundaries).unwrap();
        WantedPosition { bucketer, domain, position, next_boundary }
    }

    #[test]
    fn a_unit_does_not_cross_a_boundary() {
        let bucketer = Bucketer::new(Bucketing::Siphash, "new-checkout");
        let range =
            |position, boundaries: &[_]| wanted(&bucketer, HashDomain::Rollout, position, boundaries).range(TOLERANCE);
        assert_eq!(range(12_500, &[25_000]), 12_500..12_600);
        assert_eq!(range(24_950, &[25_000]), 24_950..25_000);
        assert_eq!(range(25_000, &[25_000, 25_001]), 25_000..25_001);
        assert_eq!(range(99_999, &[25_000]), 99_999..100_000);
        assert_eq!(next_boundary(12_500, &[0, BUCKETS]), None);
    }

    #[test]
    fn a_unit_falls_at_all_its_positions() {
        let bucketer = Bucketer::new(Bucketing::FlagdV3, "new-checkout");
        let (gate, split) = ([25_000], [50_000, BUCKETS]);
        let both = [
            wanted(&bucketer, HashDomain::Rollout, 24_000, &gate),
            wanted(&bucketer, HashDomain::Split, 50_000, &split),
        ];
        let unit = find_unit(&both).unwrap();
        assert!((24_000..25_000).contains(&bucketer.bucket(HashDomain::Rollout, &unit)), "{unit}");
        assert!((50_000..51_000).contains(&bucketer.bucket(HashDomain::Split, &unit)), "{unit}");
    }
}
