//! The mathematics of experiments, guards and dark launches: moments, tests, intervals, sequences and power.
//!
//! The functions take numbers and return numbers. They know no file, no flag and no clock. What guards, experiments and
//! dark launches have in common is here.
//!
//! **Invariant:** input that is not finite, negative, fractional where counts are needed, or inconsistent is an
//! [`InvalidNumber`]. No result is NaN or infinite, unless its documentation says so.

pub mod distribution;
pub mod effect;
pub mod estimate;
pub mod gamma;
pub mod grid;
mod joint_moments;
mod log_normal_tail;
mod moments;
pub mod multiplicity;
mod number;
pub mod power;
mod proportion;
pub mod sample_ratio;
pub mod sequence;

pub use crate::statistics::grid::GRID;
pub use crate::statistics::joint_moments::{JointMoments, Sums, Variable};
pub use crate::statistics::moments::{MeanInterval, Moments};
pub use crate::statistics::number::{Alpha, InvalidNumber, LARGEST, LogE};
pub(crate) use crate::statistics::number::{amount, bounded, setting, whole};
pub use crate::statistics::proportion::{Interval, Proportion, fisher, mcnemar, newcombe};
