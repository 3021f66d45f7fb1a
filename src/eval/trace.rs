//! Records every step of a decision, including the steps that did not determine the result.
//!
//! **Invariant:** the functions that decide also compute every truth value and every outcome in a trace.

use jiff::Timestamp;

use crate::bundle::{AttributeId, Bucket, Bundle, Condition, Flag, HashDomain, Percent, Rule, Serve, Test};
use crate::eval::condition::Scope;
use crate::eval::context::Context;
use crate::eval::decision::{Decision, Outcome, Reason};
use crate::eval::truth::Truth;
use crate::eval::value::Value;

/// A decision with every step that led to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Trace<'b, 'c> {
    /// The decision.
    pub decision: Decision<'b>,
    /// The prerequisites, in the order of [`Flag::prerequisites`].
    pub prerequisites: Vec<ConditionTrace<'b, 'c>>,
    /// The rules, in the order of [`Flag::rules`].
    pub rules: Vec<RuleTrace<'b, 'c>>,
    /// The check of the unit by a kill that admits a share of units. It is `None` if the flag has no such kill, or if the
    /// flag would serve `off` without it.
    pub admission: Option<AdmissionTrace>,
}

/// The check of a unit by a kill that admits a share of units.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AdmissionTrace {
    /// The share of units that the kill admits.
    pub admit: Percent,
    /// The attribute that identifies the unit.
    pub unit: AttributeId,
    /// The unit's bucket, or `None` if the context does not have the unit.
    pub bucket: Option<Bucket>,
}

/// One rule of a trace.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RuleTrace<'b, 'c> {
    /// The rule itself.
    pub rule: &'b Rule,
    /// The condition of the rule, if it has one.
    pub condition: Option<ConditionTrace<'b, 'c>>,
    /// The unit's bucket in the layer, if the rule has a slot that is not the complete layer and the context has a unit.
    pub slot_bucket: Option<Bucket>,
    /// The unit's bucket in the rollout, if the rollout is partial and the context has a unit.
    pub rollout_bucket: Option<Bucket>,
    /// The unit's bucket in the split, if the rule has a split and the context has a unit.
    pub split_bucket: Option<Bucket>,
    /// The outcome of the rule, or `None` if the decision did not reach it.
    pub outcome: Option<Outcome>,
}

/// One condition of a trace.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConditionTrace<'b, 'c> {
    /// Whether it holds.
    pub truth: Truth,
    /// The kind of the condition, with its parts.
    pub kind: TraceKind<'b, 'c>,
}

/// The kind of a condition, with its parts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TraceKind<'b, 'c> {
    /// All parts must hold.
    All(Vec<ConditionTrace<'b, 'c>>),
    /// One part must hold.
    Any(Vec<ConditionTrace<'b, 'c>>),
    /// The part must not hold.
    Not(Box<ConditionTrace<'b, 'c>>),
    /// The context must be in a segment.
    Segment {
        /// The name of the segment.
        name: &'b str,
        /// The condition of the segment.
        condition: Box<ConditionTrace<'b, 'c>>,
    },
    /// Another flag must serve one of the wanted variants.
    Flag {
        /// The other flag.
        flag: &'b Flag,
        /// The names of the accepted variants.
        wanted: Vec<&'b str>,
        /// The decision of the other flag.
        decision: Decision<'b>,
    },
    /// The value of an attribute must pass a test.
    Test {
        /// The test itself.
        test: &'b Test,
        /// The attribute's name.
        attribute: &'b str,
        /// The value in the context. The value of `now` is the time of the decision.
        found: Value<'c>,
    },
}

impl Bundle {
    /// Decides the flag with this key as [`Bundle::decide`] does, and records every step. Returns `None` for an unknown
    /// key.
    pub fn trace<'b, 'c>(&'b self, key: &str, context: &'c Context<'c>, now: Timestamp) -> Option<Trace<'b, 'c>> {
        self.flag(key).map(|flag| trace(self, flag, context, now))
    }
}

/// Decides `flag` and records every step. The flag must belong to `bundle`.
pub fn trace<'b, 'c>(bundle: &'b Bundle, flag: &'b Flag, context: &'c Context<'c>, now: Timestamp) -> Trace<'b, 'c> {
    let scope = Scope { bundle, context, now };
    let decision = scope.decide(flag);
    // A kill that admits a share of units checks the decision of the rules.
    let decided = if flag.state.is_half_open() { scope.decide_by_rules(flag) } else { decision };
    // The decision reached no rule if a kill or a missing prerequisite turned the flag off.
    let reached = match decided.reason {
        Reason::Disabled(_) => 0,
        Reason::Static | Reason::TargetingMatch | Reason::Split | Reason::Default | Reason::Error(_) => {
            decided.rule.map_or(flag.rules.len(), |last| last + 1)
        }
    };
    let is_checked = flag.state.is_half_open() && !std::ptr::eq(decided.variant, flag.variant(flag.off));
    let admission = is_checked.then(|| AdmissionTrace {
        admit: flag.state.admits(),
        unit: flag.deciding_unit(decided.rule),
        bucket: scope.kill_bucket(flag, &decided),
    });
    let rules = flag.rules.iter().enumerate().map(|(index, rule)| {
        let reach = if index < reached { Reach::Reached } else { Reach::NotReached };
        scope.trace_rule(flag, rule, reach)
    });
    Trace {
        decision,
        prerequisites: flag.prerequisites.iter().map(|condition| scope.trace(condition)).collect(),
        rules: rules.collect(),
        admission,
    }
}

/// Whether the decision reached a rule.
#[derive(Clone, Copy)]
enum Reach {
    Reached,
    NotReached,
}

impl<'b, 'c> Scope<'b, 'c> {
    fn trace_rule(&self, flag: &'b Flag, rule: &'b Rule, reach: Reach) -> RuleTrace<'b, 'c> {
        let bucket = |domain| self.bucket(flag, rule, domain).ok();
        RuleTrace {
            rule,
            condition: rule.condition.as_ref().map(|condition| self.trace(condition)),
            slot_bucket: rule.partial_slot().and_then(|slot| {
                let unit = self.context.unit(flag.unit_of(rule)).ok()?;
                Some(slot.bucket(unit))
            }),
            rollout_bucket: match rule.rollout {
                Percent::ALL | Percent::ZERO => None,
                _ => bucket(HashDomain::Rollout),
            },
            split_bucket: match rule.serve {
                Serve::Variant(_) => None,
                Serve::Split(_) => bucket(HashDomain::Split),
            },
            outcome: match reach {
                Reach::Reached => Some(self.apply(flag, rule)),
                Reach::NotReached => None,
            },
        }
    }

    fn trace(&self, condition: &'b Condition) -> ConditionTrace<'b, 'c> {
        let trace_all = |inner: &'b [Condition]| inner.iter().map(|condition| self.trace(condition)).collect();
        let kind = match condition {
            Condition::All(inner) => TraceKind::All(trace_all(inner)),
            Condition::Any(inner) => TraceKind::Any(trace_all(inner)),
            Condition::Not(inner) => TraceKind::Not(Box::new(self.trace(inner))),
            Condition::Segment(id) => {
                let segment = self.bundle.segment_at(*id);
                TraceKind::Segment { name: &segment.name, condition: Box::new(self.trace(&segment.condition)) }
            }
            Condition::Flag { key, variants } => {
                let flag = self.bundle.flag_at(*key);
                let wanted = variants.iter().map(|id| flag.variant(*id).name.as_ref()).collect();
                TraceKind::Flag { flag, wanted, decision: self.decide(flag) }
            }
            Condition::Test(test) => TraceKind::Test {
                test,
                attribute: self.bundle.attributes.name(test.attribute),
                found: match test.attribute {
                    AttributeId::NOW => Value::Time(self.now),
                    id => self.context.value(id).clone(),
                },
            },
        };
        ConditionTrace { truth: self.holds(condition), kind }
    }
}
