//! Whether a change does nothing but turn flags off.

use serde::Serialize;

/// What a range of commits does.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerdictJson {
    /// Of this structure.
    pub version: u32,
    /// The full id of the commit before.
    pub base: String,
    /// The full id of the last commit.
    pub head: String,
    /// The flags that may be turned off.
    pub flags: Vec<String>,
    /// Who is turned off.
    pub turned_off: Vec<TurnedOffJson>,
    /// What else the range does, in sentences; if there is nothing, it is proven to be a kill.
    pub objections: Vec<String>,
}

/// A flag that is turned off in an environment, or falls with one.
#[derive(Debug, Serialize)]
pub struct TurnedOffJson {
    /// The flag's key.
    pub flag: String,
    /// Where.
    pub environment: String,
    /// Whom that moves, in sentences, one for each group of contexts.
    pub moves: Vec<String>,
}

/// Who is turned off, what speaks against it, and the verdict.
pub fn verdict(verdict: &VerdictJson) -> String {
    let mut text = String::new();
    for TurnedOffJson { flag, environment, moves } in &verdict.turned_off {
        let moves = match moves.as_slice() {
            [only] => only.clone(),
            several => format!("to off in {} groups of contexts, which `flagctl diff` shows", several.len()),
        };
        text += &format!("{flag} in {environment}: {moves}\n");
    }
    for line in &verdict.objections {
        text += &format!("not a kill: {line}\n");
    }
    if verdict.objections.is_empty() {
        let flags = if verdict.flags.is_empty() { "no flag".to_owned() } else { verdict.flags.join(", ") };
        text += &format!("proven: turns off {flags}, and does nothing else to anybody\n");
    }
    text
}
