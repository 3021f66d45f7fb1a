//! A bundle that is prepared for answers.
//!
//! Nearly all of an answer is the same for every context, for example the key, the values of the variants and the
//! commit. [`PreparedFlag`] contains these parts as JSON. Preparing them takes time and memory once for each bundle. In
//! return, an answer copies bytes and serializes no JSON.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, json};
use sha2::{Digest as _, Sha256};

use crate::bundle::{Bundle, BundleError, Flag, FlagId, VariantId};
use crate::eval::{Context, decide};
use crate::serve::exposures::ExposureRecorder;
use crate::serve::hexadecimal;
use crate::serve::metrics::Metrics;
use crate::serve::prepared_flag::{AnswerKind, PreparedFlag};

/// The number of bytes of a digest that are a tag.
const TAG_BYTES: usize = 16;

/// The origin of a bundle, as far as its source knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The full id of the commit from which the bundle was compiled, or `None` for files that are not committed.
    pub commit: Option<String>,
    /// The number of the bundle in the log of its target, or `None` if it was not published.
    pub sequence: Option<u64>,
    /// The time of the commit, or the time at which uncommitted files were read.
    pub created: Timestamp,
}

/// A variant that a flag serves to every context, whatever its definition says. It is for development.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The key of the flag.
    pub flag: String,
    /// The name of the variant.
    pub variant: String,
}

/// A bundle with prepared answers. It never changes.
pub(super) struct ServedBundle {
    bundle: Bundle,
    origin: Origin,
    /// The definitions, as exposures name them: the sequence number or the commit.
    version: Option<String>,
    tag: String,
    metadata: String,
    /// The prepared flags, in the order of the bundle.
    flags: Vec<PreparedFlag>,
    /// flagd's file, or the reasons why there is none. It is written for the first request.
    flagd_file: OnceLock<Result<Bytes, String>>,
}

impl ServedBundle {
    /// Prepares the answers of a bundle with the [`tag`]. `name` is the name of its environment on this server. Overrides of flags or variants that the bundle does not have are ignored; see
    /// [`ServedBundle::unknown_overrides`].
    pub(super) fn new(
        name: &str,
        bundle: Bundle,
        origin: Origin,
        overrides: &[Override],
        metrics: &Metrics,
        tag: String,
    ) -> Self {
        let mut common = Map::new();
        common.extend(origin.commit.as_ref().map(|commit| ("commit".to_owned(), json!(commit))));
        common.insert("environment".to_owned(), json!(bundle.environment));
        common.extend(origin.sequence.map(|sequence| ("sequence".to_owned(), json!(sequence))));
        let prepare = |flag: &Flag| {
            let overridden = overrides.iter().find(|candidate| *candidate.flag == *flag.key);
            let overridden = overridden.and_then(|overridden| variant_id(flag, &overridden.variant));
            PreparedFlag::new((&bundle.attributes, flag), &common, overridden, metrics.flag(name, flag))
        };
        let flags = bundle.flags.iter().map(prepare).collect();
        let version = origin.sequence.map(|sequence| sequence.to_string()).or_else(|| origin.commit.clone());
        Self { metadata: json!(common).to_string(), flags, tag, bundle, origin, version, flagd_file: OnceLock::new() }
    }

    /// Returns the bundle.
    pub(super) fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Returns the origin of the bundle.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns a text that identifies the bundle, its origin and the overrides: 32 hexadecimal digits. It is the same in
    /// every server that has the same bundle.
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    /// Returns the metadata of the bundle as a JSON object.
    pub(super) fn metadata(&self) -> &str {
        &self.metadata
    }

    /// Returns flagd's file, which `write` makes for the first call, or the reasons why there is none.
    pub(super) fn flagd_file(&self, write: impl FnOnce() -> Result<Bytes, String>) -> &Result<Bytes, String> {
        self.flagd_file.get_or_init(write)
    }

    /// Returns the overrides whose flag or variant the bundle does not have.
    pub(super) fn unknown_overrides<'o>(&self, overrides: &'o [Override]) -> Vec<&'o Override> {
        let is_known = |candidate: &&Override| {
            self.bundle.flag(&candidate.flag).and_then(|flag| variant_id(flag, &candidate.variant)).is_some()
        };
        overrides.iter().filter(|candidate| !is_known(candidate)).collect()
    }

    /// Decides a flag for a request of this flag alone, counts and records the decision, and appends the answer to `out`.
    pub(super) fn answer(
        &self,
        id: FlagId,
        context: &Context<'_>,
        (now, exposures): (Timestamp, Option<&ExposureRecorder>),
        out: &mut Vec<u8>,
    ) -> AnswerKind {
        let (Some(flag), Some(prepared)) = (self.bundle.flags.get(id), self.flags.get(id.0 as usize)) else {
            return AnswerKind::Error;
        };
        let decision = decide(&self.bundle, flag, context, now);
        prepared.count(flag, &decision, now);
        if let Some(exposures) = exposures.filter(|_| !prepared.is_overridden()) {
            exposures.record((&self.bundle, self.version.as_deref()), flag, (&decision, context), now);
        }
        prepared.write(flag, &decision, out)
    }

    /// Decides all flags that `is_visible` selects, and appends the answers to `out`, with commas between them.
    ///
    /// The decisions are not counted: a client asks for all flags, whether it uses them or not.
    pub(super) fn answer_all(
        &self,
        is_visible: impl Fn(&Flag) -> bool,
        context: &Context<'_>,
        now: Timestamp,
        out: &mut Vec<u8>,
    ) {
        let mut is_first = true;
        for (flag, prepared) in self.bundle.flags.iter().zip(&self.flags) {
            if !is_visible(flag) {
                continue;
            }
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            prepared.write(flag, &decide(&self.bundle, flag, context, now), out);
        }
    }
}

impl fmt::Debug for ServedBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedBundle").field("tag", &self.tag).field("origin", &self.origin).finish_non_exhaustive()
    }
}

fn variant_id(flag: &Flag, name: &str) -> Option<VariantId> {
    let index = flag.variants.iter().position(|variant| *variant.name == *name)?;
    u16::try_from(index).ok().map(VariantId)
}

/// Returns the text that identifies a bundle with its origin and the overrides.
///
/// # Errors
/// Returns [`BundleError`] if the bundle cannot be written as JSON.
pub(super) fn tag(bundle: &Bundle, origin: &Origin, overrides: &[Override]) -> Result<String, BundleError> {
    let mut hash = Sha256::new();
    hash.update(bundle.to_json()?);
    let overrides = overrides.iter().map(|overridden| (&overridden.flag, &overridden.variant));
    let facts = json!([origin.commit, origin.sequence, overrides.collect::<Vec<_>>()]);
    hash.update(facts.to_string());
    Ok(hexadecimal::encode(hash.finalize().as_slice().split_at(TAG_BYTES).0))
}
