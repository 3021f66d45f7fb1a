//! The bounds on work and memory: a small input that would take too much of them is refused, with its position and what
//! to do.

use flagctl::codes::Code;
use flagctl::diag::Diagnostics;
use flagctl::snapshot::{File, FileId};
use flagctl::yaml;

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
