//! The kinds of definition files: the folder of each, and its lowering.

use crate::model::flag::Flag;
use crate::model::kill::Kill;
use crate::model::layer::Layer;
use crate::model::lower::{Lowering, Misfit};
use crate::model::segment::Segment;
use crate::model::settings::Settings;
use crate::model::suite::Suite;
use crate::snapshot::FileId;
use crate::yaml::Node;

/// The folder of flag files.
pub const FLAGS: &str = "flags";
/// The folder of segment files.
pub const SEGMENTS: &str = "segments";
/// The folder of layer files.
pub const LAYERS: &str = "layers";
/// The folder of kills, with a folder for each environment.
pub const KILLS: &str = "kills";
/// The folder of test files.
pub const TESTS: &str = "tests";

/// The kind of definition in a file. The path of the file determines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefinitionKind {
    /// The file `flagctl.yaml`.
    Project,
    /// A file Below [`FLAGS`].
    Flag,
    /// A file Below [`SEGMENTS`].
    Segment,
    /// A file Below [`LAYERS`].
    Layer,
    /// A file Below [`KILLS`].
    Kill,
    /// A file Below [`TESTS`].
    Test,
}

impl DefinitionKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::Project, Self::Flag, Self::Segment, Self::Layer, Self::Kill, Self::Test];

    /// Returns the name of the kind in the arguments of `flagctl schema`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Flag => "flag",
            Self::Segment => "segment",
            Self::Layer => "layer",
            Self::Kill => "kill",
            Self::Test => "test",
        }
    }
}

/// Lowers `flagctl.yaml`.
pub fn lower_settings(root: &Node) -> (Settings, Vec<Misfit>) {
    Lowering::run(root, Settings::lower)
}

/// Lowers a flag's file. `key` is the stem of the file.
pub fn lower_flag(root: &Node, key: &str, file: FileId) -> (Flag, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Flag::lower(lowering, root, key, file))
}

/// Lowers a segment's file. `name` is the stem of the file.
pub fn lower_segment(root: &Node, name: &str, file: FileId) -> (Segment, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Segment::lower(lowering, root, name, file))
}

/// Lowers a layer's file. `name` is the stem of the file.
pub fn lower_layer(root: &Node, name: &str, file: FileId) -> (Layer, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Layer::lower(lowering, root, name, file))
}

/// Lowers the kill's file `kills/<environment>/<key>.yaml`.
pub fn lower_kill(root: &Node, environment: &str, key: &str, file: FileId) -> (Kill, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Kill::lower(lowering, root, environment, key, file))
}

/// Lowers a test file.
pub fn lower_suite(root: &Node, file: FileId) -> (Suite, Vec<Misfit>) {
    Lowering::run(root, |lowering, root| Suite::lower(lowering, root, file))
}
