//! Resolves the names in test files, and reports unknown names.

use std::collections::BTreeMap;

use crate::bundle::{Attributes, Bundle, Flag};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics, quoted_list, unknown_environment, unknown_flag, unknown_name};
use crate::model;
use crate::model::{EnvironmentGroup, Project};
use crate::snapshot::{Span, Spanned};
use crate::test::kills::TestBundles;
use crate::yaml::Completeness;

/// The names of a project, and the diagnostics of the names that were not found.
pub(super) struct Resolver<'p> {
    pub(super) project: &'p Project,
    /// The bundles of the environments for the current test file.
    pub(super) bundles: &'p [Bundle],
    /// The keys of all flags, including flags that were not read. They are used to suggest similar names.
    keys: &'p [&'p str],
    pub(super) flags: BTreeMap<&'p str, &'p model::Flag>,
    pub(super) attributes: &'p Attributes,
    pub(super) diagnostics: Diagnostics,
    /// The number of checks that are planned so far.
    checks: usize,
}

/// The maximum number of checks of all test files: expectations and cells, for each context, environment and combination
/// of a matrix.
const MAX_CHECKS: usize = 2_000_000;

impl<'p> Resolver<'p> {
    /// Returns a resolver, or `None` if there is no bundle, because the attributes come from the first bundle.
    pub(super) fn new(project: &'p Project, bundles: &'p TestBundles<'p>, keys: &'p [&'p str]) -> Option<Self> {
        let bundles = bundles.unpinned;
        let attributes = &bundles.first()?.attributes;
        // If two files define the same flag, the first definition is used.
        let flags = project.flags.iter().rev().map(|flag| (flag.key.as_str(), flag)).collect();
        Some(Self { project, bundles, keys, flags, attributes, diagnostics: Vec::new(), checks: 0 })
    }

    /// Counts checks whose number is the product of the factors. Reports it and returns `false` if there are too many,
    /// and the caller plans none of them then.
    pub(super) fn count_checks(&mut self, factors: &[usize], span: Span) -> bool {
        let product = factors.iter().fold(1, |product: usize, factor| product.saturating_mul(*factor));
        let sum = self.checks.saturating_add(product);
        if sum > MAX_CHECKS {
            let message = format!("more than {MAX_CHECKS} checks in all test files");
            let help = "name the contexts, environments and flags that matter, or test fewer files at a time";
            self.report(Diagnostic::new(Code::LimitExceeded, span, message).help(help));
            return false;
        }
        self.checks = sum;
        true
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Returns the bundles of the named environments, or all bundles if no environment is named.
    pub(super) fn environments(&mut self, names: &'p [Spanned<String>]) -> Vec<&'p Bundle> {
        let known: Vec<&str> = self.project.settings.environment_names().collect();
        let unknown = names.iter().filter(|name| !known.contains(&name.value.as_str())).map(|name| {
            let members = self.project.settings.group(&name.value).map(EnvironmentGroup::names);
            unknown_environment(name.span, &name.value, members, known.iter().copied())
        });
        let unknown: Vec<_> = unknown.collect();
        self.diagnostics.extend(unknown);
        let is_named = |bundle: &&Bundle| {
            names.is_empty() || names.iter().any(|name| name.value.as_str() == bundle.environment.as_ref())
        };
        self.bundles.iter().filter(is_named).collect()
    }

    /// Returns the bundles of the environments that a case or assertion names, or the bundles of the file's
    /// environments.
    pub(super) fn own_or_file_environments(
        &mut self,
        own: &'p [Spanned<String>],
        of_file: &[&'p Bundle],
    ) -> Vec<&'p Bundle> {
        if own.is_empty() { of_file.to_vec() } else { self.environments(own) }
    }

    /// Returns the flag with this key, or reports that it does not exist.
    pub(super) fn flag(&mut self, key: &Spanned<String>) -> Option<&'p model::Flag> {
        let flag = self.flags.get(key.value.as_str()).copied();
        if flag.is_none() {
            let keys = self.keys.iter().copied();
            self.report(unknown_flag(key.span, &key.value, keys));
        }
        flag
    }

    /// Returns whether the flag has the variant and the rule. Reports those that are missing.
    pub(super) fn has_variant_and_rule(
        &mut self,
        flag: &model::Flag,
        variant: Option<&Spanned<String>>,
        rule: Option<&Spanned<String>>,
    ) -> bool {
        // The part of the file that could not be read may define the missing name.
        if flag.completeness == Completeness::Incomplete {
            return true;
        }
        let variants: Vec<&str> = flag.variants.iter().map(|variant| variant.name.value.as_str()).collect();
        let rules: Vec<&str> =
            flag.all_rules().filter_map(|rule| rule.name.as_ref()).map(|name| name.value.as_str()).collect();
        let mut all_known = true;
        for (wanted, names, code, what) in
            [(variant, variants, Code::UnknownVariant, "variant"), (rule, rules, Code::UnknownRule, "rule")]
        {
            let Some(wanted) = wanted.filter(|wanted| !names.contains(&wanted.value.as_str())) else {
                continue;
            };
            all_known = false;
            let kind = format!("a {what} of `{}`", flag.key);
            let mut diagnostic = unknown_name(code, wanted.span, &wanted.value, &kind, names.iter().copied());
            diagnostic.help.get_or_insert_with(|| match names.as_slice() {
                [] => format!("none of its {what}s has a name"),
                names => format!("its {what}s are {}", quoted_list(names.iter().copied())),
            });
            self.report(diagnostic);
        }
        all_known
    }

    /// Returns whether the flag depends on the time of the decision. If it does, reports at `span` that `now` is
    /// missing.
    pub(super) fn report_missing_now(&mut self, bundle: &Bundle, flag: &Flag, span: Span) -> bool {
        let depends = flag.conditions().any(|condition| bundle.depends_on_time(condition));
        if depends {
            let message = format!("`now` is missing: `{}` depends on the time of the decision", flag.key);
            let help = "write `now: TIME` beside the case, or at the top of the file; a test never reads the clock";
            self.report(Diagnostic::new(Code::MissingKey, span, message).help(help));
        }
        depends
    }
}
