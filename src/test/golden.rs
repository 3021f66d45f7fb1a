//! Compares a golden matrix with the decisions, cell by cell.
//!
//! A golden matrix lists the variant that each of its contexts gets from each of its flags in each environment. Each
//! cell contains one such variant.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::bundle::Bundle;
use crate::codes::Code;
use crate::diag::Diagnostic;
use crate::eval::decide;
use crate::model::{Cell, Golden};
use crate::snapshot::{FileId, Span, Spanned};
use crate::test::context::NamedContext;
use crate::test::mismatch::variant_id;
use crate::test::result::{Check, CheckResult, CoverageHit, FailedCheck, TestedDecision};

const HELP: &str = "if the change is intended, run `flagctl test --update` to write the cells anew";

/// A golden matrix with resolved names.
#[derive(Debug)]
pub(super) struct PlannedGolden<'p> {
    pub(super) file: FileId,
    /// The flags that the test file kills.
    pub(super) kills: &'p [Spanned<String>],
    pub(super) golden: &'p Golden,
    pub(super) flags: Vec<&'p str>,
    pub(super) contexts: Vec<NamedContext<'p>>,
    /// All environments of the matrix, including environments that this run does not test.
    pub(super) environments: Vec<&'p str>,
    pub(super) bundles: Vec<&'p Bundle>,
    pub(super) now: Option<Timestamp>,
}

/// The flag, context and environment of a cell.
pub(super) type CellKey<'p> = (&'p str, &'p str, &'p str);

impl<'p> PlannedGolden<'p> {
    /// Decides all cells, in the order of the file. The result for a cell that cannot be decided is `None`.
    pub(super) fn decided(
        &self,
    ) -> impl Iterator<Item = (CellKey<'p>, Option<(TestedDecision<'p>, &'p str, CoverageHit)>)> + '_ {
        let rows = self.flags.iter().flat_map(|flag| self.contexts.iter().map(move |context| (*flag, context)));
        rows.flat_map(move |(flag, context)| {
            self.bundles.iter().map(move |bundle| {
                let key = (flag, context.name.unwrap_or_default(), bundle.environment.as_ref());
                (key, self.decide(bundle, flag, context))
            })
        })
    }

    fn decide(
        &self,
        bundle: &'p Bundle,
        key: &str,
        context: &NamedContext<'p>,
    ) -> Option<(TestedDecision<'p>, &'p str, CoverageHit)> {
        let (flag, context) = (bundle.flag(key)?, context.context.as_ref()?);
        if self.now.is_none() && flag.conditions().any(|condition| bundle.depends_on_time(condition)) {
            return None;
        }
        let now = self.now.unwrap_or_default();
        let decision = decide(bundle, flag, context, now);
        let hit = CoverageHit { rule: decision.rule, variant: variant_id(flag, &decision) };
        let decided = TestedDecision { bundle, kills: self.kills, flag, context: context.as_ref().clone(), now };
        Some((decided, &decision.variant.name, hit))
    }

    /// Returns the cells that the file contains.
    pub(super) fn written(&self) -> BTreeMap<CellKey<'p>, &'p Cell> {
        let cells = self.golden.cells.iter();
        cells.map(|cell| ((&*cell.flag.value, &*cell.context.value, &*cell.environment.value), cell)).collect()
    }

    /// Returns one check for each cell, one check if cells are missing, and one check if the file contains cells
    /// outside the matrix.
    pub(super) fn checks(&self) -> Vec<Check<'p>> {
        let written = self.written();
        let mut checks = Vec::new();
        let mut missing: Vec<CellKey<'p>> = Vec::new();
        for (key @ (flag, context, environment), decided) in self.decided() {
            let cell = written.get(&key);
            let span = cell.map_or(self.golden.cells_key_span, |cell| cell.variant.span);
            let (result, hits) = match (cell, decided) {
                (_, None) => (CheckResult::NotRun, Vec::new()),
                (None, Some(_)) => {
                    missing.push(key);
                    continue;
                }
                (Some(cell), Some((_, found, hit))) if cell.variant.value == found => (CheckResult::Passed, vec![hit]),
                (Some(cell), Some((decided, found, hit))) => {
                    let message = format!(
                        "`{flag}` in {environment} for `{context}`: expected `{}`, found `{found}`",
                        cell.variant.value
                    );
                    (failed(span, message, 1, Some(decided)), vec![hit])
                }
            };
            let (name, context) = ("golden".to_owned(), Some(context));
            checks.push(Check { span, name, flag, context, environment, result, hits });
        }
        let is_in_matrix = |cell: &&&Cell| {
            self.flags.binary_search(&&*cell.flag.value).is_ok()
                && self.contexts.iter().any(|context| context.name == Some(&cell.context.value))
                && self.environments.contains(&&*cell.environment.value)
        };
        let outside: Vec<&&Cell> = written.values().filter(|cell| !is_in_matrix(cell)).collect();
        let counted = |number: usize| if number == 1 { "1 cell".to_owned() } else { format!("{number} cells") };
        if let Some((flag, context, environment)) = missing.first().copied() {
            let message =
                format!("{} missing, the first for `{context}` of `{flag}` in {environment}", counted(missing.len()));
            let result = failed(self.golden.cells_key_span, message, missing.len(), None);
            checks.push(self.check(self.golden.cells_key_span, flag, context, environment, result));
        }
        let first = outside.iter().min_by_key(|cell| cell.flag.span.start.max(cell.context.span.start));
        if let Some(cell) = first {
            let (flag, context) = (&cell.flag.value, &cell.context.value);
            let message = format!(
                "{} outside the matrix, the first for `{context}` of `{flag}` in {}",
                counted(outside.len()),
                cell.environment.value
            );
            let result = failed(cell.variant.span, message, outside.len(), None);
            checks.push(self.check(cell.variant.span, flag, context, &cell.environment.value, result));
        }
        checks
    }

    fn check(
        &self,
        span: Span,
        flag: &'p str,
        context: &'p str,
        environment: &'p str,
        result: CheckResult<'p>,
    ) -> Check<'p> {
        Check { span, name: "golden".to_owned(), flag, context: Some(context), environment, result, hits: Vec::new() }
    }
}

/// Builds the result of a failed check.
fn failed<'p>(span: Span, message: String, count: usize, decided: Option<TestedDecision<'p>>) -> CheckResult<'p> {
    let diagnostic = Diagnostic::new(Code::FailedExpectation, span, message).help(HELP);
    CheckResult::Failed(Box::new(FailedCheck {
        diagnostic,
        decided: decided.into_iter().collect(),
        share: None,
        count,
    }))
}
