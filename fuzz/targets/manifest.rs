//! Reads a manifest of the published log.
//!
//! **Invariant:** a manifest that was read is written and read again without a difference.
//! **Invariant:** the path of its bundle follows from the digest of the bundle.

use flagctl::publish::Manifest;

/// Runs the target with one input.
pub(crate) fn run(input: &[u8]) {
    let Ok(manifest) = Manifest::from_json(input) else { return };
    assert_eq!(manifest.bundle.path, format!("bundles/{}.json", manifest.bundle.sha256));
    let written = manifest.to_json().expect("every part of a manifest has a JSON form");
    assert_eq!(Manifest::from_json(&written).as_ref(), Ok(&manifest));
}
