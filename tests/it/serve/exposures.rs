//! The server records the decisions that it answers, and never waits for the file.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::git_bench::TestRepository;
use crate::serve::client::{flag, flags, request};
use crate::serve::protocol::shop;
use crate::serve::server::Server;

/// Waits until a file has a number of lines, and returns them.
fn lines(path: &Path, count: usize) -> Vec<Json> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.lines().count() >= count || Instant::now() > end {
            return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
        std::thread::yield_now();
    }
}

/// Returns the value of a counter of the server.
fn counter(server: &Server, name: &str) -> f64 {
    let metrics = request(&server.management, "GET", "/metrics", &[], "").body;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

const CONTEXT: &str = r#"{"targetingKey":"u1","country":"DE","plan":"pro"}"#;

#[test]
fn random_decisions_of_single_flags_are_recorded_and_check_out() {
    let repository = shop();
    let path = repository.beside("exposures.ndjson");
    let arguments = [
        "--follow",
        "main",
        "--exposures",
        "../exposures.ndjson",
        "--exposure-attribute",
        "country",
        "--override",
        "partial=on",
    ];
    let mut server = Server::start(&repository, &arguments);
    for unit in ["u1", "u2", "u3"] {
        assert_eq!(flag(&server.address, "split", &CONTEXT.replace("u1", unit)).status, 200);
    }
    for (key, context) in [
        ("on", CONTEXT),
        ("targeted", CONTEXT),
        ("partial", CONTEXT),
        ("split", "{}"),
        ("split", r#"{"targetingKey":5}"#),
    ] {
        flag(&server.address, key, context);
    }
    flags(&server.address, &[], CONTEXT);
    assert_eq!(server.stop(), Some(0));
    let found = lines(&path, 3);
    assert_eq!(found.len(), 3, "{found:?}");
    let first = &found[0];
    assert_eq!(first["feature_flag.key"], "split");
    assert_eq!(first["feature_flag.result.reason"], "split");
    assert_eq!(first["feature_flag.context.id"], "u1");
    assert_eq!(first["feature_flag.set.id"], "production");
    assert_eq!(first["feature_flag.version"], repository.git(&["rev-parse", "HEAD"]));
    assert_eq!(first["attrs"].to_string(), r#"{"country":"DE"}"#);
    let checked = repository.flagctl(&["exposures", "check", "../exposures.ndjson", "--now", "2999-01-01"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

#[test]
fn all_decisions_for_a_unit_are_recorded_on_request() {
    let repository = shop();
    let mut server = Server::start(&repository, &["--exposures", "../exposures.ndjson", "--exposures-of", "all"]);
    for (key, context) in [("on", CONTEXT), ("targeted", CONTEXT), ("on", "{}"), ("split", CONTEXT)] {
        flag(&server.address, key, context);
    }
    assert_eq!(server.stop(), Some(0));
    let found = lines(&repository.beside("exposures.ndjson"), 3);
    let reasons: Vec<_> = found.iter().map(|line| line["feature_flag.result.reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["static", "default", "split"]);
    assert!(found.iter().all(|line| line.get("attrs").is_none()), "{found:?}");
}

#[test]
fn a_file_that_was_moved_away_is_opened_again_at_sighup() {
    let repository = shop();
    let (path, moved) = (repository.beside("exposures.ndjson"), repository.beside("moved.ndjson"));
    let mut server = Server::start(&repository, &["--exposures", "../exposures.ndjson"]);
    flag(&server.address, "split", CONTEXT);
    assert_eq!(lines(&path, 1).len(), 1);
    fs::rename(&path, &moved).unwrap();
    server.hang_up();
    let end = Instant::now() + Duration::from_secs(20);
    while !path.exists() && Instant::now() < end {
        flag(&server.address, "split", CONTEXT);
    }
    assert_eq!(server.stop(), Some(0));
    assert!(!lines(&path, 1).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_drops_exposures_and_delays_no_answer() {
    let repository = shop();
    let mut server = Server::start(&repository, &["--exposures", "/dev/full"]);
    for _ in 0..10 {
        assert_eq!(flag(&server.address, "split", CONTEXT).status, 200);
    }
    server.wait("exposures-dropped");
    let end = Instant::now() + Duration::from_secs(20);
    while counter(&server, "flagctl_dropped_exposures_total") < 10.0 && Instant::now() < end {}
    assert_eq!(counter(&server, "flagctl_dropped_exposures_total"), 10.0);
    assert_eq!(counter(&server, "flagctl_exposures_total"), 0.0);
}

#[test]
fn the_answer_names_a_unit_that_is_not_the_targeting_key() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\nattributes:\n  account.id: string\n");
    repository.write(
        "flags/split.yaml",
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {a: 1, b: 2}\noff: a\ndefault: a\n\
         rules:\n- name: halves\n  unit: account.id\n  serve: {a: 50%, b: 50%}\n",
    );
    repository.commit("split by account");
    let mut server = Server::start(&repository, &["--exposures", "../exposures.ndjson"]);
    let answer = flag(&server.address, "split", r#"{"targetingKey":"u1","account":{"id":"a1"}}"#).json();
    assert_eq!(answer["metadata"]["unit"], "account.id", "{answer}");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(lines(&repository.beside("exposures.ndjson"), 1)[0]["feature_flag.context.id"], "a1");
}
