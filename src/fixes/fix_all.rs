//! Applies the fixes of a folder until no finding has one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::check::check;
use crate::codes::Code;
use crate::diag::Finding;
use crate::edit;
use crate::fixes::offered::{OfferedFix, offered};
use crate::load;
use crate::load::Loaded;
use crate::snapshot::{FileId, Replacement};
use crate::source::{Folder, Source, SourceError};

/// The maximum number of times that the fixes of all findings are applied. A fix can make another problem visible, and
/// overlapping fixes take one round each.
const ROUNDS: usize = 10;

/// What the fixes change, and what remains.
#[derive(Debug)]
pub struct Fixed {
    /// The files that change, in the order of their paths.
    pub files: Vec<FixedFile>,
    /// The fixes that were applied, in their order.
    pub applied: Vec<AppliedFix>,
    /// The definitions after the fixes.
    pub loaded: Loaded,
    /// The findings that remain.
    pub findings: Vec<Finding>,
}

/// A file before and after the fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedFile {
    /// The path from the root of the flag repository.
    pub path: String,
    /// The text on disk.
    pub before: String,
    /// The text after all fixes.
    pub after: String,
}

/// A fix that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedFix {
    /// The position of the finding, such as `flags/sale.yaml:4:7`, in the text before its round.
    pub location: String,
    /// The code of the finding.
    pub code: Code,
    /// What the fix does, in words.
    pub title: String,
}

/// Applies the fixes of the wanted findings in memory. The findings of `wanted` files and codes are fixed, and all remaining
/// findings are returned.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn fix_all(folder: &Folder, now: Timestamp, wanted: impl Fn(&str, Code) -> bool) -> Result<Fixed, SourceError> {
    let mut originals: BTreeMap<String, String> = BTreeMap::new();
    let mut changed: BTreeMap<String, String> = BTreeMap::new();
    let mut applied = Vec::new();
    let mut round = 0;
    loop {
        let source = Source::Folder(folder.clone().with_unsaved(changed.clone()));
        let loaded = load::tests(&source, load::all(&source)?, |_| true)?;
        let findings = check(&loaded, now).findings;
        let path = |finding: &Finding| loaded.snapshot.file(finding.diagnostic.span.file).path.as_str();
        let is_wanted = |finding: &&Finding| wanted(path(finding), finding.diagnostic.code);
        let candidates: Vec<Finding> = findings.iter().filter(is_wanted).cloned().collect();
        let fixes = if round < ROUNDS { offered(&loaded.snapshot, &candidates) } else { Vec::new() };
        let mut by_file: BTreeMap<FileId, Vec<Replacement>> = BTreeMap::new();
        for (finding, fix) in candidates.iter().zip(fixes) {
            let Some(OfferedFix { title, replacements }) = fix else { continue };
            let taken = by_file.entry(finding.diagnostic.span.file).or_default();
            if replacements.iter().any(|own| taken.iter().any(|other| overlaps(own, other))) {
                continue;
            }
            taken.extend(replacements);
            let location = loaded.snapshot.location(finding.diagnostic.span);
            applied.push(AppliedFix { location, code: finding.diagnostic.code, title });
        }
        by_file.retain(|_, replacements| !replacements.is_empty());
        if by_file.is_empty() {
            let after = |(path, before): (String, String)| {
                let after = changed.remove(&path).unwrap_or_default();
                FixedFile { path, before, after }
            };
            return Ok(Fixed { files: originals.into_iter().map(after).collect(), applied, loaded, findings });
        }
        round += 1;
        round += 1;
        for (id, replacements) in by_file {
            let file = loaded.snapshot.file(id);
            originals.entry(file.path.clone()).or_insert_with(|| file.text.clone());
            changed.insert(file.path.clone(), edit::apply(&file.text, &replacements));
        }
    }
}

/// Returns whether two replacements change a common byte, or insert at the same position.
fn overlaps(a: &Replacement, b: &Replacement) -> bool {
    a.span.start <= b.span.end && b.span.start <= a.span.end
}
