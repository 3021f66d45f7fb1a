//! Writes the rules of a flag as the arms of a JsonLogic `if`.

use std::ops::Range;

use serde_json::{Value as Json, json};

use crate::bundle::{
    AttributeId, BUCKETS, Bucket, Bucketer, Bucketing, Flag, HashDomain, Percent, Rule, Serve, Type, VariantId,
};
use crate::flagd::json_logic::{and, not, one_of};
use crate::flagd::type_guard::is_non_empty;
use crate::flagd::writer::{Cause, FlagPart, Form, Writer};

/// Conditions with variants. The variant of the first condition that holds is served.
pub(super) struct Arms(Vec<(Json, Json)>);

impl Arms {
    /// Returns the operands of an `if`. `last` is served if no condition holds.
    pub(super) fn into_operands(self, last: Json) -> Vec<Json> {
        let mut operands = Vec::new();
        for (condition, served) in self.0 {
            match condition {
                Json::Bool(false) => {}
                Json::Bool(true) => {
                    operands.push(served);
                    return operands;
                }
                condition => operands.extend([condition, served]),
            }
        }
        operands.push(last);
        operands
    }
}

impl<'b> Writer<'b> {
    /// Returns JsonLogic for the name of the variant that a flag serves, including its default.
    pub(super) fn served(&mut self, flag: &'b Flag) -> Json {
        let name = |id| json!(flag.variant(id).name);
        if flag.state.is_off() {
            return name(flag.off);
        }
        let mut operands = self.arms(flag).into_operands(name(flag.default));
        match operands.pop() {
            Some(only) if operands.is_empty() => only,
            last => json!({ "if": operands.into_iter().chain(last).collect::<Vec<_>>() }),
        }
    }

    /// Returns the arms of a flag that is not off, without its default. If its kill admits a share of units, then an arm with
    /// `off` follows each rule, and is the last arm.
    pub(super) fn arms(&mut self, flag: &'b Flag) -> Arms {
        let outer = self.location.clone();
        let (mut arms, mut is_decided) = (Vec::new(), false);
        for (index, prerequisite) in flag.prerequisites.iter().enumerate() {
            self.enter(&outer, &format!("prerequisite {}: ", index + 1), FlagPart::Prerequisite(index));
            let met = self.condition(prerequisite, Form::WhereTrue);
            arms.push((not(met), json!(flag.variant(flag.off).name)));
        }
        for (index, rule) in flag.rules.iter().enumerate() {
            self.enter(&outer, &format!("rule {}: ", flag.rule_name(index)), FlagPart::Rule(index));
            // A rule that serves `off` serves it to every unit that it admits.
            let admits = if rule.serve == Serve::Variant(flag.off) { Percent::ALL } else { flag.state.admits() };
            let kept = rule.rollout.min(admits);
            if kept != Percent::ZERO && self.rule(flag, (rule, kept), &rule.serve, &mut arms) == Remainder::Nothing {
                is_decided = true;
                break;
            }
            // The units that the rollout admits and the kill does not.
            let off = Serve::Variant(flag.off);
            if kept != rule.rollout && self.rule(flag, (rule, rule.rollout), &off, &mut arms) == Remainder::Nothing {
                is_decided = true;
                break;
            }
        }
        if outer.is_empty() {
            self.part = FlagPart::Flag;
        }
        if flag.state.is_half_open() && flag.default != flag.off && !is_decided {
            self.location = format!("{outer}default: ");
            let admitted = self.admitted(flag, flag.unit, flag.state.admits());
            arms.push((not(admitted), json!(flag.variant(flag.off).name)));
        }
        self.location = outer;
        Arms(arms)
    }

    /// Sets the location to a part of a flag. The part of the exported flag stays while the parts of other flags are
    /// written into it.
    fn enter(&mut self, outer: &str, location: &str, part: FlagPart) {
        if outer.is_empty() {
            self.part = part;
        }
        self.location = format!("{outer}{location}");
    }

    /// Adds an arm that serves `serve` to the units that the rule admits up to a share. Returns whether anything after it can
    /// decide any context.
    fn rule(
        &mut self,
        flag: &'b Flag,
        (rule, share): (&'b Rule, Percent),
        serve: &Serve,
        arms: &mut Vec<(Json, Json)>,
    ) -> Remainder {
        let condition = rule.condition.as_ref();
        let matches = condition.map_or(Json::Bool(true), |condition| self.condition(condition, Form::WhereTrue));
        let in_slot = self.in_slot(flag, rule);
        let admitted = self.admitted(flag, flag.unit_of(rule), share);
        let admitted = and([matches, in_slot, admitted]);
        let off = json!(flag.variant(flag.off).name);
        let served = match serve {
            Serve::Variant(id) => json!(flag.variant(*id).name),
            Serve::Split(_) => {
                let shares = shares(flag, serve);
                match self.unit(flag.unit_of(rule)) {
                    // A context in the slot, or that the rollout admits, has a unit.
                    Some((unit, _)) if share != Percent::ALL || rule.partial_slot().is_some() => {
                        self.fractional(&flag.bucketer, HashDomain::Split, &unit, shares)
                    }
                    Some((unit, non_empty)) => {
                        let share = self.fractional(&flag.bucketer, HashDomain::Split, &unit, shares);
                        json!({ "if": [non_empty, share, off] })
                    }
                    None => off,
                }
            }
        };
        let remainder = if admitted == Json::Bool(true) { Remainder::Nothing } else { Remainder::Some };
        arms.push((admitted, served));
        remainder
    }

    /// Returns JsonLogic that checks whether the bucket of the unit among the rollouts of the flag is in the share.
    fn admitted(&mut self, flag: &Flag, unit: AttributeId, share: Percent) -> Json {
        if share == Percent::ALL {
            return Json::Bool(true);
        }
        let Some((unit, non_empty)) = self.unit(unit) else { return Json::Bool(false) };
        let share = share.buckets();
        let shares = [(json!("admitted"), share), (json!("others"), BUCKETS - share)];
        let bucket = self.fractional(&flag.bucketer, HashDomain::Rollout, &unit, shares);
        and([non_empty, json!({ "===": [bucket, "admitted"] })])
    }

    /// Returns JsonLogic that checks whether the unit is in the slot of a rule.
    fn in_slot(&mut self, flag: &Flag, rule: &Rule) -> Json {
        let Some(slot) = rule.partial_slot() else { return Json::Bool(true) };
        let Some((unit, non_empty)) = self.unit(flag.unit_of(rule)) else { return Json::Bool(false) };
        let Range { start, end } = slot.range.buckets();
        let parts = [(json!("before"), start), (json!("slot"), end - start), (json!("after"), BUCKETS - end)];
        let bucket = self.fractional(&slot.bucketer, HashDomain::Layer, &unit, parts);
        and([non_empty, json!({ "===": [bucket, "slot"] })])
    }

    /// Returns JsonLogic for the unit, and JsonLogic that checks whether the context has the unit. Returns `None` if no
    /// context can have it.
    fn unit(&mut self, unit: AttributeId) -> Option<(Json, Json)> {
        let attribute = self.bundle.attributes.get(unit).filter(|unit| unit.kind == Type::String)?;
        let unit = self.path(attribute);
        let non_empty = match &attribute.allowed {
            None => is_non_empty(&unit),
            Some(allowed) => {
                let non_empty = allowed.iter().filter(|text| !text.is_empty());
                one_of(&unit, non_empty.map(|text| json!(text)).collect())
            }
        };
        Some((unit, non_empty))
    }

    /// Returns flagd's `fractional`, which evaluates to the name of the share that contains the unit's bucket.
    fn fractional(
        &mut self,
        bucketer: &Bucketer,
        domain: HashDomain,
        unit: &Json,
        shares: impl IntoIterator<Item = (Json, Bucket)>,
    ) -> Json {
        if self.bundle.bucketing == Bucketing::Siphash {
            let why = "its buckets are siphash's; flagd computes those of `bucketing: flagd-v2` or `flagd-v3`";
            return self.refuse(Cause::Buckets, why, "write `bucketing: flagd-v2` or `flagd-v3` in `flagctl.yaml`");
        }
        let prefix = domain.flagd_salt(bucketer.salt());
        let by = json!({ "cat": [prefix, unit] });
        let shares = shares.into_iter().filter(|(_, size)| *size > 0).map(|(name, size)| json!([name, size]));
        json!({ "fractional": std::iter::once(by).chain(shares).collect::<Vec<_>>() })
    }

    /// Returns JsonLogic that checks whether a flag serves one of these variants, in the given form.
    pub(super) fn serves(&mut self, flag: &'b Flag, variants: &[VariantId], form: Form) -> Json {
        let outer = self.location.clone();
        self.location = format!("{outer}flag {}: ", flag.key);
        let served = self.served(flag);
        self.location = outer;
        let names: Vec<Json> = variants.iter().map(|id| json!(flag.variant(*id).name)).collect();
        let holds = match &served {
            Json::String(_) => Json::Bool(names.contains(&served)),
            served => one_of(served, names),
        };
        match form {
            Form::WhereTrue => holds,
            Form::WhereFalse => not(holds),
        }
    }
}

/// The contexts that remain for the rules after a rule.
#[derive(PartialEq, Eq)]
enum Remainder {
    /// Some contexts may remain.
    Some,
    /// The rule decides every context.
    Nothing,
}

/// Returns the name and the number of buckets of each share.
fn shares(flag: &Flag, serve: &Serve) -> Vec<(Json, Bucket)> {
    serve.ranges().map(|(range, id)| (json!(flag.variant(id).name), range.end - range.start)).collect()
}
