//! Checks the examples and facts in the documents: README.md, CONTRIBUTING.md, SECURITY.md and the pages in `docs`.
//!
//! `trycmd` runs the `console` blocks in the project's folder. The blocks that need a git repository have the language
//! `ShellSession`. This test runs them in a repository that the document requests in comments, which readers do not
//! see:
//!
//! - `<!-- repository: NAME -->` makes a new repository for the following blocks. The function [`repository`] has the
//!   names.
//! - `<!-- file: PATH -->` writes the next block to a file of the repository.
//! - `<!-- commit: MESSAGE -->` commits all files.
//! - `<!-- quote: COMMAND -->` quotes the output of a command, up to `<!-- end -->`.
//! - `<!-- include: COMMAND -->` has the output of a command, which is Markdown, up to `<!-- end -->`.
//! - `<!-- keys: COMMAND -->` requires that the document contains every key of the JSON that a command prints.
//! - `<!-- shows: PATH -->` sets the next block to the text of a file of the project, without its schema comment.
//!
//! `SNAPSHOTS=overwrite cargo test` updates the output in these blocks, and `TRYCMD=overwrite cargo test` updates the
//! output in the `console` blocks. **Invariant:** a test checks all output of commands in a document.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::dark_launch;
use crate::example_shop;
use crate::experiment_example;
use crate::git_bench::TestRepository;

/// The documents, with paths from the project's folder.
fn documents() -> Vec<PathBuf> {
    let pages = fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let others = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "benches/README.md"];
    let mut documents: Vec<PathBuf> = pages.chain(others.map(PathBuf::from)).collect();
    documents.sort();
    documents
}

#[test]
fn commands_print_what_the_documents_show() {
    // The checks run one after another, because they may write the same documents.
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").case("README.md").case("docs/*.md");
    drop(cases);
    let overwrites = std::env::var("SNAPSHOTS").is_ok_and(|mode| mode == "overwrite");
    for path in documents() {
        let shown = fs::read_to_string(&path).unwrap();
        let run = Document { path: &path, repository: None }.run(&shown);
        if overwrites {
            fs::write(&path, run).unwrap();
        } else {
            snapbox::assert_data_eq!(run, snapbox::Data::from(shown).raw());
        }
    }
}

/// The instruction of a comment for the next block.
enum Purpose {
    Nothing,
    File(String),
    Shows(String),
}

/// A document whose blocks are run.
struct Document<'d> {
    path: &'d Path,
    /// The repository of the document's last `repository` comment.
    repository: Option<TestRepository>,
}

impl Document<'_> {
    /// Returns the text with the current output of the commands.
    fn run(&mut self, text: &str) -> String {
        let mut written = Vec::new();
        let mut purpose = Purpose::Nothing;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            written.push(line.to_owned());
            if let Some(fence) = line.strip_prefix("```") {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                written.extend(self.block(fence, &block, std::mem::replace(&mut purpose, Purpose::Nothing)));
                written.push("```".to_owned());
            } else if let Some((name, value)) = comment(line) {
                match name {
                    "repository" => self.repository = Some(repository(value)),
                    "file" => purpose = Purpose::File(value.to_owned()),
                    "shows" => purpose = Purpose::Shows(value.to_owned()),
                    "commit" => drop(self.repository().commit(value)),
                    "keys" => self.keys(value, text),
                    "quote" | "include" => {
                        lines.by_ref().take_while(|line| *line != "<!-- end -->").for_each(drop);
                        let ran = self.repository().shell(value);
                        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{value}: {}", ran.stdout);
                        let start = if name == "quote" { "> " } else { "" };
                        written.extend(ran.stdout.lines().map(|line| format!("{start}{line}").trim_end().to_owned()));
                        written.push("<!-- end -->".to_owned());
                    }
                    // `serve` compares these answers, and `tests/interop/exposures.py` runs these hooks.
                    "answer" | "hook" => {}
                    _ => panic!("{}: `{name}` is not a comment that this test knows", self.path.display()),
                }
            }
        }
        written.join("\n") + "\n"
    }

    fn repository(&mut self) -> &mut TestRepository {
        let Some(repository) = &mut self.repository else { panic!("{} names no repository", self.path.display()) };
        repository
    }

    /// # Panics
    /// The function panics if the text does not contain a key of the JSON that the command prints.
    fn keys(&mut self, command: &str, text: &str) {
        let ran = self.repository().shell(command);
        let json =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{command}: {error}: {}", ran.stderr));
        let mut keys = BTreeSet::new();
        collect_keys(&json, &mut keys);
        keys.retain(|key| !text.contains(&format!("`{key}`")));
        assert_eq!(keys, BTreeSet::new(), "{}: keys of `{command}` that it does not name", self.path.display());
    }

    fn block(&mut self, fence: &str, block: &[&str], purpose: Purpose) -> Vec<String> {
        let as_it_is = || block.iter().map(|line| (*line).to_owned()).collect();
        match (purpose, fence) {
            (Purpose::Shows(path), _) => {
                let text = fs::read_to_string(path).unwrap();
                text.lines().filter(|line| !line.starts_with("# yaml-language-server:")).map(str::to_owned).collect()
            }
            (Purpose::File(path), _) => {
                self.repository().write(&path, &(block.join("\n") + "\n"));
                as_it_is()
            }
            (Purpose::Nothing, "ShellSession") => {
                let commands = block.iter().filter_map(|line| line.strip_prefix("$ "));
                let mut printed: Vec<String> = commands.flat_map(|command| self.session(command)).collect();
                printed.pop();
                printed
            }
            (Purpose::Nothing, "console") => as_it_is(),
            (Purpose::Nothing, _) => {
                let unchecked = block.iter().find(|line| line.starts_with("$ "));
                assert_eq!(unchecked, None, "{}: use `console` or `ShellSession`", self.path.display());
                as_it_is()
            }
        }
    }

    /// Runs a command. Returns the command, its exit code unless it is 0, its output, and an empty line.
    fn session(&mut self, command: &str) -> Vec<String> {
        let ran = self.repository().shell(command);
        let code = ran.code.filter(|code| *code != 0).map(|code| format!("? {code}"));
        let printed = format!("{}{}", ran.stderr, ran.stdout);
        let printed = printed.trim_end().lines().map(|line| line.trim_end().to_owned());
        [format!("$ {command}")].into_iter().chain(code).chain(printed).chain([String::new()]).collect()
    }
}

/// Parses `<!-- NAME: VALUE -->` to a name and a value.
fn comment(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")?.split_once(": ")
}

/// Collects the keys of all objects, except the keys that are names from definitions and contexts.
fn collect_keys(json: &Json, keys: &mut BTreeSet<String>) {
    match json {
        Json::Object(object) => {
            for (key, value) in object {
                keys.insert(key.clone());
                if !["value", "from_value", "to_value", "context", "metadata"].contains(&key.as_str()) {
                    collect_keys(value, keys);
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        _ => {}
    }
}

/// Makes the repository with this name for a document.
fn repository(name: &str) -> TestRepository {
    match name {
        "empty" => TestRepository::new(),
        "shop" => example_shop::with_remote(),
        "pull-request" => example_shop::pull_request(),
        "two-branches" => example_shop::two_branches(),
        "history" => example_shop::history(),
        "dark-launch" => dark_launch::repository(),
        "experiment" => experiment_example::repository(),
        "shipped-experiment" => experiment_example::shipped(),
        _ => panic!("`{name}` is not a repository of this test"),
    }
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        let folder = path.parent().unwrap();
        for target in links(&text) {
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { folder.join(file) };
            let found = file.exists()
                && (heading.is_empty() || headings(&fs::read_to_string(&file).unwrap()).contains(heading));
            if !found {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let summary = fs::read_to_string("docs/SUMMARY.md").unwrap();
    let listed: BTreeSet<&str> = links(&summary).collect();
    let pages = documents().into_iter().filter_map(|path| Some(path.strip_prefix("docs").ok()?.to_owned()));
    let missing: Vec<PathBuf> =
        pages.filter(|page| !listed.contains(page.to_str().unwrap()) && page != Path::new("SUMMARY.md")).collect();
    assert_eq!(missing, Vec::<PathBuf>::new());
}

#[test]
fn documents_name_only_existing_code_paths() {
    let mut missing = Vec::new();
    // This document is about other projects and contains names of their files.
    for path in documents().into_iter().filter(|path| path != Path::new("docs/comparison.md")) {
        let text = fs::read_to_string(&path).unwrap();
        for named in outside_blocks(&text).flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let is_path = ["src/", "tests/", "docs/", "schemas/", "examples/", "benches/", ".ci/"];
            let is_path = is_path.iter().any(|start| named.starts_with(start)) && !named.contains([' ', '*', '<', '…']);
            if is_path && !Path::new(named).exists() {
                missing.push(format!("{}: {named}", path.display()));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_readme_is_short_and_begins_with_two_commands() {
    let readme = fs::read_to_string("README.md").unwrap();
    assert!(readme.len() <= 8 * 1024, "README.md has {} bytes", readme.len());
    let (_, rest) = readme.split_once("\n```sh\n").unwrap();
    let (commands, _) = rest.split_once("\n```\n").unwrap();
    let commands: Vec<&str> = commands.lines().collect();
    let [run, test] = commands.as_slice() else { panic!("two commands: {commands:?}") };
    assert!(run.starts_with("cargo run -- -C examples eval "), "{run}");
    assert_eq!(*test, "cargo test");
}

#[test]
fn the_book_names_every_field_of_the_schemas() {
    let pages = [
        "docs/file-reference.md",
        "docs/tests.md",
        "docs/conditions.md",
        "docs/guard.md",
        "docs/layers.md",
        "docs/policy.md",
        "docs/shadow.md",
        "docs/experiments.md",
    ];
    let pages: String = pages.iter().map(|page| fs::read_to_string(page).unwrap()).collect();
    let mut fields = BTreeSet::new();
    for entry in fs::read_dir("schemas").unwrap() {
        let schema = fs::read_to_string(entry.unwrap().path()).unwrap();
        collect_fields(&serde_json::from_str(&schema).unwrap(), &mut fields);
    }
    // A code span contains only the field, or also its operand, as in `never: {FLAG: VARIANT}`.
    fields.retain(|field| !["`", ":"].iter().any(|end| pages.contains(&format!("`{field}{end}"))));
    assert_eq!(fields, BTreeSet::new());
}

/// Collects the names of all properties of a JSON Schema.
fn collect_fields(schema: &Json, fields: &mut BTreeSet<String>) {
    match schema {
        Json::Object(object) => {
            if let Some(Json::Object(properties)) = object.get("properties") {
                fields.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| collect_fields(value, fields));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_fields(item, fields)),
        _ => {}
    }
}

#[test]
fn the_book_names_every_command() {
    let repository = TestRepository::new();
    let help = repository.flagctl(&["--help"]).stdout;
    let (_, rest) = help.split_once("\nCommands:\n").unwrap();
    let (commands, _) = rest.split_once("\n\n").unwrap();
    let page = fs::read_to_string("docs/commands.md").unwrap();
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty());
    let missing: Vec<&str> =
        names.filter(|name| ![" ", "`"].iter().any(|end| page.contains(&format!("| `flagctl {name}{end}")))).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn each_attack_has_a_test_that_exists() {
    let page = fs::read_to_string("docs/attacks.md").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attack |"));
    let mut missing = Vec::new();
    for row in rows {
        // A code span in the last cell is `module::function` of `tests/it` or of a script in `tests/interop`. A module may
        // be in a folder.
        let tests = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        let mut tests = tests.split('`').skip(1).step_by(2).peekable();
        if tests.peek().is_none() {
            missing.push(row.to_owned());
        }
        for test in tests {
            let exists = test.rsplit_once("::").is_some_and(|(module, function)| {
                let module = module.replace("::", "/");
                let files = [
                    format!("tests/it/{module}.rs"),
                    format!("tests/it/{module}/mod.rs"),
                    format!("tests/interop/{module}.py"),
                ];
                let source: String = files.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
                source.contains(&format!("fn {function}(")) || source.contains(&format!("\ndef {function}("))
            });
            if !exists {
                missing.push(test.to_owned());
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Returns the lines outside of code blocks.
fn outside_blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

/// Returns the targets of all links `[…](TARGET)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let after = outside_blocks(text).flat_map(|line| line.split("](").skip(1));
    after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// Returns the anchors of the headings of a page, as GitHub and mdBook generate them.
fn headings(text: &str) -> BTreeSet<String> {
    let titles = outside_blocks(text).filter(|line| line.starts_with('#'));
    let slug = |title: &str| -> String {
        let kept = title.to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(|title| slug(title.trim_start_matches('#').trim())).collect()
}
