//! `flagctl schema`: prints the JSON Schema of a kind of file.

use anyhow::Result;
use clap::ValueEnum;

use crate::cli::console;
use crate::cli::exit::Exit;
use crate::events::EventKind;
use crate::report::Printable;
use crate::{events, model, schema};

/// Print the JSON Schema of a kind of definition file or of event
///
/// Editors and other tools read it to check and complete definitions, and pipelines to check events.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl schema flag > flag.schema.json")]
pub(crate) struct Args {
    /// The kind of file or event
    #[arg(value_name = "KIND")]
    kind: SchemaKind,
}

/// A kind of definition file or of event.
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
    /// A decision that an application recorded
    Exposure,
    /// What a unit did
    MetricEvent,
    /// The results of two implementations for one request
    ShadowRecord,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let text = match args.kind {
        SchemaKind::Project => schema::text(model::DefinitionKind::Project),
        SchemaKind::Flag => schema::text(model::DefinitionKind::Flag),
        SchemaKind::Segment => schema::text(model::DefinitionKind::Segment),
        SchemaKind::Layer => schema::text(model::DefinitionKind::Layer),
        SchemaKind::Kill => schema::text(model::DefinitionKind::Kill),
        SchemaKind::Test => schema::text(model::DefinitionKind::Test),
        SchemaKind::Exposure => events::schema(EventKind::Exposure),
        SchemaKind::MetricEvent => events::schema(EventKind::MetricEvent),
        SchemaKind::ShadowRecord => events::schema(EventKind::ShadowRecord),
    };
    console::write(Printable::of_program(text.to_owned()))?;
    Ok(Exit::Yes)
}
