//! `flagctl fmt`: the layout changes, and nothing else does.

use std::fs;
use std::path::{Path, PathBuf};

use flagctl::edit;
use flagctl::formatting::{FormatRefusal, formatted};
use flagctl::yaml;

use crate::git_bench::{PROJECT, TestRepository, flag};
use crate::random::Random;

/// Returns the texts of all YAML files below some folders, and those that the seeds of the fuzzer contain.
fn texts() -> Vec<String> {
    let mut paths: Vec<PathBuf> =
        ["examples", "tests/projects", "tests/mistakes", "tests/cli"].map(PathBuf::from).into();
    let mut texts = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            texts.extend(fs::read_to_string(&path));
        }
    }
    for seed in fs::read_dir(Path::new("fuzz/seeds/definitions")).unwrap() {
        let seed = fs::read(seed.unwrap().path()).unwrap();
        texts.extend(String::from_utf8_lossy(&seed).split("---8<---\n").map(str::to_owned));
    }
    texts.sort();
    texts
}

/// Formats a text, and asserts that the result says the same and is stable.
fn checked(text: &str) -> Result<String, FormatRefusal> {
    let result = formatted(text)?;
    assert!(edit::same(text, &result), "{text}\n---\n{result}");
    let comments = |text| yaml::comments(text).into_iter().map(|(_, comment)| comment);
    assert!(comments(text).eq(comments(&result)), "{text}\n---\n{result}");
    assert_eq!(formatted(&result).as_ref(), Ok(&result), "{text}");
    Ok(result)
}

#[test]
fn every_definition_of_the_project_can_be_formatted() {
    let (mut formatted, mut refused) = (0, Vec::new());
    for text in texts() {
        match checked(&text) {
            Ok(_) => formatted += 1,
            Err(FormatRefusal::Invalid) => {}
            Err(refusal) => refused.push((refusal, text)),
        }
    }
    assert!(formatted > 130, "{formatted}");
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn no_text_ends_the_process_or_changes_its_meaning() {
    const PARTS: [&str; 26] = [
        "\n", "\n\n", " ", "  ", "\t", "#", " # c\n", ":", ": ", "- ", "? ", "{", "}", "[", "]", ",", "'", "\"",
        "|\n  ", ">-\n  ", "&a ", "*a", "!t ", "---\n", "\u{feff}", "\r\n",
    ];
    let texts = texts();
    let mut random = Random(23);
    let (mut accepted, mut unproven) = (0, 0);
    for _ in 0..6_000 {
        let mut text: String = random.pick(&texts).chars().take(600).collect();
        for _ in 0..1 + random.below(3) {
            let boundaries: Vec<usize> = text.char_indices().map(|(offset, _)| offset).chain([text.len()]).collect();
            let start = random.pick(&boundaries);
            let end = random.pick(&boundaries).clamp(start, (start + 8).min(text.len()));
            let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap();
            let part = random.pick(&PARTS);
            text.replace_range(start..end, part);
        }
        match checked(&text) {
            Ok(_) => accepted += 1,
            Err(FormatRefusal::Unproven) => unproven += 1,
            Err(FormatRefusal::Invalid | FormatRefusal::TooLarge) => {}
        }
    }
    assert!(accepted > 1_000, "{accepted}");
    assert!(unproven * 10 < accepted, "{unproven} of {accepted}");
}

fn read(repository: &TestRepository, path: &str) -> String {
    fs::read_to_string(repository.root().join(path)).unwrap()
}

#[test]
fn the_examples_have_the_layout() {
    let repository = TestRepository::new();
    let ran = repository.flagctl(&["-C", concat!(env!("CARGO_MANIFEST_DIR"), "/examples"), "fmt", "--check"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "0 of 28 files would change\n"));
}

#[test]
fn a_check_shows_what_a_run_changes() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", &flag("on").replace("off: off", "off:    'off'   # the end"));
    repository.write("flags/right.yaml", &flag("on"));
    repository.write("flags/broken.yaml", "a: [1\n");
    let before = read(&repository, "flags/sale.yaml");
    let check = repository.flagctl(&["fmt", "--check"]);
    assert_eq!(check.code, Some(1));
    assert!(check.stdout.contains("-off:    'off'   # the end\n+off: \"off\"   # the end\n"), "{}", check.stdout);
    assert!(check.stdout.ends_with("1 of 4 files would change\n"), "{}", check.stdout);
    assert_eq!(read(&repository, "flags/sale.yaml"), before);
    let ran = repository.flagctl(&["fmt"]);
    assert_eq!(ran.stdout, "formatted flags/sale.yaml\n1 of 4 files changed\n");
    assert!(ran.stderr.contains("left as it is: `flags/broken.yaml` has problems that come first"), "{}", ran.stderr);
    assert_eq!(ran.code, Some(1), "a file was left as it is");
    let again = repository.flagctl(&["fmt", "--check", "flags/sale.yaml", "flags/right.yaml"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "0 of 2 files would change\n"));
}

#[test]
fn json_has_the_files_that_are_not_in_the_layout() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", &flag("on").replace("off: off", "off:    off"));
    repository.write("flags/broken.yaml", "a: [1\n");
    let expected = |check: bool, state: &str| {
        format!(
            r#"{{
  "version": 1,
  "check": {check},
  "total": 3,
  "changed": 1,
  "files": [
    {{
      "path": "flags/broken.yaml",
      "state": "refused",
      "reason": "has problems that come first: `flagctl validate` shows them"
    }},
    {{
      "path": "flags/sale.yaml",
      "state": "{state}"
    }}
  ]
}}
"#
        )
    };
    let check = repository.flagctl(&["fmt", "--check", "--format", "json"]);
    assert_eq!((check.code, check.stdout), (Some(1), expected(true, "would-change")));
    let ran = repository.flagctl(&["fmt", "--format", "json"]);
    assert_eq!((ran.code, ran.stdout, ran.stderr), (Some(1), expected(false, "formatted"), String::new()));
    let again = repository.flagctl(&["fmt", "--format", "json", "flags/sale.yaml"]);
    assert!(again.code == Some(0) && again.stdout.contains("\"changed\": 0,\n  \"files\": []\n"), "{again:?}");
}

#[test]
fn a_comment_for_flagctl_stays_at_its_line() {
    let text = "a:\n    # flagctl: allow unused-variant -- later\n    b:   1\nc: [x,   y]   # flagctl: allow missing-owner -- later\n";
    let result = checked(text).unwrap();
    assert_eq!(
        result,
        "a:\n  # flagctl: allow unused-variant -- later\n  b: 1\nc: [x, y]   # flagctl: allow missing-owner -- later\n"
    );
}

#[cfg(unix)]
#[test]
fn a_file_behind_a_link_is_not_formatted() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    let text = flag("on").replace("off: off", "off:    off");
    repository.write("shared/sale.yaml", &text);
    fs::create_dir_all(repository.root().join("flags")).unwrap();
    std::os::unix::fs::symlink("../shared/sale.yaml", repository.root().join("flags/sale.yaml")).unwrap();
    let ran = repository.flagctl(&["fmt"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(read(&repository, "shared/sale.yaml"), text);
}
