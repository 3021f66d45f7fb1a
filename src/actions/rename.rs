//! Renames: one commit that gives a flag, a segment or an attribute another name in all files.
//!
//! A flag whose buckets depend on its key gets the former key as its salt, so every unit keeps its variant.
//!
//! **Invariant:** a plan exists only if it is proven that all flags decide as before, in every environment. For the rename of an
//! attribute, the contexts afterwards have the new name in place of the old one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::actions::error::ActionError;
use crate::actions::message::{ActionKind, message_with_names};
use crate::actions::name_error::NameError;
use crate::actions::name_files;
use crate::actions::name_files::ChangedFile;
use crate::actions::named_definition::NamedDefinition;
use crate::actions::named_kind::NamedKind;
use crate::actions::named_state::{ExpectedChange, NamedState};
use crate::actions::session::{CommittedAction, WriteSession};
use crate::actions::undo::{Undo, UndoCommand};
use crate::bundle::{NOW, TARGETING_KEY};
use crate::diff::NewNames;
use crate::edit;
use crate::edit::{Refusal, Step};
use crate::load::{folded, refused_by_windows};
use crate::model::{Flag, RESERVED, Settings, TESTS, flag_key, shadow_key, shadow_salt, test_file_name};
use crate::references::{Name, NameKind, Site, rewrite};
use crate::snapshot::{FileId, Replacement};
use crate::source::Source;
use crate::yaml::Value;

/// A definition and its new name.
#[derive(Debug, Clone, Copy)]
pub struct RenameRequest<'r> {
    /// The kind of the definition.
    pub kind: NamedKind,
    /// The present name.
    pub old: &'r str,
    /// The new name.
    pub new: &'r str,
    /// The time by which flags and kills count as expired.
    pub now: Timestamp,
}

/// The effects of a rename, before it is committed.
#[derive(Debug)]
pub struct RenamePlan<'s> {
    session: &'s WriteSession,
    kind: NamedKind,
    old: String,
    new: String,
    files: Vec<ChangedFile>,
    notes: Vec<RenameNote>,
}

/// A consequence of a rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenameNote {
    /// The former key is written as a salt, so that units keep their buckets.
    KeepsUnits,
    /// The shadow gets the salt that it had, so that units keep their buckets.
    KeepsShadowUnits,
    /// Applications must ask for the new key, or send the new attribute.
    Applications,
    /// Exposures, metrics and records of the former key are not read for the new one.
    Records,
    /// The definitions get this warning.
    Warning(String),
}

impl<'s> RenamePlan<'s> {
    /// Plans a rename at the tip of the branch, and proves that all decisions stay as they are.
    ///
    /// # Errors
    /// Returns an error if the definition does not exist, if the new name cannot be used, if a reference cannot be replaced,
    /// or if the proof fails.
    pub fn new(session: &'s WriteSession, request: &RenameRequest<'_>) -> Result<Self, ActionError> {
        check_new_name(request)?;
        let before = NamedState::read(&session.source(), request.now)?;
        let definition = NamedDefinition::find(session, &before, request.kind, request.old)?;
        before.check_complete(None)?;
        check_free(&before, request)?;
        let rename = Rename { request, before: &before, source: session.source() };
        let (files, mut notes) = rename.files(&definition)?;
        let after = NamedState::read(&name_files::with_changes(session, &files)?, request.now)?;
        let text = |text: &str| text.replace(&format!("`{}`", request.old), &format!("`{}`", request.new));
        let expected = ExpectedChange { names: &rename.new_names(), text: &text, removed: &[] };
        let warnings = before.check_change(&after, &expected)?;
        let moved = files.iter().filter_map(|file| Some((file.path.as_str(), file.new_path.as_deref()?))).collect();
        before.check_names(&after, |name| rename.renamed(name, &moved))?;
        notes.extend(warnings.into_iter().map(RenameNote::Warning));
        let (old, new) = (request.old.to_owned(), request.new.to_owned());
        Ok(Self { session, kind: request.kind, old, new, files, notes })
    }

    /// Returns the kind of the definition.
    pub fn kind(&self) -> NamedKind {
        self.kind
    }

    /// Returns the former name.
    pub fn old(&self) -> &str {
        &self.old
    }

    /// Returns the new name.
    pub fn new_name(&self) -> &str {
        &self.new
    }

    /// Returns the files that change, in the order of their paths.
    pub fn files(&self) -> &[ChangedFile] {
        &self.files
    }

    /// Returns the consequences.
    pub fn notes(&self) -> &[RenameNote] {
        &self.notes
    }

    /// Returns the path of the flag repository from git's root, with a `/` at its end, or an empty text.
    pub fn prefix(&self) -> String {
        self.session.git_path("")
    }

    /// Returns the subject of the commit.
    pub fn subject(&self) -> String {
        format!("rename {} {} to {}", self.kind.noun(), self.old, self.new)
    }

    /// Returns the command that reverts the rename.
    pub fn undo(&self) -> Undo {
        Undo { command: UndoCommand::Revert, destination: self.session.destination().clone() }
    }

    /// Commits the rename.
    ///
    /// # Errors
    /// Returns an error if the branch has other commits than at the time of the plan, or if the commit cannot be made.
    pub fn commit(&self, reason: Option<&str>) -> Result<CommittedAction, ActionError> {
        let names = [&self.old, &self.new].map(|name| (self.kind.trailer(), name.as_str()));
        let message = message_with_names(self.subject(), ActionKind::Rename, names.into_iter(), reason);
        name_files::commit(self.session, &self.files, &message)
    }
}

/// Checks the form of the new name.
fn check_new_name(request: &RenameRequest<'_>) -> Result<(), NameError> {
    let RenameRequest { kind, old, new, .. } = *request;
    let Some(file_name) = kind.file_name(new) else {
        return Err(NameError::Invalid { name: new.to_owned(), kind: kind.with_article(), expected: kind.expected() });
    };
    if old == new {
        return Err(NameError::Same(new.to_owned()));
    }
    let is_reserved = RESERVED.contains(&new) || [NOW, TARGETING_KEY].contains(&new);
    if kind == NamedKind::Attribute && is_reserved {
        return Err(NameError::Reserved(new.to_owned()));
    }
    refused_by_windows(&file_name).map_or(Ok(()), |problem| Err(NameError::Unportable(problem)))
}

/// Checks that nothing has the new name, or a name that differs only in case.
fn check_free(before: &NamedState, request: &RenameRequest<'_>) -> Result<(), NameError> {
    let RenameRequest { kind, new, .. } = *request;
    let name = Name::new(kind.name_kind(), new);
    if let Some(taken) = before.index.definition(&name).or_else(|| before.index.occurrences(&name).first()) {
        let snapshot = &before.loaded.snapshot;
        let location = match &taken.site {
            Site::Text(site) => snapshot.location(site.span),
            Site::FileName(file) | Site::Folder(file) => snapshot.file(*file).path.clone(),
        };
        return Err(NameError::Taken { name: new.to_owned(), location });
    }
    // Attributes are not names of files.
    if kind == NamedKind::Attribute {
        return Ok(());
    }
    match before.index.defined(kind.name_kind()).find(|name| folded(name) == folded(new)) {
        Some(other) => Err(NameError::OnlyCase { name: new.to_owned(), other: other.to_owned() }),
        None => Ok(()),
    }
}

/// A rename of a definition in a state of the repository.
struct Rename<'r> {
    request: &'r RenameRequest<'r>,
    before: &'r NamedState,
    source: Source,
}

impl Rename<'_> {
    /// Returns all changed files, in the order of their paths.
    fn files(&self, definition: &NamedDefinition) -> Result<(Vec<ChangedFile>, Vec<RenameNote>), ActionError> {
        let RenameRequest { kind, old, new, .. } = *self.request;
        let snapshot = &self.before.loaded.snapshot;
        let mut replacements: BTreeMap<FileId, Vec<Replacement>> = BTreeMap::new();
        let mut moves: BTreeMap<FileId, String> = BTreeMap::new();
        for occurrence in self.before.index.occurrences(&definition.name) {
            match &occurrence.site {
                Site::Text(site) => {
                    let unreplaceable = || NameError::Unreplaceable(snapshot.location(site.span));
                    let replacement = rewrite(snapshot, site, new).ok_or_else(unreplaceable)?;
                    replacements.entry(site.span.file).or_default().push(replacement);
                }
                Site::FileName(file) => {
                    let path = &snapshot.file(*file).path;
                    let suffix = flag_key(path).and_then(|key| Some(key.strip_prefix(old)?.to_owned()));
                    let name = kind.file_name(&format!("{new}{}", suffix.unwrap_or_default()));
                    moves.extend(name.map(|name| (*file, in_folder_of(path, &name))));
                }
                Site::Folder(_) => {}
            }
        }
        let mut notes = Vec::new();
        if kind == NamedKind::Flag {
            moves.extend(self.own_tests());
        }
        let mut files = Vec::new();
        for file in replacements.keys().chain(moves.keys()).collect::<BTreeSet<_>>() {
            let text = self.before.editable(*file)?;
            let own = replacements.get(file).map_or(&[][..], Vec::as_slice);
            let mut after = edit::apply(&text.text, own);
            if let Some(flag) = self.flag_in(*file) {
                let added = keep_units(flag, &self.before.loaded.project.settings, &after);
                let (text, added) = added.map_err(|refusal| NameError::Edit { path: text.path.clone(), refusal })?;
                after = text;
                notes.extend(added);
            }
            let new_path = moves.get(file).cloned();
            if let Some(taken) = &new_path
                && self.source.read(taken)?.is_some()
            {
                return Err(NameError::Taken { name: new.to_owned(), location: taken.clone() }.into());
            }
            let places = own.iter().collect::<BTreeSet<_>>().len();
            files.push(ChangedFile {
                path: text.path.clone(),
                new_path,
                before: text.text.clone(),
                after: Some(after),
                places,
            });
        }
        if kind != NamedKind::Segment {
            notes.push(RenameNote::Applications);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((files, notes))
    }

    /// Returns the flag that is renamed, if the file is its definition.
    fn flag_in(&self, file: FileId) -> Option<&Flag> {
        let is_flag = self.request.kind == NamedKind::Flag;
        let flag = self.before.loaded.project.flag(self.request.old);
        flag.filter(|flag| is_flag && flag.file == file)
    }

    /// Returns the test files that have the name of the flag, as `flagctl new test` gives it, each with its new path.
    fn own_tests(&self) -> Vec<(FileId, String)> {
        let [old, new] = [self.request.old, self.request.new].map(test_file_name);
        let snapshot = &self.before.loaded.snapshot;
        let tests = snapshot.files().filter(|(_, file)| file.path.starts_with(&format!("{TESTS}/")));
        let own = tests.filter(|(_, file)| in_folder_of(&file.path, &old) == file.path);
        own.map(|(id, file)| (id, in_folder_of(&file.path, &new))).collect()
    }

    fn new_names(&self) -> NewNames {
        let RenameRequest { kind, old, new, .. } = *self.request;
        let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        match kind {
            NamedKind::Flag => {
                let flags = [pair(old, new), pair(&shadow_key(old), &shadow_key(new))];
                NewNames { flags: flags.into(), ..NewNames::default() }
            }
            NamedKind::Segment => NewNames::default(),
            NamedKind::Attribute => NewNames { attributes: [pair(old, new)].into(), ..NewNames::default() },
        }
    }

    /// Returns a name as it is after the rename. `moved` has the files that move, with their new paths.
    fn renamed(&self, name: &Name, moved: &BTreeMap<&str, &str>) -> Name {
        let RenameRequest { kind, old, new, .. } = *self.request;
        let mut renamed = name.clone();
        if name.kind == kind.name_kind() && name.text == old {
            new.clone_into(&mut renamed.text);
        }
        match name.kind {
            NameKind::Variant | NameKind::Rule if kind == NamedKind::Flag && name.scope == old => {
                new.clone_into(&mut renamed.scope);
            }
            NameKind::Variant | NameKind::Rule if kind == NamedKind::Flag && name.scope == shadow_key(old) => {
                renamed.scope = shadow_key(new);
            }
            NameKind::Context => {
                if let Some(path) = moved.get(name.scope.as_str()) {
                    (*path).clone_into(&mut renamed.scope);
                }
            }
            _ => {}
        }
        renamed
    }
}

/// Returns the path of a file with another name in the folder of `path`.
fn in_folder_of(path: &str, name: &str) -> String {
    path.rsplit_once('/').map_or_else(|| name.to_owned(), |(folder, _)| format!("{folder}/{name}"))
}

/// Writes the former salts of a flag and its shadow, where they depend on the key.
fn keep_units(flag: &Flag, settings: &Settings, text: &str) -> Result<(String, Vec<RenameNote>), Refusal> {
    let mut notes = Vec::new();
    let mut text = text.to_owned();
    let is_fixed = |name: &str| flag.serving(&settings.names_of(name)).salt.is_some();
    if !settings.environment_names().all(is_fixed) {
        let after = if flag.base.unit.is_some() { "unit" } else { "default" };
        text = edit::insert(&text, &[], after, "salt", Value::Text(flag.key.clone()))?;
        notes.push(RenameNote::KeepsUnits);
    }
    if flag.shadow.as_ref().is_some_and(|shadow| shadow.salt.is_none()) {
        let salt = Value::Text(shadow_salt(&flag.key));
        text = edit::insert(&text, &[Step::Key("shadow")], "rollout", "salt", salt)?;
        notes.push(RenameNote::KeepsShadowUnits);
    }
    if flag.guard.is_some() || flag.experiment.is_some() || flag.shadow.is_some() {
        notes.push(RenameNote::Records);
    }
    Ok((text, notes))
}
