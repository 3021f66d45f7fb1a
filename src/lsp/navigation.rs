//! Definitions, references and renames.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::lsp::documents::Documents;
use crate::lsp::position::Encoding;
use crate::lsp::state::Checked;
use crate::references::{Name, NameKind, Occurrence, Role, Site, rewrite};
use crate::snapshot::FileId;

/// Answers questions about the names of a repository.
pub(super) struct Navigation<'s> {
    pub(super) checked: &'s Checked,
    pub(super) documents: &'s Documents,
    pub(super) encoding: Encoding,
}

impl Navigation<'_> {
    /// Returns the position where the name at an offset is defined.
    pub(super) fn definition(&self, file: FileId, offset: u32) -> Json {
        let found = self.checked.index.at(file, offset).and_then(|(name, _)| self.checked.index.definition(name));
        found.map_or(Json::Null, |occurrence| self.location(occurrence))
    }

    /// Returns the positions of the name at an offset.
    pub(super) fn references(&self, file: FileId, offset: u32, with_definition: bool) -> Json {
        let Some((name, _)) = self.checked.index.at(file, offset) else { return json!([]) };
        let wanted = |occurrence: &&Occurrence| with_definition || occurrence.role == Role::Reference;
        let all = self.checked.index.occurrences(name).iter().filter(wanted);
        Json::Array(all.map(|occurrence| self.location(occurrence)).collect())
    }

    /// Returns the range of the name at an offset that can be renamed, or null.
    pub(super) fn prepare(&self, file: FileId, offset: u32) -> Json {
        match self.checked.index.at(file, offset) {
            Some((name, Occurrence { site: Site::Text(site), .. })) if self.is_renamable(name) => {
                let text = &self.checked.loaded.snapshot.file(file).text;
                json!({"range": self.encoding.span(text, site.span), "placeholder": name.text})
            }
            _ => Json::Null,
        }
    }

    /// Returns the changes that rename the name at an offset.
    ///
    /// # Errors
    /// Returns the reason why it cannot be renamed.
    pub(super) fn rename(&self, file: FileId, offset: u32, new: &str) -> Result<Json, String> {
        let snapshot = &self.checked.loaded.snapshot;
        let Some((name, _)) = self.checked.index.at(file, offset) else { return Err("no name is here".to_owned()) };
        if !self.is_renamable(name) {
            let noun = name.kind.noun();
            let way = match name.kind {
                NameKind::Flag | NameKind::Segment => format!("`flagctl rename {noun}` changes both"),
                _ => "change both by hand".to_owned(),
            };
            return Err(format!("a file or folder has the name of the {noun}: {way}"));
        }
        let is_word = |char: char| char.is_ascii_alphanumeric() || "._-$%+/:".contains(char);
        if new.is_empty()
            || !new.chars().all(is_word)
            || !new.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '$')
        {
            return Err(format!("`{new}` is not a name: a name has letters, digits, `.`, `_` and `-`"));
        }
        if !self.checked.index.occurrences(&Name { text: new.to_owned(), ..name.clone() }).is_empty() {
            return Err(format!("`{new}` is already a {}", name.kind.noun()));
        }
        let mut changes: BTreeMap<String, Vec<Json>> = BTreeMap::new();
        for occurrence in self.checked.index.occurrences(name) {
            let Site::Text(site) = &occurrence.site else { continue };
            let path = &snapshot.file(site.span.file).path;
            let Some(replacement) = rewrite(snapshot, site, new) else {
                return Err(format!("`{}` cannot be replaced in `{path}`", name.text));
            };
            let range = self.encoding.span(&snapshot.file(site.span.file).text, replacement.span);
            let edits = changes.entry(self.documents.address(path)).or_default();
            let edit = json!({"range": range, "newText": replacement.text});
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
        Ok(json!({"changes": changes}))
    }

    /// Returns whether only texts contain a name. The name of a flag, segment, layer or environment is also a part of paths.
    fn is_renamable(&self, name: &Name) -> bool {
        let occurrences = self.checked.index.occurrences(name);
        let is_text = |occurrence: &Occurrence| matches!(occurrence.site, Site::Text(_));
        let has_file = matches!(name.kind, NameKind::Flag | NameKind::Segment | NameKind::Layer);
        !has_file && !occurrences.is_empty() && occurrences.iter().all(is_text)
    }

    fn location(&self, occurrence: &Occurrence) -> Json {
        let file = self.checked.loaded.snapshot.file(occurrence.site.file());
        json!({
            "uri": self.documents.address(&file.path),
            "range": self.encoding.span(&file.text, occurrence.site.span()),
        })
    }
}
