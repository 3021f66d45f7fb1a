//! What the pages show.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::bundle::{Bundle, Flag, VariantId};
use crate::eval::Context;
use crate::report::diff::FlagDiffJson;
use crate::report::history::CommitJson;
use crate::report::page::written_flags::WrittenFlags;

/// What the pages show about a server.
#[derive(Debug)]
pub struct ServerFacts<'s> {
    /// The environments, in the order of promotion.
    pub environments: Vec<EnvironmentFacts<'s>>,
    /// The time of the request.
    pub now: Timestamp,
    /// The version of the program.
    pub version: &'static str,
}

/// What the pages show about an environment.
#[derive(Debug)]
pub struct EnvironmentFacts<'s> {
    /// The name.
    pub name: &'s str,
    /// The current bundle, or `None` if none was loaded yet.
    pub bundle: Option<BundleFacts<'s>>,
    /// The definitions, or `None` if the source has only bundles.
    pub definitions: Option<&'s WrittenFlags>,
    /// What the current bundle changed.
    pub plan: &'s LastPlan,
    /// The problem of the source, if it has one.
    pub problem: Option<&'s str>,
    /// The time of the last successful reading of the source.
    pub checked: Option<Timestamp>,
    /// The variants that the server serves whatever the rules say, by the keys of the flags.
    pub overrides: BTreeMap<&'s str, &'s str>,
}

/// What the pages show about a bundle.
#[derive(Debug)]
pub struct BundleFacts<'s> {
    /// The bundle.
    pub bundle: &'s Bundle,
    /// The full id of the commit, if there is one.
    pub commit: Option<&'s str>,
    /// The number in the log of the target, if the bundle was published.
    pub sequence: Option<u64>,
    /// The time of the commit, or the time at which the files were read.
    pub created: Timestamp,
    /// The time at which the bundle became current.
    pub since: Option<Timestamp>,
}

/// What the current bundle of an environment changed.
#[derive(Debug, Clone, Default)]
pub enum LastPlan {
    /// The current bundle is the first one.
    #[default]
    First,
    /// The analysis is not finished.
    Pending,
    /// The changes are known.
    Known(Arc<BundlePlan>),
    /// The changes are not known, for a reason.
    Unknown(String),
}

/// The changes between two bundles.
#[derive(Debug)]
pub struct BundlePlan {
    /// The changes of the flags that decide differently.
    pub flags: Vec<FlagDiffJson>,
    /// The names of the two bundles.
    pub names: [String; 2],
    /// The number of flags that were not compared, because there are too many.
    pub left_out: usize,
}

/// The commits that changed a flag.
#[derive(Debug)]
pub enum FlagHistory {
    /// The source has no history.
    NoHistory,
    /// The newest commits, and whether there may be older ones.
    Commits {
        /// The commits, from the newest to the oldest.
        commits: Vec<CommitJson>,
        /// Whether the whole history was read.
        complete: bool,
    },
    /// The history cannot be read, for a reason.
    Unknown(String),
}

/// The context that a person typed.
#[derive(Debug)]
pub struct Question<'q> {
    /// The text.
    pub text: &'q str,
    /// The context, or the reason why the text is none.
    pub context: Result<Context<'q>, String>,
    /// Sentences about values without the type of their attribute.
    pub unusable: Vec<String>,
}

/// A flag in an environment of a server.
pub(super) struct ShownFlag<'p, 's> {
    pub(super) server: &'p ServerFacts<'s>,
    pub(super) environment: &'p EnvironmentFacts<'s>,
    pub(super) bundle: &'s Bundle,
    pub(super) flag: &'s Flag,
}

impl<'s> ServerFacts<'s> {
    /// Finds an environment by its name.
    pub(super) fn environment(&self, name: &str) -> Option<&EnvironmentFacts<'s>> {
        self.environments.iter().find(|environment| environment.name == name)
    }
}

impl<'s> EnvironmentFacts<'s> {
    /// Returns a flag of the current bundle.
    pub(super) fn flag(&self, key: &str) -> Option<(&'s Bundle, &'s Flag)> {
        let bundle = self.bundle.as_ref()?.bundle;
        Some((bundle, bundle.flag(key)?))
    }

    /// Returns the flags of the current bundle.
    pub(super) fn flags(&self) -> impl Iterator<Item = &'s Flag> {
        self.bundle.iter().flat_map(|facts| facts.bundle.flags.iter())
    }

    /// Returns the variant that the server serves whatever the rules say.
    pub(super) fn overriding(&self, flag: &Flag) -> Option<VariantId> {
        let name = self.overrides.get(flag.key.as_ref())?;
        let index = flag.variants.iter().position(|variant| variant.name.as_ref() == *name)?;
        u16::try_from(index).ok().map(VariantId)
    }
}
