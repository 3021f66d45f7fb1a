//! Updates the cells of golden matrices to the current decisions.
//!
//! **Invariant:** only the lines of `cells` change in the file.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::model::Golden;
use crate::snapshot::{File, FileId, Snapshot, Span};
use crate::test::golden::{CellKey, PlannedGolden};
use crate::test::plan::TestPlan;
use crate::yaml;
use crate::yaml::Node;

/// A test file with updated cells.
#[derive(Debug)]
pub struct UpdatedGolden {
    /// The file.
    pub file: FileId,
    /// The new text of the complete file.
    pub text: String,
    /// The number of cells that are added, changed or removed.
    pub changed: usize,
}

/// The reason why a golden matrix cannot be updated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GoldenUpdateError {
    /// A cell cannot be decided because its flag or context has an error, or `now` is missing.
    #[error("`{flag}` in {environment} for `{context}` cannot be decided")]
    Undecided {
        /// The flag's key.
        flag: String,
        /// The context's name.
        context: String,
        /// The environment's name.
        environment: String,
    },
    /// `cells` shares a line with other content, and the update can replace only complete lines.
    #[error("expected `golden:` on its own line, with `cells: {{}}` below it, found another layout")]
    Layout,
}

impl TestPlan<'_> {
    /// Returns the test files whose cells differ from the current decisions, with updated cells.
    ///
    /// # Errors
    /// Returns the first file that cannot be updated, and the reason.
    pub fn updated_goldens(&self, snapshot: &Snapshot) -> Result<Vec<UpdatedGolden>, (FileId, GoldenUpdateError)> {
        let mut files = Vec::new();
        for golden in &self.goldens {
            let updated = updated_text(golden, snapshot.file(golden.file)).map_err(|why| (golden.file, why))?;
            files.extend(updated.map(|(text, changed)| UpdatedGolden { file: golden.file, text, changed }));
        }
        Ok(files)
    }
}

/// Returns the new text of the file and the number of changed cells, or `None` if no cell changed.
fn updated_text(golden: &PlannedGolden<'_>, file: &File) -> Result<Option<(String, usize)>, GoldenUpdateError> {
    let mut cells: Vec<(CellKey<'_>, &str)> = Vec::new();
    for (key @ (flag, context, environment), decided) in golden.decided() {
        let Some((_, variant, _)) = decided else {
            let (flag, context, environment) = (flag.to_owned(), context.to_owned(), environment.to_owned());
            return Err(GoldenUpdateError::Undecided { flag, context, environment });
        };
        cells.push((key, variant));
    }
    let old: BTreeSet<(CellKey<'_>, &str)> =
        golden.written().into_iter().map(|(key, cell)| (key, cell.variant.value.as_str())).collect();
    let new: BTreeSet<(CellKey<'_>, &str)> = cells.iter().copied().collect();
    let changed: BTreeSet<CellKey<'_>> = old.symmetric_difference(&new).map(|(key, _)| *key).collect();
    if changed.is_empty() {
        return Ok(None);
    }
    let line_break = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
    let text = with_cells(golden.golden, &file.text, &cells, line_break).ok_or(GoldenUpdateError::Layout)?;
    only_cells_differ(file, &text, &cells).then_some(Some((text, changed.len()))).ok_or(GoldenUpdateError::Layout)
}

/// Returns the text of the file with other cells. A matrix in flow style, such as `golden: {cells: {}}`, becomes one in
/// block style. Returns `None` if the lines of the matrix have other content.
fn with_cells(golden: &Golden, text: &str, cells: &[(CellKey<'_>, &str)], line_break: &str) -> Option<String> {
    let around = |span: Span| Some((text.get(..span.start as usize)?, text.get(span.end as usize..)?));
    let matrix = text.get(golden.span.start as usize..golden.span.end as usize)?;
    if !matrix.starts_with('{') {
        let (before, after) = around(golden.cells_span)?;
        let indent = before.rsplit('\n').next()?;
        let is_own_line = indent.bytes().all(|byte| byte == b' ');
        return is_own_line.then(|| format!("{before}{}{after}", yaml_block(cells, indent, line_break)));
    }
    let (before, after) = around(golden.span)?;
    // A comment inside the matrix would be lost.
    if matrix.contains('#') || before.rsplit('\n').next()?.trim_end() != "golden:" {
        return None;
    }
    let others = golden.other_spans.iter().map(|span| text.get(span.start as usize..span.end as usize));
    let lines: Vec<String> = others.map(|other| Some(other?.to_owned())).collect::<Option<_>>()?;
    let lines = lines.into_iter().chain([yaml_block(cells, "  ", line_break)]);
    let lines: String = lines.map(|line| format!("{line_break}  {line}")).collect();
    Some(format!("{}{lines}{after}", before.trim_end()))
}

/// Returns the cells as YAML, with one line for each context of each flag: a changed line in a diff is then a context
/// that gets another variant.
fn yaml_block(cells: &[(CellKey<'_>, &str)], indent: &str, line_break: &str) -> String {
    let mut text = "cells:".to_owned();
    for by_flag in cells.chunk_by(|((left, ..), _), ((right, ..), _)| left == right) {
        for (index, by_context) in by_flag.chunk_by(|((_, left, _), _), ((_, right, _), _)| left == right).enumerate() {
            let Some(((flag, context, _), _)) = by_context.first() else { continue };
            if index == 0 {
                text.push_str(&format!("{line_break}{indent}  {}:", yaml_name(flag)));
            }
            let served =
                by_context.iter().map(|((.., environment), variant)| (yaml_name(environment), yaml_name(variant)));
            let served: Vec<String> =
                served.map(|(environment, variant)| format!("{environment}: {variant}")).collect();
            text.push_str(&format!("{line_break}{indent}    {}: {{{}}}", yaml_name(context), served.join(", ")));
        }
    }
    if cells.is_empty() { "cells: {}".to_owned() } else { text }
}

/// Returns the name as a YAML scalar, quoted if YAML would otherwise read it as another type.
fn yaml_name(name: &str) -> String {
    let word = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let taken = ["null", "true", "false"].iter().any(|word| name.eq_ignore_ascii_case(word));
    if word && !taken { name.to_owned() } else { json!(name).to_string() }
}

/// Returns whether the new text parses to the same YAML as the file, except for the cells.
///
/// This check prevents damage to a file with an unusual layout.
fn only_cells_differ(file: &File, text: &str, cells: &[(CellKey<'_>, &str)]) -> bool {
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
    let (mut old, new) = (read(file), read(&File::new(file.path.clone(), text.into())));
    if let Some(cells) = old.pointer_mut("/golden/cells") {
        *cells = wanted;
    }
    old == new
}
