//! Finds flags, segments and layers that two files define.

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;

/// Reports each flag, segment and layer that is defined more than once. Files in different folders below `flags/` share
/// one set of names.
pub(super) fn duplicates(project: &Project) -> Diagnostics {
    let mut diagnostics = Vec::new();
    // The compiler reports a flag with the key of a shadow.
    let flags = project.flags.iter().filter(|flag| flag.shadowed.is_none());
    let mut flags: Vec<_> = flags.map(|flag| (flag.key.as_str(), flag.start)).collect();
    let mut segments: Vec<_> = project.segments.iter().map(|segment| (segment.name.as_str(), segment.start)).collect();
    let mut layers: Vec<_> = project.layers.iter().map(|layer| (layer.name.as_str(), layer.start)).collect();
    for (code, kind, names) in [
        (Code::DuplicateFlag, "flag", &mut flags),
        (Code::DuplicateSegment, "segment", &mut segments),
        (Code::DuplicateLayer, "layer", &mut layers),
    ] {
        names.sort();
        for pair in names.windows(2) {
            if let [(name, first), (next_name, second)] = pair
                && name == next_name
            {
                let message = format!("two files define {kind} `{name}`");
                diagnostics.push(
                    Diagnostic::new(code, *second, message)
                        .related(*first, "first defined here")
                        .help("rename or remove one of the two files"),
                );
            }
        }
    }
    diagnostics
}
