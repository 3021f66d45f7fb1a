//! A generated repository of 1,000 flags with a history and planted faults, and the facts that five commands must find in it.
//!
//! `tests/planted_facts.txt` has the facts. A line with `$` is a command, a line with `>` is a request to the language server, and
//! each other line is a part of a line that the command or the server must give. The order of the facts does not matter.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;
use crate::lsp_client::Client;
use crate::random::Random;

const FACTS: &str = "tests/planted_facts.txt";
const SEED: u64 = 20_261_122;
const FLAGS: usize = 1000;
const SEGMENTS: usize = 20;
const PROJECT: &str = "version: 1
environments: [staging, production]
attributes:
  country: {type: string, enum: [AT, DE, FR, JP, US]}
  plan: {type: string, enum: [free, pro], description: What the account pays for.}
  age: number
  app.version: semver
publish:
  web: {to: ./dist/, format: flagd, clients: [python-0.6]}
  safe: {to: ./safe/, sign: true}
";

fn path(index: usize) -> String {
    format!("flags/area-{}/flag-{index:04}.yaml", index / 100)
}

/// Returns a flag with these rules, which begin with `rules:`.
fn flag(index: usize, rules: &str) -> String {
    let owner = ["checkout", "mobile", "search"][index % 3];
    format!(
        "description: The flag number {index}.\nowner: team-{owner}\nexpires: 2027-06-30\nvariants: {{on: true, off: false}}\n\
         off: off\ndefault: off\n{rules}"
    )
}

/// Returns up to three rules, none of which makes another one unreachable.
fn rules(random: &mut Random) -> String {
    let mut rules = "rules:\n".to_owned();
    let mut add = |condition: &str, random: &mut Random| {
        let share = random.pick(&["5%", "10%", "25%", "50%"]);
        write!(rules, "  - if: {{{condition}}}\n    rollout: {share}\n    serve: on\n").unwrap();
    };
    add(&format!("segment: segment-{:02}", random.below(SEGMENTS)), random);
    if random.below(2) == 0 {
        add(&format!("age: {{gte: {}}}", 18 + random.below(50)), random);
    }
    if random.below(2) == 0 {
        add(&format!("app.version: {{gte: {}.{}.0}}", 1 + random.below(9), random.below(20)), random);
    }
    rules
}

/// Replaces a part of a flag that must be there once.
fn replace(repository: &TestRepository, index: usize, old: &str, new: &str) {
    let text = fs::read_to_string(repository.root().join(path(index))).unwrap();
    assert_eq!(text.matches(old).count(), 1, "{old:?} in {text}");
    repository.write(&path(index), &text.replace(old, new));
}

/// Makes the repository. The same seed gives the same commit ids.
fn generated() -> TestRepository {
    let mut random = Random(SEED);
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for index in 0..SEGMENTS {
        let text = format!(
            "description: The segment number {index}.\nowner: team-people\nif: {{plan: pro, age: {{lt: {}}}}}\n",
            20 + index
        );
        repository.write(&format!("segments/segment-{index:02}.yaml"), &text);
    }
    for index in 0..FLAGS {
        repository.write(&path(index), &flag(index, &rules(&mut random)));
    }
    // The flag whose history is read has a rule of its own.
    repository.write(
        &path(500),
        &flag(500, "rules:\n  - {name: young, if: {segment: segment-07}, rollout: 10%, serve: on}\n"),
    );
    repository.commit("all flags");
    for step in 1..=30 {
        let index = 600 + random.below(300);
        repository.write(&path(index), &flag(index, &rules(&mut random)));
        repository.commit(&format!("change {step}"));
        match step {
            5 => replace(&repository, 500, "rollout: 10%", "rollout: 25%"),
            10 => repository.write("kills/production/flag-0500.yaml", "reason: \"INC-7: prices are wrong\"\n"),
            15 => repository.remove("kills/production/flag-0500.yaml"),
            20 => repository.write(
                "segments/segment-07.yaml",
                "description: The segment number 7.\nowner: team-people\nif: {plan: pro, age: {lt: 30}}\n",
            ),
            25 => replace(&repository, 500, "default: off", "default: onn"),
            27 => replace(&repository, 500, "default: onn", "default: off"),
            _ => continue,
        }
        repository.commit(match step {
            5 => "flag-0500: more of the young",
            10 => "kill flag-0500\n\nFlag: flag-0500\nEnvironment: production\nReason: INC-7: prices are wrong\nFlagctl-Action: kill",
            15 => "revive flag-0500\n\nFlag: flag-0500\nEnvironment: production\nReason: INC-7 is over\nFlagctl-Action: revive",
            20 => "segment-07: until thirty",
            25 => "flag-0500: a mistake",
            _ => "flag-0500: corrected",
        });
    }
    plant(&mut repository);
    repository
}

/// Adds the faults and the states that the facts are about.
fn plant(repository: &mut TestRepository) {
    let rule = |text: &str| format!("rules:\n{text}");
    replace(repository, 7, "default: off", "default: onn");
    repository.write(&path(123), &flag(123, &rule("  - if: {segment: segmnt-03}\n    serve: on\n")));
    repository.write(&path(234), &flag(234, &rule("  - if: {age: {starts_with: x}}\n    serve: on\n")));
    repository.write(
        &path(345),
        &flag(345, &rule("  - if: {country: [DE, FR]}\n    serve: on\n  - if: {country: DE}\n    serve: on\n")),
    );
    replace(repository, 456, "owner: team-checkout\n", "");
    replace(repository, 567, "2027-06-30", "2026-01-31");
    replace(repository, 801, "default: off\n", "default: off\nrequires: {flag-0802: on}\n");
    replace(repository, 802, "default: off\n", "default: off\nrequires: {flag-0801: on}\n");
    repository.write("segments/lonely.yaml", "description: No flag uses it.\nowner: team-people\nif: {country: AT}\n");
    repository.write("kills/production/flag-0400.yaml", "reason: \"INC-9: cards are blank\"\n");
    repository.write("kills/production/flag-0999x.yaml", "reason: \"INC-9: cards are blank\"\n");
    repository.write(&path(410), &flag(410, "enabled: false\n"));
    repository.write(&path(411), &flag(411, "environments:\n  staging:\n    default: on\n"));
    repository.write("CODEOWNERS", "/flags/ @acme/all\n");
    repository.write(".github/workflows/build.yml", "jobs: {}\n");
    repository.write(".vscode/settings.json", "{\"yaml.schemas\": {\"./gone/flag.schema.json\": [\"flags/**\"]}}\n");
    repository.write("dist/production/manifest.json", "no manifest");
    repository.commit("faults");
}

/// Asks the language server, and returns its answer as text.
fn asked(repository: &TestRepository, client: &mut Client, request: &str) -> String {
    let words: Vec<&str> = request.split(' ').collect();
    let [method, path, place] = words[..] else { panic!("`> {request}` needs a method, a path and LINE:CHARACTER") };
    client.open(path, &fs::read_to_string(repository.root().join(path)).unwrap());
    let (line, character) = place.split_once(':').unwrap();
    let position = json!({"line": line.parse::<u32>().unwrap(), "character": character.parse::<u32>().unwrap()});
    if method == "diagnostics" {
        return client.diagnostics(path).join("\n");
    }
    let parameters = json!({
        "textDocument": {"uri": client.uri(path)},
        "position": position,
        "range": {"start": position, "end": position},
        "context": {"includeDeclaration": true, "diagnostics": []},
    });
    let answer = client.ask(&format!("textDocument/{method}"), parameters);
    match (method, &answer) {
        ("hover", _) => answer["contents"]["value"].as_str().unwrap().to_owned(),
        ("references", Json::Array(found)) => {
            let names: Vec<&str> = found.iter().map(|found| found["uri"].as_str().unwrap()).collect();
            format!("{} references\n{}", found.len(), names.join("\n"))
        }
        _ => serde_json::to_string_pretty(&answer).unwrap(),
    }
}

#[test]
fn every_fact_about_a_thousand_flags_is_found() {
    let repository = generated();
    let mut client = Client::new(&repository, &json!({}));
    let (mut question, mut output, mut missing) = (String::new(), String::new(), Vec::new());
    let mut facts = 0;
    for line in fs::read_to_string(FACTS).unwrap().lines().map(str::trim) {
        if let Some(command) = line.strip_prefix("$ ") {
            let ran = repository.shell(command);
            assert!(matches!(ran.code, Some(0 | 1)), "{command}: {ran:?}");
            (question, output) = (line.to_owned(), ran.stdout);
        } else if let Some(request) = line.strip_prefix("> ") {
            (question, output) = (line.to_owned(), asked(&repository, &mut client, request));
        } else if !line.is_empty() {
            facts += 1;
            if !output.lines().any(|found| found.contains(line)) {
                missing.push(format!("{question}\n{output}\n-- has no line with: {line}"));
            }
        }
    }
    client.stop();
    assert!(missing.is_empty(), "{}", missing.join("\n\n"));
    assert!(facts >= 50, "{FACTS} has only {facts} facts");
}
