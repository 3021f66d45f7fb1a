//! Decides which fixes are offered: those after which the file has no new problem.

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics, Finding};
use crate::edit;
use crate::fixes::resolve::resolve;
use crate::load;
use crate::snapshot::{Access, File, FileId, Replacement, Snapshot};

/// The maximum number of bytes that are parsed to check the fixes of one run.
const CHECKED_BYTES: usize = 64 << 20;

/// A fix that removes a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedFix {
    /// What the fix does, in words.
    pub title: String,
    /// The changes, all in the file of the finding, without overlap.
    pub replacements: Vec<Replacement>,
}

/// Checks the fixes of one run.
pub(super) struct Checker<'s> {
    snapshot: &'s Snapshot,
    /// The problems of each file without a change.
    problems: BTreeMap<FileId, BTreeMap<(Code, String), usize>>,
    remaining_bytes: usize,
}

/// Returns the fix of each finding, in the order of the findings.
pub fn offered(snapshot: &Snapshot, findings: &[Finding]) -> Vec<Option<OfferedFix>> {
    let mut checker = Checker::new(snapshot);
    findings.iter().map(|finding| checker.offer(&finding.diagnostic)).collect()
}

/// Returns the fix of one diagnostic.
pub fn offered_for(snapshot: &Snapshot, diagnostic: &Diagnostic) -> Option<OfferedFix> {
    Checker::new(snapshot).offer(diagnostic)
}

impl<'s> Checker<'s> {
    pub(super) fn new(snapshot: &'s Snapshot) -> Self {
        Self { snapshot, problems: BTreeMap::new(), remaining_bytes: CHECKED_BYTES }
    }

    pub(super) fn offer(&mut self, diagnostic: &Diagnostic) -> Option<OfferedFix> {
        let fix = diagnostic.fix.as_ref()?;
        let id = diagnostic.span.file;
        let file = self.snapshot.file(id);
        // The file behind a link may not be a definition at all.
        if file.access == Access::Indirect || file.fault.is_some() {
            return None;
        }
        self.remaining_bytes = self.remaining_bytes.checked_sub(file.text.len())?;
        let replacements = resolve(self.snapshot, fix)?;
        let text = edit::apply(&file.text, &replacements);
        if text == file.text {
            return None;
        }
        let before = self.problems.entry(id).or_insert_with(|| counted(load::file_problems(file.clone())));
        let after = counted(load::file_problems(File { text, ..file.clone() }));
        let adds_none = after.iter().all(|(problem, count)| before.get(problem).is_some_and(|known| count <= known));
        // A problem of another stage, such as an unknown name, is not among those of the file.
        let own = (diagnostic.code, diagnostic.message.clone());
        let removes_own = before.get(&own).is_none_or(|known| after.get(&own).is_none_or(|count| count < known));
        (adds_none && removes_own).then(|| OfferedFix { title: fix.title.clone(), replacements })
    }
}

fn counted(diagnostics: Diagnostics) -> BTreeMap<(Code, String), usize> {
    let mut counts = BTreeMap::new();
    for diagnostic in diagnostics {
        *counts.entry((diagnostic.code, diagnostic.message)).or_default() += 1;
    }
    counts
}
