//! The checks of `flagctl doctor`: what is in order, what is not and why, and the command that mends it.

use serde::Serialize;

use crate::report::text::counted;
use crate::report::{Lines, Role, StyledText};

/// All checks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoctorJson {
    /// The version of this structure.
    pub version: u32,
    /// The number of problems.
    pub problems: usize,
    /// The checks, in a fixed order.
    pub checks: Vec<CheckJson>,
}

/// One check.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckJson {
    /// What is checked.
    pub check: String,
    /// The result.
    pub state: CheckState,
    /// The reason, or what was found.
    pub reason: String,
    /// The command that mends the problem, or that shows more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// It is in order.
    Ok,
    /// It is not in order.
    Problem,
    /// It could not be checked, or was not to be checked.
    NotChecked,
}

impl DoctorJson {
    /// Counts the problems.
    pub fn new(checks: Vec<CheckJson>) -> Self {
        let problems = checks.iter().filter(|check| check.state == CheckState::Problem).count();
        Self { version: 1, problems, checks }
    }
}

/// Returns a check that is in order.
pub fn ok(check: impl Into<String>, reason: impl Into<String>) -> CheckJson {
    CheckJson { check: check.into(), state: CheckState::Ok, reason: reason.into(), command: None }
}

/// Returns a problem with the command that mends it.
pub fn problem(check: impl Into<String>, reason: impl Into<String>, command: &str) -> CheckJson {
    let (check, reason) = (check.into(), reason.into());
    CheckJson { check, state: CheckState::Problem, reason, command: Some(command.to_owned()) }
}

/// Returns a check that was not made, and why.
pub fn not_checked(check: impl Into<String>, reason: impl Into<String>) -> CheckJson {
    CheckJson { check: check.into(), state: CheckState::NotChecked, reason: reason.into(), command: None }
}

/// Returns a line for each check, with the command below it.
pub fn human(doctor: &DoctorJson) -> Lines {
    let mut lines = Lines::default();
    for check in &doctor.checks {
        let (role, word) = match check.state {
            CheckState::Ok => (Role::Good, "ok"),
            CheckState::Problem => (Role::Bad, "problem"),
            CheckState::NotChecked => (Role::Caution, "not checked"),
        };
        let space = " ".repeat("not checked".len().saturating_sub(word.len()) + 2);
        let name = StyledText::new(role, word).plain(space).with(Role::Name, &check.check);
        lines.add(name.plain(": ").plain(&check.reason));
        if let Some(command) = &check.command {
            lines.add(format!("             {command}"));
        }
    }
    lines.add("");
    lines.add(match doctor.problems {
        0 => "no problems".to_owned(),
        problems => counted(problems, "problem"),
    });
    lines
}
