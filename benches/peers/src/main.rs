//! flagctl's evaluator beside others', in one process: `cargo run --release` in this folder.
//!
//! Every engine's answers are checked before it is timed. Engines take turns batch by batch, so that whatever
//! else the machine does disturbs all alike; a figure is the median of the batches, in thread CPU time.
//!
//! `cargo run --release -- ENGINE WORK TIMES` decides so often and measures nothing, for profilers.
//! `peers contexts FILE THREADS` has eppo_core decide for a file of contexts, to be timed as a whole process.

mod eppo;
mod itself;
mod launchdarkly;
mod unleash;
#[path = "../../workload/mod.rs"]
mod workload;

use std::any::Any;

use rustix::time::{ClockId, clock_gettime};
use workload::{PEOPLE, POOL, Person, Work};

/// Flags and contexts in an engine's own form, made before anything is timed.
trait Engine {
    fn name(&self) -> &'static str;
    /// Decides for the person at that place; whether the answer is `true` or `red`.
    fn on(&self, work: Work, person: usize) -> bool;
    /// Decides so often for each of the pool in turn; how many answers were `true` or `red`.
    fn batch(&self, work: Work, times: usize) -> usize;
    /// So many flags of the kinds [`Work::LOADED`], as the engine's own JSON.
    fn to_load(&self, count: usize) -> String;
    /// Makes of the engine's own JSON what can be decided from.
    fn load(&self, json: &str) -> Box<dyn Any>;
}

/// What every engine does for [`Engine::batch`], compiled for each.
fn batch(times: usize, on: impl Fn(usize) -> bool) -> usize {
    (0..times).map(|_| (0..POOL).filter(|person| on(*person)).count()).sum()
}

const BATCHES: usize = 201;
/// Engines that scan the ids of a segment get fewer and smaller batches of it.
const SCANNED: usize = 5;
const LOADS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, path, threads] = arguments.as_slice()
        && mode == "contexts"
    {
        return eppo::contexts(path.as_ref(), threads.parse().expect("how many threads"));
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
        return decide(&engines, name, work, times.parse().expect("how often"));
    }
    for engine in &engines {
        for work in Work::ALL {
            workload::check(engine.name(), work, |person| engine.on(work, person));
        }
    }
    println!("| | {} |", engines.iter().map(|engine| engine.name()).collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(engines.len()));
    for work in Work::ALL {
        let medians = medians(&engines, BATCHES, |engine, round| {
            let scans = work == Work::Segment && ["eppo_core", "launchdarkly"].contains(&engine.name());
            if scans && round >= SCANNED {
                return None;
            }
            let times = if scans { 1 } else { 5 };
            let nanoseconds = timed(|| engine.batch(work, times));
            Some(nanoseconds / (times * POOL) as f64)
        });
        row(&format!("{}, ns", work.key()), &medians);
    }
    for count in [1_000, 10_000] {
        let texts: Vec<String> = engines.iter().map(|engine| engine.to_load(count)).collect();
        let medians = medians(&engines, LOADS, |engine, _| {
            let at = engines.iter().position(|other| other.name() == engine.name())?;
            let text = texts.get(at).filter(|text| !text.is_empty())?;
            Some(timed(|| engine.load(text)) / 1e6)
        });
        row(&format!("load {count} flags, ms"), &medians);
    }
}

fn decide(engines: &[Box<dyn Engine>], name: &str, work: &str, times: usize) {
    let engine = engines.iter().find(|engine| engine.name() == name).expect("an engine");
    let answers = match Work::ALL.into_iter().find(|one| one.key() == work) {
        Some(work) => engine.batch(work, times),
        None => {
            let json = engine.to_load(10_000);
            (0..times).for_each(|_| drop(engine.load(&json)));
            json.len()
        }
    };
    println!("{answers}");
}

/// In nanoseconds of this thread's CPU time; what the work gives is dropped later.
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

/// One for each engine; none where it did not take part.
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

/// The first engine's figure, and the others' with how many times as long they take.
fn row(what: &str, medians: &[Option<f64>]) {
    let own = medians.first().copied().flatten().unwrap_or(f64::NAN);
    let cells = medians.iter().enumerate().map(|(at, median)| match median {
        None => "–".to_owned(),
        Some(median) if at == 0 => format!("{median:.1}"),
        Some(median) => format!("{median:.1} ({:.1}×)", median / own),
    });
    println!("| {what} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
