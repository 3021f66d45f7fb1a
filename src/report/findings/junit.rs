//! Findings as JUnit's XML: a test case for each file.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::codes::Severity;
use crate::diag::Finding;
use crate::report::Validation;
use crate::report::findings::paragraph;

pub(crate) fn write(validation: &Validation<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut files: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for path in validation.checked {
        files.entry(format!("{}{path}", validation.prefix)).or_default();
    }
    for finding in validation.findings {
        files.entry(validation.path(finding.diagnostic.span)).or_default().push(finding);
    }
    let failed = |findings: &&Vec<&Finding>| findings.iter().any(|finding| finding.severity == Severity::Error);
    let (tests, failures) = (files.len(), files.values().filter(failed).count());
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="flagctl" tests="{tests}" failures="{failures}" errors="0">"#)?;
    writeln!(out, r#"  <testsuite name="validate" tests="{tests}" failures="{failures}" errors="0">"#)?;
    for (path, findings) in &files {
        writeln!(out, r#"    <testcase name="{}" classname="flagctl.validate">"#, escape(path))?;
        // A case has one failure at most; warnings do not fail it.
        let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error).peekable();
        if let Some(first) = errors.peek() {
            let (message, code) = (escape(&first.diagnostic.message), first.diagnostic.code);
            writeln!(out, r#"      <failure message="{message}" type="{code}">"#)?;
            for finding in errors {
                writeln!(out, "{}", escape(&line(validation, finding)))?;
            }
            writeln!(out, "      </failure>")?;
        }
        let mut warnings = findings.iter().filter(|finding| finding.severity == Severity::Warning).peekable();
        if warnings.peek().is_some() {
            writeln!(out, "      <system-out>")?;
            for finding in warnings {
                writeln!(out, "{}", escape(&line(validation, finding)))?;
            }
            writeln!(out, "      </system-out>")?;
        }
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

pub(crate) fn line(validation: &Validation<'_>, finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let place = validation.place(diagnostic.span);
    let path = validation.path(diagnostic.span);
    format!(
        "{path}:{}:{}: {}[{}]: {}",
        place.line,
        place.column,
        finding.severity.name(),
        diagnostic.code,
        paragraph(diagnostic)
    )
}

/// Text that may stand in an element or between double quotes; XML has no control characters.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(char),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            char => escaped.push(char),
        }
    }
    escaped
}
