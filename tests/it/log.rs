//! `flagctl log` in a repository with a history.

use crate::git_bench::{PROJECT, TestRepository};

const FLAG: &str = "\
description: A test's.
owner: tests
expires: 2027-01-01
variants: {on: true, off: false}
off: off
default: off
rules:
  - name: north-america
    if: {country: US}
    rollout: 10%
    serve: on
";

fn history() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.commit("A repository for flags");
    repository.write("flags/sale.yaml", FLAG);
    repository.commit("sale: begin in North America");
    repository.write("flags/sale.yaml", &FLAG.replace("10%", "25%"));
    repository.commit("sale: more of North America");
    repository.write("flags/sale.yaml", &format!("# Ask before touching.\n{}", FLAG.replace("10%", "25%")));
    repository.commit("sale: a word of warning");
    repository.remove("flags/sale.yaml");
    repository.write("flags/shop/sale.yaml", &FLAG.replace("10%", "25%").replace("US", "[CA, US]"));
    repository.commit("sale: Canada too");
    repository.write("kills/production/sale.yaml", "reason: \"INC-7: prices are wrong\"\n");
    repository.commit(
        "kill sale\n\nFlag: sale\nEnvironment: production\nReason: INC-7: prices are wrong\nFlagctl-Action: kill",
    );
    repository.remove("kills/production/sale.yaml");
    repository.commit(
        "revive sale\n\nThe prices are right again.\n\n\
         Flag: cart\nFlag: sale\nEnvironment: production\nReason: INC-7 is over\nFlagctl-Action: revive",
    );
    repository
}

#[test]
fn log_shows_what_each_commit_changed() {
    let ran = history().flagctl(&["log", "sale"]);
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("  ")).map(str::trim).collect();
    let expected = [
        "revive sale",
        "flagctl revive: INC-7 is over",
        "production: revived",
        "kill sale",
        "flagctl kill",
        "production: killed: INC-7: prices are wrong",
        "sale: Canada too",
        "production: rule north-america: country in: added \"CA\"",
        "sale: a word of warning",
        "decides as before",
        "sale: more of North America",
        "production: rule north-america 10% → 25%",
        "sale: begin in North America",
        "production: added",
    ];
    assert_eq!((ran.code, lines.as_slice(), ran.stderr.as_str()), (Some(0), expected.as_slice(), ""));
}

#[test]
fn log_limits_and_starts_as_requested() {
    let ran = history().flagctl(&["log", "sale", "-n", "1", "--at", "HEAD~4", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let changes = json.pointer("/commits/0/changes").expect("a commit");
    let expected = serde_json::json!([
        {"flag": "sale", "owner": "tests", "environment": "production", "kind": "rollout", "change": "rollout",
         "text": "rule north-america 10% → 25%"},
    ]);
    assert_eq!((changes, json.pointer("/commits/1")), (&expected, None));
}

#[test]
fn log_shows_the_command_and_the_reason_from_the_commit_message() {
    let mut repository = history();
    repository.write("flags/sale.yaml", FLAG);
    repository.remove("flags/shop/sale.yaml");
    repository.commit("revert the sale\n\nFlag: cart\nReason: INC-8\nFlagctl-Action: rollout");
    let ran = repository.flagctl(&["log", "sale", "-n", "3", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let said = |at: usize| {
        let field = |name: &str| json.pointer(&format!("/commits/{at}/{name}")).and_then(|value| value.as_str());
        (field("action"), field("reason"))
    };
    let expected =
        [(None, None), (Some("revive"), Some("INC-7 is over")), (Some("kill"), Some("INC-7: prices are wrong"))];
    assert_eq!([said(0), said(1), said(2)], expected);
}

#[test]
fn log_does_not_name_the_end_of_a_shallow_clone_as_the_first_commit() {
    let repository = history();
    let ran = repository.flagctl_in(&repository.clone_to("two", &["--depth", "2"]), &["log", "sale"]);
    let note =
        |id: &str| format!("note: the history of this clone ends at {id}; `git fetch --unshallow` fetches the rest\n");
    let subjects = |text: &str| text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).count();
    let oldest = repository.git(&["rev-parse", "--short=10", "HEAD~1"]);
    assert_eq!((ran.code, subjects(&ran.stdout), ran.stderr), (Some(0), 1, note(&oldest)));
    let ran = repository.flagctl_in(&repository.clone_to("one", &["--depth", "1"]), &["log", "sale"]);
    let newest = repository.git(&["rev-parse", "--short=10", "HEAD"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr), (Some(0), "", note(&newest)));
}

#[test]
fn log_refuses_a_flag_that_never_existed() {
    let ran = history().flagctl(&["log", "sales"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""));
    assert_eq!(ran.stderr, "error: `sales` is not a flag at HEAD or at a commit before it; did you mean `sale`?\n");
    let ran = history().flagctl(&["log", "sales", "--since", "2026-11-02", "--kind", "kill", "--format", "csv"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""));
}

/// Makes a repository in which commits change a flag through a segment, prerequisites and settings.
fn dependent() -> TestRepository {
    const STAFF: &str = "description: Staff.\nif: {email: {ends_with: \"@x.com\"}}\n";
    let mut repository = TestRepository::new();
    let project = "version: 1\nenvironments: [production]\nattributes:\n  email: string\n  \
                   plan: {type: string, enum: [free, pro]}\n  country: string\n";
    let rule = |condition: &str| FLAG.replace("country: US", condition).replace("10%", "100%");
    repository.write("flagctl.yaml", project);
    repository.write("flags/base.yaml", &FLAG.replace("10%", "100%"));
    repository.write("flags/beta.yaml", &rule("plan: pro"));
    repository.write("flags/other.yaml", &rule("plan: free"));
    repository.write("segments/staff.yaml", STAFF);
    repository.write("segments/inner.yaml", "description: Inner.\nif: {plan: pro}\n");
    let sale = rule("segment: staff, flag: {beta: on}").replace("rules:", "requires: {base: on}\nrules:");
    repository.write("flags/sale.yaml", &sale);
    repository.commit("begin");
    repository.write("segments/staff.yaml", &STAFF.replace("x.com", "y.com"));
    repository.commit("staff moves");
    repository.write("kills/production/base.yaml", "reason: broken\n");
    repository.commit("base is killed");
    repository.write("flags/other.yaml", &rule("plan: pro"));
    repository.commit("another flag");
    repository.remove("kills/production/base.yaml");
    repository.commit("base is back");
    repository.write("flagctl.yaml", &project.replace("[free, pro]", "[free, pro, max]"));
    repository.commit("a plan");
    repository.write("flagctl.yaml", &project.replace("[free, pro]", "[free, pro, max]").replace("country", "land"));
    repository.write("flags/base.yaml", &rule("land: US"));
    repository.commit("a word");
    repository.remove("flags/beta.yaml");
    repository.write("flags/tests/beta.yaml", &rule("plan: pro"));
    repository.commit("a folder");
    repository.write("segments/staff.yaml", "description: Staff.\nif: {segment: inner}\n");
    repository.commit("inner");
    repository.write("segments/inner.yaml", "description: Inner.\nif: {plan: free}\n");
    repository.commit("free");
    repository.write("flags/sale.yaml", &rule("flag: {beta: on}"));
    repository.commit("no staff");
    repository.write("segments/inner.yaml", "description: Inner.\nif: {plan: max}\n");
    repository.commit("max");
    repository
}

#[test]
fn log_shows_changes_through_segments_prerequisites_and_settings() {
    let ran = dependent().flagctl(&["log", "sale"]);
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("  ")).map(str::trim).collect();
    let expected = [
        "no staff",
        "production: requires flag base serves on → nothing",
        "production: rule north-america is for segment staff and flag beta serves on → flag beta serves on",
        "free",
        "production: through segment inner is for plan eq \"pro\" → plan eq \"free\"",
        "inner",
        "production: through segment staff is for email ends_with \"@y.com\" → segment inner",
        "a word",
        "production: through flag base: rule north-america is for country eq \"US\" → land eq \"US\"",
        "a plan",
        "production: through attribute plan enum: added max",
        "base is back",
        "production: through flag base: revived",
        "base is killed",
        "production: through flag base: killed: broken",
        "staff moves",
        "production: through segment staff is for email ends_with \"@x.com\" → email ends_with \"@y.com\"",
        "begin",
        "production: added",
    ];
    assert_eq!((lines.as_slice(), ran.stderr.as_str()), (&expected[..], ""));
}

#[test]
fn json_names_the_definition_through_which_a_flag_changed() {
    let ran = dependent().flagctl(&["log", "sale", "-n", "2", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let change = json.pointer("/commits/1/changes/0").unwrap();
    let text = "through segment inner is for plan eq \"pro\" → plan eq \"free\"";
    let expected = serde_json::json!({
        "flag": "sale", "owner": "tests", "environment": "production", "kind": "targeting", "change": "condition",
        "through": {"kind": "segment", "name": "inner"}, "text": text,
    });
    assert_eq!(change, &expected);
}

#[test]
fn log_says_which_commit_made_a_flag_invalid_and_which_one_corrected_it() {
    let mut repository = history();
    repository.write("flagctl.yaml", &PROJECT.replace("country", "land"));
    repository.commit("another word");
    repository.write("README.md", "Flags.\n");
    repository.commit("a page");
    repository.write("flagctl.yaml", PROJECT);
    repository.commit("the old word");
    let ran = repository.flagctl(&["log", "sale", "-n", "3"]);
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("  ")).map(str::trim).collect();
    let expected = [
        "the old word",
        "production: a valid definition again",
        "another word",
        "production: no valid definition: flags/shop/sale.yaml:9:10: `country` is not an attribute",
        "revive sale",
        "flagctl revive: INC-7 is over",
        "production: revived",
    ];
    assert_eq!((lines.as_slice(), ran.stderr.as_str()), (&expected[..], ""));
}

#[test]
fn log_names_changed_fields_and_says_if_a_flag_is_still_invalid() {
    let mut repository = history();
    let sale = FLAG.replace("10%", "25%").replace("US", "[CA, US]");
    repository.write("flags/shop/sale.yaml", &sale.replace("owner: tests", "owner: till\ntags: [web]"));
    repository.commit("another owner");
    repository.write("flags/shop/sale.yaml", &sale.replace("country", "land"));
    repository.commit("another word");
    repository.write("flags/shop/sale.yaml", &sale.replace("country", "region"));
    repository.commit("a third word");
    repository.write("flagctl.yaml", "version: 1\n");
    repository.commit("no environments");
    repository.write("flags/shop/sale.yaml", &sale);
    repository.commit("the old word");
    let ran = repository.flagctl(&["log", "sale", "-n", "4"]);
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("  ")).map(str::trim).collect();
    let expected = [
        "the old word",
        "still no valid definition: flagctl.yaml:1:1: `environments` is missing",
        "a third word",
        "production: still no valid definition: flags/shop/sale.yaml:9:10: `region` is not an attribute",
        "another word",
        "production: no valid definition: flags/shop/sale.yaml:9:10: `land` is not an attribute",
        "owner \"till\" → \"tests\"",
        "tags [web] → nothing",
        "another owner",
        "owner \"tests\" → \"till\"",
        "tags nothing → [web]",
    ];
    assert_eq!((lines.as_slice(), ran.code), (&expected[..], Some(0)));
}
