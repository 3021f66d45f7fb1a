//! The definitions as the editor has them, and their findings.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::check::check;
use crate::codes::Code;
use crate::diag::Finding;
use crate::load;
use crate::load::Loaded;
use crate::model::{FLAGS, SEGMENTS, flag_key};
use crate::references::Index;
use crate::snapshot::{FileId, PROJECT_FILE};
use crate::source::{Folder, Source, SourceError};

/// Everything that was read, and what is wrong with it.
pub(super) struct Checked {
    pub(super) loaded: Loaded,
    pub(super) findings: Vec<Finding>,
    pub(super) index: Index,
}

/// Reads and checks the whole repository.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder cannot be read.
pub(super) fn everything(
    folder: &Folder,
    open: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Checked, SourceError> {
    let source = Source::Folder(folder.clone().with_unsaved(open.clone()));
    let loaded = load::tests(&source, load::all(&source)?, |_| true)?;
    let findings = check(&loaded, now).findings;
    let index = Index::new(&loaded.snapshot, &loaded.project);
    Ok(Checked { loaded, findings, index })
}

/// Reads and checks the file of a flag or segment with what it needs, or `flagctl.yaml` alone. Returns `None` for another file,
/// which says nothing without all others.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder cannot be read.
pub(super) fn one_file(
    folder: &Folder,
    open: &BTreeMap<String, String>,
    path: &str,
    now: Timestamp,
) -> Result<Option<(Loaded, Vec<Finding>)>, SourceError> {
    let source = Source::Folder(folder.clone().with_unsaved(open.clone()));
    let (top, name) = (path.split('/').next().unwrap_or_default(), path.rsplit('/').next().unwrap_or_default());
    if ![FLAGS, SEGMENTS, PROJECT_FILE].contains(&top) {
        return Ok(None);
    }
    let settings = load::settings(&source)?;
    let environments: Vec<String> = settings.project.settings.environment_names().map(str::to_owned).collect();
    let environments: Vec<&str> = environments.iter().map(String::as_str).collect();
    let loaded = match (top, flag_key(path), name.strip_suffix(".yaml")) {
        (PROJECT_FILE, ..) => settings,
        (FLAGS, Some(key), _) => load::flags(&source, settings, &[key], &environments)?,
        (SEGMENTS, _, Some(name)) => load::segment(&source, settings, name, &environments)?,
        _ => return Ok(None),
    };
    let mut findings = check(&loaded, now).findings;
    findings.retain(|finding| {
        let found = &finding.diagnostic;
        // Whether a segment is used is not known without the flags.
        loaded.snapshot.file(found.span.file).path == path && found.code != Code::UnusedSegment
    });
    Ok(Some((loaded, findings)))
}

impl Checked {
    /// Returns the file with a path.
    pub(super) fn file(&self, path: &str) -> Option<FileId> {
        self.loaded.snapshot.files().find(|(_, file)| file.path == path).map(|(id, _)| id)
    }
}
