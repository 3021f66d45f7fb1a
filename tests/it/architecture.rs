//! Checks the structure of `src/`: each module uses only the allowed modules, and no files import each other in a
//! cycle.
//!
//! The table in the documentation of the crate lists the modules that each module may use. The test reads files as
//! text. A `use` or a path in the code is an import of the file that defines the item. A `pub use` that only re-exports
//! an item is not an import, and a path through it counts as an import of the file that defines the item.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module as a path of names: `["report", "diff", "json"]`.
type Module = Vec<String>;

/// A file of `src/`.
struct File {
    path: String,
    /// The code without comments and unit tests.
    code: String,
    /// The names that `pub use` re-exports, each with its full path.
    reexports: BTreeMap<String, Vec<String>>,
    /// The names that `use` imports into the file, each with its full path.
    imports: Vec<(String, Vec<String>)>,
}

struct Crate {
    files: BTreeMap<Module, File>,
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

fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    files_below(Path::new("src"), &mut files);
    files
}

/// Returns the module that a file defines, or `None` for the two roots, `lib.rs` and `main.rs`.
fn module_of(path: &Path) -> Option<Module> {
    let inside = path.strip_prefix("src").unwrap().with_extension("");
    let mut names: Module = inside.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if names == ["lib"] || names == ["main"] {
        return None;
    }
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    Some(names)
}

/// Removes comments and the unit tests at the end of a file.
fn code_of(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..end].lines().map(|line| match line.find("//") {
        Some(start) if !line[..start].contains('"') => &line[..start],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Expands `a::{b, c::{d, e as f}}` to full paths, each with its name in the file.
fn expand(tree: &str, prefix: &[String], found: &mut Vec<(String, Vec<String>)>) {
    let tree = tree.trim();
    let (head, group) = match tree.find('{') {
        Some(start) => (&tree[..start], Some(&tree[start + 1..tree.rfind('}').unwrap()])),
        None => (tree, None),
    };
    let (head, alias) = head.split_once(" as ").map_or((head, None), |(head, alias)| (head, Some(alias.trim())));
    let mut path = prefix.to_vec();
    path.extend(head.split("::").map(str::trim).filter(|name| !name.is_empty() && *name != "self").map(str::to_owned));
    let Some(group) = group else {
        let Some(last) = path.last() else { return };
        found.push((alias.unwrap_or(last).to_owned(), path));
        return;
    };
    let (mut depth, mut start) = (0, 0);
    for (index, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&group[start..index], &path, found);
                start = index + 1;
            }
            _ => {}
        }
    }
    if !group[start..].trim().is_empty() {
        expand(&group[start..], &path, found);
    }
}

/// Makes a path relative to the crate. Returns `None` if the path leads out of the crate.
fn absolute(path: &[String], module: &[String], children: &BTreeSet<String>) -> Option<Vec<String>> {
    let first = path.first()?;
    match first.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "super" => {
            let levels = path.iter().take_while(|name| *name == "super").count();
            let parent = module.get(..module.len().checked_sub(levels)?)?;
            Some([parent, &path[levels..]].concat())
        }
        name if children.contains(name) => Some([module, path].concat()),
        _ => None,
    }
}

fn statements<'c>(code: &'c str, keyword: &str) -> Vec<&'c str> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(keyword) {
        let begins = rest[..start].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
        rest = &rest[start + keyword.len()..];
        if begins && let Some(end) = rest.find(';') {
            found.push(&rest[..end]);
        }
    }
    found
}

impl Crate {
    fn read() -> Self {
        let sources: Vec<(Module, PathBuf)> =
            rust_files().into_iter().filter_map(|path| Some((module_of(&path)?, path))).collect();
        let modules: BTreeSet<&Module> = sources.iter().map(|(module, _)| module).collect();
        let file = |module: &Module, path: &Path| {
            let children: BTreeSet<String> = modules
                .iter()
                .filter(|child| child.len() == module.len() + 1 && child.starts_with(module))
                .map(|child| child[module.len()].clone())
                .collect();
            let code = code_of(&fs::read_to_string(path).unwrap());
            let expanded = |keyword: &str| {
                let mut found = Vec::new();
                for tree in statements(&code, keyword) {
                    expand(tree, &[], &mut found);
                }
                found.into_iter().filter_map(|(name, path)| Some((name, absolute(&path, module, &children)?)))
            };
            let reexports =
                ["pub use ", "pub(crate) use ", "pub(super) use "].iter().flat_map(|keyword| expanded(keyword));
            let reexports = reexports.collect();
            let mut imports: Vec<_> = expanded("use ").collect();
            imports.extend(
                children.iter().map(|child| (child.clone(), [module.as_slice(), std::slice::from_ref(child)].concat())),
            );
            File { path: path.display().to_string(), code, reexports, imports }
        };
        Self { files: sources.iter().map(|(module, path)| (module.clone(), file(module, path))).collect() }
    }

    /// Returns the module whose file defines the item of a path.
    fn defining(&self, path: &[String]) -> Option<&Module> {
        let length = (1..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, file) = self.files.get_key_value(&path[..length])?;
        match path.get(length).and_then(|item| file.reexports.get(item)) {
            Some(target) => self.defining(&[target.as_slice(), &path[length + 1..]].concat()),
            None => Some(module),
        }
    }

    /// Returns the full paths in a file, except those in its `pub use` statements.
    fn paths_of(&self, module: &Module) -> Vec<Vec<String>> {
        let file = &self.files[module];
        let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let mut found = Vec::new();
        for (name, path) in &file.imports {
            if self.files.contains_key(path) {
                // If the name is a module, each `name::item` in the code is a separate import.
                let prefix = format!("{name}::");
                for (start, _) in file.code.match_indices(&prefix) {
                    let before = file.code[..start].chars().next_back();
                    if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':') {
                        found.push([path.as_slice(), &[word(&file.code[start + prefix.len()..])]].concat());
                    }
                }
            } else {
                found.push(path.clone());
            }
        }
        let mut code = file.code.clone();
        for keyword in ["pub use ", "pub(crate) use ", "pub(super) use ", "use "] {
            for statement in statements(&file.code, keyword) {
                code = code.replace(statement, "");
            }
        }
        for (start, _) in code.match_indices("crate::") {
            let path: String = code[start..].chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            found.push(path.split("::").skip(1).filter(|name| !name.is_empty()).map(str::to_owned).collect());
        }
        found
    }

    /// Returns the modules whose files a file imports from.
    fn imports_of(&self, module: &Module) -> BTreeSet<&Module> {
        let mut found: BTreeSet<&Module> =
            self.paths_of(module).iter().filter_map(|path| self.defining(path)).collect();
        found.remove(module);
        found
    }
}

/// Returns the modules of a cycle in order, or `None` if there is no cycle.
fn cycle<'c>(graph: &BTreeMap<&'c Module, BTreeSet<&'c Module>>) -> Option<Vec<&'c Module>> {
    fn visit<'c>(
        module: &'c Module,
        graph: &BTreeMap<&'c Module, BTreeSet<&'c Module>>,
        path: &mut Vec<&'c Module>,
        done: &mut BTreeSet<&'c Module>,
    ) -> Option<Vec<&'c Module>> {
        if let Some(start) = path.iter().position(|visited| *visited == module) {
            return Some(path[start..].to_vec());
        }
        if !done.insert(module) {
            return None;
        }
        path.push(module);
        let found = graph[module].iter().find_map(|next| visit(next, graph, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|module| visit(module, graph, &mut Vec::new(), &mut done))
}

/// Reads the table of the crate's documentation, which lists the modules that each module may use.
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

#[test]
fn no_files_import_each_other_in_a_cycle() {
    let source = Crate::read();
    let mut graph: BTreeMap<&Module, BTreeSet<&Module>> =
        source.files.keys().map(|module| (module, source.imports_of(module))).collect();
    // Each cycle is reported once: its last edge is removed before the next search.
    let mut found = Vec::new();
    while let Some(cycle) = cycle(&graph) {
        let names: Vec<&str> = cycle.iter().map(|module| source.files[*module].path.as_str()).collect();
        found.push(format!("{} → {}", names.join(" → "), names[0]));
        graph.get_mut(cycle[cycle.len() - 1]).unwrap().remove(cycle[0]);
    }
    assert!(found.is_empty(), "{} cycles:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_cycle_search_finds_a_cycle_of_any_length() {
    let module = |name: &str| vec![name.to_owned()];
    let modules: Vec<Module> = ["a", "b", "c", "d"].map(module).to_vec();
    let edges = [(0, 1), (1, 2), (2, 3), (3, 1)];
    let mut graph: BTreeMap<&Module, BTreeSet<&Module>> =
        modules.iter().map(|module| (module, BTreeSet::new())).collect();
    for (from, to) in edges {
        graph.get_mut(&modules[from]).unwrap().insert(&modules[to]);
    }
    assert_eq!(cycle(&graph), Some(vec![&modules[1], &modules[2], &modules[3]]));
    graph.get_mut(&modules[3]).unwrap().clear();
    assert_eq!(cycle(&graph), None);
}

#[test]
fn the_import_reader_finds_known_imports() {
    let source = Crate::read();
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let imports = |path: &str| source.imports_of(&module(path));
    assert!(imports("eval::trace").contains(&module("eval::condition")), "a `use` of an item");
    assert!(imports("yaml::parse").contains(&module("codes")), "a `use` of an item that another module defines");
    assert!(!source.files[&module("bundle")].reexports.is_empty(), "a `pub use`");
    assert!(source.files.len() > 200, "all files are read");
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let (source, table) = (Crate::read(), table());
    let mut wrong = Vec::new();
    for (module, file) in &source.files {
        let allowed = table.get(&module[0]).unwrap_or_else(|| panic!("`{}` is not in the table", module[0]));
        for path in source.paths_of(module) {
            let used = &path[0];
            if table.contains_key(used) && *used != module[0] && !allowed.contains(used) {
                wrong.push(format!("{}: `{}` uses `{used}`", file.path, module[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_allows_no_more_than_is_used() {
    let (source, table) = (Crate::read(), table());
    for (name, allowed) in table {
        let modules = source.files.keys().filter(|module| module[0] == name);
        let used: BTreeSet<String> =
            modules.flat_map(|module| source.paths_of(module)).map(|path| path[0].clone()).collect();
        let unused: Vec<_> = allowed.difference(&used).collect();
        assert!(unused.is_empty(), "`{name}` may use {unused:?}, and does not");
    }
}

/// Asserts that a word occurs only in files below some folders.
fn only_below(word: &str, folders: &[&str]) {
    let outside: Vec<_> = rust_files()
        .into_iter()
        .filter(|path| fs::read_to_string(path).unwrap().contains(word))
        .filter(|path| !folders.iter().any(|folder| path.starts_with(folder)))
        .collect();
    assert!(outside.is_empty(), "`{word}` is used outside {folders:?}: {outside:?}");
}

#[test]
fn only_yaml_uses_the_yaml_parser() {
    only_below("granit_parser", &["src/yaml"]);
}

#[test]
fn only_git_source_and_commit_use_libgit2() {
    only_below("git2", &["src/git", "src/source", "src/commit"]);
}
