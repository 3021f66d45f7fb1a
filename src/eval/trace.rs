//! Every step of a decision, also those that did not settle it.
//!
//! Each truth and each outcome in a trace is what the deciding functions themselves give for that part.

use jiff::Timestamp;

use crate::bundle::{AttributeId, Bucket, Bundle, Condition, Flag, HashDomain, Percent, Rule, Serve, Test};
use crate::eval::condition::Scope;
use crate::eval::{Context, Decision, Outcome, Truth, Value};

/// A decision and all that led to it.
#[derive(Debug, Clone)]
pub struct Trace<'b, 'c> {
    /// What was decided.
    pub decision: Decision<'b>,
    /// As in [`Flag::prerequisites`].
    pub prerequisites: Vec<ConditionTrace<'b, 'c>>,
    /// As in [`Flag::rules`].
    pub rules: Vec<RuleTrace<'b, 'c>>,
}

/// One rule of a trace.
#[derive(Debug, Clone)]
pub struct RuleTrace<'b, 'c> {
    /// The rule itself.
    pub rule: &'b Rule,
    /// Whom it is for; none where it is for everyone.
    pub condition: Option<ConditionTrace<'b, 'c>>,
    /// The unit's bucket at the gate of a partial rollout, where there is a unit.
    pub gate: Option<Bucket>,
    /// The unit's bucket in the split, where there are both.
    pub split: Option<Bucket>,
    /// What became of it; none if the decision did not come this far.
    pub outcome: Option<Outcome>,
}

/// One condition of a trace.
#[derive(Debug, Clone)]
pub struct ConditionTrace<'b, 'c> {
    /// Whether it holds.
    pub truth: Truth,
    /// What it is made of.
    pub kind: TraceKind<'b, 'c>,
}

/// What a condition is made of.
#[derive(Debug, Clone)]
pub enum TraceKind<'b, 'c> {
    /// [`Condition::All`]
    All(Vec<ConditionTrace<'b, 'c>>),
    /// [`Condition::Any`]
    Any(Vec<ConditionTrace<'b, 'c>>),
    /// [`Condition::Not`]
    Not(Box<ConditionTrace<'b, 'c>>),
    /// [`Condition::Segment`]
    Segment {
        /// Its name.
        name: &'b str,
        /// Its condition.
        condition: Box<ConditionTrace<'b, 'c>>,
    },
    /// [`Condition::Flag`]
    Flag {
        /// The other flag.
        flag: &'b Flag,
        /// The names of the variants asked for.
        wanted: Vec<&'b str>,
        /// What it serves.
        decision: Decision<'b>,
    },
    /// [`Condition::Test`]
    Test {
        /// The test itself.
        test: &'b Test,
        /// The attribute's name.
        attribute: &'b str,
        /// What the context has; the moment of the decision is [`Value::Time`].
        found: Value<'c>,
    },
}

/// Decides as [`decide`](super::decide) does and records every step.
pub fn trace<'b, 'c>(bundle: &'b Bundle, flag: &'b Flag, context: &'c Context<'c>, now: Timestamp) -> Trace<'b, 'c> {
    let scope = Scope { bundle, context, now };
    let decision = scope.decide(flag);
    // Where `off` was served before any rule was asked, no rule was reached.
    let reached = match decision.reason {
        crate::eval::Reason::Disabled(_) => 0,
        _ => decision.rule.map_or(flag.rules.len(), |last| last + 1),
    };
    let rules = flag.rules.iter().enumerate();
    Trace {
        decision,
        prerequisites: flag.prerequisites.iter().map(|condition| scope.trace(condition)).collect(),
        rules: rules.map(|(at, rule)| scope.trace_rule(flag, rule, at < reached)).collect(),
    }
}

impl<'b, 'c> Scope<'b, 'c> {
    fn trace_rule(&self, flag: &'b Flag, rule: &'b Rule, reached: bool) -> RuleTrace<'b, 'c> {
        let partial = !matches!(rule.rollout, Percent::ALL | Percent::ZERO);
        let splits = matches!(rule.serve, Serve::Split(_));
        let bucket = |wanted: bool, domain| wanted.then(|| self.bucket(flag, domain).ok()).flatten();
        RuleTrace {
            rule,
            condition: rule.condition.as_ref().map(|condition| self.trace(condition)),
            gate: bucket(partial, HashDomain::Rollout),
            split: bucket(splits, HashDomain::Split),
            outcome: reached.then(|| self.apply(flag, rule)),
        }
    }

    fn trace(&self, condition: &'b Condition) -> ConditionTrace<'b, 'c> {
        let each = |inner: &'b [Condition]| inner.iter().map(|condition| self.trace(condition)).collect();
        let kind = match condition {
            Condition::All(inner) => TraceKind::All(each(inner)),
            Condition::Any(inner) => TraceKind::Any(each(inner)),
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
                attribute: self.bundle.attributes.get(test.attribute).map_or("", |attribute| &attribute.name),
                found: match test.attribute {
                    AttributeId::NOW => Value::Time(self.now),
                    id => self.context.value(id).clone(),
                },
            },
        };
        ConditionTrace { truth: self.holds(condition), kind }
    }
}
