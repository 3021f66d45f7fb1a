//! Findings as workflow commands of GitHub Actions.

use crate::report::Printable;
use crate::report::escape::{github_command, github_property};
use crate::report::findings::validation::{Validation, one_text};

pub(crate) fn commands(validation: &Validation<'_>) -> Printable {
    let mut commands = String::new();
    for (finding, _) in validation.shown_new().findings {
        let diagnostic = &finding.diagnostic;
        let position = validation.position(diagnostic.span);
        let mut properties = format!(
            "file={},line={},endLine={}",
            github_property(&validation.path(diagnostic.span)),
            position.line,
            position.end_line
        );
        // GitHub supports columns only if the range is within one line.
        if position.line == position.end_line {
            properties += &format!(",col={},endColumn={}", position.column, position.end_column);
        }
        let (severity, title) = (finding.severity.name(), diagnostic.code.name());
        let message = github_command(&one_text(diagnostic));
        commands += &format!("::{severity} {properties},title={title}::{message}\n");
    }
    Printable::workflow_commands(commands)
}
