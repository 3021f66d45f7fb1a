//! The flags that a commit does something to, and how it says so.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Result;

use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::commit::Message;
use crate::model::KILLS;
use crate::report;
use crate::report::{ActionJson, EffectJson};

/// Flags, each in an environment, in the order in which they are told.
pub(crate) struct Targets {
    pairs: Vec<(String, String)>,
}

impl Targets {
    /// Those for which there is something to do.
    pub(crate) fn of(effects: &[EffectJson]) -> Self {
        let effects = effects.iter().filter(|effect| effect.changes);
        Self { pairs: effects.map(|effect| (effect.flag.clone(), effect.environment.clone())).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Flags and environments.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(flag, environment)| (flag.as_str(), environment.as_str()))
    }

    pub(crate) fn flags(&self) -> Vec<&str> {
        distinct(self.pairs().map(|(flag, _)| flag))
    }

    fn environments(&self) -> Vec<&str> {
        distinct(self.pairs().map(|(_, environment)| environment))
    }

    /// `new-checkout in production`
    pub(crate) fn words(&self) -> String {
        format!("{} in {}", self.flags().join(", "), self.environments().join(", "))
    }

    /// `new-checkout -e production`
    pub(crate) fn arguments(&self) -> String {
        let environments = self.environments().into_iter().map(|name| format!(" -e {name}"));
        self.flags().join(" ") + &environments.collect::<String>()
    }

    /// A message for people, with trailers for programs.
    pub(crate) fn message(&self, action: &str, reason: Option<&str>) -> Message {
        let (flags, environments) = (self.flags(), self.environments());
        let subject = match flags.as_slice() {
            [flag] => format!("{action} {flag} in {}", environments.join(", ")),
            _ => format!("{action} {} flags in {}", flags.len(), environments.join(", ")),
        };
        let named = |name: &str, values: &[&str]| -> Vec<(String, String)> {
            values.iter().map(|value| (name.to_owned(), (*value).to_owned())).collect()
        };
        let mut trailers = named("Flag", &flags);
        trailers.extend(named("Environment", &environments));
        trailers.extend(named("Reason", reason.as_slice()));
        trailers.extend(named("Flagctl-Action", &[action]));
        Message { trailers, ..Message::new(subject) }
    }
}

/// Without those that have been before.
fn distinct<'t>(names: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

/// The file that is a kill.
pub(crate) fn kill_path(flag: &str, environment: &str) -> String {
    format!("{KILLS}/{environment}/{flag}.yaml")
}

/// What is about to be done, where people read it.
pub(crate) fn show_plan(format: OutputFormat, action: &ActionJson, out: &mut dyn Write) -> Result<()> {
    if format == OutputFormat::Human {
        out.write_all(report::plan(action).as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// The end of an action that was done, or was only to be looked at.
pub(crate) fn finish(format: OutputFormat, action: &ActionJson, out: &mut dyn Write) -> Result<Exit> {
    match (format, &action.written) {
        (OutputFormat::Human, Some(written)) => out.write_all(report::written(written).as_bytes())?,
        (OutputFormat::Human, None) => {}
        (OutputFormat::Json, _) => {
            serde_json::to_writer_pretty(&mut *out, action)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Yes)
}

/// As a shell takes it for one word.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
