//! `flagctl new`: what it writes is valid, also beside what a project already has, and comments stay.

use std::fs;

use flagctl::edit;
use flagctl::edit::Step;

use crate::example_shop;
use crate::git_bench::{Ran, TestRepository};
use crate::init::assert_sound;

fn started() -> TestRepository {
    let repository = TestRepository::new();
    assert_eq!(repository.flagctl(&["init"]).code, Some(0));
    repository
}

fn text(repository: &TestRepository, path: &str) -> String {
    fs::read_to_string(repository.root().join(path)).unwrap()
}

/// Returns the codes of the findings of `validate`.
fn codes(repository: &TestRepository) -> Vec<String> {
    let ran = repository.flagctl(&["validate", "--now", "2026-11-22", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    json["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn wrote(ran: &Ran, path: &str) {
    assert!(ran.code == Some(0) && ran.stdout.starts_with(&format!("wrote {path}\n\nnext\n")), "{ran:?}");
}

#[test]
fn a_flag_of_every_kind_and_its_test_are_valid() {
    let repository = started();
    for kind in ["release", "experiment", "ops", "permission"] {
        let key = format!("shop/{kind}:new");
        let file = format!("shop%2F{kind}%3Anew.yaml");
        let ran = repository.flagctl(&["new", "flag", &key, "--kind", kind, "--folder", "shop/deep"]);
        wrote(&ran, &format!("flags/shop/deep/{file}"));
        let ran = repository.flagctl(&["new", "test", &key]);
        wrote(&ran, &format!("tests/shop-{kind}-new.yaml"));
        assert_sound(&repository, repository.root(), kind);
    }
    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "-m", "begin"]);
    // The commands that follow work when they are pasted.
    let ran = repository.flagctl(&["new", "flag", "other", "--description", "yes: no", "--owner", "a # b"]);
    let (_, next) = ran.stdout.split_once("\nnext\n").unwrap();
    for command in next.lines() {
        let yes = if command.contains("rollout") { " --yes" } else { "" };
        let ran = repository.bash(&format!("{command}{yes}"));
        assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    }
    assert!(text(&repository, "flags/other.yaml").contains("rollout: 1%"), "{}", text(&repository, "flags/other.yaml"));
    assert_sound(&repository, repository.root(), "other");
}

#[test]
fn a_flag_has_what_its_declared_kind_requires() {
    let repository = started();
    let project = text(&repository, "flagctl.yaml")
        + "kinds:\n  release: {requires: [owner, expires]}\n  short: {requires: [expires], max-age: 7d}\n  entitlement: {}\n";
    repository.write("flagctl.yaml", &project);
    for kind in ["short", "entitlement"] {
        assert_eq!(repository.flagctl(&["new", "flag", kind, "--kind", kind]).code, Some(0));
    }
    assert!(text(&repository, "flags/short.yaml").contains("expires: 2026-11-08\n"), "counted from the bench's clock");
    assert!(!text(&repository, "flags/entitlement.yaml").contains("expires"));
    let ran = repository.flagctl(&["validate", "--now", "2026-11-02"]);
    assert!(ran.stdout.ends_with(": no problems\n"), "{ran:?}");
    let ran = repository.flagctl(&["new", "flag", "x", "--kind", "relaese"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), "error: `relaese` is not a kind; did you mean `release`?\n"));
}

#[test]
fn a_copy_of_every_flag_of_the_example_shop_is_valid() {
    let repository = example_shop::with_remote();
    let before = codes(&repository);
    let list = repository.shell("find flags -name '*.yaml'").stdout;
    let mut copied = 0;
    for path in list.lines() {
        let key = path.rsplit('/').next().unwrap().trim_end_matches(".yaml");
        let ran = repository.flagctl(&["new", "flag", &format!("{key}-2"), "--from", key]);
        wrote(&ran, &path.replace(".yaml", "-2.yaml"));
        copied += 1;
    }
    assert_eq!((copied, codes(&repository)), (18, before));
    assert_eq!(repository.flagctl(&["test"]).code, Some(0));
}

#[test]
fn a_copy_has_its_own_salt_facts_and_date_and_keeps_comments() {
    let repository = started();
    let source = "# why it is here\ndescription: Old.\nowner: a\nexpires: 2026-01-01\nvariants: {on: true, off: false}\noff: off\n\
                  salt: old\nrules:\n  - {rollout: 5%, serve: on}   # careful\ndefault: off\nenvironments:\n  staging: {salt: x}\n";
    repository.write("flags/deep/old.yaml", source);
    let ran = repository.flagctl(&["new", "flag", "new", "--from", "old", "--description", "New.", "--kind", "ops"]);
    wrote(&ran, "flags/deep/new.yaml");
    let expected = "# why it is here\ndescription: New.\nowner: a\nexpires: 2027-01-30\nvariants: {on: true, off: false}\noff: off\n\
                    rules:\n  - {rollout: 5%, serve: on}   # careful\ndefault: off\nkind: ops\n";
    assert_eq!(text(&repository, "flags/deep/new.yaml"), expected);
    repository.write("layers/l.yaml", "slots: {a: 0%..20%}\n");
    repository.write("flags/slot.yaml", &source.replace("rollout: 5%", "slot: l/a"));
    let ran = repository.flagctl(&["new", "flag", "other", "--from", "slot"]);
    assert!(ran.code == Some(3) && ran.stderr.contains("it takes the slot `l/a`"), "{ran:?}");
}

#[test]
fn a_segment_is_valid_and_its_copy_too() {
    let repository = started();
    wrote(&repository.flagctl(&["new", "segment", "beta", "--folder", "people"]), "segments/people/beta.yaml");
    let copy = ["new", "segment", "crew", "--from", "staff", "--description", "The crew.", "--owner", "team-ship"];
    wrote(&repository.flagctl(&copy), "segments/crew.yaml");
    let crew = text(&repository, "segments/crew.yaml");
    assert!(crew.starts_with("description: The crew.\n") && crew.contains("owner: team-ship\n"), "{crew}");
    // Nothing refers to them yet.
    assert_eq!(codes(&repository), ["unused-segment", "unused-segment"]);
    let flag = text(&repository, "flags/welcome-banner.yaml");
    repository.write(
        "flags/welcome-banner.yaml",
        &flag.replace("{segment: staff}", "{any: [{segment: staff}, {segment: beta}, {segment: crew}]}"),
    );
    assert_sound(&repository, repository.root(), "segments in use");
}

#[test]
fn a_test_expects_what_a_flag_serves_now_with_all_its_units_and_without_kills() {
    let repository = started();
    let project = text(&repository, "flagctl.yaml");
    repository.write(
        "flagctl.yaml",
        &project.replace(
            "  country: string",
            "  country: {type: string, enum: [AT, DE], required: true}\n  account.id: {type: string, required: true}",
        ),
    );
    let flag = "description: A test's.\nkind: ops\nowner: tests\nvariants: {a: 1, b: 2}\noff: a\nunit: account.id\nrules:\n  \
                - if: {now: {gte: 2020-01-01T00:00:00Z}}\n    serve: {a: 50%, b: 50%}\n  - {unit: country, rollout: 40%, \
                serve: b}\ndefault: a\n";
    repository.write("flags/units.yaml", flag);
    repository.write("kills/production/units.yaml", "reason: x\n");
    wrote(&repository.flagctl(&["new", "test", "units"]), "tests/units.yaml");
    let test = text(&repository, "tests/units.yaml");
    assert!(test.contains("now: 2026-11-01T00:00:00Z\n"), "{test}");
    assert!(test.contains("someone: {account.id: user-1, country: AT, targetingKey: user-1}"), "{test}");
    assert_sound(&repository, repository.root(), "units");
    // The test fails if the flag changes.
    let (expected, other) = if test.contains("units: a") { ("a", "b") } else { ("b", "a") };
    assert_eq!(test.matches(&format!("units: {expected}}}")).count(), 2, "{test}");
    repository.write("flags/units.yaml", &flag.replace("{a: 50%, b: 50%}", other));
    assert_eq!(repository.flagctl(&["test"]).code, Some(1));
}

#[test]
fn a_new_environment_serves_what_the_other_one_serves_and_comments_stay() {
    let repository = example_shop::with_remote();
    let before = text(&repository, "flagctl.yaml");
    let ran = repository.flagctl(&["new", "environment", "canary", "--from", "staging"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let after = text(&repository, "flagctl.yaml");
    let expected = before.replace("[dev, staging, production]    #", "[dev, staging, canary, production]    #");
    assert_eq!(after, expected);
    let decided = |environment: &str| {
        let context = ["-c", "targetingKey=user-42", "-c", "country=US", "-c", "account.id=a", "--format", "json"];
        let ran = repository.flagctl(&[&["eval", "--without-kills", "-e", environment], &context[..]].concat());
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        json["decisions"].clone()
    };
    assert_eq!(decided("canary"), decided("staging"));
    let comments = |text: &str| text.matches('#').count();
    for line in repository.git(&["diff", "--stat", "--name-only"]).lines() {
        assert_eq!(
            comments(&repository.git(&["show", &format!("HEAD:{line}")])),
            comments(&text(&repository, line)),
            "{line}"
        );
    }
    assert_eq!(repository.flagctl(&["validate", "--now", "2026-11-22", "--errors-only"]).code, Some(0));
}

#[test]
fn a_new_environment_joins_groups_and_gets_the_policy() {
    let repository = started();
    let project = "version: 1\nenvironments:\n  # the first\n  - staging   # for testers\n  - production\ngroups:\n  all:\n    - staging\n    \
                   - production\n  some: [production]\npolicy:\n  production: {max-step: 10%}\n";
    repository.write("flagctl.yaml", project);
    for (arguments, expected) in [
        (&["qa", "--from", "production"][..], "  - staging   # for testers\n  - production\n  - qa\ngroups:"),
        (&["first", "--before", "staging"], "  # the first\n  - first\n  - staging   # for testers\n"),
        (&["last"], "  - qa\n  - last\ngroups:"),
    ] {
        let ran = repository.flagctl(&[&["new", "environment"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let project = text(&repository, "flagctl.yaml");
        assert!(project.contains(expected), "{project}");
    }
    let project = text(&repository, "flagctl.yaml");
    assert!(edit::value_at(&project, &[Step::Key("policy"), Step::Key("qa")]).is_some(), "{project}");
    assert!(
        project.contains("some: [production, qa]\n") && project.contains("    - production\n    - qa\n"),
        "{project}"
    );
}

#[test]
fn what_exists_or_cannot_be_named_is_refused_and_nothing_is_written() {
    let repository = started();
    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "-m", "begin"]);
    repository.write("flags/broken.yaml", "variants: {");
    let cases: [(&[&str], i32, &str); 14] = [
        (&["flag", "welcome-banner"], 1, "left as it is: flags/welcome-banner.yaml\n\nnothing was written\n"),
        (&["flag", "../up"], 2, "is not the key of a flag"),
        (&["flag", "con"], 2, "is not a name of a file on Windows"),
        (&["flag", "x", "--folder", "../.."], 2, "is not a folder below `flags`"),
        (&["flag", "x", "--from", "welcome-baner"], 3, "did you mean `welcome-banner`?"),
        (&["flag", "x", "--from", "broken"], 3, "cannot copy `flags/broken.yaml`"),
        (&["segment", "staff"], 1, "left as it is: segments/staff.yaml"),
        (&["segment", "a b"], 2, "is not the name of a segment"),
        (&["segment", "x", "--from", "stuff"], 3, "did you mean `staff`?"),
        (&["test", "nothing"], 3, "`nothing` is not a flag"),
        (&["test", "broken"], 3, "the file of `broken` has errors"),
        (&["environment", "Staging"], 2, "`staging` is an environment or a group already"),
        (&["environment", "x", "--from", "stagin"], 3, "did you mean `staging`?"),
        (&["environment", "a/b"], 2, "is not the name of an environment"),
    ];
    for (arguments, code, message) in cases {
        let ran = repository.flagctl(&[&["new"], arguments].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains(message), "{arguments:?}: {ran:?}");
    }
    assert_eq!(repository.git(&["status", "--porcelain"]), "?? flags/broken.yaml");
    // A file with errors does not stop a new flag.
    wrote(&repository.flagctl(&["new", "flag", "fine"]), "flags/fine.yaml");
    repository.write("flagctl.yaml", "environments: [");
    let ran = repository.flagctl(&["new", "flag", "more"]);
    assert_eq!((ran.code, ran.stderr.contains("`flagctl.yaml` has errors")), (Some(3), true), "{ran:?}");
}

#[test]
fn a_dry_run_shows_the_text_and_writes_nothing() {
    let repository = started();
    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "-m", "begin"]);
    for arguments in [
        &["flag", "x"][..],
        &["flag", "x", "--from", "welcome-banner"],
        &["segment", "x"],
        &["environment", "x", "--from", "staging"],
    ] {
        let ran = repository.flagctl(&[&["new"], arguments, &["--dry-run"]].concat());
        assert!(ran.code == Some(0) && ran.stdout.starts_with("would ") && ran.stdout.contains("\n  "), "{ran:?}");
    }
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}
