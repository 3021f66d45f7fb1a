//! Layers: the slots that rules take, what changes of a layer do, and units that two experiments have one after the other.

use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository};

const SETTINGS: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: string\n  account.id: \
                        {type: string, required: true}\npolicy:\n  production: {max-step: 10%, acknowledge: [reshuffle]}\n";

/// A flag with a rule that takes a slot.
fn experiment(rule: &str) -> String {
    format!(
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {{on: true, off: false}}\noff: off\n\
         default: off\nrules:\n  - {{name: experiment, {rule}serve: on}}\n"
    )
}

fn layer(slots: &str) -> String {
    format!("description: A test's.\nowner: tests\nslots: {{{slots}}}\nholdout: 90%..100%\n")
}

/// Makes a repository with a flag `cart` that takes `cart 0%..20%`, and a branch `work` that is checked out.
fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", SETTINGS);
    repository.write("layers/shop/checkout.yaml", &layer("cart: 0%..20%, page: 20%..35%"));
    repository.write("flags/cart.yaml", &experiment("slot: checkout/cart, "));
    repository.commit("first");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    repository
}

fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

/// Commits another layer, and returns the verdict of the policy.
fn judged(repository: &mut TestRepository, slots: &str) -> Json {
    repository.write("layers/shop/checkout.yaml", &layer(slots));
    repository.commit("the layer changes");
    let ran = repository.flagctl(&["policy", "main...work", "--now", "2026-11-20T00:00:00Z", "--format", "json"]);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn refusals(verdict: &Json) -> Vec<&str> {
    verdict["refusals"].as_array().unwrap().iter().map(|refusal| refusal["rule"].as_str().unwrap()).collect()
}

#[test]
fn the_growth_of_a_slot_is_a_step_and_a_moved_slot_is_a_reshuffle() {
    let mut repository = repository();
    let grown = judged(&mut repository, "cart: 0%..20%, page: 35%..40%");
    assert_eq!(grown["changes"], Json::Array(Vec::new()), "the flag of the other slot changes nothing: {grown}");
    let grown = judged(&mut repository, "cart: 0%..30%");
    assert_eq!((&grown["allowed"], &grown["changes"][0]["step"]), (&Json::from(true), &Json::from(0.1)), "{grown}");
    let grown = judged(&mut repository, "cart: 0%..31%");
    assert_eq!(refusals(&grown), ["max-step"], "{grown}");
    // The share stays 20%, and another 15% of the units get the feature.
    let moved = judged(&mut repository, "cart: 15%..35%");
    assert_eq!(refusals(&moved), ["acknowledge", "max-step"], "{moved}");
    assert_eq!(moved["changes"][0]["step"], Json::from(0.15), "{moved}");
    let shrunk = judged(&mut repository, "cart: 5%..10%");
    assert_eq!(shrunk["allowed"], Json::from(true), "{shrunk}");
}

#[test]
fn a_change_of_a_layer_is_in_the_log_of_its_flags_with_its_line() {
    let mut repository = repository();
    repository.write("layers/shop/checkout.yaml", &layer("cart: 0%..25%"));
    repository.commit("cart: a larger slot");
    let log = fine(repository.flagctl(&["log", "cart"]));
    assert!(log.contains("rule experiment slot checkout/cart 0%..20% → checkout/cart 0%..25%"), "{log}");
    let diff = fine(repository.flagctl(&["diff", "main..work", "-e", "production"]));
    assert!(diff.contains("to another 5% of all people"), "{diff}");
    assert!(diff.contains("layers/shop/checkout.yaml:3: rule experiment slot"), "{diff}");
    let entered = (0..200).map(|unit| format!("user-{unit}")).find(|unit| {
        let context = format!("targetingKey={unit}");
        let eval = |at| fine(repository.flagctl(&["eval", "cart", "-e", "production", "-c", &context, "--at", at]));
        eval("main").contains("off = false") && eval("work").contains("on = true")
    });
    let context = format!("targetingKey={}", entered.unwrap());
    let blame = fine(repository.flagctl(&["blame", "cart", "-e", "production", "-c", &context]));
    assert!(blame.contains("cart: a larger slot"), "{blame}");
}

#[test]
fn only_the_layers_of_a_flag_are_read_for_its_decision() {
    let repository = repository();
    repository.write("layers/broken.yaml", "slots: [");
    let eval = ["eval", "cart", "-e", "production", "-c", "targetingKey=user-1"];
    assert!(fine(repository.flagctl(&eval)).starts_with("cart: "));
    repository.write("layers/shop/checkout.yaml", "slots: [");
    assert_eq!(repository.flagctl(&eval).code, Some(3));
}

/// Returns the first line of each finding, and the lines with advice.
fn findings(repository: &TestRepository, arguments: &[&str]) -> String {
    let ran = repository.flagctl(&[&["validate", "--now", "2026-11-22"], arguments].concat());
    let is_kept = |line: &&str| ["error[", "warning[", "  = help", " --> "].iter().any(|start| line.contains(start));
    ran.stdout.lines().filter(is_kept).map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn wrong_layers_have_findings_with_positions() {
    let repository = repository();
    repository.write(
        "layers/shop/checkout.yaml",
        "description: d\nowner: o\nunit: account.id\nholdout: 95%..100%\nslots:\n  cart: 20%..10%\n  late: 90%..96%\n",
    );
    repository.write("flags/late.yaml", &experiment("unit: account.id, slot: checkout/lat, "));
    assert_eq!(
        findings(&repository, &[]),
        "\
error[unfit-unit]: expected `account.id`, the unit of layer `checkout`, found `targetingKey`
--> flags/cart.yaml:8:30
= help: write `unit: account.id` in the rule
error[unknown-slot]: `lat` is not a slot of layer `checkout`
--> flags/late.yaml:8:48
= help: did you mean `late`?
error[overlapping-slots]: the holdout and `late` both contain `95%..96%`
--> layers/shop/checkout.yaml:4:10
= help: the free units are `0%..90%`
error[invalid-value]: expected a range whose end is above its start, found `20%..10%`
--> layers/shop/checkout.yaml:6:9
= help: write the lower percentage first; the range ends before the higher one
"
    );
    repository.write("layers/shop/checkout.yaml", "slots: {cart: 0%..101%, page: 10..20%}\n");
    let found = findings(&repository, &[]);
    assert_eq!(found.matches("expected a range of percentages such as `20%..35%`").count(), 2, "{found}");
}

#[test]
fn units_of_another_experiment_are_reported_with_the_commit_that_they_are_from() {
    let mut repository = repository();
    repository.write("flags/cart.yaml", &experiment(""));
    repository.write("layers/shop/checkout.yaml", &layer("page: 20%..35%"));
    repository.commit("the experiment on carts is over");
    repository.write("layers/shop/checkout.yaml", &layer("page: 20%..40%, gift: 10%..15%"));
    let since = ["--new-since", "HEAD"];
    let found = findings(&repository, &since);
    let first = repository.git(&["rev-parse", "--short=12", "main"]);
    let expected =
        format!("warning[reused-units]: slot `gift` gets `10%..15%`, which slot `cart` had at {}", &first[..7]);
    assert!(found.starts_with(&expected), "{found}");
    assert!(found.contains("no slot has had `40%..90%`"), "{found}");
    assert_eq!(found.matches("reused-units").count(), 1, "`page` takes free units: {found}");
    // A base that has the slot already reports nothing, and neither does a new salt.
    repository.commit("gift");
    assert_eq!(findings(&repository, &since), "");
    repository.write("layers/shop/checkout.yaml", &(layer("new: 0%..40%") + "salt: s2\n"));
    assert_eq!(findings(&repository, &since), "");
    // Another flag takes the slot.
    repository.write("flags/page.yaml", &experiment("slot: checkout/page, "));
    repository.write("layers/shop/checkout.yaml", &layer("page: 20%..40%"));
    repository.commit("an experiment on the page");
    repository.remove("flags/page.yaml");
    repository.write("flags/other.yaml", &experiment("slot: checkout/page, "));
    let found = findings(&repository, &since);
    assert!(
        found.starts_with(
            "warning[reused-units]: slot `checkout/page` goes from the flag `page` to `other`\n--> flags/other.yaml:8"
        ),
        "{found}"
    );
}

#[test]
fn a_layer_has_at_most_a_thousand_slots() {
    let repository = repository();
    let slots = |number: u32| {
        let slot = |index| format!("s{index}: 0.{index:03}%..0.{:03}%", index + 1);
        format!("{}, last: 1%..2%", (0..number).map(slot).collect::<Vec<_>>().join(", "))
    };
    repository.write("layers/many.yaml", &layer(&slots(999)));
    assert_eq!(findings(&repository, &[]), "");
    repository.write("layers/many.yaml", &layer(&(slots(999) + ", more: 3%..4%")));
    assert!(findings(&repository, &[]).starts_with("error[limit-exceeded]: more than 1000 slots"));
}

#[test]
fn flagd_gets_a_fraction_of_the_layer_and_one_of_the_slot() {
    let repository = repository();
    repository.write("flags/cart.yaml", &experiment("slot: checkout/page, rollout: 50%, "));
    let export = ["export", "flagd", "-e", "production"];
    let refused = repository.flagctl(&export);
    assert!(refused.code == Some(1) && refused.stderr.contains("siphash"), "{refused:?}");
    repository.write("flagctl.yaml", &format!("{SETTINGS}bucketing: flagd-v3\n"));
    let json: Json = serde_json::from_str(&fine(repository.flagctl(&export))).unwrap();
    let targeting = json["flags"]["cart"]["targeting"].to_string();
    let layer = r#"{"fractional":[{"cat":["checkout/layer/",{"var":"targetingKey"}]},["before",20000],["slot",15000],["after",65000]]},"slot"]"#;
    let rollout = r#"{"fractional":[{"cat":["cart/rollout/",{"var":"targetingKey"}]},["admitted",50000],["others",50000]]},"admitted"]"#;
    assert!(targeting.contains(layer) && targeting.contains(rollout), "{targeting}");
}

#[test]
fn a_test_case_places_a_unit_in_a_slot() {
    let repository = repository();
    repository.write("flags/cart.yaml", &experiment("slot: checkout/page, rollout: 50%, "));
    let case = |position: &str, variant: &str| {
        format!("  - bucket: {{cart: {{slot: {position}, rollout: 10%}}}}\n    expect: {{cart: {variant}}}\n")
    };
    let cases = case("19.9%", "off") + &case("20%", "on") + &case("34.9%", "on") + &case("35%", "off");
    repository.write("tests/slots.yaml", &format!("environments: production\ncases:\n{cases}"));
    assert_eq!(fine(repository.flagctl(&["test"])), "4 passed\n");
}

#[test]
fn layers_are_listed_and_shown() {
    let repository = repository();
    let list = fine(repository.flagctl(&["list", "layers"]));
    let words: Vec<&str> = list.split_whitespace().collect();
    let expected =
        "LAYER OWNER UNIT SLOTS FREE checkout tests targetingKey cart 0%..20%, page 20%..35% 35%..90% 1 layer";
    assert_eq!(words.join(" "), expected);
    let ran = repository.flagctl(&["show", "layer", "checkot"]);
    assert_eq!(ran.stderr, "error: `checkot` is not a layer; did you mean `checkout`?\n");
    let shown: Json =
        serde_json::from_str(&fine(repository.flagctl(&["show", "layer", "checkout", "--format", "json"]))).unwrap();
    let slots = shown["layers"][0]["slots"].as_array().unwrap();
    assert_eq!((slots[0]["flag"].as_str(), slots[1]["flag"].as_str()), (Some("cart"), None));
}
