//! `flagctl experiment power`: how many units an experiment needs.

use anyhow::Result;

use crate::bundle::Percent;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::OutputFormat;
use crate::cli::percent_arg::percent;
use crate::experiment::{Baseline, PowerQuestion};
use crate::report::experiment::power::{PowerJson, PowerRowJson, SmallestEffectJson, UnitsJson, lines};
use crate::statistics::power::Reading;
use crate::statistics::{Alpha, InvalidNumber};

/// Show how many units an experiment needs, and how many days
///
/// The result has two columns: for a result that is read once at the planned end, and for a result that is read at any
/// time, as `analyze` does it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl experiment power --rate 5% --effect 10% --daily 8000\n  \
                        flagctl experiment power --mean 12.5 --deviation 30 --units 200000")]
pub(crate) struct Args {
    /// The share of units with an event in the control
    #[arg(long, value_name = "PERCENT", value_parser = percent, required_unless_present = "mean", conflicts_with = "mean")]
    rate: Option<Percent>,
    /// The mean of a unit's value in the control
    #[arg(long, value_name = "NUMBER", requires = "deviation", allow_negative_numbers = true)]
    mean: Option<f64>,
    /// The standard deviation of the values of units
    #[arg(long, value_name = "NUMBER", requires = "mean")]
    deviation: Option<f64>,
    /// A relative effect that is to be shown; may be repeated [default: 1%, 2%, 5% and 10%]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    effect: Vec<Percent>,
    /// Show the smallest effect that this number of units of both arms shows; may be repeated
    #[arg(long, value_name = "NUMBER")]
    units: Vec<f64>,
    /// The number of units of both arms that arrive in a day
    #[arg(long, value_name = "NUMBER")]
    daily: Option<f64>,
    /// The number of units of the treatment divided by that of the control
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    ratio: f64,
    /// The probability of an effect that is none
    #[arg(long, value_name = "NUMBER", default_value_t = 0.05)]
    alpha: f64,
    /// The probability that the effect is shown
    #[arg(long, value_name = "NUMBER", default_value_t = 0.8)]
    power: f64,
    /// The number of units of both arms at which the always-valid interval is narrowest
    #[arg(long, value_name = "NUMBER", default_value_t = 5000.0)]
    tuning: f64,
    /// The format of the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

/// The effects that are shown if none is given.
const EFFECTS: [f64; 4] = [0.01, 0.02, 0.05, 0.1];

pub(super) fn run(args: &Args) -> Result<Exit> {
    let result = result(args).map_err(|error| UsageError(error.to_string()))?;
    args.format.write(&result, lines)?;
    Ok(Exit::Yes)
}

fn result(args: &Args) -> Result<PowerJson, InvalidNumber> {
    let share = |percent: Percent| f64::from(percent.buckets()) / f64::from(Percent::ALL.buckets());
    let baseline = match (args.rate, args.mean, args.deviation) {
        (Some(rate), _, _) => Baseline::share(share(rate))?,
        (None, mean, deviation) => Baseline::mean(mean.unwrap_or_default(), deviation.unwrap_or_default())?,
    };
    if let Some(daily) = args.daily
        && !(1.0..=1e12).contains(&daily)
    {
        return Err(InvalidNumber::OutOfRange { what: "daily", value: daily, range: "a number from 1 to 1e12" });
    }
    let question = PowerQuestion { baseline, ratio: args.ratio, alpha: Alpha::new(args.alpha)?, power: args.power };
    let any_time = Reading::AnyTime { tuning: args.tuning };
    let units = |effect, reading| -> Result<UnitsJson, InvalidNumber> {
        let control = question.units(effect, reading)?;
        let treatment = (control * args.ratio).ceil();
        Ok(UnitsJson { control, treatment, days: args.daily.map(|daily| ((control + treatment) / daily).ceil()) })
    };
    let effects: Vec<f64> = match args.effect.as_slice() {
        [] if args.units.is_empty() => EFFECTS.to_vec(),
        given => given.iter().map(|percent| share(*percent)).collect(),
    };
    let row = |effect: f64| -> Result<PowerRowJson, InvalidNumber> {
        Ok(PowerRowJson { effect, once: units(effect, Reading::Once)?, any_time: units(effect, any_time)? })
    };
    let smallest = |units: f64| -> Result<SmallestEffectJson, InvalidNumber> {
        Ok(SmallestEffectJson {
            units,
            once: question.smallest_effect(units, Reading::Once)?,
            any_time: question.smallest_effect(units, any_time)?,
        })
    };
    Ok(PowerJson {
        version: 1,
        baseline: baseline.value(),
        deviation: baseline.deviation(),
        alpha: args.alpha,
        power: args.power,
        ratio: args.ratio,
        tuning: args.tuning,
        daily: args.daily,
        effects: args.units.iter().map(|number| smallest(*number)).collect::<Result<_, _>>()?,
        rows: effects.into_iter().map(row).collect::<Result<_, _>>()?,
    })
}
