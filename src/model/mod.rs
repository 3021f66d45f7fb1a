//! Definitions as written: typed, with their places, names not yet resolved.
//!
//! Takes the tree of each file; gives a [`Project`].
//!
//! **Invariant:** lowering never fails. A part that does not fit its type is left out and noted as a
//! [`Misfit`]; the schema finds the words for it.

mod condition;
mod flag;
mod lower;
mod settings;
mod test;

pub use crate::model::condition::{Condition, Operation, Operator, RESERVED, Requirement};
pub use crate::model::flag::{Effective, Flag, Kill, Rule, Segment, Serve, Serving, Share, Variant};
pub use crate::model::lower::Misfit;
pub(crate) use crate::model::lower::is_name;
pub use crate::model::settings::{AttributeDeclaration, Settings};
pub use crate::model::test::{
    Assertion, Case, Cell, Claim, Expectation, FlagVariant, Golden, Placement, Subject, Suite,
};

use crate::model::lower::Lowering;

use crate::snapshot::FileId;
use crate::yaml::Node;

/// The folder of flag files.
pub const FLAGS: &str = "flags";
/// The folder of segment files.
pub const SEGMENTS: &str = "segments";
/// The folder of kills, with a folder for each environment.
pub const KILLS: &str = "kills";
/// The folder of test files.
pub const TESTS: &str = "tests";

/// A whole flag repository, or as much of it as was read.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// `flagctl.yaml`
    pub settings: Settings,
    /// In the order of their files' paths.
    pub flags: Vec<Flag>,
    /// In the order of their files' paths.
    pub segments: Vec<Segment>,
    /// In the order of their files' paths.
    pub kills: Vec<Kill>,
    /// In the order of their files' paths.
    pub suites: Vec<Suite>,
}

impl Project {
    /// The first flag of that key.
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.key == key)
    }
}

/// What a file of a flag repository defines, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `flagctl.yaml`
    Project,
    /// Below [`FLAGS`].
    Flag,
    /// Below [`SEGMENTS`].
    Segment,
    /// Below [`KILLS`].
    Kill,
    /// Below [`TESTS`].
    Test,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Project, Self::Flag, Self::Segment, Self::Kill, Self::Test];

    /// As `flagctl schema` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Flag => "flag",
            Self::Segment => "segment",
            Self::Kill => "kill",
            Self::Test => "test",
        }
    }
}

/// Lowers `flagctl.yaml`.
pub fn lower_settings(root: &Node) -> (Settings, Vec<Misfit>) {
    Lowering::run(root, Settings::lower)
}

/// Lowers a flag's file; `key` is its stem.
pub fn lower_flag(root: &Node, key: &str, file: FileId) -> (Flag, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Flag::lower(lowering, root, key, file))
}

/// Lowers a segment's file; `name` is its stem.
pub fn lower_segment(root: &Node, name: &str, file: FileId) -> (Segment, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Segment::lower(lowering, root, name, file))
}

/// Lowers a kill's file at `kills/<environment>/<key>.yaml`.
pub fn lower_kill(root: &Node, environment: &str, key: &str, file: FileId) -> (Kill, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Kill::lower(lowering, root, environment, key, file))
}

/// Lowers a file of tests.
pub fn lower_suite(root: &Node, file: FileId) -> (Suite, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Suite::lower(lowering, root, file))
}

/// Lowers a condition that stands alone, as one given on the command line does.
pub fn lower_condition(root: &Node) -> (Option<Condition>, Vec<Misfit>) {
    Lowering::run(root, Lowering::condition)
}
