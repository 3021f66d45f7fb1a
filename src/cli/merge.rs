//! `flagctl diff --merge`: what a merge means that neither side does.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::analyze::{Budget, Side};
use crate::cli::diff_format::DiffFormat;
use crate::cli::exit::Exit;
use crate::cli::inputs::affected;
use crate::cli::progress;
use crate::cli::range::{earlier, revision};
use crate::codes::Severity;
use crate::compile::compile;
use crate::diff::{Impact, State, Verdict, impacts};
use crate::git::{CacheWrites, MergeResult, MergedFiles, Revision};
use crate::report;
use crate::report::diff::EndpointJson;
use crate::report::merge::MergeJson;
use crate::source::{FlagRepository, Source};

pub(crate) fn run(
    [base, theirs, ours]: [&str; 3],
    environment: Option<&str>,
    budget: &Budget,
    format: DiffFormat,
) -> Result<Exit> {
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
    let base = earlier(&repository, base)?;
    let (theirs, ours) = (revision(&repository, theirs)?, revision(&repository, ours)?);
    let end = |revision: &Revision| EndpointJson { name: revision.name().to_owned(), commit: Some(revision.commit()) };
    let mut json = MergeJson::new(end(&base), end(&theirs), end(&ours));
    let mut known = true;
    match progress::shown("merging", || base.merge(&theirs, &ours))? {
        MergeResult::Conflicts(paths) => json.conflicts = paths,
        MergeResult::Clean(merged) => {
            json.problems = problems(&merged)?;
            known = compare(&base, [&theirs, &ours], merged, environment, budget, &mut json)?;
        }
    }
    let mut out = io::stdout().lock();
    match format {
        DiffFormat::Human => out.write_all(report::merge::human::merge(&json).as_bytes())?,
        DiffFormat::Markdown => out.write_all(report::merge::markdown::merge(&json).as_bytes())?,
        DiffFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(match (known, json.is_sound()) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Yes,
        (true, false) => Exit::No,
    })
}

/// Finds the flags that do on neither side what they do in the merge; whether all of it is known.
fn compare(
    base: &Revision,
    sides: [&Revision; 2],
    merged: MergedFiles,
    environment: Option<&str>,
    budget: &Budget,
    json: &mut MergeJson,
) -> Result<bool> {
    let merged = Source::Merged(merged);
    let keys = progress::shown("looking for what changed", || affected(base, &merged))?;
    let list: Vec<String> = keys.iter().cloned().collect();
    let read = |source: &Source| State::read(source, &list, environment);
    let after = read(&merged)?;
    let mut each = Vec::new();
    for side in sides {
        let before = read(&Source::Revision(side.clone()))?;
        let found = impacts(&before, &after, &keys, environment, budget)?;
        each.push((side, before, found));
    }
    // What is invalid in the merge is among its problems.
    let moves = |impact: &&Impact| match &impact.verdict {
        Verdict::Known(regions) => !regions.is_empty(),
        Verdict::Unknown | Verdict::Invalid(Side::Before, _) => true,
        Verdict::Invalid(Side::After, _) => false,
    };
    let place = |impact: &Impact| (impact.flag.clone(), impact.environment.clone());
    let moved = each.iter().map(|(.., found)| found.iter().filter(moves).map(place).collect::<BTreeSet<_>>());
    let both = moved.reduce(|one, other| one.intersection(&other).cloned().collect()).unwrap_or_default();
    let mut known = true;
    for ((side, before, found), diffs) in each.iter().zip([&mut json.with_theirs, &mut json.with_ours]) {
        let surprising: Vec<&Impact> = found.iter().filter(|impact| both.contains(&place(impact))).collect();
        known &= !surprising.iter().any(|impact| matches!(impact.verdict, Verdict::Unknown));
        // There is no revision yet that `eval` could read the merge from.
        let end = report::diff::Endpoint::Revision(side.name().to_owned());
        *diffs = report::diff::flag_diffs(&surprising, None, [before, &after], [&end, &end]);
    }
    Ok(known)
}

/// Everything that is wrong with the merged definitions.
fn problems(merged: &MergedFiles) -> Result<Vec<String>> {
    let loaded = progress::all(&Source::Merged(merged.clone())).context("cannot read the merge")?;
    let environments = loaded.project.settings.environment_names();
    let diagnostics = environments.flat_map(|environment| compile(&loaded.project, environment).1).collect();
    let findings = loaded.settle(diagnostics);
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).map(|finding| {
        format!("{}: {}", loaded.snapshot.location(finding.diagnostic.span), finding.diagnostic.message)
    });
    Ok(errors.collect())
}
