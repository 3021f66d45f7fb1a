//! `flagctl log` without a flag: the changes of all flags.

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "\
version: 1
environments: [staging, production]
attributes:
  country: string
  plan: {type: string, enum: [free, pro]}
";

fn flag(owner: &str, condition: &str) -> String {
    format!(
        "description: A test's.\nowner: {owner}\nexpires: 2027-01-01\nvariants: {{on: true, off: false}}\noff: off\n\
         default: off\nrules:\n  - name: first\n    if: {condition}\n    rollout: 10%\n    serve: on\n"
    )
}

/// Makes a repository in which commits change flags directly, and through a segment, a prerequisite and the settings.
fn history() -> TestRepository {
    let mut repository = TestRepository::new();
    let base = flag("core", "{country: US}");
    repository.write("README.md", "Flags.\n");
    repository.commit("a page");
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/base.yaml", &base);
    repository.write("flags/cart.yaml", &flag("till", "{segment: europe}"));
    repository.write("flags/help.yaml", &flag("core", "{segment: europe}"));
    repository.write("flags/sale.yaml", &flag("till", "{plan: pro}").replace("rules:", "requires: {base: on}\nrules:"));
    repository.write("segments/europe.yaml", "description: Europe.\nif: {country: [DE, FR]}\n");
    repository.commit("begin");
    repository.write("segments/europe.yaml", "description: Europe.\nif: {country: [DE, FR, PL]}\n");
    repository.commit("Poland");
    repository.write("README.md", "All flags.\n");
    repository.commit("another page");
    repository.write("flags/base.yaml", &base.replace("10%", "20%"));
    repository.write("flags/cart.yaml", &flag("shop", "{segment: europe}"));
    repository.commit("more of base; cart moves to another team");
    repository.write("kills/production/base.yaml", "reason: \"INC-7, broken\"\n");
    repository.commit(
        "kill base in production\n\nFlag: base\nEnvironment: production\nReason: INC-7, broken\nFlagctl-Action: kill",
    );
    repository.remove("flags/help.yaml");
    repository.commit("help is done");
    repository
}

fn subjects(ran: &Ran) -> Vec<&str> {
    let is_subject = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    ran.stdout.lines().filter(is_subject).map(str::trim).collect()
}

#[test]
fn each_commit_has_the_flags_that_it_changed() {
    let repository = history();
    let ran = repository.flagctl(&["log"]);
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("  ")).collect();
    let expected = [
        "  help is done",
        "    help",
        "      staging, production: removed",
        "  kill base in production",
        "    flagctl kill",
        "    base",
        "      production: killed: INC-7, broken",
        "    sale",
        "      production: through flag base: killed: INC-7, broken",
        "  more of base; cart moves to another team",
        "    base",
        "      staging, production: rule first 10% → 20%",
        "    cart",
        "      owner \"till\" → \"shop\"",
        "    sale",
        "      staging, production: through flag base: rule first 10% → 20%",
        "  Poland",
        "    cart, help",
        "      staging, production: through segment europe: country in: added \"PL\"",
        "  begin",
        "    base, cart, help, sale",
        "      staging, production: added",
    ];
    assert_eq!((lines.as_slice(), ran.stderr.as_str(), ran.code), (&expected[..], "", Some(0)));
}

#[test]
fn the_log_of_all_flags_has_the_changes_of_the_log_of_each_flag() {
    let repository = history();
    let changes = |ran: &Ran| {
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let mut changes = Vec::new();
        for commit in json["commits"].as_array().unwrap() {
            for change in commit["changes"].as_array().unwrap() {
                changes.push(format!("{} {change}", commit["commit"]));
            }
        }
        changes.sort();
        changes
    };
    let all = changes(&repository.flagctl(&["log", "--format", "json"]));
    let each = ["base", "cart", "help", "sale"].iter();
    let mut each: Vec<String> =
        each.flat_map(|flag| changes(&repository.flagctl(&["log", flag, "--format", "json"]))).collect();
    each.sort();
    assert_eq!(all, each);
}

#[test]
fn the_log_is_limited_by_time_environment_owner_and_kind() {
    let repository = history();
    let log = |arguments: &[&str]| {
        let ran = repository.flagctl(&[&["log"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        subjects(&ran).iter().map(|subject| (*subject).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(log(&["--since", "2026-11-06"]), ["help is done", "kill base in production"]);
    assert_eq!(log(&["--until", "2026-11-03"]), ["Poland", "begin"]);
    assert_eq!(log(&["--until", "2026-11-02T12:00:00Z"]), ["begin"]);
    assert_eq!(log(&["--kind", "kill"]), ["kill base in production"]);
    assert_eq!(
        log(&["--kind", "removed", "--kind", "rollout"]),
        ["help is done", "more of base; cart moves to another team"]
    );
    assert_eq!(log(&["--kind", "metadata"]), ["more of base; cart moves to another team"]);
    assert_eq!(log(&["-e", "staging", "--since", "2026-11-06"]), ["help is done"]);
    assert_eq!(log(&["--owner", "shop"]), ["more of base; cart moves to another team"]);
    assert_eq!(log(&["--at", "HEAD~4", "--kind", "targeting"]), ["Poland"]);
}

#[test]
fn a_limited_log_says_that_there_is_more() {
    let mut repository = history();
    assert_eq!(subjects(&repository.flagctl(&["log", "-n", "2"])).len(), 2);
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&repository.flagctl(&[&["log", "--format", "json"], arguments].concat()).stdout).unwrap()
    };
    assert_eq!(json(&["-n", "2"])["complete"], false);
    assert_eq!(json(&["--since", "2026-11-01"])["complete"], true);
    assert_eq!(repository.flagctl(&["log", "-n", "0"]).code, Some(2));
    for number in 0..50 {
        repository.write("flags/base.yaml", &flag("core", &format!("{{country: C{number}}}")));
        repository.commit("another country");
    }
    let ran = repository.flagctl(&["log"]);
    let note = "note: older commits were not read: `-n NUMBER` shows more, and `--since TIME` all since a time\n";
    assert_eq!((subjects(&ran).len(), ran.stderr.as_str(), ran.code), (50, note, Some(0)));
    assert_eq!(subjects(&repository.flagctl(&["log", "--since", "2026-11-01"])).len(), 55);
}

#[test]
fn a_log_without_commits_says_so() {
    let repository = history();
    for format in ["human", "markdown"] {
        let ran = repository.flagctl(&["log", "--owner", "nobody", "--format", format]);
        let expected = (Some(0), "", "note: no commit has such a change\n");
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), expected);
    }
    let ran = repository.flagctl(&["log", "--owner", "nobody", "--format", "csv"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 1));
    let ran = repository.flagctl(&["log", "-e", "prod"]);
    assert_eq!(ran.code, Some(3));
    assert_eq!(ran.stderr, "error: `prod` is not an environment; did you mean `production`?\n");
}

#[test]
fn a_commit_with_a_wrong_time_does_not_hide_the_commits_before_it() {
    let mut repository = history();
    repository.write("flags/base.yaml", &flag("core", "{country: CA}"));
    repository.git(&["add", "--all"]);
    let mut commit = repository.command("git");
    commit.current_dir(repository.root()).env("GIT_COMMITTER_DATE", "1000000000 +0000");
    assert!(commit.args(["commit", "--quiet", "--message", "2001"]).output().unwrap().status.success());
    repository.write("flags/base.yaml", &flag("core", "{country: MX}"));
    repository.commit("Mexico");
    let ran = repository.flagctl(&["log", "--since", "2026-11-06"]);
    assert_eq!(subjects(&ran), ["Mexico", "help is done", "kill base in production"]);
}

#[test]
fn csv_has_a_row_for_each_change() {
    let mut repository = history();
    repository.write("flags/cart.yaml", &flag("\"=cmd|' /C calc'!A0\"", "{segment: europe}"));
    repository.commit("=1+1, \"quoted\"");
    let ran = repository.flagctl(&["log", "-n", "3", "--format", "csv"]);
    let rows: Vec<&str> = ran.stdout.split_terminator("\r\n").collect();
    let rows: Vec<&str> = rows.iter().map(|row| row.split_once(',').unwrap().1).collect();
    let expected = [
        "time,author,subject,action,reason,flag,owner,environment,kind,through,change",
        "2026-11-08T00:00:00Z,\"Dana <dana@example.com>\",\"'=1+1, \"\"quoted\"\"\",,,cart,\"'=cmd|' /C calc'!A0\",,metadata,,\
         \"owner \"\"shop\"\" → \"\"=cmd|' /C calc'!A0\"\"\"",
        "2026-11-07T00:00:00Z,\"Dana <dana@example.com>\",\"help is done\",,,help,core,staging,removed,,removed",
        "2026-11-07T00:00:00Z,\"Dana <dana@example.com>\",\"help is done\",,,help,core,production,removed,,removed",
        "2026-11-06T00:00:00Z,\"Dana <dana@example.com>\",\"kill base in production\",kill,\"INC-7, broken\",base,core,\
         production,kill,,\"killed: INC-7, broken\"",
        "2026-11-06T00:00:00Z,\"Dana <dana@example.com>\",\"kill base in production\",kill,\"INC-7, broken\",sale,till,\
         production,kill,\"flag base\",\"through flag base: killed: INC-7, broken\"",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn markdown_has_a_table() {
    let ran = history().flagctl(&["log", "-n", "2", "--format", "markdown"]);
    let rows: Vec<String> = ran.stdout.lines().map(|line| line.replace(['`'], "")).collect();
    let ids: Vec<&str> = rows.iter().filter_map(|row| row.split(' ').nth(3)).collect();
    let expected = [
        "| time | commit | author | flags | changes |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
        format!(
            "| 2026-11-07T00:00:00Z | {} help is done | Dana <dana@example.com> | help | staging, production: removed |",
            ids[1]
        ),
        format!(
            "| 2026-11-06T00:00:00Z | {id} kill base in production<br>flagctl kill | Dana <dana@example.com> | base | \
             production: killed: INC-7, broken |",
            id = ids[2]
        ),
        format!(
            "| 2026-11-06T00:00:00Z | {id} kill base in production<br>flagctl kill | Dana <dana@example.com> | sale | \
             production: through flag base: killed: INC-7, broken |",
            id = ids[2]
        ),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn the_log_of_a_shallow_clone_names_its_end() {
    let repository = history();
    let clone = repository.clone_to("two", &["--depth", "2"]);
    let ran = repository.flagctl_in(&clone, &["log"]);
    let oldest = repository.git(&["rev-parse", "--short=10", "HEAD~1"]);
    let note = format!("note: the history of this clone ends at {oldest}; `git fetch --unshallow` fetches the rest\n");
    assert_eq!((ran.code, subjects(&ran), ran.stderr.as_str()), (Some(0), vec!["help is done"], note.as_str()));
}

#[test]
fn a_change_of_many_flags_names_some_of_them() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for number in 10..40 {
        repository.write(&format!("flags/f{number}.yaml"), &flag("core", "{country: US}"));
    }
    repository.commit("many");
    let ran = repository.flagctl(&["log"]);
    let line = "    f10, f11, f12, f13, f14, f15, f16, f17 and 22 more flags\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    let rows = repository.flagctl(&["log", "--format", "csv"]).stdout.lines().count();
    assert_eq!(rows, 61);
}
