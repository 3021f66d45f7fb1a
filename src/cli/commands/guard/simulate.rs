//! `flagctl guard simulate`: how often and how soon a guard trips, on generated traffic or on that of a metrics file.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::ValueEnum;

use crate::bundle::Percent;
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::guard_check::no_guard;
use crate::cli::guard_source;
use crate::cli::output_format::OutputFormat;
use crate::cli::percent_arg::percent;
use crate::cli::revision_arg::At;
use crate::git::CacheWrites;
use crate::guard::evidence::budget::Budget;
use crate::guard::evidence::{Alpha, InvalidNumber, absolute, block, count};
use crate::guard::simulate::{Burst, Bursts, Simulation, Test, Traffic, replay, simulate};
use crate::guard::{GuardError, GuardedFlag};
use crate::load;
use crate::report::guard::replay::{self as replay_report, ReplayJson};
use crate::report::guard::simulation::{self, NotSimulatedJson, SimulationJson, SimulationsJson};
use crate::source::Source;

/// Show how often and how soon a guard trips
///
/// Simulates one stage of a rollout many times on generated traffic, and compares the guard with a z-test that is repeated at
/// each look. With a `--ratio` of 1, all trips are false. With FLAG, the settings are those of its guard. With `--metrics`,
/// the traffic is that of a metrics file, once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl guard simulate --rate 1% --ratio 2 --share 5%\n  \
                        flagctl guard simulate new-cart -e production --rate 2% --ratio 1.5\n  \
                        flagctl guard simulate new-cart -e production --metrics last-week.csv")]
pub(crate) struct Args {
    /// The flag whose guard has the settings
    #[arg(value_name = "FLAG")]
    flag: Option<String>,
    #[command(flatten)]
    environment: OneEnvironment,
    #[command(flatten)]
    at: At,
    /// Replay a CSV or JSON file of metrics, or stdin if it is `-`
    #[arg(long, value_name = "FILE", requires = "flag", conflicts_with_all = ["traffic", "size"])]
    metrics: Option<PathBuf>,
    #[command(flatten)]
    traffic: TrafficArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    size: SizeArgs,
    /// The format of the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

#[derive(Debug, clap::Args)]
#[group(id = "traffic", multiple = true)]
struct TrafficArgs {
    /// The control's rate of bad events
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "1%")]
    rate: Percent,
    /// The ratio of the treatment's rate to the control's
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    ratio: f64,
    /// The share of units in the treatment [default: that of the flag, or 50%]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    share: Option<Percent>,
    /// The number of units between two looks
    #[arg(long, value_name = "NUMBER", default_value_t = 400)]
    units: u32,
    /// Let bad events come in bursts: the shape of a gamma distribution, in which a smaller number is a stronger burst
    #[arg(long, value_name = "SHAPE")]
    burst: Option<f64>,
    /// Let both arms have the same bursts
    #[arg(long, requires = "burst")]
    shared_bursts: bool,
}

#[derive(Debug, clap::Args)]
#[group(id = "settings", multiple = true, conflicts_with = "flag")]
struct SettingsArgs {
    /// The test of the guardrail
    #[arg(long, value_name = "TEST", default_value = "count")]
    test: TestArg,
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
}

#[derive(Debug, clap::Args)]
#[group(id = "size", multiple = true)]
struct SizeArgs {
    /// The number of looks of each run
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    looks: u32,
    /// The number of runs
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    runs: u32,
    /// The seed of the random numbers; the same seed gives the same result
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
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
    let Some(key) = &args.flag else {
        let simulated = args.settings.test().and_then(|test| {
            let budget = Budget::new(Alpha::new(args.settings.alpha)?, args.settings.stages)?;
            args.simulated(None, test, budget, args.settings.guardrails, 0.5)
        });
        let simulations = vec![simulated.map_err(|error| UsageError(error.to_string()))?];
        let result =
            SimulationsJson { version: 1, flag: None, environment: None, simulations, not_simulated: Vec::new() };
        args.format.write(&result, simulation::lines)?;
        return Ok(Exit::Yes);
    };
    let guarded = guarded(args, key)?;
    match &args.metrics {
        Some(file) => replayed(args, &guarded, file),
        None => {
            let result = simulations(args, &guarded).map_err(|error| UsageError(error.to_string()))?;
            args.format.write(&result, simulation::lines)?;
            Ok(Exit::Yes)
        }
    }
}

fn guarded(args: &Args, key: &str) -> Result<GuardedFlag> {
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let settings = load::settings(&Source::Revision(tip.clone()))?.project.settings;
    let environment = args.environment.or_only(&settings)?;
    match GuardedFlag::read(&tip, key, &environment) {
        Err(GuardError::NoGuard(_) | GuardError::OtherEnvironment { .. }) => Err(no_guard(key, &environment)),
        guarded => Ok(guarded?),
    }
}

fn replayed(args: &Args, guarded: &GuardedFlag, file: &Path) -> Result<Exit> {
    let (key, environment) = (&guarded.flag.key, &guarded.environment);
    let replay = replay(guarded, &guard_source::read(file)?)?;
    let none = || anyhow!("`{}` has no row about `{key}` in {environment}", file.display());
    let result = ReplayJson::new(key, environment, &replay.ok_or_else(none)?);
    args.format.write(&result, replay_report::lines)?;
    Ok(if result.is_complete() { Exit::Yes } else { Exit::Failed })
}

/// Simulates the guardrails of a flag, each while the others have no evidence.
fn simulations(args: &Args, guarded: &GuardedFlag) -> Result<SimulationsJson, InvalidNumber> {
    let guard = &guarded.guard;
    let budget = Budget::new(Alpha::new(guard.alpha)?, guard.stages)?;
    let planned = guarded.planned_split().map_or(0.5, |split| split.treatment);
    let tests = guard.guardrails.iter().filter_map(|guardrail| Some((guardrail, guardrail.test.resolved()?)));
    let tests: Vec<_> = tests.map(|(guardrail, test)| Ok((guardrail, Test::of(test)?))).collect::<Result<_, _>>()?;
    let measured = guard.guardrails.iter().filter(|guardrail| guardrail.test.kind.is_statistical()).count();
    let measured = u32::try_from(measured).unwrap_or(u32::MAX);
    let (mut simulations, mut not_simulated) = (Vec::new(), Vec::new());
    for (guardrail, test) in tests {
        let name = guardrail.name.value.clone();
        match test {
            Ok(test) => simulations.push(args.simulated(Some(name), test, budget, measured, planned)?),
            Err(reason) => not_simulated.push(NotSimulatedJson {
                guardrail: name,
                test: guardrail.test.kind.name(),
                reason: reason.reason(),
            }),
        }
    }
    let (flag, environment) = (Some(guarded.flag.key.clone()), Some(guarded.environment.clone()));
    Ok(SimulationsJson { version: 1, flag, environment, simulations, not_simulated })
}

impl Args {
    fn simulated(
        &self,
        guardrail: Option<String>,
        test: Test,
        budget: Budget,
        guardrails: u32,
        planned: f64,
    ) -> Result<SimulationJson, InvalidNumber> {
        let TrafficArgs { rate, ratio, share: given, units, burst, shared_bursts } = self.traffic;
        let bursts = if shared_bursts { Bursts::Shared } else { Bursts::Separate };
        let burst = burst.map(|shape| Burst { shape, bursts });
        let traffic = Traffic::new(share(rate), ratio, given.map_or(planned, share), units, burst)?;
        let SizeArgs { looks, runs, seed } = self.size;
        let simulation = Simulation::new(traffic, test, budget, looks, runs, seed)?.with_guardrails(guardrails)?;
        Ok(SimulationJson::new(guardrail, &simulation, &simulate(&simulation)))
    }
}

impl SettingsArgs {
    fn test(&self) -> Result<Test, InvalidNumber> {
        Ok(match self.test {
            TestArg::Count => {
                Test::Count(count::Settings::new(self.max_ratio, None)?.with_overdispersion(self.overdispersion)?)
            }
            TestArg::Block => Test::Block(block::Settings::new(self.min_blocks.into(), 0.0)?),
            TestArg::Absolute => Test::Absolute(absolute::Settings::new(self.max_rate.map_or(1.0, share), 1.0)?),
        })
    }
}

/// Returns a percentage as a number from 0 to 1.
fn share(percent: Percent) -> f64 {
    f64::from(percent.buckets()) / f64::from(Percent::ALL.buckets())
}
