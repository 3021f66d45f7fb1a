//! `flagctl man`: writes the manual pages of all commands.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap_mangen::Man;

use crate::cli::console;
use crate::cli::exit::Exit;
use crate::report::Lines;

/// Write a manual page for each command into a folder
///
/// The pages have the text of `flagctl help COMMAND`, in section 1, such as `flagctl-eval.1`. Packages install them in
/// `share/man/man1`. The folder is created if it does not exist. A page that is there already is replaced.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl man ./man1")]
pub(crate) struct Args {
    /// The folder into which the pages are written
    #[arg(value_name = "DIR")]
    pages: PathBuf,
}

/// Writes the pages of the complete command line, which `definition` returns.
pub(crate) fn run(args: &Args, definition: fn() -> clap::Command) -> Result<Exit> {
    let folder = &args.pages;
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let pages = pages(definition())?;
    for (name, page) in &pages {
        let path = folder.join(name);
        fs::write(&path, page).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    let mut lines = Lines::default();
    lines.add(format!("wrote {} manual pages into `{}`", pages.len(), folder.display()));
    console::write(lines)?;
    Ok(Exit::Yes)
}

/// Returns the file name and the text of the page of each command.
fn pages(mut definition: clap::Command) -> Result<Vec<(String, Vec<u8>)>> {
    definition.build();
    let mut pages = Vec::new();
    let mut commands = vec![definition];
    while let Some(command) = commands.pop() {
        let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
        commands.extend(visible.cloned());
        // The library adds an empty date, so the same program writes the same pages.
        let page = Man::new(command).manual("flagctl");
        let mut text = Vec::new();
        page.render(&mut text)?;
        pages.push((page.get_filename(), text));
    }
    Ok(pages)
}
