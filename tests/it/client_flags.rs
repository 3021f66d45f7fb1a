//! `client: true` marks a flag that browsers and apps may receive: in bundles, in `show`, and in every plan.

use std::fs;

use flagctl::bundle::{Bundle, LazyBundle};
use serde_json::{Value as Json, json};

use crate::git_bench::{PROJECT, TestRepository, flag};
use crate::publish::fine;

const CLIENT: &str = "client: true\n";
const VISIBLE: &str = "visible to clients (client: true)";
const HIDDEN: &str = "not visible to clients any more";

/// Makes a repository with the flags `sale` and `cart`, of which neither is for clients.
fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", &format!("{PROJECT}publish:\n  main: {{to: ../fleet}}\n"));
    repository.write("flags/sale.yaml", &flag("on"));
    repository.write("flags/cart.yaml", &format!("{}requires: {{sale: on}}\n", flag("on")));
    repository.commit("a shop");
    repository
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

#[test]
fn bundles_contain_only_the_mark_of_flags_for_clients() {
    let repository = shop();
    let plain = fine(repository.flagctl(&["export", "bundle"]));
    assert!(!plain.contains("client"), "{plain}");
    repository.write("flags/sale.yaml", &(flag("on") + "client: false\n"));
    assert_eq!(fine(repository.flagctl(&["export", "bundle"])), plain);
    repository.write("flags/sale.yaml", &(flag("on") + "metadata: {issue: SHOP-41}\n" + CLIENT));
    let marked = fine(repository.flagctl(&["export", "bundle"]));
    assert!(marked.contains(r#""metadata":{"issue":"SHOP-41"},"client":true,"variants""#), "{marked}");

    let bundle = Bundle::from_json(marked.as_bytes()).unwrap();
    assert_eq!(bundle.to_json().unwrap(), marked.trim_end().as_bytes());
    let clients = |bundle: &Bundle| bundle.flags().iter().map(|flag| flag.client).collect::<Vec<_>>();
    assert_eq!(clients(&bundle), [false, true]);
    let lazy = LazyBundle::from_json(marked.into_bytes()).unwrap();
    assert!(lazy.flag("sale").unwrap().unwrap().client);
    assert!(!lazy.flag("cart").unwrap().unwrap().client);
    assert_eq!(clients(&lazy.select(["cart"]).unwrap()), [false, true]);
}

#[test]
fn another_value_than_a_boolean_is_an_error() {
    let repository = shop();
    repository.write("flags/sale.yaml", &(flag("on") + "client: sometimes\n"));
    let ran = repository.flagctl(&["validate"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("expected `true` or `false`"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("error[").count(), 1, "{}", ran.stdout);
}

#[test]
fn show_and_list_name_flags_for_clients() {
    let repository = shop();
    repository.write("flags/sale.yaml", &(flag("on") + CLIENT));
    repository.write("bundle.json", &fine(repository.flagctl(&["export", "bundle"])));
    for arguments in [&["list", "--format", "json"][..], &["list", "--format", "json", "--bundle", "bundle.json"]] {
        let listed = json(&fine(repository.flagctl(arguments)));
        let flags = listed["flags"].as_array().unwrap();
        assert_eq!(flags.iter().map(|flag| &flag["client"]).collect::<Vec<_>>(), [&json!(false), &json!(true)]);
    }
    assert!(fine(repository.flagctl(&["show", "sale"])).contains("\n  client: true\n"));
    assert!(fine(repository.flagctl(&["show", "sale", "--bundle", "bundle.json"])).contains("\n  client: true\n"));
    assert!(!fine(repository.flagctl(&["show", "cart", "--bundle", "bundle.json"])).contains("client"));
}

#[test]
fn a_plan_always_names_a_flag_that_becomes_visible_to_clients() {
    let mut repository = shop();
    let diff =
        |repository: &TestRepository, arguments: &[&str]| fine(repository.flagctl(&[&["diff"], arguments].concat()));
    // Alone. The flag `cart`, which requires `sale`, does not change.
    repository.write("flags/sale.yaml", &(flag("on") + CLIENT));
    let plan = diff(&repository, &["HEAD"]);
    assert!(plan.starts_with("metadata: sale in production serves everyone what it served before"), "{plan}");
    assert!(plan.contains(&format!("\n  flags/sale.yaml:7: {VISIBLE}\n")) && !plan.contains("cart"), "{plan}");
    assert_eq!(repository.flagctl(&["diff", "HEAD", "--fail-on", "metadata"]).code, Some(1));
    // With another field that decides nothing, and with one that decides.
    repository.write("flags/sale.yaml", &(flag("on").replace("owner: tests", "owner: shop") + CLIENT));
    let plan = diff(&repository, &["HEAD"]);
    assert!(plan.contains(VISIBLE) && plan.contains("owner \"tests\" → \"shop\""), "{plan}");
    repository.write("flags/sale.yaml", &(flag("off") + CLIENT));
    let plan = diff(&repository, &["HEAD"]);
    assert!(plan.starts_with("shrink: ") && plan.contains("default on → off") && plan.contains(VISIBLE), "{plan}");
    // A new flag.
    repository.write("flags/extra.yaml", &(flag("off") + CLIENT));
    let plan = diff(&repository, &["HEAD"]);
    assert!(plan.contains("extra") && plan.contains(&format!("flags/extra.yaml:7: {VISIBLE}")), "{plan}");

    repository.commit("for clients");
    repository.write("flags/sale.yaml", &flag("off"));
    let plan = diff(&repository, &["HEAD"]);
    assert!(plan.contains(&format!("\n  flags/sale.yaml:7 (before): {HIDDEN}\n")), "{plan}");
}

#[test]
fn a_plan_of_bundles_and_of_what_is_live_names_it_too() {
    let mut repository = shop();
    fine(repository.flagctl(&["publish", "main"]));
    repository.write("before.json", &fine(repository.flagctl(&["export", "bundle"])));
    repository.write("flags/sale.yaml", &(flag("on") + CLIENT));
    fs::write(repository.beside("after.json"), fine(repository.flagctl(&["export", "bundle"]))).unwrap();
    repository.commit("for clients");
    let live = repository.flagctl(&["diff", "--live", "main"]).stdout;
    assert!(live.contains("sale") && live.contains(VISIBLE), "{live}");
    let plan = fine(repository.flagctl(&["diff", "--bundle", "before.json"]));
    assert!(plan.contains("sale") && plan.contains(VISIBLE), "{plan}");
    let after = repository.beside("after.json");
    let plan = fine(repository.flagctl(&["diff", "--bundle", after.to_str().unwrap()]));
    assert!(!plan.contains("sale"), "{plan}");
}

#[test]
fn the_log_names_it_as_a_change_that_affects_no_decision() {
    let mut repository = shop();
    repository.write("flags/sale.yaml", &(flag("on") + CLIENT));
    repository.commit("for clients");
    let log = fine(repository.flagctl(&["log", "--kind", "metadata"]));
    assert!(log.contains(VISIBLE), "{log}");
    let log = json(&fine(repository.flagctl(&["log", "sale", "--format", "json"])));
    let change = &log["commits"][0]["changes"][0];
    assert_eq!((&change["change"], &change["kind"]), (&json!("client"), &json!("metadata")), "{log}");
}
