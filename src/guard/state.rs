//! The circuit breaker of a flag in an environment: its state in git, and what follows a verdict.
//!
//! The state is the kill file that the guard wrote: none is closed, a file without `admit` is open, and one with `admit` is
//! half-open. Trips are counted in the history of that file, so no other file can contradict it. A kill by a person is never
//! the guard's.

use jiff::{SignedDuration, Timestamp};

use crate::bundle::Percent;
use crate::guard::verdict::{GuardVerdict, TripCause};
use crate::model::{Guard, GuardAction, WrittenDuration};

/// The name in `by` of a kill file that a guard wrote.
pub const GUARD: &str = "guard";

/// The kill file of a flag in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KillState {
    /// There is none.
    None,
    /// A person wrote it, or it has errors. The guard leaves it alone.
    ByPerson,
    /// A guard wrote it.
    ByGuard {
        /// The time of the trip or of the begin of the probe.
        at: Timestamp,
        /// The share of units that a probe admits.
        admit: Option<Percent>,
    },
}

/// The state of the breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BreakerState {
    /// The rollout is served.
    Closed,
    /// A person killed the flag.
    KilledByPerson,
    /// The flag is off until a time.
    Open {
        /// The time after which a probe begins.
        until: Timestamp,
    },
    /// A probe since a time.
    HalfOpen {
        /// The begin of the probe.
        since: Timestamp,
    },
    /// The flag is off until a person reopens it.
    Latched,
}

impl BreakerState {
    /// Returns the name in JSON, in decisions and in documents.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::KilledByPerson => "killed-by-person",
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half-open",
            Self::Latched => "latched",
        }
    }

    /// Returns the state of a breaker that has tripped `trips` times.
    pub fn new(guard: &Guard, kill: &KillState, trips: u32) -> Self {
        match kill {
            // Steps back leave no kill file, and they are limited, too.
            KillState::None if trips >= guard.max_trips => Self::Latched,
            KillState::None => Self::Closed,
            KillState::ByPerson => Self::KilledByPerson,
            KillState::ByGuard { at, admit: Some(_) } => Self::HalfOpen { since: *at },
            KillState::ByGuard { .. } if trips >= guard.max_trips => Self::Latched,
            KillState::ByGuard { at, admit: None } => {
                let until = at.checked_add(cooldown(guard, trips)).unwrap_or(Timestamp::MAX);
                Self::Open { until }
            }
        }
    }

    /// Returns whether metrics are needed to decide.
    pub fn needs_verdict(&self) -> bool {
        matches!(self, Self::Closed | Self::HalfOpen { .. })
    }
}

/// Returns the cooldown after a number of trips: `cooldown · backoff^(trips − 1)`, at most `max-cooldown`.
fn cooldown(guard: &Guard, trips: u32) -> SignedDuration {
    let seconds = |duration: WrittenDuration| duration.get().as_secs_f64();
    let exponent = i32::try_from(trips.saturating_sub(1).min(1_000)).unwrap_or(1_000);
    let long = seconds(guard.cooldown) * guard.backoff.powi(exponent);
    let bounded = long.min(seconds(guard.max_cooldown));
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the maximum is a number of seconds with five digits times a day"
    )]
    SignedDuration::from_secs(bounded.round() as i64)
}

/// What follows a verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum Transition {
    /// Nothing.
    Stay,
    /// The flag is killed.
    Open(TripCause),
    /// The rollout goes one step back.
    StepBack(TripCause),
    /// The rollout does not go on.
    Hold(TripCause),
    /// A probe begins.
    Probe(Percent),
    /// The kill is removed, and the rollout resumes one step back.
    Close,
}

impl Transition {
    /// Returns the name of the state after the transition.
    pub fn to(&self, from: &BreakerState) -> &'static str {
        match self {
            Self::Stay => from.name(),
            Self::Open(_) => "open",
            Self::StepBack(_) => "stepped-back",
            Self::Hold(_) => "held",
            Self::Probe(_) => "half-open",
            Self::Close => "closed",
        }
    }

    /// Returns whether the transition changes a file.
    pub fn is_written(&self) -> bool {
        !matches!(self, Self::Stay | Self::Hold(_))
    }

    /// Returns why the guard trips.
    pub fn cause(&self) -> Option<&TripCause> {
        match self {
            Self::Open(cause) | Self::StepBack(cause) | Self::Hold(cause) => Some(cause),
            Self::Stay | Self::Probe(_) | Self::Close => None,
        }
    }
}

/// Returns what follows from a state at a time. `verdict` is `None` in a state that needs no metrics.
pub fn transition(guard: &Guard, state: &BreakerState, verdict: Option<&GuardVerdict>, now: Timestamp) -> Transition {
    match (state, verdict) {
        (BreakerState::Open { until }, _) if now >= *until => Transition::Probe(guard.half_open.admit),
        (BreakerState::Closed, Some(GuardVerdict::Trip(cause))) => match guard.action {
            GuardAction::Kill => Transition::Open(cause.clone()),
            GuardAction::Rollback => Transition::StepBack(cause.clone()),
            GuardAction::Hold => Transition::Hold(cause.clone()),
        },
        (BreakerState::HalfOpen { .. }, Some(GuardVerdict::Trip(cause))) => Transition::Open(cause.clone()),
        (BreakerState::HalfOpen { .. }, Some(GuardVerdict::Healthy)) => Transition::Close,
        (BreakerState::HalfOpen { since }, _) => {
            let limit = SignedDuration::try_from(guard.half_open.max_duration.get()).unwrap_or(SignedDuration::MAX);
            match now.duration_since(*since) > limit {
                true => Transition::Open(TripCause::ProbeTimeout),
                false => Transition::Stay,
            }
        }
        (
            BreakerState::Closed | BreakerState::KilledByPerson | BreakerState::Open { .. } | BreakerState::Latched,
            _,
        ) => Transition::Stay,
    }
}
