//! `flagctl fmt`: writes definition files in one layout.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cli::console;
use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::path_arg::{displayed_prefix, path_in_repository};
use crate::formatting::formatted;
use crate::model::{FLAGS, KILLS, LAYERS, SEGMENTS, TESTS};
use crate::report::formatting::{FormattedFileJson, FormattedState, FormattingJson, human};
use crate::snapshot::{Access, PROJECT_FILE};
use crate::source::{Folder, Source};

/// Write definition files in one layout
///
/// Changes spaces, line breaks and quotes, and keeps values, comments and the order of keys. A file is read again in its new
/// layout, and left as it is unless it says the same.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl fmt --check segments")]
pub(crate) struct Args {
    /// Files and folders of a flag repository [default: all its definitions]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing, and show the changes in the format of `diff -u`; exit with 1 if there are any
    #[arg(long)]
    check: bool,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let folder = Folder::find(args.paths.first().map_or(Path::new("."), PathBuf::as_path))?;
    let source = Source::Folder(folder.clone());
    let wanted = args.paths.iter().map(|path| path_in_repository(path, &source)).collect::<Result<Vec<_>>>()?;
    let mut paths = vec![PROJECT_FILE.to_owned()];
    for kind in [FLAGS, SEGMENTS, LAYERS, KILLS, TESTS] {
        paths.extend(source.list(kind)?);
    }
    paths.retain(|path| wanted.is_empty() || wanted.iter().any(|wanted| Path::new(path).starts_with(wanted)));
    let prefix = displayed_prefix(&source);
    let (mut files, total) = (Vec::new(), paths.len());
    for path in paths {
        // The file behind a link may not be a definition at all.
        let Some(file) = source.read(&path)?.filter(|file| file.access == Access::Direct) else { continue };
        let shown = format!("{prefix}{path}");
        let result = match file.fault {
            Some(fault) => Err(fault.to_string()),
            None => formatted(&file.text).map_err(|refusal| refusal.to_string()),
        };
        let (state, reason, texts) = match result {
            Err(reason) => (FormattedState::Refused, Some(reason), None),
            Ok(text) if text == file.text => continue,
            Ok(text) if args.check => (FormattedState::WouldChange, None, Some([file.text, text])),
            Ok(text) => {
                folder.write(&path, &text).with_context(|| format!("cannot write `{shown}`"))?;
                (FormattedState::Formatted, None, None)
            }
        };
        if let (Some(reason), OutputFormat::Human) = (&reason, args.format) {
            console::note(format!("left as it is: `{shown}` {reason}"));
        }
        files.push(FormattedFileJson { path: shown, state, reason, texts });
    }
    let changed = files.iter().filter(|file| file.state != FormattedState::Refused).count();
    let formatting = FormattingJson { version: 1, check: args.check, total, changed, files };
    args.format.write(&formatting, human)?;
    Ok(if formatting.has_refusals() || (args.check && changed > 0) { Exit::No } else { Exit::Yes })
}
