//! The environment variables, the streams, the limits of the system and a damaged environment cannot make the program
//! panic, end by a signal or hang. Each run ends with a documented exit code, and a message that names the problem.

use std::fs;

use crate::git_bench::{TestRepository, executable, flag};
use crate::pseudo_terminal::without_colours;

/// Lines for a shell, each with the expected exit code and a part of the expected text on stderr.
const RUNS: &[(&str, i32, &str)] = &[
    (
        "PATH=\"$PWD/../old:$PATH\" flagctl diff --merge HEAD~1 HEAD HEAD",
        3,
        "git 2.40 or newer, and this is git 2.20.1",
    ),
    ("ulimit -s 256; RUST_MIN_STACK=1 flagctl eval -e production --context ../deep.json", 3, "is not an attribute"),
    ("ulimit -s 256; RUST_MIN_STACK=1 flagctl eval -e production --contexts ../deep.json", 0, "does not declare"),
    ("ulimit -s 256; RUST_MIN_STACK=1 flagctl diff HEAD~2", 0, ""),
    ("ulimit -s 256; RUST_MIN_STACK=1 flagctl validate", 0, ""),
    ("ulimit -s 256; RUST_MIN_STACK=1 flagctl eval deep -e production -c country=DE --explain", 0, ""),
    (r#"flagctl "$(printf '\377')""#, 2, "unrecognized subcommand"),
    (r#"flagctl list "$(printf '\377')""#, 2, "error: "),
    (r#"flagctl eval "$(printf 'a\377')" -e production"#, 2, "UTF-8"),
    (r#"flagctl eval -e production -c "$(printf 'a\377=b')""#, 2, "UTF-8"),
    (r#"flagctl -C "$(printf '\377')" list"#, 3, "error: "),
    ("flagctl list --nothing 2>/dev/full", 2, ""),
    ("flagctl nothing 2>&-", 2, ""),
    ("flagctl list >&-", 0, ""),
    ("flagctl list >/dev/full", 3, "No space left on device"),
    ("flagctl --help >/dev/full", 3, "No space left on device"),
    ("flagctl schema flag >/dev/full", 3, "No space left on device"),
    ("flagctl completions bash >/dev/full", 3, "No space left on device"),
    ("flagctl man ../man1 >/dev/full", 3, "No space left on device"),
    ("flagctl export bundle -e production >/dev/full", 3, "No space left on device"),
    ("PATH=/no/such/folder $F list", 0, ""),
    ("PATH=/no/such/folder $F kill sale -e production --reason r --yes", 3, "cannot run `git`"),
    ("TMPDIR=/no/such/folder flagctl diff HEAD~1", 0, ""),
    (r#"flagctl show "$(head -c 100000 /dev/zero | tr '\0' a)""#, 3, "is not a flag"),
    (r#"flagctl eval -e production -c "country=$(head -c 100000 /dev/zero | tr '\0' a)""#, 0, ""),
    ("mkdir ../gone; cd ../gone; rmdir ../gone; flagctl list", 3, "error: "),
    ("flagctl eval -e production --contexts - <&-", 0, ""),
    ("flagctl eval -e production --context - <&-", 3, "error: "),
    ("flagctl -C flagctl.yaml list", 3, "error: "),
    ("flagctl -C /dev/null list", 3, "error: "),
    ("flagctl eval -e production --contexts /dev/null", 0, ""),
    ("flagctl eval -e production --contexts .", 3, "error: "),
];

/// What surrounds a command: a shell's words before and after it.
const SITUATIONS: &[(&str, &str)] = &[
    ("", " <&-"),
    ("", " >&-"),
    ("", " 2>&-"),
    ("", " <&- >&- 2>&-"),
    ("", " >/dev/full 2>/dev/full"),
    ("{ ", "; echo $? >../code; } | head -c 1 >/dev/null; exit $(cat ../code)"),
    ("{ ", "; echo $? >../code; } | :; exit $(cat ../code)"),
    ("env -i PATH=\"$PATH\" ", ""),
    ("env -u HOME -u PATH $F", ""),
    ("HOME=/no/such/folder XDG_CONFIG_HOME=\"$(printf '\\377')\" ", ""),
    ("TMPDIR=/no/such/folder ", ""),
    ("TMPDIR=\"$(printf '\\377')\" ", ""),
    ("TMPDIR= ", ""),
    ("COLUMNS=0 TERM=strange CLICOLOR_FORCE=1 NO_COLOR= ", ""),
    (
        "COLUMNS=99999999999999999999 LINES=-1 LANG=\"$(printf '\\377')\" LC_ALL=nothing NO_COLOR=\"$(printf '\\377')\" ",
        "",
    ),
    ("RAYON_NUM_THREADS=x RUST_BACKTRACE=full RUST_MIN_STACK=x TZ=Nowhere/\"$(printf '\\377')\" ", ""),
    ("GITHUB_ACTIONS=true GITHUB_BASE_REF=\"$(printf '\\377')\" CI=\"$(printf '\\377')\" ", ""),
    ("GIT_DIR=/no/such/folder GIT_WORK_TREE=/dev/null GIT_INDEX_FILE=/dev/full ", ""),
    (
        "GIT_AUTHOR_NAME=\"$(printf '\\377')\" GIT_AUTHOR_DATE=x GIT_COMMITTER_DATE=99999999999999999999 EDITOR=false ",
        "",
    ),
    ("AWS_ACCESS_KEY_ID=\"$(printf 'a\\nb')\" AWS_ENDPOINT_URL=x HTTPS_PROXY=x ", ""),
    ("PATH=\"$PWD/../old:$PATH\" ", ""),
    ("PATH=\"$PWD/../broken:$PATH\" ", ""),
    ("ulimit -n 4; ", ""),
    ("ulimit -n 6; ", ""),
    ("ulimit -n 9; ", ""),
    ("ulimit -n 16; ", ""),
    ("ulimit -s 256; ", ""),
    ("ulimit -f 0; trap '' XFSZ; ", ""),
    ("chmod 0 flags flagctl.yaml; ", "; code=$?; chmod 755 flags; chmod 644 flagctl.yaml; exit $code"),
    ("chmod -R a-w .git; ", "; code=$?; chmod -R u+w .git; exit $code"),
    ("mkdir flags/folder.yaml; ", "; code=$?; rmdir flags/folder.yaml; exit $code"),
    (
        "mkdir \"flags/$(printf '\\377')\"; : >\"flags/$(printf '\\377')/a.yaml\"; ",
        "; code=$?; rm -r flags/?; exit $code",
    ),
    ("mv .git/HEAD ../HEAD; ", "; code=$?; mv ../HEAD .git/HEAD; exit $code"),
    ("cp .git/index ../index; printf x >.git/index; ", "; code=$?; cp ../index .git/index; exit $code"),
    (
        "mv .git/objects ../objects; mkdir .git/objects; ",
        "; code=$?; rm -rf .git/objects; mv ../objects .git/objects; exit $code",
    ),
];

/// The arguments of the runs in each situation.
const COMMANDS: &[&str] = &[
    "list",
    "show sale --format json",
    "eval sale -e production -c country=DE --explain",
    "eval -e production --contexts -",
    "validate --format sarif",
    "test --coverage",
    "diff HEAD~1",
    "diff --merge HEAD~1 HEAD HEAD",
    "log sale",
    "blame sale -e production -c country=DE",
    "kill sale -e production --reason r --yes",
    "verify-kill HEAD~1..HEAD",
    "revive sale -e production --yes",
    "rollout sale status",
    "export flagd -e production",
    "publish ../out/",
    "verify ../out/",
    "pull ../out/ -e production --to ../pulled.json",
    "explain unknown-field",
    "schema flag",
    "completions bash",
    "--help",
];

fn repository() -> TestRepository {
    let mut repository = TestRepository::with_sale();
    repository.write("README.md", "second\n");
    repository.commit("second");
    // The deepest JSON that is read, and a condition that is almost as deep as a file can be.
    let nested = format!("{{\"a\":{}{}}}\n", "[".repeat(126), "]".repeat(126));
    fs::write(repository.beside("deep.json"), nested).unwrap();
    let condition = format!("{}{{country: DE}}{}", "{not: ".repeat(58), "}".repeat(58));
    let rule = format!("rules:\n  - if: {condition}\n    serve: off\n");
    repository.write("flags/deep.yaml", &(flag("on") + &rule));
    repository.commit("third");
    // Versions of git that are too old, and that fail.
    let git = "#!/bin/sh\ncase \"$1 $2 $3\" in *merge-tree*) exit 129;; *version*) echo git version 2.20.1; exit;; esac\n\
               PATH=\"${PATH#*:}\" exec git \"$@\"\n";
    for (folder, text) in [("old", git), ("broken", "#!/bin/sh\nprintf '\\377\\n' >&2; kill -9 $$\n")] {
        fs::create_dir(repository.beside(folder)).unwrap();
        executable(&repository.beside(folder).join("git"), text);
    }
    repository
}

/// Runs a line of a shell, and returns what is wrong with its end.
fn problem(repository: &TestRepository, line: &str, expected: Option<(i32, &str)>) -> Option<String> {
    let ran = repository.shell(&format!("F={}; {line}", env!("CARGO_BIN_EXE_flagctl")));
    let is_expected = match (expected, ran.code) {
        (Some((code, message)), found) => found == Some(code) && ran.stderr.contains(message),
        (None, Some(0..=3)) => true,
        (None, _) => false,
    };
    // A closed pipe, and a stderr that cannot be written, have no message.
    let has_message = !line.contains('|') && !line.contains("2>");
    let is_explained = ran.code != Some(3) || !has_message || without_colours(&ran.stderr).contains("error: ");
    let panicked = ["panicked", "overflow", "RUST_BACKTRACE"].iter().any(|word| ran.stderr.contains(word));
    (!is_expected || !is_explained || panicked)
        .then(|| format!("{line}: {:?}, not {expected:?}\n{}", ran.code, ran.stderr))
}

#[test]
fn each_damaged_environment_is_reported() {
    let repository = repository();
    let problems: Vec<_> =
        RUNS.iter().filter_map(|(line, code, message)| problem(&repository, line, Some((*code, message)))).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_command_panics_or_ends_by_a_signal_in_a_damaged_environment() {
    let repository = repository();
    let problems: Vec<_> = SITUATIONS
        .iter()
        .flat_map(|(before, after)| COMMANDS.iter().map(move |command| (before, command, after)))
        .filter_map(|(before, command, after)| {
            let program = if before.ends_with("$F") { "" } else { "flagctl" };
            problem(&repository, &format!("{before}{program} {command}{after}"), None)
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
