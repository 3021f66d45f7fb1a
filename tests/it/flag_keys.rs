//! Keys with `/` and `:`, which the names of files write as `%2F` and `%3A`.

use std::fs;

use crate::git_bench::{PROJECT, Ran, TestRepository, flag};
use crate::publish::{json, place};

const BUTTON: &str = "flags/shop/checkout%2Fbutton.yaml";
const KILL: &str = "kills/production/checkout%2Fbutton.yaml";

/// Makes a repository in which `group:feature` requires `checkout/button`, and `plain` has a condition on
/// `group:feature`. A test file expects what all of them serve.
fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", &format!("{PROJECT}bucketing: flagd-v3\n"));
    let rules = "rules:\n- {name: de, if: {country: DE}, rollout: 25%, serve: on}\n";
    repository.write(BUTTON, &format!("{}{rules}", flag("on")));
    repository.write("flags/group%3Afeature.yaml", &format!("{}requires: {{checkout/button: on}}\n", flag("on")));
    let rules = "rules:\n- {name: asks, if: {flag: {group:feature: on}}, serve: on}\n";
    repository.write("flags/plain.yaml", &format!("{}{rules}", flag("off")));
    repository.write(
        "tests/keys.yaml",
        "contexts:\n  dana: {targetingKey: u-1}\ncases:\n- {context: dana, expect: {checkout/button: on, group:feature: on, plain: on}}\n\
         - {context: {country: DE}, bucket: {checkout/button: 10%}, expect: {checkout/button: {rule: de}}}\n\
         assert:\n- {name: together, when: {flag: {group:feature: on}}, always: {checkout/button: on}}\n\
         golden:\n  flags: [checkout/button, group:feature]\n  cells: {}\n",
    );
    repository.commit("a shop");
    repository
}

#[track_caller]
fn fine(ran: Ran) -> String {
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    ran.stdout
}

#[track_caller]
fn fine_with(ran: Ran, parts: &[&str]) -> String {
    let stdout = fine(ran);
    for part in parts {
        assert!(stdout.contains(part), "{part}: {stdout}");
    }
    stdout
}

#[test]
fn a_flag_with_a_separator_in_its_key_lives_a_whole_life() {
    let mut repository = shop();
    fine(repository.flagctl(&["test", "--update"]));
    let golden = fs::read_to_string(repository.root().join("tests/keys.yaml")).unwrap();
    assert!(golden.contains("checkout/button") && golden.contains("group:feature"), "{golden}");
    repository.commit("the golden cells");
    repository.git(&["tag", "base"]);
    let remote = repository.beside("origin.git");
    repository.git(&["clone", "--quiet", "--bare", ".", remote.to_str().unwrap()]);
    repository.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    repository.git(&["fetch", "--quiet", "origin"]);

    fine_with(repository.flagctl(&["validate"]), &["3 flags, 1 test file", "no problems"]);
    fine(repository.flagctl(&["test"]));
    fine_with(repository.flagctl(&["eval", "checkout/button", "group:feature", "-c", "targetingKey=u"]), &["on"]);
    fine_with(repository.flagctl(&["list"]), &["checkout/button", "group:feature"]);
    fine_with(repository.flagctl(&["show", "checkout/button"]), &["checkout/button"]);
    fine_with(repository.flagctl(&["blame", "checkout/button", "-c", "targetingKey=u"]), &["a shop"]);

    let target = repository.beside("fleet");
    let target = target.to_str().unwrap();
    fine(repository.flagctl(&["publish", target]));

    let kill = ["kill", "checkout/button", "-e", "production", "--reason", "INC-1", "--yes", "--push"];
    fine_with(
        repository.flagctl(&kill),
        &["group:feature requires checkout/button", "undo: flagctl revive checkout/button -e production"],
    );
    assert_eq!(repository.git(&["diff", "--name-only", "base", "HEAD"]), KILL);
    assert_eq!(repository.git_in(&remote, &["diff", "--name-only", "base", "main"]), KILL);
    let message = repository.git(&["log", "-1", "--format=%B"]);
    assert!(message.starts_with("kill checkout/button in production\n\nFlag: checkout/button\n"), "{message}");
    fine_with(repository.flagctl(&["verify-kill", "base..HEAD", "checkout/button"]), &["proven: "]);
    fine_with(repository.flagctl(&["eval", "checkout/button", "-c", "targetingKey=u"]), &["off"]);
    fine_with(repository.flagctl(&["diff", "base"]), &["checkout/button", "group:feature", "plain"]);
    fine_with(repository.flagctl(&["log", "checkout/button"]), &["kill checkout/button", "a shop"]);
    fine_with(repository.flagctl(&["log", "group:feature"]), &["kill checkout/button", "a shop"]);
    fine(repository.flagctl(&["validate"]));
    fine(repository.flagctl(&["test"]));
    fine(repository.flagctl(&["publish", target]));
    let live =
        json(&place(&repository, json(&place(&repository, "manifest.json"))["bundle"]["path"].as_str().unwrap()));
    let keys: Vec<_> = live["flags"].as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["checkout/button", "group:feature", "plain"]);

    fine_with(
        repository.flagctl(&["revive", "checkout/button", "-e", "production", "--yes"]),
        &["undo: flagctl kill checkout/button -e production"],
    );
    assert_eq!(repository.git(&["diff", "--name-only", "base", "HEAD"]), "");
    let rollout = ["rollout", "checkout/button", "--rule", "de", "--to", "50%", "--yes"];
    fine_with(repository.flagctl(&rollout), &["checkout/button"]);
    assert_eq!(repository.git(&["diff", "--name-only", "base", "HEAD"]), BUTTON);
    fine_with(repository.flagctl(&["diff", "base"]), &["checkout/button"]);
    fine(repository.flagctl(&["publish", target]));
    fine(repository.flagctl(&["verify", target]));
}

#[test]
fn exports_have_the_key() {
    let repository = shop();
    for arguments in [
        &["export", "bundle", "-e", "production"][..],
        &["export", "flagd", "-e", "production"][..],
        &["export", "openfeature-manifest", "-e", "production"][..],
    ] {
        let exported = fine_with(repository.flagctl(arguments), &["\"checkout/button\"", "\"group:feature\""]);
        assert!(!exported.contains("%2F") && !exported.contains("%3A"), "{exported}");
    }
}

#[test]
fn file_names_that_are_no_escaped_key_are_errors() {
    let any = "the file's name has `%2F` for `/`, `%3A` for `:`, and no other `%`";
    for (path, help) in [
        ("flags/checkout%2fbutton.yaml", "rename it to `checkout%2Fbutton.yaml` if the flag is `checkout/button`"),
        ("flags/group:feature.yaml", "rename it to `group%3Afeature.yaml` if the flag is `group:feature`"),
        ("kills/production/group%3afeature.yaml", "rename it to `group%3Afeature.yaml` if the flag is `group:feature`"),
        ("flags/new%20cart.yaml", any),
        ("flags/100%.yaml", any),
        ("flags/a%252Fb.yaml", any),
        ("flags/%2Fetc%2Fpasswd.yaml", any),
        ("flags/a%2F..%2Fb.yaml", any),
        ("kills/production/a%2F..%2F..%2Fstaging%2Fsale.yaml", any),
        ("segments/a%2Fb.yaml", "a name has letters, digits, `.`, `_` and `-`"),
    ] {
        let repository = TestRepository::new();
        repository.write("flagctl.yaml", PROJECT);
        repository.write(path, &flag("on"));
        let ran = repository.flagctl(&["validate"]);
        let expected = format!("error[invalid-file-name]: `{path}` is not the name of a definition");
        assert!(ran.code == Some(1) && ran.stdout.contains(&expected) && ran.stdout.contains(help), "{}", ran.stdout);
    }
}

#[test]
fn a_key_that_looks_like_a_path_is_refused_everywhere() {
    let repository = shop();
    let outside = repository.beside("outside.yaml");
    fs::write(&outside, flag("on")).unwrap();
    for key in ["../outside", "/etc/passwd", "../../outside", "shop/../plain", "checkout%2Fbutton", "./plain", "plain/"]
    {
        for command in [&["eval"][..], &["log"], &["kill", "-e", "production", "--reason", "r", "--yes"]] {
            let ran = repository.flagctl(&[&command[..1], &[key], &command[1..]].concat());
            let errors = [format!("`{key}` is not a flag"), format!("no commit up to HEAD has a flag `{key}`")];
            let is_unknown = errors.iter().any(|error| ran.stderr.contains(error));
            assert!(ran.code == Some(3) && is_unknown, "{command:?} {key}: {}", ran.stderr);
        }
        repository.write("flags/plain.yaml", &format!("{}requires: {{\"{key}\": on}}\n", flag("on")));
        let ran = repository.flagctl(&["validate"]);
        let help = "expected a key of at most 128 letters, digits, `.`, `_` and `-`, beginning with a letter or digit, also after each";
        assert!(ran.code == Some(1) && ran.stdout.contains(help), "{key}: {}", ran.stdout);
    }
}

#[test]
fn folders_are_not_part_of_a_key() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/checkout/button.yaml", &flag("on"));
    repository.write("flags/plain.yaml", &format!("{}requires: {{checkout/button: on}}\n", flag("on")));
    repository.commit("a folder");
    let help =
        "did you mean `button`? folders are not part of a key; the name of a file has `%2F` where the key has `/`";
    let ran = repository.flagctl(&["validate"]);
    assert!(ran.code == Some(1) && ran.stdout.contains("`checkout/button` is not a flag"), "{}", ran.stdout);
    assert!(ran.stdout.contains(help), "{}", ran.stdout);
    for command in [&["eval"][..], &["kill", "-e", "production", "--reason", "r", "--yes"]] {
        let ran = repository.flagctl(&[&command[..1], &["checkout/button"], &command[1..]].concat());
        assert!(ran.code == Some(3) && ran.stderr.contains(help), "{}", ran.stderr);
    }
}

#[test]
fn two_files_of_one_key_and_keys_that_differ_in_case_are_errors() {
    let repository = shop();
    repository.write("flags/other/checkout%2Fbutton.yaml", &flag("on"));
    let ran = repository.flagctl(&["validate"]);
    assert!(ran.stdout.contains("error[duplicate-flag]") && ran.stdout.contains("`checkout/button`"), "{}", ran.stdout);
    repository.remove("flags/other/checkout%2Fbutton.yaml");
    repository.write("flags/Checkout%2Fbutton.yaml", &flag("on"));
    let ran = repository.flagctl(&["validate"]);
    assert!(ran.stdout.contains("error[unportable-name]"), "{}", ran.stdout);
}
