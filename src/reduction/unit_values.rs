//! The values of units, from their metric events.
//!
//! Finding a unit and its cells among millions waits for memory. So events wait until there is a group of them: the
//! processor then waits for several units at the same time.

use crate::reduction::cell::Cell;
use crate::reduction::index::UnitKey;
use crate::reduction::metric::Metrics;
use crate::reduction::units::Units;

/// The maximum number of events that are kept for quantiles of events.
pub(super) const MAX_EVENTS: usize = 50_000_000;
const GROUP: usize = 64;

/// The values of units.
pub(super) struct UnitValues {
    /// The time before the first exposure in which events are the covariate, in microseconds.
    lookback: i64,
    pub(super) cells: Vec<Cell>,
    /// The events of each metric that needs all of them: the number of the unit and the value.
    pub(super) kept: Vec<Vec<(u32, f64)>>,
    kept_count: usize,
    group: Vec<UnitEvent>,
    /// The numbers of the units of the group.
    numbers: Vec<Option<u32>>,
    /// The number of events of units that were not exposed.
    pub(super) other_units: u64,
}

/// A metric event of a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnitEvent {
    /// The unit.
    pub(super) unit: UnitKey,
    /// The time, in microseconds.
    pub(super) at: i64,
    /// The value, or 0.
    pub(super) value: f64,
    /// The index of the name in [`Metrics`].
    pub(super) name: usize,
}

/// The index of a metric that needs too many events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyEvents(pub(super) usize);

impl UnitValues {
    /// Returns no values.
    pub(super) fn new(metrics: &Metrics, lookback: i64) -> Self {
        Self {
            lookback,
            cells: Vec::new(),
            kept: vec![Vec::new(); metrics.list.len()],
            kept_count: 0,
            group: Vec::with_capacity(GROUP),
            numbers: Vec::with_capacity(GROUP),
            other_units: 0,
        }
    }

    /// Makes place for the values of all units.
    pub(super) fn resize(&mut self, units: &Units, metrics: &Metrics) {
        self.cells.resize(units.list().len() * metrics.stride, Cell::default());
    }

    /// Adds an event to its group, and the group to the values if it is complete.
    pub(super) fn add(&mut self, event: UnitEvent, units: &Units, metrics: &Metrics) -> Result<(), TooManyEvents> {
        self.group.push(event);
        if self.group.len() < GROUP { Ok(()) } else { self.finish_group(units, metrics) }
    }

    /// Adds the events of the group to the values.
    pub(super) fn finish_group(&mut self, units: &Units, metrics: &Metrics) -> Result<(), TooManyEvents> {
        self.numbers.clear();
        self.numbers.extend(self.group.iter().map(|event| units.number(event.unit)));
        for index in 0..self.group.len() {
            let event = self.group.get(index).copied();
            let number = self.numbers.get(index).copied().flatten();
            if let (Some(event), Some(number)) = (event, number) {
                self.apply(&event, number, units, metrics)?;
            } else {
                self.other_units += 1;
            }
        }
        self.group.clear();
        Ok(())
    }

    /// Adds an event to the values of its unit in all phases, of which `number` is the first.
    fn apply(&mut self, event: &UnitEvent, number: u32, units: &Units, metrics: &Metrics) -> Result<(), TooManyEvents> {
        for (number, unit) in units.phases_of(number) {
            let after = event.at.saturating_sub(unit.first);
            for used in metrics.uses(event.name) {
                let offset = if (0..used.window).contains(&after) {
                    Some(used.cells.after())
                } else if after < 0 && after >= -self.lookback {
                    used.cells.before()
                } else {
                    None
                };
                let Some(offset) = offset else { continue };
                if let Some(cell) = self.cells.get_mut(number as usize * metrics.stride + offset) {
                    cell.add(used.cells.aggregate, event.value);
                }
                if used.keeps_events && after >= 0 {
                    self.kept_count += 1;
                    if self.kept_count > MAX_EVENTS {
                        return Err(TooManyEvents(used.metric));
                    }
                    self.kept.get_mut(used.metric).into_iter().for_each(|kept| kept.push((number, event.value)));
                }
            }
        }
        Ok(())
    }
}
