//! Converts test files to a plan: expectations, assertions and golden matrices with resolved names.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bundle::Bundle;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::eval::Value;
use crate::model::{Case, Expectation, Golden, Project, Subject, Suite};
use crate::snapshot::Spanned;
use crate::test::assertion::{PlannedAssertion, UncompiledAssertion};
use crate::test::case::{MatrixAxis, PlannedExpectation};
use crate::test::context::NamedContext;
use crate::test::golden::PlannedGolden;
use crate::test::kills::{TestBundles, is_within_limit};
use crate::test::resolver::Resolver;
use crate::yaml::{Completeness, Node};

/// The maximum number of combinations of one matrix.
const MAX_COMBINATIONS: usize = 10_000;

/// All checks of the test files, with resolved names.
#[derive(Debug)]
pub struct TestPlan<'p> {
    pub(super) expectations: Vec<PlannedExpectation<'p>>,
    pub(super) assertions: Vec<PlannedAssertion<'p>>,
    pub(super) goldens: Vec<PlannedGolden<'p>>,
}

impl<'p> TestPlan<'p> {
    /// Returns the earlier definitions that [`run`](crate::test::run) needs: the text of the revision, the environment
    /// and the flag's key.
    pub fn baselines(&self) -> impl Iterator<Item = (&'p Spanned<String>, &'p str, &'p str)> {
        self.assertions.iter().filter_map(PlannedAssertion::baseline)
    }
}

/// Resolves the names in a project's test files.
///
/// `bundles` are the bundles of the environments to test. `keys` are the keys of all flags,
/// including flags that were not read. They are used to suggest similar names for unknown flags.
pub fn plan<'p>(
    project: &'p Project,
    bundles: &'p TestBundles<'p>,
    keys: &'p [&'p str],
) -> (TestPlan<'p>, Diagnostics) {
    let mut plan = TestPlan { expectations: Vec::new(), assertions: Vec::new(), goldens: Vec::new() };
    let Some(mut resolver) = Resolver::new(project, bundles, keys) else { return (plan, Vec::new()) };
    let mut assertions = Vec::new();
    // An incomplete file is skipped, because the part that could not be read might change the meaning of the rest.
    let mut lists = BTreeSet::new();
    for suite in project.suites.iter().filter(|suite| suite.completeness == Completeness::Complete) {
        if resolver.check_kills(suite, bundles, &mut lists) == KillsCheck::Passed {
            resolver.bundles = bundles.of(suite);
            plan_suite(&mut resolver, suite, &mut plan, &mut assertions);
        }
    }
    plan.assertions = resolver.compile_assertions(bundles, &assertions);
    (plan, resolver.diagnostics)
}

fn plan_suite<'p>(
    resolver: &mut Resolver<'p>,
    suite: &'p Suite,
    plan: &mut TestPlan<'p>,
    assertions: &mut Vec<UncompiledAssertion<'p>>,
) {
    let contexts = resolver.suite_contexts(suite);
    let bundles = resolver.environments(&suite.environments);
    for (index, case) in suite.cases.iter().enumerate() {
        plan.expectations.extend(resolver.expectations(suite, (index, case), &contexts, &bundles));
    }
    assertions.extend(resolver.assertions(suite, &bundles));
    if let Some(golden) = &suite.golden {
        plan.goldens.push(resolver.golden(suite, golden, &contexts, bundles));
    }
}

/// Whether the tests of a file can be planned with its `kills`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KillsCheck {
    Passed,
    Failed,
}

impl<'p> Resolver<'p> {
    /// Reports flags in `kills` that do not exist, and a file with more different `kills` than can be tested.
    fn check_kills(
        &mut self,
        suite: &'p Suite,
        bundles: &TestBundles<'_>,
        lists: &mut BTreeSet<Vec<&'p str>>,
    ) -> KillsCheck {
        let Some(first) = suite.kills.first() else { return KillsCheck::Passed };
        let known = suite.kills.iter().filter(|key| self.flag(key).is_some()).count();
        lists.insert(suite.killed_flags());
        if !is_within_limit(bundles.unpinned, lists.len()) {
            let message =
                format!("too many different lists of `kills`: {} for {} flags", lists.len(), self.flags.len());
            let help = "kill the same flags in several test files, or test fewer files at a time";
            self.report(Diagnostic::new(Code::LimitExceeded, first.span, message).help(help));
            return KillsCheck::Failed;
        }
        if known == suite.kills.len() { KillsCheck::Passed } else { KillsCheck::Failed }
    }

    /// Returns one planned expectation for each expectation of the case, environment and context.
    fn expectations(
        &mut self,
        suite: &'p Suite,
        (index, case): (usize, &'p Case),
        named: &[NamedContext<'p>],
        bundles_of_file: &[&'p Bundle],
    ) -> Vec<PlannedExpectation<'p>> {
        let bundles = self.own_or_file_environments(&case.environments, bundles_of_file);
        let contexts = self.case_contexts(case, named);
        let axes: Option<Arc<[MatrixAxis]>> = self.matrix_axes(case).map(Into::into);
        let known_placements = case.buckets.iter().filter(|placement| self.flag(&placement.flag).is_some()).count();
        self.check_units(case, &bundles, &contexts, axes.as_deref().unwrap_or_default());
        let now = case.now.as_ref().or(suite.now.as_ref());
        let is_valid = axes.is_some() && known_placements == case.buckets.len();
        let axes = axes.unwrap_or_default();
        let name = case.name.as_ref().map_or_else(|| format!("case {}", index + 1), |name| name.value.clone());
        let mut planned = Vec::new();
        let combinations = axes.iter().map(|axis| axis.values.len()).product();
        let span = case.expect.first().map_or(suite.start, |expectation| expectation.flag.span);
        if !self.count_checks(&[case.expect.len(), bundles.len(), contexts.len(), combinations], span) {
            return planned;
        }
        for expectation in &case.expect {
            let names_are_known = self.check_names(expectation);
            for bundle in &bundles {
                let flag = bundle.flag(&expectation.flag.value).filter(|_| names_are_known && is_valid);
                let flag =
                    flag.filter(|flag| now.is_some() || !self.report_missing_now(bundle, flag, expectation.flag.span));
                planned.extend(contexts.iter().map(|context| PlannedExpectation {
                    name: name.clone(),
                    case,
                    kills: &suite.kills,
                    expectation,
                    bundle,
                    flag,
                    context: context.clone(),
                    axes: axes.clone(),
                    now: now.map(|now| now.value).unwrap_or_default(),
                }));
            }
        }
        planned
    }

    /// Returns whether the flag, the variant and the rule of the expectation exist.
    fn check_names(&mut self, expectation: &'p Expectation) -> bool {
        let Some(flag) = self.flag(&expectation.flag) else { return false };
        self.has_variant_and_rule(flag, expectation.variant.as_ref(), expectation.rule.as_ref())
    }

    /// Returns the attributes of the case's matrix with their values, or `None` if one of them has an error.
    fn matrix_axes(&mut self, case: &'p Case) -> Option<Vec<MatrixAxis>> {
        let combinations = case.matrix.iter().map(|(_, values)| values.len()).try_fold(1usize, usize::checked_mul);
        if combinations.is_none_or(|number| number > MAX_COMBINATIONS)
            && let Some((first, _)) = case.matrix.first()
        {
            let message = format!("more than {MAX_COMBINATIONS} combinations");
            let help = "split the case into several cases, each with the attributes that matter to it";
            self.report(Diagnostic::new(Code::LimitExceeded, first.span, message).help(help));
            return None;
        }
        let mut axes = Vec::new();
        let mut all_valid = true;
        for (name, nodes) in &case.matrix {
            let values: Vec<_> = nodes.iter().map(|node| self.value(&name.value, name.span, node)).collect();
            match values.into_iter().collect::<Option<Vec<_>>>() {
                None => all_valid = false,
                Some(values) => axes.extend(values.first().map(|(id, _)| *id).map(|attribute| MatrixAxis {
                    name: name.value.clone(),
                    attribute,
                    values: values.into_iter().map(|(_, value)| value).zip(nodes.iter().map(displayed_value)).collect(),
                })),
            }
        }
        all_valid.then_some(axes)
    }

    /// Reports unit attributes that the context or the matrix sets although the test chooses the unit because of
    /// `bucket`.
    fn check_units(&mut self, case: &Case, bundles: &[&Bundle], contexts: &[NamedContext<'_>], axes: &[MatrixAxis]) {
        for placement in &case.buckets {
            let flags = bundles.iter().filter_map(|bundle| bundle.flag(&placement.flag.value));
            for (flag, unit) in flags.flat_map(|flag| flag.units().into_iter().map(move |unit| (flag, unit))) {
                // `bucket` may replace the unit of a named context, so only inline contexts are checked.
                let is_inline = matches!(case.context, Subject::Written(_));
                let contexts = contexts.iter().filter(|_| is_inline).filter_map(|named| named.context.as_ref());
                let mut with_unit = contexts.filter(|context| *context.value(unit) != Value::Absent);
                if with_unit.next().is_some() || axes.iter().any(|axis| axis.attribute == unit) {
                    let name = self.attributes.get(unit).map_or("", |attribute| attribute.name.as_ref());
                    let message = format!("`{name}` is given, and `bucket` would choose it");
                    let help = format!("remove `{name}`, or remove `{}` from `bucket`", flag.key);
                    self.report(Diagnostic::new(Code::InvalidValue, placement.flag.span, message).help(help));
                }
            }
        }
    }

    fn golden(
        &mut self,
        suite: &'p Suite,
        golden: &'p Golden,
        contexts: &[NamedContext<'p>],
        bundles: Vec<&'p Bundle>,
    ) -> PlannedGolden<'p> {
        let mut flags: Vec<&'p str> = match golden.flags.as_slice() {
            [] => self.flags.values().filter(|flag| flag.shadowed.is_none()).map(|flag| flag.key.as_str()).collect(),
            names => names.iter().filter_map(|name| self.flag(name)).map(|flag| flag.key.as_str()).collect(),
        };
        flags.sort_unstable();
        let contexts = match golden.contexts.as_slice() {
            [] => contexts.to_vec(),
            names => names.iter().map(|name| self.named_context(name, contexts)).collect(),
        };
        if !self.count_checks(&[flags.len(), contexts.len(), bundles.len()], golden.cells_key_span) {
            flags.clear();
        }
        if suite.now.is_none() {
            for bundle in &bundles {
                for flag in flags.iter().filter_map(|key| bundle.flag(key)) {
                    self.report_missing_now(bundle, flag, golden.cells_key_span);
                }
            }
        }
        let now = suite.now.as_ref().map(|now| now.value);
        let environments = match suite.environments.as_slice() {
            [] => self.project.settings.environment_names().collect(),
            names => names.iter().map(|name| name.value.as_str()).collect(),
        };
        PlannedGolden { file: suite.file, kills: &suite.kills, golden, flags, contexts, environments, bundles, now }
    }
}

/// Returns the text of the value for messages.
fn displayed_value(node: &Node) -> String {
    node.to_json().to_string()
}
