//! Assertions: proven for all contexts, or broken by one that can be shown.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::analyze::{
    AnalysisError, Budget, Definition, ProofResult, ServedVariant, Share, UndecidedReason, Witness, always, at_most,
    exclusive, follows, monotone, never,
};
use crate::bundle::{Bundle, Condition, Percent};
use crate::codes::Code;
use crate::compile::conditions;
use crate::diag::Diagnostic;
use crate::eval::Context;
use crate::model::{Assertion, Claim, FlagVariant, Suite};
use crate::snapshot::{Span, Spanned};
use crate::test::plan::Resolver;
use crate::test::{Check, CheckResult, FailedCheck, TestedDecision};

/// What environments served at earlier revisions, by the revision as written and the environment.
pub type BaselineBundles = BTreeMap<(String, String), Bundle>;

/// One question of an assertion in one environment, with its names resolved.
#[derive(Debug)]
pub(super) struct PlannedAssertion<'p> {
    pub(super) name: String,
    pub(super) assertion: &'p Assertion,
    pub(super) question: SingleClaim<'p>,
    pub(super) bundle: &'p Bundle,
    pub(super) when: AssertionScope,
}

/// Of whom something is claimed.
#[derive(Debug, Clone)]
pub(super) enum AssertionScope {
    Everyone,
    Holds(Condition),
    /// It is not known: the condition, or a flag that is named, is broken.
    Broken,
}

/// What is to be proven.
#[derive(Debug, Clone, Copy)]
pub(super) enum SingleClaim<'p> {
    Never(&'p FlagVariant),
    Always(&'p FlagVariant),
    Exclusive(&'p [FlagVariant]),
    AtMost(Percent, &'p FlagVariant),
    Implies(&'p FlagVariant, &'p FlagVariant),
    MonotoneSince(&'p Spanned<String>, &'p FlagVariant),
}

/// An assertion on its way into the plan.
pub(super) struct UnresolvedAssertion<'p> {
    assertion: &'p Assertion,
    /// Its own, or its place in the file.
    name: String,
    environments: Vec<&'p Bundle>,
    /// Whether all that it is about is there.
    sound: bool,
}

impl<'p> Resolver<'p> {
    pub(super) fn claimed(&mut self, suite: &'p Suite, everywhere: &[&'p Bundle]) -> Vec<UnresolvedAssertion<'p>> {
        let mut claimed = Vec::with_capacity(suite.assertions.len());
        for (at, assertion) in suite.assertions.iter().enumerate() {
            let environments = self.places(&assertion.environments, everywhere);
            let name = assertion.name.as_ref();
            let name = name.map_or_else(|| format!("assertion {}", at + 1), |name| name.value.clone());
            claimed.push(UnresolvedAssertion { assertion, name, environments, sound: self.servings(assertion) });
        }
        claimed
    }

    /// The conditions of all files are compiled at once: each time takes a look at all flags.
    pub(super) fn assertions(&mut self, claimed: &[UnresolvedAssertion<'p>]) -> Vec<PlannedAssertion<'p>> {
        let mut planned = Vec::new();
        for bundle in self.bundles {
            let here =
                || claimed.iter().filter(|one| one.environments.iter().any(|place| std::ptr::eq(*place, bundle)));
            let written: Vec<_> = here().filter_map(|one| one.assertion.when.as_ref()).collect();
            let mut compiled = Vec::new();
            if !written.is_empty() {
                let (conditions, diagnostics) = conditions(self.project, bundle, written);
                self.diagnostics.extend(diagnostics);
                compiled = conditions;
            }
            let mut compiled = compiled.into_iter();
            for UnresolvedAssertion { assertion, name, sound, .. } in here() {
                let when = match &assertion.when {
                    None => AssertionScope::Everyone,
                    Some(_) => compiled.next().flatten().map_or(AssertionScope::Broken, AssertionScope::Holds),
                };
                let when = if *sound { when } else { AssertionScope::Broken };
                for question in SingleClaim::of(assertion) {
                    let (name, when) = (name.clone(), when.clone());
                    planned.push(PlannedAssertion { name, assertion, question, bundle, when });
                }
            }
        }
        planned
    }

    /// Whether all flags and variants that it is about are there.
    fn servings(&mut self, assertion: &'p Assertion) -> bool {
        let mut sound = true;
        for FlagVariant { flag, variant } in assertion.claim.servings() {
            sound &= match self.flag(flag) {
                Some(flag) => self.named(flag, Some(variant), None),
                None => false,
            };
        }
        sound
    }
}

impl<'p> SingleClaim<'p> {
    /// Each by itself, so that each is proven or broken by itself.
    pub(super) fn of(assertion: &'p Assertion) -> Vec<Self> {
        match &assertion.claim {
            Claim::Never(all) => all.iter().map(Self::Never).collect(),
            Claim::Always(all) => all.iter().map(Self::Always).collect(),
            Claim::Exclusive(all) => vec![Self::Exclusive(all)],
            Claim::AtMost(share, all) => all.iter().map(|one| Self::AtMost(share.value, one)).collect(),
            Claim::Implies(all, implied) => {
                all.iter().flat_map(|one| implied.iter().map(move |other| Self::Implies(one, other))).collect()
            }
            Claim::MonotoneSince(since, all) => all.iter().map(|one| Self::MonotoneSince(since, one)).collect(),
        }
    }

    fn servings(&self) -> Vec<&'p FlagVariant> {
        match *self {
            Self::Never(one) | Self::Always(one) | Self::AtMost(_, one) | Self::MonotoneSince(_, one) => vec![one],
            Self::Exclusive(all) => all.iter().collect(),
            Self::Implies(one, other) => vec![one, other],
        }
    }

    /// What must be, in an environment.
    fn words(&self, environment: &str) -> String {
        let named = |one: &FlagVariant| format!("`{}: {}`", one.flag.value, one.variant.value);
        let serve = |one: &FlagVariant| format!("`{}` in {environment} must", one.flag.value);
        match self {
            Self::Never(one) => format!("{} never serve `{}`", serve(one), one.variant.value),
            Self::Always(one) => format!("{} always serve `{}`", serve(one), one.variant.value),
            Self::AtMost(share, one) => {
                format!("{} serve `{}` to at most {share} of units", serve(one), one.variant.value)
            }
            Self::Exclusive(all) => {
                let all: Vec<String> = all.iter().map(named).collect();
                format!("{} must exclude each other in {environment}", all.join(" and "))
            }
            Self::Implies(one, other) => format!("{} must imply {} in {environment}", named(one), named(other)),
            Self::MonotoneSince(since, one) => {
                format!("{} serve `{}` to whoever got it at {}", serve(one), one.variant.value, since.value)
            }
        }
    }
}

impl<'p> PlannedAssertion<'p> {
    /// Whom it needs the past of, if of anyone.
    pub(super) fn since(&self) -> Option<(&'p Spanned<String>, &'p str, &'p str)> {
        match self.question {
            SingleClaim::MonotoneSince(since, one) => Some((since, &self.bundle.environment, &one.flag.value)),
            _ => None,
        }
    }

    pub(super) fn check(&self, past: &'p BaselineBundles, budget: &Budget) -> Check<'p> {
        let servings = self.question.servings();
        let span = servings.first().map_or(self.assertion.claim_span, |one| one.variant.span);
        Check {
            span,
            name: self.name.clone(),
            flag: servings.first().map_or("", |one| one.flag.value.as_str()),
            context: None,
            environment: &self.bundle.environment,
            result: self.result(span, past, budget).unwrap_or(CheckResult::NotRun),
            hits: Vec::new(),
        }
    }

    /// None if something that it is about is broken.
    fn result(&self, span: Span, past: &'p BaselineBundles, budget: &Budget) -> Option<CheckResult<'p>> {
        let when = match &self.when {
            AssertionScope::Everyone => None,
            AssertionScope::Holds(condition) => Some(condition),
            AssertionScope::Broken => return None,
        };
        let find = |one: &FlagVariant| {
            ServedVariant::find(Definition::find(self.bundle, &one.flag.value)?, &one.variant.value)
        };
        let answer = match self.question {
            SingleClaim::Never(one) => never(find(one)?, when, budget),
            SingleClaim::Always(one) => always(find(one)?, when, budget),
            SingleClaim::AtMost(share, one) => at_most(find(one)?, Share::of_buckets(share.buckets()), when, budget),
            SingleClaim::Exclusive(all) => exclusive(&all.iter().map(find).collect::<Option<Vec<_>>>()?, when, budget),
            SingleClaim::Implies(one, other) => follows(find(one)?, find(other)?, when, budget),
            SingleClaim::MonotoneSince(since, one) => {
                let before = past.get(&(since.value.clone(), self.bundle.environment.to_string()))?;
                let before = Definition::find(before, &one.flag.value);
                let after = Definition::find(self.bundle, &one.flag.value)?;
                match before.and_then(|before| ServedVariant::find(before, &one.variant.value)) {
                    Some(before) => monotone(before, after, when, budget),
                    // Nobody got it.
                    None => Ok(ProofResult::Proven),
                }
            }
        };
        let must = self.question.words(&self.bundle.environment);
        let unknown = |why: &str| {
            let message = format!("{must}: whether it does is not known: {why}");
            CheckResult::Unknown(Box::new(Diagnostic::new(Code::UndecidedAssertion, span, message)))
        };
        Some(match answer {
            Ok(ProofResult::Proven) => CheckResult::Passed,
            Ok(ProofResult::Refuted(witness)) => self.refuted(span, &must, witness),
            Ok(ProofResult::Undecided(UndecidedReason::NoUnit)) => {
                unknown("some buckets break it, and no unit was found that falls in them")
            }
            Ok(ProofResult::Undecided(UndecidedReason::Pattern)) => {
                unknown("it takes a pattern that is too large to decide")
            }
            Err(error @ (AnalysisError::Exhausted | AnalysisError::Disagreement(_))) => unknown(&error.to_string()),
        })
    }

    fn refuted(&self, span: Span, must: &str, witness: Witness) -> CheckResult<'p> {
        let Witness { context, now } = witness;
        let json = Json::Object(context);
        let flags: Vec<_> =
            self.question.servings().into_iter().filter_map(|one| self.bundle.flag(&one.flag.value)).collect();
        let asks = flags.iter().flat_map(|flag| flag.conditions()).any(|one| self.bundle.depends_on_time(one));
        let moment = if asks { format!(" at {now}") } else { String::new() };
        let diagnostic = Diagnostic::new(Code::FailedAssertion, span, format!("{must}: broken by {json}{moment}"));
        let context = Context::from_json(&self.bundle.attributes, &json).map(|parsed| parsed.context.into_owned());
        let decided = |context: &Context<'static>| {
            let decided = |flag| TestedDecision { bundle: self.bundle, flag, context: context.clone(), now };
            flags.into_iter().map(decided).collect()
        };
        let decided = context.as_ref().map_or_else(|_| Vec::new(), decided);
        CheckResult::Failed(Box::new(FailedCheck { diagnostic, decided }))
    }
}
