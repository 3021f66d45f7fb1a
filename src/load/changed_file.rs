//! Replaces the file of a flag in loaded definitions, so that an action can show the effect of a change that no commit
//! has yet.

use crate::load::loaded::Loaded;
use crate::load::parsed_file::{Definition, parse_file};
use crate::model::{Flag, shadow_flag};
use crate::snapshot::File;

/// Returns the definitions with another text for the file of a flag. The caller has loaded all definitions to which the
/// new text refers.
pub fn with_changed_flag(mut loaded: Loaded, path: &str, text: &str) -> Loaded {
    let file = File::new(path.to_owned(), text.to_owned().into_bytes());
    let id = loaded.snapshot.add(file.clone());
    let parsed = parse_file(file, id);
    loaded.diagnostics.extend(parsed.diagnostics);
    if let Definition::Flag(flag) = parsed.definition {
        let belongs_to = |known: &Flag| known.shadowed.as_ref().is_some_and(|shadowed| shadowed.flag == flag.key);
        loaded.project.flags.retain(|known| !belongs_to(known));
        for known in loaded.project.flags.iter_mut().filter(|known| known.key == flag.key) {
            *known = (*flag).clone();
        }
        loaded.project.flags.extend(shadow_flag(&flag));
    }
    loaded
}
