//! `flagctl schema --project` writes schemas that have the names of a repository, and that refuse nothing valid.

use std::fs;
use std::path::Path;

use flagctl::model::DefinitionKind;
use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;

const PROJECT: &str = "version: 1\nenvironments: [dev, production]\ngroups: {live: [production]}\nattributes:\n  plan: {type: string, enum: [free, pro]}\n  age: number\n  x-names: string\n  enum: {type: list, of: number}\n";
const FLAG: &str = "description: Sells.\nowner: team-shop\nexpires: 2099-01-01\nvariants: {cheap: true, dear: false}\noff: dear\ndefault: dear\n";

fn repository() -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("segments/staff.yaml", "if: {plan: pro}\n");
    repository.write("flags/sale.yaml", &format!("{FLAG}rules: [{{if: {{segment: staff}}, serve: cheap}}]\n"));
    repository
}

/// Writes the schemas, and returns that of a kind.
fn schema(repository: &TestRepository, folder: &str, kind: DefinitionKind) -> Json {
    let ran = repository.flagctl(&["schema", "--project", folder]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), DefinitionKind::ALL.len());
    let path = repository.root().join(folder).join(format!("{}.schema.json", kind.name()));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn accepts(schema: &Json, text: &str) -> bool {
    let file = flagctl::snapshot::File::new("a.yaml".to_owned(), text.as_bytes().to_vec());
    let mut problems = Vec::new();
    let document = flagctl::yaml::parse(flagctl::snapshot::FileId(0), &file, &mut problems);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    jsonschema::validator_for(schema).unwrap().is_valid(&document.root.to_json())
}

#[test]
fn the_names_of_the_repository_are_in_the_schemas() {
    let schema = schema(&repository(), "schemas", DefinitionKind::Flag);
    let condition = &schema["$defs"]["condition"]["properties"];
    for attribute in ["plan", "age", "x-names", "enum", "targetingKey", "now"] {
        assert!(condition[attribute].is_object(), "{attribute}");
    }
    assert_eq!(condition["segment"]["anyOf"][0]["enum"], json!(["staff"]));
    let operators = |attribute: &str| {
        let schema = &schema["$defs"][format!("attribute-{attribute}")];
        let operators = schema["anyOf"][2].get("properties").or(schema.get("properties")).unwrap();
        operators.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(operators("age"), ["eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "exists"]);
    assert_eq!(operators("enum"), ["has", "has_any", "has_all", "exists"]);
    let variants = schema["$defs"]["requirements"]["properties"]["sale"]["$ref"].as_str().unwrap();
    let variants = &schema[&variants[2..7]][&variants[8..]];
    assert_eq!(variants["anyOf"][0]["enum"], json!(["cheap", "dear"]));
}

#[test]
fn a_name_that_is_new_is_accepted_and_a_wrong_type_is_not() {
    let schema = schema(&repository(), "schemas", DefinitionKind::Flag);
    let rule = |condition: &str| format!("{FLAG}rules: [{{if: {condition}, serve: cheap}}]\n");
    for new in [
        "{segment: unwritten}",
        "{segment: [staff, unwritten]}",
        "{city: Rome}",
        "{city: {starts_with: R}}",
        "{flag: {unwritten: on, sale: other}}",
        "{plan: [free, gold]}",
        "{plan: {eq: GOLD, ignore_case: true}}",
        "{x-names: a, enum: {has: 1}}",
    ] {
        assert!(accepts(&schema, &rule(new)), "{new}");
    }
    let other =
        "requires: {unwritten: [a, b]}\nenvironments: {moon: {default: other}}\nkind: new\ntags: [new]\nunit: city\n";
    assert!(accepts(&schema, &format!("{FLAG}{other}")));
    for wrong in ["{age: old}", "{age: {starts_with: x}}", "{enum: {has: x}}", "{enum: [1]}", "{plan: {lt: 5}}"] {
        assert!(!accepts(&schema, &rule(wrong)), "{wrong}");
    }
    assert!(!accepts(&schema, &format!("{FLAG}rolout: 5%\n")));
}

#[test]
fn every_valid_file_of_the_examples_is_accepted() {
    let folder = TestRepository::new();
    let target = folder.root().join("schemas");
    let ran = folder.flagctl(&[
        "-C",
        concat!(env!("CARGO_MANIFEST_DIR"), "/examples"),
        "schema",
        "--project",
        target.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let mut files = 0;
    for (kind, path) in
        [("flag", "flags"), ("segment", "segments"), ("kill", "kills"), ("test", "tests"), ("project", "flagctl.yaml")]
    {
        let text = fs::read_to_string(target.join(format!("{kind}.schema.json"))).unwrap();
        let schema: Json = serde_json::from_str(&text).unwrap();
        let mut paths = vec![Path::new("examples").join(path)];
        while let Some(path) = paths.pop() {
            if path.is_dir() {
                paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                files += 1;
                assert!(accepts(&schema, &fs::read_to_string(&path).unwrap()), "{}", path.display());
            }
        }
    }
    assert!(files > 25, "{files}");
}

#[test]
fn an_editor_gets_no_example_that_it_cannot_show() {
    fn walk(json: &Json, path: &str) {
        if let Some(examples) = json.get("examples").and_then(Json::as_array) {
            assert!(examples.iter().all(|example| !example.is_object() && !example.is_array()), "{path}");
        }
        match json {
            Json::Object(fields) => fields.iter().for_each(|(key, value)| walk(value, &format!("{path}/{key}"))),
            Json::Array(items) => items.iter().for_each(|item| walk(item, path)),
            _ => {}
        }
    }
    let repository = repository();
    for kind in DefinitionKind::ALL {
        walk(&schema(&repository, "schemas", kind), kind.name());
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_is_replaced_and_not_followed() {
    let repository = repository();
    fs::write(repository.beside("precious"), "text").unwrap();
    fs::create_dir(repository.root().join("schemas")).unwrap();
    let link = repository.root().join("schemas/flag.schema.json");
    std::os::unix::fs::symlink(repository.beside("precious"), &link).unwrap();
    schema(&repository, "schemas", DefinitionKind::Flag);
    assert_eq!(fs::read_to_string(repository.beside("precious")).unwrap(), "text");
    assert!(!fs::symlink_metadata(link).unwrap().is_symlink());
}

#[test]
fn a_repository_without_definitions_has_schemas_too() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\n");
    assert!(accepts(&schema(&repository, "a/b", DefinitionKind::Flag), FLAG));
}
