//! `verify-kill` accepts only commits that add kills, and only if their merge turns flags off and does nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: string\n";
const KILL: &str = "reason: INC-1\nby: Dana\nat: 2026-11-01T00:00:00Z\n";

fn flag(more: &str) -> String {
    format!(
        "variants: {{on: true, off: false}}\noff: off\ndefault: off\nrules:\n  - {{if: {{country: DE}}, serve: on}}\n{more}"
    )
}

/// Makes a repository in which `checkout` requires `cart`, and `banner` has a condition on a segment. Its first commit
/// has the tag `base`.
fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/cart.yaml", &flag(""));
    repository.write("flags/checkout.yaml", &flag("requires: {cart: on}\n"));
    repository.write("flags/banner.yaml", &flag("  - {if: {segment: nearby}, serve: on}\n"));
    repository.write("segments/nearby.yaml", "if: {country: [AT, CH]}\n");
    repository.write("README.md", "A shop.\n");
    repository.commit("a shop");
    repository.git(&["tag", "base"]);
    repository
}

fn verify(repository: &TestRepository, flags: &[&str]) -> Ran {
    repository.flagctl(&[&["verify-kill", "base..HEAD"], flags].concat())
}

fn assert_proven(ran: &Ran) {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    assert!(ran.stdout.lines().last().unwrap().starts_with("proven: "), "{}", ran.stdout);
}

/// Returns the objections, in which `COMMIT` stands for the id of the last commit.
fn objections_of(repository: &TestRepository, ran: &Ran) -> Vec<String> {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{}", ran.stdout);
    let last = repository.git(&["rev-parse", "--short=10", "HEAD"]);
    let objections = ran.stdout.lines().filter_map(|line| line.strip_prefix("not a kill: "));
    objections.map(|objection| objection.replace(&last, "COMMIT")).collect()
}

fn objections(repository: &TestRepository, flags: &[&str]) -> Vec<String> {
    objections_of(repository, &verify(repository, flags))
}

fn assert_fails(ran: &Ran, message: &str) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
}

fn kill(repository: &TestRepository, flag: &str) {
    let ran = repository.flagctl(&["kill", flag, "-e", "production", "--reason", "INC-1", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

/// Adds the file of a kill by hand and commits it.
fn kill_by_hand(repository: &mut TestRepository, environment: &str, flag: &str) {
    repository.write(&format!("kills/{environment}/{flag}.yaml"), KILL);
    repository.commit(&format!("{flag}: killed by hand"));
}

#[test]
fn a_kill_is_proven_together_with_its_dependants() {
    let repository = shop();
    kill(&repository, "cart");
    let ran = verify(&repository, &[]);
    let target = repository.git(&["rev-parse", "--short=10", "base"]);
    assert_eq!(
        (ran.code, ran.stdout),
        (
            Some(0),
            format!(
                "cart in production: everyone where country eq \"DE\": on → off\n\
                 checkout in production: everyone where flag cart serves on (before): on → off\n\
                 proven: merged into {target}, this turns off cart, and changes nothing else for any context\n"
            )
        )
    );
}

#[test]
fn a_flag_depends_on_a_kill_in_one_environment_and_is_killed_itself_in_another() {
    let mut repository = shop();
    kill(&repository, "cart");
    kill_by_hand(&mut repository, "staging", "checkout");
    let ran = verify(&repository, &[]);
    assert_proven(&ran);
    for line in ["cart in production: ", "checkout in staging: ", "checkout in production: "] {
        assert!(ran.stdout.lines().any(|shown| shown.starts_with(line)), "{}", ran.stdout);
    }
}

#[test]
fn only_the_named_flags_may_be_killed_in_the_named_environments() {
    let repository = shop();
    kill(&repository, "cart");
    for arguments in [&["cart"][..], &["cart", "-e", "production"], &["-e", "production"], &["cart", "checkout"]] {
        assert_proven(&verify(&repository, arguments));
    }
    let not_requested =
        "COMMIT adds `kills/production/cart.yaml`, which is not one of the flags and environments to kill";
    assert_eq!(objections(&repository, &["banner"]), [not_requested]);
    assert_eq!(objections(&repository, &["cart", "-e", "staging"]), [not_requested]);
    assert_eq!(
        objections(&repository, &["cart", "banner"]),
        ["`banner` in production: does not serve `off` to everyone after the merge"]
    );
    assert_eq!(objections(&repository, &["cart", "no-such"]), ["`no-such` is not a flag of the target"]);
    assert_fails(&verify(&repository, &["cart", "-e", "prod"]), "`prod` is not an environment");
}

#[test]
fn a_flag_turned_off_by_hand_is_not_a_kill() {
    let mut repository = shop();
    repository.write("flags/banner.yaml", &flag("enabled: false\n"));
    repository.commit("banner: off");
    let other = ["COMMIT changes `flags/banner.yaml`, which is not the file of a kill"];
    assert_eq!(objections(&repository, &["banner"]), other);
    assert_eq!(objections(&repository, &[]), other);
}

#[test]
fn a_kill_that_turns_a_flag_on_is_not_proven() {
    let mut repository = shop();
    let text = flag("").replace("{country: DE}", "{flag: {cart: off}}");
    repository.write("flags/fallback.yaml", &text);
    repository.commit("fallback: where the cart is off");
    repository.git(&["tag", "--force", "base"]);
    kill(&repository, "cart");
    let turned_on = "`fallback` in production: everyone unless flag cart serves off (before): off → on";
    assert_eq!(objections(&repository, &[]), [turned_on]);
}

#[test]
fn the_kill_is_compared_with_the_tip_of_the_target_and_not_with_the_fork() {
    let mut repository = shop();
    repository.git(&["checkout", "--quiet", "-b", "stop"]);
    kill(&repository, "cart");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("flags/banner.yaml", &flag(""));
    repository.commit("banner: fewer");
    assert_proven(&repository.flagctl(&["verify-kill", "main..stop"]));
    repository.write("flags/fallback.yaml", &flag("").replace("{country: DE}", "{flag: {cart: off}}"));
    repository.commit("fallback: where the cart is off");
    let ran = repository.flagctl(&["verify-kill", "main..stop"]);
    let turned_on = "`fallback` in production: everyone unless flag cart serves off (before): off → on";
    assert_eq!(objections_of(&repository, &ran), [turned_on]);
    // The reverse: the dependant is gone at the tip.
    repository.remove("flags/fallback.yaml");
    repository.commit("fallback: removed");
    assert_proven(&repository.flagctl(&["verify-kill", "main..stop"]));
}

#[test]
fn every_other_change_is_an_objection_that_names_commit_and_file() {
    let mut repository = shop();
    kill_by_hand(&mut repository, "production", "cart");
    repository.write("README.md", "A better shop.\n");
    repository.write("flags/banner.yaml", &flag("  - {if: {country: FR}, serve: on}\n"));
    repository.write("flags/sub/cart.yaml", &flag(""));
    repository.write("segments/nearby.yaml", "if: {country: [AT]}\n");
    repository.write("segments/broken.yaml", "nonsense: [\n");
    repository.write("kills/note.yaml", KILL);
    repository.write("kills/production/deep/checkout.yaml", KILL);
    repository.write("kills/production/checkout.yml", KILL);
    repository.write("kills/production/.checkout.yaml", KILL);
    repository.commit("while at it");
    let files = [
        "README.md",
        "flags/banner.yaml",
        "flags/sub/cart.yaml",
        "kills/note.yaml",
        "kills/production/.checkout.yaml",
        "kills/production/checkout.yml",
        "kills/production/deep/checkout.yaml",
        "segments/broken.yaml",
        "segments/nearby.yaml",
    ];
    let expected = files.map(|file| format!("COMMIT changes `{file}`, which is not the file of a kill"));
    assert_eq!(objections(&repository, &[]), expected);
    // Every commit counts, not only the difference of the ends.
    repository.git(&["revert", "--no-edit", "HEAD"]);
    let (first, last) = (repository.git(&["rev-parse", "--short=10", "HEAD~1"]), objections(&repository, &[]));
    assert_eq!(last.len(), 18);
    assert!(last[0].starts_with(&format!("{first} changes `README.md`")), "{last:?}");
}

#[test]
fn a_changed_value_of_off_is_not_part_of_a_kill() {
    let mut repository = shop();
    repository.write("kills/production/cart.yaml", KILL);
    repository.write("flags/cart.yaml", &flag("").replace("off: false", "off: true"));
    repository.commit("cart: killed");
    assert_eq!(objections(&repository, &[]), ["COMMIT changes `flags/cart.yaml`, which is not the file of a kill"]);
}

#[test]
fn changed_and_removed_kills_are_not_kills() {
    let mut repository = shop();
    kill(&repository, "cart");
    repository.git(&["tag", "--force", "base"]);
    repository.write("kills/production/cart.yaml", "reason: another\n");
    repository.commit("another reason");
    let objection = ["COMMIT changes or removes `kills/production/cart.yaml`; a kill only adds files"];
    assert_eq!(objections(&repository, &[]), objection);
    repository.git(&["reset", "--quiet", "--hard", "base"]);
    repository.flagctl(&["revive", "cart", "-e", "production", "--yes"]);
    assert_eq!(objections(&repository, &[]), objection);
}

#[test]
fn a_kill_of_an_unknown_flag_or_environment_and_a_broken_kill_are_not_proven() {
    let mut repository = shop();
    kill_by_hand(&mut repository, "prod", "cart");
    let objection = "COMMIT adds `kills/prod/cart.yaml`: `prod` is not an environment of the target";
    assert_eq!(objections(&repository, &[]), [objection]);
    repository.git(&["reset", "--quiet", "--hard", "base"]);
    kill_by_hand(&mut repository, "production", "no-such");
    let objection = "COMMIT adds `kills/production/no-such.yaml`: `no-such` is not a flag of the target";
    assert_eq!(objections(&repository, &[]), [objection]);
    repository.git(&["reset", "--quiet", "--hard", "base"]);
    repository.write("kills/production/cart.yaml", "why: not\n");
    repository.commit("cart: killed by hand");
    for objection in objections(&repository, &[]) {
        let start = "COMMIT adds `kills/production/cart.yaml`, which has an error: kills/production/cart.yaml:1:1: ";
        assert!(objection.starts_with(start), "{objection}");
    }
}

#[test]
fn a_link_a_submodule_or_an_executable_file_is_not_a_kill() {
    let mut repository = shop();
    let path = repository.root().join("kills/production/cart.yaml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink("../../README.md", &path).unwrap();
    repository.commit("a link");
    let expected = |found: &str| {
        format!("COMMIT adds `kills/production/cart.yaml`: expected a regular file (mode 100644), found {found}")
    };
    assert_eq!(objections(&repository, &[]), [expected("a symbolic link")]);
    repository.git(&["reset", "--quiet", "--hard", "base"]);
    let head = repository.git(&["rev-parse", "HEAD"]);
    let entry = format!("160000,{head},kills/production/cart.yaml");
    repository.git(&["update-index", "--add", "--cacheinfo", &entry]);
    repository.git(&["commit", "--quiet", "--message", "a submodule"]);
    assert_eq!(objections(&repository, &[]), [expected("a submodule")]);
    repository.git(&["reset", "--quiet", "--hard", "base"]);
    repository.write("kills/production/cart.yaml", KILL);
    fs::set_permissions(repository.root().join("kills/production/cart.yaml"), fs::Permissions::from_mode(0o755))
        .unwrap();
    repository.commit("executable");
    assert_eq!(objections(&repository, &[]), [expected("an executable file")]);
}

#[test]
fn a_merge_is_accepted_exactly_if_git_makes_it() {
    let mut repository = shop();
    repository.git(&["checkout", "--quiet", "-b", "stop"]);
    kill_by_hand(&mut repository, "production", "cart");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("flags/banner.yaml", &flag("  - {if: {country: FR}, serve: on}\n"));
    repository.commit("banner: more");
    repository.git(&["checkout", "--quiet", "stop"]);
    repository.git(&["merge", "--quiet", "--no-edit", "main"]);
    assert_proven(&repository.flagctl(&["verify-kill", "main..stop"]));
    repository.write("README.md", "An evil shop.\n");
    repository.git(&["add", "README.md"]);
    repository.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    let ran = repository.flagctl(&["verify-kill", "main..stop"]);
    let edited = ["COMMIT is a merge, and its `README.md` is not what git makes of its parents"];
    assert_eq!(objections_of(&repository, &ran), edited);
}

#[test]
fn the_kills_of_two_branches_meet() {
    let mut repository = shop();
    repository.git(&["checkout", "--quiet", "-b", "stop"]);
    repository.write("kills/production/cart.yaml", "reason: ours\n");
    repository.write("kills/production/banner.yaml", KILL);
    repository.commit("cart and banner: killed");
    repository.git(&["checkout", "--quiet", "main"]);
    kill_by_hand(&mut repository, "production", "cart");
    let ran = repository.flagctl(&["verify-kill", "main..stop", "cart", "banner", "-e", "production"]);
    assert_proven(&ran);
    assert!(ran.stdout.contains("cart in production: already off at the target\n"), "{}", ran.stdout);
    // Only the flag that the target has killed already.
    repository.git(&["checkout", "--quiet", "-B", "stop", "base"]);
    repository.write("kills/production/cart.yaml", "reason: ours\n");
    repository.commit("cart: killed");
    assert_proven(&repository.flagctl(&["verify-kill", "main..stop"]));
    // A merge with a conflict has content that its author chose.
    let ran = repository.try_merge("main");
    assert_eq!(ran.code, Some(1));
    repository.git(&["checkout", "--quiet", "--theirs", "kills/production/cart.yaml"]);
    repository.commit("merged");
    let ran = repository.flagctl(&["verify-kill", "main..stop"]);
    let conflict = "COMMIT is a merge with a conflict in `kills/production/cart.yaml`; \
                    rebase the kill on the target branch instead";
    assert_eq!(objections_of(&repository, &ran), [conflict]);
}

#[test]
fn a_file_that_git_moves_with_a_renamed_folder_is_not_a_proven_kill() {
    let mut repository = shop();
    kill_by_hand(&mut repository, "production", "banner");
    repository.git(&["tag", "--force", "base"]);
    repository.git(&["checkout", "--quiet", "-b", "stop"]);
    kill_by_hand(&mut repository, "production", "cart");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["mv", "kills", "lifted"]);
    repository.commit("all kills: lifted");
    let ran = repository.flagctl(&["verify-kill", "main..stop"]);
    assert_eq!(objections_of(&repository, &ran), ["git cannot merge `lifted/production/cart.yaml` without a conflict"]);
    repository.git(&["config", "merge.directoryRenames", "true"]);
    let ran = repository.flagctl(&["verify-kill", "main..stop"]);
    let differs = |path| format!("the merge is more than the target and the files of the kills: `{path}` differs");
    let paths = ["kills/production/cart.yaml", "lifted/production/cart.yaml"];
    assert_eq!(objections_of(&repository, &ran), paths.map(differs));
}

#[test]
fn an_error_elsewhere_on_the_target_does_not_stop_a_kill() {
    let mut repository = shop();
    repository.write("flags/broken.yaml", "variants: [\n");
    repository.write("segments/broken.yaml", "if: {nonsense: 1}\n");
    repository.commit("broken");
    repository.git(&["tag", "--force", "base"]);
    kill_by_hand(&mut repository, "production", "cart");
    assert_proven(&verify(&repository, &[]));
    // An error of the killed flag or of a dependant stops it.
    for broken in ["flags/cart.yaml", "flags/checkout.yaml"] {
        repository.git(&["checkout", "--quiet", "-B", "stop", "main~1"]);
        repository.write(broken, &flag("requires: {cart: no-such}\n"));
        repository.commit("broken, too");
        repository.git(&["tag", "--force", "base"]);
        kill_by_hand(&mut repository, "production", "cart");
        let objections = objections(&repository, &[]);
        assert!(objections.iter().any(|objection| objection.contains(broken)), "{objections:?}");
    }
}

#[test]
fn a_test_whose_control_has_the_value_of_off_can_be_killed() {
    let mut repository = shop();
    let text = "variants: {off: none, control: none, treatment: red}\noff: off\ndefault: off\nrules:\n  \
                - serve: {control: 50%, treatment: 50%}\n";
    repository.write("flags/paint.yaml", text);
    repository.commit("paint: a test");
    repository.git(&["tag", "--force", "base"]);
    kill(&repository, "paint");
    assert_proven(&verify(&repository, &["paint", "-e", "production"]));
    // Without a kill, the same move is not a kill.
    repository.git(&["reset", "--quiet", "--hard", "base"]);
    repository.write("flags/paint.yaml", &text.replace("control: 50%, treatment: 50%", "control: 100%"));
    repository.commit("paint: everyone is in the control group");
    assert_eq!(objections(&repository, &[]), ["COMMIT changes `flags/paint.yaml`, which is not the file of a kill"]);
}

#[test]
fn a_kill_replaces_what_is_in_the_place_of_its_file() {
    let mut repository = shop();
    let path = repository.root().join("kills/production/cart.yaml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink("/nonexistent", &path).unwrap();
    repository.commit("planted");
    repository.git(&["tag", "--force", "base"]);
    kill(&repository, "cart");
    assert_proven(&verify(&repository, &[]));
    assert_proven(&verify(&repository, &["cart", "-e", "production"]));
}

#[test]
fn a_range_that_turns_nothing_off_is_not_a_kill() {
    let mut repository = shop();
    repository.commit("nothing");
    assert_eq!(objections(&repository, &[]), ["no flag is turned off"]);
    let not_off = "`cart` in production: does not serve `off` to everyone after the merge";
    assert_eq!(objections(&repository, &["cart", "-e", "production"]), [not_off]);
}

#[test]
fn ranges_that_are_empty_or_reversed_or_have_no_target_are_errors() {
    let mut repository = shop();
    kill_by_hand(&mut repository, "production", "cart");
    let run = |arguments: &[&str]| repository.flagctl(&[&["verify-kill"], arguments].concat());
    assert_fails(&run(&["HEAD..base"]), "`HEAD` already has all commits of `base`; write the target branch first");
    assert_fails(&run(&["HEAD..HEAD", "cart"]), "`HEAD` and `HEAD` are the same commit");
    for range in ["", "..", "...", "..HEAD"] {
        assert_fails(&run(&[range]), "does not name the target branch");
    }
    repository.git(&["checkout", "--quiet", "--orphan", "stranger"]);
    repository.commit("unrelated");
    assert_fails(&repository.flagctl(&["verify-kill", "main..HEAD"]), "have no common commit");
}

#[test]
fn an_ambiguous_name_is_an_error() {
    let mut repository = shop();
    repository.git(&["branch", "trunk", "base"]);
    kill_by_hand(&mut repository, "production", "cart");
    let verify = |range: &str| repository.flagctl(&["verify-kill", range]);
    assert_proven(&verify("trunk..HEAD"));
    repository.git(&["tag", "trunk"]);
    assert_fails(&verify("trunk..HEAD"), "`trunk` is ambiguous: it is refs/tags/trunk and refs/heads/trunk");
    assert_fails(&verify("trunk~0..HEAD"), "`trunk` is ambiguous");
    assert_proven(&verify("refs/heads/trunk..HEAD"));
    // A tag that looks like a branch of a remote.
    repository.git(&["update-ref", "refs/remotes/origin/main", "base"]);
    assert_proven(&verify("origin/main..HEAD"));
    repository.git(&["tag", "origin/main"]);
    assert_fails(&verify("origin/main..HEAD"), "it is refs/tags/origin/main and refs/remotes/origin/main");
    // A branch whose name is the id of a commit.
    let base = repository.git(&["rev-parse", "base"]);
    assert_proven(&verify(&format!("{base}..HEAD")));
    repository.git(&["update-ref", &format!("refs/heads/{base}"), "HEAD"]);
    assert_fails(&verify(&format!("{base}..HEAD")), "is ambiguous");
}

#[test]
fn a_clone_that_is_too_shallow_to_know_the_range_is_an_error() {
    let mut repository = shop();
    repository.write("README.md", "A safer shop.\n");
    kill_by_hand(&mut repository, "production", "banner");
    repository.git(&["checkout", "--quiet", "-b", "stop"]);
    for number in 0..5 {
        repository.commit(&format!("nothing {number}"));
    }
    // A merge with the old base, which has the old files and a kill.
    repository.git(&["checkout", "--quiet", "base"]);
    repository.write("kills/production/cart.yaml", KILL);
    repository.git(&["add", "--all"]);
    let tree = repository.git(&["write-tree"]);
    let merge = repository.git(&["commit-tree", &tree, "-p", "stop", "-p", "base", "-m", "merge"]);
    repository.git(&["reset", "--quiet", "--hard"]);
    repository.git(&["branch", "--force", "stop", &merge]);
    repository.git(&["checkout", "--quiet", "stop"]);
    let ran = repository.flagctl(&["verify-kill", "main..stop"]);
    let edited = ["README.md", "kills/production/banner.yaml", "kills/production/cart.yaml"]
        .map(|path| format!("COMMIT is a merge, and its `{path}` is not what git makes of its parents"));
    assert_eq!(objections_of(&repository, &ran), edited);
    for depth in 1..=4 {
        let clone = repository.clone_to(&format!("clone{depth}"), &[&format!("--depth={depth}"), "--no-single-branch"]);
        let ran = repository.flagctl_in(&clone, &["verify-kill", "origin/main..origin/stop"]);
        assert_fails(&ran, "git fetch --unshallow");
    }
    // A clone that has all commits of the range, and none before its base.
    repository.git(&["checkout", "--quiet", "-B", "stop", "main"]);
    kill_by_hand(&mut repository, "production", "cart");
    let clone = repository.clone_to("enough", &["--depth=2", "--no-single-branch"]);
    assert_proven(&repository.flagctl_in(&clone, &["verify-kill", "origin/main..origin/stop"]));
}

#[test]
fn json_has_the_target_and_the_causes() {
    let mut repository = shop();
    kill_by_hand(&mut repository, "production", "cart");
    let ran = verify(&repository, &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["target"], repository.git(&["rev-parse", "base"]));
    assert_eq!(json["head"], repository.git(&["rev-parse", "HEAD"]));
    let causes: Vec<_> = json["turnedOff"].as_array().unwrap().iter().map(|off| &off["cause"]).collect();
    assert_eq!(causes, ["kill", "dependency"]);
    assert_eq!(json["objections"], serde_json::json!([]));
}

#[test]
fn attributes_of_a_malformed_folder_are_not_written_outside_the_temporary_folder() {
    let mut repository = shop();
    let blob = repository.git_with(&["hash-object", "-w", "--stdin"], "* merge=union\n");
    let inner = repository.git_with(&["mktree"], &format!("100644 blob {blob}\t.gitattributes\n"));
    let middle = repository.git_with(&["mktree"], &format!("040000 tree {inner}\t..\n"));
    let entries = format!("{}\n040000 tree {middle}\t..\n", repository.git(&["ls-tree", "base"]));
    let outer = repository.git_with(&["mktree"], &entries);
    let evil = repository.git(&["commit-tree", &outer, "-p", "base", "-m", "evil"]);
    let side = repository.commit("side");
    let merge = repository.git(&["commit-tree", &outer, "-p", &evil, "-p", &side, "-m", "merge"]);
    let folder = repository.beside("temporary");
    fs::create_dir(&folder).unwrap();
    let ran = repository.shell(&format!("TMPDIR={} flagctl verify-kill base..{merge}", folder.display()));
    assert_ne!(ran.code, Some(0), "{}", ran.stdout);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "{}", ran.stderr);
}
