//! `--bundle`: a compiled environment instead of a flag repository.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};

use crate::bundle::{Bundle, BundleError, LazyBundle};
use crate::cli::context_arg;
use crate::diag::did_you_mean;

/// Reads what `flagctl export bundle` wrote.
pub(crate) fn read(path: &Path) -> Result<Bundle> {
    Bundle::from_json(&bytes(path)?).map_err(|error| unreadable(path, &error))
}

/// As [`read`], of these flags and what they ask for; of all where none is named.
pub(crate) fn flags(path: &Path, keys: &[String]) -> Result<Bundle> {
    if keys.is_empty() {
        return read(path);
    }
    let lazy = LazyBundle::new(bytes(path)?).map_err(|error| unreadable(path, &error))?;
    for key in keys {
        if lazy.flag(key).map_err(|error| unreadable(path, &error))?.is_none() {
            return Err(unknown_flag(lazy.bundle(), key));
        }
    }
    Ok(lazy.into_bundle())
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = context_arg::open(path)?.read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(bytes)
}

/// The error says itself what is behind it.
fn unreadable(path: &Path, error: &BundleError) -> anyhow::Error {
    anyhow!("cannot read `{}`: {error}", path.display())
}

/// A flag that the bundle does not have, with the key that was probably meant.
pub(crate) fn unknown_flag(bundle: &Bundle, key: &str) -> anyhow::Error {
    let keys: BTreeSet<&str> = bundle.flags.keys().collect();
    let help = did_you_mean(key, keys);
    anyhow!("there is no flag `{key}` in the bundle{}", help.map_or(String::new(), |help| format!("; {help}")))
}
