//! The command that reverts an action, as a line for a shell.

use crate::actions::{Destination, Targets, Undo, UndoCommand};
use crate::report::escape::shell_word;

/// The text for the reason of a kill whose file does not contain a reason.
const UNKNOWN_REASON: &str = "…";
/// The default value of `--remote`.
const DEFAULT_REMOTE: &str = "origin";

/// Returns the command line, and quotes every word that needs quotes.
pub(super) fn undo(undo: &Undo) -> String {
    let mut words = vec!["flagctl".to_owned()];
    match &undo.command {
        UndoCommand::Revive(targets) => {
            words.push("revive".to_owned());
            words.extend(target_words(targets));
        }
        UndoCommand::Kill { targets, reason } => {
            words.push("kill".to_owned());
            words.extend(target_words(targets));
            words.extend(["--reason".to_owned(), reason.as_deref().unwrap_or(UNKNOWN_REASON).to_owned()]);
        }
        UndoCommand::Rollout { flag, environments, rule, percent } => {
            words.extend(["rollout".to_owned(), flag.clone()]);
            words.extend(environment_words(environments.iter().map(String::as_str)));
            words.extend(["--rule".to_owned(), rule.clone(), "--to".to_owned(), percent.to_string()]);
        }
    }
    words.extend(destination_words(&undo.destination));
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

fn target_words(targets: &Targets) -> impl Iterator<Item = String> {
    let flags = targets.flags().into_iter().map(str::to_owned);
    flags.chain(environment_words(targets.environments().into_iter()))
}

fn environment_words<'e>(environments: impl Iterator<Item = &'e str>) -> impl Iterator<Item = String> {
    environments.flat_map(|name| ["-e".to_owned(), name.to_owned()])
}

fn destination_words(destination: &Destination) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(branch) = &destination.branch {
        words.extend(["--branch".to_owned(), branch.clone()]);
    }
    if let Some(remote) = &destination.remote {
        words.push("--push".to_owned());
        if remote != DEFAULT_REMOTE {
            words.extend(["--remote".to_owned(), remote.clone()]);
        }
    }
    words
}
