//! Compiles rules: their conditions, rollouts and splits.

use std::collections::BTreeMap;

use crate::bundle::{BUCKETS, Percent, Rule, Serve};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::diag::{Diagnostic, Fix, FixChange, FixEdit};
use crate::model;
use crate::model::{EffectiveRule, EffectiveServing};
use crate::snapshot::{Span, Spanned};

impl Compiler<'_> {
    /// Compiles the rules of a flag. Reports rule names that are used more than once.
    pub(super) fn rules(&mut self, definition: &model::Flag, serving: &EffectiveServing<'_>) -> Compiled<Vec<Rule>> {
        let rules = &serving.rules;
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        let mut compiled = Vec::with_capacity(rules.len());
        let mut has_errors = false;
        for (index, rule) in rules.iter().enumerate() {
            if let Some(name) = &rule.written.name {
                if let Some(first) = names.get(name.value.as_str()) {
                    has_errors = true;
                    let message = format!("the rule name `{}` is repeated", name.value);
                    self.report(
                        Diagnostic::new(Code::DuplicateRule, name.span, message)
                            .related(*first, "first used here")
                            .help("use a different name for each rule, because decisions refer to rules by name"),
                    );
                }
                names.entry(&name.value).or_insert(name.span);
            }
            match self.rule(definition, (rule, serving.unit)) {
                Ok(compiled_rule) => {
                    // If a rule before it is left out, the number in the file is the name, so that it is the same in
                    // all environments.
                    let name = rule.written.name.as_ref().map(|name| name.value.as_str().into());
                    let number = || (index != rule.written_index).then(|| rule.name().into());
                    compiled.push(Rule { name: name.or_else(number), ..compiled_rule });
                }
                Err(Broken) => has_errors = true,
            }
        }
        if has_errors { Err(Broken) } else { Ok(compiled) }
    }

    fn rule(
        &mut self,
        definition: &model::Flag,
        (rule, flag_unit): (&EffectiveRule<'_>, Option<&Spanned<String>>),
    ) -> Compiled<Rule> {
        let condition = rule.condition.map(|condition| self.condition(&condition.value)).transpose();
        let serve = match rule.serve {
            None => Err(Broken),
            Some(model::Serve::Variant(name)) => self.variant(definition, name).map(Serve::Variant),
            Some(model::Serve::Split(shares)) => self.split(definition, shares),
        };
        if let Some(step) = rule.steps.windows(2).find(|pair| matches!(pair, [a, b] if a.value >= b.value))
            && let [before, step] = step
        {
            let message = format!("step {} is not larger than the step {} before it", step.value, before.value);
            self.report(
                Diagnostic::new(Code::StepsOrder, step.span, message)
                    .help("write the steps from the smallest to the largest")
                    .fix(in_order(rule.steps)),
            );
        }
        let unit = rule.written.unit.as_ref().map(|unit| self.unit(unit)).transpose();
        let slot = self.slot(rule, flag_unit);
        Ok(Rule { name: None, condition: condition?, unit: unit?, slot: slot?, rollout: rule.share(), serve: serve? })
    }

    /// Compiles shares to ranges of buckets. Reports shares that do not add up to 100 %.
    fn split(&mut self, definition: &model::Flag, shares: &Spanned<Vec<model::Share>>) -> Compiled<Serve> {
        let mut ranges = Vec::with_capacity(shares.value.len());
        let (mut end, mut has_errors) = (0u32, false);
        for share in &shares.value {
            end = end.saturating_add(share.share.value.buckets());
            match self.variant(definition, &share.variant) {
                Ok(id) => ranges.push((end, id)),
                Err(Broken) => has_errors = true,
            }
        }
        if end != BUCKETS {
            let difference = Percent::from_buckets(end.abs_diff(BUCKETS));
            let help = difference.map(|difference| match end < BUCKETS {
                true => format!("add {difference} to a variant"),
                false => format!("remove {difference} from a variant"),
            });
            let sum = format!("{}%", f64::from(end) / 1_000.0);
            let message = format!("expected shares that add up to 100%, found {sum}");
            return Err(self.report(Diagnostic::new(Code::SplitSum, shares.span, message).maybe_help(help)));
        }
        if has_errors {
            return Err(Broken);
        }
        // A share of 100 % needs no bucket, so a context without a unit gets the variant too.
        let full = shares.value.iter().zip(&ranges).find(|(share, _)| share.share.value == Percent::ALL);
        Ok(full.map_or(Serve::Split(ranges.clone()), |(_, (_, id))| Serve::Variant(*id)))
    }
}

/// Returns the fix that writes steps from the smallest to the largest, or `None` if a step is repeated.
fn in_order(steps: &[Spanned<Percent>]) -> Option<Fix> {
    let mut sorted: Vec<Percent> = steps.iter().map(|step| step.value).collect();
    sorted.sort_unstable();
    let is_distinct = sorted.windows(2).all(|pair| matches!(pair, [before, step] if before < step));
    let edit = |(step, value): (&Spanned<Percent>, Percent)| FixEdit {
        span: step.span,
        change: FixChange::Text(value.to_string()),
    };
    let title = "sort the steps".to_owned();
    is_distinct.then(|| Fix { title, edits: steps.iter().zip(sorted).map(edit).collect() })
}
