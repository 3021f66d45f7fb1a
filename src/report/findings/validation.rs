//! The result of a validation. It computes the paths, positions, texts and fingerprints that several formats need.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::codes::{Code, Severity};
use crate::diag::{Age, Diagnostic, Finding};
use crate::fixes::OfferedFix;
use crate::git::Revision;
use crate::report::findings::selection::{FindingSelection, ShownFindings};
use crate::report::text::counted;
use crate::snapshot::{FileId, Snapshot, Span};

/// The findings of a run, and the files with these findings.
#[derive(Debug, Clone, Copy)]
pub struct Validation<'r> {
    /// The findings, sorted by file, offset and code.
    pub findings: &'r [Finding],
    /// The files that contain the positions of the findings.
    pub snapshot: &'r Snapshot,
    /// The prefixes of all paths.
    pub prefixes: &'r PathPrefixes,
    /// The findings that the report shows.
    pub selection: &'r FindingSelection,
    /// The revision of the files, or `None` for a folder.
    pub revision: Option<&'r Revision>,
    /// The paths of all files that were checked.
    pub checked: &'r [&'r str],
    /// The comparison with an earlier state, if the user asked for one.
    pub base: Option<BaseReport<'r>>,
    /// The fix of each finding, in the order of the findings, for formats that have fixes. It is empty for others.
    pub fixes: &'r [Option<OfferedFix>],
    /// The numbers of flags, segments and other definitions, in words, for the summary.
    pub contents: &'r str,
}

/// The prefixes of paths in the flag repository. Each is empty or ends with a `/`.
#[derive(Debug, Clone, Default)]
pub struct PathPrefixes {
    /// The prefix in texts for people: the path of the flag repository from the working folder, or, for a revision, from
    /// git's root.
    pub people: String,
    /// The prefix in formats for programs: the path of the flag repository from git's root. Forges and CI services need
    /// these paths, whatever the working folder was.
    pub programs: String,
}

/// Which findings an earlier state has, too.
#[derive(Debug, Clone, Copy)]
pub struct BaseReport<'r> {
    /// The earlier state.
    pub revision: &'r Revision,
    /// The age of each finding, in the order of the findings.
    pub ages: &'r [Age],
}

/// A range of text in a file. Lines and columns start at one. Columns count characters. The end is exclusive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
}

impl Validation<'_> {
    /// Returns the number of findings with this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Iterates over the findings with their ages. Every finding is new if there is no comparison with an earlier state.
    pub(crate) fn aged(&self) -> impl Iterator<Item = (&Finding, Age)> {
        let age = |index: usize| self.base.and_then(|base| base.ages.get(index).copied()).unwrap_or(Age::New);
        self.findings.iter().enumerate().map(move |(index, finding)| (finding, age(index)))
    }

    /// Returns the number of findings with this severity and age.
    pub fn count_aged(&self, severity: Severity, age: Age) -> usize {
        self.aged().filter(|(finding, own)| finding.severity == severity && *own == age).count()
    }

    /// Returns the sentence about the findings that the earlier state has, or `None` if there are none.
    pub fn already_in_base(&self) -> Option<String> {
        let base = self.base?;
        let numbers = [(Severity::Error, "error"), (Severity::Warning, "warning")]
            .map(|(severity, noun)| (self.count_aged(severity, Age::InBase), noun));
        let numbers = numbers.into_iter().filter(|(number, _)| *number > 0);
        let numbers: Vec<String> = numbers.map(|(number, noun)| counted(number, noun)).collect();
        let total = self.aged().filter(|(_, age)| *age == Age::InBase).count();
        let verb = if total == 1 { "is" } else { "are" };
        (total > 0).then(|| format!("{} {verb} already in `{}`", numbers.join(" and "), base.revision.name()))
    }

    /// Returns the findings that the report shows, new ones and others.
    pub(crate) fn shown(&self) -> ShownFindings<'_> {
        self.selection.of(self.aged())
    }

    /// Returns the new findings that the report shows.
    pub(crate) fn shown_new(&self) -> ShownFindings<'_> {
        self.selection.of(self.aged().filter(|(_, age)| *age == Age::New))
    }

    /// Returns the sentence about the new findings that the report does not show, or `None` if it shows all of them.
    pub fn not_shown(&self) -> Option<String> {
        self.shown_new().omitted.sentence()
    }

    /// Returns the path of the span's file for programs.
    pub(crate) fn path(&self, span: Span) -> String {
        format!("{}{}", self.prefixes.programs, self.snapshot.file(span.file).path)
    }

    /// Returns the path of the span's file for people.
    pub(crate) fn path_for_people(&self, span: Span) -> String {
        format!("{}{}", self.prefixes.people, self.snapshot.file(span.file).path)
    }

    pub(crate) fn position(&self, span: Span) -> Position {
        let (line, column) = self.snapshot.position(span.file, span.start);
        let (end_line, end_column) = self.snapshot.position(span.file, span.end);
        Position { line, column, end_line, end_column }
    }

    /// Returns a finding in one line for programs, in the format of compilers:
    /// `path:line:column: error[code]: message; label; help`.
    pub(crate) fn line(&self, finding: &Finding) -> String {
        let Finding { severity, diagnostic } = finding;
        let location = self.snapshot.location(diagnostic.span);
        let (prefix, severity, text) = (&self.prefixes.programs, severity.name(), one_text(diagnostic));
        format!("{prefix}{location}: {severity}[{}]: {text}", diagnostic.code)
    }

    /// Returns the fix of a finding.
    pub(crate) fn fix(&self, finding: &Finding) -> Option<&OfferedFix> {
        fn key(finding: &Finding) -> (FileId, u32, Code, u32, &str) {
            let diagnostic = &finding.diagnostic;
            let span = diagnostic.span;
            (span.file, span.start, diagnostic.code, span.end, &diagnostic.message)
        }
        let index = self.findings.binary_search_by(|other| key(other).cmp(&key(finding))).ok()?;
        self.fixes.get(index)?.as_ref()
    }

    /// Returns a fingerprint of the problem, 32 hexadecimal digits. The fingerprint depends on the path, the code and
    /// the message. It therefore does not change if lines above the problem are added or removed.
    pub(crate) fn fingerprint(&self, diagnostic: &Diagnostic) -> String {
        let mut hasher = SipHasher24::new();
        for part in [&self.path(diagnostic.span), diagnostic.code.name(), &diagnostic.message] {
            hasher.write(part.as_bytes());
            hasher.write_u8(0xff);
        }
        let hash = hasher.finish128();
        format!("{:016x}{:016x}", hash.h1, hash.h2)
    }
}

/// Returns the message, the label and the help, separated by `; `, for formats that have only one text for each
/// problem.
pub(crate) fn one_text(diagnostic: &Diagnostic) -> String {
    let parts = [Some(&diagnostic.message), diagnostic.label.as_ref(), diagnostic.help.as_ref()];
    parts.into_iter().flatten().cloned().collect::<Vec<_>>().join("; ")
}
