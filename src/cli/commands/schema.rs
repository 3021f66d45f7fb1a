//! `flagctl schema`: prints the JSON Schema of a kind of file, or writes schemas with the names of a repository.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use tempfile::Builder;

use crate::cli::console;
use crate::cli::exit::Exit;
use crate::cli::progress;
use crate::cli::revision_arg::folder;
use crate::events::EventKind;
use crate::model::DefinitionKind;
use crate::report::{Lines, Printable};
use crate::schema::Names;
use crate::{events, load, schema, temporary};

/// Print the JSON Schema of a kind of definition file or of event
///
/// Editors and other tools read it to check and complete definitions, and pipelines to check events. With `--project`, the command
/// writes the schemas of all kinds of definition files, with the names that the flag repository has now.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl schema --project .schemas")]
pub(crate) struct Args {
    /// The kind of file or event
    #[arg(value_name = "KIND", required_unless_present = "project", conflicts_with = "project")]
    kind: Option<SchemaKind>,
    /// Write a schema of each kind of definition file to this folder, with the repository's attributes, segments, flags, variants,
    /// environments, owners and tags. Editors then complete them
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
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
    match (&args.project, args.kind) {
        (Some(target), _) => write_project(target)?,
        (None, Some(kind)) => console::write(Printable::of_program(published(kind).to_owned()))?,
        // The parser of arguments demands one of the two.
        (None, None) => {}
    }
    Ok(Exit::Yes)
}

fn published(kind: SchemaKind) -> &'static str {
    match kind {
        SchemaKind::Project => schema::text(DefinitionKind::Project),
        SchemaKind::Flag => schema::text(DefinitionKind::Flag),
        SchemaKind::Segment => schema::text(DefinitionKind::Segment),
        SchemaKind::Layer => schema::text(DefinitionKind::Layer),
        SchemaKind::Kill => schema::text(DefinitionKind::Kill),
        SchemaKind::Test => schema::text(DefinitionKind::Test),
        SchemaKind::Exposure => events::schema(EventKind::Exposure),
        SchemaKind::MetricEvent => events::schema(EventKind::MetricEvent),
        SchemaKind::ShadowRecord => events::schema(EventKind::ShadowRecord),
    }
}

/// Writes the schemas with the names of the flag repository, and prints the paths.
fn write_project(target: &Path) -> Result<()> {
    let source = folder(Path::new("."))?;
    let loaded = load::tests(&source, progress::all(&source)?, |_| true)?;
    fs::create_dir_all(target).with_context(|| format!("cannot make the folder `{}`", target.display()))?;
    let mut lines = Lines::default();
    for kind in DefinitionKind::ALL {
        let schema = schema::specialized(kind, Names::new(&loaded.project));
        let path = target.join(format!("{}.schema.json", kind.name()));
        let text = serde_json::to_string_pretty(&schema)? + "\n";
        replace(&path, target, &text).with_context(|| format!("cannot write `{}`", path.display()))?;
        lines.add(path.display().to_string());
    }
    console::write(lines)?;
    Ok(())
}

/// Replaces a file. A link at the path is replaced, too, and not followed.
fn replace(path: &Path, folder: &Path, text: &str) -> io::Result<()> {
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = temporary::file_in(&mut builder, folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
