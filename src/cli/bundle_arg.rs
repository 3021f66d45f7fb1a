//! `--bundle`: a compiled environment instead of a flag repository.

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value as Json;

use crate::bundle::{Bundle, BundleError, LazyBundle};
use crate::cli::context_arg;
use crate::cli::unknown_flag::unknown_flag_in_bundle;
use crate::publish::MAX_BUNDLE_BYTES;
use crate::snapshot::without_byte_order_mark;

/// Reads a bundle that `flagctl export bundle` or `flagctl publish` has written.
pub(crate) fn read(path: &Path) -> Result<Bundle> {
    let bytes = bytes(path)?;
    Bundle::from_json(&bytes).map_err(|error| explained(path, &bytes, &error))
}

/// Reads the flags with these keys, and the flags on which they depend. Reads all flags if `keys` is empty.
pub(crate) fn read_flags(path: &Path, keys: &[String]) -> Result<Bundle> {
    if keys.is_empty() {
        return read(path);
    }
    let lazy = LazyBundle::from_json(bytes(path)?).map_err(|error| unreadable(path, &error))?;
    for key in keys {
        if lazy.flag(key).map_err(|error| unreadable(path, &error))?.is_none() {
            return Err(unknown_flag_in_bundle(key, lazy.keys()));
        }
    }
    lazy.select(keys.iter().map(String::as_str)).map_err(|error| unreadable(path, &error))
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = context_arg::open(path)?.take(MAX_BUNDLE_BYTES + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read `{}`", path.display()))?;
    if bytes.len() as u64 > MAX_BUNDLE_BYTES {
        bail!("`{}` has more than {MAX_BUNDLE_BYTES} bytes, which no bundle may have", path.display());
    }
    match without_byte_order_mark(&bytes) {
        Ok(text) if text.len() < bytes.len() => Ok(text.to_vec()),
        Ok(_) => Ok(bytes),
        Err(fault) => bail!("`{}` {fault}; {}", path.display(), fault.help()),
    }
}

/// Returns the error for bytes that are not a bundle. A file for flagd is named as such.
fn explained(path: &Path, bytes: &[u8], error: &BundleError) -> anyhow::Error {
    let json: Json = serde_json::from_slice(bytes).unwrap_or_default();
    let has = |name: &str| json.get(name).is_some();
    if has("format") || !json.get("flags").is_some_and(Json::is_object) {
        return unreadable(path, error);
    }
    anyhow!(
        "`{}` is for flagd, and does not have the definitions of the flags; `flagctl diff --live TARGET` compares what is live \
         at a target of either format, and `flagctl export bundle` writes a bundle",
        path.display()
    )
}

/// The message of a [`BundleError`] contains its cause, so the cause is not added to the chain.
fn unreadable(path: &Path, error: &BundleError) -> anyhow::Error {
    anyhow!("cannot read `{}`: {error}", path.display())
}
