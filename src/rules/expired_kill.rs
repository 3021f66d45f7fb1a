//! `expired-kill`: a kill that lasts longer than it should have.

use jiff::Timestamp;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;

pub(super) fn check(project: &Project, now: Timestamp, diagnostics: &mut Diagnostics) {
    for kill in &project.kills {
        if let Some(expires) = &kill.expires
            && expires.value <= now
        {
            let (flag, environment) = (&kill.flag, &kill.environment);
            let message = format!("the kill of `{flag}` in {environment} should have ended at {}", expires.value);
            let help = format!("end it with `flagctl revive {flag} -e {environment}`, or write a later time");
            diagnostics.push(Diagnostic::new(Code::ExpiredKill, expires.span, message).help(help));
        }
    }
}
