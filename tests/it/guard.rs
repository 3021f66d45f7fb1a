//! The guard of a flag: verdicts from metrics files, the states of the breaker in git, and many guards at once.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository};

const FLAG: &str = "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\noff: off\n\
    default: off\nrules:\n  - name: half\n    rollout: 50%\n    steps: [10%, 50%, 100%]\n    serve: on\n\
    guard:\n  guardrails:\n    - name: errors\n";

/// A repository whose flag is served as it is now since 2026-11-03T00:00:00Z.
fn shop() -> TestRepository {
    shop_with("  max-trips: 2\n")
}

/// Returns the repository of [`shop`] with more fields of the guard.
fn shop_with(fields: &str) -> TestRepository {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/sale.yaml", &format!("{FLAG}{fields}"));
    repository.commit("sale: guarded");
    repository
}

/// The stage begins at 2026-11-03, because the two commits before are a day older each.
fn time(clock: &str) -> String {
    format!("2026-11-03T{clock}Z")
}

/// Writes a metrics file beside the repository, whose rows have the columns from the guardrail on.
fn metrics(repository: &TestRepository, rows: &str) {
    let header = "flag,environment,guardrail,variant,window-start,window-end,bad,total,n\n";
    let rows: String = rows.lines().map(|row| format!("sale,production,{row}\n")).collect();
    repository.write("../numbers.csv", &(header.to_owned() + &rows));
}

/// Two rows with the counts of both arms, from one time to another.
fn counts(from: &str, to: &str, [on, off]: [u32; 2]) -> String {
    let row = |variant: &str, bad: u32| format!("errors,{variant},{},{},{bad},10000,\n", time(from), time(to));
    row("on", on) + &row("off", off)
}

/// Runs a command at a time.
fn at(repository: &TestRepository, clock: &str, arguments: &[&str]) -> Ran {
    let output = command(repository, clock, arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn command(repository: &TestRepository, clock: &str, arguments: &[&str]) -> Command {
    let now = time(clock);
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.current_dir(repository.root()).env("GIT_AUTHOR_DATE", &now).env("GIT_COMMITTER_DATE", &now);
    command.arg("guard").args(arguments).args(["-e", "production", "--now", &now, "--metrics", "../numbers.csv"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn check(repository: &TestRepository, clock: &str) -> (Option<i32>, Json) {
    let ran = at(repository, clock, &["check", "sale", "--format", "json"]);
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
}

fn kill_file(repository: &TestRepository) -> Option<String> {
    std::fs::read_to_string(repository.root().join("kills/production/sale.yaml")).ok()
}

#[test]
fn a_verdict_has_the_numbers_of_the_specification() {
    let repository = shop();
    metrics(&repository, &counts("00:00:30", "01:00:00", [100, 50]));
    let (code, json) = check(&repository, "02:00:00");
    assert_eq!((code, json["verdict"].as_str()), (Some(1), Some("trip")), "{json:#}");
    let log_e = json["evidence"]["logE"].as_f64().unwrap();
    assert!((log_e - 6.7073).abs() < 1e-4, "{log_e}");
    assert!((json["evidence"]["threshold"].as_f64().unwrap() - 100_f64.ln()).abs() < 1e-9);
    metrics(&repository, &counts("00:00:30", "01:00:00", [50, 50]));
    let (code, json) = check(&repository, "02:00:00");
    assert_eq!((code, json["verdict"].as_str()), (Some(0), Some("healthy")), "{json:#}");
    // The same numbers after five minutes are too young.
    metrics(&repository, &counts("00:00:30", "00:04:00", [50, 50]));
    let (code, json) = check(&repository, "00:05:30");
    assert_eq!((code, json["verdict"].as_str()), (Some(1), Some("not-enough-data")), "{json:#}");
}

#[test]
fn every_data_problem_has_its_name_and_is_never_healthy() {
    let repository = shop();
    let both = |row: &str| format!("{row}\n{}", row.replace(",on,", ",off,"));
    let day = |from: &str, to: &str| format!("{},{}", time(from), time(to));
    let cases = [
        ("missing-arm", "other,on,2026-11-03T00:00:30Z,2026-11-03T01:00:00Z,1,100,".to_owned()),
        ("missing-arm", format!("errors,on,{},1,100,", day("00:01:00", "01:00:00"))),
        ("future-window", both(&format!("errors,on,{},1,100,", day("00:01:00", "03:00:00")))),
        (
            "overlapping-windows",
            both(&format!("errors,on,{},1,9,", day("00:01:00", "01:00:00")))
                + "\n"
                + &both(&format!("errors,on,{},1,9,", day("00:30:00", "01:30:00"))),
        ),
        (
            "counter-reset",
            both(&format!("errors,on,{},9,90,", day("00:01:00", "01:00:00")))
                + "\n"
                + &both(&format!("errors,on,{},1,100,", day("00:01:00", "01:30:00"))),
        ),
        (
            "different-windows",
            format!(
                "errors,on,{},1,100,\nerrors,off,{},1,100,",
                day("00:01:00", "01:00:00"),
                day("00:02:00", "01:00:00")
            ),
        ),
        ("invalid-number", both(&format!("errors,on,{},101,100,", day("00:01:00", "01:00:00")))),
        ("invalid-number", both(&format!("errors,on,{},1,,", day("00:01:00", "01:00:00")))),
    ];
    for (name, rows) in cases {
        metrics(&repository, &rows);
        let (code, json) = check(&repository, "02:00:00");
        assert_eq!((code, json["verdict"].as_str()), (Some(3), Some("data-problem")), "{rows}: {json:#}");
        assert_eq!(json["evidence"]["guardrails"][0]["problem"], name, "{rows}: {json:#}");
    }
    let units = counts("00:00:30", "01:00:00", [50, 50])
        + &format!("srm,on,{day},,,400\nsrm,off,{day},,,600\n", day = day("00:00:30", "01:00:00"));
    metrics(&repository, &units);
    let (code, json) = check(&repository, "02:00:00");
    assert_eq!((code, json["verdict"].as_str()), (Some(3), Some("data-problem")), "{json:#}");
    assert_eq!(json["evidence"]["sampleRatio"]["problem"], "sample-ratio-mismatch");
}

#[test]
fn a_metrics_file_with_a_mistake_is_named_by_line_and_column() {
    let repository = shop();
    let cases = [
        ("", "the file has no row"),
        ("flag,flag\n", "line 1, column 6: the column `flag` occurs twice"),
        ("flag,x\n", "line 1, column 6: `x` is not a column"),
        ("flag\n", "line 1, column 1: the column `environment` is missing"),
        ("[{]", "line 1, column 3: "),
        ("{\"flag\": 1}\n", "line 1, column 1: `window-start`: expected a value for `window-start`"),
    ];
    for (text, expected) in cases {
        repository.write("../numbers.csv", text);
        let ran = at(&repository, "02:00:00", &["check", "sale"]);
        assert!(ran.code == Some(3) && ran.stderr.contains(expected), "{text:?}: {ran:?}");
    }
    for (row, expected) in [
        ("errors,on,2026-11-03,2026-11-03T01:00:00Z,1,2,", "line 2, column 27: expected a time with an offset"),
        ("errors,on,2026-11-03T02:00:00Z,2026-11-03T01:00:00Z,1,2,", "expected an end after the start"),
        ("errors,on,2026-11-03T00:00:00Z,2026-11-03T01:00:00Z,-1,2,", "line 2, column 69: expected a number from 0"),
        ("errors,on,2026-11-03T00:00:00Z,2026-11-03T01:00:00Z,NaN,2,", "expected a finite number, found `NaN`"),
        ("errors,on,2026-11-03T00:00:00Z,2026-11-03T01:00:00Z,1", "expected 9 columns, found 7"),
    ] {
        metrics(&repository, row);
        let ran = at(&repository, "02:00:00", &["check", "sale"]);
        assert!(ran.code == Some(3) && ran.stderr.contains(expected), "{row}: {ran:?}");
    }
}

#[test]
fn a_trip_opens_a_cooldown_probes_a_healthy_probe_closes_and_too_many_trips_latch() {
    let repository = shop();
    let run = |clock: &str| at(&repository, clock, &["run", "sale"]);
    let state = |clock: &str| check(&repository, clock).1["state"].as_str().unwrap().to_owned();
    metrics(&repository, &counts("00:00:30", "01:00:00", [100, 50]));
    let ran = run("02:00:00");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let file = kill_file(&repository).unwrap();
    assert!(file.contains("by: guard\n") && file.contains("guardrail: errors") && !file.contains("admit:"), "{file}");
    let shown = repository.flagctl(&["show", "sale"]).stdout;
    assert!(shown.contains("evidence of the kill: verdict trip, log-e 6.7073, "), "{shown}");
    let message = repository.git(&["log", "-1", "--format=%B"]);
    assert!(message.contains("Guard-Decision: ") && message.contains("Guard-State: open"), "{message}");
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    let proof = repository.flagctl(&["verify-kill", "HEAD~1..HEAD", "sale"]);
    assert_eq!(proof.code, Some(0), "{proof:?}");

    // During the cooldown, nothing follows.
    assert_eq!(state("02:29:59"), "open");
    run("02:29:59");
    assert_eq!(kill_file(&repository).unwrap(), file);
    let ran = run("02:30:00");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(kill_file(&repository).unwrap().contains("admit: 1%"), "{ran:?}");
    assert_eq!(state("02:30:00"), "half-open");

    // The probe is healthy: the rollout resumes one step back.
    metrics(&repository, &counts("02:31:00", "02:45:00", [50, 50]));
    let ran = run("02:50:00");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(kill_file(&repository), None);
    assert!(repository.git(&["show", "HEAD:flags/sale.yaml"]).contains("rollout: 10%"));
    assert_eq!(state("02:50:00"), "closed");

    // The second trip is the last one.
    metrics(&repository, &counts("02:51:00", "03:00:00", [100, 50]));
    run("03:05:00");
    assert_eq!(state("03:05:00"), "latched");
    let ran = run("23:00:00");
    assert!(ran.code == Some(1) && ran.stdout.contains("flagctl revive sale -e production"), "{ran:?}");
    // A person reopens it, and the count begins again.
    let revived = repository.flagctl(&["revive", "sale", "-e", "production", "--yes"]);
    assert_eq!(revived.code, Some(0), "{revived:?}");
    let (_, json) = check(&repository, "23:30:00");
    assert_eq!((json["state"].as_str(), json["trips"].as_u64()), (Some("closed"), Some(0)));
}

#[test]
fn a_harmful_or_slow_probe_opens_again_with_a_longer_cooldown() {
    for (clock, probe) in [("02:50:00", [400, 50]), ("04:31:00", [0, 0])] {
        let repository = shop_with("");
        metrics(&repository, &counts("00:00:30", "01:00:00", [100, 50]));
        at(&repository, "02:00:00", &["run"]);
        at(&repository, "02:30:00", &["run"]);
        metrics(&repository, &counts("02:31:00", "02:45:00", probe));
        if probe == [0, 0] {
            metrics(
                &repository,
                "errors,on,2026-11-03T02:31:00Z,2026-11-03T02:45:00Z,0,5,\nerrors,off,2026-11-03T02:31:00Z,2026-11-03T02:45:00Z,0,5,",
            );
        }
        let ran = at(&repository, clock, &["run"]);
        assert!(!kill_file(&repository).unwrap().contains("admit:"), "{ran:?}");
        let (_, json) = check(&repository, clock);
        assert_eq!(json["trips"], 2, "{json:#}");
    }
}

#[test]
fn a_kill_by_a_person_is_never_touched() {
    let repository = shop();
    metrics(&repository, &counts("00:00:30", "01:00:00", [100, 50]));
    repository.flagctl(&["kill", "sale", "-e", "production", "--reason", "x", "--by", "guardian", "--yes"]);
    let file = kill_file(&repository);
    let ran = at(&repository, "23:00:00", &["run", "sale"]);
    assert_eq!((ran.code, kill_file(&repository)), (Some(1), file), "{ran:?}");
    assert_eq!(check(&repository, "23:00:00").1["state"], "killed-by-person");
}

#[test]
fn a_rollback_goes_one_step_back_and_a_hold_only_reports() {
    let repository = shop_with("  action: rollback\n");
    metrics(&repository, &counts("00:00:30", "01:00:00", [100, 50]));
    let ran = at(&repository, "02:00:00", &["run", "sale"]);
    assert!(repository.git(&["show", "HEAD:flags/sale.yaml"]).contains("rollout: 10%"), "{ran:?}");
    assert_eq!(kill_file(&repository), None);
    for (field, name) in [("  action: hold\n", "hold"), ("  mode: observe\n", "observe")] {
        let repository = shop_with(field);
        metrics(&repository, &counts("00:00:30", "01:00:00", [100, 50]));
        let before = repository.git(&["rev-parse", "HEAD"]);
        let ran = at(&repository, "02:00:00", &["run", "sale"]);
        assert_eq!((ran.code, repository.git(&["rev-parse", "HEAD"])), (Some(1), before), "{name}: {ran:?}");
    }
}

#[test]
fn twenty_guards_at_once_make_one_commit() {
    let repository = shop();
    let bare = repository.beside("origin.git");
    repository.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    metrics(&repository, &counts("00:00:30", "01:00:00", [100, 50]));
    let clones: Vec<_> = (0..20)
        .map(|index| {
            let clone = repository.beside(&format!("clone{index}"));
            repository.git(&["clone", "--quiet", bare.to_str().unwrap(), clone.to_str().unwrap()]);
            clone
        })
        .collect();
    let children: Vec<_> = clones
        .iter()
        .map(|clone| command(&repository, "02:00:00", &["run", "sale", "--push"]).current_dir(clone).spawn().unwrap())
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let commits = repository.git_in(&bare, &["rev-list", "--count", "main"]);
    assert_eq!(commits, "4", "{}", repository.git_in(&bare, &["log", "--format=%s", "main"]));
    repository.git_in(&bare, &["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn a_guard_that_is_killed_at_any_moment_leaves_a_state_from_which_the_next_run_goes_on() {
    for step in 0..8_u64 {
        let repository = shop();
        metrics(&repository, &counts("00:00:30", "01:00:00", [100, 50]));
        let mut child = command(&repository, "02:00:00", &["run", "sale"]).spawn().unwrap();
        thread::sleep(Duration::from_millis(15 * step));
        drop(child.kill());
        child.wait().unwrap();
        let ran = at(&repository, "02:00:00", &["run", "sale"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(kill_file(&repository).is_some_and(|file| file.contains("by: guard")), "{step}: {ran:?}");
        assert_eq!(repository.git(&["rev-list", "--count", "HEAD"]), "4");
        assert_eq!(repository.git(&["status", "--porcelain"]), "");
    }
}

/// Runs `guard simulate` with the metrics file.
fn replay(repository: &TestRepository) -> (Option<i32>, Json) {
    let arguments =
        ["guard", "simulate", "sale", "-e", "production", "--metrics", "../numbers.csv", "--format", "json"];
    let ran = repository.flagctl(&arguments);
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
}

#[test]
fn a_replay_trips_at_the_look_at_which_a_check_would_have() {
    let repository = shop();
    let hours = [[50, 50], [60, 50], [120, 50], [150, 50], [10, 50]];
    let rows: Vec<String> = (0..hours.len())
        .map(|hour| counts(&format!("0{hour}:00:30"), &format!("0{}:00:30", hour + 1), hours[hour]))
        .collect();
    // A check of the time knows the hours before it.
    let first = (1..=hours.len()).find(|hour| {
        metrics(&repository, &rows[..*hour].concat());
        check(&repository, &format!("0{hour}:01:30")).1["verdict"] == "trip"
    });
    let first = first.unwrap() as u64;
    metrics(&repository, &rows.concat());
    let (code, json) = replay(&repository);
    assert_eq!((code, json["looks"].as_u64()), (Some(0), Some(5)), "{json:#}");
    assert_eq!(json["trip"]["look"].as_u64(), Some(first), "{json:#}");
    assert_eq!(json["guardrails"][0]["trip"], json["trip"]);
    // The z-test does not wait as long, and independent events have a dispersion near 1; these are too even.
    assert!(json["guardrails"][0]["naiveTrip"]["look"].as_u64().unwrap() <= first, "{json:#}");
    assert!(json["guardrails"][0]["dispersion"].as_f64().unwrap() < 0.01, "{json:#}");
}

#[test]
fn a_replay_combines_guardrails_at_each_look_and_names_bursts_and_data_problems() {
    let more = "    - name: queue\n      test: threshold\n      max: 10\n      fail: {limit: 2, of: 3}\n";
    let repository = shop_with(more);
    let window = |hour: u32| format!("{},{}", time(&format!("0{hour}:00:00")), time(&format!("0{}:00:00", hour + 1)));
    let rows = |values: [&str; 4]| -> String {
        let row = |(hour, value): (usize, &&str)| {
            let window = window(u32::try_from(hour).unwrap());
            let bad = [10, 90, 20, 80][hour];
            format!(
                "errors,on,{window},{bad},10000,,\nerrors,off,{window},{bad},10000,,\nqueue,on,{window},,,,{value}\n"
            )
        };
        values.iter().enumerate().map(row).collect()
    };
    let write = |values: [&str; 4]| {
        let header = "flag,environment,guardrail,variant,window-start,window-end,bad,total,n,value\n";
        let rows: String = rows(values).lines().map(|row| format!("sale,production,{row}\n")).collect();
        repository.write("../numbers.csv", &(header.to_owned() + &rows));
    };
    write(["11", "9", "12", "9"]);
    let (code, json) = replay(&repository);
    assert_eq!((code, json["trip"]["look"].as_u64()), (Some(0), Some(3)), "{json:#}");
    assert_eq!(json["guardrails"][0]["trip"], Json::Null);
    assert!(json["guardrails"][0]["dispersion"].as_f64().unwrap() > 10.0, "{json:#}");
    let ran = repository.flagctl(&["guard", "simulate", "sale", "-e", "production", "--metrics", "../numbers.csv"]);
    assert!(ran.stdout.contains("come in bursts; use `test: block`"), "{ran:?}");
    write(["9", "9", "9", "9"]);
    assert_eq!(replay(&repository).1["trip"], Json::Null);
    // Without its control, a guardrail has a data problem.
    metrics(&repository, &format!("errors,on,{},1,10,\n", window(1)));
    let (code, json) = replay(&repository);
    assert_eq!(code, Some(3), "{json:#}");
    assert!(json["guardrails"][0]["problem"].as_str().unwrap().starts_with("missing-arm: "), "{json:#}");
}

#[test]
fn a_simulation_takes_the_settings_of_a_guard() {
    let more = "      max-ratio: 1.2\n    - name: revenue\n      test: mean\n      cap: 5\n    - name: floor\n      \
                test: absolute\n      max-rate: 0.02\n";
    let repository = shop_with(more);
    let run = |arguments: &[&str]| {
        let fixed = ["guard", "simulate", "sale", "-e", "production", "--runs", "20", "--looks", "20"];
        repository.flagctl(&[&fixed, arguments].concat())
    };
    let ran = run(&["--ratio", "1.1", "--format", "json"]);
    let json: Json = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let names: Vec<&str> =
        json["simulations"].as_array().unwrap().iter().map(|it| it["guardrail"].as_str().unwrap()).collect();
    assert_eq!(names, ["errors", "floor"]);
    // A ratio of 1.1 is tolerated, and the rollout has half of the units. One of three guardrails alone needs more evidence.
    assert_eq!(json["simulations"][0]["harmful"], false);
    assert_eq!(json["simulations"][0]["traffic"]["share"], 0.5);
    assert!(json["simulations"][0]["threshold"].as_f64().unwrap() > 300_f64.ln() - 0.1, "{json:#}");
    assert_eq!(json["notSimulated"][0]["guardrail"], "revenue");
    let ran = run(&[]);
    assert!(ran.stdout.contains("revenue (mean) is not simulated: the traffic has no values of units"), "{ran:?}");
    let ran = run(&["--alpha", "0.1"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

/// Writes exposures of 200 units to each arm, of which some have an event `errors`, and all an event `revenue`.
fn events(repository: &TestRepository, [on, off]: [u32; 2], more: &str) {
    let (mut exposures, mut metrics) = (String::new(), String::new());
    for (variant, reason, bad) in [("on", "split", on), ("off", "default", off)] {
        for number in 0..200 {
            let unit = format!("{variant}-{number}");
            exposures += &format!(
                "{{\"event\":\"feature_flag.evaluation\",\"ts\":\"{}\",\"feature_flag.key\":\"sale\",\
                 \"feature_flag.result.variant\":\"{variant}\",\"feature_flag.result.reason\":\"{reason}\",\
                 \"feature_flag.context.id\":\"{unit}\",\"feature_flag.set.id\":\"production\"}}\n",
                time("00:10:00")
            );
            let event = |name: &str, clock: &str, value: f64| {
                format!(
                    "{{\"event\":\"{name}\",\"ts\":\"{}\",\"context.id\":\"{unit}\",\"value\":{value}}}\n",
                    time(clock)
                )
            };
            // Two events of one unit are one bad event. Those before the exposure and after the window do not count.
            let bad = if number < bad {
                event("errors", "00:20:00", 1.0) + &event("errors", "00:21:00", 1.0)
            } else {
                String::new()
            };
            metrics += &(bad + &event("errors", "00:05:00", 1.0) + &event("errors", "01:59:30", 1.0));
            metrics += &event("revenue", "00:20:00", f64::from(number % 7));
        }
    }
    repository.write("../exposures.ndjson", &(exposures + more));
    repository.write("../events.ndjson", &metrics);
}

/// Runs `guard check` with the files of [`events`].
fn check_events(repository: &TestRepository) -> (Option<i32>, Json, String) {
    let now = time("02:00:00");
    let arguments = ["guard", "check", "sale", "-e", "production", "--now", &now, "--format", "json"];
    let files = ["--exposures", "../exposures.ndjson", "--events", "../events.ndjson"];
    let ran = repository.flagctl(&[&arguments[..], &files].concat());
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")), ran.stderr)
}

#[test]
fn exposures_and_metric_events_are_the_numbers_of_guardrails() {
    let repository = shop_with("    - name: revenue\n      test: mean\n      cap: 5\n      min-units: 100\n");
    events(&repository, [60, 10], "");
    let (code, json, notes) = check_events(&repository);
    assert_eq!((code, json["verdict"].as_str(), notes.as_str()), (Some(1), Some("trip"), ""), "{json:#}");
    let [errors, revenue] = [&json["evidence"]["guardrails"][0], &json["evidence"]["guardrails"][1]];
    assert_eq!((errors["treatment"]["bad"].as_f64(), errors["treatment"]["total"].as_f64()), (Some(60.0), Some(200.0)));
    assert_eq!(errors["control"]["bad"].as_f64(), Some(10.0));
    // The values 0 to 6 of 200 units, cut at 5.
    let values: Vec<f64> = (0..200).map(|number| f64::from((number % 7).min(5))).collect();
    let sum: f64 = values.iter().sum();
    assert!((revenue["treatment"]["sum"].as_f64().unwrap() - sum).abs() < 1e-9, "{revenue:#}");
    let squares: f64 = values.iter().map(|value| value * value).sum();
    assert!((revenue["treatment"]["sum-sq"].as_f64().unwrap() - squares).abs() < 1e-6, "{revenue:#}");
    assert_eq!(json["evidence"]["sampleRatio"]["units"]["treatment"].as_f64(), Some(200.0));
    events(&repository, [10, 10], "");
    let (code, json, _) = check_events(&repository);
    assert_eq!((code, json["verdict"].as_str()), (Some(0), Some("healthy")), "{json:#}");
}

#[test]
fn events_that_cannot_be_compared_are_a_data_problem() {
    let repository = shop();
    let problem = |json: &Json| json["evidence"]["guardrails"][0]["text"].as_str().unwrap().to_owned();
    // A few bad rows are named, and more than 1 % are a problem.
    events(&repository, [10, 10], "{\"event\":\n");
    let (code, json, notes) = check_events(&repository);
    assert_eq!(code, Some(0), "{json:#}");
    assert!(notes.contains("1 bad row of exposures, ") && notes.contains("exposures.ndjson:401: "), "{notes}");
    events(&repository, [10, 10], &"{\"event\":\n".repeat(10));
    let (code, json, _) = check_events(&repository);
    assert_eq!(code, Some(3), "{json:#}");
    assert!(problem(&json).starts_with("unusable-events: 10 of 410 rows are bad: "), "{json:#}");
    // Units in both arms.
    let text = std::fs::read_to_string(repository.root().join("../exposures.ndjson")).unwrap();
    let mixed: String = text.lines().take(20).map(|line| line.replace("\"on\"", "\"off\"") + "\n").collect();
    events(&repository, [10, 10], &mixed);
    let (code, json, _) = check_events(&repository);
    assert_eq!(code, Some(3), "{json:#}");
    assert!(problem(&json).contains("20 of 400 units were seen in both arms"), "{json:#}");
    // The default is not the control of a rule with a condition, and a test of intervals has no numbers.
    for (field, expected) in [
        ("rollout: 50%", "serve both variants with a split in the rule"),
        ("- name: errors", "events of units have no numbers for the test `block`"),
    ] {
        let mut repository = shop();
        let file = std::fs::read_to_string(repository.root().join("flags/sale.yaml")).unwrap();
        let more = if field.starts_with('-') {
            "- name: errors\n      test: block"
        } else {
            "rollout: 50%\n    if: {country: US}"
        };
        repository.write("flags/sale.yaml", &file.replace(field, more));
        repository.commit("sale: changed");
        events(&repository, [10, 10], "");
        let now = "2026-11-04T02:00:00Z";
        let files = ["--exposures", "../exposures.ndjson", "--events", "../events.ndjson"];
        let arguments = ["guard", "check", "sale", "-e", "production", "--now", now, "--format", "json"];
        let ran = repository.flagctl(&[&arguments[..], &files].concat());
        let json: Json = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        assert!(ran.code == Some(3) && problem(&json).contains(expected), "{json:#}");
    }
    // Without a file there is no verdict.
    let (code, json, _) = {
        std::fs::remove_file(repository.root().join("../events.ndjson")).unwrap();
        check_events(&repository)
    };
    assert!(code == Some(3) && problem(&json).contains("events.ndjson"), "{json:#}");
}
