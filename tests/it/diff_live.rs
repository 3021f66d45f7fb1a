//! `diff --live`: compares what is live with what is merged.

use std::fs;

use crate::git_bench::{PROJECT, TestRepository, flag};
use crate::publish::{fine, manifest, place, publish, target};

/// Makes a repository with a rollout of 5 %, publishes it, and raises it to 50 %.
fn raised(format: &str) -> TestRepository {
    let mut repository = TestRepository::with_sale();
    let project = format!("{PROJECT}bucketing: flagd-v3\npublish:\n  main: {{to: ../fleet, format: {format}}}\n");
    repository.write("flagctl.yaml", &project);
    repository
        .write("flags/cart.yaml", &flag("off").replace("default", "rules:\n  - {rollout: 5%, serve: on}\ndefault"));
    repository.commit("five");
    fine(repository.flagctl(&["publish", "main"]));
    repository.write("flags/cart.yaml", &repository_text("50%"));
    repository.commit("fifty");
    repository
}

fn repository_text(share: &str) -> String {
    flag("off").replace("default", &format!("rules:\n  - {{rollout: {share}, serve: on}}\ndefault"))
}

#[test]
fn what_is_live_is_compared_with_what_is_merged_in_both_formats() {
    for format in ["flagctl", "flagd"] {
        let mut repository = raised(format);
        let ran = repository.flagctl(&["diff", "--live", "main"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.contains("number 1 of main production") && ran.stdout.contains("cart"), "{}", ran.stdout);
        assert!(ran.stdout.contains("45%"), "{}", ran.stdout);
        let ran = repository.flagctl(&["diff", "--live", "main", "HEAD~1", "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(json["flags"], serde_json::json!([]));
        let ran = repository.flagctl(&[
            "diff",
            "--live",
            &target(&repository),
            "main",
            "-e",
            "production",
            "--fail-on",
            "expand",
        ]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);

        // Kills that were published alone are a part of what is live.
        repository.write("kills/production/sale.yaml", "reason: it answers 500\n");
        repository.write("flags/broken.yaml", "variants: 7\n");
        let killed = repository.commit("broken");
        assert_eq!(publish(&repository, &["--target", "main", "--bundle-format", format]).code, Some(1));
        assert_eq!(manifest(&repository)["kills"], killed);
        let ran = repository.flagctl(&["diff", "--live", "main", "HEAD~1"]);
        assert!(ran.stdout.contains("sale") && ran.stdout.contains("number 2"), "{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn bytes_that_no_commit_compiles_to_are_refused() {
    let repository = raised("flagd");
    let older = repository.git(&["rev-parse", "HEAD~2"]);
    let path = place(&repository, "manifest.json");
    let current = fs::read_to_string(&path).unwrap();
    let commit = manifest(&repository)["commit"].as_str().unwrap().to_owned();
    fs::remove_file(&path).unwrap();
    fs::write(&path, current.replace(&commit, &older)).unwrap();
    let ran = repository.flagctl(&["diff", "--live", "main"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("has other bytes than its commits compile to"), "{}", ran.stderr);
}

#[test]
fn a_file_for_flagd_says_how_to_compare_what_is_live() {
    let repository = raised("flagd");
    let file = place(&repository, "flags.json");
    let ran = repository.flagctl(&["diff", "--bundle", file.to_str().unwrap(), "main"]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stderr.contains("is for flagd") && ran.stderr.contains("`flagctl diff --live TARGET`"),
        "{}",
        ran.stderr
    );
}
