//! Reads the exposures and then the metric events of an experiment.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::events::{
    self, BadRow, Column, Exposure, ExposureReason, Input, InputError, MetricEvent, Refusal, RowCounts,
};
use crate::experiment::SufficientStatistics;
use crate::reduction::error::ReductionError;
use crate::reduction::index::UnitKey;
use crate::reduction::metric::Metrics;
use crate::reduction::settings::{CountedReasons, ReductionSettings};
use crate::reduction::summarize::{Data, summarize};
use crate::reduction::unit_values::{MAX_EVENTS, TooManyEvents, UnitEvent, UnitValues};
use crate::reduction::units::{Full, Unit, Units};

/// How far the clock of an application may be ahead.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// The maximum number of values of a dimension. Units with further values are in a group of their own.
const MAX_LEVELS: usize = 100;
/// The name of that group, and of the group of units without the attribute.
const OTHER: &str = "(other)";
const MISSING: &str = "(none)";

/// Events that are not bad and are not used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Exposures of other flags.
    pub other_flags: u64,
    /// Exposures in other environments.
    pub other_environments: u64,
    /// Exposures whose variant is not random.
    pub not_random: u64,
    /// Exposures to variants that are not compared.
    pub other_variants: u64,
    /// Exposures outside the period, and metric events after it.
    pub outside: u64,
    /// Metric events that no metric uses.
    pub other_events: u64,
    /// Metric events of units that were not exposed.
    pub other_units: u64,
}

/// The result.
#[derive(Debug)]
pub struct Reduced {
    /// The statistics.
    pub statistics: SufficientStatistics,
    /// The rows of exposures.
    pub exposures: RowCounts,
    /// The rows of metric events.
    pub metric_events: RowCounts,
    /// What was not used.
    pub ignored: Ignored,
    /// The time to which the events are complete.
    pub until: Timestamp,
    /// The numbers of the entries in the published log with which the phases begin, by the names of the phases.
    pub sequences: BTreeMap<String, u64>,
}

/// The reduction of some files.
pub struct Reduction {
    settings: ReductionSettings,
    metrics: Metrics,
    units: Units,
    values: UnitValues,
    /// The values of each dimension.
    levels: Vec<Vec<String>>,
    exposures: RowCounts,
    metric_events: RowCounts,
    ignored: Ignored,
    /// The time of the last event.
    last: i64,
    failure: Option<ReductionError>,
}

impl CountedReasons {
    fn includes(self, reason: ExposureReason) -> bool {
        match self {
            Self::Random => reason == ExposureReason::Split,
            // What the application did not get, it was not exposed to.
            Self::Decided => reason != ExposureReason::Shadow,
        }
    }
}

impl Reduction {
    /// Begins a reduction.
    pub fn new(settings: ReductionSettings) -> Self {
        let metrics = Metrics::new(&settings.metrics);
        let lookback = i64::try_from(settings.lookback.as_micros()).unwrap_or(i64::MAX);
        Self {
            values: UnitValues::new(&metrics, lookback),
            levels: vec![vec![OTHER.to_owned(), MISSING.to_owned()]; settings.dimensions.len()],
            metrics,
            settings,
            units: Units::default(),
            exposures: RowCounts::default(),
            metric_events: RowCounts::default(),
            ignored: Ignored::default(),
            last: i64::MIN,
            failure: None,
        }
    }

    /// Reads a file of exposures, and returns its SHA-256 digest. All exposures must be read before the first metric event.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if there are too many units.
    pub fn read_exposures(&mut self, input: Input) -> Result<[u8; 32], ReductionError> {
        let mut counts = std::mem::take(&mut self.exposures);
        let read = events::exposures(input, &mut counts, |exposure, _| self.add_exposure(&exposure));
        self.exposures = counts;
        self.finished(read)
    }

    /// Reads a file of metric events, and returns its SHA-256 digest.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if a quantile needs too many events.
    pub fn read_metric_events(&mut self, input: Input) -> Result<[u8; 32], ReductionError> {
        self.values.resize(&self.units, &self.metrics);
        let mut counts = std::mem::take(&mut self.metric_events);
        let read = events::metric_events(input, &mut counts, |event, _| self.add_event(&event));
        self.metric_events = counts;
        self.finished(read)
    }

    fn finished(&mut self, read: Result<[u8; 32], InputError>) -> Result<[u8; 32], ReductionError> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(read?),
        }
    }

    fn add_exposure(&mut self, exposure: &Exposure<'_>) -> Result<(), Refusal> {
        let settings = &self.settings;
        let ignored = &mut self.ignored;
        let counter = if *exposure.flag != *settings.flag {
            &mut ignored.other_flags
        } else if exposure.environment.as_deref().is_some_and(|name| name != settings.environment) {
            &mut ignored.other_environments
        } else if !settings.reasons.includes(exposure.reason) {
            &mut ignored.not_random
        } else if !settings.variants.iter().any(|name| *name == exposure.variant) {
            return Err(BadRow::UnknownVariant.into());
        } else if !settings.arms.iter().any(|name| *name == exposure.variant) {
            &mut ignored.other_variants
        } else if settings.from.is_some_and(|from| exposure.at < from)
            || settings.until.is_some_and(|until| exposure.at >= until)
        {
            &mut ignored.outside
        } else {
            let at = self.time(exposure.at)?;
            return self.expose(exposure, at);
        };
        *counter += 1;
        Ok(())
    }

    /// Returns a time in microseconds, and remembers the last one.
    fn time(&mut self, at: Timestamp) -> Result<i64, BadRow> {
        let micros = at.as_microsecond();
        if at.duration_since(self.settings.now) > CLOCK_TOLERANCE {
            return Err(BadRow::Future);
        }
        self.last = self.last.max(micros);
        Ok(micros)
    }

    fn expose(&mut self, exposure: &Exposure<'_>, at: i64) -> Result<(), Refusal> {
        let Some(phase) = self.phase(exposure) else {
            self.ignored.outside += 1;
            return Ok(());
        };
        let arm = self.settings.arms.iter().position(|name| *name == exposure.variant).unwrap_or_default();
        let unit = Unit::exposed(at, u16::try_from(phase).unwrap_or(u16::MAX), u8::try_from(arm).unwrap_or(u8::MAX));
        let levels = self.levels_of(exposure)?;
        self.units.add(&exposure.unit, unit, &levels, self.settings.max_units).map_err(|Full| {
            self.failure = Some(ReductionError::TooManyUnits(self.settings.max_units));
            Refusal::Stop
        })
    }

    /// Returns the index of the phase: that of the version if it is a number of the published log, and else that of the
    /// time.
    fn phase(&self, exposure: &Exposure<'_>) -> Option<usize> {
        let phases = &self.settings.phases;
        let version: Option<u64> =
            exposure.version.as_deref().filter(|text| text.len() <= 9).and_then(|text| text.parse().ok());
        if let Some(version) = version
            && phases.iter().all(|phase| phase.sequence.is_some())
        {
            return phases.iter().rposition(|phase| phase.sequence.is_some_and(|sequence| sequence <= version));
        }
        phases.iter().rposition(|phase| phase.start <= exposure.at)
    }

    /// Returns the indices of the values of the dimensions.
    fn levels_of(&mut self, exposure: &Exposure<'_>) -> Result<Vec<u16>, BadRow> {
        if self.settings.dimensions.is_empty() {
            return Ok(Vec::new());
        }
        let attributes = exposure.attributes.map(|attributes| attributes.parse()).transpose()?.unwrap_or_default();
        let mut found = Vec::with_capacity(self.levels.len());
        for (name, levels) in self.settings.dimensions.iter().zip(&mut self.levels) {
            let text = match attributes.get(name) {
                None | Some(Json::Null) => MISSING.to_owned(),
                Some(Json::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            let known = levels.iter().position(|level| *level == text);
            let index = known.unwrap_or_else(|| {
                if levels.len() >= MAX_LEVELS {
                    return 0;
                }
                levels.push(text);
                levels.len() - 1
            });
            found.push(u16::try_from(index).unwrap_or_default());
        }
        Ok(found)
    }

    fn add_event(&mut self, event: &MetricEvent<'_>) -> Result<(), Refusal> {
        let at = self.time(event.at)?;
        if self.settings.until.is_some_and(|until| event.at >= until) {
            self.ignored.outside += 1;
            return Ok(());
        }
        // This runs for each of many millions of events, so it allocates nothing.
        let Some(name) = self.metrics.event(&event.name) else {
            self.ignored.other_events += 1;
            return Ok(());
        };
        let mut uses = self.metrics.uses(name).iter();
        if event.value.is_none() && uses.any(|used| used.cells.aggregate.needs_value() || used.keeps_events) {
            return Err(BadRow::Missing(Column::Value).into());
        }
        let event = UnitEvent { unit: UnitKey::new(&event.unit), at, value: event.value.unwrap_or_default(), name };
        let added = self.values.add(event, &self.units, &self.metrics);
        added.map_err(|many| {
            self.failure = Some(self.too_many(many));
            Refusal::Stop
        })
    }

    fn too_many(&self, TooManyEvents(metric): TooManyEvents) -> ReductionError {
        let metric = self.metrics.list.get(metric).map(|metric| metric.plan.name.clone());
        ReductionError::TooManyEvents { metric: metric.unwrap_or_default(), limit: MAX_EVENTS }
    }

    /// Returns the statistics.
    ///
    /// # Errors
    /// Returns an error if a value is too large, or if sums contradict each other.
    pub fn finish(mut self) -> Result<Reduced, ReductionError> {
        self.values.resize(&self.units, &self.metrics);
        let finished = self.values.finish_group(&self.units, &self.metrics);
        finished.map_err(|many| self.too_many(many))?;
        self.ignored.other_units = self.values.other_units;
        let last = Timestamp::from_microsecond(self.last).unwrap_or(self.settings.now);
        let until = self.settings.until.unwrap_or(last).min(self.settings.now);
        let data = Data {
            settings: &self.settings,
            metrics: &self.metrics,
            units: &self.units,
            cells: &self.values.cells,
            kept: &self.values.kept,
            levels: &self.levels,
            until: until.as_microsecond(),
        };
        let statistics = summarize(&data)?;
        let phases = &self.settings.phases;
        let sequences = phases.iter().filter_map(|phase| Some((phase.name.clone(), phase.sequence?)));
        Ok(Reduced {
            statistics,
            exposures: self.exposures,
            metric_events: self.metric_events,
            ignored: self.ignored,
            until,
            sequences: sequences.collect(),
        })
    }
}
