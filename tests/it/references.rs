//! The index of names: each occurrence is found, with exactly its bytes.

use std::path::Path;

use flagctl::load;
use flagctl::load::Loaded;
use flagctl::references::{Index, Name, NameKind, Occurrence, Role, Site, rewrite};
use flagctl::source::{Folder, Source};

use crate::git_bench::TestRepository;

fn load(folder: &Path) -> (Loaded, Index) {
    let source = Source::Folder(Folder::find(folder).unwrap());
    let loaded = load::tests(&source, load::all(&source).unwrap(), |_| true).unwrap();
    let index = Index::new(&loaded.snapshot, &loaded.project);
    (loaded, index)
}

fn in_repository(files: &[(&str, &str)]) -> (Loaded, Index, TestRepository) {
    let repository = TestRepository::new();
    for (path, text) in files {
        repository.write(path, text);
    }
    let (loaded, index) = load(repository.root());
    (loaded, index, repository)
}

/// Returns the position and the text of each occurrence, marked if it is a definition.
fn shown(loaded: &Loaded, occurrences: &[Occurrence]) -> Vec<String> {
    let show = |occurrence: &Occurrence| {
        let snapshot = &loaded.snapshot;
        let mark = if occurrence.role == Role::Definition { "= " } else { "" };
        match &occurrence.site {
            Site::Text(site) => format!("{mark}{} {}", snapshot.location(site.span), snapshot.text(site.span)),
            Site::FileName(file) => format!("{mark}{} (file)", snapshot.file(*file).path),
            Site::Folder(file) => format!("{mark}{} (folder)", snapshot.file(*file).path),
        }
    };
    occurrences.iter().map(show).collect()
}

/// Returns the offsets of a word. A word ends before a character that names cannot have.
fn offsets_of_word(text: &str, word: &str) -> Vec<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_word = |start: &usize| {
        let (before, after) = (&text[..*start], &text[start + word.len()..]);
        // A dot before white space ends a sentence.
        let is_longer = after.starts_with(is_part) && !after.starts_with(". ") && !after.starts_with(".\n");
        !before.ends_with(is_part) && !is_longer
    };
    text.match_indices(word).map(|(start, _)| start).filter(is_word).collect()
}

#[test]
fn every_occurrence_in_the_examples_is_in_the_index() {
    let folders = ["examples", "examples/experiment", "examples/dark-launch"].map(Path::new).map(Path::to_owned);
    let mut folders: Vec<_> = folders.into();
    folders.extend(std::fs::read_dir("tests/projects").unwrap().map(|entry| entry.unwrap().path()));
    folders.sort();
    let (mut found, mut only_text) = (0, Vec::new());
    for folder in folders {
        let (loaded, index) = load(&folder);
        for (name, occurrences) in index.names() {
            for occurrence in occurrences {
                let Site::Text(site) = &occurrence.site else { continue };
                let written = name.text.strip_prefix(site.implied.as_str()).unwrap();
                assert_eq!(loaded.snapshot.text(site.span), written, "{}", loaded.snapshot.location(site.span));
            }
            if !matches!(name.kind, NameKind::Flag | NameKind::Segment | NameKind::Attribute) {
                continue;
            }
            for (id, file) in loaded.snapshot.files() {
                for start in offsets_of_word(&file.text, &name.text) {
                    let line = file.text[..start].rsplit('\n').next().unwrap();
                    if line.contains('#')
                        || ["description:", "$schema", "metadata:", "title:"].iter().any(|prose| line.contains(prose))
                    {
                        continue;
                    }
                    let is_indexed = index
                        .at(id, start as u32)
                        .is_some_and(|(_, occurrence)| occurrence.site.span().start == start as u32);
                    if is_indexed {
                        found += 1;
                    } else {
                        let text = file.text[start - line.len()..].lines().next().unwrap().trim();
                        only_text.push(format!("{}/{}: {text}", folder.display(), file.path));
                    }
                }
            }
        }
    }
    assert!(found > 300, "{found}");
    only_text.sort();
    only_text.dedup();
    // An owner, a type, a salt, a key of test files and names of tests.
    assert_eq!(
        only_text,
        [
            "examples/dark-launch/flags/search.yaml: owner: search",
            "examples/flagctl.yaml: ip: {type: ip, description: The IP address of the client.}",
            "examples/flags/mobile/loyalty-card.yaml: salt: loyalty-points",
            "examples/tests/checkout/new-checkout.yaml: - name: staff always get it",
            "examples/tests/everyone.yaml: now: 2026-11-27T12:00:00+01:00",
            "tests/projects/saas-targeting/tests/targets.yaml: - name: contractors are internal",
            "tests/projects/team-buttons/tests/buttons.yaml: - name: a disabled flag is off for everyone",
        ]
    );
}

const PROJECT: &str = "version: 1
environments: [dev, production]
groups: {live: [production]}
attributes: {targetingKey: string, app.version: string, \"plan\": string, country: string}
";
const FLAG: &str = "description: The flag sale has a variant on, for the segment staff.
variants: {on: true, 'off': false}
off: off
default: &fallback off
rules:
  - {name: vips, if: {segment: \"staff\", plan: pro}, slot: checkout/banner, serve: on}
  - if: {flag: {\"group:base\": ['on', off], other.shadow: candidate}}
    serve: {'on': 10%, \"of\\x66\": 90%}
    environments: {live: {serve: *fallback}}
";
const BASE: &str = "variants: {on: true, off: false}\noff: off\ndefault: on\n";
const OTHER: &str = "variants: {a: 1, b: 2}
off: a
default: a
shadow: {candidate: b, rollout: 10%, side-effects: none, unit: plan, environments: [dev]}
";
const TEST: &str = "environments: [dev]
kills: [sale]
contexts:
  dana: {targetingKey: u1, app: {version: 1.0.0}}
  lee: {app.version: 1.0.0}
cases:
  - {context: [dana, lee], matrix: {country: [DE, FR]}, bucket: {sale: 10%}, expect: {sale: {variant: on, rule: vips}}}
  - {context: {plan: pro}, expect: {group:base: on}}
assert:
  - {never: {sale: on}, when: {segment: staff}}
golden: {flags: [sale], contexts: [dana], cells: {sale: {dana: {dev: on}}}}
";

fn shop() -> (Loaded, Index, TestRepository) {
    in_repository(&[
        ("flagctl.yaml", PROJECT),
        ("flags/shop/sale.yaml", FLAG),
        ("flags/group%3Abase.yaml", BASE),
        ("flags/other.yaml", OTHER),
        ("segments/staff.yaml", "if: {plan: pro}\n"),
        ("layers/checkout.yaml", "unit: targetingKey\nslots: {banner: 0%..50%}\n"),
        ("kills/production/sale.yaml", "reason: r\n"),
        ("kills/dev/other.shadow.yaml", "reason: r\n"),
        ("tests/sale.yaml", TEST),
    ])
}

#[test]
fn a_name_has_its_definition_and_all_references_with_exact_bytes() {
    let (loaded, index, _repository) = shop();
    let mut lines = Vec::new();
    for (name, occurrences) in index.names() {
        let scope = if name.scope.is_empty() { String::new() } else { format!(" of {}", name.scope) };
        lines.push(format!("{} {}{scope}", name.kind.noun(), name.text));
        lines.extend(shown(&loaded, occurrences).iter().map(|line| format!("  {line}")));
    }
    snapbox::assert_data_eq!(lines.join("\n"), snapbox::file!["../references/index.txt"].raw());
}

#[test]
fn the_name_at_a_position_is_found_from_its_first_byte_to_its_end() {
    let (loaded, index, _repository) = shop();
    let (id, file) = loaded.snapshot.files().find(|(_, file)| file.path == "flags/shop/sale.yaml").unwrap();
    let at = |text: &str, inside: usize| {
        let start = file.text.find(text).unwrap() + inside;
        index.at(id, start as u32).map(|(name, _)| (name.kind, name.text.clone()))
    };
    let found = |kind, text: &str| Some((kind, text.to_owned()));
    assert_eq!(at("checkout/banner", 0), found(NameKind::Layer, "checkout"));
    assert_eq!(at("checkout/banner", 8), found(NameKind::Layer, "checkout"));
    assert_eq!(at("checkout/banner", 9), found(NameKind::Slot, "banner"));
    assert_eq!(at("\"staff\"", 1), found(NameKind::Segment, "staff"));
    assert_eq!(at("\"staff\"", 6), found(NameKind::Segment, "staff"));
    assert_eq!(at("other.shadow", 2), found(NameKind::Flag, "other"));
    assert_eq!(at("has a variant on", 14), None);
    assert_eq!(at("serve: on", 0), None);
}

/// Returns the texts of the scalars in which a name is replaced, or nothing for one that cannot be replaced.
fn rewritten(name: &Name, new: &str) -> Vec<Option<String>> {
    let (loaded, index, _repository) = shop();
    let texts = index.occurrences(name).iter().filter_map(|occurrence| match &occurrence.site {
        Site::Text(site) => Some(rewrite(&loaded.snapshot, site, new).map(|replacement| replacement.text)),
        Site::FileName(_) | Site::Folder(_) => None,
    });
    texts.collect()
}

#[test]
fn a_replaced_name_keeps_its_quotes_and_gets_those_that_it_needs() {
    let variants = rewritten(&Name::within(NameKind::Variant, "sale", "off"), "1");
    let texts: Vec<_> = variants.iter().map(|text| text.as_deref().unwrap()).collect();
    assert_eq!(texts, ["'1'", "\"1\"", "\"1\"", "\"1\""]);
    let slot = rewritten(&Name::within(NameKind::Slot, "checkout", "banner"), "top");
    assert_eq!(slot, [Some("checkout/top".to_owned()), Some("top".to_owned())]);
    let shadow = rewritten(&Name::new(NameKind::Flag, "other"), "another");
    assert_eq!(shadow, [Some("another.shadow".to_owned())]);
}

#[test]
fn an_attribute_whose_name_outer_keys_begin_keeps_that_beginning() {
    let attribute = Name::new(NameKind::Attribute, "app.version");
    let texts = |new: &str| rewritten(&attribute, new).into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(texts("app.release"), ["app.release", "release", "app.release"]);
    assert_eq!(texts("release"), ["release", "release"], "the nested key cannot be written");
}
