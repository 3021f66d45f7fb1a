//! The result of `flagctl guard simulate --metrics`.

use serde::Serialize;

use crate::guard::simulate::{Moment, Replay, ReplayedGuardrail};
use crate::report::text::{counted, grouped};
use crate::report::{Lines, Role, StyledText, Table};

/// The dispersion above which events are not independent of each other.
const BURSTS: f64 = 1.5;

/// A guard on the traffic of a metrics file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayJson {
    /// The version of this structure.
    pub version: u32,
    /// The flag.
    pub flag: String,
    /// The environment.
    pub environment: String,
    /// The start of the first window.
    pub window_start: String,
    /// The end of the last window.
    pub window_end: String,
    /// The variant that is rolled out.
    pub treatment: String,
    /// The variant that it is compared with.
    pub control: String,
    /// The probability of a false trip in the stage.
    pub alpha: f64,
    /// The natural logarithm of the mean e-value at which the guard trips.
    pub threshold: f64,
    /// The number of looks.
    pub looks: u32,
    /// The highest logarithm of the mean e-value.
    pub highest_log_e: f64,
    /// The first look at which the guard trips.
    pub trip: Option<MomentJson>,
    /// Why the numbers of units do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_problem: Option<String>,
    /// The guardrails.
    pub guardrails: Vec<ReplayedGuardrailJson>,
}

/// A guardrail on the traffic of a metrics file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayedGuardrailJson {
    /// The name.
    pub name: String,
    /// The test.
    pub test: &'static str,
    /// Why its numbers cannot be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The highest logarithm of its e-value.
    pub highest_log_e: Option<f64>,
    /// The first look at which the guard would trip if it had this guardrail only.
    pub trip: Option<MomentJson>,
    /// The first look at which a repeated z-test would trip.
    pub naive_trip: Option<MomentJson>,
    /// The variance of the control's bad events over that of independent events.
    pub dispersion: Option<f64>,
}

/// A look.
#[derive(Debug, Clone, Serialize)]
pub struct MomentJson {
    /// Its number, from one.
    pub look: u32,
    /// The end of its windows.
    pub end: String,
}

impl MomentJson {
    fn new(moment: Moment) -> Self {
        Self { look: moment.look, end: moment.end.to_string() }
    }
}

impl ReplayJson {
    /// Returns a replay of a flag in an environment.
    pub fn new(flag: &str, environment: &str, replay: &Replay) -> Self {
        let problem = |problem: &crate::guard::source::DataProblem| format!("{}: {problem}", problem.name());
        let guardrail = |guardrail: &ReplayedGuardrail| ReplayedGuardrailJson {
            name: guardrail.name.clone(),
            test: guardrail.test.name(),
            problem: guardrail.problem.as_ref().map(problem),
            highest_log_e: guardrail.highest,
            trip: guardrail.trip.map(MomentJson::new),
            naive_trip: guardrail.naive.map(MomentJson::new),
            dispersion: guardrail.dispersion,
        };
        Self {
            version: 1,
            flag: flag.to_owned(),
            environment: environment.to_owned(),
            window_start: replay.window.start.to_string(),
            window_end: replay.window.end.to_string(),
            treatment: replay.treatment.clone(),
            control: replay.control.clone(),
            alpha: replay.alpha,
            threshold: replay.threshold,
            looks: replay.looks,
            highest_log_e: replay.highest,
            trip: replay.trip.map(MomentJson::new),
            units_problem: replay.units_problem.as_ref().map(problem),
            guardrails: replay.guardrails.iter().map(guardrail).collect(),
        }
    }

    /// Returns whether all numbers can be trusted.
    pub fn is_complete(&self) -> bool {
        self.units_problem.is_none() && self.guardrails.iter().all(|guardrail| guardrail.problem.is_none())
    }
}

/// Returns the result as text for people.
pub fn lines(replay: &ReplayJson) -> Lines {
    let mut lines = Lines::default();
    let title = StyledText::default().plain(format!("{} in {}: ", replay.flag, replay.environment));
    lines.add(match &replay.trip {
        Some(trip) => title.with(Role::Bad, format!("trips at {}, look {}", trip.end, grouped(trip.look.into()))),
        None => title.with(Role::Good, "does not trip"),
    });
    lines.add(format!(
        "{} from {} to {}, {} against {}",
        counted(usize::try_from(replay.looks).unwrap_or(usize::MAX), "look"),
        replay.window_start,
        replay.window_end,
        replay.treatment,
        replay.control
    ));
    lines.add(format!("alpha {} in this stage, trips at ln E = {:.2}", replay.alpha, replay.threshold));
    if let Some(problem) = &replay.units_problem {
        lines.add(StyledText::default().plain("units: ").with(Role::Bad, problem));
    }
    lines.add("");
    let mut table = Table::new(None);
    table.header(["", "test", "highest ln E", "trips at look", "repeated z-test", "dispersion"]);
    if replay.guardrails.len() > 1 {
        let highest = format!("{:.2}", replay.highest_log_e).into();
        table.row(["guard".into(), minor("-"), highest, look(replay.trip.as_ref()), minor("-"), minor("-")]);
    }
    for guardrail in &replay.guardrails {
        table.row(row(guardrail));
    }
    lines.table(&table);
    for guardrail in &replay.guardrails {
        if let Some(problem) = &guardrail.problem {
            lines.add(StyledText::default().plain(format!("{}: ", guardrail.name)).with(Role::Bad, problem));
        }
        if let Some(dispersion) = guardrail.dispersion.filter(|dispersion| *dispersion > BURSTS)
            && guardrail.test == "count"
        {
            let advice = format!(
                "{}: the bad events of the control come in bursts; use `test: block`, or `overdispersion: {dispersion:.1}`",
                guardrail.name
            );
            lines.add(StyledText::new(Role::Caution, advice));
        }
    }
    lines
}

fn row(guardrail: &ReplayedGuardrailJson) -> [StyledText; 6] {
    let number = |number: Option<f64>| number.map_or_else(|| minor("-"), |number| format!("{number:.2}").into());
    [
        guardrail.name.as_str().into(),
        guardrail.test.into(),
        number(guardrail.highest_log_e),
        look(guardrail.trip.as_ref()),
        look(guardrail.naive_trip.as_ref()),
        number(guardrail.dispersion),
    ]
}

fn look(moment: Option<&MomentJson>) -> StyledText {
    moment.map_or_else(|| minor("-"), |moment| grouped(moment.look.into()).into())
}

fn minor(text: &str) -> StyledText {
    StyledText::new(Role::Minor, text)
}
