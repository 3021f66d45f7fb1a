//! Findings as workflow commands of GitHub Actions.

use std::io::{self, Write};

use crate::report::Validation;
use crate::report::findings::paragraph;

pub(crate) fn write(validation: &Validation<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in validation.findings {
        let diagnostic = &finding.diagnostic;
        let place = validation.place(diagnostic.span);
        let mut properties = format!(
            "file={},line={},endLine={}",
            property(&validation.path(diagnostic.span)),
            place.line,
            place.end_line
        );
        // Columns are understood only within one line.
        if place.line == place.end_line {
            properties += &format!(",col={},endColumn={}", place.column, place.end_column);
        }
        let (severity, title) = (finding.severity.name(), diagnostic.code.name());
        writeln!(out, "::{severity} {properties},title={title}::{}", message(&paragraph(diagnostic)))?;
    }
    Ok(())
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
