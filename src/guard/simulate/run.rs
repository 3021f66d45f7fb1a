//! The runs of a simulation, on all processors.

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::guard::simulate::settings::Simulation;
use crate::guard::simulate::traffic::Generator;
use crate::guard::simulate::trial::Trial;

/// The runs in which a test trips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trips {
    runs: u32,
    /// The look of each trip, in rising order.
    looks: Vec<u32>,
}

impl Trips {
    fn new(runs: u32, looks: impl Iterator<Item = Option<u32>>) -> Self {
        let mut looks: Vec<u32> = looks.flatten().collect();
        looks.sort_unstable();
        Self { runs, looks }
    }

    /// Returns the number of runs in which the test trips.
    pub fn count(&self) -> usize {
        self.looks.len()
    }

    /// Returns the share of runs in which the test trips.
    pub fn share(&self) -> f64 {
        f64::from(u32::try_from(self.looks.len()).unwrap_or(u32::MAX)) / f64::from(self.runs)
    }

    /// Returns the standard error of the share if the true share is `share`.
    pub fn standard_error(&self, share: f64) -> f64 {
        (share * (1.0 - share) / f64::from(self.runs)).sqrt()
    }

    /// Returns the look by which a percentage of all runs has tripped, or `None` if fewer runs trip.
    pub fn quantile(&self, percent: u32) -> Option<u32> {
        let rank = (u64::from(self.runs) * u64::from(percent)).div_ceil(100).max(1);
        self.looks.get(usize::try_from(rank).ok()? - 1).copied()
    }
}

/// The result of a simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The trips of the guard.
    pub guard: Trips,
    /// The trips of the repeated z-test at the same probability of a false trip.
    pub naive: Trips,
}

/// Runs a simulation.
pub fn simulate(simulation: &Simulation) -> Outcome {
    let trips: Vec<(Option<u32>, Option<u32>)> =
        (0..simulation.runs).into_par_iter().map(|run| trip(simulation, run)).collect();
    Outcome {
        guard: Trips::new(simulation.runs, trips.iter().map(|(guard, _)| *guard)),
        naive: Trips::new(simulation.runs, trips.iter().map(|(_, naive)| *naive)),
    }
}

/// Returns the looks at which the guard and the z-test trip in one run.
fn trip(simulation: &Simulation, run: u32) -> (Option<u32>, Option<u32>) {
    let mut traffic = Generator::new(simulation.traffic, simulation.seed, run);
    let mut trial = Trial::new(simulation.test, &simulation.budget, simulation.guardrails);
    for _ in 0..simulation.looks {
        trial.look(traffic.next());
        if trial.is_complete() {
            break;
        }
    }
    (trial.guard_trip(), trial.naive_trip())
}
