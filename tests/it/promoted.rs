//! Promotions of generated flags: after `promote --shares`, the second environment decides as the first for every context,
//! and all other environments decide as before. Without `--shares`, no difference in structure is left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value as Json, json};

use crate::git_bench::{Ran, TestRepository};
use crate::random::Random;

const ENVIRONMENTS: [&str; 5] = ["dev", "staging", "de", "fr", "at"];
const NAMES: [&str; 7] = ["dev", "staging", "de", "fr", "at", "eu", "alps"];
const PROJECT: &str = "version: 1\nenvironments: [dev, staging, de, fr, at]\ngroups:\n  eu: [de, fr, at]\n  alps: [fr, at]\n\
attributes:\n  country: string\n  plan: string\n  company: string\n\
lint: {missing-owner: off, missing-expiry: off, missing-description: off}\n";
const VARIANTS: [&str; 3] = ["on", "off", "late"];
const FLAGS: usize = 30;
const CONTEXTS: &str = "contexts.jsonl";

type Fields = Map<String, Json>;

fn number_of_flags() -> usize {
    FLAGS * std::env::var("GENERATED").map_or(1, |times| times.parse().unwrap())
}

fn fields<const N: usize>(pairs: [(&str, Json); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn condition(random: &mut Random) -> Json {
    let test = |random: &mut Random| match random.below(5) {
        0 => json!({"country": random.pick(&["DE", "FR"])}),
        1 => json!({"plan": "pro"}),
        2 => json!({"segment": random.pick(&["germans", "everyone"])}),
        3 => json!({"flag": {"base": random.pick(&["on", "off"])}}),
        _ => json!({"country": {"ne": "DE"}}),
    };
    match random.below(4) {
        0 => json!({"any": [test(random), test(random)]}),
        1 => json!({"not": test(random)}),
        _ => test(random),
    }
}

fn serve(random: &mut Random) -> Json {
    match random.below(3) {
        0 => random.pick(&[
            json!({"on": "50%", "off": "50%"}),
            json!({"on": "10%", "off": "90%"}),
            json!({"late": "30%", "off": "30%", "on": "40%"}),
        ]),
        _ => json!(random.pick(&VARIANTS)),
    }
}

/// Returns some of the fields of a rule that environments can replace.
fn rule_fields(random: &mut Random) -> Fields {
    let all = [
        ("if", condition(random)),
        ("rollout", json!(random.pick(&["0%", "20%", "60%", "100%"]))),
        ("steps", json!(["20%", "60%", "100%"])),
        ("enabled", json!(random.below(3) > 0)),
        ("serve", serve(random)),
    ];
    fields(all).into_iter().filter(|_| random.below(2) == 0).collect()
}

/// Returns entries of `environments`, none of them empty.
fn entries(random: &mut Random, mut make: impl FnMut(&mut Random) -> Fields) -> Option<Json> {
    let count = random.below(5);
    let mut entries = Fields::new();
    for _ in 0..count {
        let (name, fields) = (random.pick(&NAMES), make(random));
        if !fields.is_empty() {
            entries.insert(name.to_owned(), Json::Object(fields));
        }
    }
    (!entries.is_empty()).then_some(Json::Object(entries))
}

fn rules(random: &mut Random) -> Json {
    let mut names = vec!["a", "b", "c", "d"];
    let rules = (0..random.below(4)).map(|_| {
        let mut rule = fields([("name", json!(names.remove(random.below(names.len()))))]);
        rule.extend(rule_fields(random));
        rule.entry("serve").or_insert_with(|| serve(random));
        if random.below(5) == 0 {
            rule.insert("unit".to_owned(), json!("company"));
        }
        if random.below(2) == 0
            && let Some(entries) = entries(random, rule_fields)
        {
            rule.insert("environments".to_owned(), entries);
        }
        Json::Object(rule)
    });
    rules.collect()
}

/// Returns some of the fields of a flag that environments can replace.
fn serving(random: &mut Random) -> Fields {
    let all = [
        ("enabled", json!(random.below(8) > 0)),
        ("off", json!(random.pick(&VARIANTS))),
        ("default", json!(random.pick(&VARIANTS))),
        ("unit", json!(random.pick(&["company", "targetingKey"]))),
        ("salt", json!(random.pick(&["s", "t"]))),
        ("requires", random.pick(&[json!({}), json!({"base": "on"})])),
        ("rules", rules(random)),
    ];
    fields(all).into_iter().filter(|_| random.below(3) == 0).collect()
}

fn flag(random: &mut Random) -> Fields {
    let variants = json!({"on": true, "off": false, "late": true});
    let mut flag = fields([("variants", variants), ("off", json!("off")), ("default", json!("off"))]);
    flag.extend(serving(random));
    if random.below(4) > 0 {
        flag.insert("rules".to_owned(), rules(random));
    }
    if let Some(entries) = entries(random, serving) {
        flag.insert("environments".to_owned(), entries);
    }
    flag
}

/// Writes fields as YAML: in block style or, for some fields, in flow style.
fn yaml(random: &mut Random, fields: &Fields, indent: usize) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        text.push_str(&format!("{:indent$}{}:", "", json!(name)));
        match value {
            Json::Object(inner) if !inner.is_empty() && random.below(3) > 0 => {
                text.push_str(&format!("\n{}", yaml(random, inner, indent + 2)));
            }
            Json::Array(items) if items.iter().all(Json::is_object) && !items.is_empty() && random.below(4) > 0 => {
                text.push('\n');
                for item in items {
                    let item = yaml(random, item.as_object().unwrap(), indent + 4);
                    text.push_str(&format!("{:indent$}  - {}", "", item.trim_start()));
                }
            }
            value => text.push_str(&format!(" {value}\n")),
        }
    }
    text
}

fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

fn parsed(ran: &Ran) -> Json {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr))
}

/// Makes a repository with generated flags. The flags whose fields contradict each other are left out. Returns the keys.
fn shop(random: &mut Random) -> (TestRepository, Vec<String>) {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("segments/germans.yaml", "if: {country: DE}\n");
    repository.write("segments/everyone.yaml", "description: Everyone.\n");
    let base = "variants: {on: true, off: false}\noff: off\ndefault: off\nrules: [{if: {plan: pro}, serve: on}]\n";
    repository.write("flags/base.yaml", base);
    let mut keys: BTreeSet<String> = (0..number_of_flags()).map(|number| format!("flag-{number}")).collect();
    for key in &keys {
        let flag = flag(random);
        repository.write(&format!("flags/{key}.yaml"), &yaml(random, &flag, 0));
    }
    for finding in parsed(&repository.flagctl(&["validate", "--format", "json"]))["findings"].as_array().unwrap() {
        let path = finding["path"].as_str().unwrap();
        if finding["severity"] == "error" && keys.remove(path.trim_start_matches("flags/").trim_end_matches(".yaml")) {
            assert_eq!(finding["code"], "conflicting-environments", "{finding:#}");
            repository.remove(path);
        }
    }
    assert!(keys.len() > number_of_flags() / 3, "{} valid flags", keys.len());
    let mut contexts = String::new();
    for country in [json!(null), json!("DE"), json!("FR")] {
        for plan in [json!(null), json!("pro")] {
            for company in [json!(null), json!("c1"), json!("c2"), json!("c4")] {
                for user in [json!(null), json!("u1"), json!("u2"), json!("u3")] {
                    let context = json!({"country": country, "plan": plan, "company": company, "targetingKey": user});
                    contexts.push_str(&format!("{context}\n"));
                }
            }
        }
    }
    fs::write(repository.beside(CONTEXTS), contexts).unwrap();
    repository.commit("a shop");
    (repository, keys.into_iter().collect())
}

fn text_of(repository: &TestRepository, key: &str) -> String {
    fs::read_to_string(repository.root().join(format!("flags/{key}.yaml"))).unwrap()
}

/// Returns the variants of each flag for all contexts, by environment.
fn decided(repository: &TestRepository) -> BTreeMap<(&'static str, String), Vec<Json>> {
    let mut decided: BTreeMap<_, Vec<Json>> = BTreeMap::new();
    for environment in ENVIRONMENTS {
        let contexts = repository.beside(CONTEXTS);
        let lines = fine(repository.flagctl(&["eval", "-e", environment, "--contexts", contexts.to_str().unwrap()]));
        for line in lines.lines() {
            let line: Json = serde_json::from_str(line).unwrap();
            for (key, decision) in line["decisions"].as_object().unwrap() {
                decided.entry((environment, key.clone())).or_default().push(decision["variant"].clone());
            }
        }
    }
    decided
}

/// Promotes each flag between two random environments. Returns the environments, by flag. Flags whose promotion is refused
/// are left out.
fn promoted(
    random: &mut Random,
    repository: &TestRepository,
    keys: &[String],
    more: &[&str],
) -> BTreeMap<String, [&'static str; 2]> {
    let mut environments = BTreeMap::new();
    for key in keys {
        let mut pool = ENVIRONMENTS.to_vec();
        let from = pool.remove(random.below(pool.len()));
        let to = random.pick(&pool);
        let arguments = ["promote", key, "--from", from, "--to", to, "--yes"];
        let text = text_of(repository, key);
        let ran = repository.flagctl(&[&arguments[..], more].concat());
        if ran.code == Some(0) {
            environments.insert(key.clone(), [from, to]);
            let again = fine(repository.flagctl(&[&arguments[..], more].concat()));
            assert!(again.contains("is already as in"), "{from} to {to}: {again}\n{text}");
        } else {
            assert!(ran.stderr.contains("a group of `"), "{from} to {to}: {}\n{text}", ran.stderr);
            assert_eq!(text_of(repository, key), text);
        }
    }
    assert!(environments.len() > keys.len() / 2, "{} of {} promotions", environments.len(), keys.len());
    assert_eq!(parsed(&repository.flagctl(&["validate", "--format", "json"]))["errors"], 0);
    environments
}

#[test]
fn a_promotion_with_shares_makes_one_environment_decide_as_another_and_changes_no_other() {
    let mut random = Random(7);
    let (repository, keys) = shop(&mut random);
    let before = decided(&repository);
    let environments = promoted(&mut random, &repository, &keys, &["--shares"]);
    let mut changed = 0;
    for ((environment, key), variants) in decided(&repository) {
        let wanted = match environments.get(&key) {
            Some([from, to]) if *to == environment => from,
            _ => environment,
        };
        let own = before[&(environment, key.clone())].clone();
        let shown = format!("{key} in {environment}, as {wanted} was\n{}", text_of(&repository, &key));
        assert_eq!(variants, before[&(wanted, key)], "{shown}");
        changed += usize::from(variants != own);
    }
    assert!(changed > environments.len() / 5, "{changed} of {} promotions change decisions", environments.len());
}

#[test]
fn a_promotion_without_shares_leaves_no_difference_in_structure() {
    let mut random = Random(8);
    let (repository, keys) = shop(&mut random);
    let environments = promoted(&mut random, &repository, &keys, &[]);
    let drift = parsed(&repository.flagctl(&["list", "--drift", "--format", "json"]));
    let mut different = 0;
    for flag in drift["flags"].as_array().unwrap() {
        let Some([from, to]) = environments.get(flag["flag"].as_str().unwrap()) else { continue };
        let pairs = flag["drift"].as_array().unwrap();
        let groups = pairs.iter().flat_map(|pair| [&pair["from"], &pair["to"]]);
        for group in groups.map(|group| group.as_array().unwrap()) {
            let shown =
                || format!("{from} to {to}: {flag:#}\n{}", text_of(&repository, flag["flag"].as_str().unwrap()));
            assert_eq!(group.contains(&json!(from)), group.contains(&json!(to)), "{}", shown());
        }
        different += 1;
    }
    assert!(different > environments.len() / 4, "{different} flags differ between other environments");
}
