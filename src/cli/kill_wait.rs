//! `kill --wait`: waits until a kill is live at its targets.
//!
//! What is live is read as `verify` reads it: the signature of the manifest, the name of the target, and the digest of the
//! bundle are checked. The bundle itself says which flags are killed, so this clone does not need the published commits.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value as Json;

use crate::bundle::{Bundle, Percent, State};
use crate::cli::console;
use crate::cli::exit::Exit;
use crate::cli::max_age_arg::parse_age;
use crate::cli::progress;
use crate::cli::publish_target;
use crate::cli::publish_target::Signers;
use crate::cli::target_arg::{OptionalTargetArg, ResolvedTarget, shown};
use crate::git::{CacheWrites, short_id};
use crate::live::Live;
use crate::publish;
use crate::publish::{AllowedSigners, BundleFormat, Channel, Digest, LogEntry, PublishError};
use crate::retry::{Backoff, RetryLimit};
use crate::source::FlagRepository;
use crate::store::Store;

/// The longest first pause between two reads of a target. It doubles once.
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(crate) struct WaitArgs {
    /// Wait until the kill is live: at TARGET, or at all declared targets of the environment
    ///
    /// Reads the target as `flagctl verify` does. Exits with 1 if the kill is not live after `--wait-limit`, and says how
    /// far it got. Write a target after `=`, as in `--wait=main`.
    #[arg(long, value_name = "TARGET", num_args = 0..=1, require_equals = true, conflicts_with = "dry_run")]
    wait: Option<Option<String>>,
    /// The time after which `--wait` gives up, such as `90s` or `15m`
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_age)]
    wait_limit: Duration,
}

/// An environment at a target, in which flags are to be off.
struct Place {
    target: ResolvedTarget,
    store: Store,
    signers: Option<AllowedSigners>,
    environment: String,
    flags: Vec<String>,
    /// The digest of the manifest that was read last.
    seen: Option<Digest>,
    /// How far the kill got.
    found: String,
}

impl WaitArgs {
    /// Waits until flags are off in their environments. Without `--wait`, returns at once.
    pub(crate) fn run<'p>(&self, kills: impl Iterator<Item = (&'p str, &'p str)>) -> Result<Exit> {
        let Some(target) = &self.wait else { return Ok(Exit::Yes) };
        let mut waiting = places(target.as_deref(), &kills.collect::<Vec<_>>())?;
        let mut backoff = Backoff::new(RetryLimit::Waiting(self.wait_limit), 1);
        loop {
            let mut pending = Vec::new();
            for mut place in waiting {
                match place.read()? {
                    Some(entry) => console::note(place.live(&entry)),
                    None => pending.push(place),
                }
            }
            waiting = pending;
            if waiting.is_empty() {
                return Ok(Exit::Yes);
            }
            if progress::shown("waiting until the kill is live", || backoff.pause(PAUSE)).is_err() {
                break;
            }
        }
        for place in &waiting {
            console::error(format!("the kill is not live at {}: {}", place.name(), place.found));
        }
        say_whether_merged(&waiting)?;
        Ok(Exit::No)
    }
}

/// Returns the places of the flags at the given target, or at all declared targets of their environments.
fn places(target: Option<&str>, kills: &[(&str, &str)]) -> Result<Vec<Place>> {
    let mut places: Vec<Place> = Vec::new();
    let mut environments: Vec<&str> = kills.iter().map(|(_, environment)| *environment).collect();
    environments.dedup();
    for environment in environments {
        let before = places.len();
        for target in OptionalTargetArg::new(target, None).resolve()? {
            if target.environments(&[environment.to_owned()]).is_err() {
                continue;
            }
            let flags = kills.iter().filter(|(_, name)| *name == environment).map(|(flag, _)| (*flag).to_owned());
            let signers = Signers::default().read(target.signing())?;
            publish_target::note_trust(signers.as_ref());
            places.push(Place {
                store: target.open()?,
                signers,
                target,
                environment: environment.to_owned(),
                flags: flags.collect(),
                seen: None,
                found: "nothing was read".to_owned(),
            });
        }
        if places.len() == before {
            bail!("no declared target is for the environment `{environment}`: name one, as in `--wait=./dist`");
        }
    }
    Ok(places)
}

impl Place {
    fn name(&self) -> String {
        format!("{} {}", self.target.name().unwrap_or(self.store.name()), self.environment)
    }

    fn live(&self, entry: &LogEntry) -> String {
        let commit = short_id(&entry.manifest.kills);
        format!("the kill is live at {}: number {} has the kills of {commit}", self.name(), entry.manifest.sequence)
    }

    /// Reads the target. Returns the current entry if all flags are off in it. An error of the target is remembered, because
    /// the next attempt may succeed.
    fn read(&mut self) -> Result<Option<LogEntry>> {
        match self.off_in_current() {
            Ok(found) => Ok(found),
            Err(error) => {
                self.found = error.to_string();
                self.seen = None;
                Ok(None)
            }
        }
    }

    fn off_in_current(&mut self) -> Result<Option<LogEntry>, PublishError> {
        let channel = Channel::new(&self.store, &self.environment);
        let entry = publish::current(&channel, self.signers.as_ref(), self.target.name())?.entry;
        if self.seen.as_ref() == Some(&entry.digest) {
            return Ok(None);
        }
        let bytes = channel.bundle(&entry.manifest.bundle)?;
        let on: Vec<_> = self
            .flags
            .iter()
            .filter(|flag| !is_off(&bytes, entry.manifest.bundle.format, flag))
            .map(|flag| format!("`{flag}`"))
            .collect();
        self.seen = Some(entry.digest.clone());
        if on.is_empty() {
            return Ok(Some(entry));
        }
        let (number, commit) = (entry.manifest.sequence, short_id(&entry.manifest.commit));
        self.found = format!("number {number} is {commit}, in which {} is not killed", on.join(", "));
        Ok(None)
    }
}

/// Returns whether a published bundle has a kill of a flag, or does not have the flag.
fn is_off(bytes: &[u8], format: BundleFormat, key: &str) -> bool {
    match format {
        BundleFormat::Flagctl => Bundle::from_json(bytes).is_ok_and(|bundle| {
            bundle.flag(key).is_none_or(|flag| matches!(flag.state, State::Killed { admit: Percent::ZERO, .. }))
        }),
        BundleFormat::Flagd => serde_json::from_slice::<Json>(bytes).is_ok_and(|json| {
            let disabled = |flag: &Json| flag.pointer("/metadata/disabled").and_then(Json::as_str).map(str::to_owned);
            let flag = json.get("flags").map(|flags| flags.get(key));
            flag.is_some_and(|flag| {
                flag.is_none_or(|flag| disabled(flag).is_some_and(|disabled| disabled.starts_with("killed: ")))
            })
        }),
    }
}

/// Says whether the published branch has the kills, as this clone knows it.
fn say_whether_merged(waiting: &[Place]) -> Result<()> {
    let base = OptionalTargetArg::new(None, None).base()?;
    let live = Live::new(FlagRepository::find(Path::new("."), CacheWrites::Forbidden)?);
    let branch = shown(&base);
    for place in waiting {
        let merged = live.kills_of([base.commit().as_str()], &place.environment)?;
        let missing: Vec<_> = place
            .flags
            .iter()
            .filter(|flag| merged.get(*flag).is_none_or(|kill| kill.admits != Percent::ZERO))
            .map(|flag| format!("`{flag}`"))
            .collect();
        console::note(if missing.is_empty() {
            format!("`{branch}` has the kill: the job that publishes it has not run, or has failed")
        } else {
            format!(
                "`{branch}`, as this clone knows it, does not have the kill of {}: push and merge it, or see after `git \
                 fetch`",
                missing.join(", ")
            )
        });
    }
    Ok(())
}
