//! Files beside the definitions: who may approve kills, the schemas for editors, and what git ignores.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::model::DefinitionKind;
use crate::scaffold::ci;
use crate::scaffold::new_file::NewFile;
use crate::scaffold::place::Place;
use crate::schema;

/// The other places of `CODEOWNERS`.
const OTHER_CODEOWNERS: &[&str] = &[".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS"];

/// Returns the files beside the definitions.
pub fn surroundings(place: &Place) -> Vec<NewFile> {
    let mut files: Vec<NewFile> = ci::file(place).into_iter().collect();
    files.push(codeowners(place));
    files.extend(place.ignored.as_ref().map(|folder| ignored(place, folder)));
    files.push(editor(place));
    files.extend(
        DefinitionKind::ALL
            .map(|kind| NewFile::own(format!("{}{}", place.prefix, schema_path(kind)), schema::text(kind).to_owned())),
    );
    files
}

fn schema_path(kind: DefinitionKind) -> String {
    format!(".flagctl/schemas/{}.schema.json", kind.name())
}

fn codeowners(place: &Place) -> NewFile {
    let folder = pattern(&format!("/{}kills/", place.prefix));
    let line = place.on_call.as_ref().map_or_else(|| folder.clone(), |on_call| format!("{folder} {on_call}"));
    let meaning = match place.on_call {
        Some(_) => "a kill needs the approval of the people on call only",
        None => "a kill needs no approval of an owner",
    };
    NewFile {
        path: "CODEOWNERS".to_owned(),
        text: format!("# The last line that matches a file counts: {meaning}, whoever owns the flag.\n{line}\n"),
        alternatives: OTHER_CODEOWNERS,
        lines_to_add: vec![line],
    }
}

fn ignored(place: &Place, folder: &str) -> NewFile {
    let line = format!("/{folder}");
    NewFile {
        path: format!("{}.gitignore", place.prefix),
        text: format!("{line}\n"),
        alternatives: &[],
        lines_to_add: vec![line],
    }
}

/// Returns the settings of Visual Studio Code, with which its YAML extension knows the schema of each file.
fn editor(place: &Place) -> NewFile {
    let files = |kind: DefinitionKind| match kind {
        DefinitionKind::Project => "flagctl.yaml",
        DefinitionKind::Flag => "flags/**/*.yaml",
        DefinitionKind::Segment => "segments/**/*.yaml",
        DefinitionKind::Layer => "layers/**/*.yaml",
        DefinitionKind::Kill => "kills/**/*.yaml",
        DefinitionKind::Test => "tests/**/*.yaml",
    };
    let mapping = DefinitionKind::ALL.map(|kind| {
        let schema = format!("./{}{}", place.prefix, schema_path(kind));
        let files = Json::from(format!("{}{}", pattern(&place.prefix), files(kind)));
        format!("{}: [{files}]", Json::from(schema))
    });
    let mut text = "{\n  \"yaml.schemas\": {\n".to_owned();
    for (index, line) in mapping.iter().enumerate() {
        // A write to a string cannot fail.
        let _ = writeln!(text, "    {line}{}", if index + 1 < mapping.len() { "," } else { "" });
    }
    text.push_str("  }\n}\n");
    NewFile { path: ".vscode/settings.json".to_owned(), text, alternatives: &[], lines_to_add: mapping.to_vec() }
}

/// Returns a path as a pattern of `CODEOWNERS` and of editors. A character that has a meaning there, or that would end the
/// line, is `?`, which matches any character.
fn pattern(path: &str) -> String {
    let has_meaning = |c: char| c.is_control() || c.is_whitespace() || "\\*?[]{}!#()|,".contains(c);
    path.chars().map(|c| if has_meaning(c) { '?' } else { c }).collect()
}
