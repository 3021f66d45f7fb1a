//! Plans, commits and proofs as text for people.

use crate::git::short_id;
use crate::report::actions::json::{ActionJson, CommittedJson, KillProofJson, RolloutPositionsJson, TurnedOffJson};
use crate::report::escape::terminal;
use crate::report::text::{lines, table};

/// Returns the effects of an action, with the state of each flag before and after it, and the command that reverts the
/// action.
pub fn plan(action: &ActionJson) -> String {
    let mut text = String::new();
    for effect in &action.effects {
        text += &format!("{} in {}\n", effect.flag, effect.environment);
        if effect.changes {
            text += "  now\n";
            for step in &effect.before.steps {
                text += &format!("    {step}\n");
            }
            text += &format!("  then\n    {}\n", effect.after);
        }
        for note in &effect.notes {
            text += &format!("  {note}\n");
        }
    }
    if action.effects.iter().any(|effect| effect.changes) {
        text += &format!("undo: {}\n", action.undo);
    }
    terminal(&text)
}

/// Returns the commit, its branch, and the remote to which it was pushed.
pub fn committed(committed: &CommittedJson) -> String {
    let CommittedJson { branch, commit, remote, made_from, left } = committed;
    let Some(commit) = commit else {
        return format!("nothing to do: {branch} already has the change, from another commit\n");
    };
    let id = short_id(commit);
    let mut text = match remote {
        Some(remote) => format!("pushed {id} to {branch} of {remote}\n"),
        None => format!("committed {id} to {branch}; publish it with `git push`\n"),
    };
    if let Some(base) = made_from {
        text += &format!("{branch} is a new branch, made from {base}: open a pull request for it\n");
    }
    if let Some(reason) = left {
        text += &format!("the local branch {branch} does not have the commit yet: {reason}\n");
    }
    terminal(&text)
}

/// Returns a table of rollouts. The current step of a rule is in brackets.
pub fn rollout_positions(RolloutPositionsJson { flag, rules, .. }: &RolloutPositionsJson<'_>) -> String {
    if rules.is_empty() {
        return format!("{flag} has no rollout\n");
    }
    let mut rollouts = table(None);
    rollouts.set_header(["ENVIRONMENT", "RULE", "ROLLOUT", "STEPS"]);
    for rule in rules {
        let step = |step: &String| if *step == rule.rollout { format!("[{step}]") } else { step.clone() };
        let steps = rule.steps.iter().map(step).collect::<Vec<_>>().join(" ");
        rollouts.add_row([&rule.environment, &rule.rule, &rule.rollout, &steps]);
    }
    terminal(&lines(&rollouts))
}

/// Returns the flags that are turned off, the objections, and the conclusion if there are none.
pub fn kill_proof(proof: &KillProofJson) -> String {
    let mut text = String::new();
    for TurnedOffJson { flag, environment, cause, moves } in &proof.turned_off {
        let moves = match moves.as_slice() {
            [] if *cause == "already-off" => "already off at the target".to_owned(),
            [] => "killed; everyone got `off` before, too".to_owned(),
            [only] => only.clone(),
            several => format!("off for {} groups of contexts; `flagctl diff` shows them", several.len()),
        };
        text += &format!("{flag} in {environment}: {moves}\n");
    }
    for objection in &proof.objections {
        text += &format!("not a kill: {objection}\n");
    }
    if proof.objections.is_empty() {
        let (flags, target) = (proof.flags.join(", "), short_id(&proof.target));
        text += &format!(
            "proven: merged into {target}, this turns off {flags}, and changes nothing else for any context\n"
        );
    }
    terminal(&text)
}
