//! Names in test files, resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::{Attributes, Bundle};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::eval::{Context, Value};
use crate::model;
use crate::model::{Case, Expectation, Golden, Project, Subject, Suite};
use crate::snapshot::Spanned;
use crate::test::assertion::{PlannedAssertion, UnresolvedAssertion};
use crate::test::case::{MatrixAxis, PlannedExpectation};
use crate::test::golden::PlannedGolden;
use crate::yaml::Completeness;

/// So many combinations of a matrix are decided at most.
const COMBINATIONS: usize = 10_000;

/// Everything that test files ask for, in terms of bundles.
#[derive(Debug)]
pub struct TestPlan<'p> {
    pub(super) cases: Vec<PlannedExpectation<'p>>,
    pub(super) assertions: Vec<PlannedAssertion<'p>>,
    pub(super) goldens: Vec<PlannedGolden<'p>>,
}

impl<'p> TestPlan<'p> {
    /// Which flags' past it needs: of what revision, in which environment, and the flag's key.
    pub fn baselines(&self) -> impl Iterator<Item = (&'p Spanned<String>, &'p str, &'p str)> {
        self.assertions.iter().filter_map(PlannedAssertion::since)
    }
}

/// Resolves the names in a project's test files.
///
/// The bundles are those of the environments that are asked for, in the order of promotion; `keys` are those of
/// all flags that there are, also of those that were not read.
pub fn plan<'p>(project: &'p Project, bundles: &'p [Bundle], keys: &'p [&'p str]) -> (TestPlan<'p>, Diagnostics) {
    let mut plan = TestPlan { cases: Vec::new(), assertions: Vec::new(), goldens: Vec::new() };
    let Some(first) = bundles.first() else { return (plan, Vec::new()) };
    let mut planner = Resolver {
        project,
        bundles,
        keys,
        flags: project.flags.iter().rev().map(|flag| (flag.key.as_str(), flag)).collect(),
        attributes: &first.attributes,
        diagnostics: Vec::new(),
    };
    // Of a file that could be read in part, the rest might say otherwise.
    let mut claimed = Vec::new();
    for suite in project.suites.iter().filter(|suite| suite.completeness == Completeness::Complete) {
        planner.suite(suite, &mut plan, &mut claimed);
    }
    plan.assertions = planner.assertions(&claimed);
    (plan, planner.diagnostics)
}

pub(super) struct Resolver<'p> {
    pub(super) project: &'p Project,
    pub(super) bundles: &'p [Bundle],
    keys: &'p [&'p str],
    flags: BTreeMap<&'p str, &'p model::Flag>,
    pub(super) attributes: &'p Attributes,
    pub(super) diagnostics: Diagnostics,
}

/// Someone to decide for; without a context if theirs is wrong.
#[derive(Debug, Clone)]
pub(super) struct NamedContext<'p> {
    pub(super) name: Option<&'p str>,
    pub(super) context: Option<Arc<Context<'static>>>,
}

/// A suite's contexts, by name.
type Contexts<'p> = Vec<NamedContext<'p>>;

impl<'p> Resolver<'p> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn suite(&mut self, suite: &'p Suite, plan: &mut TestPlan<'p>, claimed: &mut Vec<UnresolvedAssertion<'p>>) {
        let mut contexts = Contexts::new();
        for (name, node) in &suite.contexts {
            let context = self.context(node).map(Arc::new);
            contexts.push(NamedContext { name: Some(&name.value), context });
        }
        let bundles = self.environments(&suite.environments);
        for (at, case) in suite.cases.iter().enumerate() {
            self.case(suite, case, at, &contexts, &bundles, plan);
        }
        claimed.extend(self.claimed(suite, &bundles));
        if let Some(golden) = &suite.golden {
            let planned = self.golden(suite, golden, &contexts, bundles);
            plan.goldens.push(planned);
        }
    }

    /// Those of the bundles that are named; all if none is.
    fn environments(&mut self, names: &'p [Spanned<String>]) -> Vec<&'p Bundle> {
        let known = || self.project.settings.environment_names();
        let unknown = names.iter().filter(|name| !known().any(|known| known == name.value)).map(|name| {
            let help = did_you_mean(&name.value, known())
                .unwrap_or_else(|| format!("the environments are {}", known().collect::<Vec<_>>().join(", ")));
            let message = format!("`{}` is not an environment of this project", name.value);
            Diagnostic::new(Code::UnknownEnvironment, name.span, message).help(help)
        });
        let unknown: Vec<_> = unknown.collect();
        self.diagnostics.extend(unknown);
        let named = |bundle: &&Bundle| {
            names.is_empty() || names.iter().any(|name| name.value.as_str() == bundle.environment.as_ref())
        };
        self.bundles.iter().filter(named).collect()
    }

    /// Where a part of a file is about: in its own environments, or in those of the file.
    pub(super) fn places(&mut self, own: &'p [Spanned<String>], everywhere: &[&'p Bundle]) -> Vec<&'p Bundle> {
        if own.is_empty() { everywhere.to_vec() } else { self.environments(own) }
    }

    fn case(
        &mut self,
        suite: &'p Suite,
        case: &'p Case,
        at: usize,
        contexts: &Contexts<'p>,
        everywhere: &[&'p Bundle],
        plan: &mut TestPlan<'p>,
    ) {
        let bundles = self.places(&case.environments, everywhere);
        let persons: Vec<NamedContext<'p>> = match &case.context {
            Subject::Empty => {
                vec![NamedContext { name: None, context: Some(Arc::new(Context::empty(self.attributes))) }]
            }
            Subject::Written(node) => vec![NamedContext { name: None, context: self.context(node).map(Arc::new) }],
            Subject::Named(names) => names.iter().map(|name| self.person(name, contexts)).collect(),
        };
        let axes: Option<Arc<[MatrixAxis]>> = self.axes(case).map(Into::into);
        let placed = case.buckets.iter().filter(|placement| self.flag(&placement.flag).is_some()).count();
        self.check_units(case, &bundles, &persons, axes.as_deref().unwrap_or_default());
        let now = case.now.as_ref().or(suite.now.as_ref());
        let sound = axes.is_some() && placed == case.buckets.len();
        let axes = axes.unwrap_or_default();
        let name = case.name.as_ref().map_or_else(|| format!("case {}", at + 1), |name| name.value.clone());
        for expectation in &case.expect {
            let known = self.expectation(expectation);
            for bundle in &bundles {
                let flag = bundle.flag(&expectation.flag.value).filter(|_| known && sound);
                let flag = flag.filter(|flag| now.is_some() || !self.lacks_now(bundle, flag, &expectation.flag));
                for person in &persons {
                    plan.cases.push(PlannedExpectation {
                        name: name.clone(),
                        case,
                        expectation,
                        bundle,
                        flag,
                        person: person.clone(),
                        axes: axes.clone(),
                        now: now.map(|now| now.value).unwrap_or_default(),
                    });
                }
            }
        }
    }

    fn person(&mut self, name: &'p Spanned<String>, contexts: &Contexts<'p>) -> NamedContext<'p> {
        if let Some(person) = contexts.iter().find(|person| person.name == Some(name.value.as_str())) {
            return person.clone();
        }
        let names = contexts.iter().filter_map(|person| person.name);
        let help = did_you_mean(&name.value, names).unwrap_or_else(|| "`contexts` in this file has them".to_owned());
        let message = format!("there is no context `{}`", name.value);
        self.report(Diagnostic::new(Code::UnknownContext, name.span, message).help(help));
        NamedContext { name: Some(&name.value), context: None }
    }

    /// The flag of that key.
    pub(super) fn flag(&mut self, key: &Spanned<String>) -> Option<&'p model::Flag> {
        let flag = self.flags.get(key.value.as_str()).copied();
        if flag.is_none() {
            let help = did_you_mean(&key.value, self.keys.iter().copied());
            let message = format!("there is no flag `{}`", key.value);
            self.report(Diagnostic::new(Code::UnknownFlag, key.span, message).maybe_help(help));
        }
        flag
    }

    /// Whether the flag, the variant and the rule are there.
    fn expectation(&mut self, expectation: &'p Expectation) -> bool {
        let Some(flag) = self.flag(&expectation.flag) else { return false };
        self.named(flag, expectation.variant.as_ref(), expectation.rule.as_ref())
    }

    /// Whether the flag has the variant and the rule.
    pub(super) fn named(
        &mut self,
        flag: &model::Flag,
        variant: Option<&Spanned<String>>,
        rule: Option<&Spanned<String>>,
    ) -> bool {
        // What is missing may stand where the file could not be read.
        if flag.completeness == Completeness::Incomplete {
            return true;
        }
        let variants: Vec<&str> = flag.variants.iter().map(|variant| variant.name.value.as_str()).collect();
        let rules = flag.servings().flat_map(|serving| serving.rules.iter().flatten());
        let rules: Vec<&str> = rules.filter_map(|rule| rule.name.as_ref()).map(|name| name.value.as_str()).collect();
        let mut sound = true;
        for (wanted, names, code, what) in
            [(variant, variants, Code::UnknownVariant, "variant"), (rule, rules, Code::UnknownRule, "rule")]
        {
            let Some(wanted) = wanted.filter(|wanted| !names.contains(&wanted.value.as_str())) else {
                continue;
            };
            sound = false;
            let message = format!("`{}` has no {what} `{}`", flag.key, wanted.value);
            let listed = match names.as_slice() {
                [] => format!("none of its {what}s has a name"),
                names => format!("its {what}s are {}", names.join(", ")),
            };
            let help = did_you_mean(&wanted.value, names.iter().copied()).unwrap_or(listed);
            self.report(Diagnostic::new(code, wanted.span, message).help(help));
        }
        sound
    }

    /// Reports a flag that asks for the moment where there is none.
    fn lacks_now(&mut self, bundle: &Bundle, flag: &crate::bundle::Flag, place: &Spanned<String>) -> bool {
        let asks = flag.conditions().any(|condition| bundle.depends_on_time(condition));
        if asks {
            let message = format!("`now` is missing: `{}` asks for the moment of the decision", flag.key);
            let help = "write `now: TIME` beside the case, or at the top of the file; a test never reads the clock";
            self.report(Diagnostic::new(Code::MissingKey, place.span, message).help(help));
        }
        asks
    }

    fn axes(&mut self, case: &'p Case) -> Option<Vec<MatrixAxis>> {
        let combinations = case.matrix.iter().map(|(_, values)| values.len()).try_fold(1usize, usize::checked_mul);
        if combinations.is_none_or(|number| number > COMBINATIONS)
            && let Some((first, _)) = case.matrix.first()
        {
            let message = format!("more than {COMBINATIONS} combinations");
            let help = "several cases, each with what matters to it, say more";
            self.report(Diagnostic::new(Code::LimitExceeded, first.span, message).help(help));
            return None;
        }
        let mut axes = Vec::new();
        let mut sound = true;
        for (name, nodes) in &case.matrix {
            let read = |planner: &mut Self, node| planner.value(&name.value, name.span, node);
            let values: Vec<_> = nodes.iter().map(|node| read(self, node)).collect();
            match values.into_iter().collect::<Option<Vec<_>>>() {
                None => sound = false,
                Some(values) => axes.extend(values.first().map(|(id, _)| *id).map(|attribute| MatrixAxis {
                    name: name.value.clone(),
                    attribute,
                    values: values.into_iter().map(|(_, value)| value).zip(nodes.iter().map(shown)).collect(),
                })),
            }
        }
        sound.then_some(axes)
    }

    /// Reports units that are both given and to be found.
    fn check_units(&mut self, case: &Case, bundles: &[&Bundle], persons: &[NamedContext<'_>], axes: &[MatrixAxis]) {
        for placement in &case.buckets {
            for flag in bundles.iter().filter_map(|bundle| bundle.flag(&placement.flag.value)) {
                let written = matches!(case.context, Subject::Written(_));
                let contexts = persons.iter().filter(|_| written).filter_map(|person| person.context.as_ref());
                let mut given = contexts.filter(|context| *context.value(flag.unit) != Value::Absent);
                if given.next().is_some() || axes.iter().any(|axis| axis.attribute == flag.unit) {
                    let name = self.attributes.get(flag.unit).map_or("", |attribute| attribute.name.as_ref());
                    let message = format!("`{name}` is given, and `bucket` would choose it");
                    let help = format!("remove `{name}`, or the place of `{}`", flag.key);
                    self.report(Diagnostic::new(Code::InvalidValue, placement.flag.span, message).help(help));
                }
            }
        }
    }

    fn golden(
        &mut self,
        suite: &'p Suite,
        golden: &'p Golden,
        contexts: &Contexts<'p>,
        bundles: Vec<&'p Bundle>,
    ) -> PlannedGolden<'p> {
        let mut flags: Vec<&'p str> = match golden.flags.as_slice() {
            [] => self.flags.keys().copied().collect(),
            names => names.iter().filter_map(|name| self.flag(name)).map(|flag| flag.key.as_str()).collect(),
        };
        flags.sort_unstable();
        let persons = match golden.contexts.as_slice() {
            [] => contexts.clone(),
            names => names.iter().map(|name| self.person(name, contexts)).collect(),
        };
        if suite.now.is_none() {
            for bundle in &bundles {
                let place = Spanned { value: String::new(), span: golden.cells_key_span };
                let asked = flags.iter().filter_map(|key| bundle.flag(key));
                asked.filter(|flag| self.lacks_now(bundle, flag, &place)).count();
            }
        }
        let now = suite.now.as_ref().map(|now| now.value);
        let environments = match suite.environments.as_slice() {
            [] => self.project.settings.environment_names().collect(),
            names => names.iter().map(|name| name.value.as_str()).collect(),
        };
        PlannedGolden { file: suite.file, golden, flags, persons, environments, bundles, now }
    }
}

/// A value as people would say it.
fn shown(node: &crate::yaml::Node) -> String {
    node.to_json().to_string()
}
