//! The bounds on work and memory: a small input that would take too much of them is refused, with its position and what
//! to do.

use flagctl::bundle::{Bundle, LazyBundle, PatternBudget, PatternLimit};
use flagctl::codes::Code;
use flagctl::diag::Diagnostics;
use flagctl::snapshot::{File, FileId};
use flagctl::yaml;
use serde_json::json;

use crate::git_bench::{PROJECT, Ran, TestRepository};

const MIB: u64 = 1 << 20;

/// Parses a file and returns its diagnostics and the largest amount of memory that was allocated at one time, in bytes.
fn parse(text: String) -> (Diagnostics, u64) {
    let file = File::new("flags/x.yaml".to_owned(), text.into_bytes());
    let mut diagnostics = Vec::new();
    let measured = allocation_counter::measure(|| {
        yaml::parse(FileId(0), &file, &mut diagnostics);
    });
    (diagnostics, measured.bytes_max)
}

fn assert_refused((diagnostics, bytes): (Diagnostics, u64), message: &str, most: u64) {
    let found: Vec<_> = diagnostics.iter().map(|found| (found.code, found.message.as_str())).collect();
    assert_eq!(found, [(Code::LimitExceeded, message)]);
    assert!(diagnostics[0].help.is_some(), "no advice: {:?}", diagnostics[0]);
    assert!(bytes < most, "{} MiB", bytes / MIB);
}

#[test]
fn aliases_of_a_long_text_are_bounded_by_bytes() {
    let text = format!("a: &a {}\nb: [{}]\n", "z".repeat(400_000), "*a, ".repeat(9_990));
    assert_refused(parse(text), "aliases add more than 1048576 bytes of text", 8 * MIB);
}

#[test]
fn aliases_of_a_list_of_long_keys_are_bounded_by_bytes() {
    let text = format!("a: &a {{{}: 1}}\nb: [{}]\n", "k".repeat(1000), "*a, ".repeat(2_000));
    assert_refused(parse(text), "aliases add more than 1048576 bytes of text", 8 * MIB);
}

#[test]
fn anchors_inside_each_other_are_bounded_by_bytes() {
    let nested = |depth: usize| (0..depth).map(|index| format!("&a{index} [")).collect::<String>();
    let text = format!("{}{}{}\n", nested(60), "z".repeat(1_000_000), "]".repeat(60));
    assert_refused(parse(text), "anchors inside each other copy more than 16777216 bytes of text", 40 * MIB);
}

#[test]
fn the_values_of_a_file_are_bounded() {
    let text = format!("[{}]\n", "1,".repeat(4 << 20));
    assert_refused(parse(text), "the file has more than 1000000 values", 400 * MIB);
}

#[test]
fn a_list_of_many_long_texts_without_aliases_is_read() {
    let text =
        format!("a: &a [{}]\nb: *a\nc: [{}]\n", "abc, ".repeat(9_000), format!("{}, ", "z".repeat(36)).repeat(50_000));
    assert_eq!(parse(text).0, []);
}

/// Makes a flag repository with these files, and returns the output of `flagctl validate`.
fn validated(files: &[(&str, &str)]) -> Ran {
    let repository = TestRepository::new();
    if !files.iter().any(|(path, _)| *path == "flagctl.yaml") {
        repository.write("flagctl.yaml", PROJECT);
    }
    for (path, text) in files {
        repository.write(path, text);
    }
    repository.flagctl(&["validate"])
}

fn assert_limit(files: &[(&str, &str)], message: &str, location: &str) {
    let ran = validated(files);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let found = ran.stdout.contains(&format!("[limit-exceeded]: {message}")) && ran.stdout.contains(location);
    assert!(found, "expected `{message}` at `{location}`, found {}", &ran.stdout[..ran.stdout.len().min(2000)]);
}

fn numbered(prefix: &str, count: usize) -> String {
    (0..count).map(|index| format!("{prefix}{index}, ")).collect()
}

#[test]
fn the_parts_of_one_definition_are_bounded() {
    let project = |environments: &str, attributes: &str| {
        format!("version: 1\nenvironments: [{environments}]\nattributes:\n{attributes}\n")
    };
    let environments = project(&numbered("e", 101), "  country: string");
    assert_limit(&[("flagctl.yaml", &environments)], "more than 100 environments", "flagctl.yaml:2:");
    let attributes: String = (0..1_001).map(|index| format!("  a{index}: string\n")).collect();
    let attributes = project("production", &attributes);
    assert_limit(&[("flagctl.yaml", &attributes)], "more than 1000 attributes", "flagctl.yaml:1004:");
    let values = project("production", &format!("  country: {{type: string, enum: [{}]}}", numbered("c", 50_000)));
    assert_limit(&[("flagctl.yaml", &values)], "more than 5000 allowed values", "flagctl.yaml:4:");
    let variants: String = (0..70_000).map(|index| format!("v{index}: {index}, ")).collect();
    let variants = format!("variants: {{{variants}}}\noff: v0\ndefault: v69999\n");
    assert_limit(&[("flags/a.yaml", &variants)], "more than 1000 variants", "flags/a.yaml:1:");
    let rules = "  - {if: {country: DE}, serve: on}\n".repeat(1_001);
    let rules = format!("variants: {{on: true, off: false}}\noff: off\ndefault: off\nrules:\n{rules}");
    assert_limit(&[("flags/a.yaml", &rules)], "more than 1000 rules", "flags/a.yaml:1005:");
    let cases = "  - {expect: {a: on}}\n".repeat(10_001);
    let cases = format!("cases:\n{cases}");
    assert_limit(&[("tests/a.yaml", &cases)], "more than 10000 cases", "tests/a.yaml:10002:");
}

#[test]
fn a_definition_at_its_limits_is_read() {
    let project = format!(
        "version: 1\nenvironments: [production]\nattributes:\n  country: {{type: string, enum: [{}]}}\n",
        numbered("c", 5_000)
    );
    let flag = format!(
        "variants: {{on: true, off: false}}\noff: off\ndefault: off\nkind: ops\ndescription: d\nowner: o\nrules:\n\
         - {{if: {{country: [{}]}}, serve: on}}\n- {{if: {{country: {{in: [{}], ignore_case: true}}}}, serve: on}}\n",
        numbered("c", 4_000),
        numbered("C", 2_000),
    );
    let ran = validated(&[("flagctl.yaml", &project), ("flags/a.yaml", &flag)]);
    assert!(!ran.stdout.contains("error"), "{}", ran.stdout);
}

#[test]
fn the_problems_of_one_definition_are_bounded() {
    let project = format!(
        "version: 1\nenvironments: [production]\nattributes:\n  country: {{type: string, enum: [{}]}}\n",
        numbered("c", 5_000)
    );
    let flag = format!(
        "variants: {{on: true, off: false}}\noff: off\ndefault: off\nrules:\n- {{if: {{country: [{}]}}, serve: on}}\n",
        numbered("x", 100_000)
    );
    let message = "more than 100 problems; the others are not reported";
    assert_limit(&[("flagctl.yaml", &project), ("flags/a.yaml", &flag)], message, "flags/a.yaml:5:");
    let repeated = "a: 1\n".repeat(5_000);
    let message = "more than 1000 problems; the others are not reported";
    assert_limit(&[("flags/a.yaml", &repeated)], message, "flags/a.yaml:1002:");
}

/// Validates a flag whose values `small` and `deep` must satisfy a schema.
fn validated_with(schema: &serde_json::Value) -> Ran {
    let flag = "description: d\nowner: o\nkind: ops\nvariants: {small: {a: 1}, deep: {a: {a: [1, 2, {a: 1}]}}}\noff: small\n\
                default: deep\nschema: s.json\n";
    validated(&[("flags/a.yaml", flag), ("s.json", &schema.to_string())])
}

fn assert_schema(schema: &serde_json::Value, code: &str, message: &str) {
    let ran = validated_with(schema);
    let found = ran.stdout.contains(&format!("[{code}]: {message}")) && ran.stdout.contains("flags/a.yaml:7:9");
    assert!(ran.code == Some(1) && found, "expected `{message}`, found {} {}", ran.stdout, ran.stderr);
}

/// Definitions `d0`, `d1`, …, of which each is `part` of the next one.
fn chain(length: usize, part: impl Fn(serde_json::Value) -> serde_json::Value) -> serde_json::Value {
    let next = |index: usize| part(json!({"$ref": format!("#/$defs/d{}", index + 1)}));
    let mut definitions: serde_json::Map<_, _> = (0..length).map(|index| (format!("d{index}"), next(index))).collect();
    definitions.insert(format!("d{length}"), json!({"type": "null"}));
    json!({"$defs": definitions, "$ref": "#/$defs/d0"})
}

#[test]
fn the_work_of_a_value_schema_is_bounded() {
    let steps = "the schema `s.json` needs more than 1000000 steps for this value";
    for keyword in ["anyOf", "allOf", "oneOf"] {
        assert_schema(&chain(40, |next| json!({keyword: [next, next]})), "limit-exceeded", steps);
    }
    let conditional = chain(40, |next| json!({"if": next, "then": next, "else": next}));
    assert_schema(&conditional, "limit-exceeded", steps);
    let unevaluated = chain(40, |next| json!({"allOf": [next], "unevaluatedProperties": false}));
    assert_schema(&unevaluated, "limit-exceeded", steps);
    let deep = "the schema `s.json` nests deeper than 100 levels for this value, references included";
    assert_schema(&chain(5_000, |next| json!({"allOf": [next]})), "limit-exceeded", deep);
    let many = json!({"enum": (0..200_000).collect::<Vec<_>>()});
    assert_schema(&many, "limit-exceeded", "the schema `s.json` has more than 100000 values");
    let patterns = json!({"anyOf": (0..101).map(|index| json!({"pattern": index.to_string()})).collect::<Vec<_>>()});
    assert_schema(&patterns, "limit-exceeded", "the schema `s.json` has more than 100 regular expressions");
}

#[test]
fn a_value_schema_refers_only_to_itself() {
    for reference in
        ["https://example.com/s.json", "file:///etc/passwd", "other.json", "#name", "http://json-schema.org/schema#"]
    {
        let ran = validated_with(&json!({"$ref": reference}));
        assert!(ran.code == Some(1) && ran.stdout.contains("[value-schema]"), "{reference}: {}", ran.stdout);
    }
    assert_schema(&json!({"$ref": "#"}), "value-schema", "the schema `s.json` refers to itself for the same value");
    let nested = json!({"$defs": {"a": {"$id": "https://example.com/a"}}});
    assert_schema(&nested, "value-schema", "the schema `s.json` has an `$id` below its root");
}

#[test]
fn a_pattern_in_a_value_schema_takes_linear_time() {
    let look_ahead = json!({"properties": {"a": {"pattern": "^(?=(a+)+$)b"}}});
    assert_schema(&look_ahead, "value-schema", "the schema `s.json` is not a JSON Schema");
    let large = json!({"properties": {"a": {"pattern": r"(\p{L}{60}){60}"}}});
    assert_schema(&large, "value-schema", "the schema `s.json` is not a JSON Schema");
}

#[test]
fn schemas_that_use_the_whole_language_are_accepted() {
    let tree = json!({
        "$id": "https://example.com/tree",
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {"node": {"anyOf": [
            {"type": "number"},
            {"type": "array", "items": {"$ref": "#/$defs/node"}, "uniqueItems": true},
            {"type": "object", "properties": {"a": {"$ref": "#/$defs/node"}}, "propertyNames": {"pattern": "^[a-z]$"},
             "unevaluatedProperties": false},
        ]}},
        "$ref": "#/$defs/node",
    });
    let ran = validated_with(&tree);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    // A long chain is no problem as long as no value follows it.
    let ran = validated_with(&chain(90, |next| json!({"properties": {"b": next, "c": next}})));
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let ran = validated_with(&chain(2_000, |next| json!({"properties": {"b": next, "c": next}})));
    assert_eq!(ran.code, Some(0), "{} {}", ran.stdout, ran.stderr);
}

#[test]
fn the_regular_expressions_of_all_files_are_bounded_together() {
    let rules: String =
        (0..100).map(|index| format!("- {{if: {{country: {{matches: '\\w{{38}}x{index}'}}}}, serve: on}}\n")).collect();
    let flag = format!("variants: {{on: true, off: false}}\noff: off\ndefault: off\nrules:\n{rules}");
    let message = "all regular expressions together have more than 500000 characters and ranges";
    // The first 16 are below the limit.
    assert_limit(&[("flags/a.yaml", &flag)], message, "flags/a.yaml:21:");
}

#[test]
fn regular_expressions_that_only_one_environment_uses_count_too() {
    let rule = |index: usize| {
        let own = format!("{{matches: '\\w{{38}}x{index}'}}");
        format!("  e{index}: {{rules: [{{if: {{country: {own}}}, serve: on}}]}}\n")
    };
    let rules: String = (0..20).map(rule).collect();
    let flag = format!("variants: {{on: true, off: false}}\noff: off\ndefault: off\nenvironments:\n{rules}");
    let project = format!("version: 1\nenvironments: [{}]\nattributes:\n  country: string\n", numbered("e", 20));
    let tests = "assert:\n- {never: {b: on}, when: {country: {matches: '\\w{100}'}}}\n";
    let other = "variants: {on: true, off: false}\noff: off\ndefault: off\n";
    let files =
        [("flagctl.yaml", project.as_str()), ("flags/a.yaml", &flag), ("flags/b.yaml", other), ("tests/t.yaml", tests)];
    let ran = validated(&files);
    let message = "limit-exceeded]: all regular expressions together have more than 500000 characters and ranges";
    assert_eq!(ran.stdout.matches(message).count(), 2, "{}", ran.stdout);
    assert!(ran.stdout.contains("flags/a.yaml:21:"), "{}", ran.stdout);
    assert!(ran.stdout.contains("tests/t.yaml:2:"), "{}", ran.stdout);
}

#[test]
fn equal_regular_expressions_count_once() {
    let rules = "- {if: {country: {matches: '\\w{30}x'}}, serve: on}\n".repeat(30);
    let flag = format!("variants: {{on: true, off: false}}\noff: off\ndefault: off\nrules:\n{rules}");
    let ran = validated(&[("flags/a.yaml", &flag)]);
    assert!(!ran.stdout.contains("limit-exceeded"), "{}", ran.stdout);
}

#[test]
fn the_size_of_a_regular_expression_is_known_before_it_is_compiled() {
    let measured = allocation_counter::measure(|| {
        let mut budget = PatternBudget::default();
        assert_eq!(budget.add(&r"\w".repeat(30_000)), Err(PatternLimit::Total));
        assert_eq!(budget.add("((a{1000}){1000}){1000}"), Err(PatternLimit::Total));
        assert_eq!(budget.add(&"text".repeat(1_000_000)), Err(PatternLimit::Length));
        assert_eq!(budget.add(&"text".repeat(10_000)), Ok(()));
    });
    assert!(measured.bytes_max < 32 * MIB, "{} MiB", measured.bytes_max / MIB);
}

/// Returns the JSON of a bundle with two flags, each of which has these predicates.
fn bundle_of(predicates: &[serde_json::Value]) -> String {
    let rule = |(index, predicate): (usize, &serde_json::Value)| {
        let test = json!({"test": {"attribute": 0, "sign": "is", "predicate": predicate}});
        json!({"name": format!("r{index}"), "if": test, "rollout": 100_000, "serve": {"variant": 0}})
    };
    let rules: Vec<_> = predicates.iter().enumerate().map(rule).collect();
    let variants = json!([{"name": "on", "value": true}, {"name": "off", "value": false}]);
    let flag = |key: &str| {
        format!(
            r#"{{"key":"{key}","variants":{variants},"off":1,"default":1,"state":"enabled","rules":{},"unit":0,"salt":"s"}}"#,
            json!(rules)
        )
    };
    let head = r#"{"format":1,"environment":"production","bucketing":"siphash","attributes":[{"name":"targetingKey","type":"string"},{"name":"now","type":"datetime"}],"segments":[],"flags":["#;
    format!("{head}\n{},\n{}\n]}}", flag("a"), flag("b"))
}

#[test]
fn the_regular_expressions_of_a_bundle_are_bounded_together() {
    let many = |start: usize, count: usize| -> Vec<_> {
        (start..start + count).map(|index| json!({"matches": format!(r"\w{{30}}x{index}")})).collect()
    };
    let expected = "all regular expressions together have more than 500000 characters and ranges";
    let folded = |index: usize| json!({"folded": {"operator": "matches", "operands": [format!(r"\w{{30}}x{index}")]}});
    for predicates in [many(0, 30), (0..30).map(folded).collect()] {
        let json = bundle_of(&predicates);
        let error = Bundle::from_json(json.as_bytes()).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{error}");
        let lazy = LazyBundle::from_json(json.into_bytes()).unwrap();
        let error = lazy.flag("b").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{error}");
    }
    // Each bundle has its own budget, and equal expressions of its flags count once.
    for start in [0, 100] {
        let json = bundle_of(&many(start, 12));
        assert!(Bundle::from_json(json.as_bytes()).is_ok());
        let lazy = LazyBundle::from_json(json.into_bytes()).unwrap();
        assert!(lazy.flag("a").is_ok() && lazy.flag("b").is_ok());
    }
}

#[cfg(unix)]
#[test]
fn the_definition_files_together_are_bounded() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("segments/s0.yaml", &format!("# {}\nif: {{country: DE}}\n", "c".repeat(15 << 20)));
    for index in 1..20 {
        std::os::unix::fs::symlink("s0.yaml", repository.root().join(format!("segments/s{index}.yaml"))).unwrap();
    }
    let ran = repository.flagctl(&["validate"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    let message = "the definition files have more than 268435456 bytes; the largest are `segments/s";
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn the_definitions_of_all_environments_together_are_bounded_in_four_gibibytes() {
    let mut repository = TestRepository::new();
    let project = |environments: usize| {
        format!("version: 1\nenvironments: [{}]\nattributes:\n  country: string\n", numbered("e", environments))
    };
    let flag = |off: &str| {
        let list = "1,".repeat(100_000);
        format!("variants: {{on: [{list}], off: [{list}]}}\noff: {off}\ndefault: off\nkind: ops\n")
    };
    repository.write("flagctl.yaml", &project(100));
    repository.write("flags/a.yaml", &flag("off"));
    repository.commit("before");
    repository.write("flags/a.yaml", &flag("on"));
    let message = "the definition files have more than 16000000 values and 16-byte blocks of text, times the number of \
                   environments, which is 100; the largest are `flags/a.yaml` (2";
    for command in ["validate", "test", "eval a -e e0", "diff HEAD"] {
        let ran = repository.shell(&format!("ulimit -v 4194304 && flagctl {command}"));
        assert!(ran.code == Some(3) && ran.stderr.contains(message), "{command}: {:?} {}", ran.code, ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn what_aliases_add_to_small_files_counts_as_values_and_as_text() {
    let linked = |flag: &str| {
        let repository = TestRepository::new();
        repository.write("flagctl.yaml", PROJECT);
        repository.write("flags/f0.yaml", flag);
        for index in 1..1_000 {
            std::os::unix::fs::symlink("f0.yaml", repository.root().join(format!("flags/f{index}.yaml"))).unwrap();
        }
        repository.shell("ulimit -v 4194304 && flagctl validate")
    };
    let flag = |anchored: &str, aliases: usize| {
        let aliases = "*a, ".repeat(aliases);
        format!("variants: {{on: &a [{anchored}], off: [{aliases}]}}\noff: off\ndefault: off\n")
    };
    let ran = linked(&flag(&"1,".repeat(1_000), 9));
    let message = "the definition files have more than 4000000 values; the largest are `flags/f";
    assert!(ran.code == Some(3) && ran.stderr.contains(message), "{:?} {}", ran.code, ran.stderr);
    // A thousand files of 3 KiB would take 4 GiB.
    let ran = linked(&flag(&"x".repeat(2_000), 500));
    let message =
        "more than 16000000 values and 16-byte blocks of text, times the number of environments, which is 1; ";
    assert!(ran.code == Some(3) && ran.stderr.contains(message), "{:?} {}", ran.code, ran.stderr);
}

#[test]
fn the_cells_of_a_golden_matrix_are_bounded() {
    let repository = TestRepository::new();
    let environments = numbered("e", 100);
    let project = format!("version: 1\nenvironments: [{environments}]\nattributes:\n  country: string\n");
    repository.write("flagctl.yaml", &project);
    for index in 0..21 {
        let flag = "variants: {on: true, off: false}\noff: off\ndefault: off\n";
        repository.write(&format!("flags/f{index}.yaml"), flag);
    }
    let contexts: String = (0..1_000).map(|index| format!("  c{index}: {{country: DE}}\n")).collect();
    repository.write("tests/a.yaml", &format!("contexts:\n{contexts}golden:\n  cells: {{}}\n"));
    for command in [&["validate"][..], &["test"], &["test", "--update"]] {
        let ran = repository.flagctl(command);
        let message = "[limit-exceeded]: more than 2000000 checks in all test files";
        assert!(ran.code != Some(0) && ran.stdout.contains(message), "{command:?}: {} {}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("tests/a.yaml:1003:"), "{command:?}: {}", ran.stdout);
    }
    let text = std::fs::read_to_string(repository.root().join("tests/a.yaml")).unwrap();
    assert!(text.ends_with("  cells: {}\n"));
}

#[test]
fn the_checks_of_all_test_files_are_bounded() {
    let flag = "variants: {on: true, off: false}\noff: off\ndefault: off\n";
    let contexts: String = (0..100).map(|index| format!("  c{index}: {{country: DE}}\n")).collect();
    let names: Vec<String> = (0..100).map(|index| format!("c{index}")).collect();
    let case = format!(
        "- context: [{}]\n  matrix: {{country: [{}], plan: [{}]}}\n  expect: {{a: off}}\n",
        names.join(", "),
        numbered("k", 99),
        numbered("p", 99)
    );
    let repository = TestRepository::new();
    repository.write(
        "flagctl.yaml",
        "version: 1\nenvironments: [production]\nattributes:\n  country: string\n  plan: string\n",
    );
    repository.write("flags/a.yaml", flag);
    repository.write("tests/a.yaml", &format!("contexts:\n{contexts}cases:\n{}", case.repeat(5)));
    let ran = repository.flagctl(&["validate"]);
    let message = "[limit-exceeded]: more than 2000000 checks in all test files";
    assert!(ran.stdout.contains(message), "{} {}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("tests/a.yaml:111:"), "{}", ran.stdout);
}

#[test]
fn the_size_and_depth_of_a_bundle_and_a_context_are_bounded() {
    let repository = TestRepository::new();
    let bundle = bundle_of(&[]);
    repository.write("bundle.json", &bundle);
    let large = std::fs::File::create(repository.root().join("large.json")).unwrap();
    // The file has no blocks on the disk.
    large.set_len((256 << 20) + 1).unwrap();
    let ran = repository.flagctl(&["eval", "a", "--bundle", "large.json"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("`large.json` has more than 268435456 bytes"), "{}", ran.stderr);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    repository.write("deep.json", &bundle.replace("\"segments\":[]", &format!("\"segments\":{deep}")));
    let ran = repository.flagctl(&["eval", "a", "--bundle", "deep.json"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    for (name, context) in [
        ("deep", format!("{{\"targetingKey\":{deep}}}")),
        ("long", format!("{{\"targetingKey\":\"{}\"}}", "k".repeat(20 << 20))),
    ] {
        repository.write(name, &context);
        let ran = repository.flagctl(&["eval", "a", "--bundle", "bundle.json", "--context", name]);
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        let ran = repository.flagctl(&["eval", "--bundle", "bundle.json", "--contexts", name]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains("1 line is not a context"), "{}", ran.stderr);
    }
}

#[test]
fn foreign_files_that_nest_100_000_levels_are_errors_in_every_command_that_reads_them() {
    let repository = TestRepository::with_sale();
    let bundle = repository.flagctl(&["export", "bundle", "-e", "production"]).stdout;
    repository.write("sound.json", &bundle);
    let nested = |open: &str, core: &str, close: &str, levels: usize| {
        format!("{}{core}{}", open.repeat(levels), close.repeat(levels))
    };
    let test = r#"{"test":{"attribute":2,"sign":"is","predicate":"exists"}}"#;
    for (open, close) in [(r#"{"not":"#, "}"), (r#"{"all":["#, "]}"), (r#"{"any":["#, "]}"), ("[", "]")] {
        let rule = format!(
            r#""salt":"sale","rules":[{{"if":{},"rollout":100000,"serve":{{"variant":0}}}}]"#,
            nested(open, test, close, 100_000)
        );
        repository.write("deep.json", &bundle.replace(r#""salt":"sale""#, &rule));
        for command in [
            &["eval", "sale", "--bundle", "deep.json"][..],
            &["show", "sale", "--bundle", "deep.json"],
            &["diff", "--bundle", "deep.json", "HEAD"],
            &["diff", "--bundle", "sound.json", "--bundle", "deep.json"],
        ] {
            let ran = repository.flagctl(command);
            assert!(ran.code == Some(3) && ran.stderr.contains("error: "), "{open} {command:?}: {ran:?}");
        }
        // A manifest has at most 64 KiB.
        for manifest in
            [nested(open, "1", close, 3_000), format!(r#"{{"version":1,"void":{}}}"#, nested(open, "1", close, 3_000))]
        {
            repository.write("store/production/manifest.json", &manifest);
            for command in [&["verify", "store/"][..], &["pull", "store/", "-e", "production", "--to", "pulled.json"]] {
                let ran = repository.flagctl(command);
                assert!(
                    ran.code == Some(1) && !(ran.stdout + &ran.stderr).is_empty(),
                    "{open} {command:?}: {:?}",
                    ran.code
                );
            }
        }
    }
}
