//! Removals: one commit that removes a flag, a segment or an attribute to which nothing refers.
//!
//! The kills of a flag, the test files that test no other flag, and the recorded decisions in the golden matrices of all flags
//! are parts of the flag, and are removed with it. Every other reference stops the removal.
//!
//! **Invariant:** a plan exists only if it is proven that all other flags decide as before, in every environment.

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
use crate::bundle::Bundle;
use crate::diff::NewNames;
use crate::edit;
use crate::edit::Step;
use crate::model::{FLAGS, KILLS, LAYERS, SEGMENTS, Suite, TESTS, shadow_key};
use crate::references::{NameKind, Occurrence, Role, Site};
use crate::snapshot::{FileId, Span};

/// A definition to remove.
#[derive(Debug, Clone, Copy)]
pub struct RemoveRequest<'r> {
    /// The kind of the definition.
    pub kind: NamedKind,
    /// The name.
    pub name: &'r str,
    /// The time by which flags and kills count as expired.
    pub now: Timestamp,
}

/// The effects of a removal, before it is committed.
#[derive(Debug)]
pub struct RemovePlan<'s> {
    session: &'s WriteSession,
    kind: NamedKind,
    name: String,
    files: Vec<ChangedFile>,
    effects: Vec<RemoveEffect>,
    notes: Vec<RemoveNote>,
}

/// What an environment served by the flag that is removed.
#[derive(Debug)]
pub struct RemoveEffect {
    /// The name of the environment.
    pub environment: String,
    /// The bundle with the flag.
    pub before: Bundle,
}

/// A consequence of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoveNote {
    /// Applications that ask for the flag get the default in their code.
    Applications,
    /// Applications need not send the attribute any more.
    Attribute,
    /// The definitions get this warning.
    Warning(String),
}

impl<'s> RemovePlan<'s> {
    /// Plans a removal at the tip of the branch, and proves that no other flag changes.
    ///
    /// # Errors
    /// Returns an error if the definition does not exist, if something refers to it, or if the proof fails.
    pub fn new(session: &'s WriteSession, request: &RemoveRequest<'_>) -> Result<Self, ActionError> {
        let RemoveRequest { kind, name, now } = *request;
        let before = NamedState::read(&session.source(), now)?;
        let definition = NamedDefinition::find(session, &before, kind, name)?;
        let own_file = (kind != NamedKind::Attribute).then(|| definition.occurrence.site.file());
        before.check_complete(own_file)?;
        let removal = Removal { kind, name, before: &before, own_tests: own_tests(&before, kind, name) };
        let occurrences = before.index.occurrences(&definition.name);
        removal.check_unused(occurrences)?;
        let files = removal.files(occurrences)?;
        let after = NamedState::read(&name_files::with_changes(session, &files)?, now)?;
        let removed = match kind {
            NamedKind::Flag => vec![name.to_owned(), shadow_key(name)],
            NamedKind::Segment | NamedKind::Attribute => Vec::new(),
        };
        let names = NewNames::default();
        let expected = ExpectedChange { names: &names, text: &str::to_owned, removed: &removed };
        let warnings = before.check_change(&after, &expected)?;
        let (mut notes, mut effects) = (Vec::new(), Vec::new());
        match kind {
            NamedKind::Flag => {
                notes.push(RemoveNote::Applications);
                let environments = before.loaded.project.settings.environment_names();
                effects.extend(environments.map(|environment| RemoveEffect {
                    environment: environment.to_owned(),
                    before: before.bundle(environment),
                }));
            }
            NamedKind::Attribute => notes.push(RemoveNote::Attribute),
            NamedKind::Segment => {}
        }
        notes.extend(warnings.into_iter().map(RemoveNote::Warning));
        Ok(Self { session, kind, name: name.to_owned(), files, effects, notes })
    }

    /// Returns the kind of the definition.
    pub fn kind(&self) -> NamedKind {
        self.kind
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the files that change, in the order of their paths.
    pub fn files(&self) -> &[ChangedFile] {
        &self.files
    }

    /// Returns what each environment served by a flag. The list is empty for other kinds.
    pub fn effects(&self) -> &[RemoveEffect] {
        &self.effects
    }

    /// Returns the consequences.
    pub fn notes(&self) -> &[RemoveNote] {
        &self.notes
    }

    /// Returns the path of the flag repository from git's root, with a `/` at its end, or an empty text.
    pub fn prefix(&self) -> String {
        self.session.git_path("")
    }

    /// Returns the subject of the commit.
    pub fn subject(&self) -> String {
        format!("remove {} {}", self.kind.noun(), self.name)
    }

    /// Returns the command that reverts the removal.
    pub fn undo(&self) -> Undo {
        Undo { command: UndoCommand::Revert, destination: self.session.destination().clone() }
    }

    /// Commits the removal.
    ///
    /// # Errors
    /// Returns an error if the branch has other commits than at the time of the plan, or if the commit cannot be made.
    pub fn commit(&self, reason: Option<&str>) -> Result<CommittedAction, ActionError> {
        let names = [(self.kind.trailer(), self.name.as_str())];
        let message = message_with_names(self.subject(), ActionKind::Remove, names.into_iter(), reason);
        name_files::commit(self.session, &self.files, &message)
    }
}

/// A removal of a definition from a state of the repository.
struct Removal<'r> {
    kind: NamedKind,
    name: &'r str,
    before: &'r NamedState,
    /// The test files that are removed with a flag.
    own_tests: BTreeSet<FileId>,
}

impl Removal<'_> {
    /// Checks that nothing refers to the definition, apart from what is removed with it.
    fn check_unused(&self, occurrences: &[Occurrence]) -> Result<(), NameError> {
        let snapshot = &self.before.loaded.snapshot;
        let is_left = |occurrence: &&Occurrence| {
            occurrence.role == Role::Reference
                && !matches!(occurrence.site, Site::FileName(_) | Site::Folder(_))
                && !self.is_own(occurrence)
        };
        let places = occurrences.iter().filter(is_left).map(|occurrence| {
            let location = snapshot.location(occurrence.site.span());
            let advice = advice(self.kind, &location);
            format!("{location}: {advice}")
        });
        let places: Vec<String> = places.collect();
        match places.is_empty() {
            true => Ok(()),
            false => Err(NameError::Used { name: self.name.to_owned(), kind: self.kind.with_article(), places }),
        }
    }

    /// Returns whether an occurrence is removed with the definition.
    fn is_own(&self, occurrence: &Occurrence) -> bool {
        let span = occurrence.site.span();
        let definition = self.before.loaded.project.flag(self.name).filter(|_| self.kind == NamedKind::Flag);
        self.own_tests.contains(&span.file)
            || definition.is_some_and(|flag| flag.file == span.file)
            || self.golden_of_all(span.file).is_some_and(|golden| golden.start <= span.start && span.end <= golden.end)
    }

    /// Returns the recorded decisions of a test file whose golden matrix is about all flags.
    fn golden_of_all(&self, file: FileId) -> Option<Span> {
        let suite = self.before.loaded.project.suites.iter().find(|suite| suite.file == file)?;
        let golden = suite.golden.as_ref().filter(|golden| golden.flags.is_empty())?;
        Some(golden.cells_span).filter(|_| self.kind == NamedKind::Flag)
    }

    /// Returns all changed files, in the order of their paths.
    fn files(&self, occurrences: &[Occurrence]) -> Result<Vec<ChangedFile>, NameError> {
        let mut changes: BTreeMap<FileId, Option<String>> = self.own_tests.iter().map(|file| (*file, None)).collect();
        for occurrence in occurrences {
            let file = occurrence.site.file();
            match &occurrence.site {
                Site::FileName(_) => {
                    changes.insert(file, None);
                }
                Site::Text(site) if occurrence.role == Role::Definition => {
                    let text = &self.before.editable(file)?.text;
                    let after = edit::without_entry(text, site.scalar.start);
                    let location = self.before.loaded.snapshot.location(site.span);
                    changes.insert(file, Some(after.ok_or(NameError::Unremovable(location))?));
                }
                Site::Text(_) if !changes.contains_key(&file) && self.golden_of_all(file).is_some() => {
                    changes.insert(file, Some(self.without_cells(file)?));
                }
                Site::Text(_) | Site::Folder(_) => {}
            }
        }
        let changed = changes.into_iter().map(|(file, after)| {
            let file = self.before.editable(file)?;
            Ok(ChangedFile {
                path: file.path.clone(),
                new_path: None,
                before: file.text.clone(),
                places: usize::from(after.is_some()),
                after,
            })
        });
        let mut files = changed.collect::<Result<Vec<_>, NameError>>()?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Returns the text of a test file without the recorded decisions of the flag and its shadow.
    fn without_cells(&self, file: FileId) -> Result<String, NameError> {
        let file = self.before.editable(file)?;
        let cells = [Step::Key("golden"), Step::Key("cells")];
        let mut text = file.text.clone();
        for key in [self.name.to_owned(), shadow_key(self.name)] {
            let has_cells = edit::parse(&text)
                .ok()
                .and_then(|root| edit::node_at(&root, &cells)?.entry(&key).map(|_| ()))
                .is_some();
            if has_cells {
                let refused = |refusal| NameError::Edit { path: file.path.clone(), refusal };
                text = edit::remove(&text, &cells, &key).map_err(refused)?;
            }
        }
        Ok(text)
    }
}

/// Returns the test files that test only this flag.
fn own_tests(state: &NamedState, kind: NamedKind, key: &str) -> BTreeSet<FileId> {
    if kind != NamedKind::Flag {
        return BTreeSet::new();
    }
    let tests_all = |suite: &Suite| suite.golden.as_ref().is_some_and(|golden| golden.flags.is_empty());
    let suites = &state.loaded.project.suites;
    let mut flags: BTreeMap<FileId, BTreeSet<&str>> =
        suites.iter().filter(|suite| !tests_all(suite)).map(|suite| (suite.file, BTreeSet::new())).collect();
    for (name, occurrences) in state.index.names().filter(|(name, _)| name.kind == NameKind::Flag) {
        for occurrence in occurrences {
            if let Some(flags) = flags.get_mut(&occurrence.site.file()) {
                flags.insert(&name.text);
            }
        }
    }
    let own = flags.into_iter().filter(|(_, flags)| flags.len() == 1 && flags.contains(key));
    own.map(|(file, _)| file).collect()
}

/// Returns what to do about a reference. The position begins with the path of its file.
fn advice(kind: NamedKind, location: &str) -> &'static str {
    let folder = location.split('/').next().unwrap_or_default();
    match (kind, folder) {
        (NamedKind::Flag, FLAGS | SEGMENTS) => "remove the condition or prerequisite, or its rule",
        (NamedKind::Segment, FLAGS | SEGMENTS) => "remove the condition, or write out what the segment says",
        (NamedKind::Attribute, FLAGS) => "remove the condition, or take another `unit`",
        (NamedKind::Attribute, SEGMENTS) => "remove the condition",
        (NamedKind::Attribute, LAYERS) => "take another `unit`",
        (_, TESTS) => "remove it from the test",
        (_, KILLS) => "remove the kill",
        _ => "remove it",
    }
}
