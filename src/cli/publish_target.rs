//! The target of published bundles, and the keys that may sign the bundles.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::cli::console;
use crate::cli::exit::{Exit, UsageError};
use crate::commit;
use crate::commit::CommitError;
use crate::model::{Signing, is_name};
use crate::publish::{AllowedSigners, PublishError};
use crate::store::{Store, StoreError};

/// Opens a target. The settings of object stores are read from environment variables.
pub(crate) fn open(target: &str) -> Result<Store> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let environment: Vec<_> = env::vars_os().filter_map(text).collect();
    Store::open(target, &environment).map_err(|error| match error {
        StoreError::Scheme(_) | StoreError::Address { .. } => UsageError(error.to_string()).into(),
        error => error.into(),
    })
}

/// Opens a target to which the command writes.
pub(crate) fn open_writable(target: &str) -> Result<Store> {
    let store = open(target)?;
    store.check_writable().map_err(|error| UsageError(error.to_string()))?;
    Ok(store)
}

/// The target to which the published files must belong.
#[derive(Debug, clap::Args)]
pub(crate) struct ExpectedTarget {
    /// Require that the manifest belongs to the target with this name; see `flagctl help targets`
    #[arg(long = "target", value_name = "NAME")]
    pub(crate) named: Option<String>,
}

/// The keys of which one must have signed.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Signers {
    /// Require a signature by one of the keys in FILE; see `flagctl help targets`
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<PathBuf>,
    /// Require a signature by one of the keys in the file that git's `gpg.ssh.allowedSignersFile` names
    #[arg(long, conflicts_with = "allowed_signers")]
    signed: bool,
}

impl Signers {
    /// Reads the keys. Returns `None` if neither the command line nor the target requires a signature.
    pub(crate) fn read(&self, signing: Signing) -> Result<Option<AllowedSigners>> {
        let here = Path::new(".");
        let new = |file: &Path| -> Result<AllowedSigners> {
            let revoked = commit::revoked_signers(here)?;
            Ok(AllowedSigners::new(file, revoked.as_deref())?)
        };
        if let Some(file) = &self.allowed_signers {
            return Ok(Some(new(file)?));
        }
        if !self.signed && signing == Signing::Optional {
            return Ok(None);
        }
        match commit::allowed_signers(here) {
            Ok(Some(file)) => Ok(Some(new(&file).context("git's settings name the keys")?)),
            Ok(None) => {
                bail!("git does not know who may sign: set `gpg.ssh.allowedSignersFile`, or pass `--allowed-signers`")
            }
            Err(error @ CommitError::NoRepository(_)) => {
                bail!("{error}; or pass `--allowed-signers`")
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the signers of whom one must have signed what a publisher continues: those in the file that git's
/// `gpg.ssh.allowedSignersFile` names, or else the publisher itself.
pub(crate) fn current_signers() -> Result<AllowedSigners> {
    let here = Path::new(".");
    let revoked = commit::revoked_signers(here)?;
    Ok(match commit::allowed_signers(here)? {
        Some(file) => AllowedSigners::new(&file, revoked.as_deref())?,
        None => AllowedSigners::of_key(&commit::signing_key(here)?, revoked.as_deref())?,
    })
}

/// Returns the folders of a store that can be environments.
pub(crate) fn published_environments(store: &Store) -> Result<Vec<String>> {
    let folders = store.folders().map_err(|error| match error {
        StoreError::NotListed(target) => {
            let why = format!("`{target}` is a web server, which cannot list its environments: pass `-e`");
            UsageError(why).into()
        }
        error => anyhow::Error::from(error),
    });
    let (environments, others): (Vec<_>, Vec<_>) = folders?.into_iter().partition(|name| is_name(name));
    if !others.is_empty() {
        let number = others.len();
        console::note(format!("not read, because no environment has such a name: {number} of the target's folders"));
    }
    Ok(environments)
}

/// Writes a note if signatures are not checked.
pub(crate) fn note_trust(signers: Option<&AllowedSigners>) {
    if signers.is_none() {
        console::note(
            "signatures are not checked, so everyone who can write to the store is trusted; `--allowed-signers` names \
             who may publish",
        );
    }
}

/// Reports an error that describes a problem with the published files, and returns any other error.
pub(crate) fn refused(error: PublishError) -> Result<Exit> {
    if !error.is_answer() {
        return Err(error.into());
    }
    console::error(error.to_string());
    Ok(Exit::No)
}
