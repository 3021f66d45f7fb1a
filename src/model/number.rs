//! Numbers in ranges, and durations with defaults.

use crate::model::duration::WrittenDuration;
use crate::model::lower::{Fields, Lowering};
use crate::yaml::Value;

/// A range of numbers, and its title in the schema.
pub(super) struct NumberRange {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) title: &'static str,
}

pub(super) const PROBABILITY: NumberRange =
    NumberRange { min: 0.000_001, max: 0.4, title: "a number from 0.000001 to 0.4" };
pub(super) const BACKOFF: NumberRange = NumberRange { min: 1.0, max: 100.0, title: "a number from 1 to 100" };
pub(super) const COUNT_100: NumberRange = NumberRange { min: 1.0, max: 100.0, title: "a whole number from 1 to 100" };
pub(super) const COUNT_BILLION: NumberRange =
    NumberRange { min: 1.0, max: 1e9, title: "a whole number from 1 to 1000000000" };
pub(super) const RATIO: NumberRange = NumberRange { min: 0.01, max: 1_000.0, title: "a number from 0.01 to 1000" };
pub(super) const RATE: NumberRange =
    NumberRange { min: 0.000_001, max: 0.999_999, title: "a number from 0.000001 to 0.999999" };
pub(super) const CAP: NumberRange =
    NumberRange { min: 1e-9, max: 1e12, title: "a number from 0.000000001 to 1000000000000" };

impl Fields<'_> {
    /// Reads a number in a range.
    pub(super) fn number(&self, key: &str, lowering: &mut Lowering, range: &NumberRange) -> Option<f64> {
        let node = self.get(key)?;
        match &node.value {
            Value::Number(number, _) => match number.as_f64() {
                Some(value) if (range.min..=range.max).contains(&value) => Some(value),
                _ => lowering.misfit(node.span, range.title),
            },
            _ => lowering.misfit(node.span, range.title),
        }
    }

    /// Reads a whole number in a range of at most 32 bits.
    pub(super) fn count(&self, key: &str, lowering: &mut Lowering, range: &NumberRange) -> Option<u32> {
        let value = self.number(key, lowering, range)?;
        if value.fract() != 0.0 {
            return lowering.misfit(self.get(key)?.span, range.title);
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range has 32 bits at most")]
        Some(value as u32)
    }

    /// Reads a duration, or returns the default in seconds.
    pub(super) fn duration(&self, key: &str, lowering: &mut Lowering, default: u64) -> WrittenDuration {
        let duration = self.get(key).and_then(|node| lowering.duration(node));
        duration.map_or(WrittenDuration::seconds(default), |duration| duration.value)
    }
}
