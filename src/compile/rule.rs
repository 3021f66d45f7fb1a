//! Rules: whom they are for, whom they admit, what they serve.

use std::collections::BTreeMap;

use crate::bundle::{BUCKETS, Percent, Rule, Serve};
use crate::codes::Code;
use crate::compile::compiler::{Broken, Compiled, Compiler};
use crate::diag::Diagnostic;
use crate::model;
use crate::snapshot::{Span, Spanned};

impl Compiler<'_> {
    pub(super) fn rules(&mut self, definition: &model::Flag, rules: &[model::Rule]) -> Compiled<Vec<Rule>> {
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        let mut compiled = Vec::with_capacity(rules.len());
        let mut sound = true;
        for rule in rules {
            if let Some(name) = &rule.name {
                if let Some(first) = names.get(name.value.as_str()) {
                    sound = false;
                    let message = format!("two rules are called `{}`", name.value);
                    self.report(
                        Diagnostic::new(Code::DuplicateRule, name.span, message)
                            .related(*first, "first here")
                            .help("decisions name their rule: give each a name of its own"),
                    );
                }
                names.entry(&name.value).or_insert(name.span);
            }
            match self.rule(definition, rule) {
                Ok(rule) => compiled.push(rule),
                Err(Broken) => sound = false,
            }
        }
        if sound { Ok(compiled) } else { Err(Broken) }
    }

    fn rule(&mut self, definition: &model::Flag, rule: &model::Rule) -> Compiled<Rule> {
        let condition = rule.condition.as_ref().map(|condition| self.condition(&condition.value)).transpose();
        let serve = match &rule.serve {
            None => Err(Broken),
            Some(model::Serve::Variant(name)) => self.variant(definition, name).map(Serve::Variant),
            Some(model::Serve::Split(shares)) => self.split(definition, shares),
        };
        if let Some(step) = rule.steps.windows(2).find(|pair| matches!(pair, [a, b] if a.value >= b.value))
            && let [before, step] = step
        {
            let message = format!("step {} does not rise above {}", step.value, before.value);
            self.report(Diagnostic::new(Code::StepsOrder, step.span, message).help("write the steps in rising order"));
        }
        let rollout = rule.rollout.as_ref().map_or(Percent::ALL, |rollout| rollout.value);
        Ok(Rule {
            name: rule.name.as_ref().map(|name| name.value.as_str().into()),
            condition: condition?,
            rollout,
            serve: serve?,
        })
    }

    fn split(&mut self, definition: &model::Flag, shares: &Spanned<Vec<model::Share>>) -> Compiled<Serve> {
        let mut ranges = Vec::with_capacity(shares.value.len());
        let (mut end, mut sound) = (0u32, true);
        for share in &shares.value {
            end = end.saturating_add(share.share.value.buckets());
            match self.variant(definition, &share.variant) {
                Ok(id) => ranges.push((end, id)),
                Err(Broken) => sound = false,
            }
        }
        if end != BUCKETS {
            let difference = Percent::from_buckets(end.abs_diff(BUCKETS));
            let help = difference.map(|difference| match end < BUCKETS {
                true => format!("give the missing {difference} to a variant"),
                false => format!("take {difference} away from a variant"),
            });
            let sum = format!("{}%", f64::from(end) / 1_000.0);
            let message = format!("the shares add up to {sum}, not 100%");
            return Err(self.report(Diagnostic::new(Code::SplitSum, shares.span, message).maybe_help(help)));
        }
        if !sound {
            return Err(Broken);
        }
        // A share of everything needs no bucket, and so no unit.
        let whole = shares.value.iter().zip(&ranges).find(|(share, _)| share.share.value == Percent::ALL);
        Ok(whole.map_or(Serve::Split(ranges.clone()), |(_, (_, id))| Serve::Variant(*id)))
    }
}
