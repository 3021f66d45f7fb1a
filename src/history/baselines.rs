//! Compiles the bundles of environments at earlier revisions, for assertions that no context loses a variant
//! (`monotone_since`).

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::Bundle;
use crate::compile::compile;
use crate::git::Revision;
use crate::load;
use crate::load::Loaded;
use crate::model::RepositoryKills;
use crate::snapshot::{Span, Spanned};
use crate::source::{Source, SourceError};

/// The bundles of earlier revisions.
#[derive(Debug, Default)]
pub struct Baselines {
    /// The bundles, by the text of the revision and the name of the environment. Each bundle contains the needed flags
    /// and everything that they depend on.
    pub bundles: BTreeMap<(String, String), Bundle>,
    /// The revisions that could not be found, and the revisions at which a flag has errors.
    pub unknown: Vec<UnknownBaseline>,
}

/// A revision whose bundle is not known.
#[derive(Debug)]
pub struct UnknownBaseline {
    /// The span that names the revision.
    pub span: Span,
    /// The reason why the bundle is not known.
    pub reason: String,
}

/// The keys of flags, by environment.
type NeededFlags<'n> = BTreeMap<&'n str, BTreeSet<&'n str>>;

/// Compiles the needed flags of earlier revisions. An item of `needed` is a revision, an environment and the key of a
/// flag. `find` returns the revision for a text, or the reason why the revision does not exist.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder of a revision exists and cannot be read.
pub fn baseline_bundles<'n>(
    needed: impl Iterator<Item = (&'n Spanned<String>, &'n str, &'n str)>,
    find: impl Fn(&str) -> Result<Revision, String>,
    kills: RepositoryKills,
) -> Result<Baselines, SourceError> {
    let mut by_revision: BTreeMap<&str, (&Spanned<String>, NeededFlags<'_>)> = BTreeMap::new();
    for (revision, environment, key) in needed {
        let (_, flags) = by_revision.entry(&revision.value).or_insert_with(|| (revision, NeededFlags::new()));
        flags.entry(environment).or_default().insert(key);
    }
    let mut baselines = Baselines::default();
    for (text, flags) in by_revision.into_values() {
        let mut add_unknown = |reason| baselines.unknown.push(UnknownBaseline { span: text.span, reason });
        let source = match find(&text.value) {
            Ok(revision) => Source::Revision(revision),
            Err(reason) => {
                add_unknown(reason);
                continue;
            }
        };
        let settings = load::settings(&source)?;
        for (environment, keys) in flags {
            match compile_flags(&source, &settings, environment, &keys, kills)? {
                Ok(bundle) => drop(baselines.bundles.insert((text.value.clone(), environment.to_owned()), bundle)),
                Err(key) => {
                    add_unknown(format!("`{key}` has errors at `{}`, so it is not known what it served", text.value));
                }
            }
        }
    }
    Ok(baselines)
}

/// Compiles flags of an environment, or returns the key of the first flag that has errors.
fn compile_flags(
    source: &Source,
    settings: &Loaded,
    environment: &str,
    keys: &BTreeSet<&str>,
    kills: RepositoryKills,
) -> Result<Result<Bundle, String>, SourceError> {
    let list: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    let mut loaded = load::flags(source, settings.clone(), &list, &[environment])?;
    if kills == RepositoryKills::LeftOut {
        loaded.project.kills.clear();
    }
    let (bundle, _) = compile(&loaded.project, environment);
    let mut flags = loaded.project.flags.iter();
    let invalid = flags.find(|flag| keys.contains(flag.key.as_str()) && bundle.flag(&flag.key).is_none());
    Ok(invalid.map(|flag| flag.key.clone()).map_or(Ok(bundle), Err))
}
