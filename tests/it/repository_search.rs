//! Every command finds the same flag repository, wherever it is started.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::git_bench::{PROJECT, Ran, TestRepository, flag};

/// Every command that reads a flag repository, with arguments. The word `TARGET` is the path of a folder.
const COMMANDS: [&[&str]; 50] = [
    &["doctor", "--offline", "--now", "2026-11-22", "--format", "json"],
    &["new", "flag", "other", "--from", "sale", "--dry-run", "--format", "json"],
    &["new", "environment", "qa", "--dry-run"],
    &["eval", "sale", "-e", "production"],
    &["eval", "sale", "-e", "production", "--at", "HEAD~1"],
    &["validate", "--now", "2026-11-22"],
    &["validate", "--at", "HEAD", "--now", "2026-11-22"],
    &["validate", "--fix", "--dry-run", "--now", "2026-11-22"],
    &["fmt", "--check"],
    &["validate", "--new-since", "HEAD~1", "--now", "2026-11-22", "--format", "json"],
    &["test"],
    &["test", "--at", "HEAD~1"],
    &["diff", "HEAD~1"],
    &["diff", "HEAD~1..HEAD"],
    &["diff", "--merge", "HEAD~1", "HEAD", "HEAD~1"],
    &["show", "sale"],
    &["list"],
    &["guard", "run", "-e", "production", "--dry-run"],
    &["exposures", "check", "TARGET/exposures.ndjson", "-e", "production"],
    &["experiment", "analyze", "sale", "--stats", "TARGET/statistics.csv"],
    &["experiment", "sql", "sale", "-e", "production", "--dialect", "ansi"],
    &["shadow", "report", "sale", "-", "-e", "production"],
    &["list", "environments"],
    &["list", "layers"],
    &["show", "attribute", "country"],
    &["list", "--at", "2026-11-01"],
    &["log", "sale"],
    &["log", "--format", "csv"],
    &["blame", "sale", "-c", "targetingKey=u1"],
    &["verify-kill", "HEAD~1..HEAD"],
    &["policy", "HEAD~1...HEAD", "--now", "2026-11-22"],
    &["rollout", "due", "--now", "2026-11-22"],
    &["rollout", "advance", "--dry-run", "--now", "2026-11-22"],
    &["export", "bundle"],
    &["kill", "sale", "-e", "production", "--reason", "x", "--dry-run"],
    &["revive", "sale", "-e", "production", "--dry-run"],
    &["rollout", "sale", "status"],
    &["promote", "sale", "--from", "staging", "--to", "production", "--dry-run"],
    &["rename", "flag", "sale", "discount", "--dry-run"],
    &["remove", "flag", "sale", "--dry-run"],
    &["publish", "main", "--dry-run"],
    &["status", "main", "--now", "2026-11-22"],
    &["serve", "--check"],
    &["serve", "--follow", "main", "--check"],
    &["serve", "main", "--check"],
    &["verify", "main"],
    &["pull", "main", "--to", "TARGET/pulled.json"],
    &["verify", "TARGET"],
    &["schema", "--project", "TARGET/schemas"],
    &["lsp"],
];

/// The commands that read no flag repository, or that work in the working folder.
const OTHERS: [&str; 5] = ["init", "help", "explain", "completions", "man"];

/// Makes a git repository whose flag repository is the folder `services/shop`.
fn monorepo() -> TestRepository {
    let mut repository = TestRepository::new();
    let target = "publish:\n  main: {to: ./dist, environments: [production]}\n";
    repository.write("services/shop/flagctl.yaml", &format!("{PROJECT}{target}"));
    repository.write("services/shop/flags/sale.yaml", &flag("off"));
    repository.write("services/shop/tests/sale.yaml", "cases:\n  - expect: {sale: on}\n");
    repository.write("README.md", "");
    repository.write(".gitignore", "dist\n");
    repository.commit("a shop");
    repository.write("services/shop/flags/sale.yaml", &flag("on"));
    repository.commit("a sale");
    fs::create_dir(repository.beside("elsewhere")).unwrap();
    let exposure = r#"{"ts": "2026-11-10T00:00:00Z", "feature_flag.key": "sale", "feature_flag.variant": "on", "context.id": "u"}"#;
    fs::write(repository.beside("elsewhere/exposures.ndjson"), exposure).unwrap();
    let published = repository.flagctl_in(&shop(&repository), &["publish", "main"]);
    assert_eq!(published.code, Some(0), "{published:?}");
    repository
}

fn shop(repository: &TestRepository) -> PathBuf {
    repository.root().join("services/shop")
}

/// Runs a command in a folder. Paths in the result are relative to the flag repository.
fn run(repository: &TestRepository, folder: &Path, options: &[&str], command: &[&str]) -> Ran {
    let target = repository.beside("elsewhere");
    let words: Vec<String> = command.iter().map(|word| word.replace("TARGET", target.to_str().unwrap())).collect();
    let words: Vec<&str> = options.iter().copied().chain(words.iter().map(String::as_str)).collect();
    let ran = repository.flagctl_in(folder, &words);
    let relative = |text: &str| {
        let mut text = text.to_owned();
        for folder in ["[FOLDER]/shop/services/shop", "../shop/services/shop", "services/shop"] {
            text = text.replace(&format!(" -C {folder} "), " ").replace(&format!("{folder}/"), "");
        }
        text.replace(" -C shop ", " ").replace(" -C [FOLDER]/shop ", " ")
    };
    Ran { code: ran.code, stdout: relative(&ran.stdout), stderr: relative(&ran.stderr) }
}

#[test]
fn every_command_finds_the_only_flag_repository_from_everywhere() {
    let repository = monorepo();
    let (root, shop, elsewhere) = (repository.root().to_owned(), shop(&repository), repository.beside("elsewhere"));
    let folder = |folder: &Path| folder.to_str().unwrap().to_owned();
    let places = [
        (shop.join("flags"), vec![]),
        (root.clone(), vec![]),
        (root.join("services"), vec![]),
        (elsewhere.clone(), vec!["-C".to_owned(), folder(&shop)]),
        (elsewhere, vec!["-C".to_owned(), folder(&root)]),
    ];
    for command in COMMANDS {
        // A second `pull` says that the file has the newest number already.
        run(&repository, &shop, &[], command);
        let expected = run(&repository, &shop, &[], command);
        assert!(expected.code != Some(2), "{command:?}: {expected:?}");
        assert!(!expected.stderr.contains("flagctl.yaml"), "{command:?}: {expected:?}");
        for (folder, options) in &places {
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            assert_eq!(run(&repository, folder, &options, command), expected, "{command:?} in {}", folder.display());
        }
    }
}

#[test]
fn every_command_names_the_flag_repositories_if_there_are_several() {
    let mut repository = monorepo();
    repository.write("services/till/flagctl.yaml", PROJECT);
    repository.commit("a till");
    repository.commit("closed");
    let hint = "it is in `services/shop`, `services/till`: run flagctl in one of them, or name it with `-C`";
    // A location needs no flag repository, and the first commit has only one.
    let is_ambiguous = |command: &&&[&str]| **command != ["verify", "TARGET"] && !command.contains(&"2026-11-01");
    for command in COMMANDS.iter().filter(is_ambiguous) {
        let ran = run(&repository, repository.root(), &[], command);
        assert!(ran.code == Some(3) && ran.stderr.replace('\n', " ").contains(hint), "{command:?}: {ran:?}");
    }
}

#[test]
fn every_command_is_searched_for() {
    let repository = TestRepository::with_sale();
    let help = repository.flagctl(&["--help"]).stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let lines = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let known: BTreeSet<&str> = lines.map(|line| line.split_whitespace().next().unwrap()).collect();
    let tried: BTreeSet<&str> = COMMANDS.iter().map(|command| command[0]).collect();
    assert_eq!(known.iter().copied().filter(|name| !OTHERS.contains(name)).collect::<BTreeSet<_>>(), tried);
}

#[test]
fn a_flag_repository_that_git_does_not_track_is_not_found_from_the_root() {
    let repository = TestRepository::with_sale();
    let copy = repository.clone_to("copy", &[]);
    repository.git_in(&copy, &["mv", "flagctl.yaml", "project.yaml"]);
    fs::create_dir_all(copy.join("node_modules/package")).unwrap();
    fs::write(copy.join("node_modules/package/flagctl.yaml"), PROJECT).unwrap();
    let ran = repository.flagctl_in(&copy, &["list"]);
    let error = "error: a flag repository has a file `flagctl.yaml` at its root: no `flagctl.yaml` in `.` or any folder \
                 above it\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), error));
}

#[test]
fn a_moved_flag_repository_is_compared_from_the_root_as_from_inside() {
    let mut repository = monorepo();
    repository.git(&["mv", "services/shop", "flagstore"]);
    repository.write("flagstore/flags/extra.yaml", &flag("on"));
    repository.commit("moved");
    let inside = repository.flagctl_in(&repository.root().join("flagstore"), &["diff", "HEAD~1", "--format", "json"]);
    let outside = repository.flagctl(&["diff", "HEAD~1", "--format", "json"]);
    let flags = |ran: &Ran| {
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let flags = json["flags"].as_array().unwrap().iter();
        flags.map(|flag| flag["flag"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((flags(&outside), outside.code), (flags(&inside), inside.code));
    assert_eq!(flags(&outside), ["extra", "sale"]);
}

#[test]
fn a_bare_repository_needs_a_revision() {
    let repository = TestRepository::with_sale();
    let bare = repository.clone_to("bare.git", &["--bare"]);
    for command in [&["list"][..], &["validate"], &["test"], &["show", "sale"], &["eval", "sale"]] {
        let ran = repository.flagctl_in(&bare, command);
        let message = "error: a bare repository has no working tree: name a revision with `--at`, as in `--at HEAD`\n";
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(3), "", message), "{command:?}");
        let ran = repository.flagctl_in(&bare, &[command, &["--at", "HEAD"]].concat());
        assert!(ran.code != Some(3), "{command:?}: {ran:?}");
    }
}
