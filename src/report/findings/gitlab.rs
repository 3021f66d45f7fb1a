//! Findings as GitLab's code quality report.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::io::{self, Write};

use serde::Serialize;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::codes::Severity;
use crate::diag::Diagnostic;
use crate::report::Validation;
use crate::report::findings::paragraph;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub(crate) fn write(validation: &Validation<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let issues = validation.findings.iter().map(|finding| {
        let diagnostic = &finding.diagnostic;
        let place = validation.place(diagnostic.span);
        let mut fingerprint = fingerprint(validation, diagnostic);
        let again = seen.entry(fingerprint.clone()).or_default();
        *again += 1;
        if *again > 1 {
            fingerprint += &format!("-{again}");
        }
        Issue {
            description: paragraph(diagnostic),
            check_name: diagnostic.code.name(),
            fingerprint,
            severity: match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
            },
            location: Location {
                path: validation.path(diagnostic.span),
                lines: Lines { begin: place.line, end: place.end_line },
            },
        }
    });
    serde_json::to_writer_pretty(&mut *out, &issues.collect::<Vec<_>>())?;
    writeln!(out)
}

/// The same for the same problem when lines above it come and go.
pub(crate) fn fingerprint(validation: &Validation<'_>, diagnostic: &Diagnostic) -> String {
    let mut hasher = SipHasher24::new();
    for part in [&validation.path(diagnostic.span), diagnostic.code.name(), &diagnostic.message] {
        hasher.write(part.as_bytes());
        hasher.write_u8(0xff);
    }
    let hash = hasher.finish128();
    format!("{:016x}{:016x}", hash.h1, hash.h2)
}
