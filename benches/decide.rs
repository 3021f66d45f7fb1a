//! Measures the time of one decision: `cargo bench --no-default-features --bench decide`.
//!
//! Each bench decides for 1,000 contexts, one after another. The result is the time of one decision, including the
//! search for the flag by its key.

#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot go on ends")]

mod workload;

use divan::{AllocProfiler, Bencher, black_box};
use flagctl::bundle::{Bundle, LazyBundle};
use workload::{Ids, PEOPLE, POOL, Work};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    let people = workload::people(PEOPLE);
    let bundle = workload::decided(&people);
    let ids = Ids::new(&bundle);
    let contexts: Vec<_> = people.iter().map(|person| workload::context(&bundle, &ids, person)).collect();
    for work in Work::ALL {
        let first =
            |context| matches!(workload::value(&bundle, work, context, workload::now()), v if v == true || v == "red");
        workload::check("flagctl", work, |at| contexts.get(at).is_some_and(first));
    }
    divan::main();
}

/// Decides with contexts that were built in advance.
#[divan::bench(args = Work::ALL)]
fn decide(bencher: Bencher, work: Work) {
    let people = workload::people(PEOPLE);
    let bundle = workload::decided(&people);
    let ids = Ids::new(&bundle);
    let contexts: Vec<_> = people.iter().take(POOL).map(|p| workload::context(&bundle, &ids, p)).collect();
    let mut turns = contexts.iter().cycle();
    let now = workload::now();
    bencher.bench_local(move || {
        turns.next().map(|context| workload::value(&bundle, black_box(work), context, now) == true)
    });
}

/// Builds a context from ten values for each decision. Nine values are typed; the version is parsed from text.
#[divan::bench(args = Work::ALL)]
fn decide_in_a_new_context(bencher: Bencher, work: Work) {
    let people = workload::people(PEOPLE);
    let bundle = workload::decided(&people);
    let ids = Ids::new(&bundle);
    let mut turns = people.iter().take(POOL).cycle();
    let now = workload::now();
    bencher.bench_local(move || {
        let person = turns.next()?;
        let context = workload::context(&bundle, &ids, person);
        Some(workload::value(&bundle, black_box(work), &context, now) == true)
    });
}

/// Loads a bundle from JSON. Each flag is decoded on first use.
#[divan::bench(args = [1_000, 10_000], sample_count = 20)]
fn load_lazily(bencher: Bencher, flags: usize) {
    let json = workload::to_load(flags);
    bencher.bench(|| LazyBundle::from_json(black_box(json.as_bytes()).to_vec()).expect("a bundle"));
}

/// Loads a bundle from JSON and decodes every flag.
#[divan::bench(args = [1_000, 10_000], sample_count = 20)]
fn load(bencher: Bencher, flags: usize) {
    let json = workload::to_load(flags);
    bencher.bench(|| Bundle::from_json(black_box(json.as_bytes())).expect("a bundle"));
}
