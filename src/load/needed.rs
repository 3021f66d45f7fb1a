//! The files that a flag needs among definitions that are loaded.

use std::collections::{BTreeSet, VecDeque};

use crate::load::references;
use crate::load::references::Reference;
use crate::model::{FLAGS, Project, SEGMENTS};
use crate::snapshot::FileId;

/// Returns the files of a flag and of the flags, segments and layers that its decisions in an environment need, the nearest first.
pub fn needed_files(project: &Project, key: &str, environment: &str) -> Vec<FileId> {
    let names = project.settings.names_of(environment);
    let (mut files, mut seen, mut next) = (Vec::new(), BTreeSet::new(), VecDeque::from([Reference::flag(key)]));
    while let Some(reference) = next.pop_front() {
        if !seen.insert(reference.clone()) {
            continue;
        }
        let mut found = Vec::new();
        match reference.folder {
            FLAGS => {
                let flag = project.flag(&reference.name);
                files.extend(flag.map(|flag| flag.file));
                flag.into_iter().for_each(|flag| references::of_serving(&flag.serving(&names), &mut found));
            }
            SEGMENTS => {
                let segment = project.segments.iter().find(|segment| segment.name == reference.name);
                files.extend(segment.map(|segment| segment.file));
                let condition = segment.and_then(|segment| segment.condition.as_ref());
                condition.into_iter().for_each(|condition| references::of_condition(&condition.value, &mut found));
            }
            _ => files.extend(project.layers.iter().find(|layer| layer.name == reference.name).map(|layer| layer.file)),
        }
        next.extend(found);
    }
    files
}
