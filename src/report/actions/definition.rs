//! The plans of a rename and of a removal: their structures, their sentences, and the differences of files.

use crate::actions::{
    ActionKind, ChangedFile, NamedKind, RemoveEffect, RemoveNote, RemovePlan, RenameNote, RenamePlan,
};
use crate::model::shadow_salt;
use crate::report::actions::json::{ActionJson, DefinitionChangeJson, Direction, EffectJson, FileChangeJson};
use crate::report::actions::undo::undo;
use crate::report::flags::FlagStateJson;
use crate::report::{Lines, Role, StyledText, add_file_diff};

impl ActionJson {
    /// Describes the plan of a rename.
    pub fn rename(plan: &RenamePlan<'_>) -> Self {
        let proven = match plan.kind() {
            NamedKind::Attribute => format!(
                "proven: every flag decides as before in every environment, for contexts that have `{}` in place of `{}`",
                plan.new_name(),
                plan.old()
            ),
            NamedKind::Flag | NamedKind::Segment => {
                "proven: every flag decides as before, in every environment".to_owned()
            }
        };
        let notes = plan.notes().iter().map(|note| rename_note(plan, note));
        let definition = DefinitionChangeJson {
            kind: plan.kind().noun(),
            name: plan.old().to_owned(),
            new_name: Some(plan.new_name().to_owned()),
            files: files(plan.files(), &plan.prefix()),
            notes: std::iter::once(proven).chain(notes).collect(),
        };
        Self {
            version: 1,
            action: ActionKind::Rename.name(),
            effects: Vec::new(),
            definition: Some(definition),
            undo: undo(&plan.undo()),
            written: None,
        }
    }

    /// Describes the plan of a removal.
    pub fn remove(plan: &RemovePlan<'_>) -> Self {
        let proven = match plan.kind() {
            NamedKind::Flag => "proven: every other flag decides as before, in every environment",
            NamedKind::Segment | NamedKind::Attribute => "proven: every flag decides as before, in every environment",
        };
        let notes = plan.notes().iter().map(|note| remove_note(plan.name(), note));
        let definition = DefinitionChangeJson {
            kind: plan.kind().noun(),
            name: plan.name().to_owned(),
            new_name: None,
            files: files(plan.files(), &plan.prefix()),
            notes: std::iter::once(proven.to_owned()).chain(notes).collect(),
        };
        Self {
            version: 1,
            action: ActionKind::Remove.name(),
            effects: plan.effects().iter().map(|effect| self::effect(plan.name(), effect)).collect(),
            definition: Some(definition),
            undo: undo(&plan.undo()),
            written: None,
        }
    }
}

fn files(files: &[ChangedFile], prefix: &str) -> Vec<FileChangeJson> {
    let file = |file: &ChangedFile| FileChangeJson {
        path: format!("{prefix}{}", file.path),
        new_path: file.new_path.as_ref().map(|path| format!("{prefix}{path}")),
        removed: file.after.is_none(),
        places: file.places,
    };
    files.iter().map(file).collect()
}

fn effect(flag: &str, effect: &RemoveEffect) -> EffectJson {
    EffectJson {
        flag: flag.to_owned(),
        environment: effect.environment.clone(),
        changes: true,
        before: FlagStateJson::new(&effect.before, flag),
        after: vec!["no flag: applications get the default in their code".to_owned()],
        notes: Vec::new(),
        direction: Direction::Off,
    }
}

fn rename_note(plan: &RenamePlan<'_>, note: &RenameNote) -> String {
    let (old, new) = (plan.old(), plan.new_name());
    match note {
        RenameNote::KeepsUnits => format!("`salt: {old}` is written, so every unit keeps its bucket"),
        RenameNote::KeepsShadowUnits => {
            format!("`salt: {}` is written into `shadow`, so every unit keeps its bucket", shadow_salt(old))
        }
        RenameNote::Applications => match plan.kind() {
            NamedKind::Attribute => {
                format!(
                    "applications that send `{old}` and not `{new}` count as if they sent neither: let them send both first"
                )
            }
            NamedKind::Flag | NamedKind::Segment => {
                format!("applications that ask for `{old}` get the default in their code, until they ask for `{new}`")
            }
        },
        RenameNote::Records => {
            format!("exposures, metrics and records of `{old}` are not those of `{new}`")
        }
        RenameNote::Warning(warning) => format!("new warning: {warning}"),
    }
}

fn remove_note(name: &str, note: &RemoveNote) -> String {
    match note {
        RemoveNote::Applications => format!("applications that ask for `{name}` get the default in their code"),
        RemoveNote::Attribute => format!("applications need not send `{name}` any more"),
        RemoveNote::Warning(warning) => format!("new warning: {warning}"),
    }
}

/// Returns the files and the sentences of a rename or removal.
pub(super) fn lines(change: &DefinitionChangeJson) -> Lines {
    let mut lines = Lines::default();
    let name = StyledText::from(format!("{} ", change.kind)).with(Some(Role::Name), &change.name);
    lines.add(match &change.new_name {
        Some(new) => name.plain(" is renamed to ").with(Some(Role::Name), new),
        None => name.plain(" is removed"),
    });
    for file in &change.files {
        lines.add(match (&file.new_path, file.removed) {
            (Some(new_path), _) => format!("  {} → {new_path}", file.path),
            (None, true) => format!("  {} is removed", file.path),
            (None, false) if file.places == 1 => format!("  {}: 1 place", file.path),
            (None, false) => format!("  {}: {} places", file.path, file.places),
        });
    }
    change.notes.iter().for_each(|note| lines.add(format!("  {note}")));
    lines
}

/// Returns the differences of the files of a rename or removal, in the format of `diff -u`. `prefix` is the path of the flag
/// repository from git's root.
pub fn differences(files: &[ChangedFile], prefix: &str) -> Lines {
    let mut lines = Lines::default();
    // A file that only moves is in the plan.
    for file in files.iter().filter(|file| file.after.as_ref() != Some(&file.before)) {
        let old = format!("{prefix}{}", file.path);
        let new = format!("{prefix}{}", file.new_path.as_ref().unwrap_or(&file.path));
        let new = file.after.as_ref().map(|_| new.as_str());
        add_file_diff(&mut lines, [Some(&old), new], &file.before, file.after.as_deref().unwrap_or_default());
    }
    lines
}
