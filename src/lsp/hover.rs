//! Descriptions of what is at a position: a code, a flag, an attribute, an operator or a key.

use serde_json::{Value as Json, json};

use crate::codes::Code;
use crate::compile::compile_environments;
use crate::lsp::completion::kind;
use crate::lsp::cursor::{Cursor, Step};
use crate::lsp::places::Place;
use crate::lsp::state::Checked;
use crate::references::NameKind;
use crate::report::flags::{Dependants, written_flag};
use crate::schema;
use crate::schema::Names;
use crate::snapshot::FileId;

/// Returns the description of what is at an offset of a file, or null.
pub(super) fn describe(checked: &Checked, file: FileId, text: &str, offset: usize) -> Json {
    let is_word = |char: char| char.is_alphanumeric() || "._-/%+$".contains(char);
    let before = text.get(..offset).unwrap_or(text);
    let start = before.trim_end_matches(is_word).len();
    let length = text.get(offset..).map_or(0, |after| after.len() - after.trim_start_matches(is_word).len());
    let word = text.get(start..offset + length).unwrap_or_default();
    let path = &checked.loaded.snapshot.file(file).path;
    let found = word
        .parse::<Code>()
        .ok()
        .map(|code| code.page().to_owned())
        .or_else(|| name(checked, file, u32::try_from(offset).ok()?))
        .or_else(|| key(path, text, start, offset + length));
    match found {
        Some(value) => json!({"contents": {"kind": "markdown", "value": value}}),
        None => Json::Null,
    }
}

/// Describes the name of a definition.
fn name(checked: &Checked, file: FileId, offset: u32) -> Option<String> {
    let (name, _) = checked.index.at(file, offset)?;
    let names = Names::new(&checked.loaded.project);
    let described = |kind| {
        let known = names.of_kind(kind).into_iter().find(|known| known.text == name.text)?;
        Some(format!("{}: {}", code(&name.text), plain(&known.description)))
    };
    match name.kind {
        NameKind::Flag => flag(checked, &name.text),
        NameKind::Segment => described(schema::NameKind::Segment),
        NameKind::Attribute => {
            let declared = names.attributes().find(|declared| declared.name.value == name.text);
            let allowed = declared.and_then(|declared| declared.allowed.as_ref()).map(|allowed| {
                let values: Vec<String> = allowed.iter().take(30).map(|value| code(&value.value)).collect();
                format!("\n\nIts values: {}", values.join(", "))
            });
            Some(described(schema::NameKind::Attribute)? + &allowed.unwrap_or_default())
        }
        _ => Some(format!("{}: a {}", code(&name.text), name.kind.noun())),
    }
}

/// Describes what each environment serves for a flag.
fn flag(checked: &Checked, key: &str) -> Option<String> {
    let project = &checked.loaded.project;
    let flag = project.flag(key)?;
    let environments: Vec<&str> = project.settings.environment_names().collect();
    let bundles: Vec<_> = compile_environments(project, &environments).into_iter().map(|(bundle, _)| bundle).collect();
    let dependants = Dependants::in_project(project);
    let described = written_flag(flag, &project.kills, &checked.loaded.snapshot, &bundles, &dependants);
    let description = flag.description.as_ref().map_or(String::new(), |text| format!(": {}", plain(&text.value)));
    let mut lines = vec![format!("{}{description}", code(key)), String::new()];
    for state in &described.environments {
        lines.push(format!("- {}: {}", code(&state.environment), plain(&state.summary)));
    }
    Some(lines.join("\n"))
}

/// Describes a key of the structure, such as an operator.
fn key(path: &str, text: &str, start: usize, end: usize) -> Option<String> {
    let before = text.get(..end)?;
    let mut cursor = Cursor::new(&format!("{before}:"));
    let word = text.get(start..end)?;
    if cursor.path.last() == Some(&Step::Key(word.to_owned())) {
        cursor.path.pop();
    }
    let place = Place::find(schema::json(kind(path)?), &cursor.path);
    place.description(word).map(|description| format!("{}: {description}", code(word)))
}

/// Returns a text as code in Markdown.
fn code(text: &str) -> String {
    format!("`{}`", text.replace(['`', '\n'], "'"))
}

/// Returns a text of the repository without what Markdown would interpret.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if "\\`*_{}[]<>()#!|~&".contains(char) {
            escaped.push('\\');
        }
        escaped.push(if char.is_control() { ' ' } else { char });
    }
    escaped
}
