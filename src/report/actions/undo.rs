//! The command that reverts an action, as a line for a shell.

use crate::actions::{Destination, Review, TargetGroup, Undo, UndoCommand};
use crate::report::escape::shell_word;

/// The text for the reason of a kill whose file does not contain a reason.
const UNKNOWN_REASON: &str = "…";
/// The default value of `--remote`.
const DEFAULT_REMOTE: &str = "origin";

/// Returns the command line, with every word quoted that needs it. Flags with different environments need several
/// commands, which `&&` connects.
pub(super) fn undo(undo: &Undo) -> String {
    let commands: Vec<Vec<String>> = match &undo.command {
        UndoCommand::Revert => return revert(&undo.destination),
        UndoCommand::Revive(targets) => {
            let groups = targets.groups();
            groups.iter().map(|group| group_words("revive", group).collect()).collect()
        }
        UndoCommand::Kill { targets, reason } => {
            let reason = ["--reason".to_owned(), reason.as_deref().unwrap_or(UNKNOWN_REASON).to_owned()];
            let groups = targets.groups();
            groups.iter().map(|group| group_words("kill", group).chain(reason.clone()).collect()).collect()
        }
        UndoCommand::Rollout { flag, environments, rule, percent } => {
            let mut words = vec!["rollout".to_owned(), flag.clone()];
            words.extend(environment_words(environments.iter().map(String::as_str)));
            words.extend(["--rule".to_owned(), rule.clone(), "--to".to_owned(), percent.to_string()]);
            vec![words]
        }
    };
    let destination = destination_words(&undo.destination);
    let line = |words: &Vec<String>| {
        let words = words.iter().chain(&destination).map(|word| shell_word(word));
        format!("flagctl {}", words.collect::<Vec<_>>().join(" "))
    };
    commands.iter().map(line).collect::<Vec<_>>().join(" && ")
}

/// Returns the commands that revert the newest commit of the branch.
fn revert(destination: &Destination) -> String {
    let switch = destination.branch.as_ref().map(|branch| format!("git switch {} && ", shell_word(branch)));
    let push = destination.remote.as_ref().map(|remote| format!(" && git push {}", shell_word(remote)));
    format!("{}git revert --no-edit HEAD{}", switch.unwrap_or_default(), push.unwrap_or_default())
}

fn group_words(command: &str, group: &TargetGroup<'_>) -> impl Iterator<Item = String> {
    let flags = group.flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>();
    let environments = environment_words(group.environments.iter().copied()).collect::<Vec<_>>();
    [command.to_owned()].into_iter().chain(flags).chain(environments)
}

fn environment_words<'e>(environments: impl Iterator<Item = &'e str>) -> impl Iterator<Item = String> {
    environments.flat_map(|name| ["-e".to_owned(), name.to_owned()])
}

fn destination_words(destination: &Destination) -> Vec<String> {
    let mut words = Vec::new();
    // The branch of a pull request ends with its merge.
    if let (Some(branch), Review::None) = (&destination.branch, destination.review) {
        words.extend(["--branch".to_owned(), branch.clone()]);
    }
    if let Some(remote) = &destination.remote {
        words.push(match destination.review {
            Review::None => "--push".to_owned(),
            Review::PullRequest => "--pr".to_owned(),
        });
        if remote != DEFAULT_REMOTE {
            words.extend(["--remote".to_owned(), remote.clone()]);
        }
    }
    words
}
