//! Test files in written form.

use jiff::Timestamp;

use crate::model::assertion::Assertion;
use crate::model::case::Case;
use crate::model::golden::Golden;
use crate::model::lower::{Lowering, first_key, read_all};
use crate::snapshot::{FileId, Span, Spanned};
use crate::yaml::{Completeness, Entry, Node};

/// A test file as it is written.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The file.
    pub file: FileId,
    /// The first key of the file, to which diagnostics about a missing key point.
    pub start: Span,
    /// Whether everything in the file could be read.
    pub completeness: Completeness,
    /// The environments in which its cases are decided. An empty list means all environments of the project.
    pub environments: Vec<Spanned<String>>,
    /// The keys of the flags that are killed in every test of the file.
    pub kills: Vec<Spanned<String>>,
    /// The time at which its cases are decided.
    pub now: Option<Spanned<Timestamp>>,
    /// Named contexts, each a mapping of attributes.
    pub contexts: Vec<(Spanned<String>, Node)>,
    /// The cases, in the order of the file.
    pub cases: Vec<Case>,
    /// The assertions, in the order of the file.
    pub assertions: Vec<Assertion>,
    /// The decisions that were recorded when the file was last updated.
    pub golden: Option<Golden>,
}

impl Suite {
    /// Returns the environments that the suite names, possibly with duplicates. Returns `None` if a part of the suite
    /// applies to all environments.
    pub fn named_environments(&self) -> Option<Vec<&str>> {
        let cases = self.cases.iter().map(|case| &case.environments);
        let assertions = self.assertions.iter().map(|assertion| &assertion.environments);
        let golden = self.golden.iter().map(|_| &self.environments);
        let mut named = Vec::new();
        for own in cases.chain(assertions).chain(golden) {
            let environments = if own.is_empty() { &self.environments } else { own };
            if environments.is_empty() {
                return None;
            }
            named.extend(environments.iter().map(|name| name.value.as_str()));
        }
        Some(named)
    }

    /// Returns the keys of the flags that the file kills, sorted and without duplicates.
    pub fn killed_flags(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.kills.iter().map(|key| key.value.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    pub(super) fn lower(lowering: &mut Lowering, root: &Node, file: FileId) -> Self {
        let fields = lowering
            .fields(root, &["description", "environments", "kills", "now", "contexts", "cases", "assert", "golden"]);
        fields.get("description").and_then(|node| lowering.nonempty_text(node));
        let contexts = fields.get("contexts").map_or(&[][..], |node| lowering.mapping(node));
        let context = |entry: &Entry| {
            lowering.mapping(&entry.value);
            Some((lowering.key(entry)?, entry.value.clone()))
        };
        let contexts = read_all(contexts, context);
        let cases = fields.get("cases").map_or(&[][..], |node| lowering.list(node));
        let assertions = fields.get("assert").map_or(&[][..], |node| lowering.list(node));
        Self {
            file,
            start: first_key(root),
            completeness: Completeness::Complete,
            environments: fields.names("environments", lowering),
            kills: fields.flags("kills", lowering),
            now: fields.get("now").and_then(|node| lowering.timestamp(node)),
            contexts,
            cases: cases.iter().map(|case| Case::lower(lowering, case)).collect(),
            assertions: read_all(assertions, |assertion| Assertion::lower(lowering, assertion)),
            golden: fields.get("golden").map(|node| Golden::lower(lowering, node)),
        }
    }
}
