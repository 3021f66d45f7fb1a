//! Where the rollouts of a flag's rules are.

use serde::Serialize;

/// The rules of a flag that have a rollout or steps.
#[derive(Debug, Serialize)]
pub struct RolloutsJson<'r> {
    /// Of this structure.
    pub version: u32,
    /// The flag's key.
    pub flag: &'r str,
    /// By environment, in the order of promotion.
    pub rules: Vec<RolloutJson>,
}

/// Where a rule's rollout is in an environment.
#[derive(Debug, Serialize)]
pub struct RolloutJson {
    /// Where.
    pub environment: String,
    /// The rule's name, or its place such as `#2`.
    pub rule: String,
    /// The share that it admits.
    pub rollout: String,
    /// The shares that it is meant to go through; may be empty.
    pub steps: Vec<String>,
}

/// A line for each.
pub fn rollouts(RolloutsJson { flag, rules, .. }: &RolloutsJson<'_>) -> String {
    if rules.is_empty() {
        return format!("{flag} has no rollout\n");
    }
    let mut table = crate::report::text::table(None);
    table.set_header(["ENVIRONMENT", "RULE", "ROLLOUT", "STEPS"]);
    for rule in rules {
        let step = |step: &String| if *step == rule.rollout { format!("[{step}]") } else { step.clone() };
        let steps = rule.steps.iter().map(step).collect::<Vec<_>>().join(" ");
        table.add_row([&rule.environment, &rule.rule, &rule.rollout, &steps]);
    }
    crate::report::text::lines(&table)
}
