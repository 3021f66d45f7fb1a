//! The golden matrix: what contexts got, compared cell by cell and written anew.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::bundle::Bundle;
use crate::codes::Code;
use crate::diag::Diagnostic;
use crate::eval::decide;
use crate::model::{Cell, Golden};
use crate::snapshot::{File, FileId, Snapshot, Span};
use crate::test::plan::{NamedContext, TestPlan};
use crate::test::{Check, CheckResult, CoverageHit, FailedCheck, TestedDecision, mismatch};
use crate::yaml;
use crate::yaml::Node;

const HELP: &str = "if that is meant, `flagctl test --update` writes the cells anew";

/// A golden matrix with its names resolved.
#[derive(Debug)]
pub(super) struct PlannedGolden<'p> {
    pub(super) file: FileId,
    pub(super) golden: &'p Golden,
    pub(super) flags: Vec<&'p str>,
    pub(super) persons: Vec<NamedContext<'p>>,
    /// All that it is about, also those that are not asked for.
    pub(super) environments: Vec<&'p str>,
    pub(super) bundles: Vec<&'p Bundle>,
    pub(super) now: Option<Timestamp>,
}

/// A cell's flag, context and environment.
type Key<'p> = (&'p str, &'p str, &'p str);

impl<'p> PlannedGolden<'p> {
    /// All cells as they are decided, in the order in which they are written; none where one cannot be.
    fn decided(&self) -> impl Iterator<Item = (Key<'p>, Option<(TestedDecision<'p>, &'p str, CoverageHit)>)> + '_ {
        let persons = self.flags.iter().flat_map(|flag| self.persons.iter().map(move |person| (*flag, person)));
        persons.flat_map(move |(flag, person)| {
            self.bundles.iter().map(move |bundle| {
                let key = (flag, person.name.unwrap_or_default(), bundle.environment.as_ref());
                (key, self.decide(bundle, flag, person))
            })
        })
    }

    fn decide(
        &self,
        bundle: &'p Bundle,
        key: &str,
        person: &NamedContext<'p>,
    ) -> Option<(TestedDecision<'p>, &'p str, CoverageHit)> {
        let (flag, context) = (bundle.flag(key)?, person.context.as_ref()?);
        if self.now.is_none() && flag.conditions().any(|condition| bundle.depends_on_time(condition)) {
            return None;
        }
        let now = self.now.unwrap_or_default();
        let decision = decide(bundle, flag, context, now);
        let hit = CoverageHit { rule: decision.rule, variant: mismatch::variant_id(flag, &decision) };
        Some((TestedDecision { bundle, flag, context: context.as_ref().clone(), now }, &decision.variant.name, hit))
    }

    fn written(&self) -> BTreeMap<Key<'p>, &'p Cell> {
        let cells = self.golden.cells.iter();
        cells.map(|cell| ((&*cell.flag.value, &*cell.context.value, &*cell.environment.value), cell)).collect()
    }

    pub(super) fn checks(&self) -> Vec<Check<'p>> {
        let written = self.written();
        let mut checks = Vec::new();
        let mut missing: Vec<Key<'p>> = Vec::new();
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
                    (failed(span, message, Some(decided)), vec![hit])
                }
            };
            let (name, context) = ("golden".to_owned(), Some(context));
            checks.push(Check { span, name, flag, context, environment, result, hits });
        }
        let wanted = |cell: &&&Cell| {
            self.flags.binary_search(&&*cell.flag.value).is_ok()
                && self.persons.iter().any(|person| person.name == Some(&cell.context.value))
                && self.environments.contains(&&*cell.environment.value)
        };
        let superfluous: Vec<&&Cell> = written.values().filter(|cell| !wanted(cell)).collect();
        let counted = |number: usize| if number == 1 { "1 cell".to_owned() } else { format!("{number} cells") };
        if let Some((flag, context, environment)) = missing.first().copied() {
            let message =
                format!("{} missing, the first for `{context}` of `{flag}` in {environment}", counted(missing.len()));
            let result = failed(self.golden.cells_key_span, message, None);
            checks.push(self.check(self.golden.cells_key_span, flag, context, environment, result));
        }
        let first = superfluous.iter().min_by_key(|cell| cell.flag.span.start.max(cell.context.span.start));
        if let Some(cell) = first {
            let (flag, context) = (&cell.flag.value, &cell.context.value);
            let message = format!(
                "{} of what is not in the matrix, the first for `{context}` of `{flag}` in {}",
                counted(superfluous.len()),
                cell.environment.value
            );
            let result = failed(cell.variant.span, message, None);
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

fn failed<'p>(span: Span, message: String, decided: Option<TestedDecision<'p>>) -> CheckResult<'p> {
    let diagnostic = Diagnostic::new(Code::FailedExpectation, span, message).help(HELP);
    CheckResult::Failed(Box::new(FailedCheck { diagnostic, decided: decided.into_iter().collect() }))
}

/// A test file with its cells written anew.
#[derive(Debug)]
pub struct UpdatedGolden {
    /// Which file.
    pub file: FileId,
    /// All of its text.
    pub text: String,
    /// How many cells are new, other or gone.
    pub changed: usize,
}

/// Why a golden matrix is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GoldenUpdateError {
    /// The first cell that cannot be decided.
    #[error("`{flag}` in {environment} for `{context}` cannot be decided")]
    Undecided {
        /// The flag's key.
        flag: String,
        /// The context's name.
        context: String,
        /// The environment's name.
        environment: String,
    },
    /// Only whole lines can be replaced.
    #[error("`cells` must begin a line of its own, with its values below it or `{{}}`")]
    Layout,
}

impl TestPlan<'_> {
    /// The files whose cells are not what is decided, as they should be.
    ///
    /// # Errors
    /// [`GoldenUpdateError`] for the first that cannot be written.
    pub fn updated_goldens(&self, snapshot: &Snapshot) -> Result<Vec<UpdatedGolden>, (FileId, GoldenUpdateError)> {
        let mut files = Vec::new();
        for golden in &self.goldens {
            let rewritten = golden.rewritten(snapshot.file(golden.file)).map_err(|why| (golden.file, why))?;
            files.extend(rewritten.map(|(text, changed)| UpdatedGolden { file: golden.file, text, changed }));
        }
        Ok(files)
    }
}

impl PlannedGolden<'_> {
    fn rewritten(&self, file: &File) -> Result<Option<(String, usize)>, GoldenUpdateError> {
        let mut cells: Vec<(Key<'_>, &str)> = Vec::new();
        for (key @ (flag, context, environment), decided) in self.decided() {
            let Some((_, variant, _)) = decided else {
                let (flag, context, environment) = (flag.to_owned(), context.to_owned(), environment.to_owned());
                return Err(GoldenUpdateError::Undecided { flag, context, environment });
            };
            cells.push((key, variant));
        }
        let old: BTreeSet<(Key<'_>, &str)> =
            self.written().into_iter().map(|(key, cell)| (key, cell.variant.value.as_str())).collect();
        let new: BTreeSet<(Key<'_>, &str)> = cells.iter().copied().collect();
        let changed: BTreeSet<Key<'_>> = old.symmetric_difference(&new).map(|(key, _)| *key).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let (start, end) = (self.golden.cells_span.start as usize, self.golden.cells_span.end as usize);
        let (before, after) = (file.text.get(..start), file.text.get(end..));
        let (Some(before), Some(after)) = (before, after) else { return Err(GoldenUpdateError::Layout) };
        let indent = before.rsplit('\n').next().unwrap_or(before);
        if !indent.bytes().all(|byte| byte == b' ') {
            return Err(GoldenUpdateError::Layout);
        }
        let break_ = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
        let text = format!("{before}{}{after}", block(&cells, indent, break_));
        proven(file, &text, &cells).then_some(Some((text, changed.len()))).ok_or(GoldenUpdateError::Layout)
    }
}

/// The cells as YAML: a line for each context of each flag, so that a changed line is a person who gets something
/// else.
fn block(cells: &[(Key<'_>, &str)], indent: &str, line_break: &str) -> String {
    let mut text = "cells:".to_owned();
    for by_flag in cells.chunk_by(|((one, ..), _), ((other, ..), _)| one == other) {
        for (at, by_context) in by_flag.chunk_by(|((_, one, _), _), ((_, other, _), _)| one == other).enumerate() {
            let Some(((flag, context, _), _)) = by_context.first() else { continue };
            if at == 0 {
                text.push_str(&format!("{line_break}{indent}  {}:", plain(flag)));
            }
            let served = by_context.iter().map(|((.., environment), variant)| (plain(environment), plain(variant)));
            let served: Vec<String> =
                served.map(|(environment, variant)| format!("{environment}: {variant}")).collect();
            text.push_str(&format!("{line_break}{indent}    {}: {{{}}}", plain(context), served.join(", ")));
        }
    }
    if cells.is_empty() { "cells: {}".to_owned() } else { text }
}

/// A name, quoted where it would otherwise be read as something else.
fn plain(name: &str) -> String {
    let word = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let taken = ["null", "true", "false"].iter().any(|word| name.eq_ignore_ascii_case(word));
    if word && !taken { name.to_owned() } else { json!(name).to_string() }
}

/// Whether the text says what the file did, but for the cells.
fn proven(file: &File, text: &str, cells: &[(Key<'_>, &str)]) -> bool {
    let mut wanted = Json::Object(serde_json::Map::new());
    for ((flag, context, environment), variant) in cells {
        if let Some(cell) = wanted.as_object_mut().map(|flags| flags.entry(*flag).or_insert(json!({})))
            && let Some(cell) = cell.as_object_mut().map(|contexts| contexts.entry(*context).or_insert(json!({})))
            && let Some(cell) = cell.as_object_mut()
        {
            cell.insert((*environment).to_owned(), json!(variant));
        }
    }
    let read = |file: &File| {
        let mut diagnostics = Vec::new();
        let root: Node = yaml::parse(FileId(0), file, &mut diagnostics).root;
        root.to_json()
    };
    let (mut old, new) = (read(file), read(&File { path: file.path.clone(), text: text.to_owned(), fault: None }));
    if let Some(cells) = old.pointer_mut("/golden/cells") {
        *cells = wanted;
    }
    old == new
}
