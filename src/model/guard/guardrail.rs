//! One guardrail in written form: a metric, the test of it, and where its numbers come from.

use crate::model::duration::WrittenDuration;
use crate::model::guard::query::PrometheusQueries;
use crate::model::lower::{Fields, Lowering};
use crate::model::number::{CAP, COUNT_100, COUNT_BILLION, NumberRange, RATE, RATIO};
use crate::snapshot::{Span, Spanned};
use crate::yaml::Node;

/// The maximum number of guardrails of a flag.
pub(super) const MAX_GUARDRAILS: usize = 20;

/// A metric that can stop a rollout.
#[derive(Debug, Clone)]
pub struct Guardrail {
    /// The guardrail with all its fields.
    pub span: Span,
    /// The name, which reports and metrics files use.
    pub name: Spanned<String>,
    /// The test, with the fields that belong to it.
    pub test: WrittenTest,
    /// The queries, or `None` if only a metrics file has the numbers.
    pub source: Option<PrometheusQueries>,
}

/// The test of a guardrail, with the fields as they are written. The compiler checks that they belong to the test.
#[derive(Debug, Clone)]
pub struct WrittenTest {
    /// The kind.
    pub kind: TestKind,
    /// The fields of tests that the file has, each with its position.
    pub fields: Vec<Spanned<&'static str>>,
    /// The tolerated ratio of the treatment's rate to the control's.
    pub max_ratio: f64,
    /// The ratio below which the treatment must be proven to be healthy.
    pub healthy_ratio: Option<f64>,
    /// By which the counts are divided: the variance of past counts per minute over their mean.
    pub overdispersion: f64,
    /// The minimum number of units of the treatment before a verdict is healthy, and for `mean` of each arm.
    pub min_units: Option<u32>,
    /// The highest tolerated rate of the treatment.
    pub max_rate: Option<f64>,
    /// The minimum number of events of `absolute`.
    pub min_events: u32,
    /// The direction of harm.
    pub direction: Direction,
    /// The highest value of a unit, above which values are cut.
    pub cap: Option<f64>,
    /// The tolerated difference of means or rates.
    pub tolerance: f64,
    /// The length of a block, or between two values of `threshold`.
    pub interval: WrittenDuration,
    /// The minimum number of blocks.
    pub min_blocks: u32,
    /// The highest tolerated value.
    pub max: Option<f64>,
    /// The lowest tolerated value.
    pub min: Option<f64>,
    /// How many values outside the limits are a trip.
    pub fail: FailLimit,
}

/// The test of a guardrail with the fields that belong to it, as the statistics need it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GuardrailTest {
    /// Counts of bad events in both arms.
    Count {
        /// The tolerated ratio of rates.
        max_ratio: f64,
        /// The ratio below which the treatment must be proven to be healthy.
        healthy_ratio: Option<f64>,
        /// By which the counts are divided.
        overdispersion: f64,
        /// The minimum of the treatment's total before a verdict is healthy.
        min_units: u32,
    },
    /// Means of values of units in both arms.
    Mean {
        /// The direction of harm.
        direction: Direction,
        /// The highest value of a unit.
        cap: f64,
        /// The tolerated difference.
        tolerance: f64,
        /// The minimum number of units of each arm.
        min_units: u32,
    },
    /// Differences of rates, block by block.
    Block {
        /// The direction of harm.
        direction: Direction,
        /// The length of a block.
        interval: WrittenDuration,
        /// The tolerated difference.
        tolerance: f64,
        /// The minimum number of blocks.
        min_blocks: u32,
    },
    /// Values and fixed limits, without statistics.
    Threshold {
        /// The highest tolerated value.
        max: Option<f64>,
        /// The lowest tolerated value.
        min: Option<f64>,
        /// The time between two values.
        interval: WrittenDuration,
        /// How many values outside the limits are a trip.
        fail: FailLimit,
    },
    /// The rate of the treatment alone.
    Absolute {
        /// The highest tolerated rate.
        max_rate: f64,
        /// The minimum number of events.
        min_events: u32,
    },
}

/// The kind of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestKind {
    /// `count`
    Count,
    /// `mean`
    Mean,
    /// `block`
    Block,
    /// `threshold`
    Threshold,
    /// `absolute`
    Absolute,
}

impl TestKind {
    const ALL: [Self; 5] = [Self::Count, Self::Mean, Self::Block, Self::Threshold, Self::Absolute];

    /// Returns the name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Mean => "mean",
            Self::Block => "block",
            Self::Threshold => "threshold",
            Self::Absolute => "absolute",
        }
    }

    /// Returns whether the test measures evidence, instead of comparing values with fixed limits.
    pub fn is_statistical(self) -> bool {
        self != Self::Threshold
    }

    /// Returns the fields that belong to the test.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Count => &["max-ratio", "healthy-ratio", "overdispersion", "min-units"],
            Self::Mean => &["direction", "cap", "tolerance", "min-units"],
            Self::Block => &["direction", "interval", "tolerance", "min-blocks"],
            Self::Threshold => &["max", "min", "interval", "fail"],
            Self::Absolute => &["max-rate", "min-events"],
        }
    }
}

/// The direction of harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Higher values are worse.
    IncreaseIsBad,
    /// Lower values are worse.
    DecreaseIsBad,
}

/// How many of the last values must be outside the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailLimit {
    /// The number of values outside the limits.
    pub limit: u32,
    /// The number of last values.
    pub of: u32,
}

const DISPERSION: NumberRange = NumberRange { min: 1.0, max: 1_000.0, title: "a number from 1 to 1000" };
const TOLERANCE: NumberRange = NumberRange { min: 0.0, max: 1e12, title: "a number from 0 to 1000000000000" };
const VALUE: NumberRange =
    NumberRange { min: -1e15, max: 1e15, title: "a number from -1000000000000000 to 1000000000000000" };
const BLOCKS: NumberRange = NumberRange { min: 10.0, max: 10_000.0, title: "a whole number from 10 to 10000" };

/// The fields of all tests.
const TEST_FIELDS: [&str; 15] = [
    "max-ratio",
    "healthy-ratio",
    "overdispersion",
    "min-units",
    "max-rate",
    "min-events",
    "direction",
    "cap",
    "tolerance",
    "interval",
    "min-blocks",
    "max",
    "min",
    "fail",
    "test",
];

impl Guardrail {
    pub(super) fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let known: Vec<&str> = ["name", "source"].into_iter().chain(TEST_FIELDS).collect();
        let fields = lowering.fields(node, &known);
        let name = fields.required("name", lowering).and_then(|node| lowering.name(node));
        let source = fields.get("source").and_then(|node| PrometheusQueries::lower(lowering, node));
        let test = WrittenTest::lower(lowering, node, &fields);
        Some(Self { span: node.span, name: name?, test, source })
    }
}

impl WrittenTest {
    fn lower(lowering: &mut Lowering, node: &Node, fields: &Fields<'_>) -> Self {
        let kinds = TestKind::ALL.map(|kind| (kind.name(), kind));
        let kind = |node| lowering.choice(node, &kinds, "`count`, `mean`, `block`, `threshold` or `absolute`");
        let kind = fields.get("test").and_then(kind).map_or(TestKind::Count, |kind| kind.value);
        let directions = [("increase-is-bad", Direction::IncreaseIsBad), ("decrease-is-bad", Direction::DecreaseIsBad)];
        let direction = |node| lowering.choice(node, &directions, "`increase-is-bad` or `decrease-is-bad`");
        let direction = fields.get("direction").and_then(direction);
        let present = TEST_FIELDS.iter().filter(|name| **name != "test");
        let present = present.filter_map(|name| Some(Spanned { value: *name, span: node.entry(name)?.key_span }));
        Self {
            kind,
            fields: present.collect(),
            max_ratio: fields.number("max-ratio", lowering, &RATIO).unwrap_or(1.0),
            healthy_ratio: fields.number("healthy-ratio", lowering, &RATIO),
            overdispersion: fields.number("overdispersion", lowering, &DISPERSION).unwrap_or(1.0),
            min_units: fields.count("min-units", lowering, &COUNT_BILLION),
            max_rate: fields.number("max-rate", lowering, &RATE),
            min_events: fields.count("min-events", lowering, &COUNT_BILLION).unwrap_or(100),
            direction: direction.map_or(Direction::IncreaseIsBad, |direction| direction.value),
            cap: fields.number("cap", lowering, &CAP),
            tolerance: fields.number("tolerance", lowering, &TOLERANCE).unwrap_or(0.0),
            interval: fields.duration("interval", lowering, 60),
            min_blocks: fields.count("min-blocks", lowering, &BLOCKS).unwrap_or(30),
            max: fields.number("max", lowering, &VALUE),
            min: fields.number("min", lowering, &VALUE),
            fail: FailLimit::lower(lowering, fields),
        }
    }

    /// Returns the test with its fields, or `None` if a required field is missing, which the compiler reports.
    pub fn resolved(&self) -> Option<GuardrailTest> {
        let Self { direction, tolerance, interval, .. } = *self;
        Some(match self.kind {
            TestKind::Count => GuardrailTest::Count {
                max_ratio: self.max_ratio,
                healthy_ratio: self.healthy_ratio,
                overdispersion: self.overdispersion,
                min_units: self.min_units.unwrap_or(100),
            },
            TestKind::Mean => {
                GuardrailTest::Mean { direction, cap: self.cap?, tolerance, min_units: self.min_units.unwrap_or(250) }
            }
            TestKind::Block => GuardrailTest::Block { direction, interval, tolerance, min_blocks: self.min_blocks },
            TestKind::Threshold => {
                self.max.or(self.min)?;
                GuardrailTest::Threshold { max: self.max, min: self.min, interval, fail: self.fail }
            }
            TestKind::Absolute => GuardrailTest::Absolute { max_rate: self.max_rate?, min_events: self.min_events },
        })
    }
}

impl FailLimit {
    fn lower(lowering: &mut Lowering, fields: &Fields<'_>) -> Self {
        let Some(node) = fields.get("fail") else { return Self { limit: 3, of: 5 } };
        let fields = lowering.fields(node, &["limit", "of"]);
        let limit = fields.count("limit", lowering, &COUNT_100).unwrap_or(3);
        Self { limit, of: fields.count("of", lowering, &COUNT_100).unwrap_or(5) }
    }
}
