//! Checks of names that do not depend on an environment: environments, reserved attributes, killed flags.

use crate::bundle::{TARGETING_KEY, Type};
use crate::codes::Code;
use crate::compile::compiler::Compiler;
use crate::diag::{Diagnostic, did_you_mean};
use crate::model;

impl Compiler<'_> {
    /// Reports names that refer to nothing or are reserved, whatever the environment.
    pub(super) fn check_names(&mut self) {
        let project = self.project;
        let environments = || project.settings.environment_names();
        let unknown = |name: &str, span| {
            let message = format!("`{name}` is not an environment of this project");
            let help = did_you_mean(name, environments())
                .unwrap_or_else(|| format!("the environments are {}", environments().collect::<Vec<_>>().join(", ")));
            Diagnostic::new(Code::UnknownEnvironment, span, message).help(help)
        };
        for attribute in &project.settings.attributes {
            let name = attribute.name.value.as_str();
            if model::RESERVED.contains(&name) || name == crate::bundle::NOW {
                let message = format!("`{name}` has a meaning of its own in conditions");
                self.report(
                    Diagnostic::new(Code::ReservedName, attribute.name.span, message).help("choose another name"),
                );
            }
            if name == TARGETING_KEY && attribute.kind != Type::String {
                let message = format!("`{TARGETING_KEY}` is always a string, not {}", attribute.kind.described());
                self.report(Diagnostic::new(Code::UnfitUnit, attribute.name.span, message));
            }
        }
        for flag in &project.flags {
            for (name, _) in &flag.environments {
                if !environments().any(|known| known == name.value) {
                    self.report(unknown(&name.value, name.span));
                }
            }
        }
        for kill in &project.kills {
            if !environments().any(|known| known == kill.environment) {
                self.report(unknown(&kill.environment, kill.start));
            }
            if self.flags.binary_search_by(|draft| draft.definition.key.cmp(&kill.flag)).is_err() {
                let keys = self.flags.iter().map(|draft| draft.definition.key.as_str());
                let help = did_you_mean(&kill.flag, keys).unwrap_or_else(|| "remove the file".to_owned());
                let message = format!("there is no flag `{}` to kill", kill.flag);
                self.report(Diagnostic::new(Code::UnknownFlag, kill.start, message).help(help));
            }
        }
    }
}
