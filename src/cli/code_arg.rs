//! Parses the name of a diagnostic code on the command line.

use crate::codes::Code;
use crate::diag::did_you_mean;

/// Parses the name of a code.
///
/// # Errors
/// Returns a message with a similar name, or with the command that lists all codes.
pub(crate) fn parse_code(name: &str) -> Result<Code, String> {
    name.parse().map_err(|_| {
        let help = did_you_mean(name, Code::ALL.iter().map(|code| code.name()));
        let help = help.unwrap_or_else(|| "`flagctl explain` lists all codes".to_owned());
        format!("`{name}` is not a code; {help}")
    })
}
