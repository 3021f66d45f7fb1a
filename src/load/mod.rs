//! From a source to a project: everything that stands before compiling, on one screen.
//!
//! Takes a [`Source`]; gives [`Loaded`], of the whole repository or of what single flags need.

mod dependants;
mod test_selection;
mod values;

use std::collections::BTreeSet;

use rayon::prelude::*;

pub use crate::load::dependants::dependants;
pub use crate::load::test_selection::{
    FlagScope, TestSelectionError, keys_for_advice, selected_tests, tested_environments,
};

use crate::codes::{Adjustable, Code, Severity};
use crate::diag::{Allow, Diagnostic, Diagnostics, Finding, Level, Levels, did_you_mean, settle};
use crate::model;
use crate::model::{FLAGS, Flag, KILLS, Kill, Kind, Misfit, Project, SEGMENTS, Segment, Settings, Suite, TESTS};
use crate::schema;
use crate::snapshot::{File, FileId, PROJECT_FILE, Snapshot, Span};
use crate::source::{Source, SourceError};
use crate::yaml;
use crate::yaml::{Completeness, Document};

/// A project with all that was said about it so far.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The files that were read.
    pub snapshot: Snapshot,
    /// What they define.
    pub project: Project,
    /// What is wrong with them, each by itself.
    pub diagnostics: Diagnostics,
    allows: Vec<Allow>,
    levels: Levels,
}

impl Loaded {
    /// What is left of `diagnostics` and more by the project's levels and the files' allows.
    pub fn settle(&self, more: Diagnostics) -> Vec<Finding> {
        let all = self.diagnostics.iter().cloned().chain(more).collect();
        settle(all, &self.levels, &self.allows, &self.snapshot)
    }
}

/// Reads everything.
///
/// # Errors
/// [`SourceError`] if a file or folder is there and cannot be read.
pub fn all(source: &Source) -> Result<Loaded, SourceError> {
    let mut paths = vec![PROJECT_FILE.to_owned()];
    for place in [FLAGS, SEGMENTS, KILLS] {
        paths.extend(source.list(place)?);
    }
    let mut loaded = Loaded::default();
    read(source, &paths, &mut loaded)?;
    let duplicates = duplicates(&loaded.project);
    loaded.diagnostics.extend(duplicates);
    values::check(source, &mut loaded)?;
    Ok(loaded)
}

/// Adds the test files that are asked for by path.
///
/// # Errors
/// [`SourceError`] if a file or folder is there and cannot be read.
pub fn tests(source: &Source, loaded: Loaded, wanted: impl Fn(&str) -> bool) -> Result<Loaded, SourceError> {
    let mut loaded = loaded;
    let mut paths = source.list(TESTS)?;
    paths.retain(|path| wanted(path));
    read(source, &paths, &mut loaded)?;
    Ok(loaded)
}

/// Adds to the settings what deciding these flags in some environments needs, and the conditions of test files that
/// were read, and nothing else.
///
/// A flag that is not there is missing from the project too.
///
/// # Errors
/// [`SourceError`] if a file or folder is there and cannot be read.
pub fn flags(source: &Source, settings: Loaded, keys: &[String], environments: &[&str]) -> Result<Loaded, SourceError> {
    let mut loaded = settings;
    let mut wanted: BTreeSet<(&str, String)> = keys.iter().map(|key| (FLAGS, key.clone())).collect();
    let assertions = loaded.project.suites.iter().flat_map(|suite| &suite.assertions);
    let mut mentions = Vec::new();
    assertions.filter_map(|one| one.when.as_ref()).for_each(|condition| mentioned(condition, &mut mentions));
    wanted.extend(mentions);
    let mut seen = wanted.clone();
    while !wanted.is_empty() {
        let mut paths = Vec::new();
        for (place, name) in std::mem::take(&mut wanted) {
            if !model::is_name(&name) {
                continue;
            }
            paths.extend(source.search(place, &format!("{name}.yaml"))?);
            if place == FLAGS {
                paths.extend(environments.iter().map(|environment| format!("{KILLS}/{environment}/{name}.yaml")));
            }
        }
        let (flags, segments) = (loaded.project.flags.len(), loaded.project.segments.len());
        read(source, &paths, &mut loaded)?;
        let mut mentions = Vec::new();
        for flag in loaded.project.flags.iter().skip(flags) {
            for environment in environments {
                let serving = flag.serving(environment);
                mentions.extend(serving.requires.iter().map(|required| (FLAGS, required.flag.value.clone())));
                let conditions = serving.rules.iter().filter_map(|rule| rule.condition.as_ref());
                conditions.for_each(|condition| mentioned(&condition.value, &mut mentions));
            }
        }
        for segment in loaded.project.segments.iter().skip(segments) {
            segment.condition.iter().for_each(|condition| mentioned(&condition.value, &mut mentions));
        }
        wanted.extend(mentions.into_iter().filter(|mention| seen.insert(mention.clone())));
    }
    Ok(loaded)
}

/// Reads `flagctl.yaml`, and nothing else.
///
/// # Errors
/// [`SourceError`] if a file or folder is there and cannot be read.
pub fn settings(source: &Source) -> Result<Loaded, SourceError> {
    let mut loaded = Loaded::default();
    read(source, &[PROJECT_FILE.to_owned()], &mut loaded)?;
    Ok(loaded)
}

fn mentioned(condition: &model::Condition, mentions: &mut Vec<(&'static str, String)>) {
    for part in condition.iter() {
        match part {
            model::Condition::Segment(names) => {
                mentions.extend(names.iter().map(|name| (SEGMENTS, name.value.clone())));
            }
            model::Condition::Flag(flags) => {
                mentions.extend(flags.iter().map(|required| (FLAGS, required.flag.value.clone())));
            }
            model::Condition::All(_)
            | model::Condition::Any(_)
            | model::Condition::Not(_)
            | model::Condition::Attribute { .. } => {}
        }
    }
}

/// What one file defines.
enum Definition {
    Settings(Settings),
    Flag(Box<Flag>),
    Segment(Segment),
    Kill(Kill),
    Suite(Suite),
    /// Its name says nothing.
    Nothing,
}

struct Lowered {
    file: File,
    definition: Definition,
    diagnostics: Diagnostics,
    allows: Vec<Allow>,
}

/// Reads files that may be missing, on all cores, and adds what they define in the order of `paths`.
fn read(source: &Source, paths: &[String], loaded: &mut Loaded) -> Result<(), SourceError> {
    let first = loaded.snapshot.files().count();
    let numbered = || (first..).map(|at| FileId(u32::try_from(at).unwrap_or(u32::MAX)));
    let files = each(paths.iter().collect(), Cores::for_files(paths.len()), |path| source.read(path));
    let files = files.into_iter().collect::<Result<Vec<_>, _>>()?;
    let present: Vec<(File, FileId)> = files.into_iter().flatten().zip(numbered()).collect();
    let cores = Cores::for_bytes(present.iter().map(|(file, _)| file.text.len()).sum());
    for lowered in each(present, cores, |(file, id)| lower(file, id)) {
        loaded.snapshot.add(lowered.file);
        loaded.diagnostics.extend(lowered.diagnostics);
        loaded.allows.extend(lowered.allows);
        match lowered.definition {
            Definition::Settings(settings) => {
                loaded.levels = levels(&settings, &mut loaded.diagnostics);
                loaded.project.settings = settings;
            }
            Definition::Flag(flag) => loaded.project.flags.push(*flag),
            Definition::Segment(segment) => loaded.project.segments.push(segment),
            Definition::Kill(kill) => loaded.project.kills.push(kill),
            Definition::Suite(suite) => loaded.project.suites.push(suite),
            Definition::Nothing => {}
        }
    }
    Ok(())
}

/// How many cores some work is worth: to wake the others may take longer than to do it.
enum Cores {
    One,
    All,
}

impl Cores {
    fn for_files(files: usize) -> Self {
        if files < 16 { Self::One } else { Self::All }
    }

    fn for_bytes(bytes: usize) -> Self {
        if bytes < 32 << 10 { Self::One } else { Self::All }
    }
}

/// What becomes of each.
fn each<T: Send, U: Send>(items: Vec<T>, cores: Cores, work: impl Fn(T) -> U + Sync + Send) -> Vec<U> {
    match cores {
        Cores::One => items.into_iter().map(work).collect(),
        Cores::All => items.into_par_iter().map(work).collect(),
    }
}

fn lower(file: File, id: FileId) -> Lowered {
    let mut diagnostics = Vec::new();
    let document = yaml::parse(id, &file, &mut diagnostics);
    let read = |comment: &yaml::Comment| Allow::read(&comment.text, comment.line, comment.span, &mut diagnostics);
    let allows = document.comments.iter().filter_map(read).collect();
    let place: Vec<&str> = file.path.split('/').collect();
    let named = file.path == PROJECT_FILE || file.path.ends_with(".yaml") && model::is_name(file.stem());
    let root = &document.root;
    let definition = match (place.as_slice(), named) {
        ([PROJECT_FILE], _) => {
            let (mut settings, misfits) = model::lower_settings(root);
            settings.whole = if misfits.is_empty() { document.whole } else { Completeness::Incomplete };
            held_against(Kind::Project, &document, misfits, &mut diagnostics);
            Definition::Settings(settings)
        }
        ([FLAGS, ..], true) => {
            let (mut flag, misfits) = model::lower_flag(root, file.stem(), id);
            flag.whole = if misfits.is_empty() { document.whole } else { Completeness::Incomplete };
            held_against(Kind::Flag, &document, misfits, &mut diagnostics);
            Definition::Flag(Box::new(flag))
        }
        ([SEGMENTS, ..], true) => {
            let (mut segment, misfits) = model::lower_segment(root, file.stem(), id);
            segment.whole = if misfits.is_empty() { document.whole } else { Completeness::Incomplete };
            held_against(Kind::Segment, &document, misfits, &mut diagnostics);
            Definition::Segment(segment)
        }
        ([KILLS, environment, _], true) => {
            let (kill, misfits) = model::lower_kill(root, environment, file.stem(), id);
            held_against(Kind::Kill, &document, misfits, &mut diagnostics);
            Definition::Kill(kill)
        }
        ([TESTS, ..], true) => {
            let (mut suite, misfits) = model::lower_suite(root, id);
            suite.whole = if misfits.is_empty() { document.whole } else { Completeness::Incomplete };
            held_against(Kind::Test, &document, misfits, &mut diagnostics);
            Definition::Suite(suite)
        }
        _ => {
            diagnostics = vec![misnamed(&file, id)];
            Definition::Nothing
        }
    };
    Lowered { file, definition, diagnostics, allows }
}

/// Lets the schema say what is wrong with a file that has misfits, and makes sure that something is said about each. A
/// file without any is as its schema wants it: a test holds the two together.
fn held_against(kind: Kind, document: &Document, misfits: Vec<Misfit>, diagnostics: &mut Diagnostics) {
    // Of a file that could not be read to its end, what is missing is not its author's fault.
    if document.whole == Completeness::Incomplete || misfits.is_empty() {
        return;
    }
    let before = diagnostics.len();
    schema::check(kind, &document.root, diagnostics);
    if diagnostics.len() == before {
        let unsaid =
            |misfit: Misfit| Diagnostic::new(Code::InvalidValue, misfit.span, format!("expected {}", misfit.expected));
        diagnostics.extend(misfits.into_iter().map(unsaid));
    }
}

fn misnamed(file: &File, id: FileId) -> Diagnostic {
    let span = Span { file: id, start: 0, end: 0 };
    let message = format!("`{}` is not the name of a definition", file.path);
    let help = if file.path.ends_with(".yml") {
        format!("rename it to `{}.yaml`", file.path.trim_end_matches(".yml"))
    } else if file.path.starts_with(KILLS) && model::is_name(file.stem()) {
        format!("a kill stands at `{KILLS}/<environment>/<flag>.yaml`")
    } else {
        "a name has letters, digits, `.`, `_` and `-`, and begins with a letter or digit".to_owned()
    };
    Diagnostic::new(Code::InvalidFileName, span, message).help(help)
}

fn levels(settings: &Settings, diagnostics: &mut Diagnostics) -> Levels {
    let mut levels = Levels::new();
    for (name, level) in &settings.lint {
        let Ok(code) = name.value.parse::<Code>() else {
            let names = Code::ALL.iter().map(|code| code.name());
            let message = format!("there is no code `{}`", name.value);
            let help = did_you_mean(&name.value, names).unwrap_or_else(|| "`flagctl explain` lists them".to_owned());
            diagnostics.push(Diagnostic::new(Code::UnknownCode, name.span, message).help(help));
            continue;
        };
        let level = match level.value.as_str() {
            "off" => Level::Off,
            "warning" => Level::Report(Severity::Warning),
            _ => Level::Report(Severity::Error),
        };
        if code.adjustable() == Adjustable::No && level != Level::Report(Severity::Error) {
            let message = format!("`{code}` is always an error: nothing can be evaluated until it is fixed");
            diagnostics.push(Diagnostic::new(Code::FixedCode, name.span, message).help("remove the line"));
        }
        levels.insert(code, level);
    }
    levels
}

fn duplicates(project: &Project) -> Diagnostics {
    let mut diagnostics = Vec::new();
    let mut flags: Vec<_> = project.flags.iter().map(|flag| (flag.key.as_str(), flag.start)).collect();
    let mut segments: Vec<_> = project.segments.iter().map(|segment| (segment.name.as_str(), segment.start)).collect();
    for (code, what, names) in
        [(Code::DuplicateFlag, "flag", &mut flags), (Code::DuplicateSegment, "segment", &mut segments)]
    {
        names.sort();
        for pair in names.windows(2) {
            if let [(name, first), (again, second)] = pair
                && name == again
            {
                let message = format!("two files define {what} `{name}`");
                diagnostics.push(
                    Diagnostic::new(code, *second, message)
                        .related(*first, "first here")
                        .help("rename one of them, or remove it"),
                );
            }
        }
    }
    diagnostics
}
