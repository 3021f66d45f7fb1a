//! A rule may hash another attribute than its flag.

use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository};

const SETTINGS: &str = "version: 1\nenvironments: [production]\nbucketing: flagd-v3\n\
    attributes: {org.id: string, plan: string, seats: number}\n\
    lint: {missing-description: off, missing-expiry: off, missing-owner: off, optional-unit: off}\n";
const COMPANIES: &str = "{name: companies, if: {plan: enterprise}, unit: org.id, rollout: 10%, serve: on}";
const PEOPLE: &str = "{name: people, if: {plan: {ne: enterprise}}, rollout: 50%, serve: on}";

fn quote(rules: &[&str]) -> String {
    format!("variants: {{on: true, off: false}}\noff: off\ndefault: off\nrules:\n  - {}\n", rules.join("\n  - "))
}

/// Makes a repository whose last commit has the flag `quote` with these rules.
fn repository(rules: &[&str]) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", SETTINGS);
    repository.write("flags/quote.yaml", &quote(rules));
    repository.commit("quote");
    repository
}

/// Returns the plan after the rules change.
fn plan(before: &[&str], after: &[&str], options: &[&str]) -> Ran {
    let repository = repository(before);
    repository.write("flags/quote.yaml", &quote(after));
    let arguments = [&["diff", "HEAD"], options].concat();
    repository.flagctl(&arguments)
}

/// Returns the lines of a plan that have a share, and the classes.
fn shares(ran: &Ran) -> Vec<&str> {
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let lines = ran.stdout.lines().map(str::trim).filter(|line| line.contains("% of ") || line.contains(": quote "));
    lines.collect()
}

#[test]
fn each_share_names_its_unit() {
    let both = plan(&[COMPANIES, PEOPLE], &[&COMPANIES.replace("10%", "25%"), &PEOPLE.replace("50%", "60%")], &[]);
    assert_eq!(
        shares(&both),
        [
            "expand: quote in production serves `on` instead of `off` to 2 groups of people",
            "to another 15% of all values of org.id where plan eq \"enterprise\"",
            "to another 10% of all values of targetingKey where plan ne \"enterprise\"",
        ]
    );
    let everybody = ["{name: companies, unit: org.id, rollout: 10%, serve: on}", "{rollout: 50%, serve: on}"];
    let grown = plan(&everybody, &[&everybody[0].replace("10%", "20%"), everybody[1]], &[]);
    // 10 % of the organisations, of whose members one half got `on` before.
    assert!(
        shares(&grown).contains(&"to another 5% of all combinations of org.id and targetingKey"),
        "{}",
        grown.stdout
    );
    let json = plan(&everybody, &[&everybody[0].replace("10%", "20%"), everybody[1]], &["--format", "json"]);
    let json: Json = serde_json::from_str(&json.stdout).unwrap();
    let regions = json["flags"][0]["changes"][0]["regions"].as_array().unwrap();
    let hashed: Vec<&Json> = regions.iter().map(|region| &region["hashed"]).collect();
    assert_eq!(serde_json::to_string(&hashed).unwrap(), r#"[["org.id"],["org.id","targetingKey"]]"#);
}

#[test]
fn another_unit_is_a_reshuffle_whose_cause_is_the_line_of_the_rule() {
    for (before, after) in [("unit: org.id, ", ""), ("", "unit: org.id, ")] {
        let own = COMPANIES.replace("unit: org.id, ", before);
        let other = COMPANIES.replace("unit: org.id, ", after);
        let ran = plan(&[&own, PEOPLE], &[&other, PEOPLE], &[]);
        assert!(ran.stdout.contains("reshuffle"), "{}", ran.stdout);
        assert!(ran.stdout.contains("to about 18% of the combinations of org.id and targetingKey"), "{}", ran.stdout);
        assert!(ran.stdout.contains("(hashed anew: at least 0%, at most 20%)"), "{}", ran.stdout);
        assert!(ran.stdout.contains("flags/quote.yaml:5: rule companies unit "), "{}", ran.stdout);
        let refused = plan(&[&own, PEOPLE], &[&other, PEOPLE], &["--fail-on", "reshuffle"]);
        assert_eq!(refused.code, Some(1), "{}", refused.stdout);
        // The second rule hashes the new unit, too, so the shares are exact. It is a reshuffle all the same.
        let everyone = "{name: people, rollout: 50%, serve: on}";
        let ran = plan(&[&own, everyone], &[&other, everyone], &["--fail-on", "reshuffle"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    }
    let same = plan(&[PEOPLE], &[&PEOPLE.replace("rollout", "unit: targetingKey, rollout")], &["--format", "json"]);
    assert!(same.stdout.contains("\"classes\": [\n            \"none\""), "{}", same.stdout);
}

#[test]
fn a_limit_counts_the_units_that_no_condition_names() {
    let listed = "{name: companies, if: {org.id: [acme, umbrella]}, unit: org.id, rollout: 0.001%, serve: on}";
    let refused = plan(&[listed, PEOPLE], &[listed, &PEOPLE.replace("50%", "90%")], &["--max-share", "30%"]);
    let why = "refused: quote in production: 40% of `targetingKey` get something else, over 30%";
    assert!(refused.code == Some(1) && refused.stdout.contains(why), "{}", refused.stdout);
    // Two organisations are no share of the organisations, and no person is hashed.
    let only = "{name: companies, if: {org.id: [acme, umbrella]}, unit: org.id, rollout: 50%, serve: on}";
    let few = plan(&[only], &[&only.replace("50%", "100%")], &["--max-share", "0%"]);
    assert_eq!(few.code, Some(0), "{}", few.stdout);
    // With a rule for people, the people of these organisations count.
    let beside = plan(&[PEOPLE], &[&only.replace("50%", "100%"), PEOPLE], &["--max-share", "60%"]);
    assert_eq!(beside.code, Some(1), "{}", beside.stdout);
}

#[test]
fn at_most_is_about_all_units_that_the_flag_hashes() {
    let repository = repository(&[COMPANIES, PEOPLE]);
    let tested = |share: &str, when: &str| {
        let when = if when.is_empty() { String::new() } else { format!(", when: {{plan: {when}}}") };
        repository
            .write("tests/quote.yaml", &format!("assert:\n  - {{at_most: {share}, serve: {{quote: on}}{when}}}\n"));
        repository.flagctl(&["test"]).code
    };
    assert_eq!([tested("50%", ""), tested("49.999%", "")], [Some(0), Some(1)]);
    assert_eq!([tested("10%", "enterprise"), tested("9.999%", "enterprise")], [Some(0), Some(1)]);
    repository
        .write("flags/quote.yaml", &quote(&["{unit: org.id, rollout: 10%, serve: on}", "{rollout: 50%, serve: on}"]));
    // A tenth of the organisations, and one half of the other nine tenths.
    assert_eq!([tested("55%", ""), tested("54.999%", "")], [Some(0), Some(1)]);
}

#[test]
fn a_missing_unit_skips_the_rule_and_is_said() {
    let repository = repository(&[COMPANIES, "{name: people, rollout: 100%, serve: on}"]);
    let ran = repository.flagctl(&["eval", "quote", "-c", "plan=enterprise", "--explain"]);
    assert!(ran.stdout.contains("TARGETING_MATCH: rule people; rule companies skipped, no `org.id`"), "{}", ran.stdout);
    assert!(ran.stdout.contains("? rollout 10%             no usable org.id"), "{}", ran.stdout);
    let context = ["-c", "plan=enterprise", "-c", "org.id=o1", "-c", "targetingKey=u1"];
    let ran = repository.flagctl(&[&["eval", "quote", "--explain"], &context[..]].concat());
    assert!(ran.stdout.contains("org.id in bucket "), "{}", ran.stdout);
    let split = "{name: halves, unit: org.id, serve: {on: 50%, off: 50%}}";
    repository.write("flags/quote.yaml", &quote(&[split]));
    let ran = repository.flagctl(&["eval", "quote", "-c", "targetingKey=u1"]);
    let why = "ERROR: INVALID_CONTEXT: rule halves splits by `org.id`, which has no usable value";
    assert!(ran.stdout.contains(why), "{}", ran.stdout);
}

#[test]
fn an_unknown_or_unfit_unit_is_reported_at_its_place() {
    let repository =
        repository(&[&COMPANIES.replace("org.id", "org.ids"), &PEOPLE.replace("rollout", "unit: seats, rollout")]);
    let ran = repository.flagctl(&["validate"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stdout.contains("error[unknown-attribute]: `org.ids` is not an attribute\n --> flags/quote.yaml:5:53"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("did you mean `org.id`?"), "{}", ran.stdout);
    let unfit =
        "error[unfit-unit]: expected a string as the unit, found `seats`, which is a number\n --> flags/quote.yaml:6:";
    assert!(ran.stdout.contains(unfit), "{}", ran.stdout);
}

#[test]
fn flagd_hashes_the_unit_of_the_rule() {
    let repository = repository(&[COMPANIES, PEOPLE]);
    let ran = repository.flagctl(&["export", "flagd", "-e", "production"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    let targeting = json["flags"]["quote"]["targeting"].to_string();
    assert!(targeting.contains(r#"{"fractional":[{"cat":["quote/rollout/",{"var":"org.id"}]},"#), "{targeting}");
    assert!(targeting.contains(r#"{"fractional":[{"cat":["quote/rollout/",{"var":"targetingKey"}]},"#), "{targeting}");
}

#[test]
fn a_position_of_a_test_is_that_of_every_unit_of_the_flag() {
    let repository = repository(&[COMPANIES, PEOPLE]);
    let case = |plan: &str, bucket: &str, variant: &str| {
        format!("  - {{context: {{plan: {plan}}}, bucket: {{quote: {bucket}}}, expect: {{quote: {variant}}}}}\n")
    };
    let cases = [
        ("enterprise", "9.999%", "on"),
        ("enterprise", "10%", "off"),
        ("free", "49.999%", "on"),
        ("free", "50%", "off"),
    ];
    let cases: String = cases.map(|(plan, bucket, variant)| case(plan, bucket, variant)).concat();
    repository.write("tests/quote.yaml", &format!("cases:\n{cases}"));
    let ran = repository.flagctl(&["test"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "4 passed\n"), "{}", ran.stderr);
}

#[test]
fn a_rollout_of_the_rule_says_whose_share_grows() {
    let repository = repository(&[COMPANIES, PEOPLE]);
    let ran = repository.flagctl(&["rollout", "quote", "--rule", "companies", "--to", "30%", "--dry-run"]);
    assert!(
        ran.stdout.contains("20% of `org.id` where plan eq \"enterprise\": off → on"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    let shown = repository.flagctl(&["show", "quote"]);
    assert!(shown.stdout.contains("rule companies: 10% → on by org.id"), "{}", shown.stdout);
}
