//! The checks of `flagctl doctor` for files of allowed signers: those of policies, and that of git for signed targets.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;

use crate::commit;
use crate::load;
use crate::publish::{SignersProblem, signers_problem};
use crate::report::doctor::{CheckJson, ok, problem};
use crate::report::escape::shell_word;
use crate::source::Source;

/// The maximum number of bytes of a file of allowed signers.
const MAX_BYTES: u64 = 1 << 20;

/// Checks the files of signers that the policies name, each once.
///
/// # Errors
/// Returns an error if a file exists and cannot be read.
pub(crate) fn policy_signers(source: &Source, now: Timestamp) -> Result<Vec<CheckJson>> {
    let loaded = load::settings(source)?;
    let rules = |entry: &crate::model::PolicyEntry| {
        let kinds = entry.kinds.iter().map(|(_, rules)| rules.clone());
        std::iter::once(entry.rules.clone()).chain(kinds).collect::<Vec<_>>()
    };
    let rules = loaded.project.settings.policy.iter().flat_map(rules);
    let paths: BTreeSet<String> = rules.filter_map(|rules| rules.signed_by).map(|path| path.value).collect();
    let mut checks = Vec::new();
    for path in paths {
        let shown = format!("{}{path}", source.prefix());
        let text = match source.read(&path)? {
            None => Err("does not exist".to_owned()),
            Some(file) => file.fault.map_or(Ok(file.text), |fault| Err(fault.to_string())),
        };
        checks.push(checked("signers of the policy".to_owned(), &shown, text, now));
    }
    Ok(checks)
}

/// Checks the file with which git, `verify` and `pull` on this machine check signatures.
pub(crate) fn target_signers(name: &str, now: Timestamp) -> CheckJson {
    let check = format!("signers of {name}");
    match commit::allowed_signers(Path::new(".")) {
        Ok(Some(path)) => {
            let shown = path.to_string_lossy();
            checked(check, &shown, read(&path), now)
        }
        Ok(None) => {
            let reason = "git has no file of allowed signers, so signatures cannot be checked here";
            problem(check, reason, "git config gpg.ssh.allowedSignersFile FILE")
        }
        Err(error) => problem(check, error.to_string(), "git config gpg.ssh.allowedSignersFile FILE"),
    }
}

/// Reads a file that git's settings name. Returns the reason if it cannot be read.
fn read(path: &Path) -> Result<String, String> {
    // A device has no end, and a pipe may have no other side.
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err("is not a file".to_owned()),
        Err(error) => return Err(error.to_string()),
    }
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_BYTES { Err(format!("has more than {MAX_BYTES} bytes")) } else { Ok(text) }
}

fn checked(check: String, path: &str, text: Result<String, String>, now: Timestamp) -> CheckJson {
    let word = shell_word(path);
    let add = format!("echo \"NAME $(cat KEY.pub)\" >>{word}");
    match text.map(|text| signers_problem(&text, now)) {
        Err(reason) => problem(check, format!("{path}: {reason}"), &add),
        Ok(None) => ok(check, path),
        Ok(Some(found)) => {
            let command = found.line().map_or(add, |line| format!("sed -i {line}d {word}"));
            let separator = if found == SignersProblem::Empty { " " } else { ", " };
            problem(check, format!("{path}{separator}{found}"), &command)
        }
    }
}
