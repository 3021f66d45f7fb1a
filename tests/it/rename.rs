//! Renames and removals of flags, segments and attributes.
//!
//! `tests/rename/transcript.txt` has whole interactions. The other tests are about what no user sees: decisions of generated
//! contexts, bytes that stay, and refusals.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use flagctl::bundle::Bundle;
use flagctl::compile::compile;
use flagctl::eval::Context;
use flagctl::load;
use flagctl::source::{Folder, Source};
use serde_json::{Map, Value as Json, json};
use snapbox::{assert_data_eq, file};

use crate::example_shop;
#[cfg(unix)]
use crate::git_bench::executable;
use crate::git_bench::{Ran, TestRepository};
use crate::random::Random;

fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

/// Runs commands, and returns each with its complete output.
fn transcript(repository: &TestRepository, lines: &[&str]) -> String {
    let mut transcript = String::new();
    for line in lines {
        let ran = repository.shell(line);
        let code = ran.code.unwrap_or(-1);
        let shown = if code == 0 { String::new() } else { format!("? {code}\n") };
        transcript.push_str(&format!("$ {line}\n{shown}{}{}\n", ran.stdout, ran.stderr));
    }
    transcript
}

#[test]
fn renames_and_removals_show_their_plan_and_make_one_commit() {
    let repository = example_shop::with_remote();
    let lines = [
        "flagctl rename flag address-lookup shop/addresses --dry-run",
        "flagctl rename flag address-lookup shop/addresses --reason 'one prefix' --yes",
        "git show --name-status --format=%B",
        "flagctl rename flag new-checkout new-cart --yes",
        "flagctl rename flag new-checkout New-Cart --yes",
        "flagctl rename flag new-checkout ../../etc/passwd --yes",
        "flagctl rename flag new-checkuot checkout --yes",
        "flagctl rename flag new-checkout new-checkout --yes",
        "flagctl rename flag new-checkout nul --yes",
        "flagctl rename flag new-checkout one-page-checkout",
        "flagctl rename segment staff employees --yes",
        "flagctl rename attribute country market --yes",
        "flagctl rename attribute market now --yes",
        "flagctl rename attribute app.version build.version --yes",
        "flagctl rename attribute targetingKey user.id --yes",
        "flagctl remove segment employees --yes",
        "flagctl remove attribute ip --yes",
        "flagctl remove flag shop/addresses --dry-run --format json",
        "flagctl remove flag shop/addresses --yes",
        "git show --name-status --format=%B",
        "git status --short",
        "flagctl validate --now 2026-11-22",
        "flagctl test",
    ];
    assert_data_eq!(transcript(&repository, &lines), file!["../rename/transcript.txt"]);
}

/// All flags of a repository in all environments.
fn bundles(repository: &TestRepository) -> Vec<Bundle> {
    let source = Source::Folder(Folder::find(repository.root()).unwrap());
    let project = load::all(&source).unwrap().project;
    project.settings.environment_names().map(|name| compile(&project, name).0).collect()
}

/// Returns the variant and the reason that each flag gives to each context, by the environment, the flag and the index of the
/// context.
fn decisions(repository: &TestRepository, contexts: &[Json]) -> BTreeMap<(String, String, usize), String> {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let mut all = BTreeMap::new();
    for bundle in bundles(repository) {
        for (index, context) in contexts.iter().enumerate() {
            let parsed = Context::from_json(bundle.attributes(), context).unwrap();
            for key in bundle.flags().keys() {
                let decision = bundle.decide(key, &parsed.context, now).unwrap();
                let text = format!("{} {}", decision.variant.name, decision.reason.name());
                all.insert((bundle.environment().to_owned(), key.to_owned(), index), text);
            }
        }
    }
    all
}

/// Generates contexts with the attributes of a project, with values that its definitions name and other ones.
fn contexts(repository: &TestRepository, random: &mut Random) -> Vec<Json> {
    let attributes: Vec<String> =
        bundles(repository)[0].attributes().iter().map(|(_, attribute)| attribute.name.to_string()).collect();
    let values = [
        json!("DE"),
        json!("US"),
        json!("AT"),
        json!("pro"),
        json!("ios"),
        json!("web"),
        json!("2.4.0"),
        json!("3.1.0"),
        json!("10.1.2.3"),
        json!("2026-11-12T00:00:00Z"),
        json!("dana@acme.example"),
        json!(["staff"]),
        json!([17, 4]),
        json!(true),
        json!(16),
        json!(120),
    ];
    let context = |random: &mut Random| {
        let mut context = Map::new();
        for name in &attributes {
            let value = if name == "now" || random.below(4) == 0 {
                continue;
            } else if ["targetingKey", "account.id"].contains(&name.as_str()) || random.below(8) == 0 {
                json!(format!("user-{}", random.below(1_000)))
            } else {
                random.pick(&values)
            };
            context.insert(name.clone(), value);
        }
        Json::Object(context)
    };
    (0..80).map(|_| context(random)).collect()
}

/// Returns the words of a command, one for each line.
fn listed(repository: &TestRepository, kind: &str) -> Vec<String> {
    let json: Json = serde_json::from_str(&fine(repository.flagctl(&["list", kind, "--format", "json"]))).unwrap();
    let singular = kind.strip_suffix('s').unwrap();
    json[kind].as_array().unwrap().iter().map(|item| item[singular].as_str().unwrap().to_owned()).collect()
}

#[test]
fn decisions_stay_when_every_name_of_the_examples_gets_another_one() {
    let mut renames = 0;
    for folder in ["examples", "examples/experiment", "examples/dark-launch"] {
        let mut repository = TestRepository::new();
        for part in ["flagctl.yaml", "flags", "segments", "tests", "kills", "value-schemas"] {
            let path = Path::new(folder).join(part);
            if path.is_dir() {
                example_shop::copy(&path, &repository, &format!("{part}/"));
            } else if path.exists() {
                repository.write(part, &fs::read_to_string(path).unwrap());
            }
        }
        repository.commit("the example");
        let findings = repository.flagctl(&["validate", "--now", "2026-11-22"]);
        let mut random = Random(0x2026_1122);
        let mut contexts = contexts(&repository, &mut random);
        let mut expected = decisions(&repository, &contexts);
        for kind in ["flags", "segments", "attributes"] {
            for old in listed(&repository, kind) {
                if ["targetingKey", "now"].contains(&old.as_str()) || old.ends_with(".shadow") {
                    continue;
                }
                let new = format!("{old}-2");
                let noun = kind.strip_suffix('s').unwrap();
                fine(repository.flagctl(&["rename", noun, &old, &new, "--yes"]));
                renames += 1;
                if kind == "flags" {
                    let renamed = |key: String| match key.strip_prefix(&old) {
                        Some(rest @ ("" | ".shadow")) => format!("{new}{rest}"),
                        _ => key,
                    };
                    let entry = |((environment, key, index), decision)| ((environment, renamed(key), index), decision);
                    expected = expected.into_iter().map(entry).collect();
                }
                if kind == "attributes" {
                    for context in &mut contexts {
                        let fields = context.as_object_mut().unwrap();
                        if let Some(value) = fields.remove(&old) {
                            fields.insert(new.clone(), value);
                        }
                    }
                }
                assert!(decisions(&repository, &contexts) == expected, "{noun} {old}");
            }
        }
        assert_eq!(repository.git(&["status", "--short"]), "");
        let after = repository.flagctl(&["validate", "--now", "2026-11-22"]);
        assert_eq!((after.code, after.stdout), (findings.code, findings.stdout));
        let ran = repository.flagctl(&["test"]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        assert!(!expected.is_empty());
    }
    assert!(renames > 35, "{renames}");
}

const PROJECT: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: string\n  plan: string\n\
bucketing: siphash\nlint: {missing-owner: off, missing-expiry: off, missing-description: off}\n";

fn shop(files: &[(&str, &str)]) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for (path, text) in files {
        repository.write(path, text);
    }
    repository.commit("a shop");
    repository
}

const FLAG: &str =
    "variants: {on: true, off: false}\noff: off\ndefault: off\nrules: [{name: a, rollout: 50%, serve: on}]\n";

fn read(repository: &TestRepository, path: &str) -> String {
    fs::read_to_string(repository.root().join(path)).unwrap()
}

fn refused(repository: &TestRepository, arguments: &[&str]) -> String {
    let head = repository.git(&["rev-parse", "HEAD"]);
    let status = repository.git(&["status", "--short"]);
    let ran = repository.flagctl(arguments);
    assert_eq!(ran.code, Some(3), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
    assert_eq!(repository.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(repository.git(&["status", "--short"]), status);
    ran.stderr
}

#[test]
fn a_salt_is_written_only_where_the_key_gives_the_buckets() {
    let base = FLAG.replace("rules", "salt: shared\nrules");
    let unit = FLAG.replace("rules", "unit: country\nrules");
    let partly = format!("{FLAG}environments:\n  staging: {{salt: own}}\n");
    let fully = format!("{FLAG}environments:\n  staging: {{salt: own}}\n  production: {{salt: other}}\n");
    let cases = [
        (FLAG, FLAG.replace("default: off\n", "default: off\nsalt: sale\n")),
        (&base, base.clone()),
        (&unit, unit.replace("unit: country\n", "unit: country\nsalt: sale\n")),
        (&partly, partly.replace("default: off\n", "default: off\nsalt: sale\n")),
        (&fully, fully.clone()),
    ];
    for (before, after) in cases {
        let repository = shop(&[("flags/a/sale.yaml", before)]);
        fine(repository.flagctl(&["rename", "flag", "sale", "discount", "--yes"]));
        assert_eq!(read(&repository, "flags/a/discount.yaml"), after);
        // The second rename keeps the salt of the first one.
        fine(repository.flagctl(&["rename", "flag", "discount", "sale", "--yes"]));
        assert_eq!(read(&repository, "flags/a/sale.yaml"), after);
    }
}

#[test]
fn every_file_that_names_a_flag_changes_and_keeps_its_other_bytes() {
    let dependent = "# Needs \"sale\".\r\nvariants: {on: true, off: false}\r\noff: off\r\nrequires: {'sale': [on]} # sale\r\n\
                     default: off\r\nrules:\r\n  - name: sale\r\n    if: {flag: {\"sale\": on}}\r\n    serve: on\r\n";
    let kill = "reason: sale\n";
    let tests = "cases:\n  - expect: {sale: off, other: off}\n";
    let golden = "contexts: {one: {country: DE}}\ngolden:\n  flags: [sale]\n  cells:\n    sale: {one: {staging: off, production: off}}\n";
    let repository = shop(&[
        ("flags/sale.yaml", &FLAG.replace("50%", "0%")),
        ("flags/other.yaml", dependent),
        ("kills/production/sale.yaml", kill),
        ("tests/both.yaml", tests),
        ("tests/deep/sale.yaml", golden),
    ]);
    fine(repository.flagctl(&["test"]));
    let plan = fine(repository.flagctl(&["rename", "flag", "sale", "shop:sale", "--yes"]));
    assert!(plan.contains("tests/deep/sale.yaml → tests/deep/shop-sale.yaml"), "{plan}");
    let other = dependent.replace("'sale'", "'shop:sale'").replace("{\"sale\"", "{\"shop:sale\"");
    assert_eq!(read(&repository, "flags/other.yaml"), other);
    assert_eq!(read(&repository, "kills/production/shop%3Asale.yaml"), kill);
    assert_eq!(read(&repository, "tests/both.yaml"), tests.replace("sale", "\"shop:sale\""));
    let moved = golden.replace("[sale]", "[\"shop:sale\"]").replace("    sale:", "    \"shop:sale\":");
    assert_eq!(read(&repository, "tests/deep/shop-sale.yaml"), moved);
    assert_eq!(repository.git(&["status", "--short"]), "");
    fine(repository.flagctl(&["test"]));
}

#[test]
fn what_would_be_lost_or_overwritten_is_refused() {
    let sale = "flags/sale.yaml";
    let rename = ["rename", "flag", "sale", "discount", "--yes"];
    // A file with changes that are not committed, and a new file in the place of the moved one.
    let repository = shop(&[(sale, FLAG)]);
    repository.write(sale, "");
    assert!(refused(&repository, &rename).contains("flags/sale.yaml"));
    repository.write(sale, FLAG);
    repository.write("flags/discount.yaml", "mine\n");
    assert!(refused(&repository, &rename).contains("flags/discount.yaml"));
    assert_eq!(read(&repository, "flags/discount.yaml"), "mine\n");
    // Another file cannot be read completely, so it may refer to the flag.
    let repository = shop(&[(sale, FLAG), ("flags/other.yaml", "variants: {on: true\n")]);
    assert!(refused(&repository, &rename).contains("`flags/other.yaml` cannot be read completely"));
    assert!(refused(&repository, &["remove", "flag", "sale", "--yes"]).contains("`flags/other.yaml`"));
    fine(repository.flagctl(&["remove", "flag", "other", "--yes"]));
    // A name in a block of lines.
    let block = "condition:\n  country: DE\n";
    let user = FLAG.replace("name: a,", "name: a, if: {segment: home},");
    let folded = user.replace(
        "rules: [{name: a, if: {segment: home}, rollout: 50%, serve: on}]\n",
        "rules:\n  - name: a\n    if:\n      segment: >-\n        home\n    serve: on\n",
    );
    let repository = shop(&[(sale, &folded), ("segments/home.yaml", &block.replace("condition", "if"))]);
    let error = refused(&repository, &["rename", "segment", "home", "at-home", "--yes"]);
    assert!(error.contains("cannot be replaced at flags/sale.yaml:8:"), "{error}");
}

#[test]
fn the_shadow_of_a_renamed_flag_keeps_its_units() {
    let shadow = "variants: {old: old, new: new}\noff: old\ndefault: old\nshadow:\n  candidate: new\n  rollout: 20% # slowly\n  side-effects: none\n";
    let repository = shop(&[("flags/search.yaml", shadow)]);
    let plan = fine(repository.flagctl(&["rename", "flag", "search", "find", "--yes"]));
    assert!(plan.contains("`salt: search:shadow` is written into `shadow`"), "{plan}");
    assert!(plan.contains("records of `search` are not those of `find`"), "{plan}");
    let expected = shadow
        .replace("default: old\n", "default: old\nsalt: search\n")
        .replace("slowly\n", "slowly\n  salt: \"search:shadow\"\n");
    assert_eq!(read(&repository, "flags/find.yaml"), expected);
}

#[test]
fn a_renamed_attribute_keeps_its_declaration_and_is_changed_in_nested_contexts() {
    let flag = FLAG.replace("name: a,", "name: a, if: {app.version: x}, unit: app.version,");
    let tests = "contexts:\n  one: {app: {version: x, other: y}}\ncases:\n  - context: one\n    matrix: {app.version: [x, z]}\n    \
                 expect: {sale: {reason: SPLIT}}\n";
    let project = PROJECT.replace("  plan: string\n", "  app.version: {type: string, enum: [x, z]} # of the app\n");
    let mut repository = shop(&[("flagctl.yaml", &project), ("flags/sale.yaml", &flag)]);
    fine(repository.flagctl(&["rename", "attribute", "app.version", "app.build", "--yes"]));
    assert_eq!(read(&repository, "flagctl.yaml"), project.replace("app.version", "app.build"));
    assert_eq!(read(&repository, "flags/sale.yaml"), flag.replace("app.version", "app.build"));
    repository.write("tests/sale.yaml", &tests.replace("app.version", "app.build").replace("version", "build"));
    repository.commit("a test");
    fine(repository.flagctl(&["rename", "attribute", "app.build", "app.version", "--yes"]));
    assert_eq!(read(&repository, "tests/sale.yaml"), tests);
}

#[test]
fn a_removed_flag_takes_its_kills_its_tests_and_its_recorded_decisions_along() {
    let golden = "contexts: {one: {country: DE}}\ngolden:\n  cells:\n    # recorded\n    other: {one: {staging: off, production: off}}\n    \
                  sale: {one: {staging: off, production: off}}\n";
    let quiet = FLAG.replace("50%", "0%");
    let mut repository = shop(&[
        ("flags/sale.yaml", &quiet),
        ("flags/other.yaml", &quiet),
        ("kills/production/sale.yaml", "reason: x\n"),
        ("tests/of-sale.yaml", "cases:\n  - expect: {sale: off}\n"),
        ("tests/all.yaml", golden),
    ]);
    fine(repository.flagctl(&["test"]));
    fine(repository.flagctl(&["remove", "flag", "sale", "--yes"]));
    assert_eq!(
        repository.git(&["show", "--name-status", "--format="]),
        "D\tflags/sale.yaml\nD\tkills/production/sale.yaml\nM\ttests/all.yaml\nD\ttests/of-sale.yaml"
    );
    let left = golden.split("    sale:").next().unwrap();
    assert_eq!(read(&repository, "tests/all.yaml"), left);
    fine(repository.flagctl(&["test"]));
    // A test that is also about another flag stops the removal.
    repository.write("flags/sale.yaml", &quiet);
    repository.write("tests/both.yaml", "cases:\n  - expect: {sale: off, other: off}\n");
    repository.write("flags/third.yaml", &format!("{quiet}requires: {{sale: on}}\n"));
    repository.commit("again");
    let error = refused(&repository, &["remove", "flag", "sale", "--yes"]);
    assert!(error.contains("  flags/third.yaml:5:12: remove the condition or prerequisite, or its rule\n"), "{error}");
    assert!(error.contains("  tests/both.yaml:2:14: remove it from the test\n"), "{error}");
}

#[test]
fn an_unused_segment_and_an_unused_attribute_are_removed() {
    let user = FLAG.replace("name: a,", "name: a, if: {country: DE},");
    let repository = shop(&[("flags/sale.yaml", &user), ("segments/home.yaml", "if: {country: DE}\n")]);
    let plan = fine(repository.flagctl(&["remove", "segment", "home", "--yes"]));
    assert!(plan.contains("  segments/home.yaml is removed\n"), "{plan}");
    fine(repository.flagctl(&["remove", "attribute", "plan", "--yes"]));
    assert_eq!(read(&repository, "flagctl.yaml"), PROJECT.replace("  plan: string\n", ""));
    assert!(refused(&repository, &["remove", "attribute", "country", "--yes"]).contains("flags/sale.yaml:4:"));
}

/// The new commit may refer to the name, and the plan does not know it.
#[cfg(unix)]
#[test]
fn a_commit_that_comes_between_the_plan_and_the_rename_stops_it() {
    let repository = shop(&[("flags/sale.yaml", FLAG)]);
    let script = "git update-ref refs/heads/main $(git commit-tree -p main -m news main^{tree})";
    executable(&repository.root().join(".git/hooks/pre-commit"), script);
    let ran = repository.flagctl(&["rename", "flag", "sale", "discount", "--yes"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert!(ran.stderr.contains("the branch got other commits in the meantime"), "{}", ran.stderr);
    assert_eq!(repository.git(&["log", "-1", "--format=%s"]), "news");
    assert_eq!(repository.git(&["status", "--short"]), "");
    repository.remove(".git/hooks/pre-commit");
    assert!(fine(repository.flagctl(&["rename", "flag", "sale", "discount", "--yes"])).contains("committed"));
}

#[test]
fn a_rename_is_pushed_on_top_of_the_branch_of_the_remote() {
    let repository = example_shop::with_remote();
    // Another person has pushed a commit that this clone does not have.
    let other = repository.clone_to("other", &[]);
    repository.git_in(&other, &["remote", "set-url", "origin", "../origin.git"]);
    repository.git_in(&other, &["commit", "--quiet", "--allow-empty", "--message", "news"]);
    repository.git_in(&other, &["push", "--quiet", "origin", "main"]);
    fine(repository.flagctl(&["rename", "segment", "staff", "employees", "--push", "--yes"]));
    let remote = repository.git(&["ls-tree", "-r", "--name-only", "origin/main", "segments"]);
    assert!(remote.contains("segments/employees.yaml") && !remote.contains("segments/staff.yaml"), "{remote}");
    let proposed =
        fine(repository.flagctl(&["rename", "flag", "new-cart", "cart", "--branch", "rename-cart", "--push", "--yes"]));
    assert!(proposed.contains("rename-cart is a new branch, made from main"), "{proposed}");
}
