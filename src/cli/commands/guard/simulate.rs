//! `flagctl guard simulate`: how often and how soon a guard trips on generated traffic.

use anyhow::Result;
use clap::ValueEnum;

use crate::bundle::Percent;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::OutputFormat;
use crate::cli::percent_arg::percent;
use crate::guard::evidence::budget::Budget;
use crate::guard::evidence::{Alpha, InvalidNumber, absolute, block, count};
use crate::guard::simulate::{Burst, Bursts, Simulation, Test, Traffic, simulate};
use crate::report::guard::simulation::{SimulationJson, lines};

/// Show how often and how soon a guard trips, on generated traffic
///
/// Simulates one stage of a rollout many times, and compares the guard with a z-test that is repeated at each look. With a
/// `--ratio` of 1, all trips are false.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl guard simulate --rate 1% --ratio 2 --share 5%\n  \
                        flagctl guard simulate --test block --burst 2 --runs 200")]
pub(crate) struct Args {
    /// The test of the guardrail
    #[arg(long, value_name = "TEST", default_value = "count")]
    test: TestArg,
    /// The control's rate of bad events
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "1%")]
    rate: Percent,
    /// The ratio of the treatment's rate to the control's
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    ratio: f64,
    /// The share of units in the treatment
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "50%")]
    share: Percent,
    /// The number of units between two looks
    #[arg(long, value_name = "NUMBER", default_value_t = 400)]
    units: u32,
    /// Let bad events come in bursts: the shape of a gamma distribution, in which a smaller number is a stronger burst
    #[arg(long, value_name = "SHAPE")]
    burst: Option<f64>,
    /// Let both arms have the same bursts
    #[arg(long, requires = "burst")]
    shared_bursts: bool,
    /// The probability of a false trip in the whole rollout
    #[arg(long, value_name = "NUMBER", default_value_t = 0.05)]
    alpha: f64,
    /// The number of stages of the rollout, which share alpha
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    stages: u32,
    /// The number of guardrails, of which the others have no evidence
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    guardrails: u32,
    /// For `count`: the tolerated ratio of the treatment's rate to the control's
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    max_ratio: f64,
    /// For `count`: the number by which counts are divided
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    overdispersion: f64,
    /// For `absolute`: the highest tolerated rate of the treatment
    #[arg(long, value_name = "PERCENT", value_parser = percent, required_if_eq("test", "absolute"))]
    max_rate: Option<Percent>,
    /// For `block`: the number of looks before any result
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    min_blocks: u32,
    /// The number of looks of each run
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    looks: u32,
    /// The number of runs
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    runs: u32,
    /// The seed of the random numbers; the same seed gives the same result
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// The format of the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

/// A test that a simulation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TestArg {
    /// The rates of both arms
    Count,
    /// The rates of both arms between two looks
    Block,
    /// The rate of the treatment and a limit
    Absolute,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let simulation = simulation(args).map_err(|error| UsageError(error.to_string()))?;
    let outcome = simulate(&simulation);
    args.format.write(&SimulationJson::new(&simulation, &outcome), lines)?;
    Ok(Exit::Yes)
}

fn simulation(args: &Args) -> Result<Simulation, InvalidNumber> {
    let bursts = if args.shared_bursts { Bursts::Shared } else { Bursts::Separate };
    let burst = args.burst.map(|shape| Burst { shape, bursts });
    let traffic = Traffic::new(share(args.rate), args.ratio, share(args.share), args.units, burst)?;
    let test = match args.test {
        TestArg::Count => {
            Test::Count(count::Settings::new(args.max_ratio, None)?.with_overdispersion(args.overdispersion)?)
        }
        TestArg::Block => Test::Block(block::Settings::new(args.min_blocks.into(), 0.0)?),
        TestArg::Absolute => Test::Absolute(absolute::Settings::new(args.max_rate.map_or(1.0, share), 1.0)?),
    };
    let budget = Budget::new(Alpha::new(args.alpha)?, args.stages)?;
    Simulation::new(traffic, test, budget, args.looks, args.runs, args.seed)?.with_guardrails(args.guardrails)
}

/// Returns a percentage as a number from 0 to 1.
fn share(percent: Percent) -> f64 {
    f64::from(percent.buckets()) / f64::from(Percent::ALL.buckets())
}
