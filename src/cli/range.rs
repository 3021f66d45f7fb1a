//! Two states of the definitions: what `diff` goes from, and what it goes to.

use std::path::Path;

use anyhow::Result;

use crate::cli::exit::UsageError;
use crate::cli::revision_arg;
use crate::cli::revision_arg::{advised, parse};
use crate::git::{CacheWrites, Revision, RevisionRange, RevisionSpec};
use crate::report::diff::EndpointJson;
use crate::source::{FlagRepository, Source};

/// Both sides of a comparison.
pub(crate) struct Ends {
    pub(crate) before: Revision,
    pub(crate) after: Source,
    /// The names of both sides in reports.
    names: [String; 2],
}

impl Ends {
    /// Finds both sides of a range; without a range, the common ancestor of `HEAD` and the default branch, and the
    /// working tree.
    ///
    /// # Errors
    /// If a revision does not exist, or if the range ends at the working tree and there is none.
    pub(crate) fn find(range: Option<&str>) -> Result<Self> {
        let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
        let (before, after, names) = match range.map(RevisionRange::parse) {
            Some(RevisionRange::TwoDots { base, tip }) => {
                let (base, tip) = (earlier(&repository, base)?, revision(&repository, tip)?);
                let names = [base.name().to_owned(), tip.name().to_owned()];
                (base, Source::Revision(tip), names)
            }
            Some(RevisionRange::ThreeDots { base, tip }) => {
                let (base, tip) = (earlier(&repository, base)?, revision(&repository, tip)?);
                let fork = base.merge_base(&tip)?;
                let names = [fork_name(&fork, base.name(), tip.name()), tip.name().to_owned()];
                (fork, Source::Revision(tip), names)
            }
            Some(RevisionRange::Single(base)) => {
                let base = earlier(&repository, base)?;
                let name = base.name().to_owned();
                (base, working_tree(&repository)?, [name, WORKING_TREE.to_owned()])
            }
            None => {
                let after = working_tree(&repository)?;
                let default_branch = repository.git().default_branch()?.ok_or_else(|| {
                    UsageError(
                        "there is no `origin/HEAD`, `main` or `master` to begin at: name what to compare with"
                            .to_owned(),
                    )
                })?;
                let (base, head) = (earlier(&repository, &default_branch)?, earlier(&repository, "HEAD")?);
                let fork = base.merge_base(&head)?;
                let names = [fork_name(&fork, &default_branch, "HEAD"), WORKING_TREE.to_owned()];
                (fork, after, names)
            }
        };
        Ok(Self { before, after, names })
    }

    /// Returns both sides as reports name them.
    pub(crate) fn json(&self) -> (EndpointJson, EndpointJson) {
        let [before, after] = self.names.clone();
        let end = |name, revision: Option<&Revision>| EndpointJson { name, commit: revision.map(Revision::commit) };
        (end(before, Some(&self.before)), end(after, self.after.revision()))
    }
}

/// Returns the name of a common ancestor of two revisions in reports.
fn fork_name(fork: &Revision, base: &str, tip: &str) -> String {
    format!("{}, where {base} and {tip} part", fork.name())
}

pub(crate) const WORKING_TREE: &str = "working tree";

fn rev(text: &str) -> Result<RevisionSpec> {
    parse(text).map_err(|problem| UsageError(format!("`{text}`: {problem}")).into())
}

pub(crate) fn revision(repository: &FlagRepository, text: &str) -> Result<Revision> {
    repository.revision(&rev(text)?).map_err(advised)
}

/// Returns a revision that may be older than the flag repository.
pub(crate) fn earlier(repository: &FlagRepository, text: &str) -> Result<Revision> {
    repository.revision_or_empty(&rev(text)?).map_err(advised)
}

/// The definitions of a source as they were at an earlier revision.
pub(crate) fn since(source: &Source, text: &str) -> Result<Revision> {
    let start = source.root().unwrap_or_else(|| Path::new(".").to_owned());
    earlier(&FlagRepository::find(&start, CacheWrites::Allowed)?, text)
}

fn working_tree(repository: &FlagRepository) -> Result<Source> {
    if repository.git().is_bare() {
        let missing = "a bare repository has no working tree: name two ends, as in `flagctl diff BASE..HEAD`";
        return Err(UsageError(missing.to_owned()).into());
    }
    revision_arg::folder(Path::new("."))
}
