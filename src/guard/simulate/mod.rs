//! Simulates a guard: on generated traffic, many times, or on the traffic of a metrics file, once.
//!
//! A team chooses its settings before it trusts them. The simulation answers how often a guard trips although nothing is
//! wrong, and how many looks it needs if something is. It compares the guard with a z-test that is repeated at each
//! look, which is what a dashboard with a p-value is.
//!
//! **Invariant:** the same settings and seed give the same result, on every machine and with any number of threads.

mod naive;
mod random;
mod replay;
mod run;
mod settings;
mod traffic;
mod trial;

pub use replay::{Moment, Replay, ReplayedGuardrail, replay};
pub use run::{Outcome, Trips, simulate};
pub use settings::{NotSimulated, Simulation, Test};
pub use traffic::{Burst, Bursts, Traffic};
pub use trial::Trial;
