//! Reads and parses files on all cores, up to the limits on the size of all files together.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::load::limits;
use crate::load::lint_levels::lint_levels;
use crate::load::loaded::Loaded;
use crate::load::parsed_file::{Definition, ParsedFile, parse_file};
use crate::load::required_version;
use crate::model::shadow_flag;
use crate::snapshot::{File, FileId};
use crate::source::{Source, SourceError};
use crate::yaml::Completeness;

/// The maximum size of all definition files together, in bytes.
const TOTAL_BYTES: usize = 256 << 20;
/// The maximum number of values in all definition files together.
const TOTAL_VALUES: usize = 4_000_000;
/// The maximum number of values and of 16-byte blocks of text in all definition files together, times the number of
/// environments, because each environment compiles the definitions once more.
const COMPILED_PARTS: usize = 16_000_000;
/// The approximate size of the files that are parsed before the values are counted, in bytes.
const BATCH_BYTES: usize = 16 << 20;
/// The maximum number of these files. Aliases of a small file can add a mebibyte of text.
const BATCH_FILES: usize = 256;

/// Reads the files that exist, and adds their definitions in the order of `paths`.
///
/// # Errors
/// Returns [`SourceError`] if a file exists and cannot be read, or if the files together exceed a limit.
pub(super) fn read(source: &Source, paths: &[String], loaded: &mut Loaded) -> Result<(), SourceError> {
    let first_id = loaded.snapshot.files().count();
    let ids = (first_id..).map(|index| FileId(u32::try_from(index).unwrap_or(u32::MAX)));
    let bytes = AtomicUsize::new(loaded.snapshot.files().map(|(_, file)| file.text.len()).sum());
    let read_file = |path: &String| -> Result<Option<File>, SourceError> {
        // Once the limit is exceeded, the other files are not read.
        if bytes.load(Ordering::Relaxed) > TOTAL_BYTES {
            return Ok(None);
        }
        let file = source.read(path)?;
        bytes.fetch_add(file.as_ref().map_or(0, |file| file.text.len()), Ordering::Relaxed);
        Ok(file)
    };
    let files = map_parallel(paths.iter().collect(), Cores::for_files(paths.len()), read_file);
    let files: Vec<_> = files.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    if bytes.into_inner() > TOTAL_BYTES {
        let sizes = loaded
            .snapshot
            .files()
            .map(|(_, file)| file)
            .chain(&files)
            .map(|file| (file.text.len(), file.path.as_str()));
        return Err(too_large(format!("{TOTAL_BYTES} bytes"), sizes));
    }
    let mut rest: VecDeque<(File, FileId)> = files.into_iter().zip(ids).collect();
    let mut sizes = Vec::new();
    while !rest.is_empty() {
        let mut batch_bytes = 0;
        let is_in_batch = |(file, _): &(File, FileId)| {
            let fits = batch_bytes < BATCH_BYTES;
            batch_bytes += file.text.len();
            fits
        };
        let length = rest.iter().take(BATCH_FILES).map(is_in_batch).take_while(|is_in_batch| *is_in_batch).count();
        let batch: Vec<_> = rest.drain(..length).collect();
        for parsed in map_parallel(batch, Cores::for_bytes(batch_bytes), |(file, id)| parse_file(file, id)) {
            loaded.values += parsed.values;
            loaded.parts += parsed.parts;
            sizes.push((parsed.values, parsed.parts, parsed.file.path.clone()));
            if let Definition::Settings(settings) = &parsed.definition {
                let revision = source.revision().map(|revision| revision.name());
                loaded.diagnostics.extend(required_version::check(settings, &parsed.file, revision)?);
            }
            add(parsed, loaded);
        }
        if loaded.values > TOTAL_VALUES {
            let sizes = sizes.iter().map(|(values, _, path)| (*values, path.as_str()));
            return Err(too_large(format!("{TOTAL_VALUES} values"), sizes));
        }
        // `flagctl.yaml` is the first file, if it is read.
        let environments = loaded.project.settings.environments.len();
        if loaded.parts.saturating_mul(environments) > COMPILED_PARTS {
            let limit = format!(
                "{COMPILED_PARTS} values and 16-byte blocks of text, times the number of environments, which is \
                 {environments}"
            );
            return Err(too_large(limit, sizes.iter().map(|(_, parts, path)| (*parts, path.as_str()))));
        }
    }
    Ok(())
}

/// Returns the error for files beyond a limit, with the paths and sizes of the largest three.
fn too_large<'f>(limit: String, sizes: impl Iterator<Item = (usize, &'f str)>) -> SourceError {
    let mut sizes: Vec<_> = sizes.collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let largest: Vec<_> = sizes.iter().take(3).map(|(size, path)| format!("`{path}` ({size})")).collect();
    SourceError::TooLarge { limit, largest: largest.join(", ") }
}

fn add(mut parsed: ParsedFile, loaded: &mut Loaded) {
    let patterns = &mut loaded.patterns;
    let excess = match &mut parsed.definition {
        Definition::Flag(flag) => {
            limits::of_flag_patterns(flag, patterns).inspect(|_| flag.completeness = Completeness::Incomplete)
        }
        Definition::Segment(segment) => {
            limits::of_segment_patterns(segment, patterns).inspect(|_| segment.completeness = Completeness::Incomplete)
        }
        Definition::Suite(suite) => {
            limits::of_suite_patterns(suite, patterns).inspect(|_| suite.completeness = Completeness::Incomplete)
        }
        Definition::Settings(_) | Definition::Layer(_) | Definition::Kill(_) | Definition::InvalidName => None,
    };
    loaded.snapshot.add(parsed.file);
    loaded.diagnostics.extend(parsed.diagnostics);
    loaded.diagnostics.extend(excess);
    loaded.allows.extend(parsed.allows);
    match parsed.definition {
        Definition::Settings(settings) => {
            loaded.levels = lint_levels(&settings, &mut loaded.diagnostics);
            loaded.project.settings = settings;
        }
        Definition::Flag(flag) => {
            let shadow = shadow_flag(&flag);
            loaded.project.flags.push(*flag);
            loaded.project.flags.extend(shadow);
        }
        Definition::Segment(segment) => loaded.project.segments.push(segment),
        Definition::Layer(layer) => loaded.project.layers.push(layer),
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
