//! Simulates guards whose settings are the defaults: the false trips of harmless rollouts, and the looks until a trip of
//! harmful ones. The expected figures were computed by another program.

use flagctl::guard::evidence::budget::Budget;
use flagctl::guard::evidence::{Alpha, absolute, block, count};
use flagctl::guard::simulate::{Burst, Bursts, Outcome, Simulation, Test, Traffic, simulate};

const ALPHA: f64 = 0.05;
const RUNS: u32 = 1500;
/// The runs of scenarios that are not in the table of `count`.
const FEW_RUNS: u32 = 400;
const LOOKS: u32 = 1000;

fn budget() -> Budget {
    Budget::new(Alpha::new(ALPHA).unwrap(), 1).unwrap()
}

fn count() -> Test {
    Test::Count(count::Settings::default())
}

fn block() -> Test {
    Test::Block(block::Settings::default())
}

fn run(test: Test, rate: f64, ratio: f64, share: f64, burst: Option<Burst>, runs: u32, looks: u32) -> Outcome {
    let traffic = Traffic::new(rate, ratio, share, 400, burst).unwrap();
    simulate(&Simulation::new(traffic, test, budget(), looks, runs, 21).unwrap())
}

/// Asserts that the false trips are at most alpha and three standard errors.
fn assert_few_false_trips(outcome: &Outcome) {
    let (share, bound) = (outcome.guard.share(), ALPHA + 3.0 * outcome.guard.standard_error(ALPHA));
    assert!(share <= bound, "{share} of the runs trip, at most {bound} may");
}

#[test]
fn harmless_rollouts_trip_as_rarely_as_promised() {
    // The shares of false trips that the other program found: of the guard, and of the repeated z-test.
    for (rate, share, guard, naive) in [
        (0.01, 0.5, 0.0287, 0.4193),
        (0.001, 0.5, 0.026, 0.3553),
        (0.01, 0.05, 0.0153, 0.468),
        (0.001, 0.05, 0.0213, 0.4147),
    ] {
        let outcome = run(count(), rate, 1.0, share, None, RUNS, LOOKS);
        assert_few_false_trips(&outcome);
        for (trips, expected) in [(&outcome.guard, guard), (&outcome.naive, naive)] {
            let tolerance = 3.0 * 2_f64.sqrt() * trips.standard_error(expected);
            assert!((trips.share() - expected).abs() <= tolerance, "{} is not {expected}±{tolerance}", trips.share());
        }
    }
}

#[test]
fn harmful_rollouts_trip_as_fast_as_promised() {
    for (rate, ratio, share, median) in [
        (0.01, 2.0, 0.5, 12.0),
        (0.001, 3.0, 0.5, 32.0),
        (0.01, 2.0, 0.05, 52.0),
        (0.01, 10.0, 0.05, 2.0),
        (0.01, 1.2, 0.5, 199.0),
    ] {
        let outcome = run(count(), rate, ratio, share, None, RUNS, LOOKS);
        let found = f64::from(outcome.guard.quantile(50).unwrap());
        assert!((found - median).abs() <= 0.1 * median, "half of the runs trip by look {found}, expected {median}");
        assert!(outcome.guard.share() > 0.99, "{}", outcome.guard.share());
    }
}

#[test]
fn bursts_break_count_and_not_block() {
    let burst = |bursts| Some(Burst { shape: 2.0, bursts });
    let broken = run(count(), 0.01, 1.0, 0.5, burst(Bursts::Separate), FEW_RUNS, LOOKS);
    assert!((0.13..0.26).contains(&broken.guard.share()), "{}", broken.guard.share());
    for (share, burst) in
        [(0.5, None), (0.5, burst(Bursts::Separate)), (0.5, burst(Bursts::Shared)), (0.05, burst(Bursts::Shared))]
    {
        assert_few_false_trips(&run(block(), 0.01, 1.0, share, burst, FEW_RUNS, LOOKS));
    }
    let harmful = run(block(), 0.01, 2.0, 0.5, burst(Bursts::Shared), 300, 300);
    assert!(harmful.guard.share() > 0.99 && harmful.guard.quantile(50).unwrap() < 45);
}

#[test]
fn overdispersion_repairs_count_in_bursts() {
    // Two events per look and arm, with bursts of shape 2: the variance is twice the mean.
    let settings = count::Settings::default().with_overdispersion(2.0).unwrap();
    let burst = Some(Burst { shape: 2.0, bursts: Bursts::Separate });
    assert_few_false_trips(&run(Test::Count(settings), 0.01, 1.0, 0.5, burst, FEW_RUNS, LOOKS));
}

#[test]
fn absolute_trips_above_its_limit_only() {
    let test = Test::Absolute(absolute::Settings::new(0.01, 100.0).unwrap());
    assert_few_false_trips(&run(test, 0.01, 1.0, 0.5, None, FEW_RUNS, LOOKS));
    let harmful = run(test, 0.01, 2.0, 0.5, None, 300, 300);
    assert!(harmful.guard.quantile(50).unwrap() < 20 && harmful.guard.share() > 0.99);
}

#[test]
fn a_seed_determines_the_result() {
    let outcome = |seed| {
        let traffic = Traffic::new(0.02, 1.5, 0.3, 101, None).unwrap();
        simulate(&Simulation::new(traffic, count(), budget(), 100, 50, seed).unwrap())
    };
    assert_eq!(outcome(1), outcome(1));
    assert_ne!(outcome(1), outcome(2));
}

#[test]
fn settings_outside_their_range_are_refused() {
    let name = |rate, ratio, share, units| Traffic::new(rate, ratio, share, units, None).map_err(|error| error.name());
    assert_eq!(name(1.1, 1.0, 0.5, 1), Err("out-of-range"));
    assert_eq!(name(0.6, 2.0, 0.5, 1), Err("out-of-range"));
    assert_eq!(name(f64::NAN, 2.0, 0.5, 1), Err("not-finite"));
    assert_eq!(name(0.1, 1.0, 0.0, 1), Err("out-of-range"));
    assert_eq!(name(0.1, 1.0, 0.5, 0), Err("out-of-range"));
    let traffic = Traffic::new(0.1, 1.0, 0.5, 1, None).unwrap();
    assert!(Simulation::new(traffic, count(), budget(), 0, 1, 1).is_err());
    assert!(Simulation::new(traffic, count(), budget(), 1, 0, 1).is_err());
    assert!(Simulation::new(traffic, count(), budget(), u32::MAX, u32::MAX, 1).is_err());
}
