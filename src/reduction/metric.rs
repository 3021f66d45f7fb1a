//! Where the events of each metric go: the cells of a unit.

use crate::model::{Aggregate, Covariate, MetricKind};
use crate::reduction::cell::Cell;
use crate::reduction::settings::{MetricPlan, ValueSource};

/// The cells of one value of a metric, as offsets among the cells of a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueCells {
    pub(super) aggregate: Aggregate,
    after: usize,
    before: Option<usize>,
}

/// A metric with its cells.
pub(super) struct Metric {
    pub(super) plan: MetricPlan,
    /// The window in microseconds.
    pub(super) window: i64,
    /// The value. The quantile of events has no cells.
    pub(super) value: ValueCells,
    /// The denominator.
    pub(super) denominator: Option<ValueCells>,
}

/// A use of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    pub(super) metric: usize,
    pub(super) cells: ValueCells,
    pub(super) window: i64,
    /// Whether the metric needs each value of the events.
    pub(super) keeps_events: bool,
}

/// The metrics, and the number of cells of a unit.
pub(super) struct Metrics {
    pub(super) list: Vec<Metric>,
    /// The number of cells of a unit.
    pub(super) stride: usize,
    /// The names of the events that metrics use, and their uses.
    events: Vec<(String, Vec<Use>)>,
}

impl Metrics {
    /// Gives each metric its cells.
    pub(super) fn new(plans: &[MetricPlan]) -> Self {
        let mut metrics = Self { list: Vec::new(), stride: 0, events: Vec::new() };
        for plan in plans {
            let window = i64::try_from(plan.window.as_micros()).unwrap_or(i64::MAX);
            let index = metrics.list.len();
            let mut cells = |source: &ValueSource| {
                let has_before = plan.covariate == Covariate::Before;
                let after = metrics.stride;
                let before = has_before.then_some(after + 1);
                metrics.stride += 1 + usize::from(has_before);
                let cells = ValueCells { aggregate: source.aggregate, after, before };
                let keeps_events = plan.kind == MetricKind::EventQuantile;
                let used = Use { metric: index, cells, window, keeps_events };
                match metrics.events.iter_mut().find(|(name, _)| *name == source.event) {
                    Some((_, uses)) => uses.push(used),
                    None => metrics.events.push((source.event.clone(), vec![used])),
                }
                cells
            };
            let value = cells(&plan.value);
            let denominator = plan.denominator.as_ref().map(&mut cells);
            metrics.list.push(Metric { plan: plan.clone(), window, value, denominator });
        }
        metrics
    }

    /// Returns the index of the name of an event, or `None` if no metric uses the event.
    pub(super) fn event(&self, name: &str) -> Option<usize> {
        self.events.iter().position(|(event, _)| event == name)
    }

    /// Returns the uses of the events with a name, by the index of the name.
    pub(super) fn uses(&self, event: usize) -> &[Use] {
        self.events.get(event).map_or(&[], |(_, uses)| uses)
    }
}

impl ValueCells {
    /// Returns the offset of the cell for events before the first exposure.
    pub(super) fn before(self) -> Option<usize> {
        self.before
    }

    /// Returns the offset of the cell for events after the first exposure.
    pub(super) fn after(self) -> usize {
        self.after
    }

    /// Returns the cell for events after the first exposure, of the cells of a unit.
    pub(super) fn of_unit(self, cells: &[Cell]) -> Cell {
        cells.get(self.after).copied().unwrap_or_default()
    }

    /// Returns the cell for events before the first exposure, of the cells of a unit.
    pub(super) fn of_unit_before(self, cells: &[Cell]) -> Cell {
        self.before.and_then(|before| cells.get(before)).copied().unwrap_or_default()
    }
}
