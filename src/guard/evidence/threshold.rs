//! The test `threshold`: counts the recent measurements that are outside a limit.
//!
//! It claims no statistics: a limit that the healthy system exceeds at times trips at some time. It is for saturation,
//! queue lengths and other values that are wrong by themselves, in the way of Argo Rollouts and Flagger.

use crate::statistics::{InvalidNumber, setting};

/// The limit of a measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// A measurement above the number fails.
    Max(f64),
    /// A measurement below the number fails.
    Min(f64),
}

/// The checked settings of the test: it trips if `failures` of the last `of` measurements fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    limit: Limit,
    failures: usize,
    of: usize,
}

impl Settings {
    /// Checks settings.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the limit is not finite, `failures` is not from 1 to `of`, or `of` exceeds 1,000.
    pub fn new(limit: Limit, failures: u16, of: u16) -> Result<Self, InvalidNumber> {
        match limit {
            Limit::Max(value) => setting("max", value, "a number", |_| true)?,
            Limit::Min(value) => setting("min", value, "a number", |_| true)?,
        };
        setting("of", f64::from(of), "a number from 1 to 1000", |value| (1.0..=1000.0).contains(&value))?;
        setting("limit", f64::from(failures), "a number from 1 to `of`", |value| {
            (1.0..=f64::from(of)).contains(&value)
        })?;
        Ok(Self { limit, failures: usize::from(failures), of: usize::from(of) })
    }
}

/// The result of the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The state of the limit.
    pub state: State,
    /// The number of failed measurements among the last `of`.
    pub failed: usize,
    /// The number of measurements, at most `of`.
    pub measured: usize,
}

/// The state of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Enough measurements fail.
    Exceeded,
    /// Fewer measurements fail, and there are enough measurements to know.
    Within,
    /// Fewer measurements fail, and there are fewer measurements than `of`.
    TooFew,
}

/// Returns the result of measurements in the order of their times.
///
/// # Errors
/// Returns [`InvalidNumber`] if a measurement is not finite.
pub fn evaluate(measurements: &[f64], settings: Settings) -> Result<Outcome, InvalidNumber> {
    let recent = measurements.get(measurements.len().saturating_sub(settings.of)..).unwrap_or_default();
    for value in recent {
        setting("measurement", *value, "a number", |_| true)?;
    }
    let fails = |value: &&f64| match settings.limit {
        Limit::Max(max) => **value > max,
        Limit::Min(min) => **value < min,
    };
    let failed = recent.iter().filter(fails).count();
    let state = if failed >= settings.failures {
        State::Exceeded
    } else if recent.len() < settings.of {
        State::TooFew
    } else {
        State::Within
    };
    Ok(Outcome { state, failed, measured: recent.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_measurements_count() {
        let settings = Settings::new(Limit::Max(0.9), 2, 3).unwrap();
        let outcome = |values: &[f64]| evaluate(values, settings).map(|outcome| (outcome.state, outcome.failed));
        assert_eq!(outcome(&[]), Ok((State::TooFew, 0)));
        assert_eq!(outcome(&[1.0, 0.5]), Ok((State::TooFew, 1)));
        assert_eq!(outcome(&[1.0, 1.0]), Ok((State::Exceeded, 2)));
        assert_eq!(outcome(&[1.0, 1.0, 0.9, 0.9]), Ok((State::Within, 1)));
        assert_eq!(outcome(&[f64::NAN]).map_err(|error| error.name()), Err("not-finite"));
        let floor = Settings::new(Limit::Min(5.0), 1, 1).unwrap();
        assert_eq!(evaluate(&[4.9], floor).map(|outcome| outcome.state), Ok(State::Exceeded));
    }

    #[test]
    fn settings_without_a_meaning_are_refused() {
        let name = |limit, failures, of| Settings::new(limit, failures, of).map_err(|error| error.name());
        assert_eq!(name(Limit::Max(f64::NAN), 1, 1), Err("not-finite"));
        assert_eq!(name(Limit::Max(1.0), 0, 1), Err("out-of-range"));
        assert_eq!(name(Limit::Max(1.0), 2, 1), Err("out-of-range"));
        assert_eq!(name(Limit::Max(1.0), 1, 1001), Err("out-of-range"));
    }
}
