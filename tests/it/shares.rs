//! `--max-share` counts shares of all units: units that conditions name do not count, whatever else is in the flag.

use crate::git_bench::TestRepository;

const SETTINGS: &str = "version: 1\nenvironments: [production]\nattributes: {account: string, country: string, plan: string}\n\
    lint: {missing-description: off, missing-expiry: off, missing-owner: off}\n";

/// Returns the share that `--max-share 0%` refuses after the rules of a flag change, or `None` if it refuses nothing.
fn counted(before: &str, after: &str) -> Option<String> {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", SETTINGS);
    repository.write("segments/team.yaml", "if: {targetingKey: [dana, lee, kim]}\n");
    let flag =
        |rules: &str| format!("variants: {{on: true, off: false, same: true}}\noff: off\ndefault: off\n{rules}\n");
    repository.write("flags/trial.yaml", &flag("rules: [{if: {targetingKey: [dana, lee]}, serve: on}]"));
    repository.write("flags/sale.yaml", &flag(before));
    repository.commit("before");
    repository.write("flags/sale.yaml", &flag(after));
    let ran = repository.flagctl(&["diff", "HEAD", "--max-share", "0%"]);
    let refused = ran.stdout.lines().find_map(|line| line.strip_prefix("refused: sale in production: "));
    assert_eq!(ran.code, Some(i32::from(refused.is_some())), "{}{}", ran.stdout, ran.stderr);
    Some(refused?.split_once(" of units").unwrap().0.to_owned())
}

#[test]
fn named_units_do_not_count_whatever_else_is_in_the_flag() {
    let named = [
        "targetingKey: dana",
        "targetingKey: [dana, lee, kim]",
        "targetingKey: [dana, lee], country: DE",
        "targetingKey: {eq: DANA, ignore_case: true}",
        "targetingKey: {matches: '^(dana|lee)$'}",
        "segment: team",
        "flag: {trial: on}",
        "any: [{targetingKey: dana}, {segment: team}]",
        "not: {targetingKey: {not_in: [dana]}}",
    ];
    for condition in named {
        let rule = format!("{{if: {{{condition}}}, serve: on}}");
        for rest in ["", ", {rollout: 10%, serve: on}", ", {if: {country: [DE, FR]}, serve: {on: 50%, off: 50%}}"] {
            let rest_alone = rest.strip_prefix(", ").map_or(String::new(), |rest| format!("rules: [{rest}]"));
            assert_eq!(counted(&rest_alone, &format!("rules: [{rule}{rest}]")), None, "{condition} {rest}");
            assert_eq!(counted(&format!("rules: [{rule}{rest}]"), &rest_alone), None, "{condition} {rest}");
        }
    }
}

#[test]
fn all_other_units_and_contexts_without_a_unit_count() {
    let counts = [
        ("country: DE", "100%"),
        ("any: [{targetingKey: dana}, {country: DE}]", "100%"),
        ("targetingKey: {ne: dana}", "100%"),
        ("targetingKey: {starts_with: d}", "100%"),
        ("targetingKey: {exists: false}", "100%"),
        // The flag's unit is another attribute.
        ("account: [acme, umbrella]", "100%"),
    ];
    for (condition, share) in counts {
        let rules = format!("rules: [{{if: {{{condition}}}, serve: on}}]");
        assert_eq!(counted("", &rules).as_deref(), Some(share), "{condition}");
    }
    let by_account = |rules: &str| format!("unit: account\n{rules}");
    let acme = by_account("rules: [{if: {account: [acme, umbrella]}, serve: on}]");
    assert_eq!(counted(&by_account(""), &acme), None);
    let rollout =
        |share: &str| format!("rules: [{{if: {{targetingKey: [dana]}}, serve: on}}, {{rollout: {share}, serve: on}}]");
    assert_eq!(counted(&rollout("10%"), &rollout("25%")).as_deref(), Some("15%"));
    // The 10 % of which a named unit is a part are counted without it.
    assert_eq!(counted("rules: [{rollout: 10%, serve: on}]", &rollout("10%")), None);
}

#[test]
fn a_reshuffle_counts_the_largest_possible_share_of_other_values() {
    let split = |salt: &str, split: &str| format!("salt: {salt}\nrules: [{{serve: {{{split}}}}}]");
    let halves = "on: 50%, off: 50%";
    assert_eq!(counted(&split("a", halves), &split("b", halves)).as_deref(), Some("100%"));
    let tenth = "on: 10%, off: 90%";
    assert_eq!(counted(&split("a", tenth), &split("b", tenth)).as_deref(), Some("20%"));
    // `on` and `same` have one value, so nine tenths have one value before and after.
    let same = "on: 45%, same: 45%, off: 10%";
    assert_eq!(counted(&split("a", same), &split("b", same)).as_deref(), Some("20%"));
}
