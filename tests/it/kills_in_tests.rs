//! `flagctl test` while flags are killed: kills are left out, counted with `--with-kills`, or pinned by a test file.

use std::fs;

use serde_json::Value as Json;

use crate::git_bench::{PROJECT, Ran, TestRepository, flag};

/// The tests of a cart and of the flag that requires it.
const TESTS: &str = "\
contexts:
  dana: {country: DE}
cases:
  - context: dana
    expect: {cart: on, checkout: on}
assert:
  - {name: for everyone, always: {checkout: on}}
golden:
  cells:
    cart:
      dana: {production: on}
    checkout:
      dana: {production: on}
";

/// Makes a repository in which `checkout` requires `cart`, with tests, and kills `cart`.
fn killed() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/cart.yaml", &flag("on"));
    repository.write("flags/checkout.yaml", &format!("{}requires: {{cart: on}}\n", flag("on")));
    repository.write("tests/shop.yaml", TESTS);
    repository.commit("a shop");
    let ran = repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "INC-1", "--yes"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    repository.git(&["checkout", "--quiet", "HEAD", "--", "."]);
    repository
}

fn read(repository: &TestRepository, path: &str) -> String {
    fs::read_to_string(repository.root().join(path)).unwrap()
}

fn tested(repository: &TestRepository, arguments: &[&str]) -> Ran {
    repository.flagctl(&[&["test"], arguments].concat())
}

#[test]
fn a_kill_changes_no_test_and_is_counted_as_left_out() {
    let repository = killed();
    let ran = tested(&repository, &["--coverage"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.ends_with("5 passed\n1 kill is left out; `--with-kills` counts it\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("checkout  -      1/2       variant off\n"), "{}", ran.stdout);
    // The golden matrix does not record a temporary state.
    let before = read(&repository, "tests/shop.yaml");
    assert_eq!(tested(&repository, &["--update"]).code, Some(0));
    assert_eq!(read(&repository, "tests/shop.yaml"), before);

    let ran = tested(&repository, &["--with-kills"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.ends_with("0 passed, 5 failed\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("prerequisite cart serves off, not on"), "{}", ran.stdout);
}

#[test]
fn every_format_tells_how_many_kills_are_left_out() {
    let repository = killed();
    let json: Json = serde_json::from_str(&tested(&repository, &["--format", "json"]).stdout).unwrap();
    assert_eq!((&json["killsLeftOut"], &json["passed"]), (&Json::from(1), &Json::from(5)));
    let json: Json = serde_json::from_str(&tested(&repository, &["--format", "json", "--with-kills"]).stdout).unwrap();
    assert_eq!(json["killsLeftOut"], Json::from(0));
    let junit = tested(&repository, &["--format", "junit"]).stdout;
    assert!(junit.contains("<property name=\"kills-left-out\" value=\"1\"/>"), "{junit}");
    for format in ["sarif", "github", "gitlab"] {
        let ran = tested(&repository, &["--format", format]);
        assert_eq!(ran.stderr, "note: 1 kill is left out; `--with-kills` counts it\n");
    }
}

#[test]
fn a_test_file_names_the_flags_that_are_killed_in_its_tests() {
    let repository = killed();
    let pinned = "kills: checkout\ncases:\n  - expect: {cart: on, checkout: {variant: off, reason: DISABLED}}\n\
                  assert:\n  - never: {checkout: on}\n  - at_most: 0%\n    serve: {checkout: on}\n";
    repository.write("tests/pinned.yaml", pinned);
    let ran = tested(&repository, &["tests/pinned.yaml"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(ran.stdout, "4 passed\n1 kill is left out; `--with-kills` counts it\n");
    // Both files together: each has its own kills.
    assert_eq!(tested(&repository, &[]).stdout, "9 passed\n1 kill is left out; `--with-kills` counts it\n");
    // With `--with-kills`, the kill of `cart` counts as well.
    let ran = tested(&repository, &["tests/pinned.yaml", "--with-kills"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.ends_with("3 passed, 1 failed\n"), "{}", ran.stdout);
}

#[test]
fn an_unknown_flag_in_kills_is_reported_with_a_similar_name() {
    let repository = killed();
    repository.write("tests/shop.yaml", &format!("kills: [cart, chekout]\n{TESTS}"));
    for command in ["test", "validate"] {
        let ran = repository.flagctl(&[command]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let expected = "error[unknown-flag]: `chekout` is not a flag\n --> tests/shop.yaml:1:15";
        assert!(ran.stdout.contains(expected) && ran.stdout.contains("did you mean `checkout`?"), "{}", ran.stdout);
    }
}

#[test]
fn the_command_of_a_failed_check_decides_with_the_same_kills() {
    let repository = killed();
    repository.write("tests/shop.yaml", "cases:\n  - expect: {cart: off}\n");
    repository.write("tests/pinned.yaml", "kills: [checkout]\ncases:\n  - expect: {checkout: on}\n");
    let ran = tested(&repository, &[]);
    assert_eq!(ran.code, Some(1));
    let commands: Vec<&str> =
        ran.stdout.lines().filter_map(|line| line.split_once("help: try ")).map(|line| line.1).collect();
    assert_eq!(
        commands,
        [
            "flagctl eval checkout -e production --without-kills --kill checkout",
            "flagctl eval cart -e production --without-kills"
        ]
    );
    let decided = |command: &str| {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        repository.flagctl(&words).stdout
    };
    assert!(decided(commands[0]).starts_with("checkout: off = false\n  DISABLED"), "{}", decided(commands[0]));
    assert!(decided(commands[1]).starts_with("cart: on = true\n"), "{}", decided(commands[1]));
    assert!(decided("flagctl eval cart -e production").starts_with("cart: off = false\n"));
    let ran = repository.flagctl(&["eval", "-e", "production", "--kill", "chart"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), "error: `chart` is not a flag; did you mean `cart`?\n"));
}

#[test]
fn monotone_since_compares_states_without_kills() {
    let mut repository = killed();
    repository.write("tests/shop.yaml", "assert:\n  - {serve: {cart: on}, monotone_since: HEAD}\n");
    repository.commit("no step back");
    assert_eq!(tested(&repository, &[]).code, Some(0));
    // Without the kill at HEAD, `cart` served `on` there, and does not any more.
    repository.write("flags/cart.yaml", &flag("off"));
    assert_eq!(tested(&repository, &[]).code, Some(1));
    // A kill that the file pins counts on both sides.
    repository.write("tests/shop.yaml", "kills: [cart]\nassert:\n  - {serve: {cart: on}, monotone_since: HEAD}\n");
    assert_eq!(tested(&repository, &[]).code, Some(0));
}

#[test]
fn no_kill_changes_a_finding_of_validate() {
    let folder = tempfile::TempDir::new().unwrap();
    let copied = std::process::Command::new("cp").args(["-R", "examples/."]).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    let validate = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_flagctl"));
        let output = command.arg("-C").arg(folder.path()).args([
            "validate",
            "--format",
            "json",
            "--now",
            "2026-11-22T00:00:00Z",
        ]);
        let output = output.output().unwrap();
        let json: Json = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), json["findings"].clone())
    };
    let before = validate();
    let mut killed = 0;
    let mut folders = vec![folder.path().join("flags")];
    while let Some(flags) = folders.pop() {
        for entry in fs::read_dir(flags).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            for environment in ["dev", "staging", "production"] {
                let kill = folder.path().join("kills").join(environment).join(path.file_name().unwrap());
                fs::create_dir_all(kill.parent().unwrap()).unwrap();
                fs::write(kill, "reason: a test\n").unwrap();
                killed += 1;
            }
        }
    }
    assert!(killed > 20);
    assert_eq!(validate(), before);
}
