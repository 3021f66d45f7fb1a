//! `validate --fix`: which bytes change, and which never do.

use serde_json::Value as Json;

use crate::git_bench::{PROJECT, TestRepository, flag};

/// Returns a repository with one flag whose text is replaced.
fn with_flag(text: &str) -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", text);
    repository
}

fn read(repository: &TestRepository, path: &str) -> String {
    std::fs::read_to_string(repository.root().join(path)).unwrap()
}

#[test]
fn only_the_wrong_bytes_change_and_findings_without_a_fix_remain() {
    let text = "# head\r\ndescription: 'A sale.'\r\nvariants:   {on: true, off: false} # two\r\noff: 'of'\r\ndefalt:  on  # on\r\nrules: [{if: {county: DE}, rollout: 0.25, serve: on}]\r\n";
    let repository = with_flag(text);
    let ran = repository.flagctl(&["validate", "--fix"]);
    let fixed = text.replace("defalt", "default").replace("county", "country");
    assert_eq!(read(&repository, "flags/sale.yaml"), fixed);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("fixed flags/sale.yaml:5:1 [unknown-key]: write `default`"), "{}", ran.stderr);
    assert!(ran.stdout.contains("error[wrong-type]"), "{}", ran.stdout);
    repository.write("flags/sale.yaml", &read(&repository, "flags/sale.yaml").replace("0.25", "25%"));
    let ran = repository.flagctl(&["validate", "--fix"]);
    let right =
        text.replace("defalt", "default").replace("'of'", "'off'").replace("county", "country").replace("0.25", "25%");
    assert_eq!(read(&repository, "flags/sale.yaml"), right, "{}", ran.stderr);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
}

#[test]
fn a_dry_run_and_chosen_codes_and_paths_change_nothing_else() {
    let wrong = flag("on").replace("default", "defualt");
    let repository = with_flag(&wrong);
    let ran = repository.flagctl(&["validate", "--fix", "--dry-run"]);
    assert!(ran.stdout.contains("-defualt: ") && ran.stdout.contains("+default: "), "{}", ran.stdout);
    assert_eq!(ran.code, Some(0), "the fix leaves no error");
    repository.flagctl(&["validate", "--fix", "--code", "unknown-flag"]);
    repository.flagctl(&["validate", "--fix", "segments"]);
    assert_eq!(read(&repository, "flags/sale.yaml"), wrong);
    let ran = repository.flagctl(&["validate", "--fix", "--at", "HEAD"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

#[test]
fn comments_and_lines_that_do_nothing_are_removed() {
    let text = flag("on");
    let repository = with_flag(&format!(
        "{}# flagctl: allow unused-variant -- a\n{}",
        text.split_inclusive('\n').next().unwrap(),
        text.split_inclusive('\n').skip(1).collect::<String>(),
    ));
    repository.write(
        "flagctl.yaml",
        &format!("{PROJECT}lint:\n  unknown-flag: off # never\n  missing-owner: off\n  missing-expiry: off\n"),
    );
    let ran = repository.flagctl(&["validate", "--fix"]);
    assert_eq!(read(&repository, "flags/sale.yaml"), text, "{}", ran.stderr);
    assert!(!read(&repository, "flagctl.yaml").contains("unknown-flag"), "{}", ran.stderr);
    assert!(read(&repository, "flagctl.yaml").contains("missing-owner: off"));
}

#[cfg(unix)]
#[test]
fn a_file_behind_a_link_is_not_changed() {
    let wrong = flag("on").replace("default", "defualt");
    let repository = with_flag(&flag("on"));
    repository.write("shared/other.yaml", &wrong);
    std::os::unix::fs::symlink("../shared/other.yaml", repository.root().join("flags/other.yaml")).unwrap();
    let ran = repository.flagctl(&["validate", "--fix"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert_eq!(read(&repository, "shared/other.yaml"), wrong);
}

#[test]
fn json_and_sarif_have_the_fix() {
    let repository = with_flag(&flag("on").replace("default", "defualt"));
    let json: Json = serde_json::from_str(&repository.flagctl(&["validate", "--format", "json"]).stdout).unwrap();
    let fix = &json["findings"][0]["fix"];
    assert_eq!(fix["title"], "write `default`");
    assert_eq!(fix["edits"][0]["text"], "default");
    let [column, end] = ["column", "endColumn"].map(|field| fix["edits"][0][field].as_u64().unwrap());
    assert_eq!(end - column, 7);
    let sarif: Json = serde_json::from_str(&repository.flagctl(&["validate", "--format", "sarif"]).stdout).unwrap();
    let change = &sarif["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "flags/sale.yaml");
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "default");
}
