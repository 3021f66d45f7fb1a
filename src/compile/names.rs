//! Checks of names that do not depend on an environment: environments, reserved attributes, killed flags.

use crate::bundle::{BUCKETS, TARGETING_KEY, Type};
use crate::codes::Code;
use crate::compile::compiler::Compiler;
use crate::diag::{Diagnostic, did_you_mean_or_list, unknown_environment, unknown_flag, unknown_name};
use crate::model;
use crate::model::EnvironmentGroup;
use crate::snapshot::Span;

impl Compiler<'_> {
    /// Reports names that do not exist or are reserved, independently of the environment that is compiled.
    pub(super) fn check_names(&mut self) {
        let project = self.project;
        let environments: Vec<&str> = project.settings.environment_names().collect();
        let groups: Vec<&str> = project.settings.groups.iter().map(|group| group.name.value.as_str()).collect();
        let unknown = |name: &str, span| {
            let members = project.settings.group(name).map(EnvironmentGroup::names);
            unknown_environment(span, name, members, environments.iter().copied())
        };
        for attribute in &project.settings.attributes {
            let name = attribute.name.value.as_str();
            if model::RESERVED.contains(&name) || name == crate::bundle::NOW {
                let message = format!("`{name}` is reserved, because it has a meaning in conditions");
                self.report(
                    Diagnostic::new(Code::ReservedName, attribute.name.span, message)
                        .help("use another name for the attribute"),
                );
            }
            if name == TARGETING_KEY && attribute.kind != Type::String {
                let message = format!("expected a string for `{TARGETING_KEY}`, found {}", attribute.kind.described());
                self.report(Diagnostic::new(Code::UnfitUnit, attribute.name.span, message));
            }
        }
        self.begin_definition();
        self.check_groups(&unknown);
        self.check_targets(&unknown);
        self.check_policy(&unknown);
        for flag in &project.flags {
            self.begin_definition();
            let own = flag.environments.iter().map(|(name, _)| name);
            let in_rules = flag.all_rules().flat_map(|rule| rule.environments.iter().map(|(name, _)| name));
            let in_guard = flag.guard.iter().flat_map(|guard| &guard.environments);
            for name in own.chain(in_rules).chain(in_guard) {
                if project.settings.members(&name.value).is_empty() {
                    let names = environments.iter().copied().chain(groups.iter().copied());
                    let introduction =
                        if groups.is_empty() { "the environments are" } else { "the environments and groups are" };
                    let diagnostic =
                        unknown_name(Code::UnknownEnvironment, name.span, &name.value, "an environment", []);
                    self.report(diagnostic.suggest_or_list(&name.value, introduction, names));
                }
            }
        }
        let kinds: Vec<&str> = project.settings.kinds().iter().map(|kind| kind.name).collect();
        for flag in project.flags.iter().filter(|flag| !kinds.contains(&flag.kind())) {
            self.begin_definition();
            self.report(match &flag.kind {
                Some(kind) => unknown_name(Code::InvalidValue, kind.span, &kind.value, "a kind of flag", [])
                    .suggest_or_list(&kind.value, "the kinds are", kinds.iter().copied()),
                None => {
                    let message = format!("`kind` is missing: the default `{}` is not a declared kind", flag.kind());
                    let help = did_you_mean_or_list(flag.kind(), "the kinds are", kinds.iter().copied());
                    Diagnostic::new(Code::MissingKey, flag.start, message).help(help)
                }
            });
        }
        for kill in &project.kills {
            self.begin_definition();
            if !environments.contains(&kill.environment.as_str()) {
                // The name is in the path of the file, not at the position.
                self.report(unknown(&kill.environment, kill.start).fix(None));
            }
            let killed =
                self.find_flag(&kill.flag).and_then(|index| self.flags.get(index)).map(|draft| draft.definition);
            if let Some(shadowed) = killed.and_then(|flag| flag.shadowed.as_ref()) {
                let message = format!("`{}` is the shadow of `{}`, and is killed with it", kill.flag, shadowed.flag);
                let help = format!("kill `{}`, or set `rollout: 0%` in its `shadow`", shadowed.flag);
                self.report(Diagnostic::new(Code::UnfitShadow, kill.start, message).help(help));
            } else if killed.is_none() {
                let keys = self.flags.iter().map(|draft| draft.definition.key.as_str()).take(self.compared_names());
                let mut diagnostic = unknown_flag(kill.start, &kill.flag, keys).fix(None);
                diagnostic.help.get_or_insert_with(|| "remove the file of the kill".to_owned());
                self.report(diagnostic);
            }
        }
    }

    /// Reports groups with the name of an environment, and members that are not environments.
    fn check_groups(&mut self, unknown: &dyn Fn(&str, Span) -> Diagnostic) {
        let settings = &self.project.settings;
        for group in &settings.groups {
            let environment = settings.environments.iter().find(|environment| environment.value == group.name.value);
            if let Some(environment) = environment {
                let message = format!("`{}` is the name of a group and of an environment", group.name.value);
                self.report(
                    Diagnostic::new(Code::ConflictingEnvironments, group.name.span, message)
                        .related(environment.span, "the environment is here")
                        .help("rename the group"),
                );
            }
            for member in &group.members {
                if !settings.environment_names().any(|name| name == member.value) {
                    self.report(unknown(&member.value, member.span));
                }
            }
        }
    }

    /// Reports names of policies that are neither environments nor groups, and kinds that do not exist.
    fn check_policy(&mut self, unknown: &dyn Fn(&str, Span) -> Diagnostic) {
        let settings = &self.project.settings;
        for attribute in &settings.attributes {
            let sum: u64 = attribute.weights.iter().map(|(_, weight)| u64::from(weight.value.buckets())).sum();
            if sum > u64::from(BUCKETS) {
                let message = format!("the weights of `{}` add up to more than `100%`", attribute.name.value);
                self.report(Diagnostic::new(Code::InvalidValue, attribute.name.span, message));
            }
        }
        for entry in &settings.policy {
            if settings.members(&entry.name.value).is_empty() {
                self.report(unknown(&entry.name.value, entry.name.span));
            }
            let rules = std::iter::once(&entry.rules).chain(entry.kinds.iter().map(|(_, rules)| rules));
            for name in rules.flat_map(|rules| &rules.after).flatten() {
                if !settings.environment_names().any(|known| known == name.value) {
                    self.report(unknown(&name.value, name.span));
                }
            }
            for freeze in entry.freezes.iter().filter(|freeze| freeze.until.value <= freeze.from.value) {
                let message = "expected a time after `from`, found one before it";
                self.report(Diagnostic::new(Code::InvalidValue, freeze.until.span, message));
            }
            for (kind, _) in &entry.kinds {
                if settings.kind(&kind.value).is_none() {
                    let kinds: Vec<&str> = settings.kinds().iter().map(|kind| kind.name).collect();
                    let diagnostic = unknown_name(Code::InvalidValue, kind.span, &kind.value, "a kind of flag", []);
                    self.report(diagnostic.suggest_or_list(&kind.value, "the kinds are", kinds.iter().copied()));
                }
            }
        }
    }

    /// Reports environments of targets that do not exist, and two targets with one location.
    fn check_targets(&mut self, unknown: &dyn Fn(&str, Span) -> Diagnostic) {
        let settings = &self.project.settings;
        for (index, target) in settings.targets.iter().enumerate() {
            for name in &target.environments {
                if !settings.environment_names().any(|known| known == name.value) {
                    self.report(unknown(&name.value, name.span));
                }
            }
            let before = settings.targets.iter().take(index);
            let mut same = before.filter(|before| before.comparable_location() == target.comparable_location());
            if let Some(first) = same.next() {
                let message =
                    format!("the targets `{}` and `{}` have one location", first.name.value, target.name.value);
                self.report(
                    Diagnostic::new(Code::DuplicateTarget, target.location.span, message)
                        .related(first.location.span, "first used here")
                        .help("give each target its own bucket or folder"),
                );
            }
        }
    }
}
