//! Intervals and exact tests of proportions: counts of successes among trials.

use crate::statistics::distribution::{beta_lower_quantile, beta_tails, beta_upper_quantile, normal_upper_quantile};
use crate::statistics::gamma::{deviance, stirling_error};
use crate::statistics::number::{Alpha, InvalidNumber, setting, whole};

/// The largest number of trials: exact intervals of more need too much time.
const MAX_TRIALS: f64 = 1e10;
/// The relative difference up to which two probabilities of tables count as equal.
const EQUAL: f64 = 1e-7;

/// Successes among trials. Both are whole numbers, and there is at least one trial and at most 1e10.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    successes: f64,
    trials: f64,
}

/// The limits of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower limit.
    pub lower: f64,
    /// The upper limit.
    pub upper: f64,
}

impl Proportion {
    /// Checks counts.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a number is not a count, if there is no trial or more than 1e10, or if there are more
    /// successes than trials.
    pub fn new(successes: f64, trials: f64) -> Result<Self, InvalidNumber> {
        let successes = whole("successes", successes)?;
        let range = "a number from the successes, at least 1, to 1e10";
        let trials = setting("trials", whole("trials", trials)?, range, |trials| {
            (successes.max(1.0)..=MAX_TRIALS).contains(&trials)
        })?;
        Ok(Self { successes, trials })
    }

    /// Returns the number of successes.
    pub fn successes(&self) -> f64 {
        self.successes
    }

    /// Returns the number of trials.
    pub fn trials(&self) -> f64 {
        self.trials
    }

    /// Returns the share of successes.
    pub fn rate(&self) -> f64 {
        self.successes / self.trials
    }

    /// Returns the exact two-sided interval of Clopper and Pearson. It contains the true rate with a probability of at least
    /// `1 − alpha`.
    pub fn clopper_pearson(&self, alpha: Alpha) -> Interval {
        let tail = alpha.get() / 2.0;
        Interval { lower: self.exact_lower(tail), upper: self.exact_upper(tail) }
    }

    /// Returns the exact one-sided upper limit: the true rate is at most the limit with a probability of at least
    /// `1 − alpha`. Without successes it is `1 − alpha^(1/n)`, about `3/n` for 0.05.
    pub fn upper_limit(&self, alpha: Alpha) -> f64 {
        self.exact_upper(alpha.get())
    }

    fn exact_lower(&self, tail: f64) -> f64 {
        let (k, n) = (self.successes, self.trials);
        if k == 0.0 { 0.0 } else { beta_lower_quantile(k, n - k + 1.0, tail) }
    }

    fn exact_upper(&self, tail: f64) -> f64 {
        let (k, n) = (self.successes, self.trials);
        if k == n { 1.0 } else { beta_upper_quantile(k + 1.0, n - k, tail) }
    }

    /// Returns the score interval of Wilson.
    pub fn wilson(&self, alpha: Alpha) -> Interval {
        let z = normal_upper_quantile(alpha.get() / 2.0);
        let (n, rate) = (self.trials, self.rate());
        let square = z * z / n;
        let centre = (rate + square / 2.0) / (1.0 + square);
        let half = z * (rate * (1.0 - rate) / n + square / (4.0 * n)).sqrt() / (1.0 + square);
        let lower = if self.successes == 0.0 { 0.0 } else { (centre - half).max(0.0) };
        let upper = if self.successes == n { 1.0 } else { (centre + half).min(1.0) };
        Interval { lower, upper }
    }
}

/// Returns the interval of Newcombe for the difference of two rates, `treatment` minus `control`. It is made of the score
/// intervals of both, and holds for small counts.
pub fn newcombe(treatment: Proportion, control: Proportion, alpha: Alpha) -> Interval {
    let (own, other) = (treatment.wilson(alpha), control.wilson(alpha));
    let (rate, reference) = (treatment.rate(), control.rate());
    let difference = rate - reference;
    Interval {
        lower: difference - (rate - own.lower).hypot(other.upper - reference),
        upper: difference + (own.upper - rate).hypot(reference - other.lower),
    }
}

/// Returns the p-value of the exact test of McNemar for pairs that disagree: the two-sided binomial test of `first` among
/// `first + second` with the probability ½. It is 1 if no pair disagrees.
///
/// # Errors
/// Returns [`InvalidNumber`] if a number is not a count, or their sum exceeds 1e10.
pub fn mcnemar(first: f64, second: f64) -> Result<f64, InvalidNumber> {
    let (first, second) = (whole("first", first)?, whole("second", second)?);
    let pairs = setting("pairs", first + second, "at most 1e10", |pairs| pairs <= MAX_TRIALS)?;
    if pairs == 0.0 || first == second {
        return Ok(1.0);
    }
    let (few, many) = (first.min(second), first.max(second));
    // P(X ≤ few) of the binomial distribution is an incomplete beta function.
    Ok((2.0 * beta_tails(few + 1.0, many, 0.5, 0.5).upper).min(1.0))
}

/// Returns the p-value of Fisher's exact test that two rates are equal. It is two-sided: the probability of all tables with
/// the same sums that are at most as probable as the one that was found.
///
/// The number of tables is that of the smaller sum, so the test is for small counts.
///
/// # Errors
/// Returns [`InvalidNumber`] if both together have more than a million successes and more than a million failures.
pub fn fisher(treatment: Proportion, control: Proportion) -> Result<f64, InvalidNumber> {
    let (n, m) = (treatment.trials, control.trials);
    let successes = treatment.successes + control.successes;
    let failures = n + m - successes;
    // The test is the same for failures.
    let (found, drawn) =
        if successes <= failures { (treatment.successes, successes) } else { (n - treatment.successes, failures) };
    setting("successes", drawn, "at most a million successes or failures", |drawn| drawn <= 1e6)?;
    let rate = drawn / (n + m);
    if drawn == 0.0 {
        return Ok(1.0);
    }
    // The probability of `k` of the drawn units in the treatment is a quotient of three binomial probabilities.
    let log = |k: f64| log_binomial(k, n, rate) + log_binomial(drawn - k, m, rate) - log_binomial(drawn, n + m, rate);
    let own = log(found);
    let (mut k, last) = ((drawn - m).max(0.0), drawn.min(n));
    let mut sum = 0.0;
    while k <= last {
        let other = log(k);
        if other <= own + EQUAL {
            sum += other.exp();
        }
        k += 1.0;
    }
    Ok(sum.min(1.0))
}

/// Returns the logarithm of the binomial probability of `k` successes among `n`, with a rate above 0 and below 1.
fn log_binomial(k: f64, n: f64, rate: f64) -> f64 {
    if k == 0.0 {
        return n * (-rate).ln_1p();
    }
    if k == n {
        return n * rate.ln();
    }
    let (expected, other) = (n * rate, n * (1.0 - rate));
    let distance = expected * deviance((k - expected) / expected) + other * deviance((n - k - other) / other);
    let errors = stirling_error(n) - stirling_error(k) - stirling_error(n - k);
    errors - distance - 0.5 * (2.0 * std::f64::consts::PI * k * ((n - k) / n)).ln()
}
