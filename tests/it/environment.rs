//! The environment of the process, the streams and the limits of the system cannot make the program panic.

use crate::git_bench::TestRepository;

/// Lines for a shell, each with the expected exit code.
const RUNS: &[(&str, i32)] = &[
    (r#"flagctl "$(printf '\377')""#, 2),
    (r#"flagctl list "$(printf '\377')""#, 2),
    (r#"flagctl eval "$(printf 'a\377')""#, 2),
    (r#"flagctl -C "$(printf '\377')" list"#, 3),
    ("env -u HOME flagctl list", 0),
    ("TMPDIR=/no/such/folder flagctl diff HEAD~1", 0),
    ("flagctl list >&-", 0),
    ("flagctl nothing 2>&-", 2),
    ("flagctl list nothing 2>/dev/full", 2),
    ("flagctl list >/dev/full", 3),
    ("flagctl list --format json >/dev/full", 3),
    ("flagctl validate --format sarif >/dev/full", 3),
    ("flagctl completions bash >/dev/full", 3),
    ("flagctl completions bash | head -c 1", 0),
    ("flagctl --help >/dev/full", 3),
    ("flagctl --help | head -c 1", 0),
    ("flagctl schema flag | head -c 1", 0),
    ("COLUMNS=0 flagctl --help", 0),
    ("COLUMNS=x TERM=strange flagctl eval -h", 0),
    (r#"NO_COLOR="$(printf '\377')" CLICOLOR_FORCE=1 flagctl validate"#, 0),
    ("LC_ALL=nothing flagctl list", 0),
    ("RAYON_NUM_THREADS=x flagctl validate", 0),
    ("F=$(command -v flagctl); PATH=/no/such/folder; $F list", 0),
    ("F=$(command -v flagctl); PATH=/no/such/folder; $F kill sale -e production --reason r --yes", 3),
    ("ulimit -n 8; flagctl list", 0),
    ("ulimit -s 256; flagctl validate", 0),
    ("ulimit -s 256; flagctl diff HEAD~1", 0),
    (r#"flagctl show "$(head -c 100000 /dev/zero | tr '\0' a)""#, 3),
    ("mkdir gone; cd gone; rmdir ../gone; flagctl list", 3),
    ("flagctl eval -e production --contexts - </dev/null", 0),
    ("flagctl eval -e production --context - <&-", 3),
];

#[test]
fn no_environment_and_no_stream_makes_the_program_panic() {
    let mut repository = TestRepository::with_sale();
    repository.write("README.md", "second\n");
    repository.commit("second");
    let mut wrong = Vec::new();
    for (line, code) in RUNS {
        let ran = repository.shell(line);
        if ran.code != Some(*code) || ran.stderr.contains("panicked") || ran.stderr.contains("overflow") {
            wrong.push(format!("{line}: {:?}, expected {code}\n{}", ran.code, ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
