//! The example of an experiment, from the flag to the verdict and the commit that ships the better variant.
//!
//! The exposures are those that OpenFeature's SDKs wrote, which `tests/interop/experiment_example.py` keeps in the example. The
//! purchases and errors are generated, with more purchases in the treatment. About 1 % of the rows are damaged.
//!
//! **Invariant:** `tests/experiment_example/transcript.txt` has every command with its complete output.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Value as Json, json};
use snapbox::{assert_data_eq, file};

use crate::example_shop;
use crate::git_bench::TestRepository;
use crate::random::Random;

/// The folder of the example, and the writers of its exposures.
const EXAMPLE: &str = "examples/experiment";
const SDKS: [&str; 2] = ["python", "node"];
/// The users who open the checkout in nine days, of whom three quarters take part.
const USERS: usize = 8_000;
const NINE_DAYS: usize = 9 * 86_400;
/// The time of the first exposure, 2026-11-02T06:00:00Z, in seconds since the beginning of October.
const OPENING: usize = OCTOBER + 30 * 3_600;
/// The seconds of October.
const OCTOBER: usize = 31 * 86_400;
/// The time of the first analysis, three days later.
const MIDDLE: usize = OPENING + 3 * 86_400;
/// The share of users who buy something, in thousandths.
const BUYERS: [(&str, usize); 2] = [("three-pages", 200), ("one-page", 250)];
/// The damaged rows of exposures. A number follows each `user-x`.
const BAD_EXPOSURES: [(&str, &str); 6] = [
    ("invalid-json", r#"{"event":"feature_flag.evaluation","ts":"2026-11-0"#),
    ("not-an-object", r#""exposure""#),
    ("missing-key", r#"{"ts":"2026-11-02T10:00:00Z","feature_flag.key":"checkout"}"#),
    (
        "wrong-type",
        r#"{"ts":"2026-11-02T10:00:00Z","feature_flag.key":"checkout","feature_flag.result.variant":1,"feature_flag.context.id":"user-x"}"#,
    ),
    (
        "invalid-time",
        r#"{"ts":"2026-11-02 10:00","feature_flag.key":"checkout","feature_flag.result.variant":"one-page","feature_flag.context.id":"user-x"}"#,
    ),
    (
        "unknown-variant",
        r#"{"ts":"2026-11-02T10:00:00Z","feature_flag.key":"checkout","feature_flag.result.variant":"two-pages","feature_flag.result.reason":"split","feature_flag.context.id":"user-x","feature_flag.set.id":"production"}"#,
    ),
];
/// The damaged rows of metric events.
const BAD_EVENTS: [(&str, &str); 5] = [
    ("invalid-json", r#"{"event":"purchase","ts":"2026-11-02T12:00:00Z","context.id":"user-x","value":4"#),
    ("missing-key", r#"{"event":"purchase","ts":"2026-11-02T12:00:00Z","value":40}"#),
    ("wrong-type", r#"{"event":"purchase","ts":"2026-11-02T12:00:00Z","context.id":"user-x","value":"40 EUR"}"#),
    ("number-not-finite", r#"{"event":"purchase","ts":"2026-11-02T12:00:00Z","context.id":"user-x","value":1e999}"#),
    ("future-time", r#"{"event":"purchase","ts":"2036-11-02T12:00:00Z","context.id":"user-x","value":40}"#),
];

/// Makes a repository whose last commit adds the experiment. Beside it, `exposures-1.ndjson` and `events-1.ndjson` have the
/// events of the first three days, and the files with `2` those of the other six.
pub(crate) fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    let example = Path::new(EXAMPLE);
    repository.write("flagctl.yaml", &fs::read_to_string(example.join("flagctl.yaml")).unwrap());
    repository.git(&["add", "flagctl.yaml"]);
    repository.git(&["commit", "--quiet", "--message", "the project"]);
    for folder in ["flags", "tests"] {
        example_shop::copy(&example.join(folder), &repository, &format!("{folder}/"));
    }
    let version = repository.commit("checkout: a test of one page");
    for (name, rows) in &traffic(&exposures(), &version) {
        repository.write(&format!("../{name}.ndjson"), rows);
    }
    repository
}

/// Returns the exposures of each user who takes part, as the SDKs wrote them.
fn exposures() -> BTreeMap<usize, String> {
    let mut exposures = BTreeMap::new();
    for sdk in SDKS {
        let mut text = String::new();
        let file = File::open(format!("{EXAMPLE}/exposures/{sdk}.ndjson.gz")).unwrap();
        GzDecoder::new(file).read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let exposure: Json = serde_json::from_str(line).unwrap();
            let user = exposure["feature_flag.context.id"].as_str().unwrap().strip_prefix("user-").unwrap();
            let another = exposures.insert(user.parse().unwrap(), line.to_owned());
            assert_eq!(another, None, "user-{user}");
        }
    }
    exposures
}

/// Says whether a line is a damaged row of this pattern.
fn fits(line: &str, pattern: &str) -> bool {
    let Some((start, end)) = pattern.split_once("user-x") else { return line == pattern };
    let unit = line.strip_prefix(start).and_then(|rest| rest.strip_prefix("user-x"));
    unit.is_some_and(|rest| rest.trim_start_matches(|digit: char| digit.is_ascii_digit()) == end)
}

/// Formats a time in seconds since the beginning of October.
fn time(seconds: usize) -> String {
    let (month, of_month) = if seconds < OCTOBER { (10, seconds) } else { (11, seconds - OCTOBER) };
    let (day, second) = (of_month / 86_400 + 1, of_month % 86_400);
    format!("2026-{month}-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// Generates the files of events by their names.
fn traffic(exposures: &BTreeMap<usize, String>, version: &str) -> BTreeMap<String, String> {
    let mut random = Random(830_178_299_951);
    let mut files = BTreeMap::new();
    let mut write = |random: &mut Random, kind: &str, seconds: usize, row: &str, bad: &[(&str, &str)]| {
        let part = if seconds < MIDDLE { 1 } else { 2 };
        let file: &mut String = files.entry(format!("{kind}-{part}")).or_default();
        writeln!(file, "{row}").unwrap();
        if random.below(100) == 0 {
            let unit = format!("user-x{}", file.len());
            writeln!(file, "{}", random.pick(bad).1.replace("user-x", &unit)).unwrap();
        }
    };
    for (user, line) in exposures {
        let exposure: Json = serde_json::from_str(line).unwrap();
        let (first, unit) = (OPENING + user * NINE_DAYS / USERS, &exposure["feature_flag.context.id"]);
        let found = (exposure["feature_flag.version"].as_str().unwrap(), exposure["ts"].as_str().unwrap());
        // Another commit or another time needs other exposures.
        assert_eq!(
            found,
            (version, time(first).replace('Z', ".000Z").as_str()),
            "run `tests/interop/experiment_example.py … --write`"
        );
        write(&mut random, "exposures", first, line, &BAD_EXPOSURES);
        // What a user spent before says much about what the user spends.
        let usual = 20 + random.below(100);
        let event = |name: &str, at: usize, value: usize| {
            json!({"event": name, "ts": time(at), "context.id": unit, "value": value}).to_string()
        };
        for _ in 0..random.below(3) {
            let before = first - 60 - random.below(10 * 86_400);
            write(&mut random, "events", first, &event("purchase", before, usual), &BAD_EVENTS);
        }
        let variant = exposure["feature_flag.result.variant"].as_str().unwrap();
        let buyers = BUYERS.iter().find(|(name, _)| *name == variant).unwrap().1;
        let after = first + 60 + random.below(20 * 3_600);
        if random.below(1_000) < buyers {
            let value = usual + random.below(20);
            write(&mut random, "events", after, &event("purchase", after, value), &BAD_EVENTS);
        }
        if random.below(1_000) < 30 {
            write(&mut random, "events", after, &event("error", after, 1), &BAD_EVENTS);
        }
    }
    files
}

/// The repository and the commands that were run in it.
struct Story {
    repository: TestRepository,
    transcript: String,
}

impl Story {
    /// Adds a heading to the transcript.
    fn chapter(&mut self, title: &str) {
        self.transcript.push_str(&format!("{}# {title}\n", if self.transcript.is_empty() { "" } else { "\n" }));
    }

    /// Runs a command, and asserts its exit code. Returns its standard output.
    fn run(&mut self, line: &str, code: i32) -> String {
        let ran = self.repository.shell(line);
        let shown = if code == 0 { String::new() } else { format!("? {code}\n") };
        self.transcript.push_str(&format!("\n$ {line}\n{shown}{}{}", ran.stderr, ran.stdout));
        assert_eq!(ran.code, Some(code), "{}", self.transcript);
        ran.stdout
    }
}

/// Makes a repository whose last commit ships the treatment.
pub(crate) fn shipped() -> TestRepository {
    let mut repository = repository();
    repository.wait_days(10);
    ship(&repository);
    repository.commit("checkout: one page, which the test shows to be better");
    repository
}

/// Replaces the split by the treatment, as the person does who reads the verdict.
fn ship(repository: &TestRepository) {
    let flag = fs::read_to_string(format!("{EXAMPLE}/flags/checkout.yaml")).unwrap();
    let split = "serve: {three-pages: 50%, one-page: 50%}";
    assert!(flag.contains(split));
    repository.write("flags/checkout.yaml", &flag.replace(split, "serve: one-page"));
    repository.write(
        "tests/checkout.yaml",
        "description: Who has one page.\ncases:\n\
         \x20 - {name: France keeps three pages, context: {targetingKey: u, country: FR}, expect: {checkout: three-pages}}\n\
         \x20 - {name: the others have one page, context: {targetingKey: u, country: DE}, expect: {checkout: one-page}}\n",
    );
}

#[test]
fn an_experiment_goes_from_the_flag_to_the_commit_that_ships_the_better_variant() {
    let mut story = Story { repository: repository(), transcript: String::new() };
    let first = "--exposures ../exposures-1.ndjson --metrics ../events-1.ndjson --now 2026-11-05T06:00:00Z";
    let all = "--exposures ../exposures-1.ndjson --exposures ../exposures-2.ndjson \
               --metrics ../events-1.ndjson --metrics ../events-2.ndjson --now 2026-11-12T12:00:00Z";

    story.chapter("The experiment begins");
    story.run("flagctl validate", 0);
    story.run("flagctl test", 0);
    story.run("flagctl diff HEAD~1..HEAD -e production", 0);
    story.run("flagctl experiment power --rate 20% --effect 25% --daily 660", 0);

    story.chapter("Three days later");
    story.run("sed -n '3,4p' ../exposures-1.ndjson", 0);
    story.run("flagctl exposures check ../exposures-1.ndjson --now 2026-11-05T06:00:00Z", 1);
    story.run(&format!("flagctl experiment analyze checkout -e production {first}"), 1);

    story.chapter("After nine days");
    story.run("flagctl exposures check ../exposures-1.ndjson ../exposures-2.ndjson --now 2026-11-12T12:00:00Z", 1);
    story.run(&format!("flagctl experiment analyze checkout -e production {all}"), 0);
    story.run(
        &format!("flagctl experiment analyze checkout -e production {all} --format html 2>/dev/null >../result.html"),
        0,
    );

    story.chapter("The commit that ships it");
    story.repository.wait_days(10);
    ship(&story.repository);
    story.run("flagctl validate", 0);
    story.run("flagctl test", 0);
    story.run("git commit --quiet --all --message 'checkout: one page, which the test shows to be better'", 0);
    story.run("flagctl diff HEAD~1..HEAD -e production", 0);
    let after = format!("{} 2>/dev/null", all.replace("2026-11-12T12:00:00Z", "2026-11-14T12:00:00Z"));
    story.run(&format!("flagctl experiment analyze checkout -e production {after}"), 1);
    story.run(&format!("flagctl experiment analyze checkout -e production --at HEAD~1 {after}"), 0);

    let page = fs::read_to_string(story.repository.beside("result.html")).unwrap();
    assert!(page.contains("ship") && page.contains("<svg") && !page.contains("<script"), "{page}");
    assert_data_eq!(story.transcript, file!["../experiment_example/transcript.txt"]);
}

#[test]
fn every_exposure_of_the_sdks_is_right_and_every_damaged_row_is_counted_under_its_reason() {
    let repository = repository();
    for (kind, bad) in [("exposures", BAD_EXPOSURES.as_slice()), ("events", BAD_EVENTS.as_slice())] {
        let read = |part: usize| fs::read_to_string(repository.beside(&format!("{kind}-{part}.ndjson"))).unwrap();
        let text = read(1) + &read(2);
        let is_bad = |line: &&str| bad.iter().any(|(_, row)| fits(line, row));
        let damaged = text.lines().filter(is_bad).count();
        let share = damaged as f64 / text.lines().count() as f64;
        assert!((0.005..0.015).contains(&share), "{kind}: {share}");
        repository.write(&format!("../all-{kind}.ndjson"), &text);
        let sound: Vec<&str> = text.lines().filter(|line| !is_bad(line)).collect();
        repository.write(&format!("../sound-{kind}.ndjson"), &(sound.join("\n") + "\n"));
    }
    let options = ["--now", "2026-11-12T12:00:00Z", "--format", "json"];
    let run = |arguments: &[&str]| {
        let ran = repository.flagctl(&[arguments, &options].concat());
        let json: Json = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        (ran, json)
    };
    let (ran, json) = run(&["exposures", "check", "../sound-exposures.ndjson"]);
    assert_eq!((ran.code, &json["problems"], &json["unchecked"]), (Some(0), &json!([]), &json!(0)), "{json:#}");
    let text = fs::read_to_string(repository.beside("all-exposures.ndjson")).unwrap();
    let (_, json) = run(&["exposures", "check", "../all-exposures.ndjson"]);
    for (reason, row) in BAD_EXPOSURES {
        let count = text.lines().filter(|line| fits(line, row)).count();
        let problems = json["problems"].as_array().unwrap();
        let found: u64 = problems
            .iter()
            .filter(|problem| problem["problem"] == reason)
            .map(|problem| problem["count"].as_u64().unwrap())
            .sum();
        assert!(count > 0 && found == count as u64, "{reason}: {count} rows, {json:#}");
    }
    // The damaged rows change no number.
    let analyze = |kind: &str| {
        let (exposures, events) = (format!("../{kind}-exposures.ndjson"), format!("../{kind}-events.ndjson"));
        let command = ["experiment", "analyze", "checkout", "-e", "production", "--exposures", &exposures];
        let (ran, json) = run(&[&command, ["--metrics", events.as_str()].as_slice()].concat());
        assert_eq!((ran.code, &json["verdict"]), (Some(0), &json!("ship")), "{ran:?}");
        (ran.stderr, json["phases"].clone())
    };
    let ((stderr, phases), (silence, expected)) = (analyze("all"), analyze("sound"));
    assert_eq!((phases, silence.as_str()), (expected, ""));
    let events = fs::read_to_string(repository.beside("all-events.ndjson")).unwrap();
    for (text, kind, rows) in
        [(&text, "exposures", BAD_EXPOSURES.as_slice()), (&events, "metric events", BAD_EVENTS.as_slice())]
    {
        for (reason, row) in rows {
            let count = text.lines().filter(|line| fits(line, row)).count();
            let named = format!("{count} bad row{} of {kind}, {reason}:", if count == 1 { "" } else { "s" });
            assert!(stderr.contains(&named), "{named} {stderr}");
        }
    }
}
