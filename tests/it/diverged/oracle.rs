//! What is right for a branch with kills: its form by git, its effect by the evaluator, context by context.
//!
//! The oracle shares the loader, the compiler and the evaluator with the program. It makes merges with `git merge`, and
//! finds out everything else by itself.

use std::collections::{BTreeMap, BTreeSet};

use flagctl::analyze::Witness;
use flagctl::bundle::{Bundle, Condition, FlagId, State};
use flagctl::compile::compile;
use flagctl::eval::{Context, decide};
use flagctl::git::{Revision, RevisionSpec};
use flagctl::load;
use flagctl::source::{FlagRepository, Source};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::diverged::generator::KILLS;
use crate::git_bench::TestRepository;

/// The name and the value of a variant.
pub(super) type Served = (String, Json);
/// A flag and an environment.
pub(super) type Pair = (String, String);

/// The compiled definitions of a commit.
pub(super) struct Definitions {
    pub(super) environments: Vec<String>,
    bundles: BTreeMap<String, Bundle>,
    /// All flags that have a file, including flags with errors.
    pub(super) flags: BTreeSet<String>,
    pub(super) errors: BTreeSet<String>,
    /// The flags whose kill has an error. They are off, and cannot be published.
    broken_kills: BTreeSet<Pair>,
}

impl Definitions {
    pub(super) fn read(revision: &Revision) -> Self {
        let loaded = load::all(&Source::Revision(revision.clone())).unwrap();
        let environments: Vec<String> = loaded.project.settings.environment_names().map(str::to_owned).collect();
        let compiled = environments.iter().map(|name| (name.clone(), compile(&loaded.project, name)));
        let mut bundles = BTreeMap::new();
        let mut errors = BTreeSet::new();
        for (name, (bundle, diagnostics)) in compiled {
            errors.extend(loaded.located_errors(diagnostics));
            bundles.insert(name, bundle);
        }
        let flags = loaded.project.flags.iter().map(|flag| flag.key.clone()).collect();
        let is_broken = |path: &str| errors.iter().any(|error| error.starts_with(&format!("{path}:")));
        let kills = loaded.project.kills.iter();
        let broken_kills = kills.filter(|kill| is_broken(&loaded.snapshot.file(kill.file).path));
        let broken_kills = broken_kills.map(|kill| (kill.flag.clone(), kill.environment.clone())).collect();
        Self { environments, bundles, flags, errors, broken_kills }
    }

    pub(super) fn bundle(&self, environment: &str) -> Option<&Bundle> {
        self.bundles.get(environment)
    }

    pub(super) fn has(&self, (flag, environment): &Pair) -> bool {
        self.bundle(environment).is_some_and(|bundle| bundle.flag(flag).is_some())
    }

    /// Returns whether the kill of the flag has an error.
    pub(super) fn has_broken_kill(&self, pair: &Pair) -> bool {
        self.broken_kills.contains(pair)
    }

    /// Returns whether the flag has a file in a declared environment, and no decision.
    pub(super) fn is_invalid(&self, pair: &Pair) -> bool {
        self.flags.contains(&pair.0) && self.environments.contains(&pair.1) && !self.has(pair)
    }

    /// Returns what the flag serves, or `None` if it cannot be decided.
    pub(super) fn served(&self, (flag, environment): &Pair, context: &Json, now: Timestamp) -> Option<Served> {
        let bundle = self.bundle(environment)?;
        let context = Context::from_json(bundle.attributes(), context).unwrap().context;
        let variant = decide(bundle, bundle.flag(flag)?, &context, now).variant;
        Some((variant.name.to_string(), variant.value.clone()))
    }

    /// Returns what the flag serves when it is off.
    pub(super) fn off(&self, (flag, environment): &Pair) -> Option<Served> {
        let flag = self.bundle(environment)?.flag(flag)?;
        let variant = &flag.variants[usize::from(flag.off.0)];
        Some((variant.name.to_string(), variant.value.clone()))
    }

    pub(super) fn is_killed(&self, (flag, environment): &Pair) -> bool {
        let flag = self.bundle(environment).and_then(|bundle| bundle.flag(flag));
        flag.is_some_and(|flag| matches!(flag.state, State::Killed { .. }))
    }

    /// Returns the flags that depend on these flags through requirements and conditions, and these flags.
    pub(super) fn dependants(&self, environment: &str, flags: &BTreeSet<String>) -> BTreeSet<String> {
        let bundle = &self.bundles[environment];
        let mut found = flags.clone();
        loop {
            let needs = |condition: &Condition| needed(bundle, condition);
            let more: BTreeSet<String> = bundle
                .flags()
                .iter()
                .filter(|flag| flag.conditions().flat_map(needs).any(|id| found.contains(&*bundle.flag_at(id).key)))
                .map(|flag| flag.key.to_string())
                .collect();
            if more.is_subset(&found) {
                return found;
            }
            found.extend(more);
        }
    }
}

/// Returns the flags that a condition asks for, also through segments.
fn needed(bundle: &Bundle, condition: &Condition) -> Vec<FlagId> {
    match condition {
        Condition::All(inner) | Condition::Any(inner) => inner.iter().flat_map(|one| needed(bundle, one)).collect(),
        Condition::Not(inner) => needed(bundle, inner),
        Condition::Segment(id) => needed(bundle, &bundle.segments()[id.0 as usize].condition),
        Condition::Flag { key, .. } => vec![*key],
        Condition::Test(_) => Vec::new(),
    }
}

/// The contexts that the generated conditions distinguish, with `units` units.
pub(super) fn contexts(units: usize) -> Vec<(Json, Timestamp)> {
    let now: Timestamp = "2026-11-22T11:02:00Z".parse().unwrap();
    let mut contexts = Vec::new();
    for country in [json!(null), json!("DE"), json!("AT"), json!(5)] {
        for age in [json!(null), json!(17), json!(18)] {
            contexts.push((json!({"country": country, "age": age}), now));
            for unit in 0..units {
                contexts.push((json!({"country": country, "age": age, "targetingKey": format!("u{unit}")}), now));
            }
        }
    }
    contexts
}

pub(super) fn with_witnesses<'w>(
    contexts: &[(Json, Timestamp)],
    witnesses: impl Iterator<Item = &'w Witness>,
) -> Vec<(Json, Timestamp)> {
    let witnesses = witnesses.map(|witness| (Json::Object(witness.context.clone()), witness.now));
    witnesses.chain(contexts.iter().cloned()).collect()
}

/// The result of `git merge`.
pub(super) enum Merge {
    Clean(Revision),
    /// Both branches kill a flag, and no other file has a conflict. The kills of our branch stand.
    KillsMeet(Revision),
    Conflict,
}

impl Merge {
    /// Merges a branch into another one.
    pub(super) fn new(repository: &TestRepository, opened: &FlagRepository, ours: &str, theirs: &str) -> Self {
        repository.git(&["checkout", "--quiet", "--force", "--detach", ours]);
        let arguments = ["merge", "--no-commit", "--no-ff", "--quiet", theirs];
        let merge = repository.command("git").current_dir(repository.root()).args(arguments).output().unwrap();
        let status = repository.git(&["status", "--porcelain", "--untracked-files=no"]);
        // Both branches add the file of a kill, or both add it as something that is no regular file.
        let conflicts: Vec<&str> =
            status.lines().filter(|line| line.starts_with("AA ")).map(|line| &line[3..]).collect();
        let unmerged = repository.git(&["ls-files", "--unmerged"]);
        let paths: BTreeSet<&str> = unmerged.lines().map(|line| line.split_once('\t').unwrap().1).collect();
        let kills_meet = conflicts.iter().all(|path| path.starts_with("kills/")) && conflicts.len() == paths.len();
        let is_clean = match merge.status.code() {
            Some(0) => true,
            Some(1) => false,
            code => panic!("{code:?} {}", String::from_utf8_lossy(&merge.stderr)),
        };
        let result = if is_clean || kills_meet {
            for path in conflicts {
                repository.git(&["checkout", "--quiet", "--ours", "--", path]);
                repository.git(&["add", path]);
            }
            let tree = repository.git(&["write-tree"]);
            let commit = repository.git(&["commit-tree", &tree, "-m", "merge", "-p", ours, "-p", theirs]);
            let revision = revision(opened, &commit);
            if is_clean { Self::Clean(revision) } else { Self::KillsMeet(revision) }
        } else {
            Self::Conflict
        };
        repository.git(&["reset", "--quiet", "--hard"]);
        result
    }
}

pub(super) fn revision(opened: &FlagRepository, name: &str) -> Revision {
    opened.revision(&RevisionSpec::new(name)).unwrap()
}

/// Returns the kills that a branch adds, or why one of its commits is no kill by its form.
pub(super) fn kills_by_form(
    repository: &TestRepository,
    target: &str,
    head: &str,
    definitions: &Definitions,
) -> Result<BTreeSet<Pair>, String> {
    let is_valid = |blob: &str| {
        KILLS
            .iter()
            .any(|text| git2::Oid::hash_object(git2::ObjectType::Blob, text.as_bytes()).unwrap().to_string() == blob)
    };
    let range = format!("{target}..{head}");
    let log = ["log", "--raw", "--no-renames", "--no-abbrev", "--format=@%H %T %P", &range];
    let mut kills = BTreeSet::new();
    for line in repository.git(&log).lines().filter(|line| !line.is_empty()) {
        if let Some(commit) = line.strip_prefix('@') {
            let [commit, tree, parents @ ..] = &*commit.split(' ').collect::<Vec<_>>() else { panic!("{line}") };
            if let [ours, theirs] = parents {
                let arguments = ["merge-tree", "--write-tree", ours, theirs];
                let merge = repository.command("git").current_dir(repository.root()).args(arguments).output().unwrap();
                if merge.status.code() != Some(0) || String::from_utf8(merge.stdout).unwrap().trim_end() != *tree {
                    return Err(format!("{commit} is not the merge that git makes"));
                }
            }
            continue;
        }
        let (change, path) = line.split_once('\t').unwrap();
        let [old, new, _, blob, _] = &*change.split(' ').collect::<Vec<_>>() else { panic!("{line}") };
        let was_no_file = [":000000", ":120000", ":160000"].contains(old);
        let kill = path.strip_prefix("kills/").and_then(|path| path.strip_suffix(".yaml"));
        let kill = kill.and_then(|kill| kill.split_once('/'));
        let kill = kill.map(|(environment, file)| (environment, file.replace("%2F", "/").replace("%3A", ":")));
        match kill {
            Some((environment, flag))
                if was_no_file
                    && *new == "100644"
                    && is_valid(blob)
                    && definitions.environments.iter().any(|name| name == environment)
                    && definitions.flags.contains(&flag) =>
            {
                kills.insert((flag, environment.to_owned()));
            }
            _ => return Err(format!("{line} is not a kill")),
        }
    }
    Ok(kills)
}
