//! Checks the guard of a flag: its names, its arms, the fields of its tests and its queries.
//!
//! A guard decides nothing, so a mistake in it is an error of the file, but the flag is compiled all the same.

use std::collections::BTreeSet;

use crate::bundle::Percent;
use crate::codes::Code;
use crate::compile::compiler::Compiler;
use crate::diag::{Diagnostic, quoted_list};
use crate::model;
use crate::model::{
    ArmsProblem, EffectiveServing, Guard, Guardrail, PrometheusQueries, QueryKind, Substitution, TemplatePart,
    TestKind, template,
};
use crate::snapshot::{Span, Spanned};
use crate::yaml::Completeness;

/// The name of the numbers of units in metrics files, which no guardrail may have.
const RESERVED_NAME: &str = "srm";

impl<'p> Compiler<'p> {
    /// Checks the guard of a flag, if it has one.
    pub(super) fn guard(&mut self, definition: &'p model::Flag, serving: &EffectiveServing<'p>) {
        let Some(guard) = &definition.guard else { return };
        // A part that could not be read has its own diagnostic, and would cause others here.
        if definition.completeness == Completeness::Incomplete {
            return;
        }
        let names = [&guard.treatment, &guard.control];
        let unknown: Vec<_> =
            names.into_iter().flatten().filter(|name| self.variant(definition, name).is_err()).collect();
        if unknown.is_empty()
            && let Some(off) = serving.off
        {
            self.check_arms(definition, guard, &off.value);
        }
        self.check_numbers(guard);
        let mut known = BTreeSet::new();
        for guardrail in &guard.guardrails {
            let name = &guardrail.name;
            if name.value == RESERVED_NAME {
                let message = format!("`{RESERVED_NAME}` is the name of the numbers of units in metrics files");
                self.unfit(name.span, message, "use another name for the guardrail");
            }
            if !known.insert(name.value.as_str()) {
                let message = format!("two guardrails have the name `{}`", name.value);
                self.unfit(name.span, message, "rename one of them, because metrics files and reports use the name");
            }
            self.check_guardrail(guardrail);
        }
        if let Some(source) = &guard.srm.source {
            self.check_queries(source, &[QueryKind::N], "the comparison of units");
        }
    }

    fn unfit(&mut self, span: Span, message: String, help: impl Into<String>) {
        self.report(Diagnostic::new(Code::UnfitGuard, span, message).help(help.into()));
    }

    fn check_arms(&mut self, definition: &model::Flag, guard: &Guard, off: &str) {
        let names = || definition.variants.iter().map(|variant| variant.name.value.as_str());
        let span = guard.treatment.as_ref().or(guard.control.as_ref()).map_or(guard.span, |name| name.span);
        match guard.arms(names(), off) {
            Ok(_) => {}
            Err(ArmsProblem::SeveralTreatments) => {
                let message = "several variants could be the `treatment`".to_owned();
                self.unfit(span, message, format!("write `treatment:` with one of {}", quoted_list(names())));
            }
            Err(ArmsProblem::NoTreatment) => {
                let message = "the flag has no variant but the control, so there is nothing to guard".to_owned();
                self.unfit(span, message, "add the variant that is rolled out, or remove `guard`");
            }
            Err(ArmsProblem::SameVariant) => {
                let control = guard.control.as_ref().map_or(off, |control| &control.value);
                let message = format!("`treatment` and `control` are both `{control}`");
                self.unfit(span, message, "name two different variants; `control` is `off` of the flag by default");
            }
        }
    }

    fn check_numbers(&mut self, guard: &Guard) {
        if guard.cooldown > guard.max_cooldown {
            let message = format!("`cooldown` {} exceeds `max-cooldown` {}", guard.cooldown, guard.max_cooldown);
            self.unfit(guard.span, message, "write a shorter `cooldown`, or a longer `max-cooldown`");
        }
        if guard.half_open.admit.buckets() == 0 {
            let message = "a probe that admits no unit gives no numbers".to_owned();
            self.unfit(guard.span, message, "write a share above 0% in `half-open.admit`, such as `1%`");
        }
        if guard.half_open.admit == Percent::ALL {
            let message = "a probe that admits all units is no probe".to_owned();
            self.unfit(guard.span, message, "write a share below 100% in `half-open.admit`, such as `1%`");
        }
    }

    fn check_guardrail(&mut self, guardrail: &Guardrail) {
        let (test, name) = (&guardrail.test, &guardrail.name.value);
        let kind = test.kind;
        for field in test.fields.iter().filter(|field| !kind.fields().contains(&field.value)) {
            let message = format!("`{}` is not a field of the test `{}`", field.value, kind.name());
            let help = format!("remove it; the fields of the test are {}", quoted_list(kind.fields().iter().copied()));
            self.unfit(field.span, message, help);
        }
        if test.resolved().is_none() {
            let (fields, help) = match kind {
                TestKind::Mean => ("`cap`", "write the value at which the values of units are cut, such as `cap: 500`"),
                TestKind::Threshold => ("`max` or `min`", "write the limit, such as `max: 0.9`"),
                TestKind::Absolute | TestKind::Count | TestKind::Block => {
                    ("`max-rate`", "write the highest tolerated rate, such as `max-rate: 0.05`")
                }
            };
            let message = format!("the test `{}` of `{name}` needs {fields}", kind.name());
            self.unfit(guardrail.name.span, message, help);
        }
        if let Some(healthy) = test.healthy_ratio
            && healthy <= test.max_ratio
        {
            let message = format!("`healthy-ratio` {healthy} is not above `max-ratio` {}", test.max_ratio);
            self.unfit(guardrail.name.span, message, "write a `healthy-ratio` above `max-ratio`, such as 1.5");
        }
        if kind == TestKind::Block && test.tolerance > 1.0 {
            let message = format!("a difference of rates cannot exceed 1, but `tolerance` is {}", test.tolerance);
            self.unfit(guardrail.name.span, message, "write a tolerance from 0 to 1");
        }
        if test.fail.limit > test.fail.of {
            let message = format!("{} of {} values cannot be outside the limits", test.fail.limit, test.fail.of);
            self.unfit(guardrail.name.span, message, "write `fail` with a `limit` of at most `of`");
        }
        if let Some(source) = &guardrail.source {
            let kinds: &[QueryKind] = match kind {
                TestKind::Count | TestKind::Block | TestKind::Absolute => &[QueryKind::Bad, QueryKind::Total],
                TestKind::Mean => &[QueryKind::N, QueryKind::Sum, QueryKind::SumSq],
                TestKind::Threshold => &[QueryKind::Value],
            };
            self.check_queries(source, kinds, &format!("the test `{}`", kind.name()));
        }
    }

    fn check_queries(&mut self, source: &PrometheusQueries, kinds: &[QueryKind], user: &str) {
        for kind in kinds.iter().filter(|kind| source.query(**kind).is_none()) {
            let message = format!("{user} needs the query `{}`", kind.name());
            let all = quoted_list(kinds.iter().map(|kind| kind.name()));
            self.unfit(source.span, message, format!("write queries for {all}"));
        }
        for (kind, query) in &source.queries {
            if kinds.contains(kind) {
                self.check_query(*kind, query);
            } else {
                let message = format!("{user} does not use the query `{}`", kind.name());
                let all = quoted_list(kinds.iter().map(|kind| kind.name()));
                self.unfit(query.span, message, format!("remove it; the queries are {all}"));
            }
        }
    }

    fn check_query(&mut self, kind: QueryKind, query: &Spanned<String>) {
        let parts = match template(&query.value) {
            Ok(parts) => parts,
            Err(name) => {
                let message = format!("`${name}` is not replaced in a query");
                let help = "the substitutions are `$variant`, `$window`, `$flag` and `$env`";
                return self.unfit(query.span, message, help);
            }
        };
        // A value of `threshold` is measured at one time, and may be that of both arms.
        let required: &[(Substitution, &str)] = match kind {
            QueryKind::Value => &[],
            _ => &[
                (Substitution::Window, "count the events of the window, as in `sum(increase(errors_total[$window]))`"),
                (Substitution::Variant, "select the arm by its label, as in `errors_total{variant=\"$variant\"}`"),
            ],
        };
        for (substitution, help) in required {
            if !parts.contains(&TemplatePart::Replaced(*substitution)) {
                let message = format!("the query `{}` has no `${}`", kind.name(), substitution.name());
                self.unfit(query.span, message, *help);
            }
        }
    }
}
