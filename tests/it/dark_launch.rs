//! The example of a dark launch, from `shadow:` to the promotion of the candidate, with generated traffic.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::example_shop;
use crate::git_bench::{Ran, TestRepository};
use crate::random::Random;

/// How the candidate behaves.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Engine {
    /// It returns other prices in Austria.
    Faulty,
    /// It differs as rarely as two runs of the control do.
    Fixed,
}

/// Makes a repository of the example, whose last commit adds the shadow. `faulty.ndjson` and `records.ndjson` beside it are
/// the records of two candidates.
pub(crate) fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    example_shop::copy(Path::new("examples/dark-launch"), &repository, "");
    let flag = fs::read_to_string("examples/dark-launch/flags/search.yaml").unwrap();
    let (served, _) = flag.split_once("shadow:\n").unwrap();
    repository.write("flags/search.yaml", served);
    repository.commit("search: the old engine");
    repository.write("flags/search.yaml", &flag);
    repository.commit("search: the new engine runs in the dark");
    let decisions = decisions(&repository, 20_000);
    repository.write("../faulty.ndjson", &records(&decisions, Engine::Faulty));
    repository.write("../records.ndjson", &records(&decisions, Engine::Fixed));
    repository
}

/// The countries of users.
const COUNTRIES: [&str; 3] = ["AT", "CH", "DE"];

fn country(user: usize) -> &'static str {
    COUNTRIES[user % COUNTRIES.len()]
}

/// Decides the shadow for users, as their applications do. Returns the variant of each user.
fn decisions(repository: &TestRepository, users: usize) -> Vec<String> {
    let context = |user: usize| json!({"targetingKey": format!("user-{user}"), "country": country(user)}).to_string();
    let contexts: Vec<String> = (0..users).map(context).collect();
    repository.write("../contexts.jsonl", &(contexts.join("\n") + "\n"));
    let ran = repository.flagctl(&["eval", "search.shadow", "-e", "production", "--contexts", "../contexts.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let variant = |line: &str| {
        let line: Json = serde_json::from_str(line).unwrap();
        line["decisions"]["search.shadow"]["variant"].as_str().unwrap().to_owned()
    };
    ran.stdout.lines().map(variant).collect()
}

/// Generates the comparison records of one request of each user.
fn records(decisions: &[String], engine: Engine) -> String {
    let mut random = Random(0x5eed_0000_1234_5678);
    let mut records = String::new();
    for (user, pair) in decisions.iter().enumerate().filter(|(_, variant)| *variant != "none") {
        let mut share = || random.below(1_000_000) as f64 / 1e6;
        // Scores of equal results change their order now and then, and `$.took` is never the same.
        let mut paths = vec!["$.took"];
        if share() < 0.001 {
            paths.push("$.hits[3].score");
        }
        if pair == "candidate" && engine == Engine::Faulty && country(user) == "AT" && share() < 0.2 {
            paths.push("$.hits[0].price");
        }
        let control_ms = 20.0 + 30.0 * share();
        let candidate_ms = control_ms * (0.9 + 0.2 * share());
        let order = if share() < 0.5 { "control_first" } else { "candidate_first" };
        let side = |ms: f64| json!({"ok": true, "ms": (ms * 100.0).round() / 100.0});
        let record = json!({
            "event": "feature_flag.shadow",
            "ts": format!("2026-11-03T{:02}:{:02}:00Z", user / 1_000 % 24, user % 60),
            "feature_flag.key": "search",
            "feature_flag.set.id": "production",
            "feature_flag.context.id": format!("user-{user}"),
            "request_id": format!("request-{user}"),
            "pair": pair,
            "control": side(control_ms),
            "candidate": side(candidate_ms),
            "match": false,
            "order": order,
            "diff_paths": paths,
            "attrs": {"country": country(user)},
        });
        writeln!(records, "{record}").unwrap();
    }
    records
}

fn report(repository: &TestRepository, records: &str) -> (Ran, Json) {
    let ran = repository.flagctl(&["shadow", "report", "search", records, "-e", "production", "--format", "json"]);
    let json = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    (ran, json)
}

#[test]
fn a_dark_launch_goes_from_the_shadow_to_the_promotion() {
    let mut repository = repository();
    let policy = "policy: {production: {shadow: required, max-step: 25%}}\n";
    let project = fs::read_to_string("examples/dark-launch/flagctl.yaml").unwrap();
    repository.write("flagctl.yaml", &format!("{project}{policy}"));
    repository.commit("a policy");

    // The first candidate is faulty, and the report finds where.
    let (ran, json) = report(&repository, "../faulty.ndjson");
    assert_eq!((ran.code, &json["verdict"]), (Some(1), &json!("different")), "{json:#}");
    assert_eq!(json["byPath"][0]["name"], "$.hits[*].price");
    assert_eq!(json["byAttribute"][0]["name"], "country=AT");
    repository.write("../faulty.json", &ran.stdout);

    // The fixed one differs as rarely as the old engine from itself.
    let (ran, json) = report(&repository, "../records.ndjson");
    assert_eq!((ran.code, &json["verdict"]), (Some(0), &json!("equivalent")), "{json:#}");
    repository.write("../report.json", &ran.stdout);

    // The promotion to 1% needs the report.
    let flag = fs::read_to_string(repository.root().join("flags/search.yaml")).unwrap();
    let promoted =
        flag.replace("shadow:\n", "rules:\n  - name: begin\n    rollout: 1%\n    serve: new-engine\nshadow:\n");
    repository.write("flags/search.yaml", &promoted);
    repository.commit("search: the new engine for 1%");
    let judge = |reports: &[&str]| repository.flagctl(&[&["policy", "HEAD~1...HEAD"], reports].concat());
    let refused = judge(&[]);
    assert!(
        refused.code == Some(1) && refused.stdout.contains("no report on its dark launch was given"),
        "{refused:?}"
    );
    let refused = judge(&["--shadow-report", "../faulty.json"]);
    assert!(refused.code == Some(1) && refused.stdout.contains("says `different`"), "{refused:?}");
    let allowed = judge(&["--shadow-report", "../report.json"]);
    assert_eq!(allowed.code, Some(0), "{allowed:?}");

    // The shadow goes on for the requests that do not get the new engine yet, and needs no report for the next step.
    let shadow = repository.flagctl(&["eval", "search.shadow", "-e", "production", "--contexts", "../contexts.jsonl"]);
    assert!(shadow.stdout.contains("\"candidate\""), "{}", shadow.stderr);
    repository.write("flags/search.yaml", &promoted.replace("rollout: 1%", "rollout: 25%"));
    repository.commit("search: the new engine for 25%");
    let next = repository.flagctl(&["policy", "HEAD~1...HEAD"]);
    assert_eq!(next.code, Some(0), "{next:?}");
}

#[test]
fn a_policy_accepts_only_a_report_on_the_definition_of_its_base() {
    let mut repository = repository();
    let project = fs::read_to_string("examples/dark-launch/flagctl.yaml").unwrap();
    repository.write("flagctl.yaml", &format!("{project}policy: {{production: {{shadow: required}}}}\n"));
    repository.commit("a policy");
    let (ran, _) = report(&repository, "../records.ndjson");
    repository.write("../report.json", &ran.stdout);
    let flag = fs::read_to_string(repository.root().join("flags/search.yaml")).unwrap();
    let (served, shadow) = flag.split_once("shadow:\n").unwrap();
    let rules = "rules:\n  - {name: begin, rollout: 1%, serve: new-engine}\n";
    let judge = |repository: &TestRepository| {
        repository.flagctl(&["policy", "HEAD~1...HEAD", "--shadow-report", "../report.json"])
    };
    let cases = [
        // The report is about the value that ran in the dark.
        (
            format!("{}{rules}shadow:\n{shadow}", served.replace("new-engine: new", "new-engine: newer")),
            Some("another value"),
        ),
        // Without the report, the shadow cannot be removed to serve the candidate later. With it, it can.
        (served.to_owned(), None),
        // A candidate that is gone needs no report.
        (served.replace(", new-engine: new", ""), None),
        (format!("{served}{rules}"), None),
    ];
    for (text, problem) in &cases {
        repository.write("flags/search.yaml", text);
        repository.commit("a change");
        let ran = judge(&repository);
        match problem {
            Some(problem) => assert!(ran.code == Some(1) && ran.stdout.contains(problem), "{text}: {ran:?}"),
            None => assert_eq!(ran.code, Some(0), "{text}: {ran:?}"),
        }
        if *text == served {
            let without = repository.flagctl(&["policy", "HEAD~1...HEAD"]);
            assert!(without.code == Some(1) && without.stdout.contains("(shadow)"), "{without:?}");
        }
        repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    }
    // The criteria of the base count, also if the change relaxes them.
    repository.write("flags/search.yaml", &flag.replace("min-pairs: 1000", "min-pairs: 1"));
    repository.commit("search: other criteria");
    repository.write(
        "flags/search.yaml",
        &format!("{served}{rules}shadow:\n{}", shadow.replace("min-pairs: 1000", "min-pairs: 1")),
    );
    repository.commit("search: the new engine for 1%");
    let ran = judge(&repository);
    assert!(ran.code == Some(1) && ran.stdout.contains("about another definition"), "{ran:?}");
    repository.write("../report.json", "{\"version\": 2}");
    assert_eq!(judge(&repository).code, Some(3));
}
