//! Every example is a command that gives the decision beside it when it is pasted into a shell.
//!
//! The tests generate repositories with two revisions, and run every command that a report prints in a real `sh`.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::git_bench::{Ran, TestRepository};
use crate::random::Random;

/// Texts that a shell, JSON, a terminal or `-c` could change.
fn texts() -> Vec<Json> {
    let texts = [
        "",
        " ",
        "a b",
        "it's",
        "\"x\"",
        "$HOME",
        "`id`",
        "!!",
        "*",
        "~root",
        "a=b",
        "=",
        "-c",
        "{}",
        "[1]",
        "null",
        "true",
        "12",
        "é",
        "日本",
        "\u{1b}[31m",
        "a\u{202e}b",
        "a\nb",
        "\t",
        "\u{a0}",
        "\u{200b}",
        "back\\slash",
    ];
    texts.map(Json::from).to_vec()
}

fn attributes(random: &mut Random) -> Json {
    let kind = |random: &mut Random| random.pick(&[json!("string"), json!("number")]);
    json!({
        "text": "string",
        "plan": {"type": "string", "enum": ["free", "it's", "\u{1b}"]},
        "beta": "boolean",
        "n": "number",
        "v": "semver",
        "since": "datetime",
        "ip": "ip",
        "groups": {"type": "list", "of": "string"},
        "sizes": {"type": "list", "of": "number"},
        "app.name": "string",
        "-dash": "string",
        "changing": kind(random),
    })
}

fn condition(random: &mut Random, depth: usize) -> Json {
    let exists = |random: &mut Random, name: &str| json!({name: {"exists": random.below(2) == 0}});
    match random.below(if depth == 0 { 14 } else { 17 }) {
        0 | 1 => json!({"text": random.pick(&texts())}),
        2 => json!({"targetingKey": [random.pick(&["12", "true", "it's", "\u{202e}x"]), "dana"]}),
        3 => json!({"plan": random.pick(&["free", "it's", "\u{1b}"])}),
        4 => json!({"n": {random.pick(&["lt", "gte"]): random.pick(&[json!(0), json!(-1.5), json!(1e15)])}}),
        5 => json!({"v": {"gte": random.pick(&["1.0.0-rc.1", "2.0.0"])}}),
        6 => json!({"since": {"lt": "2026-01-01T00:00:00.5Z"}}),
        7 => {
            json!({"now": {random.pick(&["lt", "gte"]): random.pick(&["2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z"])}})
        }
        8 => json!({"ip": random.pick(&["10.0.0.0/8", "2001:db8::/32"])}),
        9 => json!({"groups": {"has_any": [random.pick(&texts())]}}),
        10 => json!({"sizes": {"has_all": [1, 2.5]}}),
        11 => json!({"-dash": random.pick(&["x", "-y"])}),
        12 => json!({"app.name": {"starts_with": random.pick(&["a'", "b "])}}),
        13 => {
            let name =
                random.pick(&["text", "targetingKey", "beta", "n", "v", "since", "ip", "groups", "changing", "plan"]);
            exists(random, name)
        }
        14 => json!({"not": condition(random, depth - 1)}),
        15 => json!({"any": [condition(random, depth - 1), condition(random, depth - 1)]}),
        _ => json!({"all": [condition(random, depth - 1), condition(random, depth - 1)]}),
    }
}

/// Whether rules may have entries under `environments`, which no list may have that an environment replaces.
#[derive(PartialEq)]
enum Entries {
    Allowed,
    None,
}

fn rules(random: &mut Random, own: Entries) -> Json {
    let rule = |random: &mut Random| {
        let serve =
            random.pick(&[json!("on"), json!("on"), json!("off"), json!({"on": "30%", "off": "30%", "x": "40%"})]);
        let mut rule = json!({"if": condition(random, 2), "serve": serve});
        if random.below(4) == 0 {
            rule["rollout"] = json!(random.pick(&["10%", "50%", "99%"]));
        }
        if random.below(8) == 0 {
            rule["enabled"] = json!(random.below(2) == 0);
        }
        if own == Entries::Allowed && random.below(4) == 0 {
            let name = random.pick(&["production", "staging", "all"]);
            let fields = [
                json!({"enabled": false}),
                json!({"rollout": "20%"}),
                json!({"if": condition(random, 1), "rollout": "100%"}),
                json!({"serve": "x", "enabled": true}),
            ];
            rule["environments"] = json!({ name: random.pick(&fields) });
        }
        rule
    };
    (0..=random.below(2)).map(|_| rule(random)).collect()
}

fn flag(random: &mut Random, base: bool) -> Json {
    let mut flag = json!({
        "variants": {"on": true, "off": false, "x": true}, "off": "off", "default": "off", "rules": rules(random, Entries::Allowed),
    });
    if random.below(6) == 0 {
        flag["unit"] = json!("text");
    }
    if base && random.below(4) == 0 {
        flag["requires"] = json!({"base": "on"});
    }
    if random.below(5) == 0 {
        flag["rules"] = rules(random, Entries::None);
        flag["environments"] = json!({"production": {"rules": rules(random, Entries::None)}});
    }
    flag
}

/// Commits two states of a project with many flags. Attributes, flags, kills and rules differ between them.
fn shop(random: &mut Random) -> TestRepository {
    let mut repository = TestRepository::new();
    let settings = |attributes: &Json| {
        let groups = json!({"all": ["staging", "production"]});
        json!({"version": 1, "environments": ["staging", "production"], "groups": groups, "attributes": attributes})
            .to_string()
    };
    let first = attributes(random);
    repository.write("flagctl.yaml", &settings(&first));
    for number in 0..12 {
        let key = if number == 0 { "base".to_owned() } else { format!("f{number}") };
        repository.write(&format!("flags/{key}.yaml"), &flag(random, number > 0).to_string());
    }
    repository.commit("before");
    repository.git(&["branch", "it's-before"]);
    let mut second = first.clone();
    second["changing"] = json!("boolean");
    second["added"] = json!("string");
    repository.write("flagctl.yaml", &settings(&second));
    for number in 1..10 {
        let mut flag = flag(random, true);
        if random.below(3) == 0 {
            flag["rules"] = json!([{"if": {"added": random.pick(&texts())}, "serve": "on"}]);
        }
        repository.write(&format!("flags/f{number}.yaml"), &flag.to_string());
    }
    repository.remove("flags/f10.yaml");
    repository.write("kills/production/f11.yaml", "reason: prices are wrong\n");
    repository.write("flags/new.yaml", &flag(random, true).to_string());
    repository.commit("after");
    repository
}

/// Runs each command in one shell, and returns the decisions in the format of an example.
fn pasted(repository: &TestRepository, commands: &[&str]) -> Vec<String> {
    let mut script = String::new();
    for command in commands {
        writeln!(script, "{command} 2>&1 | grep -v '^note: '; printf '\\036'").unwrap();
    }
    let Ran { stdout, .. } = repository.shell(&script);
    let decisions = stdout.split('\u{1e}').map(|text| text.lines().map(str::trim).collect::<Vec<_>>().join(", "));
    decisions.take(commands.len()).collect()
}

/// Returns the commands of all examples with the decisions beside them, and the number of regions without an example.
fn examples<'d>(diff: &'d Json, sides: &[&str]) -> (Vec<(&'d str, String)>, usize) {
    let (mut examples, mut without) = (Vec::new(), 0);
    for flag in diff["flags"].as_array().unwrap() {
        let key = flag["flag"].as_str().unwrap();
        for region in
            flag["changes"].as_array().unwrap().iter().flat_map(|change| change["regions"].as_array().unwrap())
        {
            without += usize::from(region["example"].is_null());
            for decision in sides.iter().map(|side| &region["example"][side]).filter(|decision| !decision.is_null()) {
                let text = decision["text"].as_str().unwrap();
                examples.push((decision["command"].as_str().unwrap(), format!("{key}: {text}")));
            }
        }
    }
    (examples, without)
}

#[test]
fn every_example_of_a_generated_diff_gives_its_decision_when_it_is_pasted() {
    let mut random = Random(0x2026_1128);
    let (mut asked, mut by_context, mut without) = (0, 0, 0);
    let rounds = std::env::var("GENERATED").map_or(1, |times| times.parse().unwrap());
    for _ in 0..rounds {
        let repository = shop(&mut random);
        let ran = repository.flagctl(&["diff", "it's-before..HEAD", "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let diff: Json = serde_json::from_str(&ran.stdout).unwrap();
        let (examples, missing) = examples(&diff, &["before", "after"]);
        without += missing;
        let commands: Vec<&str> = examples.iter().map(|(command, _)| *command).collect();
        for ((command, expected), found) in examples.iter().zip(pasted(&repository, &commands)) {
            assert_eq!(*expected, found, "{command}");
        }
        asked += commands.len();
        by_context += commands.iter().filter(|command| command.contains(" --context ")).count();
        // The text shows the same commands with the names of the revisions, and nothing in it is escaped.
        let [old, new] = ["it's-before", "HEAD"].map(|name| repository.git(&["rev-parse", "--short=10", name]));
        let named = |command: &&str| {
            let command = command.replace(&format!("--at {} ", new.trim()), "--at HEAD ");
            command.replace(&format!("--at {} ", old.trim()), r"--at 'it'\''s-before' ")
        };
        let commands: Vec<String> = commands.iter().map(named).collect();
        let text = repository.flagctl(&["diff", "it's-before..HEAD"]).stdout;
        let tried: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("try ")).collect();
        assert!(
            !tried.is_empty() && tried.iter().all(|command| commands.iter().any(|named| named == command)),
            "{tried:#?}"
        );
    }
    assert!(asked > 100 && by_context > 20, "{asked} {by_context}");
    assert_eq!(without, 0);
}

/// Asserts that each command gives the decision beside it.
fn all_repeat(repository: &TestRepository, folder: &str, diff: &Json, sides: &[&str]) {
    let (examples, without) = examples(diff, sides);
    assert!(!examples.is_empty() && without == 0, "{diff:#}");
    let commands: Vec<String> = examples.iter().map(|(command, _)| format!("(cd {folder} && {command})")).collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    for ((command, expected), found) in examples.iter().zip(pasted(repository, &commands)) {
        assert_eq!(*expected, found, "{command}");
    }
}

fn json(ran: &Ran) -> Json {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr))
}

#[test]
fn an_example_is_for_the_folder_in_which_its_command_was_printed() {
    let repository = shop(&mut Random(7));
    let ran = repository.flagctl_in(&repository.beside(""), &["-C", "shop", "diff", "HEAD~1", "--format", "json"]);
    all_repeat(&repository, "..", &json(&ran), &["before", "after"]);
}

#[test]
fn an_example_of_two_bundles_reads_the_bundles() {
    let repository = shop(&mut Random(8));
    for (name, revision) in [("it's before.json", "HEAD~1"), ("after.json", "HEAD")] {
        let line = format!("flagctl export bundle -e production --at {revision} > \"{name}\"");
        assert_eq!(repository.shell(&line).code, Some(0));
    }
    let diff = ["diff", "--bundle", "it's before.json", "--bundle", "after.json", "--format", "json"];
    all_repeat(&repository, ".", &json(&repository.flagctl(&diff)), &["before", "after"]);
}

#[test]
fn an_example_of_a_merge_has_the_command_of_its_branch_only() {
    let mut repository = TestRepository::with_sale();
    let base = |plan: &str| {
        format!(
            "variants: {{on: true, off: false}}\noff: off\ndefault: off\nrules:\n  - if: {{country: {plan}}}\n    serve: on\n"
        )
    };
    repository.write("flags/base.yaml", &base("DE"));
    repository.write("flags/sale.yaml", &base("FR"));
    repository.commit("two flags");
    repository.git(&["checkout", "--quiet", "-b", "theirs"]);
    repository.write("flags/base.yaml", &base("\"it's\""));
    repository.commit("another country");
    repository.git(&["checkout", "--quiet", "-b", "ours", "main"]);
    repository.write("flags/sale.yaml", &base("FR").replace("country: FR", "flag: {base: on}"));
    repository.commit("a condition on the flag");
    let ran = repository.flagctl(&["diff", "--merge", "main", "theirs", "ours", "--format", "json"]);
    let merge = json(&ran);
    for (side, revision) in [("withTheirs", "theirs"), ("withOurs", "ours")] {
        let diff = json!({"flags": merge[side]});
        all_repeat(&repository, ".", &diff, &["before"]);
        let (examples, _) = examples(&diff, &["before"]);
        let commit = repository.git(&["rev-parse", "--short=10", revision]);
        let names_commit = |command: &str| command.contains(&format!("--at {} ", commit.trim()));
        assert!(examples.iter().all(|(command, _)| names_commit(command)), "{examples:?}");
        assert!(!diff.to_string().contains("\"after\":{\"command\""), "{diff}");
    }
}

/// Returns the commands that the findings of `flagctl test` recommend, after `try`.
fn tried(ran: &Ran) -> Vec<String> {
    let findings = json(ran)["findings"].as_array().unwrap().clone();
    let helps = findings.iter().filter_map(|finding| finding["help"].as_str()?.strip_prefix("try ").map(str::to_owned));
    helps.collect()
}

#[test]
fn a_failed_check_has_a_command_that_repeats_its_decision() {
    let mut repository = shop(&mut Random(9));
    repository.write(
        "flags/sale.yaml",
        &json!({
            "variants": {"on": true, "off": false}, "off": "off", "default": "off",
            "rules": [{"if": {"any": [{"text": ["it's", "\u{1b}"]}, {"not": {"n": {"lt": 5}}}]}, "serve": "on"}],
        })
        .to_string(),
    );
    repository.write("flags/timed.yaml", &json!({
        "variants": {"on": true, "off": false}, "off": "off", "default": "off",
        "rules": [{"if": {"now": {"lt": "2020-01-01T00:00:00Z"}, "text": {"exists": true}, "n": {"exists": true}}, "serve": "on"}],
    }).to_string());
    repository.write(
        "tests/promises.yaml",
        &json!({
            "now": "2019-05-05T00:00:00Z",
            "cases": [
                {"context": {"text": "a b"}, "matrix": {"n": [1, 7.5]}, "expect": {"sale": "off", "timed": "off"}},
                {"context": {"text": null, "n": 4}, "expect": {"sale": "on"}},
            ],
            "assert": [
                {"never": {"sale": "on"}, "when": {"n": {"lt": 5}}},
                {"never": {"timed": "on"}},
                {"serve": {"timed": "on"}, "implies": {"sale": "on"}},
            ],
        })
        .to_string(),
    );
    let ran = repository.flagctl(&["test", "-e", "production", "--format", "json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let commands = tried(&ran);
    assert_eq!(commands.len(), 6, "{}", ran.stdout);
    let values: Vec<String> = pasted(&repository, &commands.iter().map(String::as_str).collect::<Vec<_>>());
    let found = |at: usize| values[at].as_str();
    assert!(found(0).starts_with("sale: on = true"), "{} {}", commands[0], values[0]);
    assert!(found(1).starts_with("timed: on = true"), "{} {}", commands[1], values[1]);
    assert!(found(2).starts_with("sale: off = false"), "{} {}", commands[2], values[2]);
    assert!(found(3).starts_with("sale: on = true"), "{} {}", commands[3], values[3]);
    assert!(found(4).starts_with("timed: on = true"), "{} {}", commands[4], values[4]);
    let both: Vec<Vec<&str>> = values[5].split(", ").map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(both[1..3], [["timed", "on"], ["sale", "off"]], "{} {}", commands[5], values[5]);
    // The same commands with a folder and with a revision.
    repository.commit("promises");
    let ran = repository
        .flagctl_in(&repository.beside(""), &["test", "shop", "--at", "HEAD", "-e", "production", "--format", "json"]);
    let commands = tried(&ran);
    assert!(commands.iter().all(|command| command.starts_with("flagctl -C shop eval ")), "{commands:#?}");
    let commands: Vec<String> = commands.iter().map(|command| format!("(cd .. && {command})")).collect();
    assert_eq!(pasted(&repository, &commands.iter().map(String::as_str).collect::<Vec<_>>()), values);
}
