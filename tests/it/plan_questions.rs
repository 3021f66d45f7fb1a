//! The questions about the plans of the documentation: their answers are those of the evaluator.

use std::fs;

use flagctl::bundle::Bundle;
use flagctl::eval::{Context, decide};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::example_shop;
use crate::git_bench::TestRepository;

const UNITS: usize = 4_000;

/// Returns the variant that each unit gets, with `context` as the other attributes.
fn served(bundle: &Bundle, flag: &str, context: &Json) -> Vec<String> {
    let now = Timestamp::from_second(1_796_000_000).unwrap();
    let served = |number: usize| {
        let mut context = context.clone();
        context["targetingKey"] = json!(format!("user-{number}"));
        let context = Context::from_json(bundle.attributes(), &context).unwrap().context;
        decide(bundle, bundle.flag(flag).unwrap(), &context, now).variant.name.to_string()
    };
    (0..UNITS).map(served).collect()
}

/// Checks a share such as `on 20%`, which may differ by three percentage points.
fn has_share(served: &[String], claim: &str) -> bool {
    let (variant, percent) = claim.trim_end_matches('%').split_once(' ').unwrap();
    let percent: usize = percent.parse().unwrap();
    let found = served.iter().filter(|name| *name == variant).count() * 100;
    let exact = percent == 0 || percent == 100;
    if exact { found == percent * UNITS } else { found.abs_diff(percent * UNITS) <= 3 * UNITS }
}

fn exported(repository: &TestRepository, revision: &str) -> Bundle {
    let ran = repository.flagctl(&["export", "bundle", "-e", "production", "--at", revision]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    Bundle::from_json(ran.stdout.as_bytes()).unwrap()
}

#[test]
fn the_answers_to_the_questions_about_plans_are_those_of_the_evaluator() {
    let repository = example_shop::pull_request();
    let text = fs::read_to_string("tests/plan_questions.md").unwrap();
    let documented = fs::read_to_string("docs/plans.md").unwrap();
    let mut questions = Vec::new();
    for section in text.split("\n## ").skip(1) {
        let (command, table) = section.split_once('\n').unwrap();
        assert!(documented.contains(command), "docs/plans.md does not show `{command}`");
        let (_, head) = command.split_once("main...").unwrap();
        let (head, _) = head.split_once(' ').unwrap();
        let (before, after) = (exported(&repository, "main"), exported(&repository, head));
        let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
        questions.push(rows.clone().count());
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            let [_, flag, context, old, new] = cells.as_slice() else { panic!("{row}") };
            let context: Json = serde_json::from_str(context.trim_matches('`')).unwrap();
            let [had, gets] = [&before, &after].map(|bundle| served(bundle, flag, &context));
            match (*old, *new) {
                ("as before", "as before") => assert_eq!(had, gets, "{row}"),
                _ => assert!(had != gets && has_share(&had, old) && has_share(&gets, new), "{row}"),
            }
        }
    }
    assert_eq!(questions, [10, 10]);
}
