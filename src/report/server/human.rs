//! The events of a server as lines for people.

use jiff::Timestamp;

use crate::git::short_id;
use crate::report::Lines;
use crate::report::server::event::{ServerEvent, Severity};
use crate::report::style::{Role, StyledText};

/// Returns an event as one line, which begins with the time if it is given. The changes of a bundle are further lines.
pub fn human(event: &ServerEvent, now: Option<Timestamp>) -> Lines {
    let mut lines = Lines::default();
    let time = now.map(|now| now.strftime("%H:%M:%S ").to_string()).unwrap_or_default();
    let start = || StyledText::new(Role::Minor, &time);
    let start = match event.severity() {
        Severity::Info => start(),
        Severity::Warning => start().with(Role::Warning, "warning:").plain(" "),
        Severity::Error => start().with(Role::Error, "error:").plain(" "),
    };
    let named = |name: &str, rest: &str| start.clone().with(Role::Name, name).plain(rest);
    match event {
        ServerEvent::Listening { purpose, url } => lines.add(start.plain(format!("{purpose}: listening at {url}"))),
        ServerEvent::NoTokens => lines.add(start.plain(
            "the server has no tokens, so everyone who can reach it may evaluate all flags; `--tokens` lists those that it accepts",
        )),
        ServerEvent::SignaturesUnchecked { target } => lines.add(start.plain(format!(
            "signatures are not checked, so everyone who can write to `{target}` is trusted; `--allowed-signers` names who \
             may publish"
        ))),
        ServerEvent::FewFiles { connections } => lines.add(start.plain(format!(
            "the server accepts {connections} connections, because the operating system allows no more open files (`ulimit -n`)"
        ))),
        ServerEvent::BundleCurrent { environment, commit, sequence, flags } => {
            let origin = match (sequence, commit) {
                (Some(sequence), Some(commit)) => format!("publication {sequence}, commit {}", short_id(commit)),
                (None, Some(commit)) => format!("commit {}", short_id(commit)),
                (Some(sequence), None) => format!("publication {sequence}"),
                (None, None) => "files that are not committed".to_owned(),
            };
            let flags = if *flags == 1 { "1 flag".to_owned() } else { format!("{flags} flags") };
            lines.add(named(environment, &format!(": serves {origin}, with {flags}")));
        }
        ServerEvent::BundleChanges { environment, changes } => {
            let text = match changes.len() {
                0 => ": no flag decides differently".to_owned(),
                1 => ": 1 flag decides differently".to_owned(),
                number => format!(": {number} flags decide differently"),
            };
            lines.add(named(environment, &text));
            for change in changes {
                lines.add(format!("  {}", change.summary));
            }
        }
        ServerEvent::ChangesUnknown { environment, problem } => {
            lines.add(named(environment, &format!(": the changes are not known: {problem}")));
        }
        ServerEvent::OverrideIgnored { environment, flag, variant } => {
            lines.add(named(environment, &format!(": `--override {flag}={variant}` is ignored, because the bundle has no such flag or variant")));
        }
        ServerEvent::SourceFailed { environment, problem } => {
            lines.add(named(environment, &format!(": {problem}")));
        }
        ServerEvent::SourceRecovered { environment } => lines.add(named(environment, ": the source can be read again")),
        ServerEvent::CacheUsed { environment } => {
            lines.add(named(environment, ": serves the bundle in the cache until the source can be read"));
        }
        ServerEvent::FileReloaded { path } => lines.add(start.plain(format!("`{path}` was read again"))),
        ServerEvent::FileRefused { path, problem } => {
            lines.add(start.plain(format!("`{path}` is not used: {problem}; the previous version stays in use")));
        }
        ServerEvent::ExposuresDropped { file, problem } => {
            lines.add(start.plain(format!("exposures are dropped, because `{file}` cannot be written: {problem}")));
        }
        ServerEvent::Stopping => lines.add(start.plain("stopping")),
    }
    lines
}
