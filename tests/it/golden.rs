//! Golden matrices that the binary writes, and malicious test files.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Makes a copy of the repository with failing tests that has only one test file.
fn repository(test: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for path in ["flagctl.yaml", "flags/new-checkout.yaml", "flags/fast-lane.yaml"] {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(Path::new("tests/cli/expectations").join(path), place).unwrap();
    }
    fs::create_dir(folder.path().join("tests")).unwrap();
    fs::write(folder.path().join("tests/people.yaml"), test).unwrap();
    folder
}

/// Returns the exit code, stdout and stderr.
fn flagctl(folder: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_flagctl"))
        .args(["--color", "never", "-C"])
        .arg(folder.path())
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn written(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("tests/people.yaml")).unwrap()
}

const PEOPLE: &str = "\
# Who gets what.
contexts:
  dana: {targetingKey: user-2, country: US, plan: pro}
  lee: {country: DE}    # not signed in
golden:
  # All flags.
  cells: {}   # begin here
cases: []     # none yet
";

#[test]
fn update_writes_the_cells_of_a_matrix_in_flow_style() {
    let people = "contexts: {dana: {targetingKey: user-2, country: US, plan: pro}}\n";
    for (golden, before_cells) in [
        ("golden: {cells: {}}\n", ""),
        ("golden: {flags: fast-lane, cells: {}}   # begin here\n", "  flags: fast-lane\n"),
        ("golden: {\n  cells: {},\n  flags: [fast-lane]\n  }\n", "  flags: [fast-lane]\n"),
    ] {
        let folder = repository(format!("{people}{golden}").as_bytes());
        assert_eq!(flagctl(&folder, &["test", "--update"]).0, 0, "{golden}");
        let comment =
            golden.split_once('#').map_or(String::new(), |(_, comment)| format!("   #{}", comment.trim_end()));
        let checkout = "    new-checkout:\n      dana: {staging: on, production: off}";
        let checkout = if before_cells.is_empty() { format!("\n{checkout}") } else { String::new() };
        let cells = "  cells:\n    fast-lane:\n      dana: {staging: fast, production: slow}";
        assert_eq!(
            written(&folder),
            format!("{people}golden:\n{before_cells}{cells}{checkout}{comment}\n"),
            "{golden}"
        );
        assert_eq!(flagctl(&folder, &["test", "--update"]).2, "", "{golden}");
    }
}

#[test]
fn update_writes_only_the_golden_cells() {
    let folder = repository(PEOPLE.as_bytes());
    assert_eq!(flagctl(&folder, &["test"]).0, 1);
    let (code, out, err) = flagctl(&folder, &["test", "--update"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "8 passed\n", "note: wrote tests/people.yaml: 8 cells changed\n")
    );
    let cells = "\
cells:
    fast-lane:
      dana: {staging: fast, production: slow}
      lee: {staging: slow, production: slow}
    new-checkout:
      dana: {staging: on, production: off}
      lee: {staging: on, production: off}";
    assert_eq!(written(&folder), PEOPLE.replace("cells: {}", cells));
    assert_eq!(flagctl(&folder, &["test", "--update"]), (0, "8 passed\n".to_owned(), String::new()));
}

#[test]
fn a_changed_flag_changes_one_line_for_each_person() {
    let folder = repository(PEOPLE.as_bytes());
    flagctl(&folder, &["test", "--update"]);
    let before = written(&folder);
    let flag = folder.path().join("flags/new-checkout.yaml");
    fs::write(&flag, fs::read_to_string(&flag).unwrap().replace("[CA, US]", "[CA, DE]")).unwrap();
    fs::write(&flag, fs::read_to_string(&flag).unwrap().replace("rollout: 25%", "rollout: 100%")).unwrap();
    let (code, out, _) = flagctl(&folder, &["test"]);
    assert_eq!(code, 1);
    assert!(out.contains("`new-checkout` in production for `lee`: expected `off`, found `on`"), "{out}");
    assert!(out.ends_with("7 passed, 1 failed\n"), "{out}");
    flagctl(&folder, &["test", "--update"]);
    let after = written(&folder);
    let changed: Vec<_> = before.lines().zip(after.lines()).filter(|(one, other)| one != other).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
}

#[test]
fn golden_cells_of_removed_flags_fail_and_are_removed() {
    let folder = repository(PEOPLE.as_bytes());
    flagctl(&folder, &["test", "--update"]);
    let text = written(&folder)
        .replace("    new-checkout:\n", "    old-checkout:\n      dana: {staging: on}\n    new-checkout:\n");
    fs::write(folder.path().join("tests/people.yaml"), text).unwrap();
    let (code, out, _) = flagctl(&folder, &["test"]);
    assert!(code == 1 && out.contains("1 cell outside the matrix"), "{out}");
    assert_eq!(flagctl(&folder, &["test", "--update"]).0, 0);
    assert!(!written(&folder).contains("old-checkout"));
}

#[test]
fn a_layout_that_cannot_be_kept_is_refused() {
    // The comment inside the matrix would be lost.
    let text = "contexts: {dana: {country: US}}\ngolden: {  # all\n  cells: {}}\n";
    let folder = repository(text.as_bytes());
    let (code, _, err) = flagctl(&folder, &["test", "--update"]);
    assert_eq!((code, written(&folder).as_str()), (3, text), "{err}");
    assert!(
        err.contains("expected `golden:` on its own line, with `cells: {}` below it, found another layout"),
        "{err}"
    );
}

#[test]
fn harmful_files_are_reported_and_nothing_panics() {
    let deep = format!("cases: {}", "[".repeat(5_000));
    let axis = format!("[{}]", vec!["US"; 101].join(", "));
    let wide = format!(
        "cases:\n  - matrix: {{country: {axis}, plan: [{}]}}\n    expect: {{new-checkout: on}}\n",
        vec!["pro"; 100].join(", ")
    );
    let files: [&[u8]; 9] = [
        b"",
        b"\xff\xfe",
        b"cases: gr\xfc\xdfe\n",
        b"cases: [{expect: {new-checkout: on}}]\ncases: []\n",
        b"cases: [{expect: {new-checkout: on}}]\n---\ncases: []\n",
        b"cases: [{context: dana, context: lee, expect: {new-checkout: on}}]\n",
        b"contexts: {dana: {country: {a: {b: US}}}}\ncases: [{context: dana, expect: {new-checkout: {value: {}}}}]\n",
        deep.as_bytes(),
        wide.as_bytes(),
    ];
    for file in files {
        let folder = repository(file);
        for command in [&["test"][..], &["validate"], &["test", "--format", "junit"], &["test", "tests/people.yaml"]] {
            let (code, out, err) = flagctl(&folder, command);
            assert!(code == 1 && err.is_empty() && out.contains("people.yaml"), "{command:?}: {code}\n{out}\n{err}");
        }
    }
}
