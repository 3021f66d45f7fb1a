//! The definitions of flags as they are written, which a bundle does not have.

use std::collections::BTreeMap;

use crate::model::{Flag, Project};
use crate::report::flags::LinkJson;
use crate::snapshot::Snapshot;

/// The definitions of all flags, by their keys.
#[derive(Debug, Default)]
pub struct WrittenFlags(BTreeMap<String, WrittenFlag>);

/// The definition of a flag.
#[derive(Debug)]
pub(super) struct WrittenFlag {
    /// The path of the file, from the root of the flag repository.
    pub(super) path: String,
    pub(super) description: Option<String>,
    pub(super) kind: String,
    pub(super) owner: Option<String>,
    /// The day after which the flag should be removed.
    pub(super) expires: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) links: Vec<LinkJson>,
    /// The text of the file.
    pub(super) text: String,
}

impl WrittenFlags {
    /// Copies the definitions of a project.
    pub fn new(project: &Project, snapshot: &Snapshot) -> Self {
        let written = |flag: &Flag| {
            let file = snapshot.file(flag.file);
            let written = WrittenFlag {
                path: file.path.clone(),
                description: flag.description.as_ref().map(|text| text.value.clone()),
                kind: flag.kind().to_owned(),
                owner: flag.owner.as_ref().map(|owner| owner.value.clone()),
                expires: flag.expires.as_ref().map(|day| day.value.to_string()),
                tags: flag.tags.iter().map(|tag| tag.value.clone()).collect(),
                links: LinkJson::list(flag),
                text: file.content().to_owned(),
            };
            (flag.key.clone(), written)
        };
        Self(project.flags.iter().map(written).collect())
    }

    /// Finds the definition of a flag.
    pub(super) fn find(&self, key: &str) -> Option<&WrittenFlag> {
        self.0.get(key)
    }
}
