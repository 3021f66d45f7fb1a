//! The definitions as the editor has them, and their findings.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::check::check;
use crate::diag::Finding;
use crate::load;
use crate::load::Loaded;
use crate::model::{FLAGS, flag_key};
use crate::references::Index;
use crate::snapshot::FileId;
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

/// Reads and checks a flag with what its decisions need. Returns `None` if the file is not that of a flag.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder cannot be read.
pub(super) fn one_flag(
    folder: &Folder,
    open: &BTreeMap<String, String>,
    path: &str,
    now: Timestamp,
) -> Result<Option<(Loaded, Vec<Finding>)>, SourceError> {
    let Some(key) = flag_key(path).filter(|_| path.starts_with(FLAGS)) else { return Ok(None) };
    let source = Source::Folder(folder.clone().with_unsaved(open.clone()));
    let settings = load::settings(&source)?;
    let environments: Vec<String> = settings.project.settings.environment_names().map(str::to_owned).collect();
    let environments: Vec<&str> = environments.iter().map(String::as_str).collect();
    let loaded = load::flags(&source, settings, &[key], &environments)?;
    let mut findings = check(&loaded, now).findings;
    findings.retain(|finding| loaded.snapshot.file(finding.diagnostic.span.file).path == path);
    Ok(Some((loaded, findings)))
}

impl Checked {
    /// Returns the file with a path.
    pub(super) fn file(&self, path: &str) -> Option<FileId> {
        self.loaded.snapshot.files().find(|(_, file)| file.path == path).map(|(id, _)| id)
    }
}
