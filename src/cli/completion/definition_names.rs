//! The names of flags, rules, segments, environments, owners and tags in the definitions.
//!
//! For the keys of flags the names of the files suffice, so a large repository is completed as quickly as a small one. Only
//! the files of the flags that match are read, for their descriptions. A file with errors has no description.

use crate::cli::completion::typed::Typed;
use crate::cli::definition_kind_arg::DefinitionKind;
use crate::cli::target_arg::published_branch;
use crate::load;
use crate::model::{FLAGS, Flag, LAYERS, flag_file_name, flag_key};
use crate::report::completions::Candidate;
use crate::schema::{NameKind, Names};
use crate::snapshot::stem;
use crate::source::Source;

/// The greatest number of flags that are described.
const DESCRIBED: usize = 200;

/// Returns the flags whose keys begin with a text.
pub(super) fn flags(typed: &Typed, start: &str) -> Vec<Candidate> {
    let Some(source) = typed.source() else { return Vec::new() };
    let paths = source.list(FLAGS).unwrap_or_default();
    let key = |path: String| flag_key(&path).filter(|key| key.starts_with(start)).map(|key| (key, path));
    let mut found: Vec<(String, String)> = paths.into_iter().filter_map(key).collect();
    found.sort_unstable();
    let is_described = found.len() <= DESCRIBED;
    let description = |path: &str| {
        let loaded = is_described.then(|| load::file(&source, path).ok())??;
        loaded.project.flags.first()?.description.as_ref().map(|description| description.value.clone())
    };
    found.into_iter().map(|(key, path)| Candidate::new(key, &description(&path).unwrap_or_default())).collect()
}

/// Returns flags with `=` or, for the key of a flag and `=`, the flag's variants.
pub(super) fn flag_and_variant(typed: &Typed, current: &str) -> Vec<Candidate> {
    match current.split_once('=') {
        None => {
            let flags = flags(typed, current).into_iter();
            flags.map(|flag| Candidate::new(format!("{}=", flag.value), flag.description())).collect()
        }
        Some((key, _)) => {
            let variants = |flag: &Flag| {
                let names = flag.variants.iter().map(|variant| variant.name.value.as_str());
                names.map(|name| Candidate::new(format!("{key}={name}"), "")).collect()
            };
            with_flag(typed, key, variants)
        }
    }
}

/// Returns the names of the rules of the flags before the word.
pub(super) fn rules(typed: &Typed) -> Vec<Candidate> {
    let names = |flag: &Flag| {
        let names = flag.all_rules().filter_map(|rule| rule.name.as_ref());
        names.map(|name| Candidate::new(&name.value, &format!("a rule of {}", flag.key))).collect()
    };
    typed.flags.iter().flat_map(|key| with_flag(typed, key, names)).collect()
}

/// Applies a function to a flag. Returns nothing if it does not exist.
fn with_flag(typed: &Typed, key: &str, of_flag: impl Fn(&Flag) -> Vec<Candidate>) -> Vec<Candidate> {
    let find = || {
        let source = typed.source()?;
        let path = source.search(FLAGS, &flag_file_name(key)?).ok()??;
        load::file(&source, &path).ok()?.project.flag(key).map(of_flag)
    };
    find().unwrap_or_default()
}

/// Returns the kinds of definitions and the keys of flags or, after a kind, the names of this kind.
pub(super) fn kind_and_name(typed: &Typed, current: &str) -> Vec<Candidate> {
    match typed.words.first().map(|word| DefinitionKind::of_show(word)) {
        None => {
            let kinds = DefinitionKind::ALL.map(|kind| Candidate::new(kind.singular(), "a kind of definition"));
            flags(typed, current).into_iter().chain(kinds).collect()
        }
        Some(Some(kind)) => of_definition_kind(typed, kind, current),
        Some(None) => Vec::new(),
    }
}

/// Returns the keys of flags and, if they begin the list, the kinds of definitions.
pub(super) fn kind_or_flags(typed: &Typed, current: &str) -> Vec<Candidate> {
    if typed.words.is_empty() {
        let kinds = DefinitionKind::ALL.map(|kind| Candidate::new(kind.plural(), "a kind of definition"));
        return flags(typed, current).into_iter().chain(kinds).collect();
    }
    of_definition_kind(typed, DefinitionKind::of_list(&typed.words).0, current)
}

fn of_definition_kind(typed: &Typed, kind: DefinitionKind, current: &str) -> Vec<Candidate> {
    match kind {
        DefinitionKind::Flag => flags(typed, current),
        DefinitionKind::Segment => of_kind(typed, NameKind::Segment),
        DefinitionKind::Attribute => of_kind(typed, NameKind::Attribute),
        DefinitionKind::Environment => of_kind(typed, NameKind::Environment),
        DefinitionKind::Layer => {
            let paths = typed.source().and_then(|source| source.list(LAYERS).ok()).unwrap_or_default();
            paths.iter().filter_map(|path| stem(path)).map(|name| Candidate::new(name, "")).collect()
        }
    }
}

/// Returns the names of a kind.
pub(super) fn of_kind(typed: &Typed, kind: NameKind) -> Vec<Candidate> {
    let load = |source: &Source| match kind {
        NameKind::Environment | NameKind::EnvironmentOrGroup | NameKind::Kind | NameKind::Attribute => {
            load::settings(source)
        }
        _ => load::all(source),
    };
    let Some(Ok(loaded)) = typed.source().as_ref().map(load) else { return Vec::new() };
    let names = Names::new(&loaded.project).of_kind(kind);
    names.into_iter().map(|name| Candidate::new(name.text, &name.description)).collect()
}

/// Returns the targets that the published branch declares, because `publish`, `verify` and `pull` know no others.
pub(super) fn targets() -> Vec<Candidate> {
    let Ok(base) = published_branch(None) else { return Vec::new() };
    let Ok(loaded) = load::settings(&Source::Revision(base)) else { return Vec::new() };
    let targets = loaded.project.settings.targets.into_iter();
    targets.map(|target| Candidate::new(target.name.value, &target.location.value)).collect()
}
