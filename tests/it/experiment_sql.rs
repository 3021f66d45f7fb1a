//! `flagctl experiment sql`: the text of the query. `tests/interop/experiment_sql.py` runs it in databases.

use crate::git_bench::{Ran, TestRepository};

const FLAG: &str = "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {fast: true, off: false}\noff: off\n\
    default: off\nrules:\n  - serve: {fast: 50%, off: 50%}\n\
    experiment:\n  window: 2h\n  metrics:\n    - {name: revenue, role: primary, event: \"it's 5 \\\\ {flag}\\n\\u202E\", cap: 99.5}\n";

fn repository(more: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\n");
    repository.write("flags/cart.yaml", &format!("{FLAG}{more}"));
    repository.commit("cart: an experiment");
    repository
}

fn sql(repository: &TestRepository, options: &[&str]) -> Ran {
    repository.flagctl(&[&["experiment", "sql", "cart"], options].concat())
}

#[test]
fn the_query_has_the_phases_and_the_texts_of_the_repository_as_literals() {
    let mut repository = repository("");
    repository.write("flags/cart.yaml", &FLAG.replace("{fast: 50%, off: 50%}", "{fast: 20%, off: 80%}"));
    repository.commit("cart: for 20 %");
    let ran = sql(&repository, &["--dialect", "postgres", "--until", "2026-11-30", "--events-table", "shop.events"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    snapbox::assert_data_eq!(ran.stdout, snapbox::file!["../experiment/statistics.sql": Text].raw());
}

#[test]
fn the_dialects_differ_only_in_literals() {
    let repository = repository("");
    let lines = |dialect: &str| {
        let ran = sql(&repository, &["-e", "production", "--dialect", dialect, "--include-immature"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let is_text = |line: &&str| !line.contains("INTERVAL") && !line.contains("    (") && !line.starts_with("--");
        (ran.stdout.lines().filter(is_text).count(), ran.stdout.matches('\u{202e}').count(), ran.stdout)
    };
    let (postgres, duckdb, ansi) = (lines("postgres"), lines("duckdb"), lines("ansi"));
    assert_eq!((postgres.0, duckdb.0), (duckdb.0, ansi.0));
    assert_eq!((postgres.1, duckdb.1, ansi.1), (0, 0, 0));
    assert!(duckdb.2.contains(r"('it''s 5 \ {flag}' || chr(10) || '' || chr(8238) || '')"), "{}", duckdb.2);
    assert!(ansi.2.contains(r"U&'it''s 5 \\ {flag}\+00000A\+00202E'"), "{}", ansi.2);
}

#[test]
fn quantiles_are_left_out_and_named() {
    let quantile = "    - {name: slow, kind: quantile, level: 0.9}\n";
    let ran = sql(&repository(quantile), &["--dialect", "duckdb"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("the query leaves out `slow`, which is a quantile"), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("-- Left out, because the query has no quantiles: 1 of the metrics."),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("slow"), "{}", ran.stdout);
    let mut repository = repository("");
    let (before, _) = FLAG.split_once("    - {name").unwrap();
    repository.write("flags/cart.yaml", &format!("{before}{}", quantile.replace("slow,", "slow, role: primary,")));
    repository.commit("cart: only a quantile");
    let ran = sql(&repository, &["--dialect", "duckdb"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
    assert!(ran.stderr.contains("the query has no quantiles, and `cart` has no other metric"), "{}", ran.stderr);
}

#[test]
fn names_of_tables_are_not_sql() {
    for wrong in ["a; DROP TABLE b", "a..b", "1a", "\"a\"", ""] {
        let ran = sql(&repository(""), &["--dialect", "duckdb", "--exposures-table", wrong]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{wrong}: {ran:?}");
    }
}
