//! What a flag serves, as arms of an `if`.

use serde_json::{Value as Json, json};

use crate::bundle::{BUCKETS, Bucket, Bucketing, Flag, HashDomain, Percent, Rule, Serve, State, Type, VariantId};
use crate::eval::Truth;
use crate::flagd::Writer;
use crate::flagd::guard::is_filled;
use crate::flagd::logic::{and, not, one_of};

/// Conditions and what is served where the first of them holds.
pub(super) struct Arms(Vec<(Json, Json)>);

impl Arms {
    /// As the operands of an `if`; the last is for whoever none of the arms is for.
    pub(super) fn otherwise(self, last: Json) -> Vec<Json> {
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
    /// The name of the variant that another flag serves, its default included.
    pub(super) fn served(&mut self, flag: &'b Flag) -> Json {
        let name = |id| json!(flag.variant(id).name);
        if flag.state != State::Enabled {
            return name(flag.off);
        }
        let mut operands = self.arms(flag).otherwise(name(flag.default));
        match operands.pop() {
            Some(only) if operands.is_empty() => only,
            last => json!({ "if": operands.into_iter().chain(last).collect::<Vec<_>>() }),
        }
    }

    /// Of an enabled flag, without its default.
    pub(super) fn arms(&mut self, flag: &'b Flag) -> Arms {
        let outer = self.place.clone();
        let mut arms = Vec::new();
        for (at, prerequisite) in flag.prerequisites.iter().enumerate() {
            self.place = format!("{outer}prerequisite {}: ", at + 1);
            let met = self.condition(prerequisite, Truth::True);
            arms.push((not(met), json!(flag.variant(flag.off).name)));
        }
        for (at, rule) in flag.rules.iter().enumerate() {
            self.place = format!("{outer}rule {}: ", flag.rule_name(at));
            if rule.rollout != Percent::ZERO && self.rule(flag, rule, &mut arms) == Reached::Nobody {
                break;
            }
        }
        self.place = outer;
        Arms(arms)
    }

    /// Adds the rule's arm, and says whom the rules after it can be for.
    fn rule(&mut self, flag: &'b Flag, rule: &'b Rule, arms: &mut Vec<(Json, Json)>) -> Reached {
        let condition = rule.condition.as_ref();
        let matches = condition.map_or(Json::Bool(true), |condition| self.condition(condition, Truth::True));
        let admitted = match rule.rollout {
            Percent::ALL => Json::Bool(true),
            share => match self.unit(flag) {
                None => Json::Bool(false),
                Some((unit, filled)) => {
                    let share = share.buckets();
                    let shares = [(json!("admitted"), share), (json!("others"), BUCKETS - share)];
                    let bucket = self.fractional(flag, HashDomain::Rollout, &unit, shares);
                    and([filled, json!({ "===": [bucket, "admitted"] })])
                }
            },
        };
        let admitted = and([matches, admitted]);
        let off = json!(flag.variant(flag.off).name);
        let served = match &rule.serve {
            Serve::Variant(id) => json!(flag.variant(*id).name),
            Serve::Split(_) => {
                let shares = shares(flag, &rule.serve);
                match self.unit(flag) {
                    // Whoever the rollout admits has a unit.
                    Some((unit, _)) if rule.rollout != Percent::ALL => {
                        self.fractional(flag, HashDomain::Split, &unit, shares)
                    }
                    Some((unit, filled)) => {
                        let share = self.fractional(flag, HashDomain::Split, &unit, shares);
                        json!({ "if": [filled, share, off] })
                    }
                    None => off,
                }
            }
        };
        let reached = if admitted == Json::Bool(true) { Reached::Nobody } else { Reached::Somebody };
        arms.push((admitted, served));
        reached
    }

    /// What flagd buckets by, and whether it is there; none if no context can have it.
    fn unit(&mut self, flag: &Flag) -> Option<(Json, Json)> {
        let attribute = self.bundle.attributes.get(flag.unit).filter(|unit| unit.kind == Type::String)?;
        let unit = self.path(attribute);
        let filled = match &attribute.allowed {
            None => is_filled(&unit),
            Some(allowed) => {
                let filled = allowed.iter().filter(|text| !text.is_empty());
                one_of(&unit, filled.map(|text| json!(text)).collect())
            }
        };
        Some((unit, filled))
    }

    /// The shares' names, by the unit's bucket.
    fn fractional(
        &mut self,
        flag: &Flag,
        domain: HashDomain,
        unit: &Json,
        shares: impl IntoIterator<Item = (Json, Bucket)>,
    ) -> Json {
        if self.bundle.bucketing == Bucketing::Siphash {
            return self
                .refuse("its buckets are siphash's; flagd computes those of `bucketing: flagd-v2` or `flagd-v3`");
        }
        let salt = flag.bucketer.salt();
        let before = match domain {
            HashDomain::Rollout => format!("{salt}/rollout/"),
            HashDomain::Split => salt.to_owned(),
        };
        let by = json!({ "cat": [before, unit] });
        let shares = shares.into_iter().filter(|(_, size)| *size > 0).map(|(name, size)| json!([name, size]));
        json!({ "fractional": std::iter::once(by).chain(shares).collect::<Vec<_>>() })
    }

    /// Whether another flag serves one of these variants, or another.
    pub(super) fn serves(&mut self, flag: &'b Flag, variants: &[VariantId], wanted: Truth) -> Json {
        let outer = self.place.clone();
        self.place = format!("{outer}flag {}: ", flag.key);
        let served = self.served(flag);
        self.place = outer;
        let names: Vec<Json> = variants.iter().map(|id| json!(flag.variant(*id).name)).collect();
        let holds = match &served {
            Json::String(_) => Json::Bool(names.contains(&served)),
            served => one_of(served, names),
        };
        if wanted == Truth::True { holds } else { not(holds) }
    }
}

/// Whom a rule leaves for those after it.
#[derive(PartialEq, Eq)]
enum Reached {
    Somebody,
    Nobody,
}

fn shares(flag: &Flag, serve: &Serve) -> Vec<(Json, Bucket)> {
    serve.ranges().map(|(range, id)| (json!(flag.variant(id).name), range.end - range.start)).collect()
}
