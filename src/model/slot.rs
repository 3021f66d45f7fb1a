//! The texts with which layers and rules write slots: ranges of percentages, and names such as `checkout/new-cart`.

use std::fmt;
use std::str::FromStr;

use crate::bundle::{Percent, PercentRange};
use crate::model::name_rule::is_name;

/// A half-open range in written form, which may be empty or reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenRange {
    /// The first percentage.
    pub from: Percent,
    /// The percentage before which the range ends.
    pub to: Percent,
}

/// The name of a slot in a rule: the layer and the slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotName {
    /// The name of the layer.
    pub layer: String,
    /// The name of the slot.
    pub slot: String,
}

impl WrittenRange {
    /// Returns the range, or `None` if it is empty.
    pub fn get(self) -> Option<PercentRange> {
        PercentRange::new(self.from, self.to)
    }
}

impl fmt::Display for WrittenRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

/// A text does not have the expected form.
#[derive(Debug)]
pub struct FormError;

impl FromStr for WrittenRange {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let (from, to) = text.split_once("..").ok_or(FormError)?;
        let percent = |text: &str| text.parse().map_err(|_| FormError);
        Ok(Self { from: percent(from)?, to: percent(to)? })
    }
}

impl FromStr for SlotName {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let (layer, slot) = text.split_once('/').ok_or(FormError)?;
        let is_valid = is_name(layer) && is_name(slot);
        is_valid.then(|| Self { layer: layer.to_owned(), slot: slot.to_owned() }).ok_or(FormError)
    }
}
