//! Compares the problems of a state with those of an earlier state, which is called the base.
//!
//! The input is the problems of both states. The output is the [`Age`] of each later problem. Two problems are the same
//! if they have the same code, severity, file and subject; the line does not matter. Renames of files are followed.
//!
//! **Invariant:** problems are counted. If the base has a problem once and the later state has it twice, one is new.
//! **Invariant:** a problem because of which the rest of a changed file was not checked is new: the rest may have more.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Severity};
use crate::diag::settle::Finding;
use crate::snapshot::{File, FileId, Snapshot};

/// The maximum number of files on each side that are compared to find renames.
const MAX_RENAMES: usize = 300;

/// Whether the base has a problem, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// The base does not have the problem.
    New,
    /// The base has the problem.
    InBase,
}

/// A problem of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The code, such as `unknown-flag`, or another word for the kind of problem.
    pub kind: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The file.
    pub file: FileId,
    /// What the problem is about: a message, or the name of a test with its flag and environment.
    pub subject: String,
    /// How often the problem occurs.
    pub count: usize,
}

/// The files of one state, and those that were not checked completely.
#[derive(Debug, Clone, Copy)]
pub struct CheckedFiles<'s> {
    /// The files.
    pub snapshot: &'s Snapshot,
    /// The files whose text could not be read completely.
    pub incomplete: &'s BTreeSet<FileId>,
}

impl Problem {
    /// Returns the problem that a finding reports.
    pub fn of(finding: &Finding) -> Self {
        let diagnostic = &finding.diagnostic;
        Self {
            kind: diagnostic.code.name(),
            severity: finding.severity,
            file: diagnostic.span.file,
            subject: diagnostic.message.clone(),
            count: 1,
        }
    }
}

/// Returns the age of each problem in `after`, in their order.
pub fn ages<'p>(before: (&'p [Problem], CheckedFiles<'p>), after: (&'p [Problem], CheckedFiles<'p>)) -> Vec<Age> {
    let ((old, old_files), (new, new_files)) = (before, after);
    let renames = renames(before, after);
    let mut counts: BTreeMap<(&str, Severity, &'p str, &'p str), usize> = BTreeMap::new();
    for problem in old {
        let path = old_files.snapshot.file(problem.file).path.as_str();
        *counts.entry((problem.kind, problem.severity, path, &problem.subject)).or_default() += problem.count;
    }
    let by_path: BTreeMap<&str, &File> =
        old_files.snapshot.files().map(|(_, file)| (file.path.as_str(), file)).collect();
    let mut age = |problem: &'p Problem| {
        let file = new_files.snapshot.file(problem.file);
        let path = renames.get(file.path.as_str()).copied().unwrap_or(&file.path);
        let hides_others = problem.severity == Severity::Error
            && (new_files.incomplete.contains(&problem.file) || problem.kind == Code::LimitExceeded.name());
        let is_changed = by_path.get(path).is_none_or(|old| old.text != file.text || old.fault != file.fault);
        if hides_others && is_changed {
            return Age::New;
        }
        match counts.get_mut(&(problem.kind, problem.severity, path, problem.subject.as_str())) {
            Some(rest) if *rest >= problem.count => {
                *rest -= problem.count;
                Age::InBase
            }
            _ => Age::New,
        }
    };
    new.iter().map(&mut age).collect()
}

/// Finds the former paths of renamed files that have problems. A file without problems needs no former path.
///
/// A file of the base that does not exist any more has moved to the new file with the same text, or the same name, or
/// at least half of its lines, in this order.
fn renames<'s>(
    before: (&[Problem], CheckedFiles<'s>),
    after: (&[Problem], CheckedFiles<'s>),
) -> BTreeMap<&'s str, &'s str> {
    let paths = |files: CheckedFiles<'s>| -> BTreeSet<&'s str> {
        files.snapshot.files().map(|(_, file)| file.path.as_str()).collect()
    };
    let (old_paths, new_paths) = (paths(before.1), paths(after.1));
    let candidates = |(problems, files): (&[Problem], CheckedFiles<'s>), others: &BTreeSet<&str>| -> Vec<&'s File> {
        let ids: BTreeSet<FileId> = problems.iter().map(|problem| problem.file).collect();
        let files = ids.into_iter().map(|id| files.snapshot.file(id));
        files.filter(|file| !others.contains(file.path.as_str())).take(MAX_RENAMES).collect()
    };
    let (mut gone, mut added) = (candidates(before, &new_paths), candidates(after, &old_paths));
    let mut renames = BTreeMap::new();
    let comparisons: [fn(&File, &File) -> bool; 3] =
        [|old, new| old.text == new.text, |old, new| old.stem() == new.stem(), is_similar];
    for is_same in comparisons {
        added.retain(|new| {
            let same_folder = |old: &File| old.path.split('/').next() == new.path.split('/').next();
            let Some(index) = gone.iter().position(|old| same_folder(old) && is_same(old, new)) else { return true };
            renames.insert(new.path.as_str(), gone.remove(index).path.as_str());
            false
        });
    }
    renames
}

/// Returns whether two files have at least half of the lines of the longer one in common.
fn is_similar(old: &File, new: &File) -> bool {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for line in old.text.lines() {
        *lines.entry(line).or_default() += 1;
    }
    let mut common = 0;
    for line in new.text.lines() {
        if let Some(rest) = lines.get_mut(line).filter(|rest| **rest > 0) {
            *rest -= 1;
            common += 1;
        }
    }
    common * 2 >= old.text.lines().count().max(new.text.lines().count())
}
