//! The module table in the crate's documentation is what the modules do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string("src/lib.rs").unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | ")).filter(|row| !row.starts_with("module"));
    let cells = rows.map(|row| row.trim_end_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    cells
        .map(|cells| {
            let allowed = cells[3].split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            (cells[0].to_owned(), allowed.collect())
        })
        .collect()
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules of this crate that a file mentions.
fn mentioned(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut modules = BTreeSet::new();
    for (_, rest) in code.match_indices("crate::").map(|(at, name)| (at, &code[at + name.len()..])) {
        match rest.strip_prefix('{') {
            None => modules.extend([word(rest)]),
            Some(group) => {
                let group = &group[..group.find("};").unwrap_or(group.len())];
                modules.extend(group.split(',').map(|part| word(part.trim())).filter(|name| !name.is_empty()));
            }
        }
    }
    modules
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    let mut files = Vec::new();
    files_below(Path::new("src"), &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix("src").unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        let allowed = table.get(&module).unwrap_or_else(|| panic!("`{module}` is not in the table"));
        for used in mentioned(&fs::read_to_string(&file).unwrap()) {
            let known = table.contains_key(&used);
            if known && used != module && !allowed.contains(&used) {
                wrong.push(format!("{}: `{module}` uses `{used}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_allows_no_more_than_is_used() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut files = Vec::new();
    files_below(Path::new("src"), &mut files);
    for file in files {
        let inside = file.strip_prefix("src").unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        used.entry(module).or_default().extend(mentioned(&fs::read_to_string(&file).unwrap()));
    }
    for (module, allowed) in table() {
        let unused: Vec<_> = allowed.iter().filter(|name| !used[&module].contains(*name)).collect();
        assert!(unused.is_empty(), "`{module}` may use {unused:?}, and does not");
    }
}

#[test]
fn only_yaml_knows_the_yaml_parser() {
    let mut files = Vec::new();
    files_below(Path::new("src"), &mut files);
    let knows = |path: &&PathBuf| fs::read_to_string(path).unwrap().contains("granit_parser");
    let outside: Vec<_> = files.iter().filter(knows).filter(|path| !path.starts_with("src/yaml")).collect();
    assert!(outside.is_empty(), "{outside:?}");
}

#[test]
fn only_source_and_commit_know_git() {
    let mut files = Vec::new();
    files_below(Path::new("src"), &mut files);
    let knows = |path: &&PathBuf| fs::read_to_string(path).unwrap().contains("git2");
    let home = |path: &PathBuf| {
        path.starts_with("src/git") || path.starts_with("src/source") || path.starts_with("src/commit")
    };
    let outside: Vec<_> = files.iter().filter(knows).filter(|path| !home(path)).collect();
    assert!(outside.is_empty(), "{outside:?}");
}
