//! Every operator is supported by the schemas, the compiler, the evaluator, the analysis and the flagd export, and
//! occurs in the vectors and the documentation.
//!
//! The Rust compiler finds a missing match arm. This test finds a schema, a page, a table or a vector that does not
//! contain a new operator.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use flagctl::model::Operator;
use serde_json::Value as Json;
use tempfile::TempDir;

/// A condition with an operator: the type of the attribute, the operand, a value for which the condition holds, and a
/// value for which it fails. `None` means that the context does not have the attribute.
struct Sample {
    attribute: &'static str,
    operand: &'static str,
    holds: Option<&'static str>,
    fails: Option<&'static str>,
}

fn sample(operator: Operator) -> Sample {
    let of = |attribute, operand, holds, fails| Sample { attribute, operand, holds: Some(holds), fails: Some(fails) };
    match operator {
        Operator::Eq => of("string", "pro", "pro", "free"),
        Operator::Ne => of("string", "pro", "free", "pro"),
        Operator::In => of("string", "[pro, team]", "team", "free"),
        Operator::NotIn => of("string", "[pro, team]", "free", "team"),
        Operator::Lt => of("number", "10", "9", "10"),
        Operator::Lte => of("number", "10", "10", "11"),
        Operator::Gt => of("semver", "2.0.0", "2.0.1", "2.0.0"),
        Operator::Gte => of("semver", "2.0.0", "2.0.0", "1.9.9"),
        Operator::StartsWith => of("string", "ab", "abc", "cab"),
        Operator::EndsWith => of("string", "ab", "cab", "abc"),
        Operator::Contains => of("string", "ab", "cabc", "acb"),
        Operator::Matches => of("string", "'^a+$'", "aa", "ab"),
        Operator::Has => of("{type: list, of: string}", "a", "[a, b]", "[b]"),
        Operator::HasAny => of("{type: list, of: string}", "[a, b]", "[b, c]", "[c]"),
        Operator::HasAll => of("{type: list, of: string}", "[a, b]", "[a, b, c]", "[a]"),
        Operator::Exists => Sample { attribute: "string", operand: "true", holds: Some("x"), fails: None },
    }
}

/// Makes a project with a flag that serves `on` if a condition holds, and with the assertions that it never serves `on`
/// and always serves `on`.
fn project(operator: Operator) -> TempDir {
    let folder = TempDir::new().unwrap();
    let Sample { attribute, operand, .. } = sample(operator);
    let name = operator.name();
    let files = [
        ("flagctl.yaml", format!("version: 1\nenvironments: [production]\nattributes:\n  it: {attribute}\n")),
        (
            "flags/asked.yaml",
            format!(
                "description: Uses one operator.\nowner: tests\nexpires: 2099-01-01\nvariants: {{on: true, off: false}}\n\
                 off: off\nrules: [{{name: asks, if: {{it: {{{name}: {operand}}}}}, serve: on}}]\ndefault: off\n"
            ),
        ),
        (
            "tests/claims.yaml",
            "assert:\n  - name: never\n    never: {asked: on}\n  - name: always\n    always: {asked: on}\n".to_owned(),
        ),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn flagctl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flagctl"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Returns whether a JSON Schema has a property with this name at any depth.
fn has_property(schema: &Json, name: &str) -> bool {
    match schema {
        Json::Object(members) => members
            .iter()
            .any(|(key, value)| key == "properties" && value.get(name).is_some() || has_property(value, name)),
        Json::Array(items) => items.iter().any(|item| has_property(item, name)),
        _ => false,
    }
}

/// Collects the results of all vectors whose condition uses the operator, negated or not.
fn vector_results(name: &str) -> Vec<Json> {
    fn uses(condition: &Json, name: &str) -> bool {
        match condition {
            Json::Object(members) => members.iter().any(|(key, value)| key == name || uses(value, name)),
            Json::Array(items) => items.iter().any(|item| uses(item, name)),
            _ => false,
        }
    }
    let table: Json = serde_json::from_str(&fs::read_to_string("tests/vectors/conditions.json").unwrap()).unwrap();
    let rows = table["rows"].as_array().unwrap();
    rows.iter().filter(|row| uses(&row["if"], name)).map(|row| row["holds"].clone()).collect()
}

#[test]
fn the_published_schemas_name_every_operator() {
    for file in ["flag", "segment", "test"] {
        let path = format!("schemas/{file}.schema.json");
        let schema: Json = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for operator in Operator::ALL {
            assert!(has_property(&schema, operator.name()), "{path} does not name `{}`", operator.name());
        }
    }
}

#[test]
fn the_documentation_names_every_operator() {
    let page = fs::read_to_string("docs/conditions.md").unwrap();
    for operator in Operator::ALL {
        assert!(
            page.contains(&format!("`{}`", operator.name())),
            "docs/conditions.md does not name `{}`",
            operator.name()
        );
    }
}

#[test]
fn the_vectors_have_every_operator_with_every_result() {
    for operator in Operator::ALL {
        let results = vector_results(operator.name());
        let mut expected = vec![Json::Bool(true), Json::Bool(false)];
        if *operator != Operator::Exists {
            expected.push(Json::from("unknown"));
        }
        for result in expected {
            assert!(results.contains(&result), "no vector of `{}` with the result {result}", operator.name());
        }
    }
}

#[test]
fn the_compiler_and_the_evaluator_know_every_operator() {
    for operator in Operator::ALL {
        let (folder, Sample { holds, fails, .. }) = (project(*operator), sample(*operator));
        let validation = flagctl(folder.path(), &["validate"]);
        assert_eq!(validation.status.code(), Some(0), "`{}`: {}", operator.name(), text(&validation));
        for (value, expected) in [(holds, "asked: on"), (fails, "asked: off")] {
            let context = value.map_or("{}".to_owned(), |value| format!("it: {value}\n"));
            fs::write(folder.path().join("context.yaml"), context).unwrap();
            let decision = text(&flagctl(folder.path(), &["eval", "asked", "--context", "context.yaml"]));
            assert!(decision.starts_with(expected), "`{}` with {value:?}: {decision}", operator.name());
        }
    }
}

#[test]
fn the_analysis_knows_every_operator() {
    for operator in Operator::ALL {
        let folder = project(*operator);
        let output = flagctl(folder.path(), &["test"]);
        let printed = text(&output);
        assert_eq!(output.status.code(), Some(1), "`{}`: {printed}", operator.name());
        // Both assertions are wrong, and the analysis must find a counterexample for each of them.
        assert_eq!(printed.matches("error[failed-assertion]").count(), 2, "`{}`: {printed}", operator.name());
        assert!(printed.contains("0 passed, 2 failed"), "`{}`: {printed}", operator.name());
    }
}

#[test]
fn the_flagd_export_knows_every_operator() {
    for operator in Operator::ALL {
        let folder = project(*operator);
        let output = flagctl(folder.path(), &["export", "flagd"]);
        match output.status.code() {
            Some(0) => {
                let flags: Json = serde_json::from_slice(&output.stdout).unwrap();
                let targeting = &flags["flags"]["asked"]["targeting"];
                assert!(targeting.to_string().contains("\"it\""), "`{}`: {targeting}", operator.name());
            }
            // If flagd does not support an operator, the export is refused with a message that contains the operator's
            // name.
            _ => assert!(text(&output).contains(&format!("it {} ", operator.name())), "{}", text(&output)),
        }
    }
}
