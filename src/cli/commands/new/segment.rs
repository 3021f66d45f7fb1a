//! `flagctl new segment`: writes the file of a new segment.

use anyhow::{Context as _, Result, anyhow};

use crate::bundle::TARGETING_KEY;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::global::Global;
use crate::cli::new_definition::{Home, check_name, folder_below, parse_words, words};
use crate::cli::new_files::NewFilesArgs;
use crate::diag::did_you_mean_or_list;
use crate::model::{SEGMENTS, is_name};
use crate::report::escape::shell_word;
use crate::scaffold::{copied_segment, segment};
use crate::snapshot::stem;

/// Write the file of a new segment, a named condition
///
/// The segment has one user, by the targeting key. Until a flag refers to it, `flagctl validate` warns of an unused segment.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl new segment newsletter-readers --dry-run")]
pub(super) struct Args {
    /// The name of the segment
    #[arg(value_name = "NAME")]
    name: String,
    /// Copy another segment
    #[arg(long, value_name = "SEGMENT")]
    from: Option<String>,
    /// Who belongs to the segment
    #[arg(long, value_name = "TEXT", value_parser = parse_words)]
    description: Option<String>,
    /// The team or person that answers for the segment
    #[arg(long, value_name = "OWNER", value_parser = parse_words)]
    owner: Option<String>,
    /// A folder below `segments`
    #[arg(id = "below", long = "folder", value_name = "FOLDER")]
    folder: Option<String>,
    #[command(flatten)]
    new: NewFilesArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let home = Home::find(global)?;
    let name = &args.name;
    check_name(name, "a segment", "beta-users")?;
    let folder = folder_below(SEGMENTS, args.folder.as_deref()).map_err(UsageError)?;
    let text = match &args.from {
        Some(from) => copy(args, &home, from)?,
        None => {
            let default = format!("Who belongs to {name}.");
            let description = words(args.new.questions(), args.description.as_deref(), "Who belongs to it?", &default)?;
            let declared = home.settings().attributes.iter().find(|attribute| attribute.name.value == TARGETING_KEY);
            let unit = declared.and_then(|attribute| attribute.allowed.as_ref()?.first());
            segment(&description, args.owner.as_deref(), &[unit.map_or("user-1", |unit| unit.value.as_str())])
        }
    };
    let word = shell_word(name);
    let next =
        vec![home.command("validate"), home.command(&format!("show segment {word}")), home.command("list segments")];
    home.write(&args.new, (SEGMENTS, &format!("{folder}{name}.yaml")), text, next)
}

fn copy(args: &Args, home: &Home, from: &str) -> Result<String> {
    let Some(path) = home.source.search(SEGMENTS, &format!("{from}.yaml"))?.filter(|_| is_name(from)) else {
        let paths = home.source.list(SEGMENTS)?;
        let names: Vec<&str> = paths.iter().filter_map(|path| stem(path)).collect();
        let help = did_you_mean_or_list(from, "the segments are", names);
        return Err(anyhow!("`{from}` is not a segment; {help}"));
    };
    let text = match home.source.read(&path)? {
        Some(file) if file.fault.is_none() => file.text,
        _ => return Err(anyhow!("`{path}` cannot be read: run `flagctl validate`")),
    };
    copied_segment(&text, args.description.as_deref(), args.owner.as_deref())
        .with_context(|| format!("cannot copy `{path}`"))
}
