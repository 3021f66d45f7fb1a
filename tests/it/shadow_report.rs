//! `flagctl shadow report`: its numbers, what it counts, and what it refuses.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::git_bench::{Ran, TestRepository};

const FLAG: &str = "variants: {old: 1, new: 2}\noff: old\ndefault: old\nshadow:\n  candidate: new\n  rollout: 10%\n  \
    side-effects: none\n";

fn repository(fields: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", crate::git_bench::PROJECT);
    repository.write("flags/search.yaml", &format!("{FLAG}{fields}"));
    repository.commit("search");
    repository
}

fn run(repository: &TestRepository, records: &str) -> Ran {
    repository.write("../records", records);
    repository.flagctl(&["shadow", "report", "search", "../records", "-e", "production", "--format", "json"])
}

fn report(repository: &TestRepository, records: &str) -> Json {
    let ran = run(repository, records);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// The names of the columns of the rows that [`Rows`] makes.
const HEADER: &str = "ts,feature_flag.key,request_id,pair,control.ok,candidate.ok,control.ms,candidate.ms,control.error,\
    candidate.error,match,order\n";

/// Rows of CSV, each of its own request.
struct Rows {
    text: String,
    number: usize,
}

impl Rows {
    fn new() -> Self {
        Self { text: HEADER.to_owned(), number: 0 }
    }

    /// Adds rows with the columns from `pair` on.
    fn add(mut self, count: u64, rest: &str) -> Self {
        for _ in 0..count {
            self.number += 1;
            writeln!(self.text, "2026-11-03T00:00:00Z,search,r{},{rest}", self.number).unwrap();
        }
        self
    }
}

fn close(found: &Json, expected: &Json, what: &str) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-12), "{what}: {found} instead of {expected}");
}

#[test]
fn the_numbers_are_those_of_the_reference() {
    let vectors: Json = serde_json::from_str(&std::fs::read_to_string("tests/vectors/shadow.json").unwrap()).unwrap();
    let repository = repository("");
    let mut cases = 0;
    for case in vectors["cases"].as_array().unwrap() {
        cases += 1;
        match case["fn"].as_str().unwrap() {
            "mcnemar" => {
                let count = |row: usize, column: usize| case["table"][row][column].as_u64().unwrap();
                let rows = Rows::new()
                    .add(count(0, 0), "candidate,true,true,,,,,true,")
                    .add(count(0, 1), "candidate,true,false,,,,E,,")
                    .add(count(1, 0), "candidate,false,true,,,E,,,")
                    .add(count(1, 1), "candidate,false,false,,,E,E,,");
                let json = report(&repository, &rows.text);
                let p = json["failures"]["p"].as_f64().unwrap();
                assert!((p - case["p_exact"].as_f64().unwrap()).abs() < 1e-8, "{json:#}");
                assert_eq!(
                    (&json["failures"]["onlyCandidate"], &json["failures"]["onlyControl"]),
                    (&json!(count(0, 1)), &json!(count(1, 0)))
                );
            }
            "binom_ci" => {
                let (k, n) = (case["k"].as_u64().unwrap(), case["n"].as_u64().unwrap());
                let rows =
                    Rows::new().add(k, "candidate,true,true,,,,,false,").add(n - k, "candidate,true,true,,,,,true,");
                let json = report(&repository, &rows.text);
                let mismatch = &json["mismatch"];
                assert_eq!((&mismatch["mismatches"], &mismatch["pairs"]), (&json!(k), &json!(n)));
                if k == 0 {
                    close(&mismatch["upper"], &case["cp_upper_onesided95"], "one-sided limit");
                } else {
                    close(&mismatch["lower"], &case["cp95"][0], "lower");
                    close(&mismatch["upper"], &case["cp95"][1], "upper");
                }
            }
            "paired_latency_ratio" => {
                let (control, candidate) =
                    (case["control_ms"].as_array().unwrap(), case["candidate_ms"].as_array().unwrap());
                let mut rows = Rows::new();
                for (control, candidate) in control.iter().zip(candidate) {
                    rows = rows.add(1, &format!("candidate,true,true,{control},{candidate},,,true,"));
                }
                let json = report(&repository, &rows.text);
                close(&json["latency"]["ratio"], &case["geo_mean_ratio"], "ratio");
                close(&json["latency"]["lower"], &case["ci95"][0], "lower");
                close(&json["latency"]["upper"], &case["ci95"][1], "upper");
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(cases, 10);
}

#[test]
fn every_verdict_has_its_reason_and_exit_code() {
    let criteria = "  criteria: {min-pairs: 3000, max-latency-ratio: 1.2}\n";
    let equal = "candidate,true,true,10,10.5,,,true,";
    let noise = "control,true,true,,,,,false,";
    let cases = [
        (Rows::new().add(4_000, equal), "equivalent", vec!["criteria-met"], 0),
        (Rows::new().add(2_900, equal), "not-enough-data", vec!["excess-unknown", "few-pairs"], 1),
        (Rows::new().add(4_000, "candidate,true,true,10,13,,,true,"), "different", vec!["slower"], 1),
        (Rows::new().add(4_000, "candidate,true,true,,,,,true,"), "not-enough-data", vec!["latency-unknown"], 1),
        (
            Rows::new().add(9_000, equal).add(60, "candidate,true,true,10,10,,,false,"),
            "different",
            vec!["more-mismatches"],
            1,
        ),
        (
            Rows::new().add(90_000, equal).add(9, "candidate,true,false,,,,Timeout,,"),
            "different",
            vec!["more-failures"],
            1,
        ),
        // As many failures of the control are not a difference of the candidate.
        (
            Rows::new().add(90_000, equal).add(9, "candidate,true,false,,,,E,,").add(9, "candidate,false,true,,,E,,,"),
            "equivalent",
            vec!["criteria-met"],
            0,
        ),
        // The control differs from itself as often as the candidate, so the candidate is not worse, and not proven to be.
        (
            Rows::new()
                .add(3_000, equal)
                .add(30, "candidate,true,true,10,10,,,false,")
                .add(990, "control,true,true,,,,,true,")
                .add(10, noise),
            "not-enough-data",
            vec!["excess-unknown"],
            1,
        ),
        (
            Rows::new().add(4_000, equal).add(50, noise).add(50, "control,true,true,,,,,true,"),
            "data-problem",
            vec!["noise"],
            3,
        ),
        (Rows::new().add(4_000, equal).add(50, "candidate,maybe,true,,,,,true,"), "data-problem", vec!["bad-rows"], 3),
        (Rows::new(), "not-enough-data", vec!["latency-unknown", "few-pairs"], 1),
    ];
    let repository = repository(criteria);
    for (rows, verdict, reasons, code) in cases {
        let ran = run(&repository, &rows.text);
        let json: Json = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        let found: Vec<&str> =
            json["reasons"].as_array().unwrap().iter().map(|reason| reason["name"].as_str().unwrap()).collect();
        assert_eq!((json["verdict"].as_str(), ran.code), (Some(verdict), Some(code)), "{json:#}");
        assert!(reasons.iter().all(|reason| found.contains(reason)), "{reasons:?}: {json:#}");
    }
}

#[test]
fn each_request_counts_once_and_every_row_is_accounted_for() {
    let record = |request: &str, more: Json| {
        let mut record = json!({
            "event": "feature_flag.shadow", "ts": "2026-11-03T00:00:00Z", "feature_flag.key": "search",
            "request_id": request, "pair": "candidate", "control": {"ok": true, "hash": "a"},
            "candidate": {"ok": true, "hash": "a"},
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record.to_string()
    };
    let rows = [
        record("r1", json!({})),
        record("r1", json!({"candidate": {"ok": true, "hash": "b"}})),
        record("r2", json!({"feature_flag.key": "search.shadow"})),
        record("r3", json!({"feature_flag.key": "other"})),
        record("r4", json!({"feature_flag.set.id": "staging"})),
        record("r5", json!({"feature_flag.set.id": "production", "candidate": {"ok": true, "hash": "b"}})),
        record("r6", json!({"ignored": true, "match": false})),
        record("r7", json!({"control": {"ok": true}})),
        record("r8", json!({"match": true, "candidate": {"ok": false, "error": "E"}})),
        record("r9", json!({"request_id": null})),
        record("r10", json!({"candidate": {"ok": true, "hash": "b", "ms": -1}})),
        json!({"event": "feature_flag.evaluation", "ts": "2026-11-03T00:00:00Z", "feature_flag.key": "search"})
            .to_string(),
        "garbage".to_owned(),
        "{\"half\": ".to_owned(),
    ];
    let repository = repository("");
    let json = report(&repository, &(rows.join("\n") + "\n"));
    let rows = &json["rows"];
    assert_eq!(rows["all"], 14, "{rows:#}");
    assert_eq!(
        (&rows["duplicates"], &rows["otherFlags"], &rows["ignored"]),
        (&json!(1), &json!(2), &json!(1)),
        "{rows:#}"
    );
    assert_eq!((&json["pairs"]["equal"], &json["pairs"]["different"]), (&json!(2), &json!(1)), "{json:#}");
    let bad: Vec<(&str, u64)> = rows["bad"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bad| (bad["reason"].as_str().unwrap(), bad["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        bad,
        [("contradiction", 2), ("invalid-json", 1), ("missing-key", 1), ("negative-number", 1), ("not-an-object", 1)],
        "{rows:#}"
    );
    assert_eq!(json["verdict"], "data-problem");
    let ran =
        repository.flagctl(&["shadow", "report", "search", "../records", "-e", "production", "--since", "2027-01-01"]);
    assert!(ran.stdout.contains("not-enough-data") || ran.stdout.contains("data-problem"), "{ran:?}");
}

#[test]
fn a_report_needs_a_flag_with_a_shadow_and_readable_files() {
    let repository = repository("");
    repository.write("flags/plain.yaml", "variants: {on: true, off: false}\noff: off\ndefault: off\n");
    repository.write("../records", HEADER);
    let cases = [
        (vec!["plain", "../records"], "`plain` has no `shadow`"),
        (vec!["serch", "../records"], "did you mean `search`?"),
        (vec!["search", "../nothing"], "cannot read `../nothing`"),
        (vec!["search", "flags"], "cannot read `flags`"),
    ];
    for (arguments, message) in cases {
        let ran = repository.flagctl(&[&["shadow", "report", "-e", "production"], &arguments[..]].concat());
        assert!(ran.code == Some(3) && ran.stderr.contains(message), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn the_order_of_the_runs_is_called_out() {
    let rows = (0..200).fold(Rows::new(), |rows, index| {
        let noise = 1.0 + f64::from(index % 7) / 100.0;
        let (order, ms) = if index % 2 == 0 { ("control_first", 10.0) } else { ("candidate_first", 15.0) };
        rows.add(1, &format!("candidate,true,true,10,{},,,true,{order}", ms * noise))
    });
    let repository = repository("");
    let json = report(&repository, &rows.text);
    let order = &json["latency"]["order"];
    assert_eq!(
        (&order["isClear"], &order["controlFirst"], &order["candidateFirst"]),
        (&json!(true), &json!(100), &json!(100))
    );
    assert!((order["ratio"].as_f64().unwrap() - 1.5).abs() < 0.01, "{order}");
}
