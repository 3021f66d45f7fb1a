//! Help: every example works when it is pasted, and errors suggest what the user probably meant.

use crate::example_shop;
use crate::git_bench::TestRepository;

/// The commands and topics that `flagctl help` lists after a title.
fn listed(title: &str) -> Vec<String> {
    let help = TestRepository::new().flagctl(&["help"]).stdout;
    let (_, list) = help.split_once(&format!("\n{title}:\n")).unwrap();
    let lines = list.split("\n\n").next().unwrap().lines().filter_map(|line| line.strip_prefix("  "));
    lines.filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Returns the examples at the end of a help text.
fn examples(help: &str) -> Vec<&str> {
    let (_, end) = help.rsplit_once("\nExample").unwrap_or_else(|| panic!("no example: {help}"));
    let (_, lines) = end.split_once(':').unwrap();
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Makes the example shop with a remote. The published branch is live in `live`, and for a command that compares a branch
/// with it, `HEAD` has one more commit. For `revive`, a flag is killed.
fn shop(command: &str) -> TestRepository {
    let repository = example_shop::with_remote();
    let prepared = |line: &str| {
        let ran = repository.shell(line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
    };
    prepared("git fetch -q && git remote set-head origin main && flagctl publish ./live/");
    let exposure = r#"{"ts": "2026-11-10T00:00:00Z", "feature_flag.key": "new-cart", "feature_flag.variant": "on", "context.id": "u"}"#;
    repository.write("exposures.ndjson", exposure);
    match command {
        "verify-kill" => prepared("git checkout -q -b work && flagctl kill new-cart -e production --reason x --yes"),
        "revive" => prepared("flagctl kill new-cart -e production --reason x --push --yes"),
        "diff" => prepared("git checkout -q -b work && flagctl rollout loyalty-card -e production --to 20% --yes"),
        _ => {}
    }
    repository
}

#[test]
fn every_example_works_when_it_is_pasted() {
    let first = shop("");
    let mut commands = vec![String::new()];
    commands.extend(listed("Commands"));
    commands.extend(["flag", "segment", "test", "environment"].map(|kind| format!("new {kind}")));
    let (mut pasted, mut failures) = (0, Vec::new());
    for command in commands {
        let help = first.shell(&format!("flagctl help {command}")).stdout;
        let writes = ["kill", "revive", "rollout", "promote", "rename", "remove"].contains(&command.as_str());
        for example in examples(&help) {
            let own = (writes || ["verify-kill", "diff"].contains(&command.as_str())).then(|| shop(&command));
            // A terminal would ask the user for the confirmation.
            let answer =
                if writes && !example.ends_with(" status") && !example.ends_with(" due") { " --yes" } else { "" };
            // A server would not end.
            let answer = if command == "serve" { " --check" } else { answer };
            let ran = own.as_ref().unwrap_or(&first).bash(&format!("{example}{answer}"));
            pasted += 1;
            if ran.code != Some(0) {
                failures.push(format!("{example}: {:?} {}{}", ran.code, ran.stdout, ran.stderr));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(pasted > 30, "{pasted}");
}

#[test]
fn help_of_a_command_is_that_of_its_option() {
    let repository = TestRepository::new();
    for command in listed("Commands") {
        let (by_command, by_option) =
            (repository.flagctl(&["help", &command]), repository.flagctl(&[&command, "--help"]));
        assert_eq!(by_command, by_option);
        assert_eq!((by_command.code, by_command.stderr.as_str()), (Some(0), ""));
    }
    assert_eq!(repository.flagctl(&["help"]), repository.flagctl(&["--help"]));
}

#[test]
fn topics_fit_a_terminal_and_are_named_by_options() {
    let repository = TestRepository::new();
    let all: String = listed("Commands").iter().map(|command| repository.flagctl(&["help", command]).stdout).collect();
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for topic in listed("Help topics") {
        let ran = repository.flagctl(&["help", &topic]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
        assert!(topic == "exit-codes" || all.contains(&format!("`flagctl help {topic}`")), "{topic}");
    }
}

#[test]
fn the_most_similar_name_is_suggested() {
    let repository = TestRepository::with_sale();
    let cases: [(&[&str], &str); 9] = [
        (&["vaildate"], "'validate'"),
        (&["stauts"], "'status'"),
        (&["-C", "eval", "vaildate"], "'validate'"),
        (&["diff", "--max-shar", "5%"], "'--max-share'"),
        (&["eval", "--enviroment", "production"], "'--environment'"),
        (&["-C", "list", "eval", "--expalin"], "'--explain'"),
        (&["validate", "--format", "sarfi"], "'sarif'"),
        (&["help", "vaildate"], "`validate`"),
        (&["help", "revision"], "`revisions`"),
    ];
    for (arguments, expected) in cases {
        let ran = repository.flagctl(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("as a value"), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn hidden_options_are_not_named() {
    let repository = TestRepository::with_sale();
    for option in ["--efort", "--effor", "--effor=5", "--effort-"] {
        let ran = repository.flagctl(&["diff", option]);
        assert_eq!(ran.code, Some(2));
        let rest = ran.stderr.replace(option.split('=').next().unwrap(), "");
        assert!(!rest.contains("effort"), "{}", ran.stderr);
    }
    assert!(!repository.flagctl(&["help", "diff"]).stdout.contains("effort"));
}

#[test]
fn a_number_is_not_a_percentage() {
    let repository = TestRepository::with_sale();
    for (number, advice) in [("75", "write `75%`"), ("0.5", "write `0.5%` or `50%`")] {
        for arguments in [["rollout", "sale", "--to", number], ["diff", "HEAD~1", "--max-share", number]] {
            let ran = repository.flagctl(&arguments);
            assert_eq!(ran.code, Some(2));
            assert!(ran.stderr.contains(advice), "{arguments:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn several_environments_are_compared_and_listed() {
    let mut repository = TestRepository::with_sale();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [dev, staging, production]\n");
    repository.commit("three environments");
    let named = |arguments: &[&str], field: &str| -> Vec<String> {
        let ran = repository.flagctl(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let environments = json["flags"].as_array().unwrap().iter().flat_map(|flag| match field {
            "changes" => flag["changes"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|change| match &change["environments"] {
                    serde_json::Value::Array(names) => names.clone(),
                    _ => vec![change["environment"].clone()],
                })
                .collect::<Vec<_>>(),
            field => flag[field].as_array().unwrap().iter().map(|shown| shown["environment"].clone()).collect(),
        });
        environments.map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let two = ["-e", "production", "-e", "staging"];
    assert_eq!(named(&[&["list"], &two[..]].concat(), "environments"), ["staging", "production"]);
    assert_eq!(named(&[&["diff", "HEAD~2"], &two[..]].concat(), "changes"), ["staging", "production"]);
    let ran = repository.flagctl(&["diff", "HEAD~2", "-e", "production", "-e", "prod"]);
    assert!(ran.stderr.contains("`prod` is not an environment"), "{}", ran.stderr);
}
