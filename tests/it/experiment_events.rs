//! `flagctl experiment analyze` with files of events: from exposures and purchases to the verdict.

use std::fs;

use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository};
use crate::random::Random;

const FLAG: &str = "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {fast: true, off: false}\noff: off\n\
    default: off\nrules:\n  - serve: {fast: 50%, off: 50%}\n\
    experiment:\n  window: 2h\n  metrics:\n    - {name: revenue, role: primary, event: purchase}\n";
const UNITS: usize = 4000;

/// A repository with the experiment since 2026-11-01T00:00:00Z, and with the rollout of another share since 2026-11-02.
fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\n");
    repository.write("flags/cart.yaml", FLAG);
    repository.commit("cart: an experiment");
    repository
}

fn exposure(unit: usize, variant: &str, time: &str) -> String {
    format!(
        "{{\"ts\":\"{time}\",\"feature_flag.key\":\"cart\",\"feature_flag.result.variant\":\"{variant}\",\
         \"feature_flag.result.reason\":\"split\",\"feature_flag.context.id\":\"u{unit}\",\
         \"attrs\":{{\"country\":\"{}\"}}}}\n",
        if unit % 4 < 2 { "DE" } else { "FR" }
    )
}

/// Writes exposures on a day and purchases after them. Units with the treatment spend `lift` more.
fn write_events(repository: &TestRepository, day: &str, lift: usize) {
    let mut random = Random(3);
    let (mut exposures, mut events) = (String::new(), String::new());
    for unit in 0..UNITS {
        let is_treated = unit % 2 == 0;
        exposures += &exposure(unit, if is_treated { "fast" } else { "off" }, &format!("{day}T01:00:00Z"));
        let value = random.below(100) + if is_treated { lift } else { 0 };
        events += &format!(
            "{{\"event\":\"purchase\",\"ts\":\"{day}T01:30:00Z\",\"context.id\":\"u{unit}\",\"value\":{value}}}\n"
        );
    }
    events += &format!("{{\"event\":\"end\",\"ts\":\"{day}T12:00:00Z\",\"context.id\":\"x\"}}\nhalf a li\n");
    fs::write(repository.beside("exposures.ndjson"), exposures).unwrap();
    fs::write(repository.beside("events.ndjson"), events).unwrap();
}

fn analyze(repository: &TestRepository, options: &[&str]) -> (Ran, Json) {
    let command = [
        "experiment",
        "analyze",
        "cart",
        "-e",
        "production",
        "--exposures",
        "../exposures.ndjson",
        "--metrics",
        "../events.ndjson",
        "--format",
        "json",
    ];
    let now: &[&str] = if options.contains(&"--now") { &[] } else { &["--now", "2026-12-01"] };
    let ran = repository.flagctl(&[&command, now, options].concat());
    let json = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    (ran, json)
}

#[test]
fn events_with_an_effect_end_in_the_verdict_to_ship_and_bad_rows_are_named() {
    let repository = repository();
    write_events(&repository, "2026-11-01", 10);
    let (ran, json) = analyze(&repository, &[]);
    assert_eq!((ran.code, json["verdict"].as_str()), (Some(0), Some("ship")), "{ran:?}");
    assert!(ran.stderr.contains("1 bad row of metric events, not-an-object: ../events.ndjson:4002:"), "{}", ran.stderr);
    let bad = &json["rows"]["metricEvents"]["bad"];
    assert_eq!((bad[0]["reason"].as_str(), bad[0]["count"].as_u64()), (Some("not-an-object"), Some(1)), "{bad}");
    assert_eq!((bad[0]["line"].as_u64(), &bad[1]), (Some(4002), &Json::Null), "{bad}");
    assert_eq!(json["rows"]["exposures"]["read"].as_u64(), Some(4000));
    let arms = json["phases"][0]["arms"].as_array().unwrap();
    let units: Vec<_> =
        arms.iter().map(|arm| (arm["variant"].as_str().unwrap(), arm["units"].as_f64().unwrap())).collect();
    assert_eq!(units, [("off", 2000.0), ("fast", 2000.0)]);
    assert_eq!(arms[0]["planned"].as_f64(), Some(0.5));
    let digests: Vec<_> =
        json["inputs"].as_array().unwrap().iter().map(|input| input["sha256"].as_str().unwrap().len()).collect();
    assert_eq!(digests, [64, 64]);
}

#[test]
fn events_without_an_effect_do_not_ship() {
    let repository = repository();
    write_events(&repository, "2026-11-01", 0);
    let (ran, json) = analyze(&repository, &[]);
    assert_eq!((ran.code, json["verdict"].as_str()), (Some(1), Some("keep-running")), "{ran:?}");
}

#[test]
fn a_flag_without_a_split_has_no_experiment_that_runs() {
    let mut repository = repository();
    repository.write("flags/cart.yaml", &FLAG.replace("{fast: 50%, off: 50%}", "fast"));
    repository.commit("cart: fast for all");
    write_events(&repository, "2026-11-01", 10);
    let (ran, json) = analyze(&repository, &[]);
    assert_eq!((ran.code, json["verdict"].as_str()), (Some(1), Some("not-running")), "{ran:?}");
    let (ran, json) = analyze(&repository, &["--at", "HEAD~1"]);
    assert_eq!((ran.code, json["verdict"].as_str()), (Some(0), Some("ship")), "{ran:?}");
}

#[test]
fn a_phase_of_the_published_log_has_the_number_of_its_first_entry() {
    let mut repository = repository();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\npublish:\n  main: {to: ../live/}\n");
    repository.commit("A target");
    for share in ["60%", "70%"] {
        let ran = repository.flagctl(&["publish", "main"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        repository.write("flags/cart.yaml", &FLAG.replace("  - serve", &format!("  - rollout: {share}\n    serve")));
        repository.commit("cart: another share");
    }
    let (mut exposures, mut events) = (String::new(), String::new());
    for unit in 0..UNITS {
        exposures += &exposure(unit, if unit % 2 == 0 { "fast" } else { "off" }, "2999-01-01T00:00:00Z");
        events += &format!(
            "{{\"event\":\"purchase\",\"ts\":\"2999-01-01T01:00:00Z\",\"context.id\":\"u{unit}\",\"value\":1}}\n"
        );
    }
    fs::write(repository.beside("exposures.ndjson"), exposures).unwrap();
    fs::write(repository.beside("events.ndjson"), events).unwrap();
    let (ran, json) = analyze(&repository, &["--now", "2999-01-02"]);
    let phases: Vec<(u64, f64)> = json["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| (phase["sequence"].as_u64().unwrap(), phase["arms"][0]["units"].as_f64().unwrap()))
        .collect();
    assert_eq!(phases, [(1, 0.0), (2, 2000.0)], "{ran:?}");
}

#[test]
fn a_commit_that_changes_the_population_begins_a_phase_of_its_own() {
    let mut repository = repository();
    repository.write("flags/cart.yaml", &FLAG.replace("  - serve", "  - rollout: 80%\n    serve"));
    let second = repository.commit("cart: for 80 %");
    write_events(&repository, "2026-11-02", 10);
    let path = repository.beside("exposures.ndjson");
    let mut exposures = fs::read_to_string(&path).unwrap();
    for unit in UNITS..UNITS + 10 {
        exposures += &exposure(unit, "off", "2026-11-01T05:00:00Z");
    }
    fs::write(&path, exposures).unwrap();
    let (_, json) = analyze(&repository, &[]);
    let phases = json["phases"].as_array().unwrap();
    let units =
        |phase: &Json| phase["arms"].as_array().unwrap().iter().map(|arm| arm["units"].as_f64().unwrap()).sum::<f64>();
    assert_eq!(phases.iter().map(units).collect::<Vec<_>>(), [10.0, 4000.0], "{json}");
    assert!(second.starts_with(phases[1]["name"].as_str().unwrap()), "{json}");
}

#[test]
fn units_can_be_divided_by_an_attribute_and_their_number_is_limited() {
    let repository = repository();
    write_events(&repository, "2026-11-01", 10);
    let (_, json) = analyze(&repository, &["--by", "country"]);
    let values: Vec<_> = json["phases"][0]["subgroups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["value"].as_str().unwrap())
        .collect();
    assert_eq!(values, ["DE", "FR"], "{json}");
    let command = [
        "experiment",
        "analyze",
        "cart",
        "-e",
        "production",
        "--exposures",
        "../exposures.ndjson",
        "--max-units",
        "3999",
    ];
    let ran = repository.flagctl(&command);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("more than 3999 units"), "{}", ran.stderr);
}
