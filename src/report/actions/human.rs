//! Plans, commits and proofs as text for people.

use crate::git::short_id;
use crate::report::actions::definition;
use crate::report::actions::json::{
    ActionJson, CommittedJson, EffectJson, KillProofJson, PullRequestJson, PullRequestOpener, RolloutPositionsJson,
    TurnedOffJson,
};
use crate::report::{EnvironmentSets, Lines, Role, StyledText, Table};

/// Returns the effects of an action, with the state of each flag before and after it, and the command that reverts the
/// action.
pub fn plan(action: &ActionJson) -> Lines {
    let mut lines = Lines::default();
    // Environments with the same plan are one block.
    let mut blocks: Vec<(&EffectJson, Vec<&str>)> = Vec::new();
    for effect in &action.effects {
        match blocks.iter_mut().find(|(first, _)| first.has_same_plan(effect)) {
            Some((_, environments)) => environments.push(&effect.environment),
            None => blocks.push((effect, vec![&effect.environment])),
        }
    }
    for (effect, environments) in blocks {
        lines.add(StyledText::new(Role::Name, &effect.flag).plain(format!(" in {}", environments.join(", "))));
        if effect.changes {
            let unchanged = |step: &String| effect.before.steps.contains(step) && effect.after.contains(step);
            let step_line = |step: &String, role: Option<Role>| {
                let role = if unchanged(step) { Some(Role::Minor) } else { role };
                StyledText::from("    ").with(role, step)
            };
            lines.add("  now");
            effect.before.steps.iter().for_each(|step| lines.add(step_line(step, None)));
            lines.add("  then");
            effect.after.iter().for_each(|step| lines.add(step_line(step, effect.direction.role())));
        }
        effect.notes.iter().for_each(|note| lines.add(format!("  {note}")));
    }
    if let Some(change) = &action.definition {
        lines.append(&definition::lines(change));
    }
    if action.definition.is_some() || action.effects.iter().any(|effect| effect.changes) {
        lines.add(StyledText::new(Role::Minor, format!("undo: {}", action.undo)));
    }
    lines
}

/// Returns the commit, its branch, and the remote to which it was pushed.
pub fn committed(committed: &CommittedJson) -> Lines {
    let mut lines = Lines::default();
    let CommittedJson { branch, commit, remote, made_from, left, pull_request } = committed;
    let Some(commit) = commit else {
        let reason = format!(": {branch} already has the change, from another commit");
        lines.add(StyledText::new(Role::Minor, "nothing to do").plain(reason));
        return lines;
    };
    let id = short_id(commit);
    lines.add(match remote {
        Some(remote) => StyledText::new(Role::Good, "pushed").plain(format!(" {id} to {branch} of {remote}")),
        None => {
            let next = format!(" {id} to {branch}; publish it with `git push origin {branch}`");
            StyledText::new(Role::Good, "committed").plain(next)
        }
    });
    if let Some(base) = made_from {
        lines.add(match pull_request {
            Some(_) => format!("{branch} is a new branch, made from {base}"),
            None => format!("{branch} is a new branch, made from {base}: open a pull request for it"),
        });
    }
    if let Some(PullRequestJson { address, opened }) = pull_request {
        lines.add(match opened {
            PullRequestOpener::Gh => format!("pull request: {address}"),
            PullRequestOpener::Push => format!("GitLab was asked to open a merge request; if it did not: {address}"),
            PullRequestOpener::Person => format!("open a pull request for it: {address}"),
        });
    }
    if let Some(reason) = left {
        lines.add(format!("the local branch {branch} does not have the commit yet: {reason}"));
    }
    lines
}

/// Returns a table of rollouts. The current step of a rule is in brackets.
pub fn rollout_positions(positions: &RolloutPositionsJson<'_>, sets: &EnvironmentSets, width: Option<u16>) -> Lines {
    let RolloutPositionsJson { flag, rules, .. } = positions;
    let mut lines = Lines::default();
    if rules.is_empty() {
        lines.add(format!("{flag} has no rollout"));
        return lines;
    }
    let mut rollouts = Table::new(width);
    rollouts.header(["ENVIRONMENT", "RULE", "ROLLOUT", "STEPS"]);
    let rows = rules.iter().map(|rule| {
        let step = |step: &String| match *step == rule.rollout {
            true => StyledText::new(Role::Name, format!("[{step}]")),
            false => StyledText::new(Role::Minor, step),
        };
        let steps = StyledText::joined(rule.steps.iter().map(step), " ");
        (rule.environment.as_str(), (&rule.rule, &rule.rollout, steps))
    });
    for (environments, (rule, rollout, steps)) in sets.merged(rows) {
        rollouts.row([environments.into(), rule.into(), rollout.into(), steps]);
    }
    lines.table(&rollouts);
    lines
}

/// Returns the flags that are turned off, the objections, and the conclusion if there are none.
pub fn kill_proof(proof: &KillProofJson) -> Lines {
    let mut lines = Lines::default();
    for TurnedOffJson { flag, environment, cause, moves } in &proof.turned_off {
        let moves = match moves.as_slice() {
            [] if *cause == "already-off" => "already off at the target".to_owned(),
            [] => "killed; everyone got `off` before, too".to_owned(),
            [only] => only.clone(),
            several => format!("off for {} groups of contexts; `flagctl diff` shows them", several.len()),
        };
        lines.add(StyledText::new(Role::Name, flag).plain(format!(" in {environment}: {moves}")));
    }
    for objection in &proof.objections {
        lines.add(StyledText::new(Role::Error, "not a kill:").plain(format!(" {objection}")));
    }
    if proof.objections.is_empty() {
        let (flags, target) = (proof.flags.join(", "), short_id(&proof.target));
        let proven = format!(" merged into {target}, this turns off {flags}, and changes nothing else for any context");
        lines.add(StyledText::new(Role::Good, "proven:").plain(proven));
    }
    lines
}
