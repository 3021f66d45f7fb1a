//! What a command that writes is about to do, and has done.

use serde::Serialize;

use crate::git::short_id;
use crate::report::flags::FlagStateJson;

/// A commit, before it is made and after.
#[derive(Debug, Serialize)]
pub struct ActionJson {
    /// Of this structure.
    pub version: u32,
    /// As the commit's trailer names it.
    pub action: &'static str,
    /// One for each flag in each environment.
    pub effects: Vec<EffectJson>,
    /// The command that takes it back.
    pub undo: String,
    /// What was written; none if nothing was, as with `--dry-run`.
    pub written: Option<Written>,
}

/// What happens to a flag in an environment.
#[derive(Debug, Serialize)]
pub struct EffectJson {
    /// The flag's key.
    pub flag: String,
    /// Where.
    pub environment: String,
    /// Whether there is anything to do.
    pub changes: bool,
    /// What it does so far.
    pub before: FlagStateJson,
    /// What it will do, in words.
    pub after: String,
    /// What else to know, in sentences.
    pub notes: Vec<String>,
}

/// A commit that was made.
#[derive(Debug, Serialize)]
pub struct Written {
    /// On which branch.
    pub branch: String,
    /// The full id; none if others had done all of it already.
    pub commit: Option<String>,
    /// Where it was pushed to.
    pub remote: Option<String>,
    /// Why the local branch does not have it yet.
    pub left: Option<String>,
}

/// What is about to be done.
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
    text
}

/// What was done.
pub fn written(written: &Written) -> String {
    let Written { branch, commit, remote, left } = written;
    let Some(commit) = commit else {
        return format!("nothing to do: somebody else has done it on {branch} meanwhile\n");
    };
    let id = short_id(commit);
    let mut text = match remote {
        Some(remote) => format!("pushed {id} to {branch} of {remote}\n"),
        None => format!("committed {id} to {branch}; others get it with `git push`\n"),
    };
    if let Some(why) = left {
        text += &format!("your own {branch} does not have it yet: {why}\n");
    }
    text
}
