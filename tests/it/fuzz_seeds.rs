//! Runs each fuzz target with its seeds, with the stable toolchain. A finding of the fuzzer becomes a seed.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

#[test]
fn each_fuzz_target_accepts_its_seeds() {
    for (name, run) in targets::TARGETS {
        let mut seeds: Vec<_> =
            fs::read_dir(Path::new("fuzz/seeds").join(name)).unwrap().map(|seed| seed.unwrap().path()).collect();
        seeds.sort();
        assert!(seeds.len() > 2, "{name} has {} seeds", seeds.len());
        for seed in seeds {
            let content = fs::read(&seed).unwrap();
            let result = std::panic::catch_unwind(|| run(&content));
            assert!(result.is_ok(), "the target `{name}` refuses {}", seed.display());
        }
    }
}

#[test]
fn each_seed_belongs_to_a_fuzz_target() {
    let names: Vec<_> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
    for entry in fs::read_dir("fuzz/seeds").unwrap() {
        let name = entry.unwrap().file_name();
        assert!(names.contains(&name.to_str().unwrap()), "{name:?}");
        assert!(Path::new("fuzz/fuzz_targets").join(&name).with_extension("rs").is_file(), "{name:?}");
    }
}
