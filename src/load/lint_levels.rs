//! Reads the `lint` section of `flagctl.yaml`: the level at which each code is reported.

use crate::codes::{Adjustable, Code, Severity};
use crate::diag::{Advice, Diagnostic, Diagnostics, Fix, FixChange, Level, Levels, unknown_name};
use crate::model::{LintLevel, Settings};

/// Returns the levels that the settings assign to codes. Reports unknown codes, and levels that a code does not allow.
pub(super) fn lint_levels(settings: &Settings, diagnostics: &mut Diagnostics) -> Levels {
    let mut levels = Levels::new();
    for (name, level) in &settings.lint {
        let Ok(code) = name.value.parse::<Code>() else {
            let names = Code::ALL.iter().map(|code| code.name());
            let mut diagnostic = unknown_name(Code::UnknownCode, name.span, &name.value, "a code", names);
            diagnostic.help.get_or_insert_with(|| "run `flagctl explain` for a list of all codes".to_owned());
            diagnostics.push(diagnostic);
            continue;
        };
        let level = match level.value {
            LintLevel::Off => Level::Off,
            LintLevel::Warning => Level::Report(Severity::Warning),
            LintLevel::Error => Level::Report(Severity::Error),
        };
        if code.adjustable() == Adjustable::No && level != Level::Report(Severity::Error) {
            let message = format!("`{code}` is always an error, because nothing can be evaluated until it is fixed");
            diagnostics.push(Diagnostic::new(Code::FixedCode, name.span, message).advice(Advice {
                help: "remove the line".to_owned(),
                fix: Some(Fix::new(format!("remove `{code}`"), name.span, FixChange::RemoveEntry)),
            }));
        }
        levels.insert(code, level);
    }
    levels
}
