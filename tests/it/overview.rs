//! `flagctl list` and `flagctl show`.

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "\
version: 1
environments: [staging, production]
groups:
  live: [production]
attributes:
  country: {type: string, enum: [DE, US], required: true}
  plan: string
publish:
  main: {to: ./dist, environments: [production]}
";

const HEAD: &str = "description: A test's.\nowner: tests\nexpires: 2026-06-30\n";

/// Returns a flag of `on` and `off` with the rest of its definition.
fn two(rest: &str) -> String {
    format!("{HEAD}variants: {{on: true, off: false}}\noff: off\n{rest}")
}

/// Returns a flag of three variants with the rest of its definition.
fn three(rest: &str) -> String {
    format!("{HEAD}variants: {{red: r, blue: b, off: o}}\noff: off\n{rest}")
}

/// Makes a repository with these flags, and two segments.
fn repository(flags: &[(&str, String)]) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for (key, text) in flags {
        repository.write(&format!("flags/{key}.yaml"), text);
    }
    repository.write("segments/german.yaml", "description: Germans.\nowner: core\nif: {country: DE}\n");
    repository.write("segments/paying.yaml", "if: {plan: pro, segment: german}\n");
    repository.commit("flags");
    repository
}

fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

/// Returns what `list` says about a flag in staging.
fn state(definition: &str) -> String {
    let repository = repository(&[("sale", definition.to_owned())]);
    let ran = repository.flagctl(&["list", "-e", "staging", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    json["flags"][0]["environments"][0]["summary"].as_str().unwrap_or_else(|| panic!("{ran:?}")).to_owned()
}

#[test]
fn the_state_says_who_gets_something() {
    let rules = |rules: &str| format!("default: off\nrules:\n{rules}");
    let (us, de) = ("if: {country: US}", "if: {country: DE}");
    let expected = [
        (two("default: off\n"), "off"),
        (two("default: on\n"), "on for everyone"),
        (three("default: blue\n"), "blue for everyone"),
        (two(&rules("  - {rollout: 25%, serve: on}\n")), "25%"),
        (two(&rules("  - {rollout: 0%, serve: on}\n")), "0%"),
        (two(&rules("  - {serve: on}\n")), "on for everyone"),
        (two(&rules("  - {serve: {on: 50%, off: 50%}}\n")), "on 50%, off 50%"),
        (three(&rules("  - {rollout: 25%, serve: red}\n")), "25% red"),
        (three(&rules("  - {rollout: 10%, serve: {red: 50%, blue: 50%}}\n")), "10% split (red 50%, blue 50%)"),
        (two("default: on\nrules:\n  - {rollout: 25%, serve: off}\n"), "25% off, else on"),
        (two(&rules(&format!("  - {{{us}, serve: on}}\n"))), "1 condition"),
        (two(&rules(&format!("  - {{{us}, rollout: 10%, serve: on}}\n"))), "10% of 1 condition"),
        (two(&rules(&format!("  - {{{us}, serve: on}}\n  - {{{de}, serve: on}}\n"))), "2 conditions"),
        (
            two(&rules(&format!("  - {{{us}, rollout: 5%, serve: on}}\n  - {{{de}, rollout: 5%, serve: on}}\n"))),
            "2 conditions, 5% each",
        ),
        (
            two(&rules(&format!("  - {{{us}, rollout: 5%, serve: on}}\n  - {{{de}, serve: on}}\n"))),
            "2 conditions, 5% to 100%",
        ),
        (two(&rules(&format!("  - {{{us}, serve: on}}\n  - {{rollout: 25%, serve: on}}\n"))), "1 condition, then 25%"),
        (three(&format!("default: blue\nrules:\n  - {{{us}, serve: red}}\n")), "1 condition, else blue"),
        (
            two(&rules(&format!("  - {{{us}, serve: off}}\n  - {{serve: on}}\n  - {{{de}, serve: on}}\n"))),
            "1 condition, else on",
        ),
        (two("default: on\nenabled: false\n"), "disabled"),
        (two("default: none\n"), "invalid"),
    ];
    for (definition, summary) in expected {
        assert_eq!(state(&definition), summary, "{definition}");
    }
}

/// Returns three flags.
fn shop() -> TestRepository {
    let repository = repository(&[
        ("new-cart", two("default: off\nrules:\n  - {if: {segment: paying}, serve: on}\n")),
        ("new-checkout", two("default: on\nrequires: {new-cart: on}\n").replace("tests", "till")),
        ("old-cart", two("default: off\n").replace("2026-06-30", "2027-06-30")),
    ]);
    repository.write("kills/production/old-cart.yaml", "reason: broken\n");
    repository
}

#[test]
fn list_takes_patterns_and_counts() {
    let repository = shop();
    let list = |arguments: &[&str]| {
        let ran = repository.flagctl(&[&["list"], arguments].concat());
        let lines: Vec<&str> = ran.stdout.lines().map(|line| line.split("  ").next().unwrap()).collect();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        format!("{}{}", lines.join("\n"), ran.stderr)
    };
    assert_eq!(list(&[]), "FLAG\nnew-cart\nnew-checkout\nold-cart\n\n3 flags");
    assert_eq!(list(&["new-*"]), "FLAG\nnew-cart\nnew-checkout\n\n2 of 3 flags");
    assert_eq!(list(&["flags", "old-cart", "*-checkout"]), "FLAG\nnew-checkout\nold-cart\n\n2 of 3 flags");
    assert_eq!(list(&["--killed"]), "FLAG\nold-cart\n\n1 of 3 flags");
    assert_eq!(list(&["--killed", "-e", "staging"]), "none of 3 flags matches");
    assert_eq!(list(&["cart"]), "none of 3 flags matchesnote: nothing matches `cart`; `'*cart*'` matches 2\n");
    assert_eq!(
        list(&["old-crat"]),
        "none of 3 flags matchesnote: nothing matches `old-crat`; did you mean `old-cart`?\n"
    );
    assert_eq!(
        list(&["--owner", "tils"]),
        "none of 3 flags matchesnote: no flag has the owner `tils`; did you mean `till`?\n"
    );
    assert_eq!(list(&["segments", "--owner", "core"]), "SEGMENT\ngerman\n\n1 of 2 segments");
}

#[test]
fn several_environments_can_be_shown() {
    let list = fine(shop().flagctl(&["list", "old-*", "-e", "production", "-e", "staging"]));
    assert_eq!(list, "FLAG      OWNER  STAGING  PRODUCTION\nold-cart  tests  off      killed\n\n1 of 3 flags\n");
}

#[test]
fn expired_flags_have_their_dates() {
    let list = fine(shop().flagctl(&["list", "--expired", "--now", "2026-07-01", "-e", "staging"]));
    let expected = "\
FLAG          OWNER  EXPIRES     STAGING
new-cart      tests  2026-06-30  1 condition
new-checkout  till   2026-06-30  on for everyone

2 of 3 flags
";
    assert_eq!(list, expected);
}

#[test]
fn segments_attributes_and_environments_are_listed() {
    let repository = shop();
    let segments = "\
SEGMENT  OWNER  USED BY    WHERE
german   core   1 segment  country eq \"DE\"
paying   -      1 flag     plan eq \"pro\" and segment german

2 segments
";
    assert_eq!(fine(repository.flagctl(&["list", "segments"])), segments);
    let attributes = "\
ATTRIBUTE  TYPE    REQUIRED  USED BY    VALUES
country    string  yes       1 segment  DE, US
plan       string  -         1 segment  -

2 attributes
";
    assert_eq!(fine(repository.flagctl(&["list", "attributes"])), attributes);
    let environments = "\
ENVIRONMENT  FLAGS                GROUPS  TARGETS
production   2 enabled, 1 killed  live    main

1 of 2 environments
";
    assert_eq!(fine(repository.flagctl(&["list", "environments", "prod*"])), environments);
}

#[test]
fn segments_attributes_and_environments_are_shown_with_what_uses_them() {
    let repository = shop();
    let show = |kind: &str, name: &str| fine(repository.flagctl(&["show", kind, name]));
    let segment = "\
german  segments/german.yaml

  description: Germans.
  owner: core
  if: {country: DE}

used by segments: paying
affects flags: new-cart, new-checkout
";
    assert_eq!(show("segment", "german"), segment);
    let attribute = "\
country  flagctl.yaml

  string, required
  one of DE, US

used by segments: german
affects flags: new-cart, new-checkout
";
    assert_eq!(show("attribute", "country"), attribute);
    let environment = "\
production  flagctl.yaml

  flags: 2 enabled, 1 killed
  groups: live
  published to: main

killed:
  old-cart (broken)
";
    assert_eq!(show("environment", "production"), environment);
    assert_eq!(show("flag", "old-cart"), fine(repository.flagctl(&["show", "old-cart"])));
}

#[test]
fn show_says_which_kind_a_name_has() {
    let repository = shop();
    repository.write("flags/german.yaml", &two("default: off\n"));
    let refused = |arguments: &[&str], code: i32, message: &str| {
        let ran = repository.flagctl(&[&["show"], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr), (Some(code), "", format!("error: {message}\n")));
    };
    // A flag and a segment may have one name.
    assert!(fine(repository.flagctl(&["show", "german"])).starts_with("german  flags/german.yaml\n"));
    assert!(fine(repository.flagctl(&["show", "segment", "german"])).starts_with("german  segments/german.yaml\n"));
    refused(&["paying"], 3, "`paying` is not a flag; `flagctl show segment paying` shows the segment with this name");
    refused(&["attribute", "contry"], 3, "`contry` is not an attribute; did you mean `country`?");
    refused(&["environment", "qa"], 3, "`qa` is not an environment; the environments are `staging`, `production`");
    refused(&["old-crat"], 3, "`old-crat` is not a flag; did you mean `old-cart`?");
    refused(
        &["segments", "german"],
        2,
        "expected `flag`, `segment`, `layer`, `attribute` or `environment` before a name, found `segments`",
    );
    refused(
        &["segment", "german", "-e", "staging"],
        2,
        "`--environment` is about flags; leave it out for `show segment`",
    );
    refused(&["old-cart", "-e", "prod"], 3, "`prod` is not an environment; did you mean `production`?");
    let shown = fine(repository.flagctl(&["show", "old-cart", "-e", "production"]));
    assert!(shown.contains("production: killed (broken)\n") && !shown.contains("staging"), "{shown}");
    let ran = repository.flagctl(&["list", "attributes", "--tag", "x"]);
    let message = "error: `--tag` is about flags; leave it out for `list attributes`\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), message));
}

#[test]
fn an_older_revision_has_its_own_segments() {
    let mut repository = shop();
    repository.remove("segments/paying.yaml");
    repository.write("flags/new-cart.yaml", &two("default: on\n"));
    repository.commit("all pay");
    let count =
        |at: &str| fine(repository.flagctl(&["list", "segments", "--at", at])).lines().last().unwrap().to_owned();
    assert_eq!([count("HEAD"), count("HEAD~1")], ["1 segment", "2 segments"]);
    assert!(
        fine(repository.flagctl(&["show", "segment", "paying", "--at", "HEAD~1"])).contains("used by flags: new-cart")
    );
}
