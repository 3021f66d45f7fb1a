//! The events of one unit for one value.

use crate::model::Aggregate;

/// The events of one unit for one value, as far as the aggregate needs them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    sum: f64,
    count: u32,
}

impl Aggregate {
    /// Returns whether events without a value cannot be used.
    pub(super) fn needs_value(self) -> bool {
        self != Self::Count
    }
}

impl Cell {
    /// Adds an event.
    pub(super) fn add(&mut self, aggregate: Aggregate, value: f64) {
        self.sum = match aggregate {
            Aggregate::Sum | Aggregate::Mean => self.sum + value,
            Aggregate::Count => 0.0,
            Aggregate::Max | Aggregate::Min if self.count == 0 => value,
            Aggregate::Max => self.sum.max(value),
            Aggregate::Min => self.sum.min(value),
        };
        self.count = self.count.saturating_add(1);
    }

    /// Returns whether there is an event.
    pub(super) fn has_events(self) -> bool {
        self.count > 0
    }

    /// Returns the value.
    pub(super) fn value(self, aggregate: Aggregate) -> f64 {
        match aggregate {
            Aggregate::Count => f64::from(self.count),
            Aggregate::Mean if self.count > 0 => self.sum / f64::from(self.count),
            Aggregate::Sum | Aggregate::Mean | Aggregate::Max | Aggregate::Min => self.sum,
        }
    }
}
