//! Two states of the definitions: what `diff` goes from, and what it goes to.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use crate::cli::exit::UsageError;
use crate::cli::revision_arg;
use crate::cli::revision_arg::{advised, parse};
use crate::report::EndJson;
use crate::source::{Repository, Rev, Revision, Source};

/// Both sides of a comparison.
pub(crate) struct Ends {
    pub(crate) before: Revision,
    pub(crate) after: Source,
    /// What people call the sides.
    names: [String; 2],
}

/// As it was written.
enum Range<'r> {
    /// From where the branch left the trunk to the working tree.
    Own,
    /// To the working tree.
    Since(&'r str),
    /// `BASE..HEAD`
    Two(&'r str, &'r str),
    /// `BASE...HEAD`: from where both part.
    Fork(&'r str, &'r str),
}

impl<'r> Range<'r> {
    fn read(text: Option<&'r str>) -> Self {
        let head = |text: &'r str| if text.is_empty() { "HEAD" } else { text };
        match text {
            None => Self::Own,
            Some(text) => match (text.split_once("..."), text.split_once("..")) {
                (Some((base, tip)), _) => Self::Fork(head(base), head(tip)),
                (None, Some((base, tip))) => Self::Two(head(base), head(tip)),
                (None, None) => Self::Since(text),
            },
        }
    }
}

impl Ends {
    /// # Errors
    /// If there is no such revision here, or no working tree where one is meant.
    pub(crate) fn find(range: Option<&str>) -> Result<Self> {
        let repository = Arc::new(Repository::find(Path::new("."))?);
        let (before, after, names) = match Range::read(range) {
            Range::Two(base, tip) => {
                let (base, tip) = (earlier(&repository, base)?, revision(&repository, tip)?);
                let names = [base.name().to_owned(), tip.name().to_owned()];
                (base, Source::Revision(tip), names)
            }
            Range::Fork(base, tip) => {
                let (base, tip) = (earlier(&repository, base)?, revision(&repository, tip)?);
                let names = [format!("{} and {} part", base.name(), tip.name()), tip.name().to_owned()];
                (base.fork(&tip)?, Source::Revision(tip), names)
            }
            Range::Since(base) => {
                let base = earlier(&repository, base)?;
                let name = base.name().to_owned();
                (base, working_tree(&repository)?, [name, WORKING_TREE.to_owned()])
            }
            Range::Own => {
                let after = working_tree(&repository)?;
                let trunk = repository.trunk()?.ok_or_else(|| {
                    UsageError(
                        "there is no `origin/HEAD`, `main` or `master` to begin at: name what to compare with"
                            .to_owned(),
                    )
                })?;
                let (base, tip) = (earlier(&repository, &trunk)?, earlier(&repository, "HEAD")?);
                (base.fork(&tip)?, after, [format!("{trunk} and HEAD part"), WORKING_TREE.to_owned()])
            }
        };
        Ok(Self { before, after, names })
    }

    /// For reports.
    pub(crate) fn json(&self) -> (EndJson, EndJson) {
        let [before, after] = self.names.clone();
        let before = match before.strip_suffix(" part") {
            Some(both) => format!("{}, where {both} part", self.before.name()),
            None => before,
        };
        let end = |name, revision: Option<&Revision>| EndJson { name, commit: revision.map(Revision::commit) };
        (end(before, Some(&self.before)), end(after, self.after.revision()))
    }
}

pub(crate) const WORKING_TREE: &str = "working tree";

fn rev(text: &str) -> Result<Rev> {
    parse(text).map_err(|problem| UsageError(format!("`{text}`: {problem}")).into())
}

pub(crate) fn revision(repository: &Arc<Repository>, text: &str) -> Result<Revision> {
    repository.revision(&rev(text)?).map_err(advised)
}

/// There may have been no flags yet.
pub(crate) fn earlier(repository: &Arc<Repository>, text: &str) -> Result<Revision> {
    repository.beginning(&rev(text)?).map_err(advised)
}

/// The definitions of a source as they were at an earlier revision.
pub(crate) fn since(source: &Source, text: &str) -> Result<Revision> {
    let start = source.root().unwrap_or_else(|| Path::new(".").to_owned());
    earlier(&Arc::new(Repository::find(&start)?), text)
}

fn working_tree(repository: &Repository) -> Result<Source> {
    if repository.is_bare() {
        let missing = "a bare repository has no working tree: name two ends, as in `flagctl diff BASE..HEAD`";
        return Err(UsageError(missing.to_owned()).into());
    }
    revision_arg::folder(Path::new("."))
}
