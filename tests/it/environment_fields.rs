//! Fields of rules that differ by environment, groups of environments, and contradictions between them.

use std::fs;

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "version: 1\nenvironments: [dev, staging, de, fr, at]\ngroups:\n  eu: [de, fr, at]\n  alps: [fr, at]\n\
attributes:\n  country: string\nlint: {missing-owner: off, missing-expiry: off, missing-description: off}\n";
const FLAG: &str = "variants: {on: true, off: false}\noff: off\ndefault: off\nrules:\n";

/// Makes a repository with the flag `beta`, whose rules are these lines.
fn shop(rules: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/beta.yaml", &format!("{FLAG}{rules}"));
    repository.commit("a shop");
    repository
}

fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

/// Returns the variant of `beta` in an environment, for a user in Germany.
fn decided(repository: &TestRepository, environment: &str) -> String {
    let line =
        fine(repository.flagctl(&["eval", "beta", "-e", environment, "-c", "country=DE", "-c", "targetingKey=u"]));
    line.lines().next().unwrap_or_default().to_owned()
}

fn beta(repository: &TestRepository) -> String {
    fs::read_to_string(repository.root().join("flags/beta.yaml")).unwrap()
}

#[test]
fn a_field_of_a_rule_is_replaced_in_one_environment() {
    let rules = "  - name: germans\n    if: {country: DE}\n    rollout: 0%\n    serve: on\n    environments:\n      \
                 dev: {rollout: 100%}\n      staging: {if: {country: FR}, rollout: 100%}\n      eu: {serve: off, rollout: 100%}\n";
    let repository = shop(rules);
    assert_eq!(decided(&repository, "dev"), "beta: on = true");
    assert_eq!(decided(&repository, "staging"), "beta: off = false");
    assert_eq!(decided(&repository, "de"), "beta: off = false");
    let explained = fine(repository.flagctl(&["eval", "beta", "-e", "de", "-c", "country=DE"]));
    assert!(explained.contains("germans"), "{explained}");
    assert!(fine(repository.flagctl(&["validate"])).contains("no problems"));
}

#[test]
fn the_field_of_an_environment_wins_over_the_field_of_its_group() {
    let rules = "  - serve: on\n    rollout: 0%\n    environments: {eu: {rollout: 100%}, de: {rollout: 0%}}\n";
    let repository = shop(rules);
    assert_eq!(decided(&repository, "de"), "beta: off = false");
    assert_eq!(decided(&repository, "fr"), "beta: on = true");
    assert_eq!(decided(&repository, "dev"), "beta: off = false");
}

#[test]
fn a_rule_that_is_not_enabled_is_left_out_and_the_others_keep_their_numbers() {
    let rules = "  - {if: {country: DE}, serve: off, environments: {dev: {enabled: false}}}\n  - serve: on\n  \
                 - {enabled: false, serve: off}\n";
    let repository = shop(rules);
    let dev = fine(repository.flagctl(&["eval", "beta", "-e", "dev", "-c", "country=DE"]));
    assert!(dev.starts_with("beta: on = true\n") && dev.contains("#2"), "{dev}");
    assert_eq!(decided(&repository, "staging"), "beta: off = false");
    let other = fine(repository.flagctl(&["eval", "beta", "-e", "staging", "-c", "country=FR"]));
    assert!(other.contains("#2"), "{other}");
    let shown = fine(repository.flagctl(&["show", "beta"]));
    assert!(!shown.contains("rule #3"), "{shown}");
}

#[test]
fn contradictions_between_environments_are_errors_with_both_positions() {
    let rule = "  - name: a\n    serve: on\n    environments:\n";
    let cases = [
        (
            format!("{rule}      dev: {{rollout: 1%}}\nenvironments:\n  dev:\n    rules: []\n"),
            "error[conflicting-environments]: `dev` does not use rule `a`, so these fields have no effect",
            "flags/beta.yaml:8:7\n",
            "10 |   dev:\n   |   ---",
        ),
        (
            format!("{rule}      de: {{rollout: 1%}}\nenvironments:\n  eu:\n    rules: []\n"),
            "error[conflicting-environments]: `de` does not use rule `a`, so these fields have no effect",
            "flags/beta.yaml:8:7\n",
            "10 |   eu:\n   |   --",
        ),
        (
            format!("{rule}      eu: {{rollout: 1%}}\n      alps: {{rollout: 2%}}\n"),
            "error[conflicting-environments]: the groups `eu` and `alps` both have `rollout` for `fr`",
            "flags/beta.yaml:9:7\n",
            "8 |       eu: {rollout: 1%}\n  |       --",
        ),
        (
            "  - serve: on\nenvironments:\n  eu: {default: on}\n  alps: {default: off}\n  fr: {default: off}\n".to_owned(),
            "error[conflicting-environments]: the groups `eu` and `alps` both have `default` for `at`",
            "flags/beta.yaml:8:3\n",
            "7 |   eu: {default: on}\n  |   --",
        ),
        (
            "  - serve: on\nenvironments:\n  dev:\n    rules:\n      - {name: b, serve: on, environments: {dev: {rollout: 1%}}}\n"
                .to_owned(),
            "error[conflicting-environments]: rule `b` is only for `dev`",
            "flags/beta.yaml:9:45\n",
            "7 |   dev:\n  |   ---",
        ),
        (
            format!("{rule}      alpes: {{rollout: 1%}}\n"),
            "error[unknown-environment]: `alpes` is not an environment",
            "flags/beta.yaml:8:7\n",
            "did you mean `alps`?",
        ),
    ];
    for (rules, problem, position, related) in cases {
        let repository = shop(&rules);
        let ran = repository.flagctl(&["validate", "--format", "human"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
        let said = ran.stdout;
        assert!(said.contains(problem), "expected {problem}\n{said}");
        assert!(said.contains(position), "expected {position}\n{said}");
        assert!(said.contains(related), "expected {related}\n{said}");
        // The flag is not decided while it is not certain which field applies.
        if problem.contains("conflicting") {
            assert_ne!(repository.flagctl(&["eval", "beta", "-e", "fr", "-c", "country=DE"]).code, Some(0));
        }
    }
}

#[test]
fn groups_must_stand_for_known_environments_and_have_their_own_names() {
    for (groups, problem) in [
        ("{dev: [de]}", "`dev` is the name of a group and of an environment"),
        ("{eu: [de, ft]}", "`ft` is not an environment"),
        ("{eu: []}", "expected a list of different values, found an empty one"),
        ("{eu: [de], alps: [eu]}", "`eu` is not an environment"),
    ] {
        let repository = shop("  - serve: on\n");
        repository.write("flagctl.yaml", &format!("version: 1\nenvironments: [dev, de, fr]\ngroups: {groups}\n"));
        let ran = repository.flagctl(&["validate"]);
        assert!(ran.code == Some(1) && ran.stdout.contains(problem), "{problem}\n{}", ran.stdout);
    }
}

#[test]
fn kills_targets_and_commands_name_single_environments() {
    let repository = shop("  - serve: on\n");
    let advice = "it is a group: name its environments `de`, `fr`, `at`";
    let ran = repository.flagctl(&["kill", "beta", "-e", "eu", "--reason", "r", "--yes"]);
    assert_eq!(ran.stderr, format!("error: `eu` is not an environment; {advice}\n"));
    repository.write("kills/eu/beta.yaml", "reason: r\n");
    repository.write("flagctl.yaml", &format!("{PROJECT}publish: {{main: {{to: ./dist, environments: [eu]}}}}\n"));
    let ran = repository.flagctl(&["validate"]);
    assert_eq!(ran.stdout.matches(advice).count(), 2, "{}", ran.stdout);
}

#[test]
fn a_change_for_one_environment_has_the_line_of_its_field_as_its_cause() {
    let rules = "  - name: a\n    serve: on\n    rollout: 5%\n    environments:\n      dev:\n        rollout: 10%\n";
    let mut repository = shop(rules);
    repository.write("flags/beta.yaml", &format!("{FLAG}{}", rules.replace("10%", "20%")));
    repository.commit("more");
    let diff = fine(repository.flagctl(&["diff", "HEAD~1..HEAD"]));
    assert!(diff.contains("flags/beta.yaml:10"), "{diff}");
    assert!(diff.contains("rules.a.environments.dev.rollout"), "{diff}");
    assert!(diff.starts_with("expand: beta in dev ") && !diff.contains("staging"), "{diff}");
    assert_eq!(beta(&repository), format!("{FLAG}{}", rules.replace("10%", "20%")));
}

/// Makes a project with sixty environments, in which `beta` is killed in one and has another share in a few.
fn fleet() -> TestRepository {
    let mut repository = TestRepository::new();
    let regions = |letter: &str| (1..=20).map(|number| format!("{letter}{number}")).collect::<Vec<_>>().join(", ");
    let (eu, us, ap) = (regions("eu"), regions("us"), regions("ap"));
    repository.write(
        "flagctl.yaml",
        &format!("version: 1\nenvironments: [{eu}, {us}, {ap}]\ngroups:\n  eu: [{eu}]\n  us: [{us}]\n"),
    );
    repository.write(
        "flags/beta.yaml",
        &format!("{FLAG}  - {{name: a, serve: on, environments: {{eu: {{rollout: 5%}}}}}}\n"),
    );
    repository.write("kills/us3/beta.yaml", "reason: r\n");
    repository.commit("a fleet");
    repository
}

#[test]
fn sixty_environments_are_written_by_their_groups_and_states() {
    let mut repository = fleet();
    let list = fine(repository.flagctl(&["list"]));
    assert_eq!(
        list,
        "FLAG  OWNER  STATE\nbeta  -      5% in eu; on for everyone in us1, us2, us4, us5 and 35 more; killed in us3\n\n1 flag\n"
    );
    let one = fine(repository.flagctl(&["list", "--environment", "us3"]));
    assert_eq!(one, "FLAG  OWNER  US3\nbeta  -      killed\n\n1 flag\n");
    let shown = fine(repository.flagctl(&["show", "beta"]));
    assert!(shown.contains("\neu: enabled\n  rule a: 5% → on\n"), "{shown}");
    assert!(shown.contains("\nus3: killed (r)\n"), "{shown}");
    repository.write(
        "flags/beta.yaml",
        &format!("{FLAG}  - {{name: a, serve: on, environments: {{eu: {{rollout: 6%}}}}}}\n"),
    );
    repository.commit("more");
    let diff = fine(repository.flagctl(&["diff", "HEAD~1..HEAD"]));
    assert!(diff.contains("expand: beta in eu serves `on` instead of `off` to another 1% of all people\n"), "{diff}");
    let comment = fine(repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "markdown"]));
    assert!(comment.contains("<summary>expand: <code>beta</code> in <code>eu</code> serves"), "{comment}");
    let status = fine(repository.flagctl(&["rollout", "beta", "status"]));
    assert!(status.lines().count() < 5, "{status}");
}
