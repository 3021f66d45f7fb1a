//! The query that computes the sufficient statistics of an experiment in a warehouse.
//!
//! It has the meaning of [`reduction`](crate::reduction), which does the same with files of events. The text of the query
//! is `statistics.sql`, whose words in braces are replaced once, from the left to the right, so a text of the repository is
//! never replaced again.

mod literal;

use crate::model::{Aggregate, Covariate, MetricKind, WrittenCap};
use crate::reduction::{Immature, MetricPlan, PhasePlan, ReductionSettings, ValueSource};
use crate::report::Printable;

pub use crate::report::experiment::sql::literal::SqlDialect;
use crate::report::experiment::sql::literal::{number, time};

const QUERY: &str = include_str!("statistics.sql");

/// How the query is written.
#[derive(Debug, Clone)]
pub struct SqlLayout {
    /// The dialect.
    pub dialect: SqlDialect,
    /// The name of the table of exposures.
    pub exposures: String,
    /// The name of the table of metric events.
    pub events: String,
    /// The present, or `None` for the clock of the database.
    pub now: Option<jiff::Timestamp>,
}

/// Returns whether the query computes a metric.
pub fn has_query(metric: &MetricPlan) -> bool {
    match metric.kind {
        MetricKind::Mean | MetricKind::Proportion | MetricKind::Ratio => true,
        MetricKind::Quantile | MetricKind::EventQuantile => false,
    }
}

/// Returns the query. At least one metric must be one that [`has_query`].
pub fn query(settings: &ReductionSettings, layout: &SqlLayout) -> Printable {
    let words = Words { settings, layout };
    let mut text = String::new();
    let mut rest = QUERY;
    while let Some((before, (word, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        text.push_str(before);
        text.push_str(&words.replacement(word));
        rest = after;
    }
    text.push_str(rest);
    Printable::sql(text)
}

/// The texts that replace the words in braces.
struct Words<'w> {
    settings: &'w ReductionSettings,
    layout: &'w SqlLayout,
}

impl Words<'_> {
    fn replacement(&self, word: &str) -> String {
        let Self { settings, layout } = self;
        let dialect = layout.dialect;
        let excludes_immature = settings.immature == Immature::Excluded;
        match word {
            "dialect" => dialect.name().to_owned(),
            "tested" => self.tested().to_owned(),
            "omitted" => self.omitted(),
            "phases" => self.phases(),
            "arms" => list(settings.arms.iter().map(|arm| dialect.element(arm)).enumerate().map(numbered)),
            "planned" => self.planned(),
            "metrics" => list(self.metrics().map(|(index, metric)| self.metric(index, metric))),
            "sources" => list(self.metrics().flat_map(|(index, metric)| self.sources(index, metric))),
            "flag" => dialect.text(&settings.flag),
            "flag_value" => dialect.element(&settings.flag),
            "environment" => dialect.text(&settings.environment),
            "exposures_table" => layout.exposures.clone(),
            "events_table" => layout.events.clone(),
            "now" => layout.now.map_or_else(|| "CURRENT_TIMESTAMP".to_owned(), |now| time(Some(now))),
            "clock_tolerance" => dialect.interval(crate::reduction::CLOCK_TOLERANCE),
            "lookback" => dialect.interval(settings.lookback),
            "period" => bound("e.ts >=", settings.from) + &bound("e.ts <", settings.until),
            "events_period" => bound("v.ts <", settings.until),
            "until" => time(settings.until),
            "mature" if excludes_immature => "\n    AND u.first_ts + m.time_window <= t.end_ts".to_owned(),
            "immature" if excludes_immature => {
                let shortest = settings.metrics.iter().map(|metric| metric.window).min().unwrap_or_default();
                format!(" AND u.first_ts + {} > t.end_ts", dialect.interval(shortest))
            }
            "immature" => " AND 1 = 0".to_owned(),
            _ => String::new(),
        }
    }

    fn tested(&self) -> &'static str {
        match self.layout.dialect {
            SqlDialect::DuckDb | SqlDialect::Postgres => "The tests of flagctl run it in this database.",
            SqlDialect::Ansi => "It is standard SQL. No test of flagctl runs this dialect.",
        }
    }

    /// Returns the comment about metrics that are left out, without their names, which could end the comment.
    fn omitted(&self) -> String {
        match self.settings.metrics.iter().filter(|metric| !has_query(metric)).count() {
            0 => String::new(),
            count => format!("-- Left out, because the query has no quantiles: {count} of the metrics.\n"),
        }
    }

    /// A phase ends where a later one starts.
    fn phases(&self) -> String {
        let mut end = None;
        let mut rows = Vec::new();
        for (index, PhasePlan { name, start, .. }) in self.settings.phases.iter().enumerate().rev() {
            let name = self.layout.dialect.element(name);
            rows.push(format!("({}, {name}, {}, {})", index + 1, time(Some(*start)), time(end)));
            end = Some(end.map_or(*start, |end: jiff::Timestamp| end.min(*start)));
        }
        list(rows.into_iter().rev())
    }

    fn planned(&self) -> String {
        let phases = self.settings.phases.iter().enumerate();
        list(phases.flat_map(|(phase, plan)| {
            self.settings.arms.iter().enumerate().map(move |(arm, name)| {
                let share = plan.planned.iter().find(|(own, _)| own == name).map(|(_, share)| *share);
                format!("({}, {}, {})", phase + 1, arm + 1, number(share))
            })
        }))
    }

    fn metrics(&self) -> impl Iterator<Item = (usize, &MetricPlan)> {
        self.settings.metrics.iter().filter(|metric| has_query(metric)).enumerate()
    }

    fn metric(&self, index: usize, metric: &MetricPlan) -> String {
        let dialect = self.layout.dialect;
        let (cap, level) = match metric.cap {
            None => (None, None),
            Some(WrittenCap::Value(cap)) => (Some(cap), None),
            Some(WrittenCap::Quantile(level)) => (None, Some(level)),
        };
        format!(
            "({}, {}, {}, {}, {}, {}, {}, {})",
            index + 1,
            dialect.element(&metric.name),
            dialect.element(metric.kind.name()),
            dialect.interval(metric.window),
            u8::from(metric.covariate == Covariate::Before),
            u8::from(metric.kind == MetricKind::Ratio),
            number(cap),
            number(level)
        )
    }

    fn sources(&self, index: usize, metric: &MetricPlan) -> Vec<String> {
        let dialect = self.layout.dialect;
        let row = |part: &str, ValueSource { event, aggregate }: &ValueSource| {
            format!(
                "({}, {}, {}, {}, {}, {})",
                index + 1,
                dialect.element(part),
                dialect.element(event),
                dialect.element(aggregate.name()),
                u8::from(self.needs_value(event)),
                dialect.interval(metric.window)
            )
        };
        let denominator = metric.denominator.as_ref().map(|source| row("denominator", source));
        std::iter::once(row("value", &metric.value)).chain(denominator).collect()
    }

    /// Returns whether any metric, also one that is left out, needs the values of events.
    fn needs_value(&self, event: &str) -> bool {
        self.settings.metrics.iter().any(|metric| {
            let sources = std::iter::once(&metric.value).chain(&metric.denominator);
            let uses = |source: &ValueSource| {
                source.event == event
                    && (source.aggregate != Aggregate::Count || metric.kind == MetricKind::EventQuantile)
            };
            sources.into_iter().any(uses)
        })
    }
}

/// Returns a condition on a time, if there is a bound.
fn bound(condition: &str, bound: Option<jiff::Timestamp>) -> String {
    bound.map(|bound| format!("\n    AND {condition} {}", time(Some(bound)))).unwrap_or_default()
}

fn numbered((index, text): (usize, String)) -> String {
    format!("({}, {text})", index + 1)
}

/// Returns the rows of a list of values.
fn list(rows: impl Iterator<Item = String>) -> String {
    rows.collect::<Vec<_>>().join(",\n    ")
}
