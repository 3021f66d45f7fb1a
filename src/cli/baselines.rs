//! What assertions need to know of earlier revisions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::bundle::Bundle;
use crate::cli::range;
use crate::codes::Code;
use crate::compile::compile;
use crate::diag::{Diagnostic, Diagnostics};
use crate::load;
use crate::load::Loaded;
use crate::model::Flag;
use crate::snapshot::Spanned;
use crate::source::Source;
use crate::test::{BaselineBundles, TestPlan};

/// Keys of flags, by environment.
type Needed<'p> = BTreeMap<&'p str, BTreeSet<&'p str>>;

/// Reads it, and reports revisions that cannot be read.
///
/// # Errors
/// If a file or folder of a revision is there and cannot be read.
pub(crate) fn read(plan: &TestPlan<'_>, source: &Source, diagnostics: &mut Diagnostics) -> Result<BaselineBundles> {
    let mut needed: BTreeMap<&str, (&Spanned<String>, Needed<'_>)> = BTreeMap::new();
    for (since, environment, key) in plan.baselines() {
        let (_, needed) = needed.entry(&since.value).or_insert_with(|| (since, Needed::new()));
        needed.entry(environment).or_default().insert(key);
    }
    let mut past = BaselineBundles::new();
    for (since, needed) in needed.into_values() {
        let mut unknown = |why| diagnostics.push(Diagnostic::new(Code::UnknownRevision, since.span, why));
        let revision = match range::earlier_revision_of(source, &since.value) {
            Ok(revision) => Source::Revision(revision),
            Err(error) => {
                unknown(format!("{error:#}"));
                continue;
            }
        };
        let settings = load::settings(&revision)?;
        for (environment, keys) in needed {
            match at(&revision, &settings, environment, &keys)? {
                Ok(bundle) => drop(past.insert((since.value.clone(), environment.to_owned()), bundle)),
                Err(key) => {
                    unknown(format!("at `{}`, `{key}` has errors, so who got what from it is not known", since.value))
                }
            }
        }
    }
    Ok(past)
}

/// What an environment served at a revision, or the key of a flag that could not be decided there.
fn at(
    revision: &Source,
    settings: &Loaded,
    environment: &str,
    keys: &BTreeSet<&str>,
) -> Result<Result<Bundle, String>> {
    let wanted: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    let loaded = load::flags(revision, settings.clone(), &wanted, &[environment])?;
    let (bundle, _) = compile(&loaded.project, environment);
    let broken = |flag: &&Flag| keys.contains(flag.key.as_str()) && bundle.flag(&flag.key).is_none();
    let broken = loaded.project.flags.iter().find(broken).map(|flag| flag.key.clone());
    Ok(broken.map_or(Ok(bundle), Err))
}
