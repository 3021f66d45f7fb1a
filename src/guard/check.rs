//! The check of a flag in an environment: its breaker, its stage and the verdict on it.

use jiff::{SignedDuration, Timestamp};

use crate::bundle::Percent;
use crate::git::Revision;
use crate::guard::error::GuardError;
use crate::guard::kill_record::kill_state;
use crate::guard::source::{Assignment, Metrics, Question, Window};
use crate::guard::state::{BreakerState, KillState};
use crate::guard::trips::trips;
use crate::guard::verdict::{Case, Judgement, PlannedSplit, assignment, judge, planned_split};
use crate::load;
use crate::model::{Arms, EffectiveServing, Flag, Guard, WrittenDuration};
use crate::source::Source;
use crate::stage::Stage;
use crate::yaml::Completeness;

/// A guarded flag in an environment, at a commit.
#[derive(Debug, Clone)]
pub struct GuardedFlag {
    /// The flag.
    pub flag: Flag,
    /// The environment.
    pub environment: String,
    /// The guard of the flag.
    pub guard: Guard,
    /// The variants that are compared.
    pub arms: Arms,
    /// The kill file.
    pub kill: KillState,
    /// The number of trips since the last change by a person.
    pub trips: u32,
    /// The state of the breaker.
    pub state: BreakerState,
    /// How units get into the arms.
    pub assignment: Assignment,
    /// The planned split, or why it is not known.
    split: Result<PlannedSplit, &'static str>,
}

/// The result of a check.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The stage, or `None` if the environment does not serve the flag as the commit defines it.
    pub stage: Option<Stage>,
    /// The verdict, or `None` if the breaker or the stage needs none.
    pub judgement: Option<Judgement>,
}

impl GuardedFlag {
    /// Reads a flag with its guard, and the state of its breaker.
    ///
    /// # Errors
    /// Returns [`GuardError`] if there is no valid guard, or if the commits cannot be read.
    pub fn read(tip: &Revision, key: &str, environment: &str) -> Result<Self, GuardError> {
        let source = Source::Revision(tip.clone());
        let settings = load::settings(&source)?;
        let loaded = load::flags(&source, settings, &[key.to_owned()], &[environment])?;
        let Some(flag) = loaded.project.flag(key) else {
            return Err(GuardError::UnknownFlag { flag: key.to_owned(), commit: tip.name().to_owned(), help: None });
        };
        if flag.completeness != Completeness::Complete {
            return Err(GuardError::InvalidDefinition(key.to_owned()));
        }
        let guard = flag.guard.as_deref().ok_or_else(|| GuardError::NoGuard(key.to_owned()))?;
        let settings = &loaded.project.settings;
        if !guard.applies_in(environment, settings) {
            let (flag, environment) = (key.to_owned(), environment.to_owned());
            return Err(GuardError::OtherEnvironment { flag, environment });
        }
        let serving = flag.serving(&settings.names_of(environment));
        let kill = kill_state(tip, key, environment)?;
        let arms = arms(flag, guard, &serving)?;
        let trips = trips(tip, key, environment, guard.max_trips)?;
        let admit = match kill {
            KillState::ByGuard { admit: Some(admit), .. } => admit,
            KillState::ByGuard { admit: None, .. } | KillState::None | KillState::ByPerson => Percent::ALL,
        };
        Ok(Self {
            assignment: assignment(&serving, &arms),
            split: planned_split(&serving, &arms, admit),
            state: BreakerState::new(guard, &kill, trips),
            flag: flag.clone(),
            environment: environment.to_owned(),
            guard: guard.clone(),
            arms,
            kill,
            trips,
        })
    }

    /// Returns the planned shares of the arms.
    ///
    /// # Errors
    /// Returns the reason if the rules do not say what the split is.
    pub fn planned_split(&self) -> Result<PlannedSplit, &'static str> {
        self.split
    }

    /// Returns whether another commit has the same kill and the same definition of the guard and the rollout.
    pub fn has_same_files(&self, other: &Self) -> bool {
        self.kill == other.kill && self.split == other.split && self.trips == other.trips
    }

    /// Returns the window of a stage at a time. It ends at a whole second, because a longer number tells people nothing.
    pub fn window(&self, stage: &Stage, now: Timestamp) -> Window {
        let start = stage.start.checked_add(signed(self.guard.lag)).unwrap_or(Timestamp::MAX);
        let end = now.checked_sub(signed(self.guard.eval_delay)).unwrap_or(Timestamp::MIN);
        let end = Timestamp::from_second(end.as_second()).unwrap_or(end);
        Window { start, end }
    }

    /// Asks a source and judges its numbers.
    ///
    /// # Errors
    /// Returns [`GuardError`] if the settings of the guard are not valid.
    pub fn judgement(
        &self,
        stage: &Stage,
        now: Timestamp,
        looks: u32,
        metrics: impl FnOnce(&Question<'_>) -> Metrics,
    ) -> Result<Judgement, GuardError> {
        let window = self.window(stage, now);
        let question = Question {
            flag: &self.flag,
            environment: &self.environment,
            guard: &self.guard,
            arms: &self.arms,
            assignment: self.assignment,
            window,
            now,
            looks,
        };
        // Before the window begins there is nothing to ask for.
        let metrics =
            if window.length() < SignedDuration::from_secs(1) { not_begun(&question) } else { metrics(&question) };
        let probe = matches!(self.state, BreakerState::HalfOpen { .. }).then_some(self.trips.max(1));
        let case = Case { guard: &self.guard, arms: &self.arms, window, age: stage.age(now), split: self.split, probe };
        judge(&case, &metrics).map_err(|problem| GuardError::invalid(&self.flag.key, &problem))
    }
}

/// Returns the numbers of a window that has not begun: no events.
fn not_begun(question: &Question<'_>) -> Metrics {
    use crate::guard::source::{Numbers, Point, Series};
    use crate::model::QueryKind;
    let mut zero = Numbers::default();
    for kind in [QueryKind::Bad, QueryKind::Total, QueryKind::N, QueryKind::Sum, QueryKind::SumSq] {
        zero.set(kind, 0.0);
    }
    let Window { start, .. } = question.window;
    let series =
        Series { totals: vec![Point { start, end: start, treatment: zero, control: zero }], intervals: Vec::new() };
    let names = question.guard.guardrails.iter().map(|guardrail| guardrail.name.value.clone());
    Metrics { guardrails: names.map(|name| (name, Ok(series.clone()))).collect(), units: None }
}

fn arms(flag: &Flag, guard: &Guard, serving: &EffectiveServing<'_>) -> Result<Arms, GuardError> {
    let invalid = |problem: &str| GuardError::InvalidGuard { flag: flag.key.clone(), problem: problem.to_owned() };
    let off = serving.off.ok_or_else(|| invalid("the flag has no `off`"))?;
    let names = || flag.variants.iter().map(|variant| variant.name.value.as_str());
    let arms = guard.arms(names(), &off.value);
    let arms = arms.map_err(|_| invalid("its treatment and control are not two variants"))?;
    let exist = [&arms.treatment, &arms.control].into_iter().all(|arm| names().any(|name| name == arm));
    if exist { Ok(arms) } else { Err(invalid("its treatment or control is not a variant of the flag")) }
}

fn signed(duration: WrittenDuration) -> SignedDuration {
    SignedDuration::try_from(duration.get()).unwrap_or(SignedDuration::MAX)
}
