//! The pages of the diagnostic codes: each `fail` example fails with the code of the page, and each `pass` example
//! passes.
//!
//! The report on each failing block is a snapshot in `tests/pages`; `SNAPSHOTS=overwrite` updates them.

use std::fs;
use std::path::Path;
use std::process::Command;

use flagctl::analyze::Budget;
use flagctl::codes::Code;
use flagctl::compile::compile;
use flagctl::diag::Finding;
use flagctl::report::Screen;
use flagctl::report::findings::{FindingSelection, FindingsFormat, PathPrefixes, Validation};
use flagctl::source::{Folder, Source};
use flagctl::test::{BaselineBundles, TestBundles, plan, run};
use flagctl::{load, report, rules};
use tempfile::TempDir;

use crate::git_bench::TestRepository;

const PROJECT: &str = "\
version: 1
environments: [staging, production]
attributes:
  email: string
  country: {type: string, enum: [CA, DE, FR, US]}
  plan: {type: string, enum: [free, pro, enterprise]}
  app.version: semver
  os.version: version
  age: number
  beta: boolean
  signedUp: datetime
  ip: ip
  groups: {type: list, of: string}
  account.id: string
lint:
  missing-description: off
  missing-expiry: off
  missing-owner: off
";

struct Block {
    info: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some(Block { info: info.to_owned(), text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

/// Replaces `\xNN` with the byte.
fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

fn lay_out(block: &Block, folder: &Path) {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in block.text.split_inclusive('\n') {
        if let Some((path, target)) = line.strip_prefix("# link: ").and_then(|link| link.split_once(" -> ")) {
            link(&folder.join(path), target.trim());
            continue;
        }
        match line.strip_prefix("# file: ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None if files.is_empty() => files.push(("flags/new-checkout.yaml".to_owned(), line.to_owned())),
            None => files.last_mut().unwrap().1 += line,
        }
    }
    if !files.iter().any(|(path, _)| path == "flagctl.yaml") {
        files.push(("flagctl.yaml".to_owned(), PROJECT.to_owned()));
    }
    for (path, text) in files {
        let place = folder.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let bytes = if block.info.ends_with("escaped") { unescape(&text) } else { text.into_bytes() };
        fs::write(place, bytes).unwrap();
    }
}

#[cfg(unix)]
fn link(path: &Path, target: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(target, path).unwrap();
}

#[cfg(windows)]
fn link(path: &Path, target: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::windows::fs::symlink_file(target, path).unwrap();
}

fn validate(block: &Block) -> (Vec<Finding>, String) {
    let folder = TempDir::new().unwrap();
    lay_out(block, folder.path());
    let source = Source::Folder(Folder::find(folder.path()).unwrap());
    let loaded = load::tests(&source, load::all(&source).unwrap(), |_| true).unwrap();
    let names = loaded.project.settings.environment_names();
    let (mut bundles, compiled): (Vec<_>, Vec<_>) = names.map(|name| compile(&loaded.project, name)).unzip();
    let mut diagnostics = compiled.concat();
    diagnostics.extend(rules::check(&loaded.project, "2026-11-22T00:00:00Z".parse().unwrap()));
    let test_bundles = TestBundles::new(&bundles, &loaded.project.suites);
    let keys: Vec<&str> = loaded.project.flags.iter().map(|flag| flag.key.as_str()).collect();
    let (plan, wrong) = plan(&loaded.project, &test_bundles, &keys);
    diagnostics.extend(wrong);
    let past = BaselineBundles::new();
    let outcome = run(&plan, &past, &Budget::default());
    diagnostics.extend(outcome.checks.iter().filter_map(|check| check.result.diagnostic().cloned()));
    diagnostics.extend(rules::prove(&loaded.project, &mut bundles));
    let findings = loaded.settle(diagnostics);
    let validation = Validation {
        findings: &findings,
        snapshot: &loaded.snapshot,
        prefixes: &PathPrefixes::default(),
        selection: &FindingSelection::default(),
        revision: None,
        checked: &[],
        base: None,
        fixes: &[],
        contents: "this block",
    };
    let text = report::findings::printable(&validation, FindingsFormat::Human, Screen::PLAIN).unwrap();
    (findings, text.as_str().to_owned())
}

/// Commits the files below `before`, replaces them by the others, and runs `flagctl validate` with the commit as the base.
fn compared(block: &Block) -> String {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    let after = lay_out_before(block, &repository);
    repository.commit("the base");
    for (path, text) in after {
        repository.write(&path, &text);
    }
    let ran = repository.flagctl(&["validate", "--new-since", "HEAD"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

/// Writes the files of a block that are below `before`. Returns the other ones.
fn lay_out_before(block: &Block, repository: &TestRepository) -> Vec<(String, String)> {
    let files = block.text.split("# file: ").skip(1).filter_map(|file| file.split_once('\n'));
    let (before, after): (Vec<_>, Vec<_>) = files.partition(|(path, _)| path.starts_with("before/"));
    for (path, text) in before {
        repository.write(path.trim_start_matches("before/"), text);
    }
    after.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// Runs `flagctl test` in a folder outside any git repository.
fn tested(block: &Block) -> String {
    let folder = TempDir::new().unwrap();
    lay_out(block, folder.path());
    let ran = Command::new(env!("CARGO_BIN_EXE_flagctl")).arg("test").current_dir(folder.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    String::from_utf8(ran.stdout).unwrap().replace(folder.path().to_str().unwrap(), "FOLDER")
}

#[test]
fn each_page_begins_with_a_sentence_and_shows_both_sides() {
    for code in Code::ALL {
        let page = code.page();
        let first = page.lines().next().unwrap_or_default();
        assert!(first.ends_with('.') && !first.starts_with('#') && first.len() <= 110, "{code}: {first}");
        let blocks = blocks(page);
        let has = |kind: &str| blocks.iter().any(|block| block.info.starts_with(kind));
        assert!(has("yaml fail") && has("yaml pass"), "{code} lacks a block");
    }
}

#[test]
fn fail_examples_of_pages_fail_with_only_their_code() {
    for code in Code::ALL {
        let mut shown = String::new();
        for block in blocks(code.page()).iter().filter(|block| block.info.starts_with("yaml fail")) {
            // Only the command resolves revisions, so this page needs the binary.
            if *code == Code::UnknownRevision {
                shown += &tested(block);
                continue;
            }
            // Only a base shows what the units did before.
            if *code == Code::ReusedUnits {
                shown += &compared(block);
                continue;
            }
            let (findings, text) = validate(block);
            let others: Vec<_> = findings.iter().filter(|finding| finding.diagnostic.code != *code).collect();
            assert!(!findings.is_empty() && others.is_empty(), "{code}:\n{}\n{text}", block.text);
            shown += &text;
        }
        let snapshot = format!("tests/pages/{code}.txt");
        snapbox::assert_data_eq!(shown, snapbox::Data::read_from(Path::new(&snapshot), None).raw());
    }
}

#[test]
fn pass_examples_of_pages_pass() {
    for code in Code::ALL {
        for block in blocks(code.page()).iter().filter(|block| block.info.starts_with("yaml pass")) {
            let (findings, text) = validate(block);
            assert!(findings.is_empty(), "{code}:\n{}\n{text}", block.text);
        }
    }
}
