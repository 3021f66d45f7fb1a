//! Reads and parses files on all cores.

use rayon::prelude::*;

use crate::load::lint_levels::lint_levels;
use crate::load::loaded::Loaded;
use crate::load::parsed_file::{Definition, ParsedFile, parse_file};
use crate::snapshot::{File, FileId};
use crate::source::{Source, SourceError};

/// Reads the files that exist, and adds their definitions in the order of `paths`.
///
/// # Errors
/// Returns [`SourceError`] if a file exists and cannot be read.
pub(super) fn read(source: &Source, paths: &[String], loaded: &mut Loaded) -> Result<(), SourceError> {
    let first_id = loaded.snapshot.files().count();
    let ids = (first_id..).map(|index| FileId(u32::try_from(index).unwrap_or(u32::MAX)));
    let files = map_parallel(paths.iter().collect(), Cores::for_files(paths.len()), |path| source.read(path));
    let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
    let existing: Vec<(File, FileId)> = files.into_iter().flatten().zip(ids).collect();
    let cores = Cores::for_bytes(existing.iter().map(|(file, _)| file.text.len()).sum());
    for parsed in map_parallel(existing, cores, |(file, id)| parse_file(file, id)) {
        add(parsed, loaded);
    }
    Ok(())
}

fn add(parsed: ParsedFile, loaded: &mut Loaded) {
    loaded.snapshot.add(parsed.file);
    loaded.diagnostics.extend(parsed.diagnostics);
    loaded.allows.extend(parsed.allows);
    match parsed.definition {
        Definition::Settings(settings) => {
            loaded.levels = lint_levels(&settings, &mut loaded.diagnostics);
            loaded.project.settings = settings;
        }
        Definition::Flag(flag) => loaded.project.flags.push(*flag),
        Definition::Segment(segment) => loaded.project.segments.push(segment),
        Definition::Kill(kill) => loaded.project.kills.push(kill),
        Definition::Suite(suite) => loaded.project.suites.push(suite),
        Definition::InvalidName => {}
    }
}

/// The number of cores that share the work. A small amount of work takes less time than waking the other threads.
enum Cores {
    One,
    All,
}

impl Cores {
    /// Reading fewer than 16 files takes less time than waking the other threads.
    fn for_files(files: usize) -> Self {
        if files < 16 { Self::One } else { Self::All }
    }

    /// Parsing less than 32 KiB takes less time than waking the other threads.
    fn for_bytes(bytes: usize) -> Self {
        if bytes < 32 << 10 { Self::One } else { Self::All }
    }
}

/// Applies `work` to every item and returns the results in the order of the items.
fn map_parallel<T: Send, U: Send>(items: Vec<T>, cores: Cores, work: impl Fn(T) -> U + Sync + Send) -> Vec<U> {
    match cores {
        Cores::One => items.into_iter().map(work).collect(),
        Cores::All => items.into_par_iter().map(work).collect(),
    }
}
