//! The first exposure of each unit in each phase.

use crate::reduction::index::{UnitIndex, UnitKey};

/// No further phase of a unit.
const END: u32 = u32::MAX;

/// A unit in a phase.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// The time of its first exposure, in microseconds.
    pub(super) first: i64,
    /// The number of the same unit in another phase, or [`END`].
    next: u32,
    /// The index of the phase.
    pub(super) phase: u16,
    /// The index of the arm of its first exposure.
    pub(super) arm: u8,
    /// Whether it was seen in another arm of the phase.
    pub(super) has_several: bool,
}

/// The units.
#[derive(Default)]
pub(super) struct Units {
    index: UnitIndex,
    list: Vec<Unit>,
    /// The index of the value of each dimension, for each unit.
    levels: Vec<u16>,
}

/// The maximum number of units was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Units {
    /// Adds an exposure. `levels` are the values of the dimensions, which the unit keeps from its first exposure.
    pub(super) fn add(&mut self, unit: &str, exposed: Unit, levels: &[u16], max: usize) -> Result<(), Full> {
        let number = u32::try_from(self.list.len()).ok().filter(|number| *number < END).ok_or(Full)?;
        let unit = UnitKey::new(unit);
        let mut known = self.index.find(unit);
        if known.is_none() && self.list.len() < max {
            known = self.index.find_or_insert(unit, number);
            if known.is_none() {
                self.push(exposed, levels);
                return Ok(());
            }
        }
        let mut at = known.ok_or(Full)?;
        loop {
            let Some(found) = self.list.get_mut(at as usize) else { return Err(Full) };
            if found.phase == exposed.phase {
                found.has_several |= found.arm != exposed.arm;
                if exposed.first < found.first {
                    found.first = exposed.first;
                    found.arm = exposed.arm;
                    let start = at as usize * levels.len();
                    self.levels.get_mut(start..start + levels.len()).unwrap_or_default().copy_from_slice(levels);
                }
                return Ok(());
            }
            if found.next == END {
                if number as usize >= max {
                    return Err(Full);
                }
                found.next = number;
                self.push(exposed, levels);
                return Ok(());
            }
            at = found.next;
        }
    }

    fn push(&mut self, exposed: Unit, levels: &[u16]) {
        self.list.push(exposed);
        self.levels.extend_from_slice(levels);
    }

    /// Returns the number of a unit in the phase in which it was first read.
    pub(super) fn number(&self, unit: UnitKey) -> Option<u32> {
        self.index.find(unit)
    }

    /// Iterates over the numbers and the first exposures of a unit in all phases. `number` is that of its first phase.
    pub(super) fn phases_of(&self, number: u32) -> impl Iterator<Item = (u32, &Unit)> {
        let mut next = Some(number);
        std::iter::from_fn(move || {
            let number = next?;
            let unit = self.list.get(number as usize)?;
            next = Some(unit.next).filter(|next| *next != END);
            Some((number, unit))
        })
    }

    /// Returns all units in the order of their numbers.
    pub(super) fn list(&self) -> &[Unit] {
        &self.list
    }

    /// Returns the values of the dimensions of a unit.
    pub(super) fn levels(&self, number: usize, dimensions: usize) -> &[u16] {
        self.levels.get(number * dimensions..(number + 1) * dimensions).unwrap_or_default()
    }
}

impl Unit {
    /// Returns a unit that is exposed for the first time.
    pub(super) fn exposed(first: i64, phase: u16, arm: u8) -> Self {
        Self { first, next: END, phase, arm, has_several: false }
    }
}
