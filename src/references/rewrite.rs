//! Replaces a name at one of its occurrences.

use crate::edit;
use crate::references::name::TextSite;
use crate::snapshot::{Replacement, Snapshot};

/// Returns the replacement that writes another name at an occurrence. The scalar keeps its quotes, and gets quotes if the
/// new name needs them.
///
/// Returns `None` if the name cannot be replaced there: its scalar is a block of lines, or the keys of outer mappings
/// contain another beginning than that of the new name.
pub fn rewrite(snapshot: &Snapshot, site: &TextSite, new: &str) -> Option<Replacement> {
    let own = new.strip_prefix(site.implied.as_str()).filter(|own| !own.is_empty())?;
    let value = [site.before.as_str(), own, site.after.as_str()].concat();
    let text = edit::rewritten(&snapshot.file(site.scalar.file).text, site.scalar, &value)?;
    Some(Replacement { span: site.scalar, text })
}
