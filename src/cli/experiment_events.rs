//! The arguments that name files of events of an experiment, and the reduction of these files to sufficient statistics.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use jiff::{SignedDuration, Timestamp};

use crate::cli::event_file::open_events;
use crate::cli::progress;
use crate::cli::publish_target::Signers;
use crate::cli::stage_clock::StageClock;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::experiment::planned_weights;
use crate::git::{CacheWrites, Revision, RevisionSpec, short_id};
use crate::load;
use crate::model::{Aggregate, Experiment, ExperimentArms, ExperimentMetric, Flag, MetricKind};
use crate::publish::Digest;
use crate::reduction::{
    CountedReasons, Immature, MetricPlan, PhasePlan, Reduced, Reduction, ReductionSettings, ValueSource,
};
use crate::source::{FlagRepository, Source};
use crate::stage::{Reach, Stage, StageQuery};

/// The maximum number of phases.
const MAX_PHASES: usize = 1000;

/// The files of events.
#[derive(Debug, clap::Args)]
pub(crate) struct EventArgs {
    /// Exposures: NDJSON or CSV, also compressed with gzip, or `-` for stdin; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "stats", required_unless_present = "stats")]
    exposures: Vec<PathBuf>,
    /// Metric events: NDJSON or CSV, also compressed with gzip, or `-` for stdin; may be repeated
    #[arg(long, value_name = "FILE", requires = "exposures")]
    metrics: Vec<PathBuf>,
    /// Leave out exposures before a time
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "exposures")]
    from: Option<Timestamp>,
    /// Leave out exposures from a time on, at which the events end [default: the time of the last event]
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "exposures")]
    until: Option<Timestamp>,
    /// Also count units whose window is not over
    #[arg(long, requires = "exposures")]
    include_immature: bool,
    /// Also show the effects for each value of an attribute in the exposures; may be repeated
    #[arg(long, value_name = "NAME", requires = "exposures")]
    by: Vec<String>,
    /// How many units to remember, about 80 bytes each with one metric
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_units: u32,
    #[command(flatten)]
    signers: Signers,
    /// The present, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
}

/// What is analysed.
pub(crate) struct EventQuery<'q> {
    pub(crate) flag: &'q str,
    pub(crate) environment: &'q str,
    /// The commit whose definition of the experiment counts.
    pub(crate) tip: &'q Revision,
    pub(crate) experiment: &'q Experiment,
    pub(crate) arms: &'q ExperimentArms,
    /// All variants of the flag.
    pub(crate) variants: Vec<String>,
}

/// Which exposures and units count.
pub(crate) struct Period {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) immature: Immature,
    pub(crate) now: Timestamp,
}

/// A file that was read, with its SHA-256 digest.
pub(crate) type DigestedFile = (String, Digest);

impl EventArgs {
    /// Reduces the files to sufficient statistics. The phases come from the published log, or from the commits.
    ///
    /// # Errors
    /// Returns an error if a file, a commit or a log cannot be read, or if there are too many units.
    pub(crate) fn reduce(&self, query: &EventQuery<'_>) -> Result<(Reduced, Vec<DigestedFile>)> {
        let period = Period {
            from: self.from,
            until: self.until,
            immature: if self.include_immature { Immature::Kept } else { Immature::Excluded },
            now: given_or_now(self.now),
        };
        let settings = ReductionSettings {
            dimensions: self.by.clone(),
            max_units: usize::try_from(self.max_units)?,
            ..reduction_settings(query, &period, &self.signers)?
        };
        let mut reduction = Reduction::new(settings);
        let mut digests = Vec::new();
        progress::shown("reading events", || {
            for path in &self.exposures {
                let digest = reduction.read_exposures(open_events(path)?)?;
                digests.push((path.display().to_string(), Digest::from_bytes(digest)));
            }
            for path in &self.metrics {
                let digest = reduction.read_metric_events(open_events(path)?)?;
                digests.push((path.display().to_string(), Digest::from_bytes(digest)));
            }
            anyhow::Ok(())
        })?;
        Ok((reduction.finish()?, digests))
    }
}

/// Returns the experiment of a flag.
///
/// # Errors
/// Returns an error if the flag has no experiment with metrics.
pub(crate) fn experiment_with_metrics<'f>(flag: &'f Flag, key: &str) -> Result<&'f Experiment> {
    let experiment = flag.experiment.as_deref().filter(|experiment| !experiment.metrics.is_empty());
    experiment.ok_or_else(|| {
        anyhow!("`{key}` has no `experiment` with metrics, which say how events become values: add one to its file")
    })
}

/// Returns how events are reduced, for all units together. The phases come from the published log, or from the commits.
///
/// # Errors
/// Returns an error if a commit or a log cannot be read, or if the flag was never published.
pub(crate) fn reduction_settings(
    query: &EventQuery<'_>,
    period: &Period,
    signers: &Signers,
) -> Result<ReductionSettings> {
    Ok(ReductionSettings {
        flag: query.flag.to_owned(),
        environment: query.environment.to_owned(),
        arms: std::iter::once(&query.arms.control).chain(&query.arms.treatments).cloned().collect(),
        variants: query.variants.clone(),
        phases: phases(query, period.from, signers)?,
        from: period.from,
        until: period.until,
        now: period.now,
        lookback: duration(query.experiment.lookback.get()),
        reasons: CountedReasons::Random,
        immature: period.immature,
        metrics: query.experiment.metrics.iter().map(|metric| plan(metric, query.experiment)).collect(),
        dimensions: Vec::new(),
        max_units: 0,
    })
}

/// Returns the phases: the stages of the flag, the oldest first.
fn phases(query: &EventQuery<'_>, from: Option<Timestamp>, signers: &Signers) -> Result<Vec<PhasePlan>> {
    let EventQuery { flag, environment, tip, .. } = *query;
    let clock = StageClock::open(tip, signers)?;
    let reach = Reach { stages: MAX_PHASES, before: from };
    let stages = clock.stages(&StageQuery { flag, environment, tip }, reach)?;
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
    let phase = |stage: &Stage| {
        let planned = planned(&repository, stage, query).unwrap_or_default();
        let name = short_id(&stage.commit).to_owned();
        let name = stage.sequence.map_or_else(|| name.clone(), |sequence| format!("{sequence} ({name})"));
        PhasePlan { name, start: stage.start, sequence: stage.sequence, planned }
    };
    let phases: Vec<PhasePlan> = stages.list.iter().rev().map(phase).collect();
    if phases.is_empty() {
        return Err(anyhow!("`{flag}` was never published to {environment}, so its exposures belong to no phase"));
    }
    Ok(phases)
}

/// Returns the planned shares of the arms in a stage, or `None` if its rules do not say what they are.
fn planned(repository: &FlagRepository, stage: &Stage, query: &EventQuery<'_>) -> Option<Vec<(String, f64)>> {
    let source = Source::Revision(repository.revision(&RevisionSpec::new(stage.commit.as_str())).ok()?);
    let settings = load::settings(&source).ok()?;
    let loaded = load::flags(&source, settings, &[query.flag.to_owned()], &[query.environment]).ok()?;
    let names = loaded.project.settings.names_of(query.environment);
    let serving = loaded.project.flag(query.flag)?.serving(&names);
    let weights = planned_weights(&serving, query.arms).ok()?;
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    Some(weights.into_iter().map(|(name, weight)| (name, weight / total)).collect())
}

fn plan(metric: &ExperimentMetric, experiment: &Experiment) -> MetricPlan {
    let by_default = if metric.kind == MetricKind::Proportion { Aggregate::Count } else { Aggregate::Sum };
    let aggregate = metric.aggregate.as_ref().map_or(by_default, |aggregate| aggregate.value);
    let denominator = metric.denominator.as_ref().map(|denominator| ValueSource {
        event: denominator.value.event.clone(),
        aggregate: denominator.value.aggregate,
    });
    MetricPlan {
        name: metric.name.value.clone(),
        kind: metric.kind,
        value: ValueSource { event: metric.event().to_owned(), aggregate },
        denominator,
        level: metric.level.as_ref().map(|level| level.value),
        cap: metric.cap.as_ref().map(|cap| cap.value),
        window: duration(metric.window.unwrap_or(experiment.window).get()),
        covariate: metric.covariate,
    }
}

fn duration(duration: std::time::Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
