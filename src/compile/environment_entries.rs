//! Checks that the entries of `environments` in a flag and in its rules do not contradict each other.
//!
//! Several entries can be about one environment: its own entry and those of its groups, in the flag and in a rule. The
//! environment's own field wins over a group's. Two groups cannot both have a field, because the order of groups has no
//! meaning. A list of rules that replaces another list and an entry in a rule of the replaced list cannot both be about
//! an environment, because the entry would have no effect.

use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::diag::Diagnostic;
use crate::model;
use crate::model::{Rule, RuleFields, Serving};
use crate::snapshot::{Span, Spanned};

/// The names of fields that an entry has.
type FieldNames<T> = fn(&T) -> Vec<&'static str>;

impl Compiler<'_> {
    /// Reports contradictions between the entries of a flag and of its rules, for all environments.
    pub(super) fn environment_entries(&mut self, flag: &model::Flag) -> Compiled<()> {
        let has_entries = !flag.environments.is_empty() || flag.all_rules().any(|rule| !rule.environments.is_empty());
        if !has_entries {
            return Ok(());
        }
        let mut problems = self.contradictions(&flag.environments, serving_fields);
        for rule in flag.all_rules() {
            problems.extend(self.contradictions(&rule.environments, rule_fields));
        }
        problems.extend(self.entries_without_effect(flag));
        let has_problems = !problems.is_empty();
        problems.into_iter().for_each(|problem| {
            self.report(problem);
        });
        if has_problems { Err(Broken) } else { Ok(()) }
    }

    /// Finds fields that two groups have for one environment that does not have the field itself.
    fn contradictions<T>(&self, entries: &[(Spanned<String>, T)], fields: FieldNames<T>) -> Vec<Diagnostic> {
        let settings = &self.project.settings;
        let groups: Vec<_> =
            entries.iter().filter_map(|entry| Some((entry, settings.group(&entry.0.value)?))).collect();
        let mut problems = Vec::new();
        for (index, ((name, later), group)) in groups.iter().enumerate() {
            for ((first_name, first), first_group) in groups.iter().take(index) {
                let both: Vec<&str> = {
                    let first = fields(first);
                    fields(later).into_iter().filter(|field| first.contains(field)).collect()
                };
                let mut shared = group.members.iter().filter(|member| first_group.contains(&member.value));
                let conflict = shared.find_map(|member| {
                    let own = entries.iter().find(|(name, _)| name.value == member.value);
                    let own = own.map_or_else(Vec::new, |(_, own)| fields(own));
                    Some((member, *both.iter().find(|field| !own.contains(field))?))
                });
                if let Some((member, field)) = conflict {
                    let (member, name_text) = (&member.value, &name.value);
                    let message = format!(
                        "the groups `{}` and `{name_text}` both have `{field}` for `{member}`",
                        first_name.value
                    );
                    problems.push(
                        Diagnostic::new(Code::ConflictingEnvironments, name.span, message)
                            .related(first_name.span, "the other group is here")
                            .help(format!("write `{field}` for `{member}` itself, which wins over its groups")),
                    );
                }
            }
        }
        problems
    }

    /// Finds entries of rules for environments that do not use the list with the rule.
    fn entries_without_effect(&self, flag: &model::Flag) -> Vec<Diagnostic> {
        let own_lists = flag.environments.iter().filter_map(|(name, own)| Some((Some(name), own.rules.as_deref()?)));
        let lists = flag.base.rules.iter().map(|rules| (None, rules.as_slice())).chain(own_lists);
        let mut problems = Vec::new();
        for (owner, rules) in lists {
            for (rule, entry) in
                rules.iter().flat_map(|rule| rule.environments.iter().map(move |(entry, _)| (rule, entry)))
            {
                problems.extend(self.entry_without_effect(flag, owner, rule, entry));
            }
        }
        problems
    }

    fn entry_without_effect(
        &self,
        flag: &model::Flag,
        owner: Option<&Spanned<String>>,
        rule: &Rule,
        entry: &Spanned<String>,
    ) -> Option<Diagnostic> {
        let settings = &self.project.settings;
        let members = settings.members(&entry.value);
        let lists: Vec<Option<&Spanned<String>>> =
            members.iter().map(|member| flag.rule_list(&settings.names_of(member)).0).collect();
        let span = |list: Option<&Spanned<String>>| list.map(|name| name.span);
        let is_own_list = owner.is_some_and(|owner| owner.value == entry.value);
        let has_effect = lists.iter().any(|list| span(*list) == span(owner));
        if members.is_empty() || (has_effect && !is_own_list) {
            return None;
        }
        let name = rule.name.as_ref().map_or("this rule".to_owned(), |name| format!("rule `{}`", name.value));
        let environment = &entry.value;
        let (message, other, label, help): (String, Option<Span>, String, &str) = match (is_own_list, lists.first()) {
            (true, _) => (
                format!("{name} is only for `{environment}`, so its fields are those for `{environment}`"),
                span(owner),
                format!("these rules are for `{environment}`"),
                "write the fields in the rule itself",
            ),
            (false, Some(Some(list))) => (
                format!("`{environment}` does not use {name}, so these fields have no effect"),
                Some(list.span),
                format!("`{}` has rules of its own here", list.value),
                "change the rules there, or remove these fields",
            ),
            (false, _) => (
                format!("`{environment}` does not use {name}, so these fields have no effect"),
                span(owner),
                "the rule is only for this environment".to_owned(),
                "remove these fields, or write them in the rules for all environments",
            ),
        };
        let diagnostic = Diagnostic::new(Code::ConflictingEnvironments, entry.span, message).help(help);
        Some(match other {
            Some(other) => diagnostic.related(other, label),
            None => diagnostic,
        })
    }
}

fn serving_fields(serving: &Serving) -> Vec<&'static str> {
    present([
        ("enabled", serving.enabled.is_some()),
        ("off", serving.off.is_some()),
        ("default", serving.default.is_some()),
        ("unit", serving.unit.is_some()),
        ("salt", serving.salt.is_some()),
        ("requires", serving.requires.is_some()),
        ("rules", serving.rules.is_some()),
    ])
}

fn rule_fields(fields: &RuleFields) -> Vec<&'static str> {
    present([
        ("enabled", fields.enabled.is_some()),
        ("if", fields.condition.is_some()),
        ("rollout", fields.rollout.is_some()),
        ("steps", fields.steps.is_some()),
        ("serve", fields.serve.is_some()),
    ])
}

fn present<const N: usize>(fields: [(&'static str, bool); N]) -> Vec<&'static str> {
    fields.into_iter().filter(|(_, is_present)| *is_present).map(|(name, _)| name).collect()
}
