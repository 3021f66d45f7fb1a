//! The digest of what a report on a shadow is about.

use serde_json::json;

use crate::model::Flag;
use crate::publish::Digest;

/// Returns the digest of what the verdict about a candidate in an environment depends on: the values of the variants, the
/// candidate, how answers are compared, and the criteria. Which requests are shadowed is not part of it.
///
/// Returns `None` if the flag has no shadow.
pub fn definition_digest(flag: &Flag, environment: &str) -> Option<String> {
    let shadow = flag.shadow.as_ref()?;
    let variants = flag.variants.iter().map(|variant| json!([variant.name.value, variant.value.to_json()]));
    let definition = json!({
        "flag": flag.key,
        "environment": environment,
        "variants": variants.collect::<Vec<_>>(),
        "candidate": shadow.candidate.as_ref()?.value,
        "sideEffects": shadow.side_effects.name(),
        "compare": shadow.compare.iter().map(|name| &name.value).collect::<Vec<_>>(),
        "ignorePaths": shadow.ignore_paths.iter().map(|path| path.value.as_str()).collect::<Vec<_>>(),
        "criteria": shadow.criteria.described(),
    });
    Some(Digest::sha256(definition.to_string().as_bytes()).to_string())
}
