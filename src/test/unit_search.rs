//! Units that fall where a test wants them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use crate::bundle::{AttributeId, BUCKETS, Bucket, Bucketer, Bundle, Flag, HashDomain};
use crate::eval::{Context, Value};
use crate::model::Placement;

/// So many units are tried: enough for any place of one flag, unless rollout and split are both narrow.
const TRIES: u32 = 1 << 24;
/// How far above its place a unit may fall, in buckets, if no boundary of the flag comes first.
const NEAR: Bucket = 100;
/// The same where a unit has several places: it is found in ten thousand tries then, not in a million.
const NEAR_EACH: Bucket = 1_000;

/// Where a unit must fall among the buckets of one flag.
struct Wanted<'b> {
    bucketer: &'b Bucketer,
    domain: HashDomain,
    place: Bucket,
    /// Where the flag next treats units otherwise.
    next: Bucket,
}

impl Wanted<'_> {
    /// The buckets from the place on that are near it and that the flag treats alike.
    fn range(&self, near: Bucket) -> Range<Bucket> {
        self.place..self.next.min(self.place + near)
    }
}

/// Gives the context units that fall where they should; a unit that it has is replaced.
///
/// # Errors
/// Why there is none, in words.
pub(super) fn place(placements: &[Placement], bundle: &Bundle, context: &mut Context<'_>) -> Result<(), String> {
    let mut wanted: BTreeMap<AttributeId, Vec<Wanted<'_>>> = BTreeMap::new();
    for placement in placements {
        let key = &placement.flag.value;
        let flag = bundle.flag(key).ok_or_else(|| format!("`{key}` cannot be decided"))?;
        for (domain, place) in [(HashDomain::Rollout, &placement.rollout), (HashDomain::Split, &placement.split)] {
            if let Some(place) = place {
                let place = place.value.buckets();
                let wanted = wanted.entry(flag.unit).or_default();
                // Where nothing depends on the bucket, any will do.
                if let Some(next) = next_boundary(place, &boundaries(flag, domain)) {
                    wanted.push(Wanted { bucketer: &flag.bucketer, domain, place, next });
                }
            }
        }
    }
    for (attribute, wanted) in wanted {
        let unit = find(&wanted).ok_or_else(|| format!("of {TRIES} none falls in all these places"))?;
        context.set(attribute, Value::Text(Cow::Owned(unit)));
    }
    Ok(())
}

/// The first of `unit-0`, `unit-1` and so on that falls where it should.
fn find(wanted: &[Wanted<'_>]) -> Option<String> {
    let near = if wanted.len() > 1 { NEAR_EACH } else { NEAR };
    let ranges: Vec<_> = wanted.iter().map(|wanted| (wanted, wanted.range(near))).collect();
    let holds = |unit: &str| {
        let falls = |(wanted, range): &(&Wanted<'_>, Range<Bucket>)| {
            range.contains(&wanted.bucketer.bucket(wanted.domain, unit))
        };
        ranges.iter().all(falls)
    };
    let mut unit = String::from("unit-");
    let stem = unit.len();
    for number in 0..TRIES {
        unit.truncate(stem);
        write!(unit, "{number}").ok()?;
        if holds(&unit) {
            return Some(unit);
        }
    }
    None
}

/// Where the flag begins to treat units otherwise.
fn boundaries(flag: &Flag, domain: HashDomain) -> Vec<Bucket> {
    match domain {
        HashDomain::Rollout => flag.rules.iter().map(|rule| rule.rollout.buckets()).collect(),
        HashDomain::Split => {
            flag.rules.iter().flat_map(|rule| rule.serve.ranges()).map(|(range, _)| range.end).collect()
        }
    }
}

/// The first boundary above a place; none if the flag has no boundary but the two ends.
fn next_boundary(place: Bucket, boundaries: &[Bucket]) -> Option<Bucket> {
    let inner = || boundaries.iter().copied().filter(|boundary| (1..BUCKETS).contains(boundary));
    inner().next()?;
    Some(inner().filter(|boundary| *boundary > place).min().unwrap_or(BUCKETS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bucketing;

    fn wanted<'b>(bucketer: &'b Bucketer, domain: HashDomain, place: Bucket, boundaries: &[Bucket]) -> Wanted<'b> {
        Wanted { bucketer, domain, place, next: next_boundary(place, boundaries).unwrap() }
    }

    #[test]
    fn a_unit_stays_on_its_side_of_a_boundary() {
        let bucketer = Bucketer::new(Bucketing::Siphash, "new-checkout");
        let range = |place, boundaries: &[_]| wanted(&bucketer, HashDomain::Rollout, place, boundaries).range(NEAR);
        assert_eq!(range(12_500, &[25_000]), 12_500..12_600);
        assert_eq!(range(24_950, &[25_000]), 24_950..25_000);
        assert_eq!(range(25_000, &[25_000, 25_001]), 25_000..25_001);
        assert_eq!(range(99_999, &[25_000]), 99_999..100_000);
        assert_eq!(next_boundary(12_500, &[0, BUCKETS]), None);
    }

    #[test]
    fn the_unit_falls_in_all_its_places() {
        let bucketer = Bucketer::new(Bucketing::FlagdV3, "new-checkout");
        let (gate, split) = ([25_000], [50_000, BUCKETS]);
        let both = [
            wanted(&bucketer, HashDomain::Rollout, 24_000, &gate),
            wanted(&bucketer, HashDomain::Split, 50_000, &split),
        ];
        let unit = find(&both).unwrap();
        assert!((24_000..25_000).contains(&bucketer.bucket(HashDomain::Rollout, &unit)), "{unit}");
        assert!((50_000..51_000).contains(&bucketer.bucket(HashDomain::Split, &unit)), "{unit}");
    }
}
