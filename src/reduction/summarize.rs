//! Adds the values of the units of each phase, group and arm together.

use crate::experiment::{ArmExposures, ArmMetric, CellKey, CovariateData, Subgroup, SufficientStatistics};
use crate::model::{Covariate, MetricKind, WrittenCap};
use crate::reduction::cell::Cell;
use crate::reduction::error::ReductionError;
use crate::reduction::metric::{Metric, Metrics};
use crate::reduction::quantile::{at_rank, quantile};
use crate::reduction::settings::{Immature, ReductionSettings};
use crate::reduction::units::{Unit, Units};
use crate::statistics::JointMoments;

/// What was read.
pub(super) struct Data<'d> {
    pub(super) settings: &'d ReductionSettings,
    pub(super) metrics: &'d Metrics,
    pub(super) units: &'d Units,
    pub(super) cells: &'d [Cell],
    pub(super) kept: &'d [Vec<(u32, f64)>],
    pub(super) levels: &'d [Vec<String>],
    /// The time to which the events are complete, in microseconds.
    pub(super) until: i64,
}

/// All units of a phase, or those with one value of a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    phase: u16,
    /// The indices of the dimension and of its value.
    level: Option<(usize, u16)>,
}

/// The values of the units of one arm in one metric.
#[derive(Default)]
struct Sum {
    moments: JointMoments,
    missing: u32,
    capped: u32,
}

/// Returns the statistics.
pub(super) fn summarize(data: &Data<'_>) -> Result<SufficientStatistics, ReductionError> {
    let mut statistics = SufficientStatistics::default();
    for group in data.groups() {
        let members: Vec<usize> = data.members(group).collect();
        if members.is_empty() && group.level.is_some() {
            continue;
        }
        data.add_exposures(group, &members, &mut statistics)?;
        for (index, metric) in data.metrics.list.iter().enumerate() {
            let mature: Vec<usize> = members.iter().copied().filter(|number| data.counts(*number, metric)).collect();
            data.add_metric(group, (index, metric), &mature, &mut statistics)?;
        }
    }
    Ok(statistics)
}

impl Data<'_> {
    fn groups(&self) -> Vec<Group> {
        let mut groups = Vec::new();
        for phase in (0..).take(self.settings.phases.len()) {
            groups.push(Group { phase, level: None });
            for (dimension, levels) in self.levels.iter().enumerate() {
                groups.extend((0..).take(levels.len()).map(|level| Group { phase, level: Some((dimension, level)) }));
            }
        }
        groups
    }

    fn members(&self, group: Group) -> impl Iterator<Item = usize> {
        self.units
            .list()
            .iter()
            .enumerate()
            .filter(move |(number, unit)| {
                let level = |dimension: usize| self.units.levels(*number, self.levels.len()).get(dimension).copied();
                unit.phase == group.phase
                    && group.level.is_none_or(|(dimension, value)| level(dimension) == Some(value))
            })
            .map(|(number, _)| number)
    }

    fn unit(&self, number: usize) -> Option<&Unit> {
        self.units.list().get(number)
    }

    /// Returns whether a unit is in a metric: it was seen in one arm, and its window is over.
    fn counts(&self, number: usize, metric: &Metric) -> bool {
        self.unit(number).is_some_and(|unit| !unit.has_several && self.is_mature(unit, metric.window))
    }

    fn is_mature(&self, unit: &Unit, window: i64) -> bool {
        self.settings.immature == Immature::Kept || unit.first.saturating_add(window) <= self.until
    }

    fn key(&self, group: Group, arm: &str) -> CellKey {
        let phase = self.settings.phases.get(usize::from(group.phase));
        let subgroup = group.level.and_then(|(dimension, level)| {
            Some(Subgroup {
                dimension: self.settings.dimensions.get(dimension)?.clone(),
                level: self.levels.get(dimension)?.get(usize::from(level))?.clone(),
            })
        });
        CellKey {
            flag: self.settings.flag.clone(),
            phase: phase.map_or_else(String::new, |phase| phase.name.clone()),
            subgroup,
            arm: arm.to_owned(),
        }
    }

    fn add_exposures(
        &self,
        group: Group,
        members: &[usize],
        statistics: &mut SufficientStatistics,
    ) -> Result<(), ReductionError> {
        let window = self.metrics.list.iter().map(|metric| metric.window).min();
        let planned = self.settings.phases.get(usize::from(group.phase)).map(|phase| phase.planned.as_slice());
        for (index, arm) in self.settings.arms.iter().enumerate() {
            let mut exposures = ArmExposures { planned: None, ..ArmExposures::default() };
            for unit in members.iter().filter_map(|number| self.unit(*number)) {
                if usize::from(unit.arm) != index {
                    continue;
                }
                if unit.has_several {
                    exposures.multiple += 1.0;
                    continue;
                }
                exposures.units += 1.0;
                if window.is_some_and(|window| !self.is_mature(unit, window)) {
                    exposures.immature += 1.0;
                }
            }
            let share = planned.and_then(|planned| planned.iter().find(|(name, _)| name == arm));
            exposures.planned = share.map(|(_, share)| *share);
            statistics.add_exposures(self.key(group, arm), exposures)?;
        }
        Ok(())
    }

    fn add_metric(
        &self,
        group: Group,
        (index, metric): (usize, &Metric),
        members: &[usize],
        statistics: &mut SufficientStatistics,
    ) -> Result<(), ReductionError> {
        let cap = self.cap(group, metric);
        for (arm_index, arm) in self.settings.arms.iter().enumerate() {
            let own = |number: &usize| self.unit(*number).is_some_and(|unit| usize::from(unit.arm) == arm_index);
            let own: Vec<usize> = members.iter().copied().filter(own).collect();
            let values = match metric.plan.kind {
                MetricKind::Mean | MetricKind::Proportion | MetricKind::Ratio => Some(self.sums(metric, &own, cap)?),
                MetricKind::Quantile => self.unit_quantile(metric, &own, cap)?,
                MetricKind::EventQuantile => self.event_quantile(index, metric, &own)?,
            };
            // An arm without units has no quantile.
            if let Some(values) = values {
                statistics.add_metric(self.key(group, arm), &metric.plan.name, values)?;
            }
        }
        Ok(())
    }

    fn cells_of(&self, number: usize) -> &[Cell] {
        let start = number * self.metrics.stride;
        self.cells.get(start..start + self.metrics.stride).unwrap_or_default()
    }

    /// Returns where values are cut, the same in all arms and groups of a phase.
    fn cap(&self, group: Group, metric: &Metric) -> Option<f64> {
        match metric.plan.cap? {
            WrittenCap::Value(cap) => Some(cap),
            WrittenCap::Quantile(level) => {
                let all = self.members(Group { level: None, ..group }).filter(|number| self.counts(*number, metric));
                let cells = all.map(|number| metric.value.of_unit(self.cells_of(number)));
                let with_events = cells.filter(|cell| cell.has_events());
                let mut values: Vec<f64> = with_events.map(|cell| cell.value(metric.value.aggregate)).collect();
                values.sort_unstable_by(f64::total_cmp);
                let count = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
                at_rank(&values, (count * level).ceil())
            }
        }
    }

    /// Adds the values of the units of an arm.
    fn sums(&self, metric: &Metric, own: &[usize], cap: Option<f64>) -> Result<ArmMetric, ReductionError> {
        let is_proportion = metric.plan.kind == MetricKind::Proportion;
        let mut sum = Sum::default();
        let cut = |value: f64| cap.map_or(value, |cap| value.min(cap));
        for number in own {
            let cells = self.cells_of(*number);
            let value = |cell: Cell| {
                if is_proportion {
                    f64::from(u8::from(cell.has_events()))
                } else {
                    cut(cell.value(metric.value.aggregate))
                }
            };
            let (after, before) = (metric.value.of_unit(cells), metric.value.of_unit_before(cells));
            let denominator = |cell: fn(crate::reduction::metric::ValueCells, &[Cell]) -> Cell| {
                metric.denominator.map_or(0.0, |own| cell(own, cells).value(own.aggregate))
            };
            let (d, e) =
                (denominator(|own, cells| own.of_unit(cells)), denominator(|own, cells| own.of_unit_before(cells)));
            let has_covariate = metric.plan.covariate == Covariate::Before;
            let x = if has_covariate { value(before) } else { 0.0 };
            let is_cut = !is_proportion && cap.is_some_and(|cap| after.value(metric.value.aggregate) > cap);
            sum.capped += u32::from(is_cut);
            sum.missing += u32::from(!before.has_events());
            let number = |source| ReductionError::Number { metric: metric.plan.name.clone(), source };
            sum.moments.add([value(after), x, d, e]).map_err(number)?;
        }
        let covariate = match metric.plan.covariate {
            Covariate::None => CovariateData::Absent,
            Covariate::Before => CovariateData::Present { missing: f64::from(sum.missing) },
        };
        let capped = f64::from(sum.capped);
        Ok(ArmMetric { kind: metric.plan.kind, moments: sum.moments, covariate, capped, quantile: None })
    }

    /// Returns the quantile of the values of units.
    fn unit_quantile(
        &self,
        metric: &Metric,
        own: &[usize],
        cap: Option<f64>,
    ) -> Result<Option<ArmMetric>, ReductionError> {
        let value = |number: &usize| {
            let value = metric.value.of_unit(self.cells_of(*number)).value(metric.value.aggregate);
            cap.map_or(value, |cap| value.min(cap))
        };
        let mut values: Vec<f64> = own.iter().map(value).collect();
        let Some(found) = quantile(&mut values, metric.plan.level.unwrap_or(0.5)) else { return Ok(None) };
        let indicators = own.iter().map(|number| [f64::from(u8::from(value(number) <= found.estimate)), 0.0, 0.0, 0.0]);
        self.quantile_metric(metric, indicators, found).map(Some)
    }

    /// Returns the quantile of the values of events.
    fn event_quantile(
        &self,
        index: usize,
        metric: &Metric,
        own: &[usize],
    ) -> Result<Option<ArmMetric>, ReductionError> {
        let kept = self.kept.get(index).map(Vec::as_slice).unwrap_or_default();
        // The members are in the order of their numbers.
        let position = |number: u32| own.binary_search(&(number as usize)).ok();
        let mut values: Vec<f64> =
            kept.iter().filter(|(number, _)| position(*number).is_some()).map(|(_, value)| *value).collect();
        let Some(found) = quantile(&mut values, metric.plan.level.unwrap_or(0.5)) else { return Ok(None) };
        let mut counts = vec![[0.0, 0.0, 0.0, 0.0]; own.len()];
        for (number, value) in kept {
            if let Some([below, _, all, _]) = position(*number).and_then(|position| counts.get_mut(position)) {
                *all += 1.0;
                *below += f64::from(u8::from(*value <= found.estimate));
            }
        }
        self.quantile_metric(metric, counts.into_iter(), found).map(Some)
    }

    fn quantile_metric(
        &self,
        metric: &Metric,
        values: impl Iterator<Item = [f64; 4]>,
        found: crate::experiment::QuantileEstimate,
    ) -> Result<ArmMetric, ReductionError> {
        let mut moments = JointMoments::default();
        for unit in values {
            let number = |source| ReductionError::Number { metric: metric.plan.name.clone(), source };
            moments.add(unit).map_err(number)?;
        }
        let kind = metric.plan.kind;
        Ok(ArmMetric { kind, moments, covariate: CovariateData::Absent, capped: 0.0, quantile: Some(found) })
    }
}
