//! `flagctl diff` in real repositories, compared with the snapshots in `tests/diff/*.txt`.
//!
//! `SNAPSHOTS=overwrite cargo test --test it diff` updates the snapshots.

use std::fs;

use crate::example_shop;
use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "\
version: 1
environments: [staging, production]
attributes:
  country: {type: string, enum: [CA, DE, FR, GB, US]}
  plan: {type: string, enum: [free, pro]}
  email: string
";

const SALE: &str = "\
description: A sale.
owner: shop
expires: 2027-01-01
variants: {on: true, off: false}
off: off
rules:
  - name: north-america
    if: {country: [CA, US]}
    rollout: 10%
    serve: on
default: off
";

const BANNER: &str = "\
description: What the banner says.
owner: shop
expires: 2027-01-01
variants: {none: '', short: Hi, long: Good morning}
off: none
rules:
  - name: neighbours
    if: {segment: neighbours}
    serve: short
default: none
";

const NEIGHBOURS: &str = "description: Near us.\nif: {country: [DE]}\n";

/// Makes a repository with two flags and a segment on `main`, and checks out the branch `work`.
fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", SALE);
    repository.write("flags/banner.yaml", BANNER);
    repository.write("segments/neighbours.yaml", NEIGHBOURS);
    repository.commit("a shop");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    repository
}

fn overwrites() -> bool {
    std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite")
}

/// Formats the command line, the exit code, stdout and stderr like a file of `tests/diff`.
fn holds(name: &str, arguments: &[&str], ran: &Ran) {
    let code = ran.code.map_or(String::new(), |code| if code == 0 { String::new() } else { format!("? {code}\n") });
    let text = format!("$ flagctl {}\n{code}{}{}", arguments.join(" "), ran.stdout, ran.stderr);
    let path = format!("tests/diff/{name}.txt");
    if overwrites() {
        fs::create_dir_all("tests/diff").unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{path}");
}

fn shows(repository: &TestRepository, name: &str, arguments: &[&str]) -> Ran {
    let ran = repository.flagctl(arguments);
    holds(name, arguments, &ran);
    ran
}

#[test]
fn a_rollout_step_admits_exactly_the_difference() {
    let repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    let ran = shows(&repository, "rollout", &["diff"]);
    assert!(
        ran.stdout.contains("`on` instead of `off` to another 15% of all people where country in [\"CA\", \"US\"]\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn printed_example_contexts_get_the_printed_decisions() {
    let mut repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    repository.commit("more of them");
    let ran = repository.flagctl(&["diff", "main...work"]);
    let tried = ran.stdout.lines().find_map(|line| line.trim().strip_prefix("try flagctl ")).unwrap();
    let arguments: Vec<&str> = tried.split(' ').collect();
    assert!(repository.flagctl(&arguments).stdout.starts_with("sale: on = true\n"));
    let before: Vec<&str> = arguments.iter().map(|word| if *word == "work" { "main" } else { word }).collect();
    assert!(repository.flagctl(&before).stdout.starts_with("sale: off = false\n"));
}

#[test]
fn a_new_rule_before_another_takes_its_contexts() {
    let repository = shop();
    let rule = "rules:\n  - name: free-plan\n    if: {plan: free}\n    serve: off\n";
    repository.write("flags/sale.yaml", &SALE.replace("rules:\n", rule));
    shows(&repository, "new-rule", &["diff"]);
}

#[test]
fn a_changed_segment_moves_every_flag_that_uses_it() {
    let repository = shop();
    repository.write("flags/sale.yaml", SALE);
    repository.write("segments/neighbours.yaml", "description: Near us.\nif: {country: [DE, FR]}\n");
    let ran = shows(&repository, "segment", &["diff"]);
    assert!(ran.stdout.contains("segments/neighbours.yaml:2"), "{}", ran.stdout);
}

#[test]
fn a_refactoring_is_proven_to_change_no_decision() {
    let repository = shop();
    let apart = SALE.replace("    if: {country: [CA, US]}\n", "    if:\n      not: {country: {not_in: [US, CA]}}\n");
    repository.write("flags/sale.yaml", &apart.replace("north-america", "america"));
    let ran = shows(&repository, "refactoring", &["diff", "--fail-on", "expand,shrink,reassign,reshuffle,metadata"]);
    assert_eq!(ran.code, Some(0));
}

#[test]
fn diff_names_a_kill_and_a_revive() {
    let mut repository = shop();
    repository.write("kills/production/sale.yaml", "reason: \"INC-7: prices are wrong\"\n");
    shows(&repository, "kill", &["diff", "main"]);
    repository.commit("kill sale");
    repository.remove("kills/production/sale.yaml");
    shows(&repository, "revive", &["diff", "HEAD"]);
}

#[test]
fn an_added_or_removed_flag_counts_as_off() {
    let mut repository = shop();
    repository.write("flags/extra.yaml", &SALE.replace("10%", "100%"));
    shows(&repository, "added", &["diff", "-e", "production"]);
    repository.commit("an extra");
    repository.remove("flags/extra.yaml");
    repository.commit("no extra");
    shows(&repository, "removed", &["diff", "HEAD~1..HEAD", "-e", "production"]);
}

#[test]
fn a_new_salt_reshuffles_within_the_stated_bounds() {
    let repository = shop();
    repository.write("flags/sale.yaml", &format!("salt: second-try\n{}", SALE.replace("10%", "60%")));
    shows(&repository, "salt", &["diff"]);
}

#[test]
fn a_changed_setting_of_the_project_has_a_line() {
    let mut repository = shop();
    repository.write("flagctl.yaml", &format!("{PROJECT}bucketing: siphash\n"));
    repository.commit("the bucketing is written out");
    repository.write("flagctl.yaml", &format!("{PROJECT}bucketing: flagd-v3\n"));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert!(ran.stdout.contains("  flagctl.yaml:7: bucketing siphash → flagd-v3\n"), "{}", ran.stdout);
    // The setting is only in the former version.
    repository.commit("bucketing of flagd");
    repository.write("flagctl.yaml", PROJECT);
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert!(ran.stdout.contains("  flagctl.yaml:7 (before): bucketing flagd-v3 → siphash\n"), "{}", ran.stdout);
}

#[test]
fn a_change_without_effect_is_metadata_or_none() {
    let repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("owner: shop", "owner: till"));
    repository.write("flags/banner.yaml", &format!("# Careful.\n{BANNER}"));
    let ran = shows(&repository, "metadata", &["diff", "--fail-on", "metadata"]);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn diff_without_a_change_is_empty() {
    let repository = shop();
    repository.write("README.md", "Not a flag.\n");
    shows(&repository, "nothing", &["diff"]);
}

/// Returns the flags that differ between HEAD and the working tree.
#[track_caller]
fn differ(repository: &TestRepository, flags: &[&str]) {
    let ran = repository.flagctl(&["diff", "HEAD", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let named = |one: &serde_json::Value| one["flag"].as_str().unwrap().to_owned();
    let mut found: Vec<_> = json["flags"].as_array().unwrap().iter().map(named).collect();
    found.dedup();
    assert_eq!(found, flags);
}

#[test]
fn diff_reads_the_working_tree_not_the_index() {
    let repository = shop();
    let more = SALE.replace("10%", "25%");
    repository.write("flags/sale.yaml", &more);
    differ(&repository, &["sale"]);
    repository.git(&["add", "flags/sale.yaml"]);
    differ(&repository, &["sale"]);
    repository.write("flags/sale.yaml", SALE);
    differ(&repository, &[]);
    repository.git(&["reset", "--quiet", "--hard"]);
    repository.git(&["rm", "--quiet", "--cached", "flags/sale.yaml"]);
    differ(&repository, &[]);
    repository.remove("flags/sale.yaml");
    differ(&repository, &["sale"]);
    repository.git(&["reset", "--quiet", "--hard"]);
    repository.write(".gitignore", "flags/deep\n");
    repository.write("flags/deep/extra.yaml", &more);
    differ(&repository, &["extra"]);
    repository.git(&["add", "--force", "flags/deep/extra.yaml"]);
    differ(&repository, &["extra"]);
    repository.git(&["reset", "--quiet", "--hard"]);
    // The file has another time than in the index, but the same content.
    repository.git(&["update-index", "--refresh"]);
    fs::File::open(repository.root().join("flags/sale.yaml")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    differ(&repository, &[]);
}

#[test]
fn a_file_among_thousands_is_found() {
    const FLAGS: usize = 3000;
    let mut repository = shop();
    let path = |at: usize| match at % 2 {
        0 => format!("flags/area-{}/deep/flag-{at:04}.yaml", at / 100),
        _ => format!("flags/flag-{at:04}.yaml"),
    };
    for at in 0..FLAGS {
        repository.write(&path(at), SALE);
    }
    repository.write("flags/zone/left.yaml", SALE);
    repository.commit("many");
    differ(&repository, &[]);
    let more = SALE.replace("10%", "25%");
    let changed = [0, 1, FLAGS / 4, FLAGS / 4 + 1, FLAGS / 2, FLAGS / 2 + 1, FLAGS - 2, FLAGS - 1];
    for at in changed {
        repository.write(&path(at), &more);
    }
    repository.git(&["add", &path(1), &path(FLAGS - 2)]);
    fs::remove_dir_all(repository.root().join("flags/zone")).unwrap();
    repository.write("flags/between/come.yaml", SALE);
    let keys = changed.map(|at| format!("flag-{at:04}"));
    let keys: Vec<&str> = std::iter::once("come").chain(keys.iter().map(String::as_str)).chain(["left"]).collect();
    differ(&repository, &keys);
}

#[test]
fn diff_includes_flags_that_depend_on_a_changed_one() {
    let mut repository = shop();
    let asking = |other: &str| format!("requires: {{{other}}}\n{}", crate::git_bench::flag("on"));
    repository.write("flags/after.yaml", &asking("banner: short"));
    repository.write("flags/last.yaml", &asking("after: on"));
    repository.commit("two that ask");
    repository.write("segments/neighbours.yaml", &NEIGHBOURS.replace("DE", "FR"));
    differ(&repository, &["after", "banner", "last"]);
    repository.git(&["reset", "--quiet", "--hard"]);
    repository.write("flags/last.yaml", &asking("banner: long"));
    repository.write("flags/banner.yaml", &BANNER.replace("default: none", "default: short"));
    differ(&repository, &["after", "banner", "last"]);
}

#[cfg(unix)]
#[test]
fn a_linked_folder_of_flags_is_read() {
    let mut repository = shop();
    repository.git(&["mv", "flags", "shared"]);
    std::os::unix::fs::symlink("shared", repository.root().join("flags")).unwrap();
    repository.commit("the flags of several");
    differ(&repository, &[]);
    repository.write("shared/sale.yaml", &SALE.replace("10%", "25%"));
    differ(&repository, &["sale"]);
}

#[cfg(unix)]
#[test]
fn a_dangling_link_can_be_repaired() {
    let mut repository = shop();
    std::os::unix::fs::symlink("nowhere.yaml", repository.root().join("flags/again.yaml")).unwrap();
    repository.commit("a dead link");
    fs::remove_file(repository.root().join("flags/again.yaml")).unwrap();
    repository.write("flags/again.yaml", SALE);
    repository.write("segments/neighbours.yaml", &NEIGHBOURS.replace("DE", "FR"));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stdout.contains("before: flags/again.yaml:1:1: `flags/again.yaml` is a link"), "{}", ran.stdout);
    assert!(ran.stdout.contains("banner"), "{}", ran.stdout);
}

#[test]
fn a_branch_is_compared_with_its_merge_base() {
    let mut repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    repository.commit("more of them");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("flags/banner.yaml", &BANNER.replace("serve: short", "serve: long"));
    repository.commit("others go on");
    repository.git(&["checkout", "--quiet", "work"]);
    shows(&repository, "branch", &["diff", "main...HEAD", "-e", "production"]);
    let own = repository.flagctl(&["diff"]).stdout;
    assert!(own.contains("sale") && !own.contains("banner"), "{own}");
    let two = repository.flagctl(&["diff", "main..HEAD"]).stdout;
    assert!(two.contains("sale") && two.contains("banner"), "{two}");
}

#[test]
fn a_shallow_clone_says_what_to_fetch() {
    let mut repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    repository.commit("more of them");
    let clone = repository.clone_to("clone", &["--depth=1", "--branch=work"]);
    let ran = repository.flagctl_in(&clone, &["diff", "main...HEAD"]);
    holds("shallow", &["diff", "main...HEAD"], &ran);
    repository.git_in(&clone, &["fetch", "--quiet", "--depth=1", "origin", "main:main"]);
    let ran = repository.flagctl_in(&clone, &["diff", "main..HEAD", "-e", "production"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn a_merge_base_beyond_a_shallow_clone_is_reported() {
    let mut repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    repository.commit("more of them");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit("others go on");
    let clone = repository.clone_to("clone", &["--depth=1", "--no-single-branch"]);
    let ran = repository.flagctl_in(&clone, &["diff", "origin/main...origin/work"]);
    holds("apart", &["diff", "origin/main...origin/work"], &ran);
}

#[test]
fn a_bare_repository_needs_two_ends() {
    let mut repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    repository.commit("more of them");
    let bare = repository.clone_to("bare.git", &["--bare"]);
    let ran = repository.flagctl_in(&bare, &["diff"]);
    holds("bare", &["diff"], &ran);
    let ran = repository.flagctl_in(&bare, &["diff", "main..work"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("15% of all people"), "{ran:?}");
}

#[test]
fn fail_on_and_max_share_refuse_a_change() {
    let repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "5%"));
    shows(&repository, "refused", &["diff", "-e", "production", "--fail-on", "shrink", "--max-share", "4.999%"]);
    let fine = repository.flagctl(&["diff", "--fail-on", "reassign,reshuffle", "--max-share", "5%"]);
    assert_eq!(fine.code, Some(0));
}

#[test]
fn diff_counts_the_contexts_of_a_population() {
    let repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "100%"));
    let lines: String = (0..1000)
        .map(|at| format!("{{\"targetingKey\": \"u{at}\", \"country\": \"{}\"}}\n", ["CA", "DE"][at % 2]))
        .collect();
    fs::write(repository.beside("people.jsonl"), lines).unwrap();
    let arguments = ["diff", "-e", "production", "--population", "../people.jsonl"];
    shows(&repository, "population", &arguments);
    let zip = repository.command("gzip").arg("../people.jsonl").current_dir(repository.root()).status().unwrap();
    assert!(zip.success());
    let zipped = repository.flagctl(&["diff", "-e", "production", "--population", "../people.jsonl.gz"]);
    assert_eq!(zipped.stdout, repository_text("population"), "{}", zipped.stderr);
}

#[test]
fn diff_notes_the_values_of_a_population_that_it_cannot_use() {
    let repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "100%"));
    let contexts = [
        r#"{"targetingKey": "u1", "country": "CA"}"#,
        r#"{"targetingKey": 2, "country": "CA", "contry": "CA"}"#,
        r#"{"targetingKey": 3, "country": "XX"}"#,
    ];
    fs::write(repository.beside("people.jsonl"), contexts.join("\n")).unwrap();
    let arguments = ["diff", "-e", "production", "--population", "../people.jsonl"];
    shows(&repository, "population-unusable", &arguments);
    let markdown = repository.flagctl(&[&arguments[..], &["--format", "markdown"]].concat());
    let note = "\n> **Note:** `` `targetingKey` cannot be used in 2 of 3 known contexts: \
                expected a string, found a number (line 2) ``\n";
    assert!(markdown.stdout.contains(note), "{}", markdown.stdout);
    let json = repository.flagctl(&[&arguments[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        json["unusable"],
        serde_json::json!([
            {"attribute": "country", "contexts": 1, "expected": "one of its allowed values", "found": "a string", "line": 3},
            {"attribute": "targetingKey", "contexts": 2, "expected": "a string", "found": "a number", "line": 2},
        ])
    );
    assert_eq!(json["undeclared"], serde_json::json!(["contry"]));
}

/// Returns the texts of the groups of contexts of a flag in an environment.
fn groups(repository: &TestRepository, flag: &str, environment: &str) -> Vec<String> {
    let ran = repository.flagctl(&["diff", "HEAD", "-e", environment, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let flags = json["flags"].as_array().unwrap();
    let flag = flags.iter().find(|other| other["flag"] == flag).unwrap();
    let regions = flag["changes"][0]["regions"].as_array().unwrap();
    regions.iter().map(|region| region["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_condition_that_is_not_true_differs_in_words_from_the_operator_not() {
    let mut repository = shop();
    let (head, _) = BANNER.split_once("rules:").unwrap();
    let banner = |rules: &str| format!("{head}default: none\nrules:\n{rules}");
    repository.write("flags/banner.yaml", &banner("  - {serve: none}\n"));
    repository.commit("no rule matches");
    repository.write("flags/banner.yaml", &banner("  - {if: {not: {country: {eq: DE}}}, serve: long}\n"));
    let [by_not] = groups(&repository, "banner", "production").try_into().unwrap();
    repository.write("flags/banner.yaml", &banner("  - {if: {country: DE}, serve: none}\n  - {serve: long}\n"));
    let [by_order] = groups(&repository, "banner", "production").try_into().unwrap();
    assert_eq!(by_not, "everyone where country ne \"DE\": none → long");
    assert_eq!(by_order, "everyone unless country eq \"DE\": none → long");
}

#[test]
fn a_term_about_something_that_changed_says_which_version_it_means() {
    let mut repository = shop();
    let flag = |condition: &str| BANNER.replace("if: {segment: neighbours}", &format!("if: {{{condition}}}"));
    let sale = SALE.replace("    rollout: 10%\n", "");
    repository.write("flags/sale.yaml", &sale);
    repository.write("flags/by-sale.yaml", &flag("flag: {sale: off}"));
    repository.write("flags/by-segment.yaml", &flag("segment: neighbours, plan: pro"));
    repository.write("flags/by-enum.yaml", &flag("plan: {ne: free}"));
    repository.commit("three flags");
    // A flag that is removed is about the definitions before, also if another flag is killed at the same time.
    repository.write("flags/sale.yaml", &sale.replace("rules:", "requires: {banner: short}\nrules:"));
    repository.remove("flags/by-sale.yaml");
    let removed = groups(&repository, "by-sale", "production");
    assert_eq!(removed, ["everyone where flag sale serves off (before): short → none"]);
    repository.write("segments/neighbours.yaml", "description: Near us.\nif: {country: [DE, FR]}\n");
    let [by_segment] = groups(&repository, "by-segment", "production").try_into().unwrap();
    assert_eq!(by_segment, "everyone where plan eq \"pro\" and country eq \"FR\": none → short");
    repository.write("flagctl.yaml", &PROJECT.replace("[free, pro]", "[free, pro, max]"));
    let [by_enum] = groups(&repository, "by-enum", "production").try_into().unwrap();
    assert_eq!(by_enum, "everyone where plan eq \"max\" (after): none → short");
}

#[test]
fn an_attribute_with_the_name_unless_is_no_exception() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", &crate::git_bench::PROJECT.replace("  country: string", "  unless: string"));
    repository.write("flags/sale.yaml", &crate::git_bench::flag("off"));
    repository.commit("a flag");
    let rule = "rules:\n  - {if: {unless: {eq: a}}, serve: on}\n";
    repository.write("flags/sale.yaml", &(crate::git_bench::flag("off") + rule));
    let text = repository.flagctl(&["diff", "HEAD"]).stdout;
    assert!(text.contains("to everyone where unless eq \"a\""), "{text}");
}

#[test]
fn programs_and_forges_get_paths_from_the_root_of_git() {
    let mut repository = TestRepository::new();
    repository.write("config/flagctl.yaml", crate::git_bench::PROJECT);
    repository.write("config/flags/sale.yaml", &crate::git_bench::flag("off"));
    repository.commit("a flag in a folder");
    repository.write("config/flags/sale.yaml", &crate::git_bench::flag("on"));
    for folder in [".", "config", "config/flags"] {
        let shown = |format: &str| repository.flagctl(&["-C", folder, "diff", "HEAD", "--format", format]).stdout;
        let json: serde_json::Value = serde_json::from_str(&shown("json")).unwrap();
        let path = json.pointer("/flags/0/changes/0/causes/0/path").unwrap();
        assert_eq!(path, "config/flags/sale.yaml", "{folder}");
        assert!(shown("markdown").contains("`config/flags/sale.yaml:"), "{folder}");
        assert!(shown("html").contains(">config/flags/sale.yaml:"), "{folder}");
    }
}

/// Returns a snapshot without its command line.
fn repository_text(name: &str) -> String {
    let text = fs::read_to_string(format!("tests/diff/{name}.txt")).unwrap();
    text.split_once('\n').unwrap().1.to_owned()
}

#[test]
fn a_definition_with_errors_does_not_hide_other_changes() {
    let repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("serve: on", "serve: onn"));
    repository.write("flags/banner.yaml", &BANNER.replace("serve: short", "serve: long"));
    let ran = shows(&repository, "invalid", &["diff", "-e", "production"]);
    assert_eq!(ran.code, Some(3));
}

#[test]
fn an_assertion_beyond_the_work_limit_is_undecided() {
    let repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    let ran = shows(&repository, "unknown", &["diff", "-e", "production", "--effort", "0"]);
    assert_eq!(ran.code, Some(3));
}

#[test]
fn diff_merge_reports_a_flag_that_changes_on_neither_side() {
    let mut repository = shop();
    // One branch adds France to the segment, and the other branch serves the long text to the segment.
    repository.write("segments/neighbours.yaml", "description: Near us.\nif: {country: [DE, FR]}\n");
    repository.commit("France is near");
    repository.git(&["checkout", "--quiet", "-b", "other", "main"]);
    repository.write("flags/banner.yaml", &BANNER.replace("serve: short", "serve: long"));
    repository.commit("the long text");
    let objects = repository.git(&["count-objects"]);
    shows(&repository, "merge", &["diff", "--merge", "main", "work", "other", "-e", "production"]);
    assert_eq!(repository.git(&["count-objects"]), objects);
    let fine = repository.flagctl(&["diff", "--merge", "main", "work", "main"]);
    assert_eq!((fine.code, fine.stderr.as_str()), (Some(0), ""), "{}", fine.stdout);
}

#[test]
fn diff_merge_reports_conflicts_and_broken_definitions() {
    let mut repository = shop();
    repository.remove("segments/neighbours.yaml");
    repository.write("flags/banner.yaml", &BANNER.replace("{segment: neighbours}", "{country: DE}"));
    repository.commit("no neighbours any more");
    repository.git(&["checkout", "--quiet", "-b", "other", "main"]);
    repository.write("flags/hint.yaml", &BANNER.replace("the banner", "the hint"));
    repository.commit("a hint for neighbours");
    shows(&repository, "merge-broken", &["diff", "--merge", "main", "work", "other"]);
    repository.git(&["checkout", "--quiet", "-b", "third", "main"]);
    repository.write("flags/banner.yaml", &BANNER.replace("{segment: neighbours}", "{country: FR}"));
    repository.commit("France only");
    shows(&repository, "merge-conflict", &["diff", "--merge", "main", "work", "third"]);
}

#[test]
fn a_comment_fits_whatever_the_change() {
    let repository = shop();
    for at in 0..400 {
        repository.write(&format!("flags/more/extra-{at}.yaml"), SALE);
    }
    let text = repository.flagctl(&["diff", "--format", "markdown"]).stdout;
    assert!(text.starts_with("<!-- flagctl diff -->\n"), "{text}");
    assert!(text.chars().count() <= 65_536 && text.contains("for which this comment has no space"), "{}", text.len());
}

#[test]
fn json_has_exact_fractions() {
    let repository = shop();
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    let json: serde_json::Value =
        serde_json::from_str(&repository.flagctl(&["diff", "--format", "json"]).stdout).unwrap();
    let region = &json["flags"][0]["changes"][0]["regions"][0];
    assert_eq!((&json["version"], &region["moved"]["fraction"]), (&1.into(), &"3/20".into()), "{json:#}");
}

/// The condition of the rule puts twelve pigeons into eleven holes. The proof that this is impossible exceeds the
/// solver's budget.
#[test]
fn a_flag_that_exceeds_the_work_limit_is_reported_as_unknown() {
    let (pigeons, holes) = (12, 11);
    let name = |pigeon: usize, hole: usize| format!("p{pigeon}h{hole}");
    let pairs = |pigeon: usize| (0..holes).map(move |hole| (pigeon, hole));
    let mut repository = TestRepository::new();
    let attributes = (0..pigeons).flat_map(pairs).map(|(pigeon, hole)| format!("  {}: boolean\n", name(pigeon, hole)));
    let project = format!("version: 1\nenvironments: [production]\nattributes:\n{}", attributes.collect::<String>());
    repository.write("flagctl.yaml", &project);
    let flag =
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\noff: off\n";
    repository.write("flags/pigeons.yaml", &format!("{flag}default: off\n"));
    repository.commit("nobody");
    let one_of = |tests: Vec<String>| format!("        - any: [{}]\n", tests.join(", "));
    let mut rule = "rules:\n  - if:\n      all:\n".to_owned();
    for pigeon in 0..pigeons {
        rule += &one_of(pairs(pigeon).map(|(pigeon, hole)| format!("{{{}: true}}", name(pigeon, hole))).collect());
    }
    for (pigeon, hole) in (0..pigeons).flat_map(pairs) {
        for other in 0..pigeon {
            rule += &one_of([pigeon, other].map(|one| format!("{{{}: false}}", name(one, hole))).to_vec());
        }
    }
    repository.write("flags/pigeons.yaml", &format!("{flag}{rule}    serve: on\ndefault: off\n"));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.stdout, ran.stderr);
    let said = "unknown: pigeons in production has an unknown effect: the analysis takes more work than is allowed: the conditions of \
                `pigeons` have too many combinations\n";
    assert!(ran.stdout.starts_with(said), "{}", ran.stdout);
}

/// Writes the bundle of an environment to a file outside the repository.
fn export(repository: &TestRepository, environment: &str, name: &str) {
    let ran = repository.flagctl(&["export", "bundle", "-e", environment]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    fs::write(repository.beside(name), ran.stdout).unwrap();
}

/// Runs the first example command in an output, and returns the output of that command.
fn tried(repository: &TestRepository, shown: &str) -> String {
    let command = shown.lines().find_map(|line| line.trim().strip_prefix("try flagctl ")).unwrap();
    let ran = repository.flagctl(&command.split(' ').collect::<Vec<_>>());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    ran.stdout
}

#[test]
fn diff_compares_a_published_bundle_with_a_revision() {
    let mut repository = shop();
    repository.write("flags/old.yaml", &SALE.replace("10%", "50%"));
    repository.write("flags/calm.yaml", SALE);
    export(&repository, "production", "live.json");
    let nothing = ["diff", "--bundle", "../live.json"];
    shows(&repository, "bundle-nothing", &nothing);

    repository.remove("flags/old.yaml");
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%").replace("owner: shop", "owner: till"));
    repository.write("flags/extra.yaml", &SALE.replace("10%", "100%"));
    repository.write("segments/neighbours.yaml", "description: Near us.\nif: {country: [DE, FR]}\n");
    repository.write("kills/staging/sale.yaml", "reason: Not there\n");
    let ran = shows(&repository, "bundle", &["diff", "--bundle", "../live.json", "--fail-on", "shrink"]);
    assert_eq!(ran.code, Some(1));
    assert!(tried(&repository, &ran.stdout).starts_with("banner: short"), "{}", ran.stdout);
    repository.commit("the next version");
    shows(&repository, "bundle-markdown", &["diff", "--bundle", "../live.json", "HEAD", "--format", "markdown"]);
    let main = repository.flagctl(&["diff", "--bundle", "../live.json", "main", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&main.stdout).unwrap();
    assert_eq!((&json["before"]["name"], &json["before"]["commit"]), (&"../live.json".into(), &().into()));
    assert_eq!(json["after"]["commit"], repository.git(&["rev-parse", "main"]));
    let gone: Vec<_> =
        json["flags"].as_array().unwrap().iter().map(|flag| flag["changes"][0]["change"].clone()).collect();
    assert_eq!(gone, ["removed", "removed"]);
    let command = json["flags"][0]["changes"][0]["regions"][0]["example"]["before"]["command"].as_str().unwrap();
    assert!(command.starts_with("flagctl eval calm --bundle ../live.json -c "), "{command}");
    assert_eq!(json["flags"][0]["changes"][0]["causes"][0], serde_json::json!({"side": "before", "text": "removed"}));
}

#[test]
fn two_bundles_are_compared_anywhere() {
    let repository = shop();
    export(&repository, "production", "old.json");
    export(&repository, "staging", "staging.json");
    repository.write("flags/sale.yaml", &SALE.replace("10%", "25%"));
    export(&repository, "production", "new.json");
    let bundles = ["diff", "--bundle", "../old.json", "--bundle", "../new.json"];
    let ran = shows(&repository, "bundles", &bundles);
    assert!(tried(&repository, &ran.stdout).starts_with("sale: on"), "{}", ran.stdout);
    fs::write(repository.beside("people.jsonl"), "{\"targetingKey\": \"u1\", \"country\": \"CA\"}\n").unwrap();
    let more = ["--population", "../people.jsonl", "--max-share", "5%"];
    let refused = repository.flagctl(&[&bundles[..], &more].concat());
    assert_eq!(refused.code, Some(1));
    assert!(refused.stdout.contains("of 1 known context\n"), "{}", refused.stdout);

    shows(&repository, "bundles-apart", &["diff", "--bundle", "../old.json", "--bundle", "../staging.json"]);
    repository.write("flagctl.yaml", &PROJECT.replace("staging, production", "staging, live"));
    shows(&repository, "bundle-elsewhere", &["diff", "--bundle", "../old.json"]);
    shows(&repository, "bundle-range", &["diff", "--bundle", "../old.json", "main..HEAD"]);
    fs::write(repository.beside("new.json"), "{\"format\": 1}").unwrap();
    shows(&repository, "bundle-broken", &bundles);
}

#[test]
fn errors_do_not_hide_changes_against_a_bundle() {
    let repository = shop();
    export(&repository, "production", "live.json");
    repository.write("flags/sale.yaml", &SALE.replace("serve: on", "serve: onn"));
    repository.write("flags/banner.yaml", &BANNER.replace("serve: short", "serve: long"));
    let ran = shows(&repository, "bundle-invalid", &["diff", "--bundle", "../live.json"]);
    assert_eq!(ran.code, Some(3));
}

#[test]
fn diff_shows_a_pull_request_flag_by_flag() {
    let repository = example_shop::pull_request();
    let ran = shows(&repository, "pull-request", &["diff", "main...HEAD", "-e", "production"]);
    assert_eq!(ran.code, Some(0));
}

#[test]
fn environments_with_the_same_change_are_one_block_and_others_are_left_out() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [dev, staging, production]\n");
    let flag = "description: A cart.\nowner: shop\nexpires: 2027-01-01\nvariants: {on: true, off: false}\noff: off\n";
    repository.write("flags/cart.yaml", &format!("{flag}default: on\n"));
    repository.commit("before");
    for environment in ["staging", "production"] {
        repository.write(&format!("kills/{environment}/cart.yaml"), "reason: carts are empty\n");
    }
    repository.commit("a kill in two environments");
    shows(&repository, "kills", &["diff", "HEAD~1..HEAD"]);
    repository.write("flags/cart.yaml", &format!("{flag}default: on\nenvironments: {{dev: {{default: off}}}}\n"));
    repository.commit("off in dev");
    let ran = shows(&repository, "one-environment", &["diff", "HEAD~1..HEAD"]);
    assert!(!ran.stdout.contains("staging"), "{}", ran.stdout);
    let json = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "json"]);
    assert!(json.stdout.contains("staging"), "{}", json.stdout);
}
