//! Compares the evaluator of flagctl with other engines in one process: `cargo run --release` in the folder
//! `benches/peers`.
//!
//! The program checks the answers of every engine before it measures. The engines run alternately, one batch each, so
//! that other load on the machine affects all of them equally. A result is the median of the batches, in thread CPU
//! time.
//!
//! `cargo run --release -- ENGINE WORK TIMES` runs one engine without measuring, for profilers. WORK is a kind of flag, or
//! `json-` and a kind of flag, or `load`.
//! `cargo run --release -- contexts FILE THREADS` decides for a file of contexts with eppo_core. Another program
//! measures this process.

mod eppo;
mod itself;
mod json;
mod launchdarkly;
mod unleash;
#[path = "../../workload/mod.rs"]
mod workload;

use std::any::Any;

use rustix::time::{ClockId, clock_gettime};
use workload::{PEOPLE, POOL, Person, Work};

/// An engine with its flags and contexts, which are built in the engine's own form before the measurement.
trait Engine {
    fn name(&self) -> &'static str;
    /// Decides for the user with that index. Returns whether the answer is `true` or `red`.
    fn on(&self, work: Work, person: usize) -> bool;
    /// Decides `times` times for each user of the pool. Returns how many answers were `true` or `red`.
    fn batch(&self, work: Work, times: usize) -> usize;
    /// Reads the context of the user with that index from JSON, and decides `decisions` times. Returns whether the answer
    /// is `true` or `red`, or `None` if the engine does not read JSON.
    fn on_from_json(&self, work: Work, person: usize, decisions: usize) -> Option<bool>;
    /// Does the same `times` times for each user of the pool, as [`Engine::batch`] does.
    fn batch_from_json(&self, work: Work, times: usize, decisions: usize) -> Option<usize>;
    /// Returns `count` flags of the kinds [`Work::LOADED`] in the engine's own JSON format.
    fn to_load(&self, count: usize) -> String;
    /// Parses the engine's own JSON to the form that the engine uses for decisions.
    fn load(&self, json: &str) -> Box<dyn Any>;
}

/// Implements [`Engine::batch`]. The function is generic, so the compiler optimises it separately for each engine.
fn batch(times: usize, on: impl Fn(usize) -> bool) -> usize {
    (0..times).map(|_| (0..POOL).filter(|person| on(*person)).count()).sum()
}

/// Decides several times for one context, which the caller has just read. Returns the last answer.
fn repeated(decisions: usize, on: impl Fn() -> bool) -> bool {
    (0..decisions).map(|_| std::hint::black_box(on())).last().unwrap_or_default()
}

const BATCHES: usize = 201;
/// The numbers of decisions for each context that is read from JSON.
const FROM_JSON: [usize; 2] = [1, 20];
/// The number of batches for engines that scan the ids of a segment. These batches are also smaller.
const SCANNED: usize = 5;
const LOADS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, path, threads] = arguments.as_slice()
        && mode == "contexts"
    {
        return eppo::contexts(path.as_ref(), threads.parse().expect("a number of threads"));
    }
    let people: &'static [Person] = workload::people(PEOPLE).leak();
    let engines: Vec<Box<dyn Engine>> = vec![
        Box::new(itself::Flagctl::new(people)),
        Box::new(itself::Anew::new(people)),
        Box::new(unleash::Unleash::new(people)),
        Box::new(eppo::Eppo::new(people)),
        Box::new(launchdarkly::LaunchDarkly::new(people)),
    ];
    if let [name, work, times] = arguments.as_slice() {
        return decide(&engines, name, work, times.parse().expect("a number of times"));
    }
    for engine in &engines {
        for work in Work::ALL {
            workload::check(engine.name(), work, |person| engine.on(work, person));
            if engine.on_from_json(work, 0, 1).is_some() {
                workload::check(engine.name(), work, |person| engine.on_from_json(work, person, 1) == Some(true));
            }
        }
    }
    println!("| | {} |", engines.iter().map(|engine| engine.name()).collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(engines.len()));
    for work in Work::ALL {
        let medians = medians(&engines, BATCHES, |engine, round| {
            let times = times(engine, work, round)?;
            let nanoseconds = timed(|| engine.batch(work, times));
            Some(nanoseconds / (times * POOL) as f64)
        });
        row(&format!("{}, ns", work.key()), &medians);
    }
    for decisions in FROM_JSON {
        for work in Work::ALL {
            let medians = medians(&engines, BATCHES, |engine, round| {
                engine.on_from_json(work, 0, 1)?;
                let times = times(engine, work, round)?;
                let nanoseconds = timed(|| engine.batch_from_json(work, times, decisions));
                Some(nanoseconds / (times * POOL) as f64)
            });
            let name = if decisions == 1 { "JSON".to_owned() } else { format!("JSON, {decisions} decisions") };
            row(&format!("{name}: {}, ns", work.key()), &medians);
        }
    }
    for count in [1_000, 10_000] {
        let texts: Vec<String> = engines.iter().map(|engine| engine.to_load(count)).collect();
        let medians = medians(&engines, LOADS, |engine, _| {
            let index = engines.iter().position(|candidate| candidate.name() == engine.name())?;
            let text = texts.get(index).filter(|text| !text.is_empty())?;
            Some(timed(|| engine.load(text)) / 1e6)
        });
        row(&format!("load {count} flags, ms"), &medians);
    }
}

/// Returns how often a batch decides for each user of the pool, or `None` if the engine takes part in fewer rounds.
fn times(engine: &dyn Engine, work: Work, round: usize) -> Option<usize> {
    match work == Work::Segment && ["eppo_core", "launchdarkly"].contains(&engine.name()) {
        true if round >= SCANNED => None,
        true => Some(1),
        false => Some(5),
    }
}

fn decide(engines: &[Box<dyn Engine>], name: &str, work: &str, times: usize) {
    let engine = engines.iter().find(|engine| engine.name() == name).expect("an engine");
    let find = |key: &str| Work::ALL.into_iter().find(|candidate| candidate.key() == key);
    let answers = match (find(work), work.strip_prefix("json-").and_then(find)) {
        (Some(work), _) => engine.batch(work, times),
        (None, Some(work)) => engine.batch_from_json(work, times, 1).expect("an engine that reads JSON"),
        (None, None) => {
            let json = engine.to_load(10_000);
            (0..times).for_each(|_| drop(engine.load(&json)));
            json.len()
        }
    };
    println!("{answers}");
}

/// Measures the CPU time of this thread in nanoseconds. The result of the work is dropped after the measurement.
fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let nanoseconds = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    };
    let before = nanoseconds();
    let result = work();
    let after = nanoseconds();
    std::hint::black_box(result);
    after - before
}

/// Returns the median for each engine, or `None` for an engine that was not measured.
fn medians(
    engines: &[Box<dyn Engine>],
    rounds: usize,
    batch: impl Fn(&dyn Engine, usize) -> Option<f64>,
) -> Vec<Option<f64>> {
    let mut times = vec![Vec::new(); engines.len()];
    for round in 0..rounds {
        for (engine, times) in engines.iter().zip(&mut times) {
            times.extend(batch(engine.as_ref(), round));
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    };
    times.iter_mut().map(median).collect()
}

/// Prints the result of the first engine, and the results of the other engines with their ratios to the first result.
fn row(what: &str, medians: &[Option<f64>]) {
    let own = medians.first().copied().flatten().unwrap_or(f64::NAN);
    let cells = medians.iter().enumerate().map(|(index, median)| match median {
        None => "–".to_owned(),
        Some(median) if index == 0 => format!("{median:.1}"),
        Some(median) => format!("{median:.1} ({:.1}×)", median / own),
    });
    println!("| {what} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
