//! Numbers from a server that speaks the HTTP interface of Prometheus.

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;

use crate::guard::source::address::{Address, address};
use crate::guard::source::answer;
use crate::guard::source::http::HttpClient;
use crate::guard::source::literal::inserted;
use crate::guard::source::problem::DataProblem;
use crate::guard::source::series::{Metrics, Numbers, Point, Question, Series};
use crate::guard::source::settings::SourceSettings;
use crate::model::{GuardrailTest, PrometheusQueries, QueryKind, Substitution, TemplatePart, template};

/// The maximum number of intervals that a server is asked for. Prometheus refuses more.
const MAX_INTERVALS: i64 = 10_000;

/// A client for the numbers of one verdict.
pub struct Prometheus {
    http: HttpClient,
    settings: SourceSettings,
}

impl Prometheus {
    /// Creates a client.
    ///
    /// # Errors
    /// Returns [`DataProblem`] if a setting is not valid.
    pub fn new(settings: SourceSettings) -> Result<Self, DataProblem> {
        Ok(Self { http: HttpClient::new(&settings)?, settings })
    }

    /// Returns the numbers that answer a question. A guardrail whose numbers are not known has the reason.
    pub fn metrics(&self, question: &Question<'_>) -> Metrics {
        let mut metrics = Metrics::default();
        let guard = question.guard;
        // A mismatch of units makes all other numbers worthless, so they are asked first.
        metrics.units = guard.srm.source.as_ref().map(|source| {
            let asked = Asked { client: self, question, source, address: address(source, &self.settings)? };
            asked.totals(&[QueryKind::N], Arm::BOTH)
        });
        for guardrail in &guard.guardrails {
            let series = self.series(question, guardrail.source.as_ref(), guardrail.test.resolved());
            metrics.guardrails.insert(guardrail.name.value.clone(), series);
        }
        metrics
    }

    fn series(
        &self,
        question: &Question<'_>,
        source: Option<&PrometheusQueries>,
        test: Option<GuardrailTest>,
    ) -> Result<Series, DataProblem> {
        let (Some(source), Some(test)) = (source, test) else { return Err(DataProblem::NoSource) };
        let asked = Asked { client: self, question, source, address: address(source, &self.settings)? };
        let window = question.window;
        match test {
            GuardrailTest::Count { .. } => asked.totals(&[QueryKind::Bad, QueryKind::Total], Arm::BOTH),
            GuardrailTest::Absolute { .. } => asked.totals(&[QueryKind::Bad, QueryKind::Total], &[Arm::Treatment]),
            GuardrailTest::Mean { .. } => asked.totals(&[QueryKind::N, QueryKind::Sum, QueryKind::SumSq], Arm::BOTH),
            GuardrailTest::Block { interval, .. } => {
                let interval = seconds(interval.get().as_secs());
                asked.intervals(&[QueryKind::Bad, QueryKind::Total], Arm::BOTH, interval, window.start)
            }
            GuardrailTest::Threshold { interval, fail, .. } => {
                let interval = seconds(interval.get().as_secs());
                let back = i32::try_from(fail.of).ok().and_then(|of| interval.checked_mul(of));
                let start = back.and_then(|back| window.end.checked_sub(back).ok()).unwrap_or(window.start);
                asked.intervals(&[QueryKind::Value], &[Arm::Treatment], interval, start.max(window.start))
            }
        }
    }
}

/// An arm of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arm {
    Treatment,
    Control,
}

impl Arm {
    const BOTH: &'static [Self] = &[Self::Treatment, Self::Control];

    fn numbers(self, point: &mut Point) -> &mut Numbers {
        match self {
            Self::Treatment => &mut point.treatment,
            Self::Control => &mut point.control,
        }
    }
}

/// The queries of one guardrail.
struct Asked<'a> {
    client: &'a Prometheus,
    question: &'a Question<'a>,
    source: &'a PrometheusQueries,
    address: Address,
}

impl Asked<'_> {
    /// Asks for the numbers since the start of the window, at each look.
    fn totals(&self, kinds: &[QueryKind], arms: &[Arm]) -> Result<Series, DataProblem> {
        let window = self.question.window;
        let length = window.length();
        let looks = self.question.looks.max(1);
        let mut series = Series::default();
        for look in 1..=looks {
            let share = f64::from(look) / f64::from(looks);
            let part = length.mul_f64(share);
            // Windows have whole seconds, and a query for no time gives nothing.
            let part = SignedDuration::from_secs(part.as_secs());
            if part < SignedDuration::from_secs(1) {
                continue;
            }
            let end = window.start.checked_add(part).unwrap_or(window.end);
            let blank = Numbers::default();
            let mut point = Point { start: window.start, end, treatment: blank, control: blank };
            for arm in arms {
                for kind in kinds {
                    let number = self.number(*kind, *arm, part, end)?;
                    arm.numbers(&mut point).set(*kind, number);
                }
            }
            series.totals.push(point);
        }
        if series.totals.is_empty() {
            return Err(DataProblem::Empty(kinds.first().map_or("", |kind| kind.name()).to_owned()));
        }
        Ok(series)
    }

    fn number(&self, kind: QueryKind, arm: Arm, window: SignedDuration, end: Timestamp) -> Result<f64, DataProblem> {
        let query = self.query(kind, arm, window)?;
        let url = self.url("query", &[("query", &query), ("time", &end.as_second().to_string())])?;
        self.get(url, |body| answer::number(body, kind))
    }

    /// Asks for the numbers of all intervals from a time to the end of the window.
    fn intervals(
        &self,
        kinds: &[QueryKind],
        arms: &[Arm],
        interval: SignedDuration,
        start: Timestamp,
    ) -> Result<Series, DataProblem> {
        let end = self.question.window.end;
        let length = end.duration_since(start).as_secs();
        let count = length.checked_div(interval.as_secs()).unwrap_or(0);
        if count > MAX_INTERVALS {
            let message = format!("the window has {count} intervals, and {MAX_INTERVALS} at most are asked for");
            return Err(DataProblem::InvalidNumber(message));
        }
        if count == 0 {
            return Ok(Series::default());
        }
        let first = start.checked_add(interval).unwrap_or(end);
        let (first, last) = (first.as_second().to_string(), end.as_second().to_string());
        let step = interval.as_secs().to_string();
        let mut points: Vec<Point> = Vec::new();
        let mut is_first = true;
        for arm in arms {
            for kind in kinds {
                let query = self.query(*kind, *arm, interval)?;
                let parameters = [("query", query.as_str()), ("start", &first), ("end", &last), ("step", &step)];
                let url = self.url("query_range", &parameters)?;
                let values = self.get(url, |body| answer::numbers(body, *kind))?;
                if is_first {
                    let blank = Numbers::default();
                    points.extend(values.iter().map(|(end, _)| Point {
                        start: end.checked_sub(interval).unwrap_or(*end),
                        end: *end,
                        treatment: blank,
                        control: blank,
                    }));
                    is_first = false;
                }
                if points.len() != values.len() {
                    return Err(DataProblem::DifferentWindows(end));
                }
                for (point, (end, number)) in points.iter_mut().zip(values) {
                    if point.end != end {
                        return Err(DataProblem::DifferentWindows(end));
                    }
                    arm.numbers(point).set(*kind, number);
                }
            }
        }
        if points.len() as u64 > MAX_INTERVALS.unsigned_abs() + 1 {
            return Err(DataProblem::Malformed("it has more times than were asked for".to_owned()));
        }
        Ok(Series { totals: Vec::new(), intervals: points })
    }

    fn get<T>(&self, url: Url, parse: impl Fn(&[u8]) -> Result<T, DataProblem>) -> Result<T, DataProblem> {
        self.client.http.get(url, self.address.credential, self.question.now, parse)
    }

    fn url(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Result<Url, DataProblem> {
        let mut url = self.address.url.clone();
        let refused = || DataProblem::Address(self.address.url.to_string(), "it is not the address of a server");
        url.path_segments_mut().map_err(|()| refused())?.pop_if_empty().extend(["api", "v1", endpoint]);
        url.query_pairs_mut().extend_pairs(parameters);
        Ok(url)
    }

    /// Returns a query with its substitutions.
    fn query(&self, kind: QueryKind, arm: Arm, window: SignedDuration) -> Result<String, DataProblem> {
        let question = self.question;
        let query = self.source.query(kind).ok_or(DataProblem::NoSource)?;
        let unknown = |name| DataProblem::InvalidNumber(format!("`${name}` is not replaced in a query"));
        let mut text = String::new();
        for part in template(&query.value).map_err(unknown)? {
            let name = match part {
                TemplatePart::Text(part) => {
                    text.push_str(part);
                    continue;
                }
                TemplatePart::Replaced(Substitution::Window) => {
                    text.push_str(&format!("{}s", window.as_secs()));
                    continue;
                }
                TemplatePart::Replaced(Substitution::Variant) => match arm {
                    Arm::Treatment => question.arms.treatment.as_str(),
                    Arm::Control => question.arms.control.as_str(),
                },
                TemplatePart::Replaced(Substitution::Flag) => &question.flag.key,
                TemplatePart::Replaced(Substitution::Environment) => question.environment,
            };
            let name = inserted(&text, name);
            text.push_str(&name);
        }
        Ok(text)
    }
}

fn seconds(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}
