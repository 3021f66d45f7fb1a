//! `flagctl blame` in repositories with a history: the complete output, with command, exit code and streams.

use std::path::Path;

use crate::git_bench::{PROJECT, TestRepository, flag};
use snapbox::{assert_data_eq, str};

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
    serve: on
";

/// The exit code and the complete output.
fn session(repository: &TestRepository, folder: &Path, arguments: &str) -> String {
    let ran = repository.flagctl_in(folder, &arguments.split(' ').collect::<Vec<_>>());
    let code = ran.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    format!("$ flagctl {arguments}\n? {code}\n{}---\n{}", ran.stdout, ran.stderr)
}

fn blame(repository: &TestRepository, arguments: &str) -> String {
    session(repository, repository.root(), &format!("blame {arguments}"))
}

/// Makes a repository with a flag that exists since the second commit.
fn begun() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.commit("A repository for flags");
    repository.write("flags/sale.yaml", FLAG);
    repository.commit("sale: begin in the United States");
    repository
}

#[test]
fn blame_names_the_commit_that_made_a_rule_match() {
    let mut repository = begun();
    repository.write("flags/sale.yaml", &FLAG.replace("US", "[CA, US]"));
    repository.commit("sale: Canada too");
    repository.write("flags/other.yaml", &flag("on"));
    repository.commit("another flag");
    repository.write("flags/sale.yaml", &format!("# Ask before touching.\n{}", FLAG.replace("US", "[CA, US]")));
    repository.commit("sale: a word of warning");
    assert_data_eq!(
        blame(&repository, "sale -c country=CA"),
        str![[r#"
$ flagctl blame sale -c country=CA
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
since c50c9bf18b  2026-11-03T00:00:00Z  Dana <dana@example.com>
  sale: Canada too
    production: rule north-america: country in: added "CA"

before: off = false
  DEFAULT: no rule matched
since 75b7226905  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added
---

"#]]
    );
}

#[test]
fn blame_of_an_unchanged_flag_names_its_first_commit() {
    assert_data_eq!(
        blame(&begun(), "sale -c country=US"),
        str![[r#"
$ flagctl blame sale -c country=US
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
since 75b7226905  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added

before: no flag `sale`
---

"#]]
    );
}

#[test]
fn blame_shows_the_command_and_reason_of_a_kill_and_a_revive() {
    let mut repository = begun();
    repository.write("kills/production/sale.yaml", "reason: \"INC-7: prices are wrong\"\n");
    repository.commit(
        "kill sale\n\nFlag: sale\nEnvironment: production\nReason: INC-7: prices are wrong\nFlagctl-Action: kill",
    );
    repository.remove("kills/production/sale.yaml");
    repository.commit(
        "revive sale\n\nFlag: sale\nEnvironment: production\nReason: the prices are right\nFlagctl-Action: revive",
    );
    assert_data_eq!(
        blame(&repository, "sale -c country=US"),
        str![[r#"
$ flagctl blame sale -c country=US
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
since ab054ffd16  2026-11-04T00:00:00Z  Dana <dana@example.com>
  revive sale
    flagctl revive: the prices are right
    production: revived

before: off = false
  DISABLED: killed: INC-7: prices are wrong
since 6ee6c2f098  2026-11-03T00:00:00Z  Dana <dana@example.com>
  kill sale
    flagctl kill
    production: killed: INC-7: prices are wrong
---

"#]]
    );
}

#[test]
fn blame_names_a_kill_in_the_newest_commit() {
    let mut repository = begun();
    repository.write("kills/production/sale.yaml", "reason: \"INC-7: prices are wrong\"\n");
    repository.commit("kill sale\n\nFlag: sale\nReason: INC-7: prices are wrong\nFlagctl-Action: kill");
    assert_data_eq!(
        blame(&repository, "sale -c country=US --format json --now 2026-11-22"),
        str![[r#"
$ flagctl blame sale -c country=US --format json --now 2026-11-22
? 0
{
  "version": 1,
  "flag": "sale",
  "environment": "production",
  "now": "2026-11-22T00:00:00Z",
  "commit": "043579e88bb7d54da384df13d81b772e9b074ab6",
  "eras": [
    {
      "state": "serves",
      "decision": {
        "flag": "sale",
        "value": false,
        "variant": "off",
        "reason": "DISABLED",
        "metadata": {
          "cause": "kill",
          "reason": "INC-7: prices are wrong",
          "by": null,
          "at": null
        }
      },
      "since": {
        "commit": "043579e88bb7d54da384df13d81b772e9b074ab6",
        "at": "2026-11-03T00:00:00Z",
        "author": "Dana <dana@example.com>",
        "subject": "kill sale",
        "action": "kill",
        "reason": "INC-7: prices are wrong",
        "changes": [
          {
            "flag": "sale",
            "environment": "production",
            "kind": "kill",
            "change": "killed",
            "text": "killed: INC-7: prices are wrong"
          }
        ],
        "atLeast": false,
        "elsewhere": [],
        "files": [
          "kills/production/sale.yaml"
        ],
        "got": {
          "state": "serves",
          "decision": {
            "flag": "sale",
            "value": false,
            "variant": "off",
            "reason": "DISABLED",
            "metadata": {
              "cause": "kill",
              "reason": "INC-7: prices are wrong",
              "by": null,
              "at": null
            }
          }
        }
      }
    },
    {
      "state": "serves",
      "decision": {
        "flag": "sale",
        "value": true,
        "variant": "on",
        "reason": "TARGETING_MATCH",
        "rule": "north-america"
      },
      "since": {
        "commit": "75b72269050d61cbcd7fca723283050c192c1292",
        "at": "2026-11-02T00:00:00Z",
        "author": "Dana <dana@example.com>",
        "subject": "sale: begin in the United States",
        "changes": [
          {
            "flag": "sale",
            "environment": "production",
            "kind": "added",
            "change": "added",
            "text": "added"
          }
        ],
        "atLeast": false,
        "elsewhere": [],
        "files": [
          "flags/sale.yaml"
        ],
        "got": {
          "state": "serves",
          "decision": {
            "flag": "sale",
            "value": true,
            "variant": "on",
            "reason": "TARGETING_MATCH",
            "rule": "north-america"
          }
        }
      }
    }
  ]
}
---

"#]]
    );
}

#[test]
fn blame_names_a_segment_or_prerequisite_that_moved_the_context() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("segments/insiders.yaml", "if: {country: CA}\n");
    repository.write("flags/cart.yaml", &flag("off"));
    let needs = FLAG.replace("{country: US}", "{segment: insiders}") + "requires: {cart: on}\n";
    repository.write("flags/sale.yaml", &needs);
    repository.commit("sale: for insiders with a cart");
    repository.write("segments/insiders.yaml", "if: {country: [CA, US]}\n");
    repository.commit("insiders: the United States");
    repository.write("flags/cart.yaml", &flag("on"));
    repository.commit("cart: for everyone");
    repository.write("segments/insiders.yaml", "if: {country: [DE, FR]}\n");
    repository.commit("insiders: Europe");
    assert_data_eq!(
        blame(&repository, "sale -c country=US"),
        str![[r#"
$ flagctl blame sale -c country=US
? 0
sale: off = false
  DEFAULT: no rule matched
since 414eeddc8e  2026-11-04T00:00:00Z  Dana <dana@example.com>
  insiders: Europe
    segment insiders is for country in ["CA", "US"] → country in ["DE", "FR"]

before: on = true
  TARGETING_MATCH: rule north-america
since 6e2ee46314  2026-11-03T00:00:00Z  Dana <dana@example.com>
  cart: for everyone
    flag cart: default off → on
---

"#]]
    );
}

#[test]
fn blame_shows_the_first_reason_if_it_differs() {
    let mut repository = begun();
    repository.write("flags/sale.yaml", &FLAG.replace("default: off", "default: on"));
    repository.commit("sale: for everyone");
    repository.write("flags/sale.yaml", &FLAG.replace("default: off", "default: on").replace("US", "DE"));
    repository.commit("sale: Germany by name");
    assert_data_eq!(
        blame(&repository, "sale -c country=DE"),
        str![[r#"
$ flagctl blame sale -c country=DE
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
since bd8ec33d72  2026-11-03T00:00:00Z  Dana <dana@example.com>
  sale: for everyone
    production: default off → on
    then for the reason DEFAULT: no rule matched

before: off = false
  DEFAULT: no rule matched
since 75b7226905  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added
---

"#]]
    );
}

#[test]
fn blame_is_separate_for_each_environment() {
    let mut repository = TestRepository::new();
    let both = PROJECT.replace("[production]", "[staging, production]");
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", FLAG);
    repository.commit("sale: begin in the United States");
    repository.write("flagctl.yaml", &both);
    repository.commit("an environment to try things in");
    repository.write("flags/sale.yaml", &format!("{FLAG}environments:\n  staging: {{default: on}}\n"));
    repository.commit("sale: everyone in staging");
    assert_data_eq!(
        blame(&repository, "sale -e staging -c country=DE"),
        str![[r#"
$ flagctl blame sale -e staging -c country=DE
? 0
sale: on = true
  DEFAULT: no rule matched
since ecd290d725  2026-11-03T00:00:00Z  Dana <dana@example.com>
  sale: everyone in staging
    staging: default off → on

before: off = false
  DEFAULT: no rule matched
since 939fd19178  2026-11-02T00:00:00Z  Dana <dana@example.com>
  an environment to try things in
    changes flagctl.yaml
---

"#]]
    );
    assert_data_eq!(
        blame(&repository, "sale -e staging -c country=US"),
        str![[r#"
$ flagctl blame sale -e staging -c country=US
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
since 939fd19178  2026-11-02T00:00:00Z  Dana <dana@example.com>
  an environment to try things in
    changes flagctl.yaml

before: no environment `staging`
---

"#]]
    );
    assert_data_eq!(
        blame(&repository, "sale -e production -c country=US"),
        str![[r#"
$ flagctl blame sale -e production -c country=US
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
since 2ea004dd50  2026-11-01T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added

before: no flag `sale`
---

"#]]
    );
}

#[test]
fn log_skips_and_reports_invalid_definitions() {
    let mut repository = begun();
    repository.write("flags/sale.yaml", &FLAG.replace("serve: on", "serve: onn"));
    repository.commit("sale: broken");
    repository.write("flags/sale.yaml", &FLAG.replace("serve: on", "serve: once"));
    repository.commit("sale: still broken");
    repository.write("flags/sale.yaml", &FLAG.replace("default: off", "default: on").replace("US", "CA"));
    repository.commit("sale: mended");
    assert_data_eq!(
        blame(&repository, "sale -c country=DE"),
        str![[r#"
$ flagctl blame sale -c country=DE
? 0
sale: on = true
  DEFAULT: no rule matched
since 6dd9ae1700  2026-11-05T00:00:00Z  Dana <dana@example.com>
  sale: mended
    changes flags/sale.yaml

before: no valid definition
  flags/sale.yaml:10:12: `once` is not a variant of `sale`
since b4e6370970  2026-11-03T00:00:00Z  Dana <dana@example.com>
  sale: broken
    changes flags/sale.yaml

before: off = false
  DEFAULT: no rule matched
since 75b7226905  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added
---

"#]]
    );
}

#[test]
fn an_undeclared_attribute_is_ignored_in_older_commits() {
    let mut repository = begun();
    repository.write("flagctl.yaml", &format!("{PROJECT}  app.version: semver\n"));
    repository.write("flags/sale.yaml", &FLAG.replace("country: US", "app.version: {gte: 2.0.0}"));
    repository.write("context.json", r#"{"country": "US", "app": {"version": "1.0.0"}}"#);
    repository.commit("sale: by version");
    assert_data_eq!(
        blame(&repository, "sale --context context.json"),
        str![[r#"
$ flagctl blame sale --context context.json
? 0
sale: off = false
  DEFAULT: no rule matched
since 7a682a05db  2026-11-03T00:00:00Z  Dana <dana@example.com>
  sale: by version
    production: rule north-america is for country eq "US" → app.version gte 2.0.0

before: on = true
  TARGETING_MATCH: rule north-america
since 75b7226905  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added
---

"#]]
    );
    assert_data_eq!(
        blame(&repository, "sale --context context.json -c app.version=2.1.0 -c country=DE"),
        str![[r#"
$ flagctl blame sale --context context.json -c app.version=2.1.0 -c country=DE
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
since 7a682a05db  2026-11-03T00:00:00Z  Dana <dana@example.com>
  sale: by version
    production: rule north-america is for country eq "US" → app.version gte 2.0.0

before: off = false
  DEFAULT: no rule matched
since 75b7226905  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added
---

"#]]
    );
}

#[test]
fn a_changed_variant_value_counts_as_a_change() {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/sale.yaml", &flag("on").replace("on: true, off: false", "on: 2, off: 1"));
    repository.commit("sale: numbers");
    assert_data_eq!(
        blame(&repository, "sale"),
        str![[r#"
$ flagctl blame sale
? 0
sale: on = 2
  STATIC: no rules, everyone gets the default
since 54881dce65  2026-11-03T00:00:00Z  Dana <dana@example.com>
  sale: numbers
    production: variant on = true → 2, variant off = false → 1

before: on = true
  STATIC: no rules, everyone gets the default
since f0ed4798a5  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: for everyone
    production: default off → on
---

"#]]
    );
}

#[test]
fn a_merged_branch_is_the_commit_that_merged_it() {
    let mut repository = begun();
    repository.git(&["switch", "--quiet", "--create", "canada"]);
    repository.write("flags/sale.yaml", &FLAG.replace("US", "[CA, US]"));
    repository.commit("sale: Canada too");
    repository.git(&["switch", "--quiet", "main"]);
    repository.write("flags/other.yaml", &flag("on"));
    repository.commit("another flag");
    repository.git(&["merge", "--quiet", "--no-ff", "--message", "Merge canada", "canada"]);
    assert_data_eq!(
        blame(&repository, "sale -c country=CA"),
        str![[r#"
$ flagctl blame sale -c country=CA
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
since 50642e71df  2026-11-05T00:00:00Z  Dana <dana@example.com>
  Merge canada
    production: rule north-america: country in: added "CA"

before: off = false
  DEFAULT: no rule matched
since 75b7226905  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added
---

"#]]
    );
    assert_data_eq!(
        blame(&repository, "sale -c country=CA --at HEAD~1"),
        str![[r#"
$ flagctl blame sale -c country=CA --at HEAD~1
? 0
sale: off = false
  DEFAULT: no rule matched
since 75b7226905  2026-11-02T00:00:00Z  Dana <dana@example.com>
  sale: begin in the United States
    production: added

before: no flag `sale`
---

"#]]
    );
}

#[test]
fn blame_does_not_answer_from_the_end_of_a_shallow_clone() {
    let mut repository = begun();
    for text in ["One.", "Two."] {
        repository.write("flags/sale.yaml", &FLAG.replace("A test's.", text));
        repository.commit("sale: other words");
    }
    let clone = repository.clone_to("shallow", &["--depth", "2"]);
    assert_data_eq!(
        session(&repository, &clone, "blame sale -c country=US"),
        str![[r#"
$ flagctl blame sale -c country=US
? 0
sale: on = true
  TARGETING_MATCH: rule north-america
at least since 6df71d5a8c  2026-11-03T00:00:00Z  Dana <dana@example.com>
  sale: other words
---
note: the history of this clone ends at 6df71d5a8c; `git fetch --unshallow` fetches the rest

"#]]
    );
}

#[test]
fn missing_names_are_reported() {
    assert_data_eq!(
        blame(&begun(), "sales -c country=US"),
        str![[r#"
$ flagctl blame sales -c country=US
? 3
---
error: `sales` is not a flag at HEAD; did you mean `sale`?

"#]]
    );
    assert_data_eq!(
        blame(&begun(), "sale -c county=US"),
        str![[r#"
$ flagctl blame sale -c county=US
? 3
---
error: `county` is not an attribute; did you mean `country`?

"#]]
    );
    assert_data_eq!(
        blame(&begun(), "sale -e prod -c country=US"),
        str![[r#"
$ flagctl blame sale -e prod -c country=US
? 3
---
error: `prod` is not an environment; did you mean `production`?

"#]]
    );
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", FLAG);
    assert_data_eq!(
        blame(&repository, "sale -c country=US"),
        str![[r#"
$ flagctl blame sale -c country=US
? 3
---
error: the git repository has no commits yet on `main`; make the first one with `git commit`

"#]]
    );
}
