//! The commits of a change: what they acknowledge, and who signed them.

use crate::git::{CommitDetails, GitError, Revision};
use crate::policy::error::PolicyError;
use crate::publish::AllowedSigners;
use crate::source::Source;

/// The namespace of ssh signatures of commits.
const NAMESPACE: &str = "git";

/// The commits that a change has and its base lacks.
#[derive(Debug, Default)]
pub struct CommitRange {
    /// The commits, the oldest first.
    pub commits: Vec<RangeDetails>,
}

/// A commit of a range.
#[derive(Debug)]
pub struct RangeDetails {
    /// The author, time and message.
    pub details: CommitDetails,
    /// The signature and the text that is signed, or `None` if the commit is not signed.
    pub signature: Option<(String, String)>,
}

impl CommitRange {
    /// Reads the commits that `head` has and `base` lacks.
    ///
    /// # Errors
    /// Returns [`GitError`] if a commit cannot be read, or if the clone is too shallow.
    pub fn read(base: &Revision, head: &Revision) -> Result<Self, GitError> {
        let commits = head.revisions_since(base)?;
        let read = |commit: Revision| Ok(RangeDetails { details: commit.details()?, signature: commit.signature()? });
        Ok(Self { commits: commits.into_iter().map(read).collect::<Result<_, GitError>>()? })
    }

    /// Returns whether a commit acknowledges a class for a flag: `Acknowledge: CLASS`, perhaps with keys of flags behind
    /// it.
    pub(super) fn acknowledges(&self, class: &str, flag: &str) -> bool {
        let trailers = self.commits.iter().flat_map(|commit| commit.details.trailers("Acknowledge"));
        trailers.into_iter().any(|value| {
            let mut words = value.split([' ', ',', '\t']).filter(|word| !word.is_empty());
            let has_class = words.next() == Some(class);
            let flags: Vec<&str> = words.collect();
            has_class && (flags.is_empty() || flags.contains(&flag))
        })
    }

    /// Returns the first commit that no listed signer signed, and the reason. `path` is the file of signers at the base.
    ///
    /// # Errors
    /// Returns [`PolicyError`] if the base does not have the file, or if `ssh-keygen` cannot be run.
    pub(super) fn unsigned(&self, base: &Revision, path: &str) -> Result<Option<(String, String)>, PolicyError> {
        let file = Source::Revision(base.clone()).read(path)?.filter(|file| file.fault.is_none());
        let missing = || PolicyError::NoSigners { path: path.to_owned(), base: base.name().to_owned() };
        let signers = AllowedSigners::of_file_text(&file.ok_or_else(missing)?.text)?;
        for RangeDetails { details, signature } in &self.commits {
            let verified = match signature {
                None => Err("it has no signature".to_owned()),
                Some((signature, _)) if !signature.contains("BEGIN SSH SIGNATURE") => {
                    Err("its signature is not that of an ssh key".to_owned())
                }
                Some((signature, content)) => signers.verify(NAMESPACE, signature.as_bytes(), content.as_bytes())?,
            };
            if let Err(why) = verified {
                return Ok(Some((details.commit.clone(), why)));
            }
        }
        Ok(None)
    }
}
