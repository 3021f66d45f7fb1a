//! The result of `flagctl guard simulate`.

use serde::Serialize;

use crate::guard::simulate::{Bursts, Outcome, Simulation, Test, Trips};
use crate::report::text::{counted, grouped};
use crate::report::{Lines, Role, StyledText, Table};

/// Simulations of guardrails on generated traffic.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulationsJson {
    /// The version of this structure.
    pub version: u32,
    /// The flag whose guard is simulated, if it is one of a flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// The environment of the guard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The simulations, in the order of the definition.
    pub simulations: Vec<SimulationJson>,
    /// The guardrails whose traffic cannot be generated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_simulated: Vec<NotSimulatedJson>,
}

/// A guardrail whose traffic cannot be generated.
#[derive(Debug, Serialize)]
pub struct NotSimulatedJson {
    /// The name of the guardrail.
    pub guardrail: String,
    /// Its test.
    pub test: &'static str,
    /// The reason in words.
    pub reason: &'static str,
}

/// A simulation and its result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulationJson {
    /// The name of the guardrail, if it is one of a flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<String>,
    /// The test of the guardrail.
    pub test: &'static str,
    /// The traffic.
    pub traffic: TrafficJson,
    /// Whether the treatment does more harm than the guardrail tolerates.
    pub harmful: bool,
    /// The probability of a false trip in the stage.
    pub alpha: f64,
    /// The natural logarithm of the e-value at which the guardrail trips.
    pub threshold: f64,
    /// The number of runs.
    pub runs: u32,
    /// The number of looks of each run.
    pub looks: u32,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The trips of the guard.
    pub guard: TripsJson,
    /// The trips of a z-test that is repeated at each look.
    pub naive: TripsJson,
}

/// Generated traffic.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrafficJson {
    /// The control's rate of bad events.
    pub rate: f64,
    /// The ratio of the treatment's rate to it.
    pub ratio: f64,
    /// The share of units in the treatment.
    pub share: f64,
    /// The number of units between two looks.
    pub units_per_look: u32,
    /// The bursts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<BurstJson>,
}

/// Bursts of bad events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BurstJson {
    /// The shape of the gamma distribution.
    pub shape: f64,
    /// Whether both arms have the same bursts.
    pub shared: bool,
}

/// The runs in which a test trips.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TripsJson {
    /// Their number.
    pub trips: usize,
    /// Their share of all runs.
    pub share: f64,
    /// The look by which 10 % of all runs have tripped, or `None` if fewer trip.
    pub look10: Option<u32>,
    /// The look by which half of all runs have tripped, or `None` if fewer trip.
    pub look50: Option<u32>,
    /// The look by which 90 % of all runs have tripped, or `None` if fewer trip.
    pub look90: Option<u32>,
}

impl TripsJson {
    fn new(trips: &Trips) -> Self {
        Self {
            trips: trips.count(),
            share: trips.share(),
            look10: trips.quantile(10),
            look50: trips.quantile(50),
            look90: trips.quantile(90),
        }
    }
}

impl SimulationJson {
    /// Returns a simulation with its result.
    pub fn new(guardrail: Option<String>, simulation: &Simulation, outcome: &Outcome) -> Self {
        let traffic = simulation.traffic;
        let burst = |burst: crate::guard::simulate::Burst| BurstJson {
            shape: burst.shape,
            shared: burst.bursts == Bursts::Shared,
        };
        Self {
            guardrail,
            test: match simulation.test {
                Test::Count(_) => "count",
                Test::Block(_) => "block",
                Test::Absolute(_) => "absolute",
            },
            traffic: TrafficJson {
                rate: traffic.rate(),
                ratio: traffic.ratio(),
                share: traffic.share(),
                units_per_look: traffic.units(),
                burst: traffic.burst().map(burst),
            },
            harmful: simulation.is_harmful(),
            alpha: simulation.budget.alpha().get(),
            threshold: simulation.threshold().ln(),
            runs: simulation.runs(),
            looks: simulation.looks(),
            seed: simulation.seed,
            guard: TripsJson::new(&outcome.guard),
            naive: TripsJson::new(&outcome.naive),
        }
    }
}

/// Returns the results as text for people.
pub fn lines(results: &SimulationsJson) -> Lines {
    let mut lines = Lines::default();
    for (index, result) in results.simulations.iter().enumerate() {
        if index > 0 {
            lines.add("");
        }
        if let Some(guardrail) = &result.guardrail {
            lines.add(StyledText::new(Role::Name, guardrail));
        }
        lines.append(&simulation(result));
    }
    for left_out in &results.not_simulated {
        let NotSimulatedJson { guardrail, test, reason } = left_out;
        lines.add(StyledText::new(Role::Name, guardrail).plain(format!(" ({test}) is not simulated: {reason}")));
    }
    lines
}

fn simulation(result: &SimulationJson) -> Lines {
    let mut lines = Lines::default();
    let traffic = &result.traffic;
    let (role, kind) = if result.harmful { (Role::Bad, "harmful") } else { (Role::Good, "harmless") };
    let rates = format!(
        " rollout: {}% bad events in the control and {}% in the treatment",
        percent(traffic.rate),
        percent(traffic.rate * traffic.ratio)
    );
    lines.add(StyledText::new(role, kind).plain(rates));
    lines.add(format!(
        "traffic: {} at each look, {}% of them in the treatment",
        counted(usize::try_from(traffic.units_per_look).unwrap_or(usize::MAX), "unit"),
        percent(traffic.share)
    ));
    if let Some(burst) = &traffic.burst {
        let arms = if burst.shared { "the same in both arms" } else { "separate in each arm" };
        lines.add(format!("bursts: gamma distribution of shape {}, {arms}", burst.shape));
    }
    lines.add(format!(
        "test: {} with alpha {} in this stage, trips at ln E = {:.2}",
        result.test,
        number(result.alpha),
        result.threshold
    ));
    lines.add(format!("{} runs of {} looks", grouped(result.runs.into()), grouped(result.looks.into())));
    lines.add("");
    let mut table = Table::new(None);
    let trips = if result.harmful { "trips" } else { "false trips" };
    table.header(["", trips, "10% by look", "50% by look", "90% by look"]);
    for (name, trips) in [("guard", &result.guard), ("repeated z-test", &result.naive)] {
        table.row(row(name, trips, result));
    }
    lines.table(&table);
    lines
}

fn row(name: &str, trips: &TripsJson, result: &SimulationJson) -> [StyledText; 5] {
    let is_good = if result.harmful { trips.look50.is_some() } else { trips.share <= bound(result) };
    let share = format!("{}%", percent(trips.share));
    let look = |look: Option<u32>| {
        look.map_or_else(|| StyledText::new(Role::Minor, "-"), |look| StyledText::from(grouped(look.into())))
    };
    [
        StyledText::from(name),
        StyledText::new(if is_good { Role::Good } else { Role::Bad }, share),
        look(trips.look10),
        look(trips.look50),
        look(trips.look90),
    ]
}

/// Returns the share of false trips that is three standard errors above alpha.
fn bound(result: &SimulationJson) -> f64 {
    result.alpha + 3.0 * (result.alpha * (1.0 - result.alpha) / f64::from(result.runs)).sqrt()
}

/// Returns a share as a percentage with at most three decimals.
fn percent(share: f64) -> String {
    number((share * 100_000.0).round() / 1_000.0)
}

/// Returns a number with at most six decimals.
fn number(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
