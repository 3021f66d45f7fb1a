//! Records the occurrences of names, and finds the bytes of a name in its scalar.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Kill, Project, Settings, shadowed_key};
use crate::references::name::{Name, NameKind, Occurrence, Role, Site, TextSite};
use crate::snapshot::{FileId, Snapshot, Span, Spanned};

/// The occurrences so far, and what is needed to resolve a name.
pub(super) struct Recorder<'p> {
    snapshot: &'p Snapshot,
    pub(super) settings: &'p Settings,
    /// The keys of the flags that have a file, and whether each has a shadow.
    flags: BTreeMap<&'p str, HasShadow>,
    pub(super) attributes: BTreeSet<&'p str>,
    pub(super) occurrences: BTreeMap<Name, Vec<Occurrence>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HasShadow {
    Yes,
    No,
}

/// What the scalar of an occurrence has around the name.
#[derive(Default)]
pub(super) struct Around<'t> {
    pub(super) before: &'t str,
    pub(super) after: &'t str,
    pub(super) implied: &'t str,
}

impl<'p> Recorder<'p> {
    pub(super) fn new(snapshot: &'p Snapshot, project: &'p Project) -> Self {
        let shadow = |has_shadow| if has_shadow { HasShadow::Yes } else { HasShadow::No };
        let flags = project.written_flags().map(|flag| (flag.key.as_str(), shadow(flag.shadow.is_some()))).collect();
        let attributes = project.settings.attributes.iter().map(|attribute| attribute.name.value.as_str()).collect();
        let settings = &project.settings;
        Self { snapshot, settings, flags, attributes, occurrences: BTreeMap::new() }
    }

    /// Records a name that is a complete scalar.
    pub(super) fn whole(&mut self, kind: NameKind, scope: &str, written: &Spanned<String>, role: Role) {
        self.part(Name::within(kind, scope, &written.value), written.span, Around::default(), role);
    }

    /// Records names that are complete scalars and references.
    pub(super) fn references<'s>(
        &mut self,
        kind: NameKind,
        scope: &str,
        all: impl IntoIterator<Item = &'s Spanned<String>>,
    ) {
        for written in all {
            self.whole(kind, scope, written, Role::Reference);
        }
    }

    /// Records the key of a flag. The key of a shadow is a reference to the flag that has the shadow.
    pub(super) fn flag(&mut self, written: &Spanned<String>) {
        let key = written.value.as_str();
        match self.shadowed(key) {
            Some(shadowed) => {
                let after = key.strip_prefix(shadowed).unwrap_or_default();
                let around = Around { after, ..Around::default() };
                self.part(Name::new(NameKind::Flag, shadowed), written.span, around, Role::Reference);
            }
            None => self.whole(NameKind::Flag, "", written, Role::Reference),
        }
    }

    /// Returns the flag to which a shadow with this key belongs, if no file defines the key itself.
    fn shadowed<'k>(&self, key: &'k str) -> Option<&'k str> {
        let shadowed = if self.flags.contains_key(key) { None } else { shadowed_key(key) };
        shadowed.filter(|key| self.flags.get(key) == Some(&HasShadow::Yes))
    }

    /// Records names of environments or groups.
    pub(super) fn environments<'s>(&mut self, all: impl IntoIterator<Item = &'s Spanned<String>>) {
        for written in all {
            let kind =
                if self.settings.group(&written.value).is_some() { NameKind::Group } else { NameKind::Environment };
            self.whole(kind, "", written, Role::Reference);
        }
    }

    /// Records a name in the path of a file.
    pub(super) fn path(&mut self, kind: NameKind, text: &str, site: Site, role: Role) {
        self.add(Name::new(kind, text), Occurrence { site, role });
    }

    /// Records the flag that a kill stops, which may be a shadow.
    pub(super) fn killed_flag(&mut self, kill: &Kill) {
        let shadowed = self.shadowed(&kill.flag);
        let key = shadowed.unwrap_or(&kill.flag).to_owned();
        self.path(NameKind::Flag, &key, Site::FileName(kill.file), Role::Reference);
    }

    /// Records the definition of a flag, segment or layer by its file.
    pub(super) fn file(&mut self, kind: NameKind, text: &str, file: FileId) {
        self.path(kind, text, Site::FileName(file), Role::Definition);
    }

    /// Records a name that is a part of a scalar.
    pub(super) fn part(&mut self, name: Name, scalar: Span, around: Around<'_>, role: Role) {
        let own = name.text.strip_prefix(around.implied).unwrap_or(&name.text);
        let span = self.bytes_of(own, scalar, &around);
        let Around { before, after, implied } = around;
        let (before, after, implied) = (before.to_owned(), after.to_owned(), implied.to_owned());
        self.add(name, Occurrence { site: Site::Text(TextSite { span, scalar, before, after, implied }), role });
    }

    fn add(&mut self, name: Name, occurrence: Occurrence) {
        self.occurrences.entry(name).or_default().push(occurrence);
    }

    /// Returns the bytes of a name in its scalar: those of the name itself, or all bytes between the quotes if the text is
    /// written with escapes.
    fn bytes_of(&self, name: &str, scalar: Span, around: &Around<'_>) -> Span {
        let raw = self.snapshot.text(scalar);
        let is_quoted =
            raw.len() >= 2 && ["\"", "'"].iter().any(|quote| raw.starts_with(quote) && raw.ends_with(quote));
        let quote = u32::from(is_quoted);
        let inner = Span { start: scalar.start + quote, end: scalar.end.saturating_sub(quote), ..scalar };
        let is_verbatim =
            self.snapshot.text(inner).strip_prefix(around.before).and_then(|rest| rest.strip_suffix(around.after))
                == Some(name);
        if !is_verbatim {
            return inner;
        }
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        Span { start: inner.start + length(around.before), end: inner.end - length(around.after), ..inner }
    }
}
