//! `flagctl schema`: prints the JSON Schema of a kind of file.

use anyhow::Result;
use clap::ValueEnum;

use crate::cli::console;
use crate::cli::exit::Exit;
use crate::report::Printable;
use crate::{model, schema};

/// Print the JSON Schema of a kind of definition file
///
/// Editors and other tools read it to check and complete definitions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl schema flag > flag.schema.json")]
pub(crate) struct Args {
    /// The kind of file
    #[arg(value_name = "KIND")]
    kind: SchemaKind,
}

/// A kind of definition file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaKind {
    /// `flagctl.yaml`
    Project,
    /// A file in `flags`
    Flag,
    /// A file in `segments`
    Segment,
    /// A file in `layers`
    Layer,
    /// A file in `kills`
    Kill,
    /// A file in `tests`
    Test,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let kind = match args.kind {
        SchemaKind::Project => model::DefinitionKind::Project,
        SchemaKind::Flag => model::DefinitionKind::Flag,
        SchemaKind::Segment => model::DefinitionKind::Segment,
        SchemaKind::Layer => model::DefinitionKind::Layer,
        SchemaKind::Kill => model::DefinitionKind::Kill,
        SchemaKind::Test => model::DefinitionKind::Test,
    };
    console::write(Printable::of_program(schema::text(kind).to_owned()))?;
    Ok(Exit::Yes)
}
