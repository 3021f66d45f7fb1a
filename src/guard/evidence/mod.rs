//! The statistical tests of guardrails. Each takes the numbers of two arms and returns an e-value or a verdict.
//!
//! A guard looks at its metrics at any time and as often as it likes. A fixed-size test, for example a z-test, gives a
//! false alarm in almost half of all harmless rollouts if it is repeated like that. These tests measure evidence as an
//! *e-value*, a number whose mean is at most 1 at all times while nothing is wrong. By Ville's inequality, it ever
//! reaches `1/alpha` with a probability of `alpha` at most, however often one looks.
//!
//! | module | compares | validity |
//! |---|---|---|
//! | [`count`] | the rates of bad events of the two arms | exact |
//! | [`absolute`] | the rate of bad events of one arm with a limit | exact |
//! | [`mean`] | the means of a value per unit | asymptotic, hence a minimum number of units |
//! | [`block`] | the rates in each interval, for events that come in bursts | asymptotic, hence a minimum number of intervals |
//! | [`threshold`] | measurements with a limit | no statistics |
//! | [`srm`] | the numbers of units with the planned split | exact |
//!
//! [`budget`] combines the e-values of several guardrails, stages and probes, so that `alpha` is the chance of any false
//! trip.
//!
//! **Invariant:** input that is not finite, negative, fractional where counts are needed, or inconsistent is an
//! [`InvalidNumber`]. No result is NaN or infinite.

pub mod absolute;
pub mod block;
pub mod budget;
pub mod count;
pub mod mean;
mod numbers;
pub mod threshold;

pub(super) use crate::statistics::setting;
pub use crate::statistics::{Alpha, GRID, InvalidNumber, LARGEST, LogE, Moments, sample_ratio as srm};
pub use numbers::{Arm, Rounding};
