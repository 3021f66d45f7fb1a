//! The metrics of the server, in the text format of Prometheus.
//!
//! The metrics of flags live as long as the process, so a new bundle continues the counters of the bundle before it.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::bundle::Flag;

/// The upper bounds of the buckets of the latency histogram, in seconds.
const LATENCY_BUCKETS: [f64; 10] = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5];

/// All metrics of one server.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<EndpointLabels, Histogram, fn() -> Histogram>,
    evaluations: Family<VariantLabels, Counter>,
    last_evaluations: Family<FlagLabels, Gauge>,
    bundles: Family<EnvironmentLabels, BundleGauge>,
    sequences: Family<EnvironmentLabels, BundleGauge>,
    swaps: Family<EnvironmentLabels, Counter>,
    checks: Family<EnvironmentLabels, Gauge>,
    failures: Family<EnvironmentLabels, Counter>,
    /// The open connections of applications.
    pub(super) connections: Gauge,
    /// The connections that were closed because there were too many.
    pub(super) refused_connections: Counter,
    /// The open event streams.
    pub(super) streams: Gauge,
    /// The exposures that were written.
    pub(super) exposures: Counter,
    /// The exposures that could not be written in time.
    pub(super) dropped_exposures: Counter,
}

type BundleGauge = Gauge<i64, AtomicI64>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EnvironmentLabels {
    environment: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FlagLabels {
    environment: String,
    flag: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VariantLabels {
    environment: String,
    flag: String,
    variant: String,
}

/// The metrics of one flag in one environment.
pub(super) struct FlagMetrics {
    evaluations: Vec<Counter<u64, AtomicU64>>,
    last_evaluation: Gauge,
}

impl FlagMetrics {
    /// Counts an evaluation that served the variant with this index.
    pub(super) fn count(&self, variant: usize, now: Timestamp) {
        if let Some(counter) = self.evaluations.get(variant) {
            counter.inc();
        }
        self.last_evaluation.set(now.as_second());
    }
}

impl Metrics {
    /// Creates the metrics, all of them zero.
    pub(super) fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("flagctl"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS)),
            evaluations: Family::default(),
            last_evaluations: Family::default(),
            bundles: Family::default(),
            sequences: Family::default(),
            swaps: Family::default(),
            checks: Family::default(),
            failures: Family::default(),
            connections: Gauge::default(),
            refused_connections: Counter::default(),
            streams: Gauge::default(),
            exposures: Counter::default(),
            dropped_exposures: Counter::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("requests", "Requests of applications", self.requests.clone());
        let help = "The time from the head of a request to the head of its response";
        registry.register_with_unit("request_duration", help, Unit::Seconds, self.durations.clone());
        let help = "Evaluations of a single flag. Requests for all flags are not counted here";
        registry.register("evaluations", help, self.evaluations.clone());
        let help = "The time of the last evaluation of a single flag, in Unix seconds";
        registry.register("last_evaluation_timestamp_seconds", help, self.last_evaluations.clone());
        let help = "The time of the commit of the current bundle, in Unix seconds";
        registry.register("bundle_created_timestamp_seconds", help, self.bundles.clone());
        let help = "The number of the current bundle in the log of its target";
        registry.register("bundle_sequence", help, self.sequences.clone());
        registry.register("bundle_swaps", "Bundles that became current", self.swaps.clone());
        let help = "The time of the last successful check for a new bundle, in Unix seconds";
        registry.register("source_checked_timestamp_seconds", help, self.checks.clone());
        registry.register("source_failures", "Failed checks for a new bundle", self.failures.clone());
        registry.register(
            "connections",
            "Open connections, with those of the management port",
            self.connections.clone(),
        );
        let help = "Connections that were closed because there were too many";
        registry.register("refused_connections", help, self.refused_connections.clone());
        registry.register("event_streams", "Open event streams", self.streams.clone());
        registry.register("exposures", "Exposures that were written", self.exposures.clone());
        let help = "Exposures that could not be written in time";
        registry.register("dropped_exposures", help, self.dropped_exposures.clone());
        self
    }

    /// Returns all metrics in the text format of `OpenMetrics`, which Prometheus reads.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a `String` does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }

    /// Counts a request of an application.
    pub(super) fn request(&self, endpoint: &'static str, status: u16, duration: Duration) {
        self.requests.get_or_create(&RequestLabels { endpoint, status }).inc();
        self.durations.get_or_create(&EndpointLabels { endpoint }).observe(duration.as_secs_f64());
    }

    /// Records that a bundle became current.
    pub(super) fn swapped(&self, environment: &str, created: Timestamp, sequence: Option<u64>) {
        let labels = EnvironmentLabels { environment: environment.to_owned() };
        self.bundles.get_or_create(&labels).set(created.as_second());
        if let Some(sequence) = sequence {
            self.sequences.get_or_create(&labels).set(i64::try_from(sequence).unwrap_or(i64::MAX));
        }
        self.swaps.get_or_create(&labels).inc();
    }

    /// Records a successful check for a new bundle.
    pub(super) fn checked(&self, environment: &str, now: Timestamp) {
        self.checks.get_or_create(&EnvironmentLabels { environment: environment.to_owned() }).set(now.as_second());
    }

    /// Records a failed check for a new bundle.
    pub(super) fn failed(&self, environment: &str) {
        self.failures.get_or_create(&EnvironmentLabels { environment: environment.to_owned() }).inc();
    }

    /// Returns the metrics of a flag. The metrics of the same flag in an earlier bundle are the same.
    pub(super) fn flag(&self, environment: &str, flag: &Flag) -> FlagMetrics {
        let labels = |variant: &str| VariantLabels {
            environment: environment.to_owned(),
            flag: flag.key.to_string(),
            variant: variant.to_owned(),
        };
        let counter = |variant: &str| self.evaluations.get_or_create(&labels(variant)).clone();
        let flag_labels = FlagLabels { environment: environment.to_owned(), flag: flag.key.to_string() };
        FlagMetrics {
            evaluations: flag.variants.iter().map(|variant| counter(&variant.name)).collect(),
            last_evaluation: self.last_evaluations.get_or_create(&flag_labels).clone(),
        }
    }
}
