//! Checks the shadow of a flag: its candidate, its shares, and the key of the flag that it becomes.
//!
//! The flag of the shadow is compiled as every other flag is. A mistake that only this file finds does not change the
//! decisions of the flag itself, so the flag is compiled all the same.

use crate::bundle::Percent;
use crate::codes::Code;
use crate::compile::compiler::Compiler;
use crate::diag::Diagnostic;
use crate::model;
use crate::model::{flag_file_name, shadow_key};
use crate::snapshot::Span;
use crate::yaml::Completeness;

impl<'p> Compiler<'p> {
    /// Checks the shadow of a flag, if it has one.
    pub(super) fn shadow(&mut self, definition: &'p model::Flag) {
        let Some(shadow) = &definition.shadow else { return };
        // A part that could not be read has its own diagnostic.
        let (Completeness::Complete, Some(candidate)) = (definition.completeness, &shadow.candidate) else { return };
        if self.variant(definition, candidate).is_err() {
            return;
        }
        let is_off = |serving: &model::Serving| serving.off.as_ref().is_some_and(|off| off.value == candidate.value);
        if definition.servings().any(is_off) {
            let message = format!("the candidate `{}` is `off` of the flag", candidate.value);
            self.unfit_shadow(candidate.span, message, "write the variant that is to replace what the flag serves now");
        }
        if shadow.noise_control.value == Percent::ALL {
            let message = "a shadow that always runs the control twice never runs the candidate".to_owned();
            self.unfit_shadow(shadow.noise_control.span, message, "write a share below 100%, such as `10%`");
        }
        let key = shadow_key(&definition.key);
        if flag_file_name(&key).is_none() {
            let message = format!("`{key}`, the key of the shadow, is too long for a key");
            self.unfit_shadow(shadow.span, message, "shorten the key of the flag to 121 characters");
        }
        let other = self.project.written_flags().find(|flag| flag.key == key);
        if let Some(other) = other {
            let message = format!("the shadow is the flag `{key}`, and a file defines this flag");
            self.report(
                Diagnostic::new(Code::UnfitShadow, shadow.span, message)
                    .related(other.start, "defined here")
                    .help("rename or remove that flag"),
            );
        }
    }

    fn unfit_shadow(&mut self, span: Span, message: String, help: &str) {
        self.report(Diagnostic::new(Code::UnfitShadow, span, message).help(help));
    }
}
