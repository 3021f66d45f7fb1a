//! The next steps of rollouts: which of them policy and soak allow now, and what the others wait for.
//!
//! A step is judged as a change is: the tip of the branch is compared with the same commit in which one share is changed.
//! `flagctl policy` therefore allows the commit of a scheduled step if and only if the step is allowed here.
//!
//! **Invariant:** a step is due only in an environment whose policy has `min-soak`, because a job that runs every few
//! minutes would otherwise make all steps at once. The first step, from no units, is a person's decision.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::actions::error::ActionError;
use crate::actions::flag_definition::FlagDefinition;
use crate::actions::rollout_edit::with_rollout;
use crate::actions::rule_selector::{RuleLocation, requested_environments};
use crate::actions::session::WriteSession;
use crate::analyze::Budget;
use crate::bundle::{Percent, State};
use crate::load;
use crate::load::Loaded;
use crate::policy::{CommitRange, Evidence, PolicyComparison, Problem, Refusal, StageSource, judge};

/// The next step of a rule's rollout in an environment.
#[derive(Debug, Clone)]
pub struct ScheduledStep {
    /// The flag's key.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// The name of the rule, or its number, such as `#2`.
    pub rule: String,
    /// The present share.
    pub from: Percent,
    /// The share after the step.
    pub to: Percent,
    /// What the step waits for. The list is empty if the step is due.
    pub waits: Vec<StepWait>,
}

/// What a step waits for.
#[derive(Debug, Clone)]
pub enum StepWait {
    /// The rule admits no units, and a person makes the first step.
    NotBegun,
    /// The flag is killed.
    Killed,
    /// The flag is disabled.
    Disabled,
    /// The environment has no policy with `min-soak`.
    NoSoak,
    /// The policy refuses the step.
    Policy(Box<Refusal>),
    /// The guard of the flag does not find it healthy, for this reason.
    Guard(String),
    /// The step cannot be made, for this reason.
    Impossible(String),
}

impl StepWait {
    /// Returns the time at which the wait ends, if it ends by itself.
    pub fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::Policy(refusal) => match &refusal.problem {
                Problem::Soak { .. } | Problem::Freeze { .. } => Some(refusal.from),
                _ => None,
            },
            Self::NotBegun | Self::Killed | Self::Disabled | Self::NoSoak | Self::Guard(_) | Self::Impossible(_) => {
                None
            }
        }
    }
}

impl ScheduledStep {
    /// Returns whether the step may be made now.
    pub fn is_due(&self) -> bool {
        self.waits.is_empty()
    }
}

/// A further condition of steps, such as the verdict of a guard.
pub trait StepGate {
    /// Returns why the flag must not advance in the environment now, or `None` if it may.
    ///
    /// # Errors
    /// Returns an error if the condition cannot be decided.
    fn reason_to_wait(&self, flag: &str, environment: &str) -> Result<Option<String>, ActionError>;
}

/// What decides about steps.
pub struct Schedule<'s> {
    /// The clock of soaks.
    pub clock: &'s dyn StageSource,
    /// A further condition.
    pub gate: &'s dyn StepGate,
    /// The time of the decision.
    pub now: Timestamp,
}

/// Returns the next step of each flag in each environment, in the order of flags and environments. Without keys, all flags
/// with `steps` are examined; without environments, all environments.
///
/// # Errors
/// Returns an error if a flag is unknown, or if something cannot be read that decides about a step.
pub fn scheduled_steps(
    session: &WriteSession,
    keys: &[String],
    environments: &[String],
    schedule: &Schedule<'_>,
) -> Result<Vec<ScheduledStep>, ActionError> {
    let keys: BTreeSet<String> = match keys {
        [] => load::all(&session.source())?
            .project
            .flags
            .iter()
            .filter(|flag| flag.rule_fields().any(|fields| fields.steps.is_some()))
            .map(|flag| flag.key.clone())
            .collect(),
        keys => keys.iter().cloned().collect(),
    };
    let settings = session.settings();
    let wanted: Vec<&str> = match environments {
        [] => settings.environment_names().collect(),
        names => requested_environments(settings, names),
    };
    let scheduler = Scheduler { session, schedule, tests: OnceCell::new() };
    let mut found = Vec::new();
    for key in &keys {
        let definition = FlagDefinition::read(session, key)?;
        for environment in &wanted {
            found.extend(scheduler.next_step(&definition, environment)?);
        }
    }
    Ok(found)
}

/// What decides about the steps of one commit.
struct Scheduler<'s> {
    session: &'s WriteSession,
    schedule: &'s Schedule<'s>,
    /// The definitions with all tests, which are read when the first step is judged.
    tests: OnceCell<Loaded>,
}

impl Scheduler<'_> {
    /// Returns the next step of the first rule that has one.
    fn next_step(&self, definition: &FlagDefinition, environment: &str) -> Result<Option<ScheduledStep>, ActionError> {
        let Self { session, schedule, .. } = self;
        let (settings, flag) = (session.settings(), &definition.flag);
        let serving = flag.serving(&settings.names_of(environment));
        let next = serving.rules.iter().find_map(|rule| {
            let share = rule.share();
            let to = rule.steps.iter().map(|step| step.value).filter(|step| *step > share).min()?;
            Some((rule.name(), share, to))
        });
        let Some((rule, from, to)) = next else { return Ok(None) };
        let mut step = ScheduledStep {
            flag: flag.key.clone(),
            environment: environment.to_owned(),
            rule,
            from,
            to,
            waits: Vec::new(),
        };
        if from == Percent::ZERO {
            step.waits.push(StepWait::NotBegun);
        }
        let state = session
            .bundle(std::slice::from_ref(&flag.key), environment)?
            .flag(&flag.key)
            .map(|flag| flag.state.clone());
        match state {
            Some(State::Enabled) => {}
            Some(State::Disabled) => step.waits.push(StepWait::Disabled),
            Some(State::Killed { .. }) => step.waits.push(StepWait::Killed),
            None => step.waits.push(StepWait::Impossible("its definition has errors".to_owned())),
        }
        let policy = settings.policy_of(environment, flag.kind());
        if policy.is_none_or(|policy| policy.min_soak.is_none()) {
            step.waits.push(StepWait::NoSoak);
        }
        if step.waits.is_empty() {
            step.waits = self.judged(definition, &step)?;
        }
        if step.waits.is_empty() {
            step.waits.extend(schedule.gate.reason_to_wait(&step.flag, environment)?.map(StepWait::Guard));
        }
        Ok(Some(step))
    }

    /// Judges a step by the policy.
    fn judged(&self, definition: &FlagDefinition, step: &ScheduledStep) -> Result<Vec<StepWait>, ActionError> {
        let Self { session, schedule, .. } = self;
        let environments = [step.environment.clone()];
        let location = RuleLocation::find(&definition.flag, session.settings(), &environments, Some(&step.rule));
        let text = location.and_then(|location| Ok(with_rollout(&definition.text, &location, step.to)?));
        let text = match text {
            Ok(text) => text,
            Err(error) => return Ok(vec![StepWait::Impossible(error.to_string())]),
        };
        let (base, budget) = (session.tip(), Budget::default());
        let after = base.with_files([(definition.path.as_str(), text.as_str())])?;
        let comparison = PolicyComparison::new(base, &after, &budget)?;
        // The commit of the step does not exist yet. Whether it is signed is checked when it does.
        let commits = CommitRange::default();
        let evidence = Evidence {
            commits: &commits,
            clock: schedule.clock,
            population: None,
            shadow_reports: &[],
            project: &self.tests()?.project,
            now: schedule.now,
            budget: &budget,
        };
        let refusals = judge(&comparison, &evidence)?.refusals;
        Ok(refusals.into_iter().map(|refusal| StepWait::Policy(Box::new(refusal))).collect())
    }

    /// Returns the definitions with all tests.
    fn tests(&self) -> Result<&Loaded, ActionError> {
        if let Some(loaded) = self.tests.get() {
            return Ok(loaded);
        }
        let source = self.session.source();
        let loaded = load::tests(&source, load::settings(&source)?, |_| true)?;
        Ok(self.tests.get_or_init(|| loaded))
    }
}

/// Due steps that one commit makes: the same step of a rule in several environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepGroup {
    /// The flag's key.
    pub flag: String,
    /// The names of the environments.
    pub environments: Vec<String>,
    /// The name of the rule, or its number.
    pub rule: String,
    /// The present share.
    pub from: Percent,
    /// The share after the step.
    pub to: Percent,
}

/// Returns the due steps, grouped for commits.
pub fn due_groups(steps: &[ScheduledStep]) -> Vec<StepGroup> {
    let mut groups: Vec<StepGroup> = Vec::new();
    for step in steps.iter().filter(|step| step.is_due()) {
        let same = |group: &&mut StepGroup| {
            (&group.flag, &group.rule, group.from, group.to) == (&step.flag, &step.rule, step.from, step.to)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.environments.push(step.environment.clone()),
            None => groups.push(StepGroup {
                flag: step.flag.clone(),
                environments: vec![step.environment.clone()],
                rule: step.rule.clone(),
                from: step.from,
                to: step.to,
            }),
        }
    }
    groups
}
