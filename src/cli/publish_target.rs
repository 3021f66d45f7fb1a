//! The target of published bundles, and the keys that may sign the bundles.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::cli::exit::{Exit, UsageError};
use crate::commit;
use crate::commit::CommitError;
use crate::publish::{AllowedSigners, PublishError};
use crate::store::{Store, StoreError};

/// Opens a target. The settings of object stores are read from environment variables.
pub(crate) fn open(target: &str) -> Result<Store> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let environment: Vec<_> = env::vars_os().filter_map(text).collect();
    Store::open(target, &environment).map_err(|error| match error {
        StoreError::Scheme(_) => UsageError(error.to_string()).into(),
        error => error.into(),
    })
}

/// The keys of which one must have signed.
#[derive(Debug, clap::Args)]
pub(crate) struct Signers {
    /// Require a signature by one of the keys in FILE, in the format of `ssh-keygen`
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<PathBuf>,
    /// Require a signature by one of the keys in the file that git's `gpg.ssh.allowedSignersFile` names
    #[arg(long, conflicts_with = "allowed_signers")]
    signed: bool,
}

impl Signers {
    /// Reads the keys. Returns `None` if no signature is required.
    pub(crate) fn read(&self) -> Result<Option<AllowedSigners>> {
        if let Some(file) = &self.allowed_signers {
            return Ok(Some(AllowedSigners::new(file)?));
        }
        if !self.signed {
            return Ok(None);
        }
        match commit::allowed_signers(Path::new(".")) {
            Ok(Some(file)) => Ok(Some(AllowedSigners::new(&file).context("`gpg.ssh.allowedSignersFile` names it")?)),
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

/// Reports an error that describes a problem with the published files, and returns any other error.
pub(crate) fn refused(error: PublishError) -> Result<Exit> {
    if !error.is_answer() {
        return Err(error.into());
    }
    writeln!(io::stderr(), "error: {error}")?;
    Ok(Exit::No)
}
