//! Proves assertions for all contexts, or finds a context that violates them.
//!
//! An assertion such as `never: {pay: [on, beta]}` is split into single claims, one for each environment and flag
//! variant. Each claim is proven or refuted separately.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::analyze::{
    AnalysisError, Budget, Definition, ProofResult, ServedVariant, Share, UndecidedReason, Witness, always, at_most,
    exclusive, follows, monotone, never,
};
use crate::bundle::{Bundle, Condition, Flag, Percent};
use crate::codes::Code;
use crate::compile::conditions;
use crate::diag::Diagnostic;
use crate::eval::Context;
use crate::model::{Assertion, Claim, FlagVariant, Suite};
use crate::snapshot::{Span, Spanned};
use crate::test::kills::TestBundles;
use crate::test::resolver::Resolver;
use crate::test::result::{Check, CheckResult, FailedCheck, TestedDecision};

/// The bundles of earlier revisions, by the text of the revision in the assertion and the environment.
pub type BaselineBundles = BTreeMap<(String, String), Bundle>;

/// A single claim of an assertion in one environment, with resolved names.
#[derive(Debug)]
pub(super) struct PlannedAssertion<'p> {
    name: String,
    assertion: &'p Assertion,
    claim: SingleClaim<'p>,
    bundle: &'p Bundle,
    /// The flags that the test file kills.
    kills: &'p [Spanned<String>],
    scope: AssertionScope,
}

/// The contexts that an assertion applies to.
#[derive(Debug, Clone)]
enum AssertionScope {
    /// All contexts.
    All,
    /// The contexts that satisfy the condition of `when`.
    Condition(Condition),
    /// The scope is not known because `when`, or a flag or variant of the claim, has an error.
    Broken,
}

/// A claim that is proven or refuted in one step.
#[derive(Debug, Clone, Copy)]
enum SingleClaim<'p> {
    Never(&'p FlagVariant),
    Always(&'p FlagVariant),
    Exclusive(&'p [FlagVariant]),
    AtMost(Percent, &'p FlagVariant),
    Implies(&'p FlagVariant, &'p FlagVariant),
    MonotoneSince(&'p Spanned<String>, &'p FlagVariant),
}

/// An assertion with resolved names. Its condition is not compiled yet.
pub(super) struct UncompiledAssertion<'p> {
    assertion: &'p Assertion,
    /// The name of the assertion, or its number in the file.
    name: String,
    environments: Vec<&'p Bundle>,
    kills: &'p [Spanned<String>],
    /// Whether all flags and variants of the claim exist.
    names_are_known: bool,
}

impl<'p> Resolver<'p> {
    /// Resolves the names of a file's assertions.
    pub(super) fn assertions(
        &mut self,
        suite: &'p Suite,
        bundles_of_file: &[&'p Bundle],
    ) -> Vec<UncompiledAssertion<'p>> {
        let mut resolved = Vec::with_capacity(suite.assertions.len());
        for (index, assertion) in suite.assertions.iter().enumerate() {
            let environments = self.own_or_file_environments(&assertion.environments, bundles_of_file);
            let name = assertion.name.as_ref();
            let name = name.map_or_else(|| format!("assertion {}", index + 1), |name| name.value.clone());
            let names_are_known = self.check_servings(assertion);
            resolved.push(UncompiledAssertion { assertion, name, environments, kills: &suite.kills, names_are_known });
        }
        resolved
    }

    /// Compiles the conditions of assertions.
    ///
    /// The conditions of all files are compiled in one call for each environment, because each call reads all flags.
    pub(super) fn compile_assertions(
        &mut self,
        bundles: &'p TestBundles<'p>,
        assertions: &[UncompiledAssertion<'p>],
    ) -> Vec<PlannedAssertion<'p>> {
        let mut planned = Vec::new();
        for bundle in bundles.iter() {
            let in_bundle = || {
                assertions.iter().filter(|uncompiled| {
                    uncompiled.environments.iter().any(|environment| std::ptr::eq(*environment, bundle))
                })
            };
            let written: Vec<_> = in_bundle().filter_map(|uncompiled| uncompiled.assertion.when.as_ref()).collect();
            let mut compiled = Vec::new();
            if !written.is_empty() {
                let (conditions, diagnostics) = conditions(self.project, bundle, written);
                self.diagnostics.extend(diagnostics);
                compiled = conditions;
            }
            let mut compiled = compiled.into_iter();
            for UncompiledAssertion { assertion, name, kills, names_are_known, .. } in in_bundle() {
                let scope = match &assertion.when {
                    None => AssertionScope::All,
                    Some(_) => compiled.next().flatten().map_or(AssertionScope::Broken, AssertionScope::Condition),
                };
                let scope = if *names_are_known { scope } else { AssertionScope::Broken };
                for claim in SingleClaim::of(assertion) {
                    let (name, scope) = (name.clone(), scope.clone());
                    planned.push(PlannedAssertion { name, assertion, claim, bundle, kills, scope });
                }
            }
        }
        planned
    }

    /// Returns whether all flags and variants of the assertion exist.
    fn check_servings(&mut self, assertion: &'p Assertion) -> bool {
        let mut all_known = true;
        for FlagVariant { flag, variant } in assertion.claim.servings() {
            all_known &= match self.flag(flag) {
                Some(flag) => self.has_variant_and_rule(flag, Some(variant), None),
                None => false,
            };
        }
        all_known
    }
}

impl<'p> SingleClaim<'p> {
    /// Splits an assertion into claims that are proven or refuted separately.
    fn of(assertion: &'p Assertion) -> Vec<Self> {
        match &assertion.claim {
            Claim::Never(all) => all.iter().map(Self::Never).collect(),
            Claim::Always(all) => all.iter().map(Self::Always).collect(),
            Claim::Exclusive(all) => vec![Self::Exclusive(all)],
            Claim::AtMost(share, all) => all.iter().map(|serving| Self::AtMost(share.value, serving)).collect(),
            Claim::Implies(all, implied) => {
                all.iter().flat_map(|first| implied.iter().map(move |second| Self::Implies(first, second))).collect()
            }
            Claim::MonotoneSince(since, all) => all.iter().map(|serving| Self::MonotoneSince(since, serving)).collect(),
        }
    }

    fn servings(&self) -> Vec<&'p FlagVariant> {
        match *self {
            Self::Never(serving)
            | Self::Always(serving)
            | Self::AtMost(_, serving)
            | Self::MonotoneSince(_, serving) => vec![serving],
            Self::Exclusive(all) => all.iter().collect(),
            Self::Implies(first, second) => vec![first, second],
        }
    }

    /// Returns the claim as a sentence: "`pay` in production must never serve `on`".
    fn sentence(&self, environment: &str, scope: &AssertionScope) -> String {
        let pair = |serving: &FlagVariant| format!("`{}: {}`", serving.flag.value, serving.variant.value);
        let must = |serving: &FlagVariant| format!("`{}` in {environment} must", serving.flag.value);
        match self {
            Self::Never(serving) => format!("{} never serve `{}`", must(serving), serving.variant.value),
            Self::Always(serving) => format!("{} always serve `{}`", must(serving), serving.variant.value),
            Self::AtMost(share, serving) => {
                let units = match scope {
                    AssertionScope::All => "units",
                    AssertionScope::Condition(_) | AssertionScope::Broken => "the units for which `when` holds",
                };
                format!("{} serve `{}` to at most {share} of {units}", must(serving), serving.variant.value)
            }
            Self::Exclusive(all) => {
                let all: Vec<String> = all.iter().map(pair).collect();
                format!("{} must exclude each other in {environment}", all.join(" and "))
            }
            Self::Implies(first, second) => {
                format!("{} must imply {} in {environment}", pair(first), pair(second))
            }
            Self::MonotoneSince(since, serving) => {
                format!(
                    "{} serve `{}` to every context that got it at {}",
                    must(serving),
                    serving.variant.value,
                    since.value
                )
            }
        }
    }
}

impl<'p> PlannedAssertion<'p> {
    /// Returns the earlier definition that the claim compares with: the revision, the environment and the flag's key.
    pub(super) fn baseline(&self) -> Option<(&'p Spanned<String>, &'p str, &'p str)> {
        match self.claim {
            SingleClaim::MonotoneSince(since, serving) => Some((since, &self.bundle.environment, &serving.flag.value)),
            SingleClaim::Never(_)
            | SingleClaim::Always(_)
            | SingleClaim::Exclusive(_)
            | SingleClaim::AtMost(..)
            | SingleClaim::Implies(..) => None,
        }
    }

    /// Proves or refutes the claim within the budget.
    pub(super) fn check(&self, baselines: &'p BaselineBundles, budget: &Budget) -> Check<'p> {
        let servings = self.claim.servings();
        let span = servings.first().map_or(self.assertion.claim_span, |serving| serving.variant.span);
        Check {
            span,
            name: self.name.clone(),
            flag: servings.first().map_or("", |serving| serving.flag.value.as_str()),
            context: None,
            environment: &self.bundle.environment,
            result: self.result(span, baselines, budget).unwrap_or(CheckResult::NotRun),
            hits: Vec::new(),
        }
    }

    /// Returns `None` if a flag, the condition or the baseline has an error.
    fn result(&self, span: Span, baselines: &'p BaselineBundles, budget: &Budget) -> Option<CheckResult<'p>> {
        let when = match &self.scope {
            AssertionScope::All => None,
            AssertionScope::Condition(condition) => Some(condition),
            AssertionScope::Broken => return None,
        };
        let find = |serving: &FlagVariant| {
            ServedVariant::find(Definition::find(self.bundle, &serving.flag.value)?, &serving.variant.value)
        };
        let answer = match self.claim {
            SingleClaim::Never(serving) => never(find(serving)?, when, budget),
            SingleClaim::Always(serving) => always(find(serving)?, when, budget),
            SingleClaim::AtMost(share, serving) => {
                at_most(find(serving)?, Share::of_buckets(share.buckets()), when, budget)
            }
            SingleClaim::Exclusive(all) => exclusive(&all.iter().map(find).collect::<Option<Vec<_>>>()?, when, budget),
            SingleClaim::Implies(first, second) => follows(find(first)?, find(second)?, when, budget),
            SingleClaim::MonotoneSince(since, serving) => {
                let mut before =
                    Cow::Borrowed(baselines.get(&(since.value.clone(), self.bundle.environment.to_string()))?);
                for key in self.kills {
                    before.to_mut().assume_killed(&key.value);
                }
                let before = Definition::find(&before, &serving.flag.value);
                let after = Definition::find(self.bundle, &serving.flag.value)?;
                match before.and_then(|before| ServedVariant::find(before, &serving.variant.value)) {
                    Some(before) => monotone(before, after, when, budget),
                    // No context got the variant before, so no context can lose it.
                    None => Ok(ProofResult::Proven),
                }
            }
        };
        let must = self.claim.sentence(&self.bundle.environment, &self.scope);
        let unknown = |why: &str| {
            let message = format!("{must}: whether it does is not known: {why}");
            CheckResult::Unknown(Box::new(Diagnostic::new(Code::UndecidedAssertion, span, message)))
        };
        Some(match answer {
            Ok(ProofResult::Proven) => CheckResult::Passed,
            Ok(ProofResult::Refuted(witness)) => self.refuted(span, &must, witness, None, baselines),
            Ok(ProofResult::Exceeded { witness, share }) => self.refuted(span, &must, witness, Some(share), baselines),
            Ok(ProofResult::Undecided(UndecidedReason::NoUnit)) => {
                unknown("some buckets break it, but no unit was found that falls into them")
            }
            Ok(ProofResult::Undecided(UndecidedReason::Pattern)) => {
                unknown("it depends on a pattern that is too large to analyse")
            }
            Err(error @ (AnalysisError::Exhausted(_) | AnalysisError::Disagreement(_))) => unknown(&error.to_string()),
        })
    }

    /// Returns whether the claim depends on the time: by a condition of its flags, of `when`, or of the baseline.
    fn depends_on_time(&self, flags: &[&'p Flag], baselines: &'p BaselineBundles) -> bool {
        let timed = |bundle: &Bundle, condition| bundle.depends_on_time(condition);
        let scope = match &self.scope {
            AssertionScope::Condition(condition) => Some(condition),
            AssertionScope::All | AssertionScope::Broken => None,
        };
        let baseline = self.baseline().and_then(|(since, environment, flag)| {
            let bundle = baselines.get(&(since.value.clone(), environment.to_owned()))?;
            Some((bundle, bundle.flag(flag)?))
        });
        flags.iter().flat_map(|flag| flag.conditions()).chain(scope).any(|condition| timed(self.bundle, condition))
            || baseline.is_some_and(|(bundle, flag)| flag.conditions().any(|condition| timed(bundle, condition)))
    }

    /// Returns a failure. `share` is the share of units that get the variant, if the claim bounds it.
    fn refuted(
        &self,
        span: Span,
        must: &str,
        witness: Witness,
        share: Option<Share>,
        baselines: &'p BaselineBundles,
    ) -> CheckResult<'p> {
        let Witness { context, now } = witness;
        let json = Json::Object(context);
        let flags: Vec<_> =
            self.claim.servings().into_iter().filter_map(|serving| self.bundle.flag(&serving.flag.value)).collect();
        let time = if self.depends_on_time(&flags, baselines) { format!(" at {now}") } else { String::new() };
        let found = share.map(|share| format!(", where the share is {share}")).unwrap_or_default();
        let message = format!("{must}: broken by {json}{time}{found}");
        let diagnostic = Diagnostic::new(Code::FailedAssertion, span, message);
        let context = Context::from_json(&self.bundle.attributes, &json).map(|parsed| parsed.context.into_owned());
        let decided = |context: &Context<'static>| {
            let decided =
                |flag| TestedDecision { bundle: self.bundle, kills: self.kills, flag, context: context.clone(), now };
            flags.into_iter().map(decided).collect()
        };
        let decided = context.as_ref().map_or_else(|_| Vec::new(), decided);
        CheckResult::Failed(Box::new(FailedCheck { diagnostic, decided, share, count: 1 }))
    }
}
