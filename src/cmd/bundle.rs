//! `--bundle`: a compiled environment instead of a flag repository.

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};

use super::context;
use crate::bundle::Bundle;
use crate::diag::did_you_mean;

/// Reads what `flagctl export bundle` wrote.
pub(super) fn read(path: &Path) -> Result<Bundle> {
    let failed = || format!("cannot read `{}`", path.display());
    let mut bytes = Vec::new();
    context::open(path)?.read_to_end(&mut bytes).with_context(failed)?;
    // The error says itself what is behind it.
    Bundle::from_json(&bytes).map_err(|error| anyhow!("{}: {error}", failed()))
}

/// A flag that the bundle does not have, with the key that was probably meant.
pub(super) fn unknown_flag(bundle: &Bundle, key: &str) -> anyhow::Error {
    let help = did_you_mean(key, bundle.flags.iter().map(|flag| flag.key.as_ref()));
    anyhow!("there is no flag `{key}` in the bundle{}", help.map_or(String::new(), |help| format!("; {help}")))
}
