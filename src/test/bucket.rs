//! Units that fall where a test wants them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use crate::bundle::{AttributeId, BUCKETS, Bucket, Bucketer, Bundle, Domain, Flag, Percent, Serve};
use crate::eval::{Context, Value};
use crate::model::Placement;

/// So many units are tried: enough for two places that are a tenth of a percent wide.
const TRIES: u32 = 1 << 24;
/// How far above its place a unit may fall, in buckets, if no boundary of the flag comes first.
const NEAR: Bucket = 100;

/// Where a unit must fall among the buckets of one flag.
struct Wanted<'b> {
    bucketer: &'b Bucketer,
    domain: Domain,
    range: Range<Bucket>,
}

impl Wanted<'_> {
    fn holds(&self, unit: &str) -> bool {
        self.range.contains(&self.bucketer.bucket(self.domain, unit))
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
        for (domain, place) in [(Domain::Gate, &placement.rollout), (Domain::Split, &placement.split)] {
            if let Some(place) = place {
                let range = around(place.value, &boundaries(flag, domain));
                wanted.entry(flag.unit).or_default().push(Wanted { bucketer: &flag.bucketer, domain, range });
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
    let mut unit = String::from("unit-");
    let stem = unit.len();
    for number in 0..TRIES {
        unit.truncate(stem);
        write!(unit, "{number}").ok()?;
        if wanted.iter().all(|wanted| wanted.holds(&unit)) {
            return Some(unit);
        }
    }
    None
}

/// Where the flag begins to treat units otherwise.
fn boundaries(flag: &Flag, domain: Domain) -> Vec<Bucket> {
    match domain {
        Domain::Gate => flag.rules.iter().map(|rule| rule.rollout.buckets()).collect(),
        Domain::Split => {
            let splits = flag.rules.iter().filter_map(|rule| match &rule.serve {
                Serve::Split(ranges) => Some(ranges),
                Serve::Variant(_) => None,
            });
            splits.flatten().map(|(end, _)| *end).collect()
        }
    }
}

/// The buckets from a place on that are near it and that the flag treats alike.
fn around(place: Percent, boundaries: &[Bucket]) -> Range<Bucket> {
    let start = place.buckets();
    let next = boundaries.iter().copied().filter(|boundary| *boundary > start).min().unwrap_or(BUCKETS);
    start..next.min(start + NEAR).min(BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_stays_on_its_side_of_a_boundary() {
        let place = |text: &str| text.parse::<Percent>().unwrap();
        assert_eq!(around(place("12.5%"), &[25_000]), 12_500..12_600);
        assert_eq!(around(place("24.95%"), &[25_000]), 24_950..25_000);
        assert_eq!(around(place("25%"), &[25_000, 25_001]), 25_000..25_001);
        assert_eq!(around(place("99.999%"), &[]), 99_999..100_000);
    }
}
