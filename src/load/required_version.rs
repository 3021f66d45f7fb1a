//! Checks that this program can read the repository: `flagctl` in `flagctl.yaml` is a requirement on its version.
//!
//! The check comes before the problems of the file are reported, because an older program takes the keys of a newer
//! format for mistakes.

use semver::{Version, VersionReq};

use crate::codes::Code;
use crate::diag::Diagnostic;
use crate::model::Settings;
use crate::snapshot::{File, Snapshot};
use crate::source::SourceError;

/// The version of this program.
const OWN: &str = env!("CARGO_PKG_VERSION");

/// Checks the requirement in a file with settings. Returns a diagnostic if it is not a requirement.
///
/// # Errors
/// Returns [`SourceError::OtherVersion`] if this program does not satisfy it.
pub(super) fn check(settings: &Settings, file: &File, name: Option<&str>) -> Result<Option<Diagnostic>, SourceError> {
    let Some(required) = &settings.flagctl else { return Ok(None) };
    let requirement: VersionReq = match required.value.parse() {
        Ok(requirement) => requirement,
        Err(error) => {
            let message = format!("`{}` is not a requirement on a version: {error}", required.value);
            let help = "write for example `flagctl: \">=0.2\"`";
            return Ok(Some(Diagnostic::new(Code::InvalidValue, required.span, message).help(help)));
        }
    };
    let is_satisfied = Version::parse(OWN).is_ok_and(|own| requirement.matches(&own));
    if is_satisfied {
        return Ok(None);
    }
    let mut snapshot = Snapshot::default();
    let id = snapshot.add(file.clone());
    let location = snapshot.location(crate::snapshot::Span { file: id, ..required.span });
    let location = name.map_or(location.clone(), |name| format!("{name}:{location}"));
    Err(SourceError::OtherVersion { location, required: required.value.clone(), own: OWN })
}
