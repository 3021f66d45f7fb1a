//! The current rollouts of a flag's rules.

use crate::actions::error::ActionError;
use crate::actions::flag_definition::FlagDefinition;
use crate::actions::rule_selector::{has_rollout, requested_environments};
use crate::actions::session::WriteSession;
use crate::bundle::Percent;

/// The current rollout of a rule in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutPosition {
    /// The name of the environment.
    pub environment: String,
    /// The name of the rule, or its number, such as `#2`.
    pub rule: String,
    /// The share of units that the rule admits.
    pub rollout: Percent,
    /// The planned shares of the rollout, which may be empty.
    pub steps: Vec<Percent>,
}

/// Returns the current rollouts of a flag's rules, by environment in the order of promotion.
///
/// If `rule` is `None`, the result has all rules that have a rollout or steps. `environments` limits the result unless
/// it is empty.
///
/// # Errors
/// Returns an error if the flag is unknown, or if its definition has errors.
pub fn rollout_positions(
    session: &WriteSession,
    key: &str,
    environments: &[String],
    rule: Option<&str>,
) -> Result<Vec<RolloutPosition>, ActionError> {
    let definition = FlagDefinition::read(session, key)?;
    let mut positions = Vec::new();
    let settings = session.settings();
    let wanted = match environments {
        [] => settings.environment_names().collect(),
        names => requested_environments(settings, names),
    };
    for environment in wanted {
        for effective in &definition.flag.serving(&settings.names_of(environment)).rules {
            let name = effective.name();
            if rule.map_or_else(|| has_rollout(effective), |wanted| wanted == name) {
                let steps = effective.steps.iter().map(|step| step.value).collect();
                let (environment, rollout) = (environment.to_owned(), effective.share());
                positions.push(RolloutPosition { environment, rule: name, rollout, steps });
            }
        }
    }
    Ok(positions)
}
