//! `flagctl schema`: the JSON Schema of a kind of file.

use std::io::{self, Write};

use anyhow::Result;
use clap::ValueEnum;

use crate::cli::Exit;
use crate::{model, schema};

/// Print the JSON Schema of a kind of file, for editors and other tools
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "KIND")]
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Project,
    Flag,
    Segment,
    Kill,
    Test,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let kind = match args.kind {
        Kind::Project => model::Kind::Project,
        Kind::Flag => model::Kind::Flag,
        Kind::Segment => model::Kind::Segment,
        Kind::Kill => model::Kind::Kill,
        Kind::Test => model::Kind::Test,
    };
    io::stdout().lock().write_all(schema::text(kind).as_bytes())?;
    Ok(Exit::Yes)
}
