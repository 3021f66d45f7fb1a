//! What a terminal shows: tables that fit, and colours.
//!
//! The snapshots in `tests/terminal` are screens of 80 and of 120 columns. Those with colours have a word for each escape
//! sequence.

use std::fmt::Write;

use snapbox::{assert_data_eq, file};

use crate::example_shop;
use crate::git_bench::TestRepository;
use crate::pseudo_terminal::{in_terminal, visible, without_colours};

/// Commands with a table.
const TABLES: [&[&str]; 9] = [
    &["list"],
    &["list", "-e", "production"],
    &["list", "--expired", "--now", "2027-09-01T00:00:00Z"],
    &["list", "segments"],
    &["list", "attributes"],
    &["list", "environments"],
    &["eval", "-e", "production", "-c", "targetingKey=user-42", "-c", "country=US"],
    &["test", "--coverage"],
    &["rollout", "loyalty-card", "status"],
];

/// Commands of which the colours are in a snapshot. Each has a part of a screen with all the roles of its texts.
const COLOURED: [&[&str]; 32] = [
    &["help", "status"],
    &["eval", "-e", "production", "-c", "targetingKey=user-42", "-c", "country=US"],
    &["eval", "new-checkout", "-e", "production", "-c", "targetingKey=user-42", "-c", "country=US", "--explain"],
    &["eval", "search-ranking", "-e", "production", "--explain"],
    &["validate"],
    &["test"],
    &["test", "--coverage"],
    &["diff", "main", "--fail-on", "shrink"],
    &["diff", "--nothing"],
    &["list"],
    &["list", "environments"],
    &["list", "--drift"],
    &["show", "loyalty-card", "-e", "production"],
    &["show", "environment", "production"],
    &["log", "-n", "2"],
    &["log", "search-ranking"],
    &[
        "blame",
        "loyalty-card",
        "-e",
        "production",
        "-c",
        "country=DE",
        "-c",
        "app.platform=ios",
        "-c",
        "targetingKey=u",
    ],
    &["rollout", "loyalty-card", "status"],
    &["rollout", "loyalty-card", "--to", "100%", "-e", "production", "--dry-run"],
    &["rollout", "loyalty-card", "--to", "10%", "-e", "production", "--dry-run"],
    &["kill", "new-checkout", "-e", "production", "--reason", "INC-1", "--dry-run"],
    &["revive", "search-ranking", "-e", "production", "--dry-run"],
    &["promote", "home-banner", "--from", "staging", "--to", "production", "--dry-run"],
    &["verify-kill", "main..HEAD", "search-ranking", "-e", "production"],
    &["publish", "../live/", "-e", "production"],
    &["publish", "../live/", "-e", "production"],
    &["verify", "../live/"],
    &["status", "../live/", "--base", "HEAD", "--now", "2027-01-01T00:00:00Z"],
    &["status", "../live/", "--base", "main", "--now", "2027-01-01T00:00:00Z"],
    &["pull", "../live/", "-e", "production", "--to", "../flags.json"],
    &["explain", "unused-allow"],
    &["eval", "nothing", "-e", "production"],
];

/// Returns a flag without rules.
fn flag(default: &str) -> String {
    let fields = "description: A flag.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\n";
    format!("{fields}off: off\ndefault: {default}\n")
}

fn flagctl(repository: &TestRepository, arguments: &[&str]) -> std::process::Command {
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.current_dir(repository.root()).args(arguments);
    command
}

/// Returns what a terminal with colours shows.
fn coloured(repository: &TestRepository, arguments: &[&str], columns: u16) -> String {
    let mut command = flagctl(repository, arguments);
    command.env_remove("NO_COLOR").env("TERM", "xterm");
    in_terminal(command, columns)
}

#[test]
fn a_row_of_a_table_is_one_line_of_the_terminal() {
    let repository = example_shop::pull_request();
    for (columns, expected) in [(80, file!["../terminal/tables-80.txt"]), (120, file!["../terminal/tables-120.txt"])] {
        let mut screens = String::new();
        for arguments in TABLES {
            let shown = in_terminal(flagctl(&repository, arguments), columns);
            let whole = repository.flagctl(arguments).stdout;
            assert_eq!(shown.lines().count(), whole.lines().count(), "{arguments:?} has rows of several lines");
            for (shown, whole) in shown.lines().zip(whole.lines()) {
                let fits = shown.chars().count() <= columns.into();
                assert!(fits || shown == whole, "{arguments:?} has a line that is too long: {shown}");
            }
            let _ = writeln!(screens, "$ flagctl {}\n{shown}", arguments.join(" "));
        }
        assert_data_eq!(screens, expected.raw());
    }
}

#[test]
fn columns_of_the_environment_is_the_width_of_a_terminal_and_not_of_a_pipe() {
    let repository = example_shop::pull_request();
    let arguments = ["list", "segments"];
    let whole = repository.flagctl(&arguments).stdout;
    let with_columns = |columns: &str| {
        let mut command = flagctl(&repository, &arguments);
        command.env("COLUMNS", columns);
        command
    };
    assert_eq!(in_terminal(with_columns("300"), 80), whole);
    let narrow = in_terminal(with_columns("60"), 300);
    assert!(narrow.lines().all(|line| line.chars().count() <= 60) && narrow.contains('…'), "{narrow}");
    assert_eq!(in_terminal(with_columns("nothing"), 300), whole);
    let piped = with_columns("60").output().unwrap();
    assert_eq!(String::from_utf8(piped.stdout).unwrap(), whole);
}

#[test]
fn colours_have_a_meaning_in_every_command() {
    let repository = example_shop::pull_request();
    let mut screens = String::new();
    for arguments in COLOURED {
        let shown = coloured(&repository, arguments, 120);
        let _ = writeln!(screens, "$ flagctl {}\n{}", arguments.join(" "), visible(&shown));
    }
    repository.write("flags/quiet.yaml", &flag("off"));
    repository.write("flags/broken.yaml", &flag("of"));
    for arguments in
        [&["validate"][..], &["list", "broken", "quiet"], &["eval", "broken", "-e", "dev"], &["show", "broken"]]
    {
        let shown = coloured(&repository, arguments, 120);
        let _ = writeln!(screens, "$ flagctl {}\n{}", arguments.join(" "), visible(&shown));
    }
    assert_data_eq!(screens, file!["../terminal/colours.txt"].raw());
}

#[test]
fn color_and_the_environment_decide_about_both_streams_of_each_command() {
    let repository = example_shop::pull_request();
    let in_pipe = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = flagctl(&repository, arguments);
        command.env_remove("NO_COLOR").env("TERM", "xterm").envs(variables.iter().copied());
        let output = command.output().unwrap();
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap())
    };
    let in_terminal = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = flagctl(&repository, arguments);
        command.env_remove("NO_COLOR").env("TERM", "xterm").envs(variables.iter().copied());
        in_terminal(command, 100)
    };
    // Results, errors of a command, errors of the command line, and help texts.
    let runs: [&[&str]; 5] =
        [&["list"], &["eval", "nothing", "-e", "dev"], &["lst"], &["list", "--help"], &["help", "list"]];
    for run in runs {
        let with = |options: &[&'static str]| [options, run].concat();
        let plain = in_pipe(run, &[]).concat();
        assert!(!plain.contains('\u{1b}'), "{run:?} has colours in a pipe");
        let coloured = [
            ("--color=always", in_pipe(&with(&["--color=always"]), &[]).concat()),
            ("--color always", in_pipe(&with(&["--color", "always"]), &[("NO_COLOR", "1")]).concat()),
            ("CLICOLOR_FORCE", in_pipe(run, &[("CLICOLOR_FORCE", "1")]).concat()),
            ("a terminal", in_terminal(run, &[])),
        ];
        for (why, text) in coloured {
            assert!(text.contains('\u{1b}'), "{run:?} has no colours with {why}");
            if why != "a terminal" {
                assert_eq!(without_colours(&text), plain, "{run:?} with {why}");
            }
        }
        let uncoloured = [
            ("--color=never", in_terminal(&with(&["--color=never"]), &[("CLICOLOR_FORCE", "1")])),
            ("NO_COLOR", in_terminal(run, &[("NO_COLOR", "1")])),
            ("a simple terminal", in_terminal(run, &[("TERM", "dumb")])),
        ];
        for (why, text) in uncoloured {
            assert!(!text.contains('\u{1b}'), "{run:?} has colours with {why}");
        }
    }
}
